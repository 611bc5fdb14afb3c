/** The gateway as a process of its own, before rooms that are processes of their own. */
import { readFileSync } from "node:fs";
import { memoryBudget, redisBudget } from "#platform/budget.ts";
import { systemClock } from "#platform/clock.ts";
import { openLog } from "#platform/log.ts";
import { signer } from "#platform/passport.ts";
import { serve, stopOnSignals } from "#platform/serve.ts";
import { needed, neededKey, urlsByRoom } from "#platform/settings.ts";
import { openGateway } from "./answer.ts";
import { directoryOf, remembered } from "./directory.ts";
import { remoteIssuer } from "./identify.ts";
import { httpSubgraph } from "./subgraph.ts";
import { watch } from "./watch.ts";

/**
 * Environment: SUBGRAPHS (`referrals=http://...,...`), GATEWAY_PRIVATE_KEY (a JWK as JSON), OIDC_ISSUER, OIDC_JWKS_URL,
 * OIDC_AUDIENCE, PORT, HOST, SUPERGRAPH (a file; when it changes it is read again), DIRECTORY_ROOM and FHIR_ROOM, REDIS_URL
 * and TRUSTED_DOCUMENTS (optional).
 */
const log = openLog();
const sign = await signer(neededKey("GATEWAY_PRIVATE_KEY"), "gateway");
const subgraphs = Object.fromEntries(
  Object.entries(urlsByRoom(needed("SUBGRAPHS"))).map(([room, url]) => [
    room,
    httpSubgraph(room, new URL("/graphql", url).href, sign),
  ]),
);
const directory = subgraphs[needed("DIRECTORY_ROOM")];
if (!directory) throw new Error("DIRECTORY_ROOM is not among SUBGRAPHS");
const budget = process.env.REDIS_URL
  ? await redisBudget(process.env.REDIS_URL, log)
  : memoryBudget();
const file = needed("SUPERGRAPH");
const supergraph = readFileSync(file, "utf8");
const gateway = await openGateway({
  supergraph,
  subgraphs,
  issuer: remoteIssuer(needed("OIDC_ISSUER"), needed("OIDC_JWKS_URL"), needed("OIDC_AUDIENCE")),
  directory: remembered(directoryOf(directory)),
  budget,
  clock: systemClock,
  log,
  fhirRoom: needed("FHIR_ROOM"),
});
const watching = watch(file, supergraph, (sdl) => gateway.change({ sdl, subgraphs }), log);
const server = await serve(gateway.routes, {
  port: Number(needed("PORT")),
  host: process.env.HOST ?? "127.0.0.1",
  log,
  ready: async () => ({ budget: { kind: budget.kind } }),
});
log.info({ url: server.url }, "ready");
/** The proxy in front asks every 2 seconds, and takes a gateway out after the second refusal. */
const NOTICE_MS = 4_500;
stopOnSignals(async () => {
  watching.stop();
  await server.drain(NOTICE_MS);
  await gateway.close();
  await Promise.all(Object.values(subgraphs).map((subgraph) => subgraph.close()));
}, log);
