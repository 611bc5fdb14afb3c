/** The rooms, opened in this process: on the county in memory, or on its database. */
import { openPostgresql } from "../platform/database.ts";
import type { Database, OpenDatabase } from "../platform/database.ts";
import { openLog } from "../platform/log.ts";
import { openRoom } from "../platform/subgraph.ts";
import type { OpenRoom, Room } from "../platform/subgraph.ts";
import { disputes } from "../subgraphs/disputes/index.ts";
import { escalation } from "../subgraphs/escalation/index.ts";
import { informationSharing } from "../subgraphs/information-sharing/index.ts";
import { performance } from "../subgraphs/performance/index.ts";
import { referrals } from "../subgraphs/referrals/index.ts";
import { NOW } from "./county.ts";
import { IN_MEMORY } from "./memory.ts";

export const ROOMS = [referrals, disputes, escalation, informationSharing, performance];

/** By name. */
export type OpenRooms = Record<string, OpenRoom>;

export const log = openLog("warn");

const open = (rooms: readonly unknown[], database: OpenDatabase): OpenRooms =>
  Object.fromEntries(
    (rooms as readonly Room<never>[]).map((room) => [
      room.name,
      openRoom(room, database, {
        log,
        clock: () => NOW,
        neighbours: async () => Promise.reject(new Error("the bench changes nothing")),
      }),
    ]),
  );

/** What rooms in memory are opened on: nobody queries it. */
const unqueried = { by: () => unqueried, house: () => unqueried } as unknown as Database;

/** The rooms, with the county in memory. */
export const memoryRooms = (): OpenRooms =>
  open(
    ROOMS.map((room) => ({ ...room, ...IN_MEMORY[room.name as keyof typeof IN_MEMORY] })),
    { of: () => unqueried } as unknown as OpenDatabase,
  );

/** The rooms on PostgreSQL, with a connection for each request under way, up to ten. */
export const postgresqlRooms = async (
  databaseUrl: string,
): Promise<{ rooms: OpenRooms; database: OpenDatabase }> => {
  const database = await openPostgresql(databaseUrl);
  return { rooms: open(ROOMS, database), database };
};
