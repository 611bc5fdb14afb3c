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
import { instant, instantOrNull, record } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { raise, resolve } from "./escalation-issue.ts";
import type { EscalationIssue, IssueType, Raising, Rung } from "./escalation-issue.ts";

const fromRow = (row: Row): EscalationIssue => ({
  id: row.id as string,
  version: row.version as number,
  referral: { id: row.referral_id as string },
  type: row.type as IssueType,
  typeText: row.type_text as string | null,
  impact: row.impact as string,
  rung: row.rung as Rung,
  raisedBy: { id: row.raised_by_id as string },
  parties: (row.party_ids as string[]).map((id) => ({ id })),
  raisedAt: instant(row.raised_at),
  resolvedAt: instantOrNull(row.resolved_at),
  resolution: row.resolution as string | null,
});

const toRow = (issue: EscalationIssue) => ({
  id: issue.id,
  version: issue.version,
  referral_id: issue.referral.id,
  type: issue.type,
  type_text: issue.typeText,
  impact: issue.impact,
  rung: issue.rung,
  raised_by_id: issue.raisedBy.id,
  party_ids: issue.parties.map(({ id }) => id),
  raised_at: issue.raisedAt,
  resolved_at: issue.resolvedAt,
  resolution: issue.resolution,
});

/** To an agency that is no party, the issue does not exist. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by)
    ? query.whereRaw("party_ids @> array[?]::uuid[]", [by.agency])
    : query.whereRaw("false");

const save = async (
  tx: Transaction,
  before: EscalationIssue | null,
  after: EscalationIssue,
  act: Act,
): Promise<EscalationIssue> => {
  const row = toRow(after);
  const table = "escalation.escalation_issue";
  await (before ? tx(table).where({ id: after.id }).update(row) : tx(table).insert(row));
  await record(
    tx,
    "escalation",
    {
      of: "escalation_issue",
      id: after.id,
      version: after.version,
      what: before ? "issue.resolved" : "issue.raised",
      before: before && toRow(before),
      after: row,
      occurredAt: act.at,
      data: { referral: after.referral.id, rung: after.rung },
    },
    act,
  );
  return after;
};

const EFFECT = { schema: "escalation", of: "escalation_issue", fromRow };

/** Issues, as one requester may see and move them. */
export const openIssues = (database: Database, act: Act) => {
  const { sql } = database;
  const byId = new DataLoader<string, EscalationIssue | null>(async (ids) => {
    const rows = (await seenBy(
      act.by,
      sql("escalation.escalation_issue").whereIn("id", ids),
    )) as Row[];
    const found = new Map(rows.map((row) => [row.id, fromRow(row)]));
    return ids.map((id) => found.get(id) ?? null);
  });
  const ofReferral = new DataLoader<string, EscalationIssue[]>(async (ids) => {
    const query = sql("escalation.escalation_issue").whereIn("referral_id", ids);
    const issues = ((await seenBy(act.by, query).orderBy("id")) as Row[]).map(fromRow);
    return ids.map((id) => issues.filter(({ referral }) => referral.id === id));
  });
  return {
    find: (id: string) => byId.load(id),
    ofReferral: (id: string) => ofReferral.load(id),
    listOpen: (page: Page) =>
      connect(
        seenBy(act.by, sql("escalation.escalation_issue").whereNull("resolved_at")),
        { column: "raised_at", direction: "asc" },
        page,
        fromRow,
      ),
    raise: (input: Raising & { idempotencyKey: string }) =>
      database.transaction((tx) =>
        once(tx, { ...EFFECT, input, as: "raiseIssue" }, act, () =>
          save(tx, null, raise(uuidv7(), input, act), act),
        ),
      ),
    resolve: (input: {
      idempotencyKey: string;
      id: string;
      expectedVersion: number;
      resolution: string;
    }) =>
      database.transaction((tx) =>
        once(tx, { ...EFFECT, input, as: "resolveIssue" }, act, async () => {
          const query = tx("escalation.escalation_issue").where({ id: input.id });
          const row = (await seenBy(act.by, query).forUpdate().first()) as Row | undefined;
          const before = unchangedSince(fromRow(row ?? notFound()), input.expectedVersion);
          return save(tx, before, resolve(before, input.resolution, act), act);
        }),
      ),
  };
};

export type Issues = ReturnType<typeof openIssues>;
