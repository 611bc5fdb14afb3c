/** What the planner sees of a client's operation. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import {
  buildSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isListType,
  isObjectType,
  isRequiredArgument,
  Kind,
  parse,
  validate,
} from "graphql";
import type { GraphQLInputType, GraphQLObjectType, GraphQLSchema } from "graphql";
import { describe, expect, it } from "vitest";
import { normalise } from "../../gateway/normalise.ts";
import type { Canonical, Names } from "../../gateway/normalise.ts";

const schema = buildSchema(`
  type Query {
    agency(id: ID!): Agency
    agencies(first: Int = 20, after: String, kinds: [Kind!]): [Agency!]
    events: [Event!]
    things: [Thing]
    motto: String
  }
  type Mutation {
    close(id: ID!): Agency
    rename(id: ID!, name: String): Agency
    ring: String
  }
  enum Kind { CLINIC SHELTER }
  type Agency { id: ID! name(language: String): String parent: Agency }
  interface Event { id: ID! at(zone: String): String }
  interface Dated implements Event { id: ID! at(zone: String): String day: String }
  type Visit implements Event & Dated { id: ID! at(zone: String): String day: String agency: Agency }
  type Stay implements Event & Dated { id: ID! at(zone: String): String day: String agency: Agency }
  type Note implements Event { id: ID! at(zone: String): String text: String }
  union Thing = Agency | Visit | Note
`);

/**
 * Normalises a valid document's first operation.
 *
 * @param yes The variables that are true.
 */
const normalised = (
  query: string,
  of: GraphQLSchema = schema,
  yes: readonly string[] = [],
): Canonical => {
  const document = parse(query);
  expect(validate(of, document)).toEqual([]);
  const [definition] = document.definitions.filter((it) => it.kind === Kind.OPERATION_DEFINITION);
  const fragments = new Map(
    document.definitions.flatMap((it) =>
      it.kind === Kind.FRAGMENT_DEFINITION ? [[it.name.value, it] as const] : [],
    ),
  );
  if (!definition) throw new Error("there is no operation");
  return normalise(of, { definition, fragments }, (name) => yes.includes(name));
};
const textOf = (...given: Parameters<typeof normalised>): string | null =>
  normalised(...given).text;

