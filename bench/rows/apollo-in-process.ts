import { serveApollo, gatewayOver } from "../apollo.ts";
import { ready } from "../child.ts";
import { memoryRooms } from "../rooms.ts";

ready({ url: await serveApollo(gatewayOver(memoryRooms())) });
