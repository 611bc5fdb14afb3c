import type {
  AgreementTold,
  DirectiveInForce,
  FactsAsked,
  FactsTold,
  PersonTold,
} from "#sharing/facts.ts";
import type { Tie } from "#sharing/vocabulary.ts";
import { LRUCache } from "lru-cache";
import type { Database } from "#platform/database.ts";
import type { Row } from "#platform/record.ts";
import type { HouseDoor } from "#platform/subgraph.ts";
import { kindFor } from "./attestation.ts";
import { consentFromRow } from "./consent-store.ts";
import { isForAnySource } from "./consent.ts";
import type { Consent } from "./consent.ts";
import { agreementTold, directivesTold, factsAsked } from "./facts.ts";
import { agreementFromRow } from "./sharing-agreement-store.ts";
import { otherParty } from "./sharing-agreement.ts";

const all = (rows: string): string => `(select coalesce(json_agg(it), '[]') from (${rows}) it)`;

/** What is kept of a person, before it is known by whom it would be given. */
interface About {
  ties: Tie[];
  /** Directives in force at any source, and the consents that name sources. */
  directives: DirectiveInForce[];
  consents: Consent[];
  restrictedBy: string[];
  medicalEmergency: { id: string } | null;
  safetyThreat: { id: string } | null;
}

/** What is kept between a recipient and everyone, for one purpose at one instant. */
interface Known {
  /** Null: nothing. */
  persons: ReadonlyMap<string, About | null>;
  agreements: Readonly<Record<string, AgreementTold>>;
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
    select who.person_id, restriction.agency_id from (
      select id as person_id, id as same_id, cast(null as uuid) as agency_id from unnest(cast(:persons as uuid[])) as id
      union all
      select person_id, same_id, agency_id from information_sharing.same_person
      where person_id = any(cast(:persons as uuid[]))
    ) as who
    join information_sharing.restriction on restriction.person_id = who.same_id
      and (who.agency_id is null or who.agency_id = restriction.agency_id)
    where agreed_at <= :at and (terminated_at is null or terminated_at > :at)
      and (recipient_ids is null or :recipient = any(recipient_ids))`)} as restrictions,
  ${all(`
    select person_id, kind, id from information_sharing.attestation
    where agency_id = :recipient and person_id = any(cast(:persons as uuid[])) and kind = :kind
      and at <= :at and expires_at > :at and (ended_at is null or ended_at > :at)
    order by at, id`)} as attestations,
  ${all(`
    select * from information_sharing.sharing_agreement
    where status in ('IN_FORCE', 'SUSPENDED')
      and :recipient in (drafted_by_id, with_id)
    order by created_at desc, id desc`)} as agreements`;

const read = async ({ sql }: Database, asked: Omit<FactsAsked, "sources">): Promise<Known> => {
  const { recipient, purpose } = asked;
  const at = new Date(asked.at);
  const { rows } = (await sql.raw(FACTS, {
    recipient,
    at,
    persons: [...asked.persons],
    kind: kindFor(purpose),
  } as never)) as { rows: [Record<string, Row[]>] };
  const {
    ties = [],
    consents = [],
    restrictions = [],
    attestations = [],
    agreements = [],
  } = rows[0];
  const persons = new Map<string, About | null>(
    asked.persons.map((id) => [id.toLowerCase(), null]),
  );
  const person = (row: Row): About => {
    const id = row.person_id as string;
    const there = persons.get(id);
    if (there) return there;
    const made: About = {
      ties: [],
      directives: [],
      consents: [],
      restrictedBy: [],
      medicalEmergency: null,
      safetyThreat: null,
    };
    persons.set(id, made);
    return made;
  };
  for (const row of ties) person(row).ties.push(row.kind as Tie);
  for (const row of consents) {
    const consent = consentFromRow(row);
    const about = person(row);
    if (isForAnySource(consent))
      about.directives.push(...directivesTold(consent, recipient, purpose, at, [recipient]));
    else about.consents.push(consent);
  }
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
  return { persons, agreements: counting };
};

/** What of that is about these persons and sources. */
const told = (
  known: Known,
  { recipient, purpose, at, persons, sources }: FactsAsked,
): FactsTold => {
  const instant = new Date(at);
  const isAsked = new Set(sources);
  return {
    persons: Object.fromEntries(
      persons.flatMap((id): [string, PersonTold][] => {
        const about = known.persons.get(id.toLowerCase());
        if (!about) return [];
        const { ties, directives, consents, restrictedBy, medicalEmergency, safetyThreat } = about;
        return [
          [
            id,
            {
              ties,
              directives: [
                ...(sources.length > 0 ? directives : []),
                ...consents.flatMap((consent) =>
                  directivesTold(consent, recipient, purpose, instant, sources),
                ),
              ],
              restrictedBy: restrictedBy.filter((source) => isAsked.has(source)),
              medicalEmergency,
              safetyThreat,
            },
          ],
        ];
      }),
    ),
    agreements: Object.fromEntries(
      sources.flatMap((source) => {
        const agreement = known.agreements[source];
        return agreement ? [[source, agreement]] : [];
      }),
    ),
  };
};

/**
 * What is true of these persons and these sources, read in one statement.
 *
 * @throws whatever the database does; whoever asked then gives nothing.
 */
export const readFacts = async (database: Database, asked: FactsAsked): Promise<FactsTold> =>
  told(await read(database, asked), asked);

/** So many requests are under way at most; what is forgotten is read again. */
const MOST_REQUESTS = 256;
/** A request takes no longer, and what lasts longer is to see what has changed. */
const REQUEST_MS = 1_000;

/**
 * Reads facts for the rooms of one request after the other: what one of them was told of a person, the next one is told too,
 * so that a request is judged by one state of the facts. INVARIANT: nothing is told to another request.
 */
const perRequest = (database: Database) => {
  const requests = new LRUCache<string, { since: number; known: Promise<Known> }>({
    max: MOST_REQUESTS,
  });
  return async (asked: FactsAsked, requestId: string): Promise<FactsTold> => {
    const { recipient, purpose } = asked;
    const key = `${requestId} ${recipient} ${purpose}`;
    const at = Date.parse(asked.at);
    const there = requests.get(key);
    const isUnderWay = there && Math.abs(at - there.since) < REQUEST_MS;
    const before = isUnderWay ? there.known : undefined;
    const known = (async () => {
      const earlier = await before;
      const persons = asked.persons.filter((id) => !earlier?.persons.has(id.toLowerCase()));
      if (earlier && persons.length === 0) return earlier;
      const more = await read(database, { ...asked, persons });
      return {
        persons: new Map([...(earlier?.persons ?? []), ...more.persons]),
        agreements: earlier?.agreements ?? more.agreements,
      };
    })();
    requests.set(key, { since: isUnderWay ? there.since : at, known });
    try {
      return told(await known, asked);
    } catch (error) {
      requests.delete(key);
      throw error;
    }
  };
};

/**
 * The facts that the rules read, for rooms that keep records: `FactsAsked` in, `FactsTold` out.
 *
 * @throws {Problem} BAD_INPUT for what is not asked as it must be.
 */
export const factsDoor = (database: Database): HouseDoor => {
  const facts = perRequest(database);
  return (question, { requestId }) => facts(factsAsked(question), requestId);
};
