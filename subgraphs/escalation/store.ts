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
import { instant, instantOrNull } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { onReferral } from "#platform/sharing.ts";
import type { Seeing } from "#platform/sharing.ts";
import { raise, resolve } from "./escalation-issue.ts";
import type { EscalationIssue, IssueType, Raising, Rung } from "./escalation-issue.ts";

const fromRow = (row: Row): EscalationIssue => ({
  id: row.id as string,
  version: row.version as number,
  referral: { id: row.referral_id as string },
  person: row.person_id as string | null,
  keepers: row.keeper_ids as string[],
  raises: row.raises as Category[],
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
  person_id: issue.person,
  keeper_ids: issue.keepers,
  raises: issue.raises,
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

/** What an agency's requester may change: that which is its own record too. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by)
    ? query.whereRaw("keeper_ids @> array[?]::uuid[]", [by.agency])
    : query.whereRaw("false");

const kept = aggregate<EscalationIssue>({
  schema: "escalation",
  table: "escalation_issue",
  fromRow,
  toRow,
  event: (before) => (before ? "issue.resolved" : "issue.raised"),
  told: ({ referral, rung }) => ({ referral: referral.id, rung }),
});

/** Of which categories an agency has records of its own here. */
export const keeps = async ({ sql }: Database, agency: string): Promise<Category[]> =>
  (await sql(kept.name).whereRaw("keeper_ids @> array[?]::uuid[]", [agency]).first("id"))
    ? ["REFERRAL_ADMIN", "CARE_PLAN"]
    : [];

/** Issues, as one requester may see and move them. */
export const openIssues = (
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
    listOpen: (page: Page) =>
      connect(
        isParty(sql(kept.name).whereNull("resolved_at")),
        { column: "raised_at", direction: "asc" },
        page,
        fromRow,
        (all) => sharing.permitted("EscalationIssue", all),
      ),
    raise: async (input: Raising & { idempotencyKey: string }) => {
      const claim = {
        referral: input.referralId,
        agencies: { ids: [input.withAgencyId], field: "withAgencyId" },
      };
      const raised = raise(uuidv7(), input, act);
      const known = await vouch(neighbours, claim, act);
      const parties = raised.parties.map(({ id }) => id);
      return kept.make(database, act, "raiseIssue", input, () => ({
        ...raised,
        ...onReferral(known, parties),
      }));
    },
    resolve: (input: ChangeInput & { resolution: string }) =>
      kept.change(database, act, "resolveIssue", input, seen, (issue) =>
        resolve(issue, input.resolution, act),
      ),
  };
};

export type Issues = ReturnType<typeof openIssues>;
