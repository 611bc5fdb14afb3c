import { gatewayOver, serveApollo } from "../apollo.ts";
import { ground, ready } from "../child.ts";
import { postgresqlRooms } from "../rooms.ts";

const { rooms } = await postgresqlRooms(ground.databaseUrl as string);
ready({ url: await serveApollo(gatewayOver(rooms)) });
