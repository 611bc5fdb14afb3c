/** What tests begin with and takes seconds to make is made once for a run, by the first test that needs it. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import knex from "knex";

const folder = (): string => process.env.TEMPLATES ?? "";

/** The database on the server that tests on PostgreSQL may begin with. */
export const templateDatabase = (): string => basename(folder()).replaceAll("-", "_");

/** Works on the test server as its superuser. */
export const onServer = async <T>(work: (admin: knex.Knex) => Promise<T>): Promise<T> => {
  const connection = process.env.TEST_DATABASE_URL ?? "";
  const admin = knex({ client: "pg", connection, pool: { min: 0, max: 1 } });
  try {
    return await work(admin);
  } finally {
    await admin.destroy();
  }
};

/**
 * A file of this run's.
 *
 * @param make Writes it at a path for now. Whoever else asks meanwhile, in any process, waits for it.
 */
export const once = async (
  name: string,
  make: (path: string) => Promise<void>,
): Promise<string> => {
  const file = join(folder(), name);
  const making = `${file}.making`;
  while (!existsSync(file)) {
    try {
      mkdirSync(making);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      await pause(50);
      continue;
    }
    try {
      if (existsSync(file)) continue;
      await make(`${file}.new`);
      renameSync(`${file}.new`, file);
    } finally {
      rmdirSync(making);
    }
  }
  return file;
};

export default (): (() => Promise<void>) => {
  process.env.TEMPLATES = mkdtempSync(join(tmpdir(), "handoff-graph-test-"));
  // Every process and thread of a test loads again what another has loaded before it. They write it down when they end.
  process.env.NODE_COMPILE_CACHE = fileURLToPath(
    new URL("../node_modules/.cache/handoff-graph", import.meta.url),
  );
  return async () => {
    if (process.env.TEST_DATABASE_URL)
      await onServer((admin) =>
        admin.raw("drop database if exists ?? with (force)", [templateDatabase()]),
      );
    rmSync(folder(), { recursive: true });
  };
};
