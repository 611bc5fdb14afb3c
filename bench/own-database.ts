/** A database of a bench's own, with the tables of one room, on the PostgreSQL that TEST_DATABASE_URL or DATABASE_URL names. */
import { randomUUID } from "node:crypto";
import knex from "knex";
import { openPostgresql } from "../platform/database.ts";
import type { OpenDatabase } from "../platform/database.ts";
import { migrateRoom } from "../platform/subgraph.ts";
import { machine } from "./results.ts";

/**
 * Makes an empty database on a server.
 *
 * @returns Where it is, and how it is dropped.
 */
export const emptyDatabase = async (
  server: string,
): Promise<{ url: string; drop: () => Promise<void> }> => {
  const name = `handoff_graph_bench_${randomUUID().replaceAll("-", "")}`;
  const admin = knex({ client: "pg", connection: server, pool: { min: 0, max: 1 } });
  await admin.raw("create database ??", [name]);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const drop = async () => {
    await admin.raw("drop database if exists ?? with (force)", [name]);
    await admin.destroy();
  };
  return { url: url.href, drop };
};

/** Measures a room by itself, until it is done or told to stop; whatever happens, the database is dropped. */
export const measureRoom = async (
  name: string,
  run: (opened: OpenDatabase, stop: AbortSignal) => Promise<void>,
): Promise<void> => {
  const server = process.env.TEST_DATABASE_URL || process.env.DATABASE_URL;
  if (!server) {
    console.error("TEST_DATABASE_URL names no PostgreSQL");
    process.exit(2);
  }
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());
  const { url, drop } = await emptyDatabase(server);
  try {
    const opened = await openPostgresql(url);
    try {
      const folder = new URL(`../subgraphs/${name}/`, import.meta.url);
      await migrateRoom({ name, folder }, opened);
      console.log(machine());
      await run(opened, stop.signal);
    } finally {
      await opened.close();
    }
  } catch (error) {
    if (!stop.signal.aborted) console.error((error as Error).message);
    process.exitCode = stop.signal.aborted ? 130 : 1;
  } finally {
    await drop();
  }
};
