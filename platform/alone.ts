/** A room as a process of its own: PostgreSQL behind it, the gateway before it. */
import { fileURLToPath } from "node:url";
import { Problem } from "#schema/problems.ts";
import { caller } from "./caller.ts";
import { systemClock } from "./clock.ts";
import { openPostgresql } from "./database.ts";
import { openLog } from "./log.ts";
import { httpNeighbours } from "./neighbours.ts";
import { relay } from "./outbox.ts";
import { checker, signer } from "./passport.ts";
import type { Event } from "./record.ts";
import { json, serve, stopOnSignals } from "./serve.ts";
import type { Route } from "./serve.ts";
import { needed, neededKey, urlsByRoom } from "./settings.ts";
import { openRoom, schemaOf, SIDE_DOOR_LIMIT } from "./subgraph.ts";
import type { Operation, Room } from "./subgraph.ts";

/** Is this module the process's own entry point? */
export const isMain = (url: string): boolean => process.argv[1] === fileURLToPath(url);

const OPERATION_LIMIT = 1_000_000;

/**
 * Runs a room until it is told to stop. Its database must be migrated.
 *
 * Environment: DATABASE_URL, PORT, HOST, GATEWAY_PUBLIC_KEY, ROOMS_PUBLIC_KEY, ROOMS_PRIVATE_KEY (JWKs as JSON),
 * LISTENERS and NEIGHBOURS (`performance=http://...`, may be empty): who is told of its events, and whom it asks; and
 * the keys that the room's own work needs.
 */
export const runAlone = async <Context>(room: Room<Context>): Promise<void> => {
  const log = openLog();
  const database = await openPostgresql(needed("DATABASE_URL"));
  const fromGateway = await checker(neededKey("GATEWAY_PUBLIC_KEY"), "gateway", room.name);
  const fromRooms = await checker(neededKey("ROOMS_PUBLIC_KEY"), "rooms", room.name);
  const sign = await signer(neededKey("ROOMS_PRIVATE_KEY"), "rooms");
  const neighbours = httpNeighbours(urlsByRoom(process.env.NEIGHBOURS ?? ""), sign);
  const { answer, consume, sideDoors } = openRoom(room, database, {
    log,
    clock: systemClock,
    neighbours: neighbours.ask,
  });
  const work = await room.work?.(database.of(schemaOf(room.name)).house(), {
    log,
    clock: systemClock,
    key: neededKey,
  });

  const routes: Record<string, Route> = {
    "/graphql": async (call) => {
      const body = await call.body(OPERATION_LIMIT);
      const { requester, requestId } = await fromGateway(call.headers.authorization, body);
      if (!requester) throw new Problem("UNAUTHENTICATED", "an operation needs a requester");
      return json(
        await answer(JSON.parse(body.toString("utf8")) as Operation, requester, requestId),
      );
    },
    "/events": async (call) => {
      const body = await call.body(OPERATION_LIMIT);
      await fromRooms(call.headers.authorization, body);
      await consume(JSON.parse(body.toString("utf8")) as Event);
      return { status: 204 };
    },
    ...Object.fromEntries(
      Object.entries(sideDoors).map(([path, door]): [string, Route] => [
        path,
        async (call) => {
          const bytes = await call.body(SIDE_DOOR_LIMIT);
          // A gateway asks for a requester; a room asks for the house alone.
          const { requester, requestId } = await fromGateway(
            call.headers.authorization,
            bytes,
          ).catch(() => fromRooms(call.headers.authorization, bytes));
          const { status, contentType, body } = await door({ bytes, requester, requestId });
          return { status, headers: { "content-type": contentType }, body };
        },
      ]),
    ),
  };

  const listeners = Object.entries(urlsByRoom(process.env.LISTENERS ?? "")).map(([name, url]) => ({
    name,
    ...caller(name, url, sign),
  }));
  const deliver = async (event: Event): Promise<void> => {
    const body = JSON.stringify(event);
    for (const { name, post } of listeners) {
      const { status } = await post("/events", body, null, event.id);
      if (status !== 204) throw new Error(`${name} answered ${status} to an event`);
    }
  };
  const events = relay(database.of(schemaOf(room.name)).house(), schemaOf(room.name), deliver, log);

  const server = await serve(routes, {
    port: Number(needed("PORT")),
    host: process.env.HOST ?? "127.0.0.1",
    log,
    ready: async () => {
      await database.sql.raw("select 1");
      return { room: room.name, database: { kind: database.kind } };
    },
  });
  log.info({ room: room.name, url: server.url }, "ready");
  stopOnSignals(async () => {
    await server.drain();
    await events.stop();
    await work?.stop();
    await neighbours.close();
    await Promise.all(listeners.map(({ close }) => close()));
    await database.close();
  }, log);
};
