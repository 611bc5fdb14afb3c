import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import { FIND_PERSON } from "#schema/known.ts";
import type { PersonFound, PersonSought } from "#schema/known.ts";
import { notFound } from "#schema/problems.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Role } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { ChangeInput, Narrow } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database, Transaction } from "#platform/database.ts";
import type { Neighbours } from "#platform/neighbours.ts";
import { instant, instantOrNull, record } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { attest, sought } from "./attestation.ts";
import type {
  Attestation,
  AttestationKind,
  AttestationReason,
  Attesting,
  PersonNamed,
  ReviewOutcome,
} from "./attestation.ts";

const SCHEMA = "information_sharing";

const fromRow = (row: Row): Attestation => ({
  id: row.id as string,
  version: row.version as number,
  kind: row.kind as AttestationKind,
  person: { id: row.person_id as string },
  agency: { id: row.agency_id as string },
  by: row.by_subject as string,
  role: row.role as Role,
  reason: row.reason as AttestationReason,
  words: row.words as string,
  at: instant(row.at),
  expiresAt: instant(row.expires_at),
  endedAt: instantOrNull(row.ended_at),
  informed: (row.informed_ids as string[]).map((id) => ({ id })),
  review: {
    dueAt: instant(row.due_at),
    outcome: row.outcome as ReviewOutcome | null,
    note: row.note as string | null,
    reviewedBy: row.reviewed_by as string | null,
    reviewedAt: instantOrNull(row.reviewed_at),
  },
});

const toRow = (attestation: Attestation) => ({
  id: attestation.id,
  version: attestation.version,
  kind: attestation.kind,
  person_id: attestation.person.id,
  agency_id: attestation.agency.id,
  by_subject: attestation.by,
  role: attestation.role,
  reason: attestation.reason,
  words: attestation.words,
  at: attestation.at,
  expires_at: attestation.expiresAt,
  ended_at: attestation.endedAt,
  informed_ids: attestation.informed.map(({ id }) => id),
  due_at: attestation.review.dueAt,
  outcome: attestation.review.outcome,
  note: attestation.review.note,
  reviewed_by: attestation.review.reviewedBy,
  reviewed_at: attestation.review.reviewedAt,
});

const informs = (query: Knex.QueryBuilder, agency: string): Knex.QueryBuilder =>
  query.whereRaw("(agency_id = ? or informed_ids @> array[?]::uuid[])", [agency, agency]);

/** The agency that attested it, and the privacy officers of those whose records it opens. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder => {
  if (by.role === "PRIVACY_OFFICER") return informs(query, by.agency);
  return worksWithPeople(by) ? query.where({ agency_id: by.agency }) : query.whereRaw("false");
};

const kept = aggregate<Attestation>({
  schema: SCHEMA,
  table: "attestation",
  fromRow,
  toRow,
  event: (before, { review }) => {
    if (!before) return "attestation.made";
    return review.outcome === before.review.outcome ? "attestation.ended" : "attestation.reviewed";
  },
  told: ({ person, agency, kind }) => ({ person: person.id, agency: agency.id, kind }),
});

/** Tells each agency whose records it opens, by an event of its own. */
const inform = async (tx: Transaction, attestation: Attestation, act: Act): Promise<void> => {
  const { id, person, agency, informed } = attestation;
  for (const source of informed)
    await record(
      tx,
      SCHEMA,
      {
        of: "attestation_notice",
        id: uuidv7(),
        version: 1,
        what: "attestation.told",
        before: null,
        after: { attestation_id: id, informed_id: source.id },
        occurredAt: act.at,
        data: { attestation: id, person: person.id, by: agency.id, informed: source.id },
      },
      act,
    );
};

/** What comes with an attestation. */
export interface AttestInput extends Attesting {
  idempotencyKey: string;
  person: PersonNamed;
}

/** Attestations, as one requester may see, make and review them. */
export const openAttestations = (database: Database, act: Act, neighbours: Neighbours) => {
  const { sql } = database;
  const seen: Narrow = (query) => seenBy(act.by, query);
  const byId = kept.finder(database, seen);
  const find = async (question: PersonSought) => {
    const { room, path } = FIND_PERSON;
    const { person } = (await neighbours(room, path, question, act.requestId)) as PersonFound;
    return person ?? notFound();
  };
  return {
    find: (id: string) => byId.load(id),
    toReview: ({ overdue }: { overdue?: boolean | null }, page: Page) => {
      const query = sql(kept.name).whereNull("outcome");
      if (overdue != null) void query.where("due_at", overdue ? "<=" : ">", act.at);
      const own = act.by.role === "PRIVACY_OFFICER" ? seen(query) : query.whereRaw("false");
      return connect(own, { column: "due_at", direction: "asc" }, page, fromRow);
    },
    attest: async (as: string, kind: AttestationKind, input: AttestInput) => {
      const attested = attest(uuidv7(), kind, input, act);
      const { id, sources } = await find(sought(input.person));
      const informed = sources
        .filter((source) => source !== act.by.agency)
        .map((it) => ({ id: it }));
      return kept.make(database, act, as, input, async (tx) => {
        const attestation = { ...attested, person: { id }, informed };
        await inform(tx, attestation, act);
        return attestation;
      });
    },
    /** One move. */
    change: (input: ChangeInput, as: string, step: (attestation: Attestation) => Attestation) =>
      kept.change(database, act, as, input, seen, step),
  };
};

export type Attestations = ReturnType<typeof openAttestations>;
