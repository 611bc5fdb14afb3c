/** A room answers an operation as graphql-js does, whatever is asked and whatever its resolvers do. */
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import {
  buildSchema,
  execute,
  getNamedType,
  getNullableType,
  GraphQLInterfaceType,
  GraphQLObjectType,
  isAbstractType,
  isCompositeType,
  isLeafType,
  isListType,
  isObjectType,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  parse,
  specifiedRules,
  validate,
} from "graphql";
import type { ExecutionResult, GraphQLOutputType, GraphQLResolveInfo } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executor } from "#platform/execute.ts";
import { DateTime } from "#schema/scalars.ts";

/** Every kind of type, with and without null, and each leads to each. */
const schema = buildSchema(`
  scalar DateTime
  enum Mood { CALM TENSE }
  input Range { from: Int! = 1, to: Int }
  interface Named { name: String! }
  union Party = Person | Agency
  type Person implements Named {
    name: String!
    mood: Mood
    bornAt: DateTime
    friend: Person
    guardian: Person!
    friends: [Person]
    family: [Person!]!
    met: [Party!]
    visits(range: Range = { to: 7 }, every: Int! = 2): [[Int!]]
    agency: Named
  }
  type Agency implements Named {
    name: String!
    head: Person!
    clients(first: Int): [Person!]
    partner: Party
  }
  type Query {
    person(id: ID): Person
    people(first: Int = 2): [Person!]!
    agency: Agency!
    party: Party
    named: [Named]
    now: DateTime!
  }
  type Mutation {
    greet(name: String): Person
    meet: Agency!
  }
`);

/** The world that a request of this test asks about. */
interface World {
  /** The same number makes the same world. */
  seed: number;
  /** How much of it is promised, in tenths. */
  promised: number;
}

/** A number that follows from a text, and looks like any. */
const chance = (text: string, below: number): number => {
  let hash = 2166136261;
  for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
  return ((hash ^ (hash >>> 13)) >>> 0) % below;
};

const later = async (turns: number, outcome: () => unknown): Promise<unknown> => {
  for (let n = 0; n < turns; n++) await turn();
  return outcome();
};

/** What stands at a place of a world: a value of its type, nothing, or an error; now or later. */
const given = (type: GraphQLOutputType, world: World, place: string): unknown => {
  const roll = (what: string, below: number) => chance(`${world.seed} ${what} ${place}`, below);
  const outcome = (): unknown => {
    const which = roll("which", 50);
    if (which === 0) throw new Error(`thrown at ${place}`);
    if (which === 1) return new Error(`returned at ${place}`);
    if (which <= 3) return null;
    const bare = getNullableType(type) as GraphQLOutputType;
    if (isListType(bare))
      return Array.from({ length: roll("length", 4) }, (_, n) =>
        given(bare.ofType, world, `${place}.${n}`),
      );
    if (isAbstractType(bare)) return valueOf(roll("of", 2) ? "Person" : "Agency", place);
    if (isObjectType(bare)) return valueOf(bare.name, place);
    if (bare.toString() === "Int") return roll("int", 100);
    if (bare.toString() === "DateTime") return new Date(roll("day", 1e9));
    return bare.toString() === "Mood" ? "CALM" : place;
  };
  return roll("promised", 10) < world.promised ? later(roll("turns", 4), outcome) : outcome();
};

const spelled = (path: GraphQLResolveInfo["path"]): string =>
  `${path.prev ? spelled(path.prev) : ""}/${path.typename ?? ""}.${path.key}`;

/** Resolves any field. It is told where it is, and with what: both are part of what it says. */
const resolve = (_: unknown, args: object, world: World, info: GraphQLResolveInfo): unknown =>
  given(info.returnType, world, `${spelled(info.path)} ${info.fieldName}${JSON.stringify(args)}`);

/** A person's fields have resolvers; an agency's are its own properties and methods. */
const valueOf = (type: string, place: string): object => {
  if (type === "Person") return { __typename: type };
  const method = (args: object, world: World, info: GraphQLResolveInfo) =>
    resolve(undefined, args, world, info);
  return { __typename: type, name: place, head: method, clients: method, partner: method };
};

Object.assign(schema.getType("DateTime") as object, { serialize: DateTime.serialize });
for (const name of ["Query", "Mutation", "Person"])
  for (const field of Object.values((schema.getType(name) as GraphQLObjectType).getFields()))
    field.resolve = resolve;

/** What may be given to a field; which of it, its alias says. */
const ARGUMENTS: Record<string, string[]> = {
  person: ["", '(id: "1")', "(id: $id)"],
  people: ["", "(first: 3)", "(first: $count)"],
  visits: ["", "(range: { from: 2 })", "(range: $range, every: 5)"],
  clients: ["", "(first: null)", "(first: $count)"],
  greet: ["", "(name: null)", "(name: $id)"],
};

