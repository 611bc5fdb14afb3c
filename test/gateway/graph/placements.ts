/** Where people are placed. It knows them by their number alone, and has taken their telephone over from the registry. */
import { by, personNumbered, services, stays } from "./data.ts";
import { federated } from "./part.ts";
import type { Part } from "./part.ts";
import { step, STEP } from "./step.ts";

type Stay = (typeof stays)[number];

const RATES = { EUR: 10, GBP: 8.5 };

export const placements: Part = {
  name: "placements",
  typeDefs: federated(`
    ${STEP}
    scalar Day
    enum Currency { EUR GBP }
    input Discount { percent: Float! = 12.5, reason: String = "none given" }

    type Query {
      stays(first: Int = 2): [Stay!]!
    }
    type Mutation {
      place(number: ID!, bed: String = "any"): Step!
    }

    interface Located { town: String }

    type Stay implements Located @key(fields: "ref") {
      ref: ID!
      bed: String!
      since: Day
      town: String @shareable
      nights: Int @external
      fee(currency: Currency! = EUR, less: Discount): Float @requires(fields: "nights")
      person: Person
      service: Service
    }
    type Service @key(fields: "id") @interfaceObject {
      id: ID!
    }
    type Person @key(fields: "number") {
      number: ID
      badge: String!
      phone: String @override(from: "registry")
      stays: [Stay!]
      score: Int @external
      priority: Int @requires(fields: "score")
    }
  `),
  resolvers: {
    Query: { stays: (_, { first }) => stays.slice(0, first ?? undefined) },
    Mutation: {
      place: (_, { number, bed }, context) =>
        step(context, `place ${number} ${bed}`, personNumbered(number)),
    },
    Stay: {
      fee: ({ nights }: Stay, { currency, less }) =>
        nights === null
          ? null
          : nights * RATES[currency as keyof typeof RATES] * (1 - (less?.percent ?? 0) / 100),
      person: ({ number }: Stay) => personNumbered(number),
      service: ({ serviceId }: Stay) => by(services, "id", serviceId),
    },
    Person: {
      stays: ({ number }) => stays.filter((it) => it.number === number),
      priority: ({ score }) => (score === null ? null : 100 - score),
    },
  },
  finds: {
    Stay: ({ ref }) => by(stays, "ref", ref),
    Service: ({ id }) => by(services, "id", id),
    // It takes any number for somebody's.
    Person: ({ number }) => personNumbered(number),
  },
};
