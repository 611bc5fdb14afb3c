import DataLoader from "dataloader";
import type { Consent as Resource } from "fhir/r4";
import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import { CONSENT_KEPT } from "#schema/known.ts";
import type { ConsentKept } from "#schema/known.ts";
import { need } from "#schema/problems.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Category, Directive } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { ChangeInput, Narrow } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database, Transaction } from "#platform/database.ts";
import { vouch } from "#platform/neighbours.ts";
import type { Neighbours } from "#platform/neighbours.ts";
import { fromJson, instantOrNull } from "#platform/record.ts";
import type { Event, Row } from "#platform/record.ts";
import { lastDay, partiesOf, receive, recorded } from "./consent.ts";
import type {
  Consent,
  ConsentDoubt,
  ConsentStatus,
  Grantor,
  Provision,
  Recording,
} from "./consent.ts";
import { received } from "./fhir-consent.ts";

const provisionFrom = (it: Provision): Provision => ({
  ...it,
  from: instantOrNull(it.from),
  until: instantOrNull(it.until),
  exceptions: it.exceptions.map(provisionFrom),
});

export const consentFromRow = (row: Row): Consent => ({
  id: row.id as string,
  version: row.version as number,
  person: { id: row.person_id as string },
  status: row.status as ConsentStatus,
  directives: row.directives as Directive[],
  scope: row.scope as string | null,
  policy: row.policy as string | null,
  grantor: fromJson<Grantor>(row.grantor),
  recordedBy: { id: row.recorded_by_id as string },
  sources: row.source_ids as string[] | null,
  provision: provisionFrom(fromJson<Provision>(row.provision)),
  givenAt: instantOrNull(row.given_at),
  endsWhen: row.ends_when as string | null,
  revokedAt: instantOrNull(row.revoked_at),
  endedAt: instantOrNull(row.ended_at),
  form: row.form as string | null,
  doubts: row.doubts as ConsentDoubt[],
});

const toRow = (consent: Consent) => ({
  id: consent.id,
  version: consent.version,
  person_id: consent.person.id,
  status: consent.status,
  directives: consent.directives,
  scope: consent.scope,
  policy: consent.policy,
  grantor: JSON.stringify(consent.grantor),
  recorded_by_id: consent.recordedBy.id,
  source_ids: consent.sources,
  party_ids: partiesOf(consent),
  provision: JSON.stringify(consent.provision),
  given_at: consent.givenAt,
  ends_when: consent.endsWhen,
  until_at: lastDay(consent.provision),
  revoked_at: consent.revokedAt,
  ended_at: consent.endedAt,
  form: consent.form,
  doubts: consent.doubts,
});

/** A consent is known to the agency that recorded it, and to those that it names. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by) || by.role === "PRIVACY_OFFICER"
    ? query.whereRaw("party_ids @> array[?]::uuid[]", [by.agency])
    : query.whereRaw("false");

const kept = aggregate<Consent>({
  schema: "information_sharing",
  table: "consent",
  fromRow: consentFromRow,
  toRow,
  event: (before, { status }) => {
    if (status === "REVOKED" || status === "ENDED") return `consent.${status.toLowerCase()}`;
    return before ? "consent.changed" : "consent.recorded";
  },
  told: ({ person, recordedBy }) => ({ person: person.id, agency: recordedBy.id }),
  onMaking: (act) => ({ created_at: act.at }),
});

/** Of which categories an agency has records of its own here: a consent tells of a person as a referral does. */
export const keeps = async ({ sql }: Database, agency: string): Promise<Category[]> => {
  const row = (await sql(kept.name)
    .whereRaw("party_ids @> array[?]::uuid[]", [agency])
    .first("id")) as Row | undefined;
  return row ? ["REFERRAL_ADMIN"] : [];
};

/** A consent that another system has sent, as the room that took it in keeps it; null when it keeps it no more. */
export const fetchConsent = async (
  neighbours: Neighbours,
  { id: requestId, subject }: Event,
): Promise<ConsentKept<Resource>> => {
  const { room, path } = CONSENT_KEPT;
  return (await neighbours(room, path, { id: subject }, requestId)) as ConsentKept<Resource>;
};

/** Notes a consent as it was received; what is known of a later version of the resource stays. */
export const noteConsent = async (
  tx: Transaction,
  { id: requestId, subject, data }: Event,
  { consent }: ConsentKept<Resource>,
  at: Date,
): Promise<void> => {
  if (!consent) return;
  const known = (await tx(kept.name)
    .where({ id: subject })
    .forUpdate()
    .first("received_version")) as Row | undefined;
  if (known && (known.received_version as number) >= data.version) return;
  const read = received(consent);
  // Whoever sent it did so at another room's door; this is that room's word.
  const by: Requester = {
    agency: consent.source,
    kind: null,
    role: "ADMIN",
    purpose: "HOPERAT",
    basis: null,
    subject: "referrals",
  };
  await kept.put(tx, subject, { by, at, requestId }, (before) =>
    receive(before, subject, read, at),
  );
  await tx(kept.name).where({ id: subject }).update({ received_version: data.version });
};

const DAY_MS = 86_400_000;
const FURTHEST_DAYS = 366;

/** What a privacy officer looks for among consents. */
export interface ConsentsSought {
  revokedSince?: Date | null;
  endingWithinDays?: number | null;
}

/** Consents, as one requester may see and change them. */
export const openConsents = (database: Database, act: Act, neighbours: Neighbours) => {
  const { sql } = database;
  const seen: Narrow = (query) => seenBy(act.by, query);
  const byId = kept.finder(database, seen);
  const ofPerson = new DataLoader<string, Consent[]>(async (ids) => {
    const rows = (await seen(sql(kept.name).whereIn("person_id", ids)).orderBy("id")) as Row[];
    const consents = Map.groupBy(rows.map(consentFromRow), ({ person }) => person.id);
    return ids.map((id) => consents.get(id) ?? []);
  });
  return {
    find: (id: string) => byId.load(id),
    ofPerson: (id: string) => ofPerson.load(id),
    list: ({ revokedSince, endingWithinDays: days }: ConsentsSought, page: Page) => {
      const query = seen(sql(kept.name));
      if (revokedSince) void query.where("revoked_at", ">=", revokedSince);
      if (days != null) {
        need(
          days >= 1 && days <= FURTHEST_DAYS,
          "endingWithinDays",
          `must be 1 to ${FURTHEST_DAYS}`,
        );
        void query
          .where({ status: "ACTIVE" })
          .where("until_at", ">", act.at)
          .where("until_at", "<=", new Date(act.at.getTime() + days * DAY_MS));
      }
      return connect(query, { column: "created_at", direction: "desc" }, page, consentFromRow);
    },
    record: async (input: Recording & { idempotencyKey: string }) => {
      const consent = recorded(uuidv7(), input, act);
      const named = [
        ...(input.sourceIds ?? []),
        ...(input.recipientIds ?? []),
        ...(input.exceptions ?? []).flatMap(({ recipientIds }) => recipientIds ?? []),
      ];
      await vouch(
        neighbours,
        { person: input.personId, agencies: { ids: named, field: "recipientIds" } },
        act,
      );
      return kept.make(database, act, "recordConsent", input, () => consent);
    },
    /** One move. */
    change: (input: ChangeInput, as: string, step: (consent: Consent) => Consent) =>
      kept.change(database, act, as, input, seen, step),
  };
};

export type Consents = ReturnType<typeof openConsents>;
