import { existsSync } from "node:fs";
import { join } from "node:path";
import { openPglite, openPostgresql } from "#platform/database.ts";
import type { OpenDatabase } from "#platform/database.ts";
import { takeLock } from "#platform/lock.ts";
import { dataDir } from "./site.ts";

/**
 * The house's database, for a script that works on it beside the house: on PostgreSQL, or in the data directory, which a house that
 * runs holds for itself.
 *
 * @param url DATABASE_URL if not given; without one, the data directory's.
 * @throws {DataDirInUse} when a house runs on the data directory; {Error} when there is none, or it does not answer.
 */
export const openStanding = async (
  url: string | undefined = process.env.DATABASE_URL,
): Promise<OpenDatabase> => {
  if (url) return openPostgresql(url);
  const directory = dataDir();
  if (!existsSync(join(directory, "pglite")))
    throw new Error(`there is no database in ${directory}, and DATABASE_URL names none`);
  const lock = takeLock(directory);
  process.on("exit", () => lock.release());
  return openPglite(directory);
};
