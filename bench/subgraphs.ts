/** All five rooms in one process, each on a port of its own, for every gateway that calls over HTTP. */
import { checker } from "../platform/passport.ts";
import { json, serve } from "../platform/serve.ts";
import type { Route } from "../platform/serve.ts";
import type { Operation, OpenRoom } from "../platform/subgraph.ts";
import { ground, ready } from "./child.ts";
import { REQUESTER } from "./county.ts";
import { log, memoryRooms } from "./rooms.ts";

const OPERATION_LIMIT = 1_000_000;
let answered = 0;

const routesOf = async ({ name, answer, sideDoors }: OpenRoom): Promise<Record<string, Route>> => {
  const check = await checker(ground.gatewayKeys.publicJwk, "gateway", name);
  return {
    // Who does not sign asks as the one requester; a signature is checked as `platform/alone.ts` does it.
    "/graphql": async (call) => {
      answered++;
      const body = await call.body(OPERATION_LIMIT);
      const { authorization } = call.headers;
      const { requester, requestId } = authorization
        ? await check(authorization, body)
        : { requester: REQUESTER, requestId: call.requestId };
      const operation = JSON.parse(body.toString("utf8")) as Operation;
      return json(await answer(operation, requester ?? REQUESTER, requestId));
    },
    ...Object.fromEntries(
      Object.entries(sideDoors).map(([path, door]): [string, Route] => [
        path,
        async (call) => {
          const bytes = await call.body(OPERATION_LIMIT);
          const { requester, requestId } = await check(call.headers.authorization, bytes);
          const { status, contentType, body } = await door({ bytes, requester, requestId });
          return { status, headers: { "content-type": contentType }, body };
        },
      ]),
    ),
  };
};

const urls: Record<string, string> = {};
for (const [name, room] of Object.entries(memoryRooms())) {
  const { url } = await serve(await routesOf(room), {
    port: 0,
    host: "127.0.0.1",
    log,
    ready: async () => ({}),
  });
  urls[name] = url;
}
ready(urls, () => answered);
