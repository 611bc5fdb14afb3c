/** Our gateway: the whole line behind the product's own HTTP server, with a budget of requests that is never spent. */
import { fileURLToPath } from "node:url";
import { memoryBudget } from "../platform/budget.ts";
import { systemClock } from "../platform/clock.ts";
import { serve } from "../platform/serve.ts";
import { signer } from "../platform/passport.ts";
import type { OpenRoom } from "../platform/subgraph.ts";
import { openGateway } from "../gateway/answer.ts";
import { demoIssuer } from "../gateway/demo-issuer.ts";
import { readDocuments, trusting } from "../gateway/documents.ts";
import { directoryOf, remembered } from "../gateway/directory.ts";
import type { Directory } from "../gateway/identify.ts";
import { httpSubgraph, localSubgraph } from "../gateway/subgraph.ts";
import type { Subgraph } from "../gateway/subgraph.ts";
import type { Door } from "./ask.ts";
import { ground } from "./child.ts";
import { REQUESTER } from "./county.ts";
import { log } from "./rooms.ts";
import type { OpenRooms } from "./rooms.ts";
import { supergraph } from "./supergraph.ts";

const OPERATIONS = fileURLToPath(new URL("operations", import.meta.url));

const open = async (
  subgraphs: Record<string, Subgraph>,
  directory: Directory,
  requesters: number,
): Promise<Door> => {
  // The demonstration's issuer does not exist in production, as which everything is measured.
  delete process.env.NODE_ENV;
  const issuer = await demoIssuer(null);
  process.env.NODE_ENV = "production";
  const gateway = await openGateway({
    supergraph: supergraph({}),
    subgraphs,
    issuer,
    directory,
    documents: trusting(readDocuments([OPERATIONS]), false),
    budget: memoryBudget(Infinity),
    clock: systemClock,
    log,
    fhirRoom: "referrals",
  });
  const { url } = await serve(gateway.routes, {
    port: 0,
    host: "127.0.0.1",
    log,
    ready: async () => ({}),
  });
  const [authorization = "", ...others] = await Promise.all(
    Array.from({ length: requesters }, async (_, index) => {
      const subject = `${REQUESTER.subject}.${index}`;
      return `Bearer ${await issuer.token({ ...REQUESTER, subject })}`;
    }),
  );
  return { url: `${url}/graphql`, authorization, others };
};

/** As `gateway/index.ts` has it. */
const DIRECTORY_TTL_MS = 5_000;

/**
 * Opens it over the rooms' process, each call signed.
 *
 * @param requesters How many clients may be told apart by their tokens: it shares fetches among requests of one.
 */
export const oursOverHttp = async (requesters: number): Promise<Door> => {
  const sign = await signer(ground.gatewayKeys.privateJwk, "gateway");
  const subgraphs = Object.fromEntries(
    Object.entries(ground.rooms).map(([room, url]) => [
      room,
      httpSubgraph(room, `${url}/graphql`, sign),
    ]),
  );
  const directory = directoryOf(subgraphs.referrals as Subgraph);
  return open(subgraphs, remembered(directory, DIRECTORY_TTL_MS), requesters);
};

/** Opens it over rooms in this process, as `scripts/house.ts` does. */
export const oursOver = (rooms: OpenRooms, requesters: number): Promise<Door> =>
  open(
    Object.fromEntries(Object.entries(rooms).map(([name, room]) => [name, localSubgraph(room)])),
    directoryOf(localSubgraph(rooms.referrals as OpenRoom)),
    requesters,
  );
