/**
 * Part of step 6: what the client asked for, in its own words and order, compiled once for each operation: from the data
 * that was collected to the text of `data`, with nulls as the specification has them.
 *
 * @see https://spec.graphql.org/October2021/#sec-Handling-Field-Errors
 */
import {
  getNullableType,
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLString,
  isCompositeType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
} from "graphql";
import type {
  FieldNode,
  FragmentSpreadNode,
  GraphQLCompositeType,
  GraphQLOutputType,
  GraphQLSchema,
  InlineFragmentNode,
  SelectionSetNode,
} from "graphql";
import { WITHHELD } from "#platform/guard.ts";
import type { Labels } from "#platform/labels.ts";
import { fieldOf, isIntrospection, isLeftOut, isWider } from "./normalise.ts";
import type { ClientOperation, Names, Trim } from "./normalise.ts";

/** A place in an answer: response names, and positions in lists. */
export type Path = readonly (string | number)[];

/** What clients see of a graph. */
export interface ApiSchema {
  schema: GraphQLSchema;
  isHidden(type: string, member: unknown): boolean;
  /** What its places hold; none for a graph that does not say. */
  labels?: Labels | null;
}

/** A value that the schema does not allow where it stands; found while an answer is written. */
export interface Misfit {
  /** In the client's words, from the innermost outwards while it is being written. */
  path: (string | number)[];
  why: "NULL" | "VALUE";
}

/**
 * Writes a value as JSON. Null: the value is null. Undefined: it is null because of what has been noted as a misfit, and
 * a place that cannot be null makes its parent null in turn.
 */
type Write = (value: unknown, misfits: Misfit[]) => string | null | undefined;

/** A position in a list, or any one. No response name is `@`. */
const isPosition = (step: string | number | undefined): boolean =>
  typeof step === "number" || step === "@";

/** What an answer is made of, at one level. */
export interface Shape {
  /** @returns The text of `data`. */
  write(data: Record<string, unknown>, misfits: Misfit[]): string;
  /**
   * Where a place in the collected data is in the answer: nowhere, once, or once for each alias.
   *
   * @returns The deepest places that the client asked for, and whether they are the whole way there.
   */
  places(path: Path): { paths: Path[]; whole: boolean };
}

interface Entry {
  responseName: string;
  canonical: string;
  /** `,"name":` */
  label: string;
  nonNull: boolean;
  write: Write;
  /** What stands below, for any of the types that may stand there; none below a leaf. */
  below: () => Level[];
}

/** The fields of one object type, as selected at one place. */
interface Level {
  entries: Entry[];
}

/** Anything but what JSON takes as it is: controls, quotes and backslashes, and halves of surrogate pairs. */
const NEEDS_ESCAPE = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

const quote = (text: string): string =>
  NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;

/** Where a misfit was found, its path grows by what it stands in. */
const standingIn = (key: string | number, misfits: Misfit[], since: number): void => {
  for (let it = since; it < misfits.length; it++) (misfits[it] as Misfit).path.push(key);
};

const misfit = (misfits: Misfit[], why: Misfit["why"]): undefined => {
  misfits.push({ path: [], why });
  return undefined;
};

const leaf =
  (text: (value: unknown) => string | undefined): Write =>
  (value, misfits) =>
    value === null || value === undefined ? null : (text(value) ?? misfit(misfits, "VALUE"));

/** The built-in scalars, with the values that a subgraph may answer with. */
const SCALARS = new Map<unknown, Write>([
  [GraphQLString.name, leaf((it) => (typeof it === "string" ? quote(it) : undefined))],
  [
    GraphQLID.name,
    leaf((it) =>
      typeof it === "string" ? quote(it) : Number.isSafeInteger(it) ? `"${it}"` : undefined,
    ),
  ],
  [GraphQLBoolean.name, leaf((it) => (typeof it === "boolean" ? String(it) : undefined))],
  [
    GraphQLInt.name,
    leaf((it) =>
      typeof it === "number" && Number.isInteger(it) && Math.abs(it + 0.5) < 2 ** 31
        ? String(it)
        : undefined,
    ),
  ],
  [
    GraphQLFloat.name,
    leaf((it) => (typeof it === "number" && Number.isFinite(it) ? String(it) : undefined)),
  ],
]);

/** A scalar of the graph's own: the subgraph that has it knows what it may hold. */
const ANY_JSON = leaf((it) => {
  try {
    return JSON.stringify(it);
  } catch {
    // It is deeper than can be written.
    return undefined;
  }
});

