/** What was written down: notes, and charts, whose key is their owner's. Drafts are nobody's business. */
import { by, charts, eventOf, notes as all, people, personOf, visits } from "./data.ts";
import { federated } from "./part.ts";
import type { Part } from "./part.ts";
import { step, STEP } from "./step.ts";

type Chart = (typeof charts)[number];
type Note = (typeof all)[number];

const chartOf = (id: string) => charts.find(({ owner }) => owner.id === id) ?? null;

export const notes: Part = {
  name: "notes",
  typeDefs: federated(`
    ${STEP}
    scalar Day
    input NoteInput { about: ID!, text: String! = "nothing to add", tags: [String!]! = ["plain"] }

    type Query {
      note(id: ID!): Note
      charts: [Chart]
    }
    type Mutation {
      note(input: NoteInput!): Step
      burn(what: ID!): Step!
    }

    union Event = Note | Visit | Draft
    type Note @key(fields: "id") {
      id: ID!
      text: String!
      author: Person
      about: Event
    }
    type Visit @key(fields: "id") {
      id: ID!
      notes: [Note!]!
    }
    type Draft @inaccessible {
      id: ID!
      text: String
    }
    type Chart @key(fields: "owner { id }") {
      owner: Person!
      opened: Day
      notes: [Note!]!
      latest: Event
    }
    type Person @key(fields: "id") {
      id: ID!
      notes: [Note!]
      chart: Chart
      record: [Event]!
    }
  `),
  resolvers: {
    Query: {
      note: (_, { id }) => by(all, "id", id),
      charts: () => charts,
    },
    Mutation: {
      note: (_, { input: { about, text, tags } }, context) =>
        step(context, `note ${about} ${text} ${tags}`, personOf(about)),
      // Nothing burns, and there must be an answer all the same.
      burn: () => null,
    },
    Note: {
      author: ({ authorId }: Note) => personOf(authorId),
      about: ({ aboutId }: Note) => eventOf(aboutId),
    },
    Visit: { notes: ({ id }) => all.filter(({ aboutId }) => aboutId === id) },
    Chart: {
      owner: ({ owner }: Chart) => personOf(owner.id),
      notes: ({ noteIds }: Chart) => noteIds.map((id) => by(all, "id", id)),
      latest: ({ latestId }: Chart) => eventOf(latestId),
    },
    Person: {
      notes: ({ id }) => all.filter(({ authorId }) => authorId === id),
      chart: ({ id }) => chartOf(id),
      record: ({ id }) => by(people, "id", id)?.recordIds.map(eventOf),
    },
  },
  finds: {
    Note: ({ id }) => by(all, "id", id),
    // It knows visits by its notes alone, and so takes any id for one's.
    Visit: ({ id }) => by(visits, "id", id) ?? { __typename: "Visit", id },
    Chart: ({ owner }) => chartOf(owner.id),
    // And people by what they wrote.
    Person: ({ id }) => personOf(id),
  },
};
