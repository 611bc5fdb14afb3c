/** How large an operation is, and by what. */
import { readFileSync } from "node:fs";
import { buildSchema, getVariableValues, Kind, parse, validate } from "graphql";
import type { GraphQLSchema } from "graphql";
import { describe, expect, it } from "vitest";
import { costOf, LIMITS, weigh, withinLimits } from "../../gateway/limits.ts";

const api = buildSchema(readFileSync(new URL("../../schema/api.graphql", import.meta.url), "utf8"));

/** What an operation costs is not told; it is found by how many things more are still within the limit. */
const isWithinCost = (
  query: string,
  given: Record<string, unknown> = {},
  schema: GraphQLSchema = api,
): boolean => {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const [definition] = document.definitions.filter((it) => it.kind === Kind.OPERATION_DEFINITION);
  const fragments = new Map(
    document.definitions.flatMap((it) =>
      it.kind === Kind.FRAGMENT_DEFINITION ? [[it.name.value, it] as const] : [],
    ),
  );
  if (!definition) throw new Error("there is no operation");
  const { coerced } = getVariableValues(schema, definition.variableDefinitions ?? [], given);
  try {
    costOf(schema, { definition, fragments })(coerced ?? {});
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "OPERATION_TOO_LARGE", details: { limit: "cost" } });
    return false;
  }
};

/** The cost of a part of a query: what is left of the limit beside it is filled up. */
const costOfPart = (part: string, given?: Record<string, unknown>, variables = ""): number => {
  const beside = (count: number) =>
    `${variables && `query(${variables}) `}{ ${part} filling: agencies(first: ${count}) { edges { cursor } } }`;
  let [least, most] = [0, LIMITS.cost];
  if (!isWithinCost(beside(0), given)) return Infinity;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (isWithinCost(beside(middle), given)) least = middle;
    else most = middle - 1;
  }
  return LIMITS.cost - least;
};

describe("the cost of an operation", () => {
  it(`is at most ${LIMITS.cost}`, () => {
    expect(isWithinCost(`{ agencies(first: ${LIMITS.cost}) { edges { cursor } } }`)).toBe(true);
    expect(isWithinCost(`{ agencies(first: ${LIMITS.cost + 1}) { edges { cursor } } }`)).toBe(
      false,
    );
  });

  it.each([
    ["one thing", `agency(id: "1") { name kind }`, 1],
    ["a thing in a thing", `agency(id: "1") { parent { parent { name } } }`, 3],
    ["as many as the text says", "handoffs(first: 7) { edges { node { state } } }", 7],
    ["as many as there are by default", "handoffs { edges { node { state } } }", 20],
    ["the default for a null", "handoffs(first: null) { edges { node { state } } }", 20],
    ["none when none is wanted", "handoffs(first: 0) { edges { node { state } } }", 0],
    ["none for a number below", "handoffs(first: -100) { edges { node { state } } }", 0],
    [
      "a connection's own parts once",
      "handoffs(first: 7) { pageInfo { hasNextPage } edges { cursor node { state } } }",
      7,
    ],
    [
      "what each holds, as often as there are",
      "handoffs(first: 7) { edges { node { person { name } receiver { name } } } }",
      7 * 3,
    ],
    [
      "a list in a list as their product",
      "handoffs(first: 7) { edges { node { person { encounters(first: 5) { edges { node { id } } } } } } }",
      7 * (1 + 1 + 5),
    ],
    [
      "a list without a size as two",
      `referral(id: "1") { disputes { positions { statement } } }`,
      1 + 2 * (1 + 2),
    ],
    ["nothing for a list of words", `handoff(id: "1") { items }`, 1],
    [
      "each alias",
      `one: agency(id: "1") { name } two: agency(id: "1") { name parent { name } }`,
      3,
    ],
    ["what is in fragments", `... on Query { ... { agency(id: "1") { ... { name } } } }`, 1],
    ["nothing for what the schema says of itself", "__schema { types { name } } __typename", 0],
  ])("counts %s", (_, part, cost) => {
    expect(costOfPart(part)).toBe(cost);
  });

  it("counts what is in a fragment wherever it is spread", () => {
    const query = (first: number) =>
      `{ one: agencies(first: ${first}) { ...A } two: agencies(first: ${first}) { ...A } }
       fragment A on AgencyConnection { edges { node { parent { name } } } }`;
    expect(isWithinCost(query(LIMITS.cost / 4))).toBe(true);
    expect(isWithinCost(query(LIMITS.cost / 4 + 1))).toBe(false);
  });

  it.each([
    ["as many as a variable says", "$first: Int", { first: 7 }, 7],
    ["the default of a variable", "$first: Int = 9", {}, 9],
    ["the default of the field for a variable that is left out", "$first: Int", {}, 20],
    ["the default of the field for a variable that is null", "$first: Int", { first: null }, 20],
    ["none for a variable below zero", "$first: Int", { first: -100 }, 0],
  ])("counts %s", (_, variables, given, cost) => {
    const part = "handoffs(first: $first) { edges { node { state } } }";
    expect(costOfPart(part, given, variables)).toBe(cost);
  });

  it("is not made less by a number below zero that stands beside", () => {
    expect(
      isWithinCost(
        `{ agencies(first: ${LIMITS.cost + 1}) { edges { cursor } } handoffs(first: -1000) { edges { cursor } } }`,
      ),
    ).toBe(false);
  });

  it("is that of the largest of numbers, too", () => {
    const nested = `{ handoffs(first: ${2 ** 31 - 1}) { edges { node { person {
      handoffs(first: ${2 ** 31 - 1}) { edges { node { person { name } } } }
    } } } } }`;
    expect(isWithinCost(nested)).toBe(false);
  });

  it("of a change is that of what comes back", () => {
    const change = (first: number) =>
      `mutation($input: HandoffMoveInput!) { acceptHandoff(input: $input) {
         person { encounters(first: ${first}) { edges { node { id } } } }
       } }`;
    const input = { idempotencyKey: "k", id: "1", expectedVersion: 1 };
    expect(isWithinCost(change(LIMITS.cost - 2), { input })).toBe(true);
    expect(isWithinCost(change(LIMITS.cost - 1), { input })).toBe(false);
  });

  it("of a list of lists is that of a list for each", () => {
    const schema = buildSchema(`
      type Query { rooms(first: Int = 10): [Room] }
      type Room { beds: [[[Bed!]]!]! }
      type Bed { number: Int }
    `);
    const query = (first: number) => `{ rooms(first: ${first}) { beds { number } } }`;
    expect(isWithinCost(query(111), {}, schema)).toBe(true);
    expect(isWithinCost(query(112), {}, schema)).toBe(false);
  });

  it("of an interface's fields is that of the types that its fragments name", () => {
    const schema = buildSchema(`
      type Query { events(first: Int = 10): [Event] }
      interface Event { id: ID }
      type Visit implements Event { id: ID notes(first: Int = 4): [Note] }
      type Stay implements Event { id: ID }
      type Note { text: String }
    `);
    const query = (first: number) =>
      `{ events(first: ${first}) { id ... on Visit { notes { text } } } }`;
    expect(isWithinCost(query(200), {}, schema)).toBe(true);
    expect(isWithinCost(query(201), {}, schema)).toBe(false);
  });
});

