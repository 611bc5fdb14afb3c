/** Keeping a thing that changes: its row, its history and its events, each written with the others or not at all. */
import DataLoader from "dataloader";
import type { Knex } from "knex";
import { notFound } from "#schema/problems.ts";
import type { Act } from "./act.ts";
import type { Database, Sql, Transaction } from "./database.ts";
import { once, unchangedSince } from "./once.ts";
import type { Versioned } from "./once.ts";
import { record } from "./record.ts";
import type { Row } from "./record.ts";

/** How a thing is written down. */
export interface Shape<T extends Versioned> {
  schema: string;
  /** The table, which names the aggregate in history and outbox too. */
  table: string;
  fromRow: (row: Row) => T;
  /** Every column but those of `onMaking`. */
  toRow: (thing: T) => Row;
  /** What has just happened to it, in the past tense: `dispute.opened`. */
  event: (before: T | null, after: T) => string;
  /** Ids and codes for those who hear of it; nothing about a person. */
  told: (thing: T) => Record<string, string | number | null>;
  /** When what happened last to it happened in the world; the act's instant if not given. */
  occurredAt?: (thing: T) => Date;
  /** Columns that are written once, when it is made. */
  onMaking?: (act: Act) => Row;
}

/** Narrows a query to what a requester may know of. */
export type Narrow = (query: Knex.QueryBuilder) => Knex.QueryBuilder;

/** What comes with a change of an existing thing. */
export interface ChangeInput {
  idempotencyKey: string;
  id: string;
  expectedVersion: number;
}

/** The keeper of one kind of thing. */
export interface Aggregate<T extends Versioned> {
  /** `schema.table` */
  readonly name: string;
  /** Writes it as it now is, with its history and its event. */
  save(tx: Transaction, before: T | null, after: T, act: Act): Promise<T>;
  /** Writes what is now known of a thing, whether it was known before or not; the version follows by itself. */
  put(tx: Transaction, id: string, act: Act, now: (before: T | null) => T): Promise<T>;
  /** Finds things by id, those that `narrow` lets be seen; in one query for each tick. */
  finder(sql: Sql, narrow: Narrow): DataLoader<string, T | null>;
  /** Finds lists of things by a column that refers to something else; in one query for each tick. */
  gatherer(
    sql: Sql,
    narrow: Narrow,
    column: string,
    of: (thing: T) => string,
  ): DataLoader<string, T[]>;
  /** Makes one, once for each idempotency key. */
  make(
    database: Database,
    act: Act,
    as: string,
    input: { idempotencyKey: string },
    thing: (tx: Transaction) => T | Promise<T>,
  ): Promise<T>;
  /**
   * Takes one step, once for each idempotency key, with the row locked.
   *
   * @throws {Problem} NOT_FOUND for what `narrow` does not let be seen; VERSION_CONFLICT.
   */
  change(
    database: Database,
    act: Act,
    as: string,
    input: ChangeInput,
    narrow: Narrow,
    step: (before: T, tx: Transaction) => T | Promise<T>,
  ): Promise<T>;
}

/** Keeps things of one shape. */
export const aggregate = <T extends Versioned>(shape: Shape<T>): Aggregate<T> => {
  const { schema, table, fromRow, toRow, event, told, occurredAt, onMaking } = shape;
  const name = `${schema}.${table}`;
  const save: Aggregate<T>["save"] = async (tx, before, after, act) => {
    const row = toRow(after);
    await (before
      ? tx(name).where({ id: after.id }).update(row)
      : tx(name).insert({ ...row, ...onMaking?.(act) }));
    await record(
      tx,
      schema,
      {
        of: table,
        id: after.id,
        version: after.version,
        what: event(before, after),
        before: before && toRow(before),
        after: row,
        occurredAt: occurredAt?.(after) ?? act.at,
        data: told(after),
      },
      act,
    );
    return after;
  };
  const effect = (as: string, input: { idempotencyKey: string }) => ({
    schema,
    of: table,
    fromRow,
    input,
    as,
  });
  return {
    name,
    save,
    put: async (tx, id, act, now) => {
      const row = (await tx(name).where({ id }).forUpdate().first()) as Row | undefined;
      const before = row ? fromRow(row) : null;
      return save(tx, before, { ...now(before), version: (before?.version ?? 0) + 1 }, act);
    },
    finder: (sql, narrow) =>
      new DataLoader(async (ids) => {
        const rows = (await narrow(sql(name).whereIn("id", ids))) as Row[];
        const found = new Map(rows.map((row) => [row.id, fromRow(row)]));
        return ids.map((id) => found.get(id) ?? null);
      }),
    gatherer: (sql, narrow, column, of) =>
      new DataLoader(async (ids) => {
        const rows = (await narrow(sql(name).whereIn(column, ids)).orderBy("id")) as Row[];
        const things = Map.groupBy(rows.map(fromRow), of);
        return ids.map((id) => things.get(id) ?? []);
      }),
    make: (database, act, as, input, thing) =>
      database.transaction((tx) =>
        once(tx, effect(as, input), act, async () => save(tx, null, await thing(tx), act)),
      ),
    change: (database, act, as, input, narrow, step) =>
      database.transaction((tx) =>
        once(tx, effect(as, input), act, async () => {
          const row = (await narrow(tx(name).where({ id: input.id }))
            .forUpdate()
            .first()) as Row | undefined;
          const before = unchangedSince(fromRow(row ?? notFound()), input.expectedVersion);
          return save(tx, before, await step(before, tx), act);
        }),
      ),
  };
};
