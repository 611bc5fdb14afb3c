/** The made-up graph: its subgraphs, composed. */
import { composeServices } from "@apollo/composition";
import { Supergraph } from "@apollo/federation-internals";
import type { GraphQLSchema } from "graphql";
import { care } from "./care.ts";
import { notes } from "./notes.ts";
import { placements } from "./placements.ts";
import { registry } from "./registry.ts";
import { secrets } from "./secrets.ts";
import { services } from "./services.ts";
import { visits } from "./visits.ts";

/** Every subgraph. */
export const parts = [registry, secrets, visits, placements, services, notes, care];

const compose = (): string => {
  const composed = composeServices(parts.map(({ name, typeDefs }) => ({ name, typeDefs })));
  if (composed.errors) throw new Error(composed.errors.map(({ message }) => message).join("\n\n"));
  return composed.supergraphSdl;
};

/** The composed supergraph, as SDL. */
export const supergraph = compose();

/** What clients may know of it. */
export const apiSchema = (): GraphQLSchema =>
  Supergraph.build(supergraph).apiSchema().toGraphQLJSSchema();
