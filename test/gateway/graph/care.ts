/**
 * What follows from what others know: nearly every field here requires another subgraph's. To it a service is a thing of
 * one kind (`@interfaceObject`).
 */
import { by, charts, people, personOf, reviews, services } from "./data.ts";
import { federated } from "./part.ts";
import type { Part } from "./part.ts";

const starsOf = (id: string) => reviews.filter(({ serviceId }) => serviceId === id);

const mean = (numbers: number[]) =>
  numbers.length === 0 ? null : numbers.reduce((a, b) => a + b, 0) / numbers.length;

export const care: Part = {
  name: "care",
  typeDefs: federated(`
    scalar Day
    enum Style { SHORT LONG }

    type Query {
      bestServices(first: Int! = 2): [Service!]!
    }

    interface Located { town: String }
    union Event = Visit | Stay

    type Person implements Located @key(fields: "id") {
      id: ID!
      diagnosis: String @external
      consent: String @external
      born: Day @external
      nickname: String @external
      town(style: Style = SHORT): String @external
      priority: Int @external
      events: [Event!]! @external
      place: Located @external

      alert: String @requires(fields: "diagnosis")
      gated: String @requires(fields: "consent")
      risk(scale: Int! = 10, words: [String!] = ["low", "high"]): String @requires(fields: "diagnosis born")
      score: Int @requires(fields: "diagnosis")
      queue: String @requires(fields: "priority")
      itinerary: [String!] @requires(fields: "events { ... on Visit { town hours } ... on Stay { bed } }")
      lodging: String @requires(fields: "place { ... on Located { ... on Agency { name town } ... on Person { nickname } } }")
    }
    type Agency implements Located @key(fields: "id region", resolvable: false) {
      id: ID!
      region: ID
      name: String! @external
      town: String @external
    }
    type Visit @key(fields: "id", resolvable: false) {
      id: ID!
      town: String! @external
      hours: Int! @external
    }
    type Stay @key(fields: "ref", resolvable: false) {
      ref: ID!
      bed: String! @external
    }
    type Chart @key(fields: "owner { id }") {
      owner: Person!
      opened: Day @external
      summary: String
      openedBefore(day: Day!): Boolean @requires(fields: "opened")
    }
    type Service @key(fields: "id") @interfaceObject {
      id: ID!
      name: String! @external
      places: Int @external
      rating(scale: Int! = 5): Float
      reviews: [Review!]!
      advice(loud: Boolean = false): String @requires(fields: "name places")
    }
    type Review {
      stars: Int!
      words: String
      by: Person
    }
  `),
  resolvers: {
    Query: { bestServices: (_, { first }) => services.slice(0, first) },
    Person: {
      alert: ({ diagnosis }) => (diagnosis === null ? "no alert" : `mind the ${diagnosis}`),
      gated: ({ consent }) => (consent === "GRANTED" ? "come in" : "no entry"),
      risk: ({ diagnosis, born }, { scale, words }) =>
        `${words?.[diagnosis === null ? 0 : 1] ?? "unsaid"} ${born?.slice(0, 4) ?? "ageless"} of ${scale}`,
      score: ({ diagnosis }) => diagnosis?.length ?? 0,
      queue: ({ priority }) => (priority === null ? null : `place ${priority}`),
      itinerary: ({ events }) =>
        events.map(({ town, hours, bed }: { town?: string; hours?: number; bed?: string }) =>
          bed === undefined ? `${hours} h at ${town}` : `bed ${bed}`,
        ),
      lodging: ({ place }) =>
        place && `${place.name ?? place.nickname}, ${place.town ?? "with a friend"}`,
    },
    Chart: {
      summary: ({ owner }) => `the chart of somebody whose id has ${owner.id.length} letters`,
      openedBefore: ({ opened }, { day }) => opened !== null && opened < day,
    },
    Service: {
      rating: ({ id }, { scale }) => {
        const stars = mean(starsOf(id).map((review) => review.stars));
        return stars && (stars * scale) / 5;
      },
      reviews: ({ id }) => starsOf(id),
      advice: ({ name, places }, { loud }) => {
        const advice = `${name} has ${places ?? "no"} places`;
        return loud ? advice.toUpperCase() : advice;
      },
    },
    Review: { by: ({ byId }) => personOf(byId) },
  },
  finds: {
    Person: ({ id }) => by(people, "id", id),
    Chart: ({ owner }) => charts.find((it) => it.owner.id === owner.id) ?? null,
    Service: ({ id }) => by(services, "id", id),
  },
};
