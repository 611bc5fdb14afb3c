/**
 * Operations that a client may send, made up: each is read off a tape of numbers, and where the tape ends the simplest
 * choice is made, so that a shorter tape is a simpler operation.
 */
import fc from "fast-check";
import {
  doTypesOverlap,
  getNamedType,
  getNullableType,
  GraphQLNonNull,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
  Kind,
  parse,
  validate,
} from "graphql";
import type {
  DocumentNode,
  FragmentDefinitionNode,
  GraphQLArgument,
  GraphQLCompositeType,
  GraphQLField,
  GraphQLInputType,
  GraphQLSchema,
  SelectionSetNode,
} from "graphql";
import { LIMITS } from "../../../gateway/limits.ts";

/** What a client sends. */
export interface Operation {
  query: string;
  variables: Record<string, unknown>;
}

/** Names that no client should be able to make anything of: of keys and inputs, hidden ones too, and of JavaScript. */
const NAMES = [
  "id number name nickname diagnosis consent score priority events place born ref region",
  "sealed stamp owner nights opened places town _entities representations constructor toString a b c",
].flatMap((line) => line.split(" "));

/** Values by argument and input field, by those of one field first, and else by type. */
const SAMPLES: Record<string, readonly unknown[]> = {
  "person.id": ["p-1", "p-4", "p-3", "p-2", "p-9"],
  "visit.id": ["v-2", "v-4", "v-1", "v-3", "v-bad", "v-9"],
  "note.id": ["n-1", "n-2", "n-3", "n-9"],
  "service.id": ["s-1", "s-2", "s-3", "s-4"],
  "agency.id": ["a-1", "a-3", "a-2"],
  ids: ["p-1", "p-2", "p-3"],
  region: ["east", "west", "north"],
  word: ["Brook", "a", "nobody"],
  town: ["Ashby", "Brook"],
  person: ["p-1", "p-2", "p-gone"],
  visit: ["v-1", "v-bad", "v-4"],
  number: ["N-1", "N-4", "N-gone"],
  about: ["p-1", "p-gone"],
  first: [2, 1, 3, 4, 0],
  Int: [7, 0, -3],
  Float: [2.5, 50, 0],
  String: ["GRANTED", "gout", 'a "quoted" \\ \n line', "\u2028 \u00e9\ud83d\ude00"],
  ID: ["p-1", "x"],
  Boolean: [true, false],
  Day: ["2025-01-01", "1970-01-01"],
  Json: [{ a: [1, null, { id: "b" }], c: "d" }, [], "text", 1.5, false],
};

/**
 * What is asked for by hand alone, for what the planner (@apollo/query-planner 2.14.4) makes of it. All of it has to do
 * with `@interfaceObject`, where a subgraph takes an interface for one type.
 *
 * A field of such a type that requires others, here `Service.advice`:
 *
 * - `{ services { rating ... on Transport { advice } } }` is one fetch of both, with what `advice` requires for every
 *   service; but only of a Transport is it collected, and so the others are not asked for their `rating` either.
 * - `{ offers { ... on Service { places ... on Transport { name } ... on Housing { advice } } } }` takes the key of a
 *   service and what `advice` requires apart, by fragments on different types, and asks for things without a key.
 * - `{ stays { service { ... on Housing { advice } } } }`, from one such subgraph to another, leads the planner in a circle
 *   in which it takes memory until there is none.
 *
 * A union within such a type: `{ bestServices { ... on Offer { __typename } } }` fails an assertion of the planner's
 * ("We should have an edge from Service(care) for __typename").
 */
const KEPT_OUT: ReadonlySet<string> = new Set([
  ..."Service Housing Treatment Transport".split(" ").map((type) => `${type}.advice`),
  "Service > Offer",
]);

const MOST_SELECTIONS = 30;
const MOST_ALIASES = 12;
const DEPTH = 4;

/** The fields that stand in one object of an answer, by response name. */
type Level = Map<string, { of: string; what: string; below: Level }>;

