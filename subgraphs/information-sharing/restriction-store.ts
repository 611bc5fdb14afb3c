import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Requester } from "#sharing/requester.ts";
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
import { requested } from "./restriction.ts";
import type {
  Restriction,
  RestrictionRequest,
  RestrictionStatus,
  TerminationGround,
} from "./restriction.ts";

const fromRow = (row: Row): Restriction => ({
  id: row.id as string,
  version: row.version as number,
  person: { id: row.person_id as string },
  agency: { id: row.agency_id as string },
  recipients: (row.recipient_ids as string[] | null)?.map((id) => ({ id })) ?? null,
  paidInFull: row.paid_in_full as boolean,
  status: row.status as RestrictionStatus,
  requestedAt: instant(row.requested_at),
  agreedAt: instantOrNull(row.agreed_at),
  terminatedAt: instantOrNull(row.terminated_at),
  ground: row.ground as TerminationGround | null,
});

const toRow = (restriction: Restriction) => ({
  id: restriction.id,
  version: restriction.version,
  person_id: restriction.person.id,
  agency_id: restriction.agency.id,
  recipient_ids: restriction.recipients?.map(({ id }) => id) ?? null,
  paid_in_full: restriction.paidInFull,
  status: restriction.status,
  requested_at: restriction.requestedAt,
  agreed_at: restriction.agreedAt,
  terminated_at: restriction.terminatedAt,
  ground: restriction.ground,
});

/** Nobody but the agency that was asked knows of a restriction, and there only who works with people or guards privacy. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by) || by.role === "PRIVACY_OFFICER"
    ? query.where({ agency_id: by.agency })
    : query.whereRaw("false");

const kept = aggregate<Restriction>({
  schema: "information_sharing",
  table: "restriction",
  fromRow,
  toRow,
  event: (_, { status }) => `restriction.${status.toLowerCase()}`,
  told: ({ person, agency }) => ({ person: person.id, agency: agency.id }),
});

/** Restrictions, as one requester may see and decide them. */
export const openRestrictions = (database: Database, act: Act, neighbours: Neighbours) => {
  const { sql } = database;
  const seen: Narrow = (query) => seenBy(act.by, query);
  const byId = kept.finder(database, seen);
  return {
    find: (id: string) => byId.load(id),
    list: ({ status }: { status?: RestrictionStatus | null }, page: Page) => {
      const query = seen(sql(kept.name));
      if (status) void query.where({ status });
      return connect(query, { column: "requested_at", direction: "desc" }, page, fromRow);
    },
    request: async (input: RestrictionRequest & { idempotencyKey: string }) => {
      const wanted = requested(uuidv7(), input, act);
      await vouch(
        neighbours,
        {
          person: input.personId,
          agencies: { ids: input.recipientIds ?? [], field: "recipientIds" },
        },
        act,
      );
      return kept.make(database, act, "requestRestriction", input, () => wanted);
    },
    /** One move. */
    change: (input: ChangeInput, as: string, step: (restriction: Restriction) => Restriction) =>
      kept.change(database, act, as, input, seen, step),
  };
};

export type Restrictions = ReturnType<typeof openRestrictions>;
