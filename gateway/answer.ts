/**
 * The line: a request, from arrival to response.
 *
 *   identify   token -> Requester, and its agency's budget           identify.ts, platform/budget.ts
 *   receive    HTTP -> a GraphQL request within its size             receive.ts, documents.ts
 *   admit      document -> an operation that fits, within limits     admit.ts, limits.ts, normalise.ts
 *   judge      operation x requester -> what may be asked for        judge.ts, holdings.ts
 *   plan       operation -> query plan, on another thread            plan.ts, planner.ts
 *   collect    plan -> each subgraph's part, within a deadline       collect.ts, entities.ts, link.ts
 *   disclose   what is given of others', written down first          disclose.ts
 *   respond    what came, in the client's own words                  shape.ts, respond.ts
 */
import { Problem } from "#schema/problems.ts";
import { LEDGER } from "#sharing/disclosure.ts";
import { refusal as refusalFor } from "#sharing/refusal.ts";
import { callerOf } from "#sharing/requester.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Budget } from "#platform/budget.ts";
import { systemClock } from "#platform/clock.ts";
import type { Clock } from "#platform/clock.ts";
import type { Log } from "#platform/log.ts";
import type { Route } from "#platform/serve.ts";
import type { Collecting } from "./collect.ts";
import { discloseTo } from "./disclose.ts";
import type { Disclose } from "./disclose.ts";
import { houseDocuments } from "./documents.ts";
import type { Documents } from "./documents.ts";
import { FHIR, forward } from "./forward.ts";
import { openGraph } from "./graph.ts";
import type { Supergraph } from "./graph.ts";
import { identify } from "./identify.ts";
import type { Directory, Issuer } from "./identify.ts";
import { judging, NONE_DENIED } from "./judge.ts";
import type { Judge } from "./judge.ts";
import { DEADLINES } from "./link.ts";
import type { Deadlines } from "./link.ts";
import { mediaTypeFor, receive } from "./receive.ts";
import type { MediaType } from "./receive.ts";
import { represent } from "./represent.ts";
import { refusal, respond } from "./respond.ts";
import type { Withheld } from "./normalise.ts";
import type { Shape } from "./shape.ts";
import { SIDE_DOOR_MS } from "./subgraph.ts";
import type { Subgraph } from "./subgraph.ts";

/** Who asks, if they may ask at all. @throws {Problem} UNAUTHENTICATED, RATE_LIMITED */
export type Admitted = (authorization: string | undefined) => Promise<Requester>;

/** A graph that is served. */
export interface Line {
  graphql: Route;
  /**
   * Serves another supergraph from now on; requests under way end on the one that they began with. One change at a time.
   *
   * @throws {Error} when it cannot be served: the one before is served still.
   */
  change(supergraph: Supergraph): Promise<void>;
  close(): Promise<void>;
}

/** What enforces nothing, for graphs that do not say what they hold. */
const FOR_NOBODY: { judge: Judge; disclose: Disclose } = {
  judge: async () => NONE_DENIED,
  disclose: async () => undefined,
};

/** By what may not be given, nothing is found, sorted or counted either. @throws {Problem} WITHHELD */
const refuseWhatIsAskedWith = (categories: readonly Category[], requester: Requester): void => {
  const [category] = categories;
  if (category === undefined) return;
  const { purpose, basis } = requester;
  throw new Problem("WITHHELD", "an argument asks with what is withheld", {
    category,
    purpose,
    ...refusalFor(callerOf(requester), purpose, basis, category, null),
  });
};

/** Of what was left out, all but what stands below a root field that failed: nothing came there, and its own error says why. */
const besidesFailed = (
  leftOut: readonly Withheld[],
  { data, failures }: Collecting,
  shape: Shape,
): readonly Withheld[] => {
  const failed = new Set(
    failures.flatMap(({ path }) => {
      const root = path?.[0];
      if (root === undefined || (data[root] ?? null) !== null) return [];
      return shape.places([root]).paths.map(([name]) => name);
    }),
  );
  return leftOut.filter(({ path: [root] }) => !failed.has(root));
};

