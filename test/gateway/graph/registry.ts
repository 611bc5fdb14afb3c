/** Who there is: people, under an id and a number, and agencies, under an id and a region. */
import { agencies, by, findAgency, people, personOf } from "./data.ts";
import { federated } from "./part.ts";
import type { Part } from "./part.ts";

type Person = (typeof people)[number];
type Agency = (typeof agencies)[number];

const filtered = (
  filter: {
    town?: string | null;
    bornAfter?: string | null;
    ids?: string[] | null;
    order: { by: "NAME" | "BORN"; descending: boolean };
  },
  first: number,
): Person[] => {
  const { town, bornAfter, ids, order } = filter;
  const rank = (person: Person) => (order.by === "NAME" ? person.name : (person.born ?? ""));
  const sorted = people
    .filter((person) => !town || person.town === town)
    .filter((person) => !bornAfter || (person.born ?? "") > bornAfter)
    .filter((person) => !ids || ids.includes(person.id))
    .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return (order.descending ? sorted.toReversed() : sorted).slice(0, first);
};

export const registry: Part = {
  name: "registry",
  typeDefs: federated(`
    scalar Day
    scalar Json
    enum Kind { CLINIC SHELTER COURT DRILL @inaccessible }
    enum Style { SHORT LONG }
    enum Rank { NAME BORN }
    input Order { by: Rank! = NAME, descending: Boolean! = false }
    input PeopleFilter { town: String, bornAfter: Day, ids: [ID!], order: Order! = {} }

    type Query {
      person(id: ID!, sealed: Boolean! = false @inaccessible): Person
      people(filter: PeopleFilter! = {}, first: Int! = 4): [Person]!
      everybody: [Person!]!
      agency(id: ID!, region: ID = "east"): Agency
      agencies(kinds: [Kind!] = [CLINIC, SHELTER]): [Agency!]
      found(word: String!): [Found]!
    }

    interface Located { town: String }
    union Found = Person | Agency

    type Person implements Located @key(fields: "id") @key(fields: "number") {
      id: ID!
      number: ID
      name: String!
      nickname: String
      born: Day
      town(style: Style = SHORT): String
      echo(v: String): String
      phone: String
      languages(first: Int! = 2): [String!]!
      sealed: String @inaccessible
      stamp: Stamp @inaccessible
      agency: Agency
      place: Located
      friends: [[Person]]
      extra(of: Json): Json
    }
    type Stamp @inaccessible { at: Day }

    type Agency implements Located @key(fields: "id region") {
      id: ID!
      region: ID
      name: String! @shareable
      kind: Kind
      town: String @shareable
      parent: Agency
    }
  `),
  resolvers: {
    Query: {
      person: (_, { id, sealed }) => (sealed ? null : by(people, "id", id)),
      people: (_, { filter, first }) => filtered(filter, first),
      everybody: () => people,
      agency: (_, reference) => findAgency(reference),
      agencies: (_, { kinds }) => kinds && agencies.filter(({ kind }) => kinds.includes(kind)),
      found: (_, { word }) =>
        [...people, null, ...agencies].filter((it) => it === null || it.name.includes(word)),
    },
    Person: {
      town: ({ town }: Person, { style }) => (style === "LONG" && town ? `${town} Town` : town),
      echo: (_, { v }) => v,
      // It has moved away.
      phone: () => {
        throw new Error("the registry is asked for a telephone number no more");
      },
      languages: ({ languages }: Person, { first }) => languages?.slice(0, first),
      sealed: () => "sealed",
      stamp: () => ({ at: "2025-01-01" }),
      agency: ({ agencyId }: Person) =>
        agencyId === undefined ? null : by(agencies, "id", agencyId),
      place: ({ agencyId, friendIds }: Person) =>
        by(agencies, "id", agencyId) ?? personOf(friendIds?.[0]?.[0] ?? null),
      friends: ({ friendIds }: Person) => friendIds?.map((ids) => ids?.map(personOf)),
      extra: (_, { of = null }) => ({ of, id: ["not", "a", "key"], __typename: { of: 1 } }),
    },
    Agency: {
      parent: ({ parentId }: Agency) => by(agencies, "id", parentId),
    },
  },
  finds: {
    Person: ({ id, number }) => by(people, "id", id) ?? by(people, "number", number),
    Agency: findAgency,
  },
};
