/** From what was collected to what the client is told, as GraphQL has it. */
import fc from "fast-check";
import { buildSchema, executeSync, Kind, parse, validate } from "graphql";
import type { GraphQLSchema } from "graphql";
import { describe, expect, it } from "vitest";
import { normalise } from "../../gateway/normalise.ts";
import { shapeOf } from "../../gateway/shape.ts";
import type { Misfit, Shape } from "../../gateway/shape.ts";

const HIDDEN: ReadonlySet<unknown> = new Set(["DRILL", "Draft"]);

/**
 * The shape of a valid document's only operation, and what is collected for it.
 *
 * @param yes The variables that are true.
 */
const shaped = (schema: GraphQLSchema, query: string, yes: readonly string[] = []) => {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const [definition] = document.definitions.filter((it) => it.kind === Kind.OPERATION_DEFINITION);
  const fragments = new Map(
    document.definitions.flatMap((it) =>
      it.kind === Kind.FRAGMENT_DEFINITION ? [[it.name.value, it] as const] : [],
    ),
  );
  if (!definition) throw new Error("there is no operation");
  const operation = { definition, fragments };
  const holds = (name: string) => yes.includes(name);
  const { names, text } = normalise(schema, operation, holds);
  const isHidden = (_: string, member: unknown) => HIDDEN.has(member);
  return { shape: shapeOf({ schema, isHidden }, operation, names, holds), text: text ?? "" };
};

/** What is written, and what did not fit. */
const written = (shape: Shape, data: Record<string, unknown>) => {
  const misfits: Misfit[] = [];
  const text = shape.write(data, misfits);
  return { text, data: JSON.parse(text) as unknown, misfits };
};

const asJson = (paths: readonly unknown[]) => paths.map((it) => JSON.stringify(it)).toSorted();

