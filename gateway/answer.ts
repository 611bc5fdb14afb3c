/**
 * The line: a request, from arrival to response.
 *
 *   identify   token -> Requester                                    identify.ts
 *   budget     the agency's requests in this minute                  platform/budget.ts
 *   receive    HTTP -> a GraphQL request within its size             receive.ts
 *   admit      document -> an operation that fits, within limits     admit.ts
 *   plan       operation -> query plan                               @apollo/gateway
 *   collect    plan -> each subgraph's part, within a deadline       collect.ts
 *   respond    errors from the closed list                           respond.ts
 */
import "./telemetry-off.ts";
import { ApolloGateway } from "@apollo/gateway";
import { ApolloServer } from "@apollo/server";
import type { ApolloServerPlugin } from "@apollo/server";
import { GraphQLError } from "graphql";
import { Problem } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Budget } from "#platform/budget.ts";
import type { Clock } from "#platform/clock.ts";
import type { Log } from "#platform/log.ts";
import type { Route } from "#platform/serve.ts";
import { admission, LIMITS } from "./admit.ts";
import { collect, DEADLINES } from "./collect.ts";
import type { Context, Deadlines } from "./collect.ts";
import { FHIR, forward } from "./forward.ts";
import { identify } from "./identify.ts";
import type { Directory, Issuer } from "./identify.ts";
import { receive } from "./receive.ts";
import { shownError } from "./respond.ts";
import type { Subgraph } from "./subgraph.ts";

/** What a gateway stands on. */
export interface Ground {
  /** The composed supergraph, as SDL. */
  supergraph: string;
  /** By the names that the supergraph has for them. */
  subgraphs: Record<string, Subgraph>;
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
  close(): Promise<void>;
}

const edge: ApolloServerPlugin<Context> = {
  requestDidStart: async () => ({
    // Apollo leaves it to the planner, which would call it a fault.
    didResolveOperation: async ({ operation }) => {
      if (!operation)
        throw new GraphQLError("`operationName` must name one operation of the document", {
          extensions: { code: "OPERATION_INVALID", http: { status: 400 } },
        });
    },
    // A fault of the gateway's own has no request id yet.
    willSendResponse: async ({ response, contextValue: { requestId } }) => {
      if (response.body.kind !== "single") return;
      for (const { extensions } of response.body.singleResult.errors ?? [])
        if (extensions?.code === "FAULT") extensions.requestId ??= requestId;
    },
  }),
};

/** Opens the line on its ground. */
export const openGateway = async (ground: Ground): Promise<Gateway> => {
  const {
    supergraph,
    subgraphs,
    issuer,
    directory,
    budget,
    clock,
    log,
    deadlines = DEADLINES,
    fhirRoom,
  } = ground;
  const subgraph = (room: string): Subgraph => {
    const known = subgraphs[room];
    if (!known)
      throw new Error(`the supergraph has a subgraph ${room}, and nothing says where it answers`);
    return known;
  };
  const gateway = new ApolloGateway({
    supergraphSdl: supergraph,
    buildService: ({ name }) => collect(name, subgraph(name), deadlines, log),
    logger: log,
  });
  const server = new ApolloServer<Context>({
    gateway,
    logger: log,
    stopOnTerminationSignals: false,
    introspection: process.env.NODE_ENV !== "production",
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: process.env.NODE_ENV === "production",
    persistedQueries: false,
    parseOptions: { maxTokens: LIMITS.tokens },
    validationRules: admission,
    formatError: shownError(log),
    plugins: [edge],
  });
  await server.start();

  const known = identify(issuer, directory);
  const admitted = async (authorization: string | undefined): Promise<Requester> => {
    const requester = await known(authorization);
    await budget.spend(requester.agency, clock());
    return requester;
  };

  const graphql: Route = async (call) => {
    const requester = await admitted(call.headers.authorization);
    const response = await server.executeHTTPGraphQLRequest({
      httpGraphQLRequest: await receive(call),
      context: async () => ({ requester, requestId: call.requestId }),
    });
    if (response.body.kind !== "complete")
      throw new Error("an incremental response was not asked for");
    if (response.status === 405)
      throw new Problem("METHOD_NOT_ALLOWED", "a mutation comes by POST", { allow: "POST" });
    return {
      status: response.status ?? 200,
      headers: Object.fromEntries(response.headers),
      body: response.body.string,
    };
  };

  return {
    routes: { "/graphql": graphql, [FHIR.path]: forward(FHIR, subgraph(fhirRoom), admitted, log) },
    close: async () => {
      await server.stop();
      await budget.close();
    },
  };
};
