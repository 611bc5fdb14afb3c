import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { ChangeInput, Narrow } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database } from "#platform/database.ts";
import { vouch } from "#platform/neighbours.ts";
import type { Neighbours } from "#platform/neighbours.ts";
import { fromJson, instant } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { onReferral } from "#platform/sharing.ts";
import type { Seeing } from "#platform/sharing.ts";
import { open } from "./dispute.ts";
import type { Coverage, Dispute, DisputeSubject, DisputeType, Opening, Stage } from "./dispute.ts";

interface StoredPosition {
  agencyId: string;
  statement: string;
  statedAt: string;
}

const fromRow = (row: Row): Dispute => ({
  id: row.id as string,
  version: row.version as number,
  referral: { id: row.referral_id as string },
  person: row.person_id as string | null,
  keepers: row.keeper_ids as string[],
  raises: row.raises as Category[],
  type: row.type as DisputeType,
  subject: row.subject as DisputeSubject,
  stage: row.stage as Stage,
  coverage: row.coverage as Coverage,
  coverageReason: row.coverage_reason as string | null,
  parties: (row.party_ids as string[]).map((id) => ({ id })),
  openedBy: { id: row.opened_by_id as string },
  openedAt: instant(row.opened_at),
  positions: fromJson<StoredPosition[]>(row.positions).map(({ agencyId, statement, statedAt }) => ({
    agency: { id: agencyId },
    statement,
    statedAt: instant(statedAt),
  })),
});

const toRow = (dispute: Dispute) => ({
  id: dispute.id,
  version: dispute.version,
  referral_id: dispute.referral.id,
  person_id: dispute.person,
  keeper_ids: dispute.keepers,
  raises: dispute.raises,
  type: dispute.type,
  subject: dispute.subject,
  stage: dispute.stage,
  coverage: dispute.coverage,
  coverage_reason: dispute.coverageReason,
  party_ids: dispute.parties.map(({ id }) => id),
  opened_by_id: dispute.openedBy.id,
  opened_at: dispute.openedAt,
  positions: JSON.stringify(
    dispute.positions.map(({ agency, statement, statedAt }) => ({
      agencyId: agency.id,
      statement,
      statedAt,
    })),
  ),
});

/** What an agency's requester may change: that which is its own record too. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by)
    ? query.whereRaw("keeper_ids @> array[?]::uuid[]", [by.agency])
    : query.whereRaw("false");

const kept = aggregate<Dispute>({
  schema: "disputes",
  table: "dispute",
  fromRow,
  toRow,
  event: (before) => (before ? "dispute.changed" : "dispute.opened"),
  told: ({ referral, stage }) => ({ referral: referral.id, stage }),
});

/** Of which categories an agency has records of its own here. */
export const keeps = async ({ sql }: Database, agency: string): Promise<Category[]> =>
  (await sql(kept.name).whereRaw("keeper_ids @> array[?]::uuid[]", [agency]).first("id"))
    ? ["REFERRAL_ADMIN"]
    : [];

/** Disputes, as one requester may see and change them. */
export const openDisputes = (
  database: Database,
  act: Act,
  neighbours: Neighbours,
  sharing: Seeing,
) => {
  const { sql } = database;
  const seen: Narrow = (query) => seenBy(act.by, query);
  // Whoever may be given one may read it, party or not: it is judged before it is given.
  const byId = kept.finder(database, (query) => query, sharing);
  const ofReferral = kept.gatherer(
    database,
    (query) => query,
    "referral_id",
    ({ referral }) => referral.id,
    sharing,
  );
  const isParty: Narrow = (query) =>
    query.whereRaw("party_ids @> array[?]::uuid[]", [act.by.agency]);
  return {
    find: (id: string) => byId.load(id),
    ofReferral: (id: string) => ofReferral.load(id),
    list: (stages: readonly Stage[] | null | undefined, page: Page) => {
      const query = isParty(sql(kept.name));
      if (stages) void query.whereIn("stage", stages);
      return connect(query, { column: "opened_at", direction: "desc" }, page, fromRow, (all) =>
        sharing.permitted("Dispute", all),
      );
    },
    open: async (input: Opening & { idempotencyKey: string }) => {
      const claim = {
        referral: input.referralId,
        agencies: { ids: input.partyIds, field: "partyIds" },
      };
      const opened = open(uuidv7(), input, act);
      const known = await vouch(neighbours, claim, act);
      return kept.make(database, act, "openDispute", input, () => ({
        ...opened,
        ...onReferral(known, input.partyIds),
      }));
    },
    /** One move. */
    change: (input: ChangeInput, as: string, step: (dispute: Dispute) => Dispute) =>
      kept.change(database, act, as, input, seen, step),
  };
};

export type Disputes = ReturnType<typeof openDisputes>;
