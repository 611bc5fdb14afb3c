import { notFound } from "#schema/problems.ts";
import type { AgreementTold, FactsAsked, FactsTold, PersonTold } from "#sharing/facts.ts";
import type { Tie } from "#sharing/vocabulary.ts";
import type { Database } from "#platform/database.ts";
import type { Row } from "#platform/record.ts";
import type { SideDoor } from "#platform/subgraph.ts";
import { kindFor } from "./attestation.ts";
import { consentFromRow } from "./consent-store.ts";
import { agreementTold, directivesTold, factsAsked } from "./facts.ts";
import { agreementFromRow } from "./sharing-agreement-store.ts";
import { otherParty } from "./sharing-agreement.ts";

const all = (rows: string): string => `(select coalesce(json_agg(it), '[]') from (${rows}) it)`;

/** What is told of a person: `PersonTold`, as it is being put together. */
interface Telling extends PersonTold {
  ties: Tie[];
  directives: PersonTold["directives"][number][];
  restrictedBy: string[];
}

/** One statement, so that all of it is true at once. */
const FACTS = `select
  ${all(`
    select person_id, kind from information_sharing.known_tie
    where agency_id = :recipient and person_id = any(cast(:persons as uuid[])) and kind <> 'SOURCE'
      and since <= :at and (until_at is null or until_at > :at)
    union
    select person_id, 'OVERSIGHT' from information_sharing.oversight
    where agency_id = :recipient and person_id = any(cast(:persons as uuid[]))
      and since <= :at and (until_at is null or until_at > :at)`)} as ties,
  ${all(`
    select * from information_sharing.consent
    where person_id = any(cast(:persons as uuid[])) and status <> 'DRAFT'
      and (revoked_at is null or revoked_at > :at) and (ended_at is null or ended_at > :at)`)} as consents,
  ${all(`
    select person_id, agency_id from information_sharing.restriction
    where person_id = any(cast(:persons as uuid[])) and agency_id = any(cast(:sources as uuid[]))
      and agreed_at <= :at and (terminated_at is null or terminated_at > :at)
      and (recipient_ids is null or :recipient = any(recipient_ids))`)} as restrictions,
  ${all(`
    select person_id, kind, id from information_sharing.attestation
    where agency_id = :recipient and person_id = any(cast(:persons as uuid[])) and kind = :kind
      and at <= :at and expires_at > :at and (ended_at is null or ended_at > :at)
    order by at, id`)} as attestations,
  ${all(`
    select * from information_sharing.sharing_agreement
    where status in ('IN_FORCE', 'SUSPENDED')
      and ((drafted_by_id = :recipient and with_id = any(cast(:sources as uuid[])))
        or (with_id = :recipient and drafted_by_id = any(cast(:sources as uuid[]))))
    order by created_at desc, id desc`)} as agreements`;

/**
 * What is true of these persons and these sources, read in one statement.
 *
 * @throws whatever the database does; whoever asked then gives nothing.
 */
export const readFacts = async ({ sql }: Database, asked: FactsAsked): Promise<FactsTold> => {
  const { recipient, purpose, persons, sources } = asked;
  const at = new Date(asked.at);
  const { rows } = (await sql.raw(FACTS, {
    recipient,
    at,
    persons: [...persons],
    sources: [...sources],
    kind: kindFor(purpose),
  } as never)) as { rows: [Record<string, Row[]>] };
  const {
    ties = [],
    consents = [],
    restrictions = [],
    attestations = [],
    agreements = [],
  } = rows[0];
  const told: Record<string, Telling> = {};
  const person = (row: Row): Telling =>
    (told[row.person_id as string] ??= {
      ties: [],
      directives: [],
      restrictedBy: [],
      medicalEmergency: null,
      safetyThreat: null,
    });
  for (const row of ties) person(row).ties.push(row.kind as Tie);
  for (const row of consents)
    person(row).directives.push(
      ...directivesTold(consentFromRow(row), recipient, purpose, at, sources),
    );
  for (const row of restrictions) person(row).restrictedBy.push(row.agency_id as string);
  for (const row of attestations)
    person(row)[row.kind === "THREAT" ? "safetyThreat" : "medicalEmergency"] = {
      id: row.id as string,
    };
  const between = Map.groupBy(
    agreements.map(agreementFromRow),
    (agreement) => otherParty(agreement, recipient).id,
  );
  const counting: Record<string, AgreementTold> = {};
  for (const [source, all1] of between) {
    const one = agreementTold(all1, purpose, at);
    if (one) counting[source] = one;
  }
  return { persons: told, agreements: counting };
};

/**
 * The facts that the rules read, for rooms that keep records: `FactsAsked` in, `FactsTold` out.
 *
 * @throws {Problem} NOT_FOUND to everyone but the house; BAD_INPUT for what is not asked as it must be.
 */
export const factsDoor =
  (database: Database): SideDoor =>
  async ({ bytes, requester }) => {
    if (requester) notFound();
    const told = await readFacts(database, factsAsked(bytes));
    return { status: 200, contentType: "application/json", body: JSON.stringify(told) };
  };
