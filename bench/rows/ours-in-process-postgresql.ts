import { ground, ready } from "../child.ts";
import { oursOver } from "../ours.ts";
import { postgresqlRooms } from "../rooms.ts";

const { rooms } = await postgresqlRooms(ground.databaseUrl as string);
ready(await oursOver(rooms, 1));