/** Opens the line. */
export const openLine = async (
  supergraph: Supergraph,
  {
    admitted,
    documents,
    log,
    deadlines = DEADLINES,
    clock = systemClock,
    sharing: { judge, disclose } = FOR_NOBODY,
  }: {
    admitted: Admitted;
    documents: Documents;
    log: Log;
    deadlines?: Deadlines;
    clock?: Clock;
    /** What enforces the law of sharing; without it, no graph is served that says what its fields hold. */
    sharing?: { judge: Judge; disclose: Disclose };
  },
): Promise<Line> => {
  const serve = async (of: Supergraph) => {
    const graph = await openGraph(of, deadlines, log);
    if (graph.isLabelled && judge === FOR_NOBODY.judge) {
      await graph.close();
      throw new Error("the graph says what its fields hold, and nothing here enforces it");
    }
    return { graph, users: 0, isRetired: false };
  };
  let serving = await serve(supergraph);
  const leave = async (one: typeof serving): Promise<void> => {
    if (one.isRetired && one.users === 0) await one.graph.close();
  };

  const graphql: Route = async (call) => {
    const { requestId, gone } = call;
    const mine = serving;
    let type: MediaType = "application/graphql-response+json";
    mine.users++;
    try {
      type = mediaTypeFor(call.headers.accept);
      const requester = await admitted(call.headers.authorization);
      const asked = await receive(call);
      const { admit, planned } = mine.graph;
      const operation = admit(documents(asked.document), asked.operationName);
      if (operation.isMutation && asked.isSafe)
        throw new Problem("METHOD_NOT_ALLOWED", "a mutation comes by POST", { allow: "POST" });
      const denied = await judge(requester, operation, requestId);
      const taken = operation.take(asked.variables, denied);
      const { text, variables, shape, introspection, withheld } = taken;
      refuseWhatIsAskedWith(taken.askedWith, requester);
      const collecting: Collecting = {
        requester,
        requestId,
        // Changes are carried to their end, whoever still waits for them.
        gone: operation.isMutation ? new AbortController().signal : gone,
        variables,
        data: { ...introspection },
        failures: [],
        heard: [],
      };
      const at = clock();
      if (text !== null) await (await planned(text))(collecting);
      // INVARIANT: no response leaves before the ledger has what it gives.
      await disclose(collecting.heard, requester, requestId, at);
      return respond(collecting, besidesFailed(withheld, collecting, shape), shape, type, log);
    } catch (error) {
      return refusal(error, type, requestId, log);
    } finally {
      mine.users--;
      void leave(mine);
    }
  };

  return {
    graphql,
    change: async (next) => {
      const before = serving;
      serving = await serve(next);
      before.isRetired = true;
      await leave(before);
    },
    close: () => serving.graph.close(),
  };
};

/** What a gateway stands on. */
export interface Ground {
  /** The composed supergraph, as SDL. */
  supergraph: string;
  /** By the names that the supergraph has for them. */
  subgraphs: Record<string, Subgraph>;
  /** Those of the house itself, if not given. */
  documents?: Documents;
  issuer: Issuer;
  directory: Directory;
  budget: Budget;
  clock: Clock;
  log: Log;
  deadlines?: Deadlines;
  /** The room that FHIR goes to. */
  fhirRoom: string;
}

/** A gateway that answers. */
export interface Gateway {
  routes: Record<string, Route>;
  change: Line["change"];
  close(): Promise<void>;
}

/** Opens a gateway of the house: the line, and FHIR beside it: in by a side door of a room, out by the line. */
export const openGateway = async (ground: Ground): Promise<Gateway> => {
  const { supergraph, subgraphs, log, budget, clock, deadlines, fhirRoom } = ground;
  const { documents = houseDocuments() } = ground;
  const known = identify(ground.issuer, ground.directory);
  const admitted: Admitted = async (authorization) => {
    const requester = await known(authorization);
    await budget.spend(requester.agency, clock());
    return requester;
  };
  const fhir = subgraphs[fhirRoom];
  if (!fhir) throw new Error(`nothing says where ${fhirRoom} answers`);
  const keeper = subgraphs[LEDGER.room];
  if (!keeper) throw new Error(`nothing says where ${LEDGER.room} answers, which keeps the ledger`);
  const judge = judging(Object.values(subgraphs), log, deadlines);
  const sharing = { judge, disclose: discloseTo(keeper, log, deadlines?.mutationMs) };
  /** What comes in by FHIR may be the first that an agency keeps of its kind. */
  const changing: Admitted = async (authorization) => {
    const requester = await admitted(authorization);
    judge.changing(requester.agency, SIDE_DOOR_MS);
    return requester;
  };
  const line = await openLine(
    { sdl: supergraph, subgraphs },
    { admitted, documents, log, clock, sharing, ...(deadlines && { deadlines }) },
  );
  return {
    routes: {
      "/graphql": line.graphql,
      [FHIR.path]: forward(FHIR, fhir, changing, log),
      [`${FHIR.path}/`]: represent(FHIR.path, line.graphql, known, log),
    },
    change: line.change,
    close: async () => {
      await line.close();
      await budget.close();
    },
  };
};
