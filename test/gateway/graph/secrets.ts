/** What few may know of a person. Other subgraphs require it; it is not to be had by a name that a client made up. */
import { by, people } from "./data.ts";
import { federated } from "./part.ts";
import type { Part } from "./part.ts";

export const secrets: Part = {
  name: "secrets",
  typeDefs: federated(`
    type Person @key(fields: "id") {
      id: ID!
      diagnosis: String
      consent: String
    }
  `),
  resolvers: {},
  finds: { Person: ({ id }) => by(people, "id", id) },
};
