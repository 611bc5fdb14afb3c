/** The whole house in one process: every room, and the gateway before them. */
import { readFileSync } from "node:fs";
import type { JWK } from "jose";
import type { Clock } from "#platform/clock.ts";
import type { Budget } from "#platform/budget.ts";
import { memoryBudget, redisBudget } from "#platform/budget.ts";
import { systemClock } from "#platform/clock.ts";
import { openPglite, openPostgresql } from "#platform/database.ts";
import type { OpenDatabase } from "#platform/database.ts";
import type { Log } from "#platform/log.ts";
import type { Neighbours } from "#platform/neighbours.ts";
import { relay } from "#platform/outbox.ts";
import { newKeyPair } from "#platform/passport.ts";
import { serve } from "#platform/serve.ts";
import { migrateRoom, openRoom, schemaOf } from "#platform/subgraph.ts";
import type { OpenRoom, Room, Work } from "#platform/subgraph.ts";
import { openGateway } from "../gateway/answer.ts";
import { directoryOf, remembered } from "../gateway/directory.ts";
import type { Deadlines } from "../gateway/link.ts";
import { localSubgraph } from "../gateway/subgraph.ts";
import type { Issuer } from "../gateway/identify.ts";
import { disputes } from "../subgraphs/disputes/index.ts";
import { escalation } from "../subgraphs/escalation/index.ts";
import { informationSharing } from "../subgraphs/information-sharing/index.ts";
import { performance } from "../subgraphs/performance/index.ts";
import { referrals } from "../subgraphs/referrals/index.ts";

/** Every room of the house. */
export const ROOMS: readonly Room<never>[] = [
  referrals,
  disputes,
  escalation,
  informationSharing,
  performance,
] as unknown as readonly Room<never>[];

/** Which rooms hear of what happens in a room. */
export const LISTENERS: Record<string, readonly string[]> = {
  referrals: ["performance", "information-sharing"],
};

/** What a house stands on. */
export interface Site {
  /** PostgreSQL; without one, PGlite in `dataDir`. */
  databaseUrl?: string | undefined;
  redisUrl?: string | undefined;
  /** Null for a database in memory. Whoever gives a directory holds its lock. */
  dataDir: string | null;
  port: number;
  host: string;
  issuer: Issuer;
  /** What the ledger's checkpoints are signed with; without one, one that lasts as long as the house. */
  ledgerKey?: JWK;
  log: Log;
  clock?: Clock;
  deadlines?: Deadlines;
}

/** A house that stands. */
export interface House {
  url: string;
  database: OpenDatabase;
  budget: Budget;
  clock: Clock;
  rooms: Record<string, OpenRoom>;
  /** Carries every event that waits to the rooms that listen, and lets each room do what it has to do. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** The committed supergraph, as SDL. */
export const supergraph = (): string =>
  readFileSync(new URL("../schema/supergraph.graphql", import.meta.url), "utf8");

/** Opens the database, brings every room up to date, opens the gateway and listens. */
export const openHouse = async (site: Site): Promise<House> => {
  const { log, clock = systemClock } = site;
  const database = site.databaseUrl
    ? await openPostgresql(site.databaseUrl)
    : await openPglite(site.dataDir ?? undefined);
  for (const room of ROOMS) await migrateRoom(room, database);
  const rooms: Record<string, OpenRoom> = {};
  const neighbours: Neighbours = async (room, path, question, requestId) =>
    rooms[room]?.ask(path, question, requestId);
  for (const room of ROOMS) rooms[room.name] = openRoom(room, database, { log, clock, neighbours });
  const ledgerKey = site.ledgerKey ?? (await newKeyPair()).privateJwk;
  const works: Work[] = [];
  for (const room of ROOMS) {
    const work = await room.work?.(database.of(schemaOf(room.name)).house(), {
      log,
      clock,
      key: () => ledgerKey,
    });
    if (work) works.push(work);
  }
  const relays = Object.entries(LISTENERS).map(([from, to]) =>
    relay(
      database.of(schemaOf(from)).house(),
      schemaOf(from),
      async (event) => {
        for (const listener of to) await rooms[listener]?.consume(event);
      },
      log,
    ),
  );
  const budget = site.redisUrl ? await redisBudget(site.redisUrl, log) : memoryBudget();
  const gateway = await openGateway({
    supergraph: supergraph(),
    subgraphs: Object.fromEntries(
      Object.entries(rooms).map(([name, room]) => [name, localSubgraph(room)]),
    ),
    issuer: site.issuer,
    directory: remembered(directoryOf(localSubgraph(rooms.referrals as OpenRoom))),
    budget,
    clock,
    log,
    fhirRoom: "referrals",
    ...(site.deadlines && { deadlines: site.deadlines }),
  });
  const server = await serve(gateway.routes, {
    port: site.port,
    host: site.host,
    log,
    ready: async () => {
      await database.sql.raw("select 1");
      return { database: { kind: database.kind }, budget: { kind: budget.kind } };
    },
  });
  return {
    url: server.url,
    database,
    budget,
    clock,
    rooms,
    settle: async () => {
      for (const it of [...relays, ...works]) await it.flush();
    },
    close: async () => {
      await server.drain();
      for (const it of [...relays, ...works]) await it.stop();
      await gateway.close();
      await database.close();
    },
  };
};
