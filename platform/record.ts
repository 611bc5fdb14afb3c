import { v7 as uuidv7 } from "uuid";
import type { Act } from "./act.ts";
import type { Sql, Transaction } from "./database.ts";

/** CloudEvents 1.0, thin: ids, a type and a version; never a fact about a person. */
export interface Event {
  specversion: "1.0";
  id: string;
  /** The room it comes from, as a path: `/referrals`. */
  source: string;
  type: string;
  /** The id of the thing that changed. */
  subject: string;
  /** RFC 3339, UTC. */
  time: string;
  data: { version: number } & Record<string, string | number | null>;
}

/** A row as the database has it. */
export type Row = Record<string, unknown>;

/** A change that a store has just made. */
export interface Change {
  /** The table's name, which is the aggregate's type too. */
  of: string;
  id: string;
  version: number;
  /** What happened, in the past tense: `handoff.accepted`. */
  what: string;
  before: Row | null;
  after: Row;
  /** When it happened in the world. */
  occurredAt: Date;
  /** Ids that consumers need to know whom it concerns; thin. */
  data?: Record<string, string | number | null>;
}

/**
 * Writes a change's history row and its outbox row, in the change's own transaction.
 *
 * @param schema The room's database schema.
 */
export const record = async (
  tx: Transaction,
  schema: string,
  { of, id, version, what, before, after, occurredAt, data }: Change,
  act: Act,
): Promise<void> => {
  await tx(`${schema}.history`).insert({
    id: uuidv7(),
    aggregate_type: of,
    aggregate_id: id,
    version,
    what,
    before: before && JSON.stringify(before),
    after: JSON.stringify(after),
    by_agency: act.by.agency,
    by_subject: act.by.subject,
    request_id: act.requestId,
    at: act.at,
  });
  const event: Event = {
    specversion: "1.0",
    id: uuidv7(),
    source: `/${schema.replaceAll("_", "-")}`,
    type: what,
    subject: id,
    time: occurredAt.toISOString(),
    data: { version, ...data },
  };
  await tx(`${schema}.outbox`).insert({
    id: event.id,
    aggregatetype: of,
    aggregateid: id,
    type: what,
    payload: JSON.stringify(event),
    occurred_at: occurredAt,
  });
};

/** The row of a thing as it was at a version; undefined if there was none. */
export const rowAt = async (
  sql: Sql,
  schema: string,
  of: string,
  id: string,
  version: number,
): Promise<Row | undefined> =>
  (
    await sql(`${schema}.history`)
      .where({ aggregate_type: of, aggregate_id: id, version })
      .first("after")
  )?.after as Row | undefined;

/** A column's instant, from the driver (a Date) or from a history row (a string). */
export const instant = (value: unknown): Date => new Date(value as string | Date);

/** The same where the column may be null. */
export const instantOrNull = (value: unknown): Date | null =>
  value == null ? null : instant(value);

/** A JSON column: the driver has read a row's, and a history row keeps it as the text that was written. */
export const fromJson = <T>(value: unknown): T =>
  (typeof value === "string" ? JSON.parse(value) : value) as T;
