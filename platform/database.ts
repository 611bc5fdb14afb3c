import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { createPgConfig } from "@electric-sql/pglite/node-postgres";
import knex from "knex";
import type { Knex } from "knex";
import pg from "pg";
import { roleOf, saying, askedBy } from "./wall.ts";
import type { Sight, Sql } from "./wall.ts";

export type { Sql } from "./wall.ts";
export type Transaction = Knex.Transaction;

/** A room's database, as somebody sees it: what its stores query. Without anybody it shows no row that is protected. */
export interface Database {
  readonly kind: "PGLITE" | "POSTGRESQL";
  readonly sql: Sql;
  /** Runs `work` in one transaction; again from the start, up to three times, when the engine asks for it. */
  transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    config?: Knex.TransactionConfig,
  ): Promise<T>;
  /**
   * The same as an agency sees it.
   *
   * @param persons Those that facts tie the agency to, for this request: asked anew for each query.
   */
  by(agency: string, persons?: () => readonly string[]): Database;
  /** The same as the house sees it, which keeps what belongs to several agencies. */
  house(): Database;
}

/** An open database, on either engine, with all that its login may do. */
export interface OpenDatabase extends Pick<Database, "kind" | "transaction"> {
  readonly sql: Knex;
  /** A room's part of it, as nobody sees it yet. */
  of(schema: string): Database;
  close(): Promise<void>;
}

/** serialization_failure and deadlock_detected: the transaction did nothing, and may succeed if repeated. */
const RETRYABLE = new Set(["40001", "40P01"]);
const ATTEMPTS = 3;

const transactions =
  (sql: Knex, begin: (tx: Transaction) => Promise<void>): Database["transaction"] =>
  async (work, config) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await sql.transaction(async (tx) => {
          await begin(tx);
          return work(tx);
        }, config);
      } catch (error) {
        if (attempt >= ATTEMPTS || !RETRYABLE.has((error as { code?: string }).code ?? ""))
          throw error;
      }
    }
  };

const as = (kind: Database["kind"], sql: Knex, schema: string, sight: Sight): Database => ({
  kind,
  sql: askedBy(sql, sight),
  transaction: transactions(sql, async (tx) => {
    const { text, values } = saying(sight, () => "?");
    await tx.raw(text, values);
  }),
  by: (agency, persons = () => []) =>
    as(kind, sql, schema, { role: roleOf(schema, "rw"), agency, persons }),
  house: () =>
    as(kind, sql, schema, { role: roleOf(schema, "house"), agency: null, persons: () => [] }),
});

const opened = (kind: Database["kind"], sql: Knex, close: () => Promise<void>): OpenDatabase => ({
  kind,
  sql,
  close,
  transaction: transactions(sql, async () => undefined),
  of: (schema) =>
    as(kind, sql, schema, { role: roleOf(schema, "rw"), agency: null, persons: () => [] }),
});

/**
 * Lets the house do in an agency's transaction what follows from it for others, such as the ties of a handoff's other
 * parties. What `work` begins it must also have ended.
 */
export const asHouse = async <T>(
  tx: Transaction,
  schema: string,
  work: () => Promise<T>,
): Promise<T> => {
  const { rows } = await tx.raw(
    "select current_setting('role') as before, set_config('role', ?, true)",
    [roleOf(schema, "house")],
  );
  const done = await work();
  // If it failed there is nothing left to do: the transaction, or its savepoint, is rolled back, and the role with it.
  await tx.raw("select set_config('role', ?, true)", [
    (rows as { before: string }[])[0]?.before as string,
  ]);
  return done;
};

/**
 * Opens PGlite in `dataDir`, or in memory without one. One process only: take the directory's lock first.
 *
 * PGlite has one session, so its pool has one connection, and a transaction must never wait for a second.
 */
export const openPglite = async (dataDir?: string): Promise<OpenDatabase> => {
  // Making an empty database takes seconds, and tests make many: they make one, and name the file that it was dumped to.
  const template = dataDir ? undefined : process.env.PGLITE_TEMPLATE;
  const lite = await PGlite.create(dataDir ? join(dataDir, "pglite") : "memory://", {
    ...(template && { loadDataDir: new Blob([readFileSync(template)]) }),
  });
  const pool = new pg.Pool(
    Object.assign(createPgConfig(lite), {
      max: 1,
      // What a holder of the one session left open must not reach the next. The pool awaits it; its types do not say so.
      onConnect: (client: pg.ClientBase) =>
        client.query("rollback; reset all; reset role") as unknown as void,
    }),
  );
  const sql = knex({ client: "pg", connectionPool: pool });
  return opened("PGLITE", sql, async () => {
    await sql.destroy();
    await pool.end();
    await lite.close();
  });
};

/**
 * Opens PostgreSQL 15 or later.
 *
 * @param url `postgres://user@host:port/database`
 */
export const openPostgresql = async (url: string): Promise<OpenDatabase> => {
  const sql = knex({
    client: "pg",
    connection: {
      connectionString: url,
      options:
        "-c statement_timeout=5000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000 -c timezone=UTC",
    },
    pool: { min: 0, max: 10 },
    // What goes wrong is thrown, and logged by whoever catches it: not printed here as well.
    log: {
      warn: () => undefined,
      error: () => undefined,
      deprecate: () => undefined,
      debug: () => undefined,
    },
  });
  try {
    await sql.raw("select 1");
  } catch (error) {
    await sql.destroy();
    throw error;
  }
  return opened("POSTGRESQL", sql, () => sql.destroy());
};
