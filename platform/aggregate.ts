/** Keeping a thing that changes: its row, its history and its events, each written with the others or not at all. */
import DataLoader from "dataloader";
import type { Knex } from "knex";
import { notFound } from "#schema/problems.ts";
import type { Act } from "./act.ts";
import type { Database, Transaction } from "./database.ts";
import { once, unchangedSince } from "./once.ts";
import type { Versioned } from "./once.ts";
import { record } from "./record.ts";
import type { Row } from "./record.ts";
import type { Sharing } from "./sharing.ts";

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

/** Says to whom facts tie the asking agency. */
export type Facts = Pick<Sharing, "knows" | "absent">;

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
  /**
   * Finds things by id, those that `narrow` lets be seen; in one query for each tick.
   *
   * @param sharing Given for things that tell of a `person_id`: facts may then show those that are not the agency's own.
   */
  finder(database: Database, narrow: Narrow, sharing?: Facts): DataLoader<string, T | null>;
  /** Finds lists of things by a column that refers to something else; in one query for each tick. */
  gatherer(
    database: Database,
    narrow: Narrow,
    column: string,
    of: (thing: T) => string,
    sharing?: Facts,
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
  const read = async (
    { sql }: Database,
    narrow: Narrow,
    column: string,
    ids: readonly string[],
  ): Promise<Row[]> => (await narrow(sql(name).whereIn(column, ids)).orderBy("id")) as Row[];
  /** Whom those tell of that the agency does not see: for that, the house looks. */
  const whose = async (
    database: Database,
    column: string,
    ids: readonly string[],
  ): Promise<{ id: string; person_id: string }[]> =>
    database
      .house()
      .sql(name)
      .whereIn(column, ids)
      .whereNotNull("person_id")
      .select("id", "person_id");
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
    finder: (database, narrow, sharing) =>
      new DataLoader(async (ids) => {
        const rows = await read(database, narrow, "id", ids);
        const hidden = ids.filter((id) => !rows.some((row) => row.id === id));
        if (sharing && hidden.length > 0) {
          const people = (await whose(database, "id", hidden)).map((row) => row.person_id);
          // What is not there takes as long as what may not be seen.
          if (people.length === 0) await sharing.absent();
          else if ((await sharing.knows(people)).size > 0)
            rows.push(...(await read(database, narrow, "id", hidden)));
        }
        const found = new Map(rows.map((row) => [row.id, fromRow(row)]));
        return ids.map((id) => found.get(id) ?? null);
      }),
    gatherer: (database, narrow, column, of, sharing) =>
      new DataLoader(async (ids) => {
        const [seen, all] = await Promise.all([
          read(database, narrow, column, ids),
          sharing ? whose(database, column, ids) : [],
        ]);
        const hidden = all.filter(({ id }) => !seen.some((row) => row.id === id));
        const isShownMore =
          sharing &&
          hidden.length > 0 &&
          (await sharing.knows(hidden.map((row) => row.person_id))).size > 0;
        const rows = isShownMore ? await read(database, narrow, column, ids) : seen;
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