/** The limits of its text that an operation is over. */
const over = (query: string) =>
  validate(api, parse(query), [withinLimits]).map(({ extensions }) => extensions.limit);

const times = (count: number, one: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => one(n)).join(" ");

describe("what the schema says of itself", () => {
  it("counts neither as depth nor as questions at the root", () => {
    expect(
      over(`{
        __typename __schema { types { fields { type { ofType { ofType { ofType { ofType { ofType {
          name
        } } } } } } } } }
        a: __type(name: "Agency") { name } b: __type(name: "Person") { name }
        agencies { __typename } interfaces { __typename } handoffs { __typename }
        worklist { __typename } disputes { __typename }
      }`),
    ).toEqual([]);
  });

  it.each([
    ["types", `{ __schema { ${times(16, (n) => `a${n}: types { name }`)} } }`],
    ["itself", `{ ${times(16, (n) => `a${n}: __schema { types { name } }`)} }`],
    ["its name", `{ ${times(16, (n) => `a${n}: __typename`)} }`],
    [
      "types in a fragment, twice",
      `{ a: __schema { ...A } b: __schema { ...A } }
       fragment A on __Schema { ${times(7, (n) => `a${n}: types { name }`)} }`,
    ],
  ])("is asked for under 15 aliases and no more: %s", (_, query) => {
    expect(over(query)).toEqual(["aliases"]);
    expect(over(query.replace("a0: ", ""))).toEqual([]);
  });
});

describe("the text of an operation", () => {
  it("is measured quickly, however far its fragments would unfold", () => {
    const bomb = `{ ...F0 } ${times(200, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`)}
      fragment F200 on Query { agencies { edges { cursor } } }`;
    expect(over(bomb)).toEqual(["rootFields", "selections"]);
  });

  it("is measured to its end when its fragments go round in a circle", () => {
    expect(
      over(
        "{ ...A } fragment A on Query { ...B ...B } fragment B on Query { ...A agencies { edges { cursor } } }",
      ),
    ).toEqual([]);
  });

  it("is told every limit that it is over", () => {
    const parents = (depth: number): string =>
      depth === 0 ? "id" : `parent { ${parents(depth - 1)} }`;
    const query = times(16, (n) => `a${n}: agency(id: "1") { ${parents(7)} }`);
    expect(over(`{ ${query} }`)).toEqual(["depth", "aliases", "rootFields"]);
  });
});

describe("variables", () => {
  const isLight = (variables: object): boolean => {
    try {
      weigh(variables);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: "OPERATION_TOO_LARGE", details: { limit: "values" } });
      return false;
    }
  };
  const many = (count: number) => Array.from({ length: count }, (_, n) => n);

  it(`hold ${LIMITS.values} values, and not one more`, () => {
    expect(isLight({ list: many(LIMITS.values - 1) })).toBe(true);
    expect(isLight({ list: many(LIMITS.values) })).toBe(false);
  });

  it.each([
    ["in lists of lists", { list: many(40).map(() => many(25)) }],
    ["in objects", { object: Object.fromEntries(many(LIMITS.values).map((n) => [`k${n}`, null])) }],
    ["under many names", Object.fromEntries(many(LIMITS.values + 1).map((n) => [`v${n}`, true]))],
  ])("count values %s too", (_, variables) => {
    expect(isLight(variables)).toBe(false);
  });

  it("may be a long text, which is one value", () => {
    expect(isLight({ text: "x".repeat(100_000) })).toBe(true);
  });

  it.each(["[", '{"a":'])("are weighed however deep they are: %s", (opening) => {
    const closing = opening === "[" ? "]" : "}";
    const deep = (depth: number) =>
      JSON.parse(`{"deep":${opening.repeat(depth)}0${closing.repeat(depth)}}`) as object;
    expect(isLight(deep(LIMITS.values - 1))).toBe(true);
    expect(isLight(deep(20_000))).toBe(false);
  });
});
