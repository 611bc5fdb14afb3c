/**
 * Serves any supergraph over its own HTTP subgraphs, at the URLs that it has for them:
 *
 *   npm run gateway -- --supergraph FILE --port N [--health-port M] [--open]
 *
 * `--open` asks for no token and signs no calls, for a supergraph that is not the house's own; there is none in production.
 * Without it, the environment says whose tokens are taken, and by which key calls are signed: OIDC_ISSUER, OIDC_JWKS_URL,
 * OIDC_AUDIENCE, GATEWAY_PRIVATE_KEY.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parse } from "graphql";
import type { Requester } from "#sharing/requester.ts";
import { openLog } from "#platform/log.ts";
import { signer } from "#platform/passport.ts";
import { serve, stopOnSignals } from "#platform/serve.ts";
import type { Server } from "#platform/serve.ts";
import { needed, neededKey } from "#platform/settings.ts";
import { openLine } from "../gateway/answer.ts";
import type { Admitted } from "../gateway/answer.ts";
import { houseDocuments } from "../gateway/documents.ts";
import { subgraphsOf } from "../gateway/graph.ts";
import type { Supergraph } from "../gateway/graph.ts";
import { identify, remoteIssuer } from "../gateway/identify.ts";
import { httpSubgraph } from "../gateway/subgraph.ts";
import type { Subgraph } from "../gateway/subgraph.ts";
import { watch } from "../gateway/watch.ts";

const USAGE = "usage: npm run gateway -- --supergraph FILE --port N [--health-port M] [--open]";

/** Who asks where nobody is asked who they are. */
const ANYONE: Requester = {
  agency: "",
  kind: null,
  role: "ANALYST",
  purpose: "HOPERAT",
  basis: null,
  subject: "anyone",
};

const portOf = (name: string, text: string): number => {
  if (!/^\d+$/.test(text) || Number(text) > 65_535)
    throw new Error(`--${name} is "${text}", and must be 0 to 65535`);
  return Number(text);
};

/** What is asked for. */
const asked = () => {
  try {
    const { supergraph, port, ...others } = parseArgs({
      options: {
        supergraph: { type: "string" },
        port: { type: "string" },
        "health-port": { type: "string" },
        open: { type: "boolean", default: false },
      },
    }).values;
    if (supergraph && port !== undefined) return { supergraph, port, ...others };
  } catch {
    // An option that is not known, or lacks its value: the usage says so.
  }
  throw new Error(USAGE);
};

/** Whose tokens are taken. Nothing says which agencies there are: the token's own word for its agency is taken. */
const tokens = (): Admitted =>
  identify(
    remoteIssuer(needed("OIDC_ISSUER"), needed("OIDC_JWKS_URL"), needed("OIDC_AUDIENCE")),
    async () => null,
  );

const log = openLog(process.env.LOG_LEVEL ?? "warn");
try {
  const { supergraph: file, port: portText, "health-port": healthText, open } = asked();
  const port = portOf("port", portText);
  const healthPort = healthText === undefined ? null : portOf("health-port", healthText);
  if (open && process.env.NODE_ENV === "production")
    throw new Error("--open is refused in production: it would answer anybody");

  const sign = open ? null : await signer(neededKey("GATEWAY_PRIVATE_KEY"), "gateway");
  const admitted: Admitted = open ? async () => ANYONE : tokens();
  const links = new Map<string, Subgraph>();
  const read = (sdl: string): Supergraph => {
    const subgraphs: Record<string, Subgraph> = {};
    for (const [name, url] of subgraphsOf(parse(sdl))) {
      if (!URL.canParse(url)) throw new Error(`"${url}" is no URL of its subgraph ${name}`);
      const link = links.get(`${name} ${url}`) ?? httpSubgraph(name, url, sign);
      links.set(`${name} ${url}`, link);
      subgraphs[name] = link;
    }
    return { sdl, subgraphs };
  };
  const documents = houseDocuments();
  const sdl = readFileSync(file, "utf8");
  const opening = async () => openLine(read(sdl), { admitted, documents, log });
  const line = await opening().catch((cause: unknown) => {
    throw new Error(`${file} is not served: ${(cause as Error).message}`, { cause });
  });
  const watching = watch(file, sdl, (next) => line.change(read(next)), log);
  const settings = { host: process.env.HOST ?? "127.0.0.1", log, ready: async () => ({}) };
  const servers: Server[] = [
    await serve({ "/graphql": line.graphql }, { ...settings, port }),
    ...(healthPort === null ? [] : [await serve({}, { ...settings, port: healthPort })]),
  ];
  console.log(`ready ${servers[0]?.url}/graphql`);
  if (open) console.log("  open: it answers anybody, and asks for no token");
  stopOnSignals(async () => {
    watching.stop();
    await Promise.all(servers.map((server) => server.drain()));
    await line.close();
    await Promise.all([...links.values()].map((link) => link.close()));
  }, log);
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
