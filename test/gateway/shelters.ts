/** A graph of two small subgraphs that are not the house's own, over HTTP, each at a path of its URL. */
import { buffer } from "node:stream/consumers";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { composeServices } from "@apollo/composition";
import { graphql, parse } from "graphql";
import { listenOn } from "./gateway.ts";

const SHELTERS = [
  { id: "1", name: "Alder Family Shelter", free: 3, waiting: 0 },
  { id: "2", name: "Riverside Night Shelter", free: 0, waiting: 7 },
];
const found = ({ id }: { id: string }) => SHELTERS.find((it) => it.id === id) ?? null;

const NAMES =
  'type Query { shelters: [Shelter!]! } type Shelter @key(fields: "id") { id: ID! name: String! }';
const BEDS = 'type Shelter @key(fields: "id") { id: ID! free: Int! }';
/** The same with a field more, that its subgraph has from the beginning. */
const BEDS_AND_WAITING = 'type Shelter @key(fields: "id") { id: ID! free: Int! waiting: Int! }';

const federated = (sdl: string) =>
  parse(
    `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"]) ${sdl}`,
  );

/** What a subgraph was sent. */
export interface Received {
  subgraph: "shelters" | "beds";
  authorization: string | undefined;
  body: string;
}

/** The subgraphs, and how they are composed. */
export interface Shelters {
  urls: Record<Received["subgraph"], string>;
  /** In the order of their coming. */
  received: Received[];
  /** The supergraph. */
  sdl: string;
  /** The supergraph that has `waiting` too. */
  newerSdl: string;
  /** A supergraph with one subgraph more, at this URL. */
  with(name: string, url: string): string;
  /** From now on `beds` answers nobody, until it is told to. */
  hold(): { asked: Promise<void>; release: () => void };
  close(): Promise<void>;
}

/** Opens the subgraphs. */
export const openShelters = async (): Promise<Shelters> => {
  const received: Received[] = [];
  const schemas = {
    shelters: buildSubgraphSchema([
      {
        typeDefs: federated(NAMES),
        resolvers: { Query: { shelters: () => SHELTERS }, Shelter: { __resolveReference: found } },
      },
    ]),
    beds: buildSubgraphSchema([
      {
        typeDefs: federated(BEDS_AND_WAITING),
        resolvers: { Shelter: { __resolveReference: found } },
      },
    ]),
  };
  let held: { asked: () => void; released: Promise<void> } | undefined;
  const { url, close } = await listenOn((request, response) => {
    const answer = async () => {
      const subgraph = /^\/rooms\/(shelters|beds)\/graphql$/.exec(request.url ?? "")?.[1] as
        Received["subgraph"] | undefined;
      if (!subgraph) return void response.writeHead(404).end();
      const body = (await buffer(request)).toString();
      received.push({ subgraph, authorization: request.headers.authorization, body });
      if (subgraph === "beds") {
        held?.asked();
        await held?.released;
      }
      const { query, variables } = JSON.parse(body) as { query: string; variables: object };
      const result = await graphql({
        schema: schemas[subgraph],
        source: query,
        variableValues: variables as Record<string, unknown>,
      });
      response.setHeader("content-type", "application/json").end(JSON.stringify(result));
    };
    answer().catch(() => response.destroy());
  });
  const urls = { shelters: `${url}/rooms/shelters/graphql`, beds: `${url}/rooms/beds/graphql` };
  const composed = (beds: string, ...others: { name: string; url: string; sdl: string }[]) => {
    const { supergraphSdl, errors = [] } = composeServices(
      [
        { name: "shelters", url: urls.shelters, sdl: NAMES },
        { name: "beds", url: urls.beds, sdl: beds },
        ...others,
      ].map(({ sdl, ...of }) => ({ ...of, typeDefs: federated(sdl) })),
    );
    if (!supergraphSdl) throw new Error(errors.map(({ message }) => message).join("\n"));
    return supergraphSdl;
  };
  return {
    urls,
    received,
    sdl: composed(BEDS),
    newerSdl: composed(BEDS_AND_WAITING),
    with: (name, at) => composed(BEDS, { name, url: at, sdl: `type Query { ${name}: String }` }),
    hold: () => {
      const [asked, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      held = { asked: asked.resolve, released: released.promise };
      return {
        asked: asked.promise,
        release: () => {
          held = undefined;
          released.resolve();
        },
      };
    },
    close,
  };
};
