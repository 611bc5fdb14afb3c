import DataLoader from "dataloader";
import { v7 as uuidv7 } from "uuid";
import type { Act } from "#platform/act.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database } from "#platform/database.ts";
import { once } from "#platform/once.ts";
import { firstTime } from "#platform/outbox.ts";
import { instant, record } from "#platform/record.ts";
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
  await database.sql.raw(
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
export const openPerformance = (database: Database, act: Act) => {
  const { sql } = database;
  const meetings = () =>
    sql("performance.governance_meeting").whereRaw("agency_ids @> array[?]::uuid[]", [
      act.by.agency,
    ]);
  const byId = new DataLoader<string, GovernanceMeeting | null>(async (ids) => {
    const rows = (await meetings().whereIn("id", ids)) as Row[];
    const found = new Map(rows.map((row) => [row.id, fromRow(row)]));
    return ids.map((id) => found.get(id) ?? null);
  });
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
      connect(meetings(), { column: "held_at", direction: "desc" }, page, fromRow),
    volume: (id: string, from: string, to: string) => volume.load({ id, range: months(from, to) }),
    hold: (input: Minutes & { idempotencyKey: string }) =>
      database.transaction((tx) =>
        once(
          tx,
          {
            schema: "performance",
            of: "governance_meeting",
            fromRow,
            input,
            as: "recordGovernanceMeeting",
          },
          act,
          async () => {
            const meeting = hold(uuidv7(), input, act);
            const row = toRow(meeting);
            await tx("performance.governance_meeting").insert(row);
            await record(
              tx,
              "performance",
              {
                of: "governance_meeting",
                id: meeting.id,
                version: 1,
                what: "governance-meeting.recorded",
                before: null,
                after: row,
                occurredAt: meeting.heldAt,
                data: { interface: meeting.interface.id },
              },
              act,
            );
            return meeting;
          },
        ),
      ),
  };
};

export type Performance = ReturnType<typeof openPerformance>;