/**
 * Compiles the shape of an operation's answer.
 *
 * @param isHidden Whether a value of an enum, or a type that is an interface's or a union's, is kept from clients: where it
 *   stands is null, and that there is something, no error tells.
 * @param names The response names in the collected data.
 * @param holds Whether a variable that is a condition is true.
 * @param trim What is denied stays null, also where a plan fetched it for something else.
 */
export const shapeOf = (
  { schema, isHidden }: ApiSchema,
  { definition, fragments }: ClientOperation,
  names: Names,
  holds: (variable: string) => boolean,
  { denied, holds: holdsOf }: Trim = { denied: new Set(), holds: () => null },
): Shape => {
  const fragmentOf = (selection: FragmentSpreadNode | InlineFragmentNode) => {
    const fragment =
      selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
    if (!fragment) throw new Error("a validated operation spreads a fragment that is not there");
    const on = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value);
    return { set: fragment.selectionSet, on: isCompositeType(on) ? on : undefined };
  };

  /** CollectFields of the specification, for one type that an object may be of. */
  const collect = (
    type: GraphQLCompositeType,
    sets: readonly SelectionSetNode[],
    into = new Map<string, FieldNode[]>(),
  ): Map<string, FieldNode[]> => {
    for (const selection of sets.flatMap((set) => set.selections)) {
      if (isLeftOut(selection.directives, holds)) continue;
      if (selection.kind === Kind.FIELD) {
        const { value: responseName } = selection.alias ?? selection.name;
        const nodes = into.get(responseName);
        if (nodes) nodes.push(selection);
        else into.set(responseName, [selection]);
        continue;
      }
      const { set, on } = fragmentOf(selection);
      if (!on || isWider(schema, on, type)) collect(type, [set], into);
    }
    return into;
  };

  const level = (
    type: GraphQLCompositeType,
    sets: readonly SelectionSetNode[],
    at: Names | undefined,
  ): Level => ({
    entries: [...collect(type, sets)].map(([responseName, nodes], index) => {
      const [node] = nodes as [FieldNode];
      const { value: name } = node.name;
      const label = `${index === 0 ? "{" : ","}${JSON.stringify(responseName)}:`;
      const canonical = at?.of.get(node) ?? name;
      const entry = { responseName, canonical, label };
      // The schema speaks for itself, and a thing's type is known by what stands around it.
      if (isIntrospection(name)) {
        const below = (): Level[] => [];
        return { ...entry, nonNull: false, write: ANY_JSON, below };
      }
      if (name === "__typename") {
        const text = isObjectType(type) ? quote(type.name) : null;
        return { ...entry, nonNull: true, write: () => text, below: () => [] };
      }
      const field = fieldOf(type, name);
      if (!field) throw new Error(`a validated operation selects ${type.name}.${name}`);
      const isChange = definition.operation === "mutation" && type === root;
      const held = denied.size > 0 && !isChange ? holdsOf(type.name, name) : null;
      if (held !== null && denied.has(held))
        return {
          ...entry,
          nonNull: isNonNullType(field.type),
          write: denies(getNullableType(field.type)),
          below: () => [],
        };
      const selectionSets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
      return {
        ...entry,
        nonNull: isNonNullType(field.type),
        ...value(field.type, selectionSets, at?.below.get(canonical)),
      };
    }),
  });

  /** @param nullable A type; whether it is non-null is a matter of where it stands. */
  const value = (
    type: GraphQLOutputType,
    sets: readonly SelectionSetNode[],
    at: Names | undefined,
  ): Pick<Entry, "write" | "below"> => {
    const bare = getNullableType(type);
    if (isListType(bare)) {
      const { write, below } = value(bare.ofType, sets, at);
      return { write: list(write, isNonNullType(bare.ofType)), below };
    }
    if (isEnumType(bare)) {
      const texts = new Map(bare.getValues().map((it) => [it.name as unknown, quote(it.name)]));
      const write: Write = (it, misfits) => {
        if (it === null || it === undefined) return null;
        return texts.get(it) ?? (isHidden(bare.name, it) ? null : misfit(misfits, "VALUE"));
      };
      return { write, below: () => [] };
    }
    if (!isCompositeType(bare))
      return { write: SCALARS.get(bare.name) ?? ANY_JSON, below: () => [] };
    if (isObjectType(bare)) {
      const only = level(bare, sets, at);
      return { write: object(only), below: () => [only] };
    }
    // Which type an object is of is seen when it comes; most never do.
    const levels = new Map<string, { level: Level; write: Write }>();
    const possible = new Map<unknown, GraphQLCompositeType>(
      schema.getPossibleTypes(bare).map((one) => [one.name, one]),
    );
    // A subgraph with an `@interfaceObject` knows no more of a thing, and need not where no more is asked.
    if (!at?.areNarrowed) for (const name of [bare.name, undefined]) possible.set(name, bare);
    const of = (one: GraphQLCompositeType) => {
      let known = levels.get(one.name);
      if (!known) {
        const its = level(one, sets, at);
        known = { level: its, write: object(its) };
        levels.set(one.name, known);
      }
      return known;
    };
    return {
      write: (it, misfits) => {
        if (it === null || it === undefined) return null;
        const typename = (it as { __typename?: unknown }).__typename;
        const one = possible.get(typename);
        if (one) return of(one).write(it, misfits);
        return isHidden(bare.name, typename) ? null : misfit(misfits, "VALUE");
      },
      below: () => [...possible.values()].map((one) => of(one).level),
    };
  };

  const root = schema.getRootType(definition.operation);
  if (!root) throw new Error("a validated operation has no root");
  const whole = level(root, [definition.selectionSet], names);
  const write = object(whole);
  return {
    write: (data, misfits) => {
      const text = write(data, misfits) ?? "null";
      for (const { path } of misfits) path.reverse();
      return text;
    },
    places: (path) => {
      const deepest: Path[] = [];
      const paths: Path[] = [];
      const follow = (levels: readonly Level[], at: number, taken: Path): void => {
        let next = at;
        const positions: (number | "@")[] = [];
        while (isPosition(path[next])) positions.push(path[next++] as number | "@");
        const here = [...taken, ...positions];
        if (next === path.length) {
          paths.push(here);
          return;
        }
        const found = new Map<string, Entry[]>();
        for (const { entries } of levels)
          for (const entry of entries)
            if (entry.canonical === path[next])
              found.set(entry.responseName, [...(found.get(entry.responseName) ?? []), entry]);
        if (found.size === 0) deepest.push(here);
        for (const [responseName, entries] of found)
          follow(
            entries.flatMap(({ below }) => below()),
            next + 1,
            [...here, responseName],
          );
      };
      follow([whole], 0, []);
      if (paths.length > 0) return { paths, whole: true };
      const depth = Math.max(...deepest.map(({ length }) => length));
      return { paths: deepest.filter(({ length }) => length === depth).slice(0, 1), whole: false };
    },
  };
};

