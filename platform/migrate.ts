import { readdirSync, readFileSync } from "node:fs";
import type { Knex } from "knex";
import type { OpenDatabase } from "./database.ts";
import { grantAll, makeRoles } from "./grants.ts";
import type { Grants } from "./grants.ts";

/** Numbered `.sql` files, forward only; knex keeps the account of which have run. */
const source = (folder: URL, schema: string): Knex.MigrationSource<string> => ({
  getMigrations: async () =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".sql"))
      .sort(),
  getMigrationName: (name) => name,
  getMigration: async (name) => ({
    up: async (tx) => {
      // The files name no schema, so that the platform's own tables can stand in every room.
      await tx.raw("set local search_path to ??", [schema]);
      await tx.raw(readFileSync(new URL(name, folder), "utf8"));
    },
    down: async () => {
      throw new Error("migrations go forward only");
    },
  }),
});

/**
 * Brings a room's schema up to date.
 *
 * @param schema The room's own database schema; nobody else's.
 * @param folders The platform's migrations, then the room's.
 * @param grants What its roles may do; whatever else they could is taken from them.
 * @returns The names of the migrations that ran now.
 */
export const migrate = async (
  database: OpenDatabase,
  schema: string,
  folders: URL[],
  grants: Grants,
): Promise<string[]> => {
  const ran: string[] = [];
  await makeRoles(database, schema);
  await database.transaction(async (tx) => {
    // Of two processes that start at once the second waits here, and finds nothing left to do.
    await tx.raw("set local lock_timeout = 0");
    await tx.raw("set local statement_timeout = 0");
    await tx.raw("select pg_advisory_xact_lock(hashtext(?))", [`handoff-graph migrate ${schema}`]);
    await tx.raw("create schema if not exists ??", [schema]);
    for (const [index, folder] of folders.entries()) {
      const [, names] = (await tx.migrate.latest({
        migrationSource: source(folder, schema),
        schemaName: schema,
        // The platform's own tables and the room's are two accounts, so that each can grow by itself.
        tableName: index === 0 ? "platform_migration" : "room_migration",
      })) as [number, string[]];
      ran.push(...names);
    }
    await grantAll(tx, schema, grants);
  });
  return ran;
};