interface Fragment {
  name: string;
  on: GraphQLCompositeType;
  depth: number;
  text: string;
}

/** Reads an operation off a tape. It may yet be one that GraphQL refuses. */
const read = (schema: GraphQLSchema, tape: Uint8Array): Operation => {
  let at = 0;
  const below = (limit: number): number => (tape[at++] ?? 0) % limit;
  const oneIn = (count: number): boolean => below(count) === count - 1;
  const of = <Thing>(things: readonly Thing[]): Thing => things[below(things.length)] as Thing;

  const composites = Object.values(schema.getTypeMap()).filter(
    (type) => isCompositeType(type) && !type.name.startsWith("__"),
  ) as GraphQLCompositeType[];
  const fragments: Fragment[] = [];
  const declared = new Map<string, string>();
  const variables: Record<string, unknown> = {};
  let selections = MOST_SELECTIONS;
  let aliases = MOST_ALIASES;
  let made = 0;

  const mayNarrow = (type: GraphQLCompositeType, to: GraphQLCompositeType): boolean =>
    doTypesOverlap(schema, type, to) && !KEPT_OUT.has(`${type.name} > ${to.name}`);

  const samplesOf = (type: GraphQLInputType, name: string, field: string): readonly unknown[] =>
    SAMPLES[`${field}.${name}`] ?? SAMPLES[name] ?? SAMPLES[getNamedType(type).name] ?? [];

  /** A value as it is sent in variables. */
  const value = (type: GraphQLInputType, name: string, field: string): unknown => {
    if (!isNonNullType(type) && oneIn(6)) return null;
    const bare = getNullableType(type);
    if (isListType(bare))
      return Array.from({ length: below(3) }, () => value(bare.ofType, name, field));
    if (isEnumType(bare)) return of(bare.getValues()).name;
    if (!isInputObjectType(bare)) return of(samplesOf(bare, name, field));
    return Object.fromEntries(
      Object.values(bare.getFields())
        .filter((it) => isRequiredArgument(it as GraphQLArgument) || oneIn(2))
        .map((it) => [it.name, value(it.type, it.name, bare.name)]),
    );
  };

  /** A value as it is written in a document. */
  const written = (it: unknown, type?: GraphQLInputType): string => {
    const bare = type && getNullableType(type);
    const inner = bare && isListType(bare) ? bare.ofType : undefined;
    if (Array.isArray(it)) return `[${it.map((one) => written(one, inner)).join(" ")}]`;
    if (isEnumType(bare) && typeof it === "string") return it;
    if (typeof it !== "object" || it === null) return JSON.stringify(it);
    const fields = isInputObjectType(bare) ? bare.getFields() : {};
    return `{${Object.entries(it)
      .map(([key, one]) => `${key}: ${written(one, fields[key]?.type)}`)
      .join(" ")}}`;
  };

  /** A variable, with or without a default, given or not, for a place that takes this type. */
  const variable = (
    type: GraphQLInputType,
    name: string,
    field: string,
    hasDefault: boolean,
  ): string => {
    const known = [...declared].filter(([, its]) => its.startsWith(`${type}`)).map(([it]) => it);
    if (known.length > 0 && oneIn(3)) return `$${of(known)}`;
    const fresh = `${of(["v", "id", "first"])}${made++}`;
    const bare = getNullableType(type);
    const withDefault = oneIn(3);
    const isNonNull = isNonNullType(type) ? !((withDefault || hasDefault) && oneIn(2)) : oneIn(4);
    const its = isNonNull ? new GraphQLNonNull(bare) : bare;
    const otherwise = withDefault ? ` = ${written(value(its, name, field), bare)}` : "";
    declared.set(fresh, `${its}${otherwise}`);
    const mayBeLeftOut = withDefault || !isNonNull;
    // A null for a place that takes none is given by hand alone: of a thing that is not there it is an error to a server,
    // which reads arguments first, and none to a gateway, which looks for the thing first.
    if (!(mayBeLeftOut && oneIn(2)))
      variables[fresh] = value(isNonNullType(type) ? type : its, name, field);
    return `$${fresh}`;
  };

  /** A value or a variable, or a value with variables in it. */
  const given = (
    type: GraphQLInputType,
    name: string,
    field: string,
    hasDefault: boolean,
  ): string => {
    if (oneIn(3)) return variable(type, name, field, hasDefault);
    const bare = getNullableType(type);
    if (!isInputObjectType(bare) || oneIn(2)) return written(value(type, name, field), type);
    return `{${Object.values(bare.getFields())
      .filter((it) => isRequiredArgument(it as GraphQLArgument) || oneIn(2))
      .map(
        (it) => `${it.name}: ${given(it.type, it.name, bare.name, it.defaultValue !== undefined)}`,
      )
      .join(" ")}}`;
  };

  const argumentsOf = (field: GraphQLField<unknown, unknown>): string => {
    const texts = field.args
      .filter((it) => isRequiredArgument(it) || oneIn(2))
      .map(
        (it) => `${it.name}: ${given(it.type, it.name, field.name, it.defaultValue !== undefined)}`,
      );
    return texts.length > 0 ? `(${texts.join(" ")})` : "";
  };

  const condition = (): string => {
    if (oneIn(2)) return String(oneIn(2));
    const known = [...declared].filter(([, type]) => type.startsWith("Boolean")).map(([it]) => it);
    if (known.length > 0 && oneIn(2)) return `$${of(known)}`;
    const fresh = `if${made++}`;
    const type = of(["Boolean!", "Boolean! = true", "Boolean = false"]);
    declared.set(fresh, type);
    if (type === "Boolean!" || oneIn(2)) variables[fresh] = oneIn(2);
    return `$${fresh}`;
  };
  const directives = (): string => {
    const skip = oneIn(9) ? ` @skip(if: ${condition()})` : "";
    return oneIn(9) ? `${skip} @include(if: ${condition()})` : skip;
  };

  /** An alias, or none; one that is taken in this object for something else is made another. */
  const responseName = (type: GraphQLCompositeType, field: string, level: Level, what: string) => {
    const own = isUnionType(type) ? [] : Object.keys(type.getFields());
    let name = aliases > 0 && oneIn(3) ? of(oneIn(2) ? NAMES : [...own, "a"]) : field;
    const there = level.get(name);
    const isOther = there && there.what !== what;
    // Objects of two types are never one object.
    const isApart = isObjectType(type) && there && there.of !== type.name && oneIn(2);
    if (isOther && !isApart) name = `f${made++}`;
    if (name !== field) aliases--;
    const entry = level.get(name) ?? { of: type.name, what, below: new Map() as Level };
    level.set(name, entry);
    return { alias: name === field ? "" : `${name}: `, below: entry.below };
  };

  const field = (type: GraphQLCompositeType, level: Level, depth: number): string => {
    const fields = isUnionType(type) ? [] : Object.values(type.getFields());
    const fitting = fields.filter(
      (it) =>
        (depth > 1 || isLeafType(getNamedType(it.type))) &&
        !KEPT_OUT.has(`${type.name}.${it.name}`),
    );
    if (fitting.length === 0 || oneIn(12)) {
      const { alias } = responseName(type, "__typename", level, "__typename");
      return `${alias}__typename${directives()}`;
    }
    const chosen = of(fitting);
    const what = `${chosen.name}${argumentsOf(chosen)}`;
    const { alias, below } = responseName(type, chosen.name, level, `${type.name}.${what}`);
    const inner = getNamedType(chosen.type);
    const set = isCompositeType(inner) ? ` ${selectionSet(inner, below, depth - 1)}` : "";
    return `${alias}${what}${directives()}${set}`;
  };

  const spread = (type: GraphQLCompositeType, depth: number): string => {
    const fitting = fragments.filter((it) => it.depth <= depth && mayNarrow(type, it.on));
    if (fitting.length > 0 && oneIn(2)) return `...${of(fitting).name}${directives()}`;
    const on = of([type, ...composites.filter((it) => mayNarrow(type, it))]);
    const its = Math.min(depth, 2);
    const text = selectionSet(on, new Map(), its);
    const fragment = { name: `F${made++}`, on, depth: its, text };
    fragments.push(fragment);
    return `...${fragment.name}${directives()}`;
  };

  const inline = (type: GraphQLCompositeType, level: Level, depth: number): string => {
    const on = of([undefined, ...composites.filter((it) => mayNarrow(type, it))]);
    const set = selectionSet(on ?? type, level, depth);
    return `...${on ? ` on ${on.name}` : ""}${directives()} ${set}`;
  };

  const selection = (type: GraphQLCompositeType, level: Level, depth: number): string => {
    selections--;
    const kind = below(isAbstractType(type) ? 5 : 9);
    if (kind === 3) return inline(type, level, depth);
    if (kind === 4) return spread(type, depth);
    return field(type, level, depth);
  };

  const selectionSet = (type: GraphQLCompositeType, level: Level, depth: number): string => {
    const all: string[] = [];
    do all.push(selection(type, level, selections > 0 ? depth : 1));
    while (selections > 0 && all.length < 6 && below(4) > 0);
    return `{ ${all.join(" ")} }`;
  };

  const kind = oneIn(8) ? "mutation" : "query";
  const root = schema.getRootType(kind as never) as GraphQLCompositeType;
  const set = selectionSet(root, new Map(), DEPTH);
  const definitions = [...declared].map(([name, type]) => `$${name}: ${type}`).join(" ");
  const texts = fragments.map(({ name, on, text }) => `fragment ${name} on ${on.name} ${text}`);
  return {
    query: [`${kind}${definitions && ` (${definitions})`} ${set}`, ...texts].join("\n"),
    variables,
  };
};

