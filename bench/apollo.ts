/** Apollo Server and Apollo Gateway with their defaults, behind node:http. */
import { ApolloGateway } from "@apollo/gateway";
import { ApolloServer, HeaderMap } from "@apollo/server";
import type { OpenRoom } from "../platform/subgraph.ts";
import { REQUESTER } from "./county.ts";
import { bodyOf, listen } from "./http.ts";
import type { OpenRooms } from "./rooms.ts";
import { supergraph } from "./supergraph.ts";

/** A gateway over rooms in this process: each fetch of its plans is a call. */
export const gatewayOver = (rooms: OpenRooms): ApolloGateway =>
  new ApolloGateway({
    supergraphSdl: supergraph({}),
    buildService: ({ name }) => ({
      process: async ({ request: { query = "", variables = {} } }) => {
        const room = rooms[name] as OpenRoom;
        return (await room.answer({ query, variables }, REQUESTER, "bench")) as never;
      },
    }),
  });

/** @returns Where it answers. */
export const serveApollo = async (gateway: ApolloGateway): Promise<string> => {
  const apollo = new ApolloServer({ gateway, stopOnTerminationSignals: false });
  await apollo.start();
  return listen(async (request, response) => {
    const headers = new HeaderMap();
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
    const answered = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: request.method ?? "",
        search: "",
        headers,
        body: JSON.parse(await bodyOf(request)) as unknown,
      },
      context: async () => ({}),
    });
    if (answered.body.kind !== "complete") throw new Error("nothing incremental was asked for");
    response.writeHead(answered.status ?? 200, Object.fromEntries(answered.headers));
    response.end(answered.body.string);
  });
};