describe("a null where none may be", () => {
  const SDL = `
    type Query {
      thing: Thing
      sure: Thing!
      things: [Thing]
      sures: [Thing!]
      surest: [Thing!]!
      grid: [[Thing!]!]
      numbers: [[Int!]]
      matrix: [[Int!]!]!
    }
    type Thing {
      name: String
      code: String!
      inner: Thing
      sure: Thing!
      words: [String!]
      inners: [[Thing!]]
    }
  `;
  const schema = buildSchema(SDL);
  /** In which a null may be anywhere: what comes from subgraphs. */
  const lenient = buildSchema(SDL.replaceAll("!", ""));

  /** What is told of this data, and what graphql-js tells of it. */
  const toldOf = (query: string, data: Record<string, unknown>) => {
    const { shape, text } = shaped(schema, query);
    const collected = executeSync({ schema: lenient, document: parse(text), rootValue: data });
    const told = written(shape, collected.data as Record<string, unknown>);
    const truth = executeSync({ schema, document: parse(query), rootValue: data });
    const nulls = told.misfits.filter(({ why }) => why === "NULL").map(({ path }) => path);
    return {
      told: { text: told.text, nulls: asJson(nulls), misfits: told.misfits.length },
      truth: {
        text: JSON.stringify(truth.data),
        nulls: asJson((truth.errors ?? []).map(({ path }) => path)),
        misfits: truth.errors?.length ?? 0,
      },
    };
  };

  it.each<[string, string, Record<string, unknown>]>([
    ["is none where one may be", "{ thing { name } things { name } }", { thing: null }],
    ["takes its object along", "{ thing { name code } }", { thing: { name: "a", code: null } }],
    ["that is not even there does too", "{ thing { name code } }", { thing: { name: "a" } }],
    [
      "takes only what cannot be null along",
      "{ thing { inner { inner { code } } name } }",
      { thing: { inner: { inner: { code: null } }, name: "a" } },
    ],
    [
      "takes along all that cannot be null",
      "{ thing { inner { sure { sure { code } } } name } }",
      { thing: { inner: { sure: { sure: {} } }, name: "a" } },
    ],
    [
      "takes all of the data along",
      "{ sure { sure { code } } thing { name } }",
      { sure: { sure: {} } },
    ],
    ["at the root does", "{ sure { name } thing { name } }", { thing: { name: "a" } }],
    ["in a list leaves the others", "{ things { code } }", { things: [{ code: "a" }, {}, null] }],
    [
      "in a list of what must be takes the list",
      "{ sures { name } }",
      { sures: [{ name: "a" }, null] },
    ],
    [
      "below a list of what must be takes the list",
      "{ sures { code } things { code } }",
      { sures: [{ code: "a" }, {}], things: [{}, { code: "b" }, {}] },
    ],
    [
      "in a list that must be takes what the list stands in",
      "{ surest { name } thing { name } }",
      { surest: [null], thing: { name: "a" } },
    ],
    [
      "in a list of lists takes the inner one, and then the outer one",
      "{ grid { name } numbers }",
      { grid: [[{ name: "a" }], [null]], numbers: [[1, null], [2], null] },
    ],
    ["in a list of lists that must be takes all", "{ matrix }", { matrix: [[1], [2, null]] }],
    ["is told once for each null", "{ thing { code sure { code } } }", { thing: {} }],
    [
      "is told under each alias",
      "{ a: thing { b: code } c: thing { name d: code } }",
      { thing: { name: "a" } },
    ],
    [
      "is told with the client's own words and positions",
      "{ all: things { mine: inners { its: code } } }",
      { things: [null, { inners: [[{ code: "a" }], [{ code: "b" }, {}], null] }] },
    ],
    ["in a list of words takes the list", "{ thing { words } }", { thing: { words: ["a", null] } }],
    [
      "is none where nothing was asked for",
      "{ thing { name } }",
      { thing: { name: "a", code: null } },
    ],
    [
      "in an empty list there is not",
      "{ surest { code } grid { code } }",
      { surest: [], grid: [[]] },
    ],
  ])("%s", (_, query, data) => {
    const { told, truth } = toldOf(query, data);
    expect(told).toEqual(truth);
  });

  const { data } = fc.letrec((tie) => ({
    words: fc.array(fc.option(fc.string({ maxLength: 3 }), { freq: 9 }), { maxLength: 3 }),
    thing: fc.record(
      {
        name: fc.option(fc.string({ maxLength: 3 })),
        code: fc.option(fc.string({ maxLength: 3 }), { freq: 9 }),
        inner: tie("maybe"),
        sure: tie("mostly"),
        words: fc.option(tie("words")),
        inners: tie("grid"),
      },
      { requiredKeys: ["code"] },
    ),
    maybe: fc.option(tie("thing"), { depthSize: "small" }),
    mostly: fc.option(tie("thing"), { depthSize: "medium", freq: 9 }),
    list: fc.option(fc.array(tie("mostly"), { maxLength: 3 }), { freq: 9 }),
    grid: fc.option(fc.array(tie("list"), { maxLength: 3 }), { freq: 9 }),
    numbers: fc.option(
      fc.array(
        fc.option(fc.array(fc.option(fc.nat(), { freq: 9 }), { maxLength: 3 }), { freq: 9 }),
        {
          maxLength: 3,
        },
      ),
      { freq: 9 },
    ),
    data: fc.record(
      {
        thing: tie("maybe"),
        sure: tie("mostly"),
        things: tie("list"),
        sures: tie("list"),
        surest: tie("list"),
        grid: tie("grid"),
        numbers: tie("numbers"),
        matrix: tie("numbers"),
      },
      { requiredKeys: [] },
    ),
  }));
  const FRAGMENTS = `
    fragment T on Thing { name b: code words inner { c: code sure { code inner { name } } } sure { ...U } inners { ...U } }
    fragment U on Thing { code d: inner { name code } sure { name } }
  `;

  it("takes along what graphql-js takes along, whatever there is", () => {
    const parts = ["thing", "sure", "things", "sures", "surest", "grid"].map(
      (field) => `x: ${field} { ...T } ${field} { name ...U }`,
    );
    fc.assert(
      fc.property(data, fc.constantFrom(...parts), (root, part) => {
        for (const beside of ["numbers", "matrix"]) {
          const query = `{ ${part} ${beside} } ${FRAGMENTS}`;
          const { told, truth } = toldOf(query, root as Record<string, unknown>);
          expect(told).toEqual(truth);
        }
      }),
      { numRuns: 300, seed: 20250303 },
    );
  });
});