describe("an operation in its normal form", () => {
  it.each([
    ["has no name", "query Mottos { motto }", "query{motto}"],
    ["has no alias of the client's", "{ a: motto }", "query{motto}"],
    ["asks once for what is asked twice", "{ motto a: motto motto }", "query{motto}"],
    [
      "has a name of its own for a field with arguments",
      `{ a: agency(id: "1") { b: parent { c: id } } }`,
      `query{__0_agency:agency(id:"1"){parent{id}}}`,
    ],
    [
      "has one name for the same arguments",
      `{ agency(id: "1") { a: name(language: "de") b: name(language: "de") } }`,
      `query{__0_agency:agency(id:"1"){__1_name:name(language:"de")}}`,
    ],
    [
      "asks as often for a thing as the client tells it apart, for a null in the one is none in the other",
      `{ a: agency(id: "1") { id } b: agency(id: "1") { name } a: agency(id: "1") { name } }`,
      `query{__0_agency:agency(id:"1"){id name} __1_agency:agency(id:"1"){name}}`,
    ],
    [
      "does so without arguments, too",
      "{ events { id } b: events { at } c: events { id } events { at } }",
      "query{events{id at} __0_events:events{at} __1_events:events{id}}",
    ],
    [
      "has two names for different arguments",
      `{ a: agency(id: "1") { id } b: agency(id: "2") { id } }`,
      `query{__0_agency:agency(id:"1"){id} __1_agency:agency(id:"2"){id}}`,
    ],
    [
      "has another name for arguments than for none",
      `{ agency(id: "1") { name german: name(language: "de") } }`,
      `query{__0_agency:agency(id:"1"){name __1_name:name(language:"de")}}`,
    ],
    [
      "has its arguments in the order of their names",
      "{ agencies(kinds: [CLINIC], first: 3) { id } }",
      "query{__0_agencies:agencies(first:3,kinds:[CLINIC]){id}}",
    ],
    [
      "has its variables by numbers",
      "query($size: Int, $from: String = null) { agencies(first: $size, after: $from) { id } }",
      "query($v0:String=null,$v1:Int){__0_agencies:agencies(after:$v0,first:$v1){id}}",
    ],
    [
      "has a variable in a list by its number too",
      "query($kind: Kind!) { agencies(kinds: [CLINIC, $kind]) { id } }",
      "query($v0:Kind!){__0_agencies:agencies(kinds:[CLINIC, $v0]){id}}",
    ],
    [
      "has no fragment that says nothing",
      "{ ... { motto } ... on Query { motto } }",
      "query{motto}",
    ],
    ["has no fragment by its name", "{ ...A } fragment A on Query { motto }", "query{motto}"],
    [
      "has no fragment for a type that is wider",
      "{ events { ... on Event { id } ... on Visit { ... on Dated { day } ... on Thing { __typename } } } }",
      "query{events{id __typename ... on Visit{day __typename}}}",
    ],
    [
      "keeps a fragment for a type that is narrower, and asks which type it is",
      "{ events { id ... on Visit { day } } }",
      "query{events{id __typename ... on Visit{day}}}",
    ],
    [
      "keeps a fragment for an interface, of a union too",
      "{ things { ... on Event { id } ... on Agency { id } } }",
      "query{things{__typename ... on Event{id} ... on Agency{id}}}",
    ],
    [
      "has one fragment for each type",
      "{ events { ... on Visit { id } ... on Stay { id } ...V } } fragment V on Visit { day }",
      "query{events{__typename ... on Visit{id day} ... on Stay{id}}}",
    ],
    [
      "has met the conditions of its own text",
      "{ motto @include(if: true) @skip(if: false) ... @include(if: false) { events { id } } }",
      "query{motto}",
    ],
    [
      "leaves nothing empty: it asks whether there is something",
      `{ agency(id: "1") { id @skip(if: true) parent { ... @include(if: false) { id } } } }`,
      `query{__0_agency:agency(id:"1"){parent{__typename}}}`,
    ],
    [
      "has no variable that nothing asks for any more",
      `query($id: ID!, $in: String) { motto agency(id: $id) @skip(if: true) { name(language: $in) } }`,
      "query{motto}",
    ],
    [
      "has no variable for what the schema alone is asked",
      "query($name: String!) { motto __type(name: $name) { name } }",
      "query{motto}",
    ],
    [
      "makes a change once for each name that the client has for it",
      `mutation { a: close(id: "1") { id } b: close(id: "1") { id } }`,
      `mutation{__0_close:close(id:"1"){id} __1_close:close(id:"1"){id}}`,
    ],
    [
      "makes a change without arguments as often, too",
      "mutation { ring again: ring }",
      "mutation{ring __0_ring:ring}",
    ],
    [
      "makes a change once that has one name twice, and asks for all of it",
      `mutation { close(id: "1") { id } ...A } fragment A on Mutation { close(id: "1") { name } }`,
      `mutation{__0_close:close(id:"1"){id name}}`,
    ],
    [
      "makes changes in the client's order",
      `mutation { b: rename(name: "B", id: "1") { id } a: close(id: "1") { parent { id } } }`,
      `mutation{__0_rename:rename(id:"1",name:"B"){id} __1_close:close(id:"1"){parent{id}}}`,
    ],
    ["is nothing where no subgraph need be asked", "{ __typename a: __typename }", null],
    ["is nothing where the schema is asked for itself", "{ __schema { types { name } } }", null],
    ["is nothing where all is left out", "{ motto @skip(if: true) }", null],
    [
      "holds what is of the subgraphs alone",
      `{ __typename motto __type(name: "Agency") { name } }`,
      "query{motto}",
    ],
  ])("%s", (_, query, text) => {
    expect(textOf(query)).toBe(text);
    if (text !== null) expect(validate(schema, parse(text))).toEqual([]);
  });

  it.each([
    [["yes"], "query{motto events{id}}"],
    [["no"], "query{agencies{__typename}}"],
    [["yes", "no"], "query{motto}"],
    [[], "query{events{id} agencies{id name}}"],
  ])("is without what its conditions leave out: with %j true", (yes, text) => {
    const query = `query($yes: Boolean!, $no: Boolean!) {
      motto @include(if: $yes) ...A @skip(if: $no) agencies @skip(if: $yes) { ... @skip(if: $no) { id name } }
    } fragment A on Query { events { id } }`;
    expect(textOf(query, schema, yes)).toBe(text);
    expect(validate(schema, parse(text))).toEqual([]);
  });
});

