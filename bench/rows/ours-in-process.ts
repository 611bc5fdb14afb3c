import { ready } from "../child.ts";
import { oursOver } from "../ours.ts";
import { memoryRooms } from "../rooms.ts";

ready(await oursOver(memoryRooms(), 1));