const FRAGMENTS: Record<string, string[]> = {
  Query: ["Query"],
  Mutation: ["Mutation"],
  Person: ["Person", "Named"],
  Agency: ["Agency", "Named", "Party"],
  Named: ["Person", "Agency", "Named"],
  Party: ["Person", "Agency", "Named", "Party"],
};

const directive = fc.constantFrom(
  "",
  "",
  "",
  "",
  " @skip(if: $skip)",
  " @include(if: $include)",
  " @include(if: true)",
  " @skip(if: false) @include(if: $skip)",
);

/** What may be asked of a type, a few levels deep. */
const selections = (name: string, depth: number, spreads: boolean): fc.Arbitrary<string> => {
  const type = schema.getType(name);
  const fields =
    type instanceof GraphQLObjectType || type instanceof GraphQLInterfaceType
      ? Object.values(type.getFields()).filter(({ type: of }) => depth > 0 || isLeafType(of))
      : [];
  const field = fc
    .tuple(fc.constantFrom(undefined, ...fields), fc.nat(2), directive)
    .chain(([asked, variant, how]) => {
      if (!asked) return fc.constant(`__typename${how}`);
      const alias = variant === 0 ? "" : `${asked.name}${variant}: `;
      const head = `${alias}${asked.name}${ARGUMENTS[asked.name]?.[variant] ?? ""}${how}`;
      const of = getNamedType(asked.type);
      return isCompositeType(of)
        ? selections(of.name, depth - 1, spreads).map((inner) => `${head} { ${inner} }`)
        : fc.constant(head);
    });
  const inline = fc
    .tuple(fc.constantFrom(...(FRAGMENTS[name] ?? [])), directive)
    .chain(([of, how]) =>
      selections(of, Math.max(depth - 1, 0), spreads).map(
        (inner) => `... on ${of}${how} { ${inner} }`,
      ),
    );
  const spread = fc
    .tuple(fc.constantFrom(...(FRAGMENTS[name] ?? [])), directive)
    .map(([of, how]) => `...Of${of}${how}`);
  return fc
    .array(
      fc.oneof(
        { weight: 5, arbitrary: field },
        { weight: depth > 0 ? 1 : 0, arbitrary: inline },
        { weight: spreads ? 1 : 0, arbitrary: spread },
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((all) => all.join(" "));
};

const operation = fc
  .tuple(
    fc.constantFrom("Query", "Mutation").chain((root) =>
      selections(root, 4, true).map(
        (asked) => `${root.toLowerCase()} It(
        $skip: Boolean!, $include: Boolean = true, $id: ID, $count: Int = 1, $range: Range
      ) { ${asked} }`,
      ),
    ),
    ...Object.keys(FRAGMENTS).map((of) =>
      selections(of, 1, false).map((inner) => `fragment Of${of} on ${of} { ${inner} }`),
    ),
  )
  .map((parts) => parse(parts.join("\n")))
  .filter((document) => validate(schema, document, RULES).length === 0);

const RULES = specifiedRules.filter(
  (rule) => rule !== NoUnusedVariablesRule && rule !== NoUnusedFragmentsRule,
);

const variables = fc.record(
  {
    skip: fc.boolean(),
    include: fc.boolean(),
    id: fc.constantFrom("1", null),
    count: fc.constantFrom(0, 1, 2, 3, 4, 5, "two"),
    range: fc.constantFrom({}, { from: 3 }, { from: 3, to: null }, { from: null }),
  },
  { requiredKeys: ["skip"] },
);

/** One document, asked a few times. */
const asked = fc.record({
  document: operation,
  seed: fc.integer(),
  sets: fc.array(variables, { minLength: 1, maxLength: 4 }),
});

const told = ({ data, errors }: ExecutionResult) => ({
  // As text, for the order of its keys is part of an answer.
  data: JSON.stringify(data),
  errors: errors?.map(({ message, path, locations }) => ({ message, path, locations })),
});

/** The places that are null because of errors: the topmost one on each error's path. */
const nulled = ({ data, errors = [] }: ExecutionResult): Set<string> =>
  new Set(
    errors.map(({ path = [] }) => {
      let at: any = data;
      let depth = 0;
      while (at !== null && depth < path.length) at = at[path[depth++] as string];
      return JSON.stringify([at, path.slice(0, depth)]);
    }),
  );

describe("an operation", () => {
  // graphql-js 16 leaves promises of a list that has failed unheard; how they end is nobody's.
  const hearers = process.listeners("unhandledRejection");
  beforeAll(() => {
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", () => undefined);
  });
  afterAll(() => {
    process.removeAllListeners("unhandledRejection");
    for (const hearer of hearers) process.on("unhandledRejection", hearer);
  });

  it("is answered to the letter where nothing is promised", async () => {
    await fc.assert(
      fc.asyncProperty(asked, async ({ document, seed, sets }) => {
        const run = executor(schema, document);
        const contextValue: World = { seed, promised: 0 };
        for (const variableValues of sets)
          expect(told(await run(contextValue, variableValues, null))).toEqual(
            told(await execute({ schema, document, contextValue, variableValues })),
          );
      }),
      { numRuns: 500 },
    );
  });

  it("has the same data, and the same places null, whatever is promised", async () => {
    await fc.assert(
      fc.asyncProperty(asked, fc.nat(10), async ({ document, seed, sets }, promised) => {
        const run = executor(schema, document);
        const contextValue: World = { seed, promised };
        for (const variableValues of sets) {
          const ours = await run(contextValue, variableValues, null);
          const theirs = await execute({ schema, document, contextValue, variableValues });
          expect(told(ours).data).toBe(told(theirs).data);
          expect(nulled(ours)).toEqual(nulled(theirs));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("an operation of a room", () => {
  /** A chain of links, each of which is promised, and says when it is asked and when it comes. */
  const chain = buildSchema(`
    type Link { name: String next(name: String): Link must: Link! links: [Link!] }
    type Query { link(name: String): Link list: [Link!] }
    type Mutation { link(name: String): Link must(name: String): Link! }
  `);
  const said: string[] = [];
  const link = async (_: unknown, { name }: { name?: string }) => {
    said.push(`${name} asked`);
    await turn();
    said.push(`${name} here`);
    if (name === "broken") throw new Error("broken");
    return { name };
  };
  for (const [type, field] of [
    ["Query", "link"],
    ["Mutation", "link"],
    ["Mutation", "must"],
    ["Link", "next"],
  ] as const)
    (chain.getType(type) as any).getFields()[field].resolve = link;

  const run = (text: string, operationName: string | null = null) => {
    said.length = 0;
    const document = parse(text);
    return executor(chain, document)(undefined, {}, operationName);
  };

  it("that changes things asks for the next when all of the one before is there", async () => {
    const { data } = await run(
      `mutation { one: link(name: "one") { next(name: "two") { name } } three: link(name: "three") { name } }`,
    );
    expect(data).toEqual({ one: { next: { name: "two" } }, three: { name: "three" } });
    expect(said).toEqual(
      ["one", "two", "three"].flatMap((name) => [`${name} asked`, `${name} here`]),
    );
  });

  it("that changes things stops where nothing can be said any more", async () => {
    const { data, errors } = await run(
      `mutation { one: must(name: "broken") { name } two: link(name: "two") { name } }`,
    );
    expect(data).toBeNull();
    expect(errors?.map(({ path }) => path)).toEqual([["one"]]);
    expect(said).toEqual(["broken asked", "broken here"]);
  });

  it("waits for everything that it has asked for, though it is to be null", async () => {
    const { data, errors } = await run(
      `{ link(name: "one") { next(name: "slow") { next(name: "never") { name } } must { name } } }`,
    );
    expect(data).toEqual({ link: null });
    expect(errors?.map(({ path }) => path)).toEqual([["link", "must"]]);
    expect(said).toEqual(["one asked", "one here", "slow asked", "slow here"]);
  });

  it("lets no promise of a list that has failed end the process", async () => {
    const failing = async () => {
      await turn();
      throw new Error("nobody hears this");
    };
    (chain.getType("Query") as any).getFields().list.resolve = () => [null, failing()];
    const { data } = await run("{ list { name } }");
    await turn();
    expect(data).toEqual({ list: null });
  });

  it("may call a field anything", async () => {
    const { data } = await run(
      `{ __proto__: link(name: "one") { __proto__: name constructor: name } }`,
    );
    expect(JSON.stringify(data)).toBe('{"__proto__":{"__proto__":"one","constructor":"one"}}');
  });

  it("costs what it answers, and not what its fragments come to", async () => {
    const levels = Array.from(
      { length: 60 },
      (_, n) => `fragment F${n} on Link { a: must { ...F${n + 1} } b: must { ...F${n + 1} } }`,
    );
    (chain.getType("Query") as any).getFields().list.resolve = () => [];
    const { data } = await run(
      `{ list { ...F0 } } ${levels.join(" ")} fragment F60 on Link { name }`,
    );
    expect(data).toEqual({ list: [] });
  });

  it.each([
    ["is not named among several", "query A { __typename } query B { __typename }", null],
    ["is named wrongly", "query A { __typename }", "C"],
    ["is of a kind that the room does not have", "subscription { it }", null],
    ["is not there", "fragment F on Link { name }", null],
  ])("that %s is refused as graphql-js refuses it", async (_, text, operationName) => {
    const document = parse(text);
    const refusal = told(await execute({ schema: chain, document, operationName }));
    expect(told(await run(text, operationName))).toEqual(refusal);
    expect(refusal.errors).toHaveLength(1);
  });
});
