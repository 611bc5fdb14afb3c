import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { createPgConfig } from "@electric-sql/pglite/node-postgres";
import knex from "knex";
import type { Knex } from "knex";
import pg from "pg";

/** A connection, or a transaction on one: what a store queries with. */
export type Sql = Knex;
export type Transaction = Knex.Transaction;

/** An open database, on either engine. */
export interface Database {
  readonly kind: "PGLITE" | "POSTGRESQL";
  readonly sql: Sql;
  /** Runs `work` in one transaction; again from the start, up to three times, when the engine asks for it. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** serialization_failure and deadlock_detected: the transaction did nothing, and may succeed if repeated. */
const RETRYABLE = new Set(["40001", "40P01"]);
const ATTEMPTS = 3;

const database = (kind: Database["kind"], sql: Sql, close: () => Promise<void>): Database => ({
  kind,
  sql,
  close,
  transaction: async (work) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await sql.transaction(work);
      } catch (error) {
        if (attempt >= ATTEMPTS || !RETRYABLE.has((error as { code?: string }).code ?? ""))
          throw error;
      }
    }
  },
});

/**
 * Opens PGlite in `dataDir`, or in memory without one. One process only: take the directory's lock first.
 *
 * PGlite has one session, so its pool has one connection, and a transaction must never wait for a second.
 */
export const openPglite = async (dataDir?: string): Promise<Database> => {
  const lite = await PGlite.create(dataDir ? join(dataDir, "pglite") : "memory://");
  const pool = new pg.Pool(
    Object.assign(createPgConfig(lite), {
      max: 1,
      // What a holder of the one session left open must not reach the next. The pool awaits it; its types do not say so.
      onConnect: (client: pg.ClientBase) =>
        client.query("rollback; reset all; reset role") as unknown as void,
    }),
  );
  const sql = knex({ client: "pg", connectionPool: pool });
  return database("PGLITE", sql, async () => {
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
export const openPostgresql = async (url: string): Promise<Database> => {
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
  return database("POSTGRESQL", sql, () => sql.destroy());
};
