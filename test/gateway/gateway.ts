/** A second gateway before a house's rooms, in which a test puts subgraphs of its own in the place of some of them. */
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryBudget } from "#platform/budget.ts";
import { serve } from "#platform/serve.ts";
import type { OpenRoom } from "#platform/subgraph.ts";
import { openGateway } from "../../gateway/answer.ts";
import { demoIssuer } from "../../gateway/demo-issuer.ts";
import { directoryOf } from "../../gateway/directory.ts";
import type { Deadlines } from "../../gateway/link.ts";
import { localSubgraph } from "../../gateway/subgraph.ts";
import type { Subgraph } from "../../gateway/subgraph.ts";
import { supergraph } from "../../scripts/house.ts";
import type { House } from "../../scripts/house.ts";
import { personas } from "../county/county.ts";
import type { PersonaName } from "../county/county.ts";
import { testLog } from "../county/house.ts";
import type { Answer } from "../county/house.ts";
import { ask, bearer } from "./open.ts";

/** Long enough for a room that is well, on a machine that is slow and shared. */
export const DEADLINES: Deadlines = { readMs: 1_000, mutationMs: 1_500 };

/** A gateway, and what it has logged. */
export interface TestGateway {
  url: string;
  logged: string[];
  token(as: PersonaName): Promise<string>;
  ask(as: PersonaName, query: string, variables?: Record<string, unknown>): Promise<Answer>;
  close(): Promise<void>;
}

/** Opens a gateway on a house's rooms; those that are named in `others` answer as the test says. */
export const gatewayOn = async (
  house: House,
  others: Record<string, Subgraph>,
): Promise<TestGateway> => {
  const { log, lines } = testLog();
  const issuer = await demoIssuer(null);
  const rooms = Object.entries(house.rooms).map(([name, room]) => [name, localSubgraph(room)]);
  const gateway = await openGateway({
    supergraph: supergraph(),
    subgraphs: { ...(Object.fromEntries(rooms) as Record<string, Subgraph>), ...others },
    issuer,
    directory: directoryOf(localSubgraph(house.rooms.referrals as OpenRoom)),
    budget: memoryBudget(),
    clock: house.clock,
    log,
    deadlines: DEADLINES,
    fhirRoom: "referrals",
  });
  const server = await serve(gateway.routes, {
    port: 0,
    host: "127.0.0.1",
    log,
    ready: async () => ({}),
  });
  const token = (as: PersonaName) => issuer.token(personas[as]);
  return {
    url: server.url,
    logged: lines,
    token,
    ask: async (as, query, variables) => ask(server, bearer(await token(as)), query, variables),
    close: async () => {
      await server.drain();
      await gateway.close();
      for (const subgraph of Object.values(others)) await subgraph.close();
    },
  };
};

/** A server on loopback that answers as the test says. */
export const listenOn = async (
  listener: RequestListener,
): Promise<{ url: string; close: () => Promise<void> }> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
