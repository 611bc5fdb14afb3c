/** What there is to be had: an interface that is an entity itself, and its three kinds. */
import { agencyOf, by, people, services as all } from "./data.ts";
import { federated } from "./part.ts";
import type { Part } from "./part.ts";

type Service = (typeof all)[number];

const find = ({ id }: { id: string }) => by(all, "id", id);

const COMMON = `
  id: ID!
  name: String!
  agency: Agency
  places: Int
`;

export const services: Part = {
  name: "services",
  typeDefs: federated(`
    type Query {
      service(id: ID!): Service
      services(first: Int! = 3): [Service]!
      offers: [Offer]
    }

    interface Service @key(fields: "id") { ${COMMON} }
    type Housing implements Service @key(fields: "id") {
      ${COMMON}
      beds: Int!
      rules: [String]
    }
    type Treatment implements Service @key(fields: "id") {
      ${COMMON}
      methods: [String!]!
      lead: Person
    }
    type Transport implements Service @key(fields: "id") {
      ${COMMON}
      seats: [[Int!]!]
    }
    union Offer = Housing | Transport

    type Agency @key(fields: "id region", resolvable: false) {
      id: ID!
      region: ID
    }
    type Person @key(fields: "id") {
      id: ID!
      service: Service
    }
  `),
  resolvers: {
    Query: {
      service: (_, reference) => find(reference),
      services: (_, { first }) => all.slice(0, first),
      offers: () => [find({ id: "s-1" }), null, find({ id: "s-4" })],
    },
    Person: { service: ({ id }) => by(all, "id", by(people, "id", id)?.serviceId) },
    ...Object.fromEntries(
      ["Housing", "Treatment", "Transport"].map((kind) => [
        kind,
        { agency: ({ agency }: Service) => agencyOf(agency) },
      ]),
    ),
  },
  finds: {
    Service: find,
    Housing: find,
    Treatment: find,
    Transport: find,
    Person: ({ id }) => by(people, "id", id),
  },
};