/** What is written in the place of what is denied: the word for that, where its type has one. */
const denies = (type: GraphQLOutputType): Write => {
  const text = isEnumType(type) && type.getValue(WITHHELD) ? quote(WITHHELD) : null;
  return () => text;
};

const object =
  ({ entries }: Level): Write =>
  (value, misfits) => {
    if (value === null || value === undefined) return null;
    if (typeof value !== "object" || Array.isArray(value)) return misfit(misfits, "VALUE");
    let text = "";
    for (const { canonical, label, nonNull, write, responseName } of entries) {
      const since = misfits.length;
      let written = write((value as Record<string, unknown>)[canonical], misfits);
      if (nonNull && (written === null || written === undefined)) {
        if (written === null) misfit(misfits, "NULL");
        standingIn(responseName, misfits, since);
        return undefined;
      }
      if (misfits.length > since) standingIn(responseName, misfits, since);
      written ??= "null";
      text += label + written;
    }
    return text === "" ? "{}" : `${text}}`;
  };

const list =
  (write: Write, nonNull: boolean): Write =>
  (value, misfits) => {
    if (value === null || value === undefined) return null;
    if (!Array.isArray(value)) return misfit(misfits, "VALUE");
    let text = "[";
    for (let index = 0; index < value.length; index++) {
      const since = misfits.length;
      const written = write(value[index], misfits);
      if (nonNull && (written === null || written === undefined)) {
        if (written === null) misfit(misfits, "NULL");
        standingIn(index, misfits, since);
        return undefined;
      }
      if (misfits.length > since) standingIn(index, misfits, since);
      text += (index === 0 ? "" : ",") + (written ?? "null");
    }
    return `${text}]`;
  };
