/** Brings every room's tables up to date on DATABASE_URL. What a deployment runs once, before its processes start. */
import { openPostgresql } from "#platform/database.ts";
import { needed } from "#platform/settings.ts";
import { migrateRoom } from "#platform/subgraph.ts";
import { ROOMS } from "./house.ts";

const database = await openPostgresql(needed("DATABASE_URL"));
try {
  for (const room of ROOMS)
    for (const name of await migrateRoom(room, database)) console.log(`${room.name}: ${name}`);
  console.log("every room is up to date");
} finally {
  await database.close();
}
