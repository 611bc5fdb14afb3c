import DataLoader from "dataloader";
import { v7 as uuidv7 } from "uuid";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { Narrow } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database } from "#platform/database.ts";
import { vouch } from "#platform/neighbours.ts";
import type { Neighbours } from "#platform/neighbours.ts";
import { firstTime } from "#platform/outbox.ts";
import { instant } from "#platform/record.ts";
import type { Event, Row } from "#platform/record.ts";
import { hold } from "./governance-meeting.ts";
import type { GovernanceMeeting, Minutes } from "./governance-meeting.ts";
import { cell, isClosed } from "./handoff-volume.ts";
import type { HandoffVolume } from "./handoff-volume.ts";
import { monthAt, months } from "./month.ts";
import type { Month } from "./month.ts";

const fromRow = (row: Row): GovernanceMeeting => ({
  id: row.id as string,
  version: row.version as number,
  interface: { id: row.interface_id as string },
  month: row.month as string,
  heldAt: instant(row.held_at),
  agencies: (row.agency_ids as string[]).map((id) => ({ id })),
  attendees: row.attendees as string[],
  minutesReference: row.minutes_reference as string,
});

const toRow = (meeting: GovernanceMeeting) => ({
  id: meeting.id,
  version: meeting.version,
  interface_id: meeting.interface.id,
  month: meeting.month,
  held_at: meeting.heldAt,
  agency_ids: meeting.agencies.map(({ id }) => id),
  attendees: meeting.attendees,
  minutes_reference: meeting.minutesReference,
});

const kept = aggregate<GovernanceMeeting>({
  schema: "performance",
  table: "governance_meeting",
  fromRow,
  toRow,
  event: () => "governance-meeting.recorded",
  told: (meeting) => ({ interface: meeting.interface.id }),
  occurredAt: ({ heldAt }) => heldAt,
});

/** Takes in what happened in the referrals room: a handoff that was made at an interface. */
export const consume = (database: Database, event: Event, at: Date): Promise<void> =>
  database.transaction(async (tx) => {
    if (!(await firstTime(tx, "performance", event, at))) return;
    const { interface: interfaceId, person } = event.data;
    if (event.type !== "handoff.made" || !interfaceId || !person) return;
    await tx("performance.handoff_fact")
      .insert({
        handoff_id: event.subject,
        interface_id: interfaceId,
        person_id: person,
        month: monthAt(new Date(event.time)),
      })
      .onConflict("handoff_id")
      .ignore();
  });

/** Freezes the closed months that nobody asked about before. */
const freeze = async (
  database: Database,
  interfaceIds: readonly string[],
  closed: readonly Month[],
  at: Date,
) => {
  if (closed.length === 0) return;
  // Whom a figure counts the house sees alone.
  await database.house().sql.raw(
    `insert into performance.volume_snapshot (interface_id, month, persons, frozen_at)
     select i, m, count(distinct person_id), ?
     from unnest(?::uuid[]) i cross join unnest(?::text[]) m
     left join performance.handoff_fact f on f.interface_id = i and f.month = m
     group by i, m
     on conflict do nothing`,
    [at, [...interfaceIds], [...closed]] as never,
  );
};

/** Figures and meetings, as one requester may see them. */
export const openPerformance = (database: Database, act: Act, neighbours: Neighbours) => {
  const { sql } = database;
  const seen: Narrow = (query) => query.whereRaw("agency_ids @> array[?]::uuid[]", [act.by.agency]);
  const byId = kept.finder(database, seen);
  const volume = new DataLoader<{ id: string; range: Month[] }, HandoffVolume[], string>(
    async (asked) => {
      const ids = [...new Set(asked.map(({ id }) => id))];
      const closed = [...new Set(asked.flatMap(({ range }) => range))].filter((month) =>
        isClosed(month, act.at),
      );
      await freeze(database, ids, closed, act.at);
      const rows = (await sql("performance.volume_snapshot")
        .whereIn("interface_id", ids)
        .whereIn("month", closed)) as Row[];
      const frozen = new Map(
        rows.map((row) => [`${row.interface_id} ${row.month}`, row.persons as number]),
      );
      return asked.map(({ id, range }) =>
        range.map((month) => cell(month, frozen.get(`${id} ${month}`) ?? null)),
      );
    },
    { cacheKeyFn: ({ id, range }) => `${id} ${range.join()}` },
  );
  return {
    findMeeting: (id: string) => byId.load(id),
    listMeetings: (page: Page) =>
      connect(seen(sql(kept.name)), { column: "held_at", direction: "desc" }, page, fromRow),
    volume: (id: string, from: string, to: string) => volume.load({ id, range: months(from, to) }),
    hold: async (input: Minutes & { idempotencyKey: string }) => {
      const claim = {
        interface: { id: input.interfaceId, field: "interfaceId" },
        agencies: { ids: input.agencyIds, field: "agencyIds" },
      };
      const held = hold(uuidv7(), input, act);
      await vouch(neighbours, claim, act);
      return kept.make(database, act, "recordGovernanceMeeting", input, () => held);
    },
  };
};

export type Performance = ReturnType<typeof openPerformance>;
