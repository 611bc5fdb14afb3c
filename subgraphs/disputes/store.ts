import DataLoader from "dataloader";
import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import { notFound } from "#schema/problems.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Act } from "#platform/act.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database, Transaction } from "#platform/database.ts";
import { once, unchangedSince } from "#platform/once.ts";
import { fromJson, instant, record } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
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

/** To an agency that is no party, the dispute does not exist. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by)
    ? query.whereRaw("party_ids @> array[?]::uuid[]", [by.agency])
    : query.whereRaw("false");

const save = async (
  tx: Transaction,
  before: Dispute | null,
  after: Dispute,
  act: Act,
): Promise<Dispute> => {
  const row = toRow(after);
  await (before
    ? tx("disputes.dispute").where({ id: after.id }).update(row)
    : tx("disputes.dispute").insert(row));
  await record(
    tx,
    "disputes",
    {
      of: "dispute",
      id: after.id,
      version: after.version,
      what: before ? "dispute.changed" : "dispute.opened",
      before: before && toRow(before),
      after: row,
      occurredAt: act.at,
      data: { referral: after.referral.id, stage: after.stage },
    },
    act,
  );
  return after;
};

const EFFECT = { schema: "disputes", of: "dispute", fromRow };

/** Disputes, as one requester may see and change them. */
export const openDisputes = (database: Database, act: Act) => {
  const { sql } = database;
  const byId = new DataLoader<string, Dispute | null>(async (ids) => {
    const rows = (await seenBy(act.by, sql("disputes.dispute").whereIn("id", ids))) as Row[];
    const found = new Map(rows.map((row) => [row.id, fromRow(row)]));
    return ids.map((id) => found.get(id) ?? null);
  });
  const ofReferral = new DataLoader<string, Dispute[]>(async (ids) => {
    const rows = (await seenBy(act.by, sql("disputes.dispute").whereIn("referral_id", ids)).orderBy(
      "id",
    )) as Row[];
    const disputes = rows.map(fromRow);
    return ids.map((id) => disputes.filter(({ referral }) => referral.id === id));
  });
  return {
    find: (id: string) => byId.load(id),
    ofReferral: (id: string) => ofReferral.load(id),
    list: (stages: readonly Stage[] | null | undefined, page: Page) => {
      const query = seenBy(act.by, sql("disputes.dispute"));
      if (stages) void query.whereIn("stage", stages);
      return connect(query, { column: "opened_at", direction: "desc" }, page, fromRow);
    },
    open: (input: Opening & { idempotencyKey: string }) =>
      database.transaction((tx) =>
        once(tx, { ...EFFECT, input, as: "openDispute" }, act, () =>
          save(tx, null, open(uuidv7(), input, act), act),
        ),
      ),
    /** One move, in one transaction with its history and its event. */
    change: (
      input: { idempotencyKey: string; id: string; expectedVersion: number },
      as: string,
      step: (dispute: Dispute) => Dispute,
    ) =>
      database.transaction((tx) =>
        once(tx, { ...EFFECT, input, as }, act, async () => {
          const row = (await seenBy(act.by, tx("disputes.dispute").where({ id: input.id }))
            .forUpdate()
            .first()) as Row | undefined;
          const before = unchangedSince(fromRow(row ?? notFound()), input.expectedVersion);
          return save(tx, before, step(before), act);
        }),
      ),
  };
};

export type Disputes = ReturnType<typeof openDisputes>;