describe("a value", () => {
  const schema = buildSchema(`
    type Query {
      int: Int float: Float id: ID boolean: Boolean string: String kind: Kind any: Any
      thing: Thing list: [Int] sure: Kind! event: Event
    }
    enum Kind { CLINIC SHELTER }
    scalar Any
    type Thing { name: String }
    interface Event { id: ID }
    type Visit implements Event { id: ID }
  `);
  const write = (field: string, value: unknown) => {
    const query = `{ ${field}${["thing", "event"].includes(field) ? " { __typename }" : ""} }`;
    const { text, misfits } = written(shaped(schema, query).shape, { [field]: value });
    return { text: text.slice(`{"${field}":`.length, -1), misfits };
  };

  it.each([
    ["int", 0, "0"],
    ["int", -0, "0"],
    ["int", 2 ** 31 - 1, "2147483647"],
    ["int", -(2 ** 31), "-2147483648"],
    ["float", 0.1, "0.1"],
    ["float", -1.5e300, "-1.5e+300"],
    ["float", 7, "7"],
    ["id", "p-1", `"p-1"`],
    ["id", "", `""`],
    ["id", 7, `"7"`],
    ["id", 2 ** 53 - 1, `"9007199254740991"`],
    ["boolean", true, "true"],
    ["boolean", false, "false"],
    ["string", "", `""`],
    ["kind", "CLINIC", `"CLINIC"`],
    ["any", "2025-03-03T00:00:00Z", `"2025-03-03T00:00:00Z"`],
    ["any", { a: [1, null, "b"] }, `{"a":[1,null,"b"]}`],
    ["any", 0, "0"],
    ["any", false, "false"],
    ["list", [], "[]"],
    ["list", [1, null], "[1,null]"],
    ["thing", {}, `{"__typename":"Thing"}`],
    ["thing", { __typename: "Visit" }, `{"__typename":"Thing"}`],
    ["string", null, "null"],
    ["string", undefined, "null"],
  ])("of %s that is %j is written %s", (field, value, text) => {
    expect(write(field, value)).toEqual({ text, misfits: [] });
  });

  it.each<[string, unknown[]]>([
    ["int", [2 ** 31, -(2 ** 31) - 1, 1.5, NaN, Infinity, "1", true, {}, [1]]],
    ["float", [NaN, Infinity, -Infinity, "1.5", true, {}, []]],
    ["id", [2 ** 53, 1.5, NaN, true, {}, ["p-1"]]],
    ["boolean", ["true", "false", 0, 1, {}, []]],
    ["string", [1, true, {}, ["a"]]],
    ["kind", ["clinic", "HOSPITAL", "", 0, {}, ["CLINIC"], "constructor", "__proto__", "toString"]],
    ["thing", ["a thing", 1, true, [], [{}]]],
    ["list", [1, "1", {}, { length: 1, 0: 1 }]],
    [
      "event",
      ["a visit", 1, [], { __typename: "Thing" }, { __typename: 1 }, { __typename: "toString" }],
    ],
  ])("of %s that is none of its type's is null, and is told of", (field, values) => {
    for (const value of values)
      expect(write(field, value)).toEqual({
        text: "null",
        misfits: [{ path: [field], why: "VALUE" }],
      });
  });

  it("that is none is told of once where it makes its parent null, too", () => {
    const { data, misfits } = written(shaped(schema, "{ a: sure int }").shape, { sure: 1, int: 1 });
    expect(data).toBeNull();
    expect(misfits).toEqual([{ path: ["a"], why: "VALUE" }]);
  });

  it("that clients may not know of is null, and not a word", () => {
    expect(write("kind", "DRILL")).toEqual({ text: "null", misfits: [] });
    expect(write("event", { __typename: "Draft" })).toEqual({ text: "null", misfits: [] });
  });

  it("that clients may not know of, where there must be one, is told of as a null", () => {
    const { data, misfits } = written(shaped(schema, "{ sure }").shape, { sure: "DRILL" });
    expect(data).toBeNull();
    expect(misfits).toEqual([{ path: ["sure"], why: "NULL" }]);
  });

  it("of a scalar of the graph's own that is too deep to be written is none", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`) as unknown;
    expect(write("any", deep)).toEqual({
      text: "null",
      misfits: [{ path: ["any"], why: "VALUE" }],
    });
  });

  it.each([
    ["controls", "\u0000\u0007\b\t\n\f\r\u001b\u001f\u007f"],
    ["quotes and backslashes", `"\\"\\u0041`],
    ["separators of lines", "\u2028\u2029\u0085"],
    ["whole characters of two halves", "\ud83d\ude00"],
    ["halves of characters", "\ud83d a \ude00 \ude00\ud83d"],
    ["what is no character", "\ufeff\uffff\ufffe"],
    ["a script", "</script><!--"],
  ])("that is a text with %s is written as JSON", (_, text) => {
    for (const field of ["string", "id", "any"])
      expect(write(field, text).text).toBe(JSON.stringify(text));
  });

  it("that is any text is written as JSON", () => {
    const halves = fc.array(fc.nat({ max: 0xff_ff })).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(fc.oneof(halves, fc.string({ unit: "binary" }), fc.string()), (text) => {
        for (const field of ["string", "id"])
          expect(write(field, text).text).toBe(JSON.stringify(text));
      }),
      { numRuns: 2_000, seed: 20250303 },
    );
  });

  it("that is any number is written as JSON, if it may stand there", () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()), (number) => {
        const { text, misfits } = write("float", number);
        expect(text).toBe(JSON.stringify(number));
        expect(misfits).toHaveLength(Number.isFinite(number) ? 0 : 1);
        const isInt = Number.isInteger(number) && number >= -(2 ** 31) && number < 2 ** 31;
        expect(write("int", number).text).toBe(isInt ? JSON.stringify(number) : "null");
      }),
      { numRuns: 1_000, seed: 20250303 },
    );
  });
});

describe("an object of one of several types", () => {
  const schema = buildSchema(`
    type Query { events: [Event] things: [Thing] }
    interface Event { id: ID }
    interface Dated implements Event { id: ID day: String }
    type Visit implements Event & Dated { id: ID day: String reason: String! }
    type Stay implements Event & Dated { id: ID day: String nights: Int }
    type Note implements Event { id: ID text: String }
    union Thing = Visit | Note
  `);
  const write = (query: string, data: Record<string, unknown>) => {
    const { data: told, misfits } = written(shaped(schema, query).shape, data);
    return { ...(told as object), misfits };
  };

  it("is written with the fields of its type, in the client's order", () => {
    const query = `{
      events { ... on Visit { reason } ... on Dated { day } kind: __typename id ... on Note { text id } ...S }
    } fragment S on Stay { length: nights }`;
    expect(
      write(query, {
        events: [
          { __typename: "Visit", id: "1", day: "Monday", reason: "a fall", nights: 3 },
          { __typename: "Stay", id: "2", day: null, nights: 3, text: "none" },
          { __typename: "Note", id: "3", text: "slept well" },
        ],
      }),
    ).toEqual({
      events: [
        { reason: "a fall", day: "Monday", kind: "Visit", id: "1" },
        { day: null, kind: "Stay", id: "2", length: 3 },
        { kind: "Note", id: "3", text: "slept well" },
      ],
      misfits: [],
    });
  });

  it("is an empty object where nothing is asked of its type", () => {
    const query = "{ things { ... on Note { text } } }";
    expect(write(query, { things: [{ __typename: "Visit" }] })).toEqual({
      things: [{}],
      misfits: [],
    });
  });

  it("must have what its type must have", () => {
    const query = "{ events { id ... on Visit { reason } } }";
    const [visit, note] = [
      { __typename: "Visit", id: "1" },
      { __typename: "Note", id: "2" },
    ];
    expect(write(query, { events: [visit, note] })).toEqual({
      events: [null, { id: "2" }],
      misfits: [{ path: ["events", 0, "reason"], why: "NULL" }],
    });
  });

  it("is none where clients do not know its type, and is told of where nobody does", () => {
    const query = "{ events { id } }";
    const events = ["Draft", "Visit", "Secret"].map((it) => ({ __typename: it, id: it }));
    expect(write(query, { events })).toEqual({
      events: [null, { id: "Visit" }, null],
      misfits: [{ path: ["events", 2], why: "VALUE" }],
    });
  });

  it.each([[{ id: "1" }], [{ __typename: "Event", id: "1" }]])(
    "that is known by its interface alone is served where no more is asked: %j",
    (event) => {
      expect(write("{ events { id ... on Event { also: id } } }", { events: [event] })).toEqual({
        events: [{ id: "1", also: "1" }],
        misfits: [],
      });
      expect(write("{ events { id ... on Visit { reason } } }", { events: [event] })).toEqual({
        events: [null],
        misfits: [{ path: ["events", 0], why: "VALUE" }],
      });
      expect(write("{ events { id kind: __typename } }", { events: [event] })).toEqual({
        events: [null],
        misfits: [{ path: ["events", 0, "kind"], why: "NULL" }],
      });
    },
  );
});

describe("what a client asked for", () => {
  const agency = (id: string): object => ({
    id,
    name: ({ language = "en" }: { language?: string }) => `${id} (${language})`,
    parent: () => (id.length < 4 ? agency(`${id}${id}`) : null),
    branches: ({ first }: { first: number }) =>
      Array.from({ length: first }, (_, n) => agency(`${id}${n}`)),
  });
  const schema = buildSchema(`
    type Query { agency(id: ID!): Agency motto: String }
    type Agency { id: ID! name(language: String): String parent: Agency branches(first: Int = 2): [Agency!]! }
  `);
  const root = { agency: ({ id }: { id: string }) => agency(id), motto: () => "together" };

  it.each([
    ["in its own order", `{ motto agency(id: "a") { parent { id } id } }`],
    [
      "in the order in which it first stands",
      `{ agency(id: "a") { id } motto agency(id: "a") { name } }`,
    ],
    [
      "under its own names",
      `{ id: motto motto: agency(id: "a") { parent: id id: parent { name: id id: name } } }`,
    ],
    [
      "with different arguments side by side",
      `{ a: agency(id: "a") { name(language: "de") } agency(id: "b") { a: name(language: "fr") b: name name(language: "de") } }`,
    ],
    [
      "with the same arguments twice, and with other fields",
      `{ a: agency(id: "a") { id } b: agency(id: "a") { name parent { id } } }`,
    ],
    [
      "in fragments",
      `{ ...Q } fragment Q on Query { agency(id: "a") { ...A ... { parent { ...A } } } }
       fragment A on Agency { id branches { id ...B } } fragment B on Agency { all: branches(first: 1) { name } id }`,
    ],
    [
      "but what its text leaves out",
      `{ motto @skip(if: true) agency(id: "a") { id @include(if: false) parent { id @skip(if: true) } } }`,
    ],
    ["and its types' names", `{ __typename a: agency(id: "a") { t: __typename __typename } }`],
  ])("is told %s", (_, query) => {
    const { shape, text } = shaped(schema, query);
    const collected = executeSync({ schema, document: parse(text), rootValue: root });
    const truth = executeSync({ schema, document: parse(query), rootValue: root });
    expect(truth.errors).toBeUndefined();
    expect(written(shape, JSON.parse(JSON.stringify(collected.data)) as object as never)).toEqual({
      text: JSON.stringify(truth.data),
      data: JSON.parse(JSON.stringify(truth.data)),
      misfits: [],
    });
  });

  it.each([[["yes"]], [["no"]], [["yes", "no"]], [[]]])(
    "is told but what its conditions leave out: with %j true",
    (yes) => {
      const query = `query($yes: Boolean!, $no: Boolean!) {
        motto @include(if: $yes)
        agency(id: "a") @skip(if: $no) { id ... @include(if: $yes) { name } ...A @skip(if: $yes) }
      } fragment A on Agency { parent { id @include(if: $no) } }`;
      const variableValues = { yes: yes.includes("yes"), no: yes.includes("no") };
      const { shape, text } = shaped(schema, query, yes);
      const collected = text && executeSync({ schema, document: parse(text), rootValue: root });
      const truth = executeSync({
        schema,
        document: parse(query),
        rootValue: root,
        variableValues,
      });
      expect(written(shape, collected ? (collected.data ?? {}) : {}).text).toBe(
        JSON.stringify(truth.data),
      );
    },
  );
});

describe("the place of an error", () => {
  const schema = buildSchema(`
    type Query { agency(id: ID!): Agency agencies: [[Agency]] event: Event }
    type Agency { name: String code: String parent: Agency words: [String] }
    interface Event { by: Agency }
    type Visit implements Event { by: Agency room: Agency }
    type Stay implements Event { by: Agency room: Agency }
  `);

  it.each<[string, string, (string | number)[], (string | number)[][], boolean]>([
    ["that is of everything is everything", "{ agencies { name } }", [], [[]], true],
    ["is in the client's words", "{ all: agencies { x: name } }", ["agencies"], [["all"]], true],
    [
      "is under each alias of a leaf",
      "{ a: agencies { x: name y: name name } b: agencies { code } }",
      ["agencies", 1, 0, "name"],
      [
        ["a", 1, 0, "x"],
        ["a", 1, 0, "y"],
        ["a", 1, 0, "name"],
      ],
      true,
    ],
    [
      "is found by the arguments",
      `{ a: agency(id: "1") { name } b: agency(id: "2") { name } }`,
      ["__1_agency", "name"],
      [["b", "name"]],
      true,
    ],
    [
      "is in the one of two things that are the same, and asked for twice",
      "{ a: agencies { name } b: agencies { name } }",
      ["__0_agencies", 1, 0, "name"],
      [["b", 1, 0, "name"]],
      true,
    ],
    ["may be an item", "{ all: agencies { name } }", ["agencies", 3, 1], [["all", 3, 1]], true],
    [
      "may be an item of a leaf",
      `{ a: agency(id: "1") { its: words } }`,
      ["__0_agency", "words", 2],
      [["a", "its", 2]],
      true,
    ],
    [
      "of what was fetched for others alone is what it stands in",
      "{ all: agencies { name } }",
      ["agencies", 0, 1, "code"],
      [["all", 0, 1]],
      false,
    ],
    [
      "below that too",
      `{ a: agency(id: "1") { mother: parent { name } } }`,
      ["__0_agency", "parent", "parent", "parent", "code"],
      [["a", "mother"]],
      false,
    ],
    [
      "below a leaf is the leaf",
      `{ a: agency(id: "1") { its: name } }`,
      ["__0_agency", "name", "first"],
      [["a", "its"]],
      false,
    ],
    [
      "of nothing that was asked for is of everything",
      "{ agencies { name } }",
      ["secrets"],
      [[]],
      false,
    ],
    [
      "is under the aliases of each type that may stand there",
      "{ event { ... on Visit { a: room { name } } ... on Stay { a: room { x: name } } } }",
      ["event", "room", "name"],
      [
        ["event", "a", "name"],
        ["event", "a", "x"],
      ],
      true,
    ],
    [
      "is one place where types agree",
      "{ event { ... on Visit { a: room { name } } ... on Stay { a: room { name } } } }",
      ["event", "room", "name"],
      [["event", "a", "name"]],
      true,
    ],
  ])("%s", (_, query, path, paths, whole) => {
    const { shape } = shaped(schema, query);
    expect(shape.places(path)).toEqual({ paths, whole });
  });
});