/** The depth, the aliases, the fields at the root and the selections of an operation, its fragments unfolded. */
const sizeOf = (document: DocumentNode) => {
  const fragments = new Map(
    document.definitions
      .filter((it): it is FragmentDefinitionNode => it.kind === Kind.FRAGMENT_DEFINITION)
      .map((it) => [it.name.value, it.selectionSet]),
  );
  const size = { depth: 0, aliases: 0, rootFields: 0, selections: 0 };
  const walk = (set: SelectionSetNode | undefined, depth: number): void => {
    for (const it of set?.selections ?? []) {
      size.selections++;
      if (it.kind === Kind.FRAGMENT_SPREAD) walk(fragments.get(it.name.value), depth);
      else if (it.kind === Kind.INLINE_FRAGMENT) walk(it.selectionSet, depth);
      else {
        if (depth === 1) size.rootFields++;
        if (it.alias) size.aliases++;
        size.depth = Math.max(size.depth, depth);
        walk(it.selectionSet, depth + 1);
      }
    }
  };
  for (const it of document.definitions)
    if (it.kind === Kind.OPERATION_DEFINITION) walk(it.selectionSet, 1);
  return size;
};

/** Does GraphQL allow it, and do the gateway's limits? */
const isAdmissible = (schema: GraphQLSchema, query: string): boolean => {
  const document = parse(query);
  // graphql-js leaves the start and the end of a document uncounted.
  let tokens = 0;
  for (let token = document.loc?.startToken; token; token = token.next ?? undefined) tokens++;
  const size = sizeOf(document);
  return (
    tokens <= LIMITS.tokens &&
    (Object.keys(size) as (keyof typeof size)[]).every((limit) => size[limit] <= LIMITS[limit]) &&
    validate(schema, document).length === 0
  );
};

/** Operations over a schema that GraphQL allows, and that are within the gateway's limits. */
export const operationsOver = (schema: GraphQLSchema): fc.Arbitrary<Operation> =>
  fc
    .uint8Array({ minLength: 24, maxLength: 200, size: "max" })
    .map((tape) => read(schema, tape))
    .filter(({ query }) => isAdmissible(schema, query));