describe("operations that differ", () => {
  it.each([
    [
      "in aliases",
      `{ a: agency(id: "1") { b: name } c: motto }`,
      `{ agency(id: "1") { name } motto }`,
    ],
    [
      "in the names of variables",
      "query($a: Int, $b: String) { agencies(first: $a, after: $b) { id } }",
      "query($b: Int, $a: String) { agencies(first: $b, after: $a) { id } }",
    ],
    [
      "in the order of arguments",
      "{ agencies(first: 3, kinds: [CLINIC]) { id } }",
      "{ agencies(kinds: [CLINIC], first: 3) { id } }",
    ],
    [
      "in the order of arguments that are variables",
      "query($first: Int, $after: String) { agencies(first: $first, after: $after) { id } }",
      "query($first: Int, $after: String) { agencies(after: $after, first: $first) { id } }",
    ],
    [
      "in the order in which variables are declared",
      "query($first: Int, $after: String) { agencies(first: $first, after: $after) { id } }",
      "query($after: String, $first: Int) { agencies(first: $first, after: $after) { id } }",
    ],
    [
      "in how they are cut into fragments",
      "{ events { id ... on Visit { day agency { id name } } } motto }",
      `{ ...A motto } fragment A on Query { events { ...B ... on Visit { ... on Dated { day } } ...C } }
       fragment B on Event { id } fragment C on Visit { agency { id } ... { agency { name } } }`,
    ],
    ["in white space and commas", "{ motto events { id } }", "{motto,events{\n id\n}}"],
  ])("%s alone are one", (_, one, other) => {
    expect(textOf(one)).toBe(textOf(other));
  });

  it.each([
    ["in an argument", `{ agency(id: "1") { id } }`, `{ agency(id: "2") { id } }`],
    ["in the order of fields", "{ motto events { id } }", "{ events { id } motto }"],
    [
      "in which of two changes comes first",
      `mutation { close(id: "1") { id } ring }`,
      `mutation { ring close(id: "1") { id } }`,
    ],
    [
      "in the type of a variable",
      "query($kind: Kind!) { agencies(kinds: [$kind]) { id } }",
      "query($kind: Kind! = CLINIC) { agencies(kinds: [$kind]) { id } }",
    ],
  ])("%s are two", (_, one, other) => {
    expect(textOf(one)).not.toBe(textOf(other));
  });
});

describe("the client's own words", () => {
  it("are found again by the name that each field has", () => {
    const { names } = normalised(
      `{ a: agency(id: "1") { name } b: agency(id: "1") { german: name(language: "de") t: __typename } }`,
    );
    const told = ({ of }: Names) =>
      [...of].map(([{ alias, name }, canonical]) => [(alias ?? name).value, canonical]);
    expect(told(names)).toEqual([
      ["a", "__0_agency"],
      ["b", "__1_agency"],
    ]);
    expect([...names.below].map(([name, below]) => [name, told(below)])).toEqual([
      ["__0_agency", [["name", "name"]]],
      [
        "__1_agency",
        [
          ["german", "__2_name"],
          ["t", "__typename"],
        ],
      ],
    ]);
  });

  it("are found again for its variables", () => {
    const { variables } = normalised(
      "query($size: Int, $from: String) { agencies(after: $from, first: $size) { id } }",
    );
    expect([...variables]).toEqual([
      ["from", "v0"],
      ["size", "v1"],
    ]);
  });

  it("of what the schema is asked for stay, under the names that the answer has", () => {
    const { introspection, names } = normalised(
      `{ a: __schema { queryType { name } } b: __type(name: "Agency") { name } }`,
    );
    expect(introspection.map(({ alias, name }) => [alias?.value, name.value])).toEqual([
      ["__schema", "__schema"],
      ["__0___type", "__type"],
    ]);
    expect([...names.of.values()]).toEqual(["__schema", "__0___type"]);
  });
});

const api = buildSchema(readFileSync(new URL("../../schema/api.graphql", import.meta.url), "utf8"));

/** An argument's value: a text, or one of the operation's variables. */
type Value = string | { variable: number };

/** A field that is asked for, apart from how that is written down. */
interface Wish {
  field: string;
  on: string;
  args: [name: string, value: Value][];
  condition: [directive: "skip" | "include", variable: number] | undefined;
  below: Wish[];
}

interface Wishes {
  all: Wish[];
  /** The types of the variables, by their numbers. */
  types: string[];
}

