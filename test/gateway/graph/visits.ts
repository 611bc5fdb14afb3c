/** What happened: visits, and where people stayed. Some of its lists are lists of lists. */
import {
  agencyOf,
  agencies,
  by,
  eventOf,
  people,
  personOf,
  rooms,
  stays,
  visits as all,
} from "./data.ts";
import { federated } from "./part.ts";
import type { Part } from "./part.ts";
import { step, STEP } from "./step.ts";

type Visit = (typeof all)[number];

const bad = (id: string) => {
  if (id === "v-bad") throw new Error("the visit cannot be read");
};

export const visits: Part = {
  name: "visits",
  typeDefs: federated(`
    ${STEP}
    scalar Day
    enum Style { SHORT LONG }

    type Query {
      visit(id: ID!): Visit
      nearby(town: String = "Ashby"): [Located!]
      ward: Ward!
      calendar: [[Day!]!]!
    }
    type Mutation {
      admit(person: ID!, why: String! = "walk-in", hours: [Int!] = [9, 17]): Step!
      discharge(visit: ID!): Step
    }

    interface Located { town: String }
    union Event = Visit | Stay

    type Visit implements Located @key(fields: "id") {
      id: ID!
      day: Day!
      town: String!
      hours: Int!
      reason(style: Style! = SHORT): String
      person: Person
      agency: Agency @provides(fields: "name")
      previous: Visit
      rooms: [[Room]!]!
    }
    type Stay implements Located @key(fields: "ref") {
      ref: ID! @inaccessible
      nights: Int
      town: String @shareable
    }
    type Room {
      name: String!
      beds: [[Int!]]!
      keeper: Agency
    }
    type Ward {
      head(strict: Boolean! = false): String!
      visits(first: Int! = 2): [Visit!]!
      keeper: Agency!
    }
    type Agency implements Located @key(fields: "id region") {
      id: ID!
      region: ID
      name: String! @external
      town: String @shareable
    }
    type Person @key(fields: "id") {
      id: ID!
      visits(first: Int! = 2): [Visit!]
      events: [Event!]!
    }
  `),
  resolvers: {
    Query: {
      visit: (_, { id }) => {
        bad(id);
        return by(all, "id", id);
      },
      nearby: (_, { town }) => [...all, ...agencies, ...stays].filter((it) => it.town === town),
      ward: () => ({ keeper: agencies[0] }),
      calendar: () => [["2025-03-03", "2025-03-04"], [], ["2025-04-01"]],
    },
    Mutation: {
      admit: (_, { person, why, hours }, context) =>
        step(context, `admit ${person} ${why} ${hours}`, personOf(person)),
      discharge: (_, { visit }, context) => {
        bad(visit);
        const found = by(all, "id", visit);
        return found && step(context, `discharge ${visit}`, personOf(found.personId));
      },
    },
    Visit: {
      reason: ({ reason }: Visit, { style }) =>
        style === "LONG" && typeof reason === "string" ? `because of ${reason}` : reason,
      person: ({ personId }: Visit) => personOf(personId),
      agency: ({ agency }: Visit) => agencyOf(agency),
      previous: ({ previousId }: Visit) => by(all, "id", previousId),
      rooms: ({ rooms: floors }: Visit) =>
        floors.map((ids) => ids.map((id) => by(rooms, "id", id))),
    },
    Room: { keeper: ({ keeper }) => agencyOf(keeper) },
    Ward: {
      head: (_, { strict }) => {
        if (strict) throw new Error("the ward has no head");
        return "Matron";
      },
      visits: (_, { first }) => all.slice(0, first),
    },
    Person: {
      visits: ({ id }, { first }) => all.filter(({ personId }) => personId === id).slice(0, first),
      events: ({ id }) => by(people, "id", id)?.eventIds.map(eventOf) ?? [],
    },
  },
  finds: {
    Visit: ({ id }) => by(all, "id", id),
    Stay: ({ ref }) => by(stays, "ref", ref),
    Agency: agencyOf,
    // It knows people by their visits alone, and so takes any id for somebody's.
    Person: ({ id }) => personOf(id),
  },
};