/** Wishes, read off a tape of numbers; where it ends the simplest choice is made. */
const wishesOf = (tape: Uint8Array): Wishes => {
  let at = 0;
  const below = (limit: number): number => (tape[at++] ?? 0) % limit;
  const types: string[] = [];

  const literal = (type: GraphQLInputType): string => {
    const bare = getNullableType(type);
    if (isListType(bare)) return `[${literal(bare.ofType)}]`;
    if (isEnumType(bare)) return bare.getValues()[below(2)]?.name ?? "";
    if (getNamedType(bare).name === "Int") return String(below(3));
    if (getNamedType(bare).name === "Boolean") return String(below(2) === 1);
    return getNamedType(bare).name === "DateTime" ? '"2025-03-03T00:00:00Z"' : `"${below(3)}"`;
  };
  const value = (type: GraphQLInputType): Value => {
    if (below(3) > 0) return literal(type);
    const known = types.indexOf(String(type));
    const variable = known >= 0 && below(2) === 0 ? known : types.push(String(type)) - 1;
    return { variable };
  };
  const wish = (type: GraphQLObjectType, depth: number): Wish => {
    const fields = Object.values(type.getFields()).filter(
      (it) => depth > 0 || !isObjectType(getNamedType(it.type)),
    );
    const field = fields[below(fields.length)];
    if (!field)
      return { field: "__typename", on: type.name, args: [], condition: undefined, below: [] };
    const args = field.args
      .filter((it) => isRequiredArgument(it) || below(2) === 1)
      .map((it): [string, Value] => [it.name, value(it.type)]);
    const condition: Wish["condition"] =
      below(8) === 7 ? [below(2) ? "skip" : "include", types.push("Boolean!") - 1] : undefined;
    const of = getNamedType(field.type);
    return {
      field: field.name,
      on: type.name,
      args,
      condition,
      below: isObjectType(of) ? wishes(of, depth - 1) : [],
    };
  };
  const wishes = (type: GraphQLObjectType, depth: number): Wish[] =>
    Array.from({ length: 1 + below(3) }, () => wish(type, depth));

  const all = wishes(api.getQueryType() as GraphQLObjectType, 4);
  return { all, types };
};

/** How wishes are written down; each writing has names of its own, and an alias for each field. */
interface Hand {
  alias: (n: number) => string;
  variable: (n: number) => string;
  ordered: <Thing>(things: Thing[]) => Thing[];
  /** Puts a selection into words that change nothing. */
  wrap: (selection: string, on: string, n: number) => { text: string; fragment?: string };
}

const PLAIN: Hand = {
  alias: (n) => `a${n}`,
  variable: (n) => `a${n}`,
  ordered: (them) => them,
  wrap: (text) => ({ text }),
};
const OTHER: Hand = {
  alias: (n) => `name${1_000 - n}`,
  variable: (n) => `v${1_000 - n}`,
  ordered: (them) => them.toReversed(),
  wrap: (it, on, n) =>
    [
      { text: `... on ${on} @skip(if: false) { ${it} ... @skip(if: true) { __typename } }` },
      { text: `... { ... @include(if: true) { ${it} } }` },
      { text: `...F${n}`, fragment: `fragment F${n} on ${on} { ${it} }` },
      { text: `${it} ${it}` },
    ][n % 4] as { text: string },
};

const written = ({ all, types }: Wishes, { alias, variable, ordered, wrap }: Hand): string => {
  let made = 0;
  const fragments: string[] = [];
  const value = (it: Value) => (typeof it === "string" ? it : `$${variable(it.variable)}`);
  const selection = ({ field, on, args, condition, below }: Wish): string => {
    const n = made++;
    const given = ordered(args).map(([name, it]) => `${name}: ${value(it)}`);
    const directive = condition ? ` @${condition[0]}(if: $${variable(condition[1])})` : "";
    const set = below.length > 0 ? ` { ${below.map(selection).join(" ")} }` : "";
    const call = given.length > 0 ? `(${given.join(", ")})` : "";
    const { text, fragment } = wrap(`${alias(n)}: ${field}${call}${directive}${set}`, on, n);
    if (fragment) fragments.push(fragment);
    return text;
  };
  const set = all.map(selection).join(" ");
  const declared = ordered(types.map((type, n) => `$${variable(n)}: ${type}`)).join(", ");
  return `query${declared && `(${declared})`} { ${set} } ${fragments.join(" ")}`;
};

const wishes = fc.uint8Array({ maxLength: 120, size: "max" }).map(wishesOf);
const RUNS = { numRuns: 500, seed: 20250303 };

/** Every other condition is met. */
const formOf = (them: Wishes, hand: Hand): string | null => {
  const yes = them.types.map((_, n) => hand.variable(n)).filter((_, n) => n % 2 === 0);
  return textOf(written(them, hand), api, yes);
};

describe("whatever is asked of the graph", () => {
  it("has one normal form, which is an operation on the graph", () => {
    fc.assert(
      fc.property(wishes, (them) => {
        const text = formOf(them, PLAIN);
        expect(formOf(them, PLAIN)).toBe(text);
        if (text !== null) expect(validate(api, parse(text))).toEqual([]);
      }),
      RUNS,
    );
  });

  it("has the same normal form however it is written down", () => {
    fc.assert(
      fc.property(wishes, (them) => {
        expect(formOf(them, OTHER)).toBe(formOf(them, PLAIN));
      }),
      RUNS,
    );
  });
});
