/**
 * Runs a room's operations as graphql-js's `execute` does, with less to do for each request: what is asked, and what must
 * become of each value, is worked out once for a document, and nothing is promised but what a resolver promised itself.
 *
 * Where the specification leaves a choice: an answer waits for every resolver that was called, and one whose place has
 * become null meanwhile is not heard. Of a union or an interface, a value must say at once which type it is of.
 *
 * @see https://spec.graphql.org/October2021/#sec-Execution
 */
import {
  defaultFieldResolver,
  defaultTypeResolver,
  execute,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  getOperationAST,
  getVariableValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  locatedError,
  OperationTypeNode,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  typeFromAST,
  TypeNameMetaFieldDef,
  visit,
} from "graphql";
import type {
  DocumentNode,
  ExecutionResult,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLAbstractType,
  GraphQLError,
  GraphQLField,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLOutputType,
  GraphQLResolveInfo,
  GraphQLSchema,
  NamedTypeNode,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
} from "graphql";
import { LRUCache } from "lru-cache";
import type { Guard, Pattern, Tally, Told, Watch } from "./guard.ts";
import type { Sharing } from "./sharing.ts";

type Values = Record<string, unknown>;
type Key = string | number;

/** One execution of an operation. */
interface Run {
  context: unknown;
  /** Judges what is asked of records; none for a schema that tells of nobody. */
  watch: Watch | null;
  variables: Values;
  data: Values | null;
  errors: GraphQLError[];
  /** How many promises have not been heard. */
  waiting: number;
  /** Called when none is left. */
  quiet: () => void;
}

/** An object or a list of the answer that is being filled. It is a step of a path too, as resolvers are told it. */
interface Vessel {
  /** What has been given of the record that it is, or is part of. */
  tally: Tally | undefined;
  /** The position in `_entities` that it stands in; null if in none. */
  at: number | null;
  holds: Record<Key, unknown>;
  /** The type of an object. */
  of: string | undefined;
  /** Whether null may stand in its place. */
  nullable: boolean;
  /** What it stands in, and under which key; null for the whole of the data. */
  up: Vessel | null;
  key: Key;
  prev: Vessel | undefined;
  typename: string | undefined;
}

/** What a resolver is told of its field, whoever asks; and where it stands. */
type Asked = Omit<GraphQLResolveInfo, "path" | "variableValues"> & { pattern: Pattern };

/** Makes of what a resolver gave what goes into the answer. */
type Complete = (given: unknown, into: Vessel, key: Key, run: Run) => unknown;

/** What may stand in a place of the answer. */
interface Place {
  asked: Asked;
  nullable: boolean;
  complete: Complete;
}

/** Asks one field of a value, and fills its place. */
type Field = (source: unknown, into: Vessel, run: Run) => void;

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";

/** As errors spell it. */
const pathTo = (into: Vessel, key: Key): Key[] =>
  into.up ? [...pathTo(into.up, into.key), key] : [key];

/** As resolvers are told it. */
const stepTo = (into: Vessel, key: Key) => ({
  prev: into.up ? into : undefined,
  key,
  typename: into.of,
});

const isOfEntities = ({ key, up }: Vessel): boolean => key === "_entities" && up?.up === null;

const vessel = (
  into: Vessel,
  key: Key,
  holds: Vessel["holds"],
  nullable: boolean,
  of?: string,
): Vessel => ({
  tally: into.tally,
  at: into.at ?? (isOfEntities(into) && typeof key === "number" ? key : null),
  holds,
  of,
  nullable,
  up: into,
  ...stepTo(into, key),
});

const infoOf = (asked: Asked, into: Vessel, key: Key, run: Run): GraphQLResolveInfo => ({
  ...asked,
  path: stepTo(into, key),
  variableValues: run.variables,
});

/** Null for an error, where null may stand; else the error goes up. */
const refused = (error: unknown, place: Place, into: Vessel, key: Key, run: Run): null => {
  const located = locatedError(error, place.asked.fieldNodes, pathTo(into, key));
  if (!place.nullable) throw located;
  run.errors.push(located);
  return null;
};

const completed = (given: unknown, place: Place, into: Vessel, key: Key, run: Run): unknown => {
  try {
    if (given instanceof Error) throw given;
    if (given !== null && given !== undefined) return place.complete(given, into, key, run);
    if (place.nullable) return null;
    const { parentType, fieldName } = place.asked;
    throw new Error(`Cannot return null for non-nullable field ${parentType.name}.${fieldName}.`);
  } catch (error) {
    return refused(error, place, into, key, run);
  }
};

/** Has nothing that it stands in become null? */
const stands = ({ up, key, holds }: Vessel, run: Run): boolean =>
  up ? up.holds[key] === holds && stands(up, run) : run.data === holds;

/** Puts null for an error in the nearest place above where null may stand. */
const empty = ({ nullable, up, key }: Vessel, error: GraphQLError, run: Run): void => {
  if (!nullable && up) return empty(up, error, run);
  run.errors.push(error);
  if (up) up.holds[key] = null;
  else run.data = null;
};

/** Fills a place: at once, or when what was given for it is no promise any more. */
const fill = (given: unknown, place: Place, into: Vessel, key: Key, run: Run): void => {
  if (!isPromise(given)) {
    into.holds[key] = completed(given, place, into, key, run);
    return;
  }
  // The keys of an answer are in the order in which they were asked.
  into.holds[key] = null;
  run.waiting++;
  const hear = (outcome: () => unknown): void => {
    if (run.errors.length === 0 || stands(into, run))
      try {
        into.holds[key] = outcome();
      } catch (error) {
        empty(into, error as GraphQLError, run);
      }
    if (--run.waiting === 0) run.quiet();
  };
  Promise.resolve(given).then(
    (value) => hear(() => completed(value, place, into, key, run)),
    (error: unknown) => hear(() => refused(error, place, into, key, run)),
  );
};

/** What makes objects with the same fields: without a prototype, for a client may call a field `__proto__`. */
const blank = (): new () => Values => {
  const Blank = function () {} as unknown as new () => Values;
  Blank.prototype = Object.create(null);
  return Blank;
};

const definitionOf = (
  schema: GraphQLSchema,
  type: GraphQLObjectType,
  name: string,
): GraphQLField<unknown, unknown> => {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  const isQuery = type === schema.getQueryType();
  if (isQuery && name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
  if (isQuery && name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
  // A valid document names no others.
  return type.getFields()[name] as GraphQLField<unknown, unknown>;
};

const NO_ARGUMENTS: Values = Object.freeze({});

/**
 * Works out what an operation asks of the root.
 *
 * @param switches The variables that `@skip` and `@include` go by.
 */
const prepare = (
  schema: GraphQLSchema,
  fragments: Record<string, FragmentDefinitionNode>,
  operation: OperationDefinitionNode,
  root: GraphQLObjectType,
  switches: Values,
  guard: Guard | null,
): Field[] => {
  const isIncluded = (node: SelectionNode): boolean =>
    getDirectiveValues(GraphQLSkipDirective, node, switches)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, switches)?.if !== false;

  const isFor = (type: GraphQLObjectType, condition: NamedTypeNode | undefined): boolean => {
    const wanted = condition && typeFromAST(schema, condition);
    return !wanted || wanted === type || (isAbstractType(wanted) && schema.isSubType(wanted, type));
  };

  const collect = (
    type: GraphQLObjectType,
    { selections }: SelectionSetNode,
    found: Map<string, FieldNode[]>,
    spread: Set<string>,
  ): void => {
    for (const selection of selections) {
      if (!isIncluded(selection)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        const nodes = found.get(key);
        if (nodes) nodes.push(selection);
        else found.set(key, [selection]);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (isFor(type, selection.typeCondition))
          collect(type, selection.selectionSet, found, spread);
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const fragment = fragments[selection.name.value];
        if (fragment && isFor(type, fragment.typeCondition))
          collect(type, fragment.selectionSet, found, spread);
      }
    }
  };

  const fieldsOf = (
    type: GraphQLObjectType,
    selectionSets: SelectionSetNode[],
    within: Pattern,
  ): Field[] => {
    const found = new Map<string, FieldNode[]>();
    const spread = new Set<string>();
    for (const selectionSet of selectionSets) collect(type, selectionSet, found, spread);
    return [...found].map(([key, fieldNodes]) => fieldOf(type, key, fieldNodes, within));
  };

  /** Where fields that stand one in the other are asked for; where the last one is not, at the position that it would stand in. */
  const placesOf = (
    type: GraphQLOutputType,
    fieldNodes: readonly FieldNode[],
    within: Pattern,
    [name, ...more]: readonly string[],
  ): Pattern[] => {
    const bare = getNullableType(type);
    const isList = isListType(bare);
    const here = isList ? [...within, "@"] : within;
    const of = getNamedType(bare);
    if (name === undefined || !isObjectType(of)) return [here];
    const found = new Map<string, FieldNode[]>();
    const spread = new Set<string>();
    for (const { selectionSet } of fieldNodes)
      if (selectionSet) collect(of, selectionSet, found, spread);
    const asked = [...found].filter(([, [node]]) => node?.name.value === name);
    if (asked.length === 0) return isList ? [here] : [];
    const next = definitionOf(schema, of, name).type;
    return asked.flatMap(([key, nodes]) => placesOf(next, nodes, [...here, key], more));
  };

  const fieldOf = (
    parentType: GraphQLObjectType,
    key: string,
    fieldNodes: FieldNode[],
    within: Pattern,
  ): Field => {
    const [node] = fieldNodes as [FieldNode];
    const definition = definitionOf(schema, parentType, node.name.value);
    const { name: fieldName, type: returnType, args, resolve } = definition;
    const place = placeOf(returnType, {
      fieldName,
      fieldNodes,
      returnType,
      parentType,
      schema,
      fragments,
      rootValue: undefined,
      operation,
      pattern: [...within, key],
    });
    const { pattern } = place.asked;
    const spot = guard?.spot(parentType.name, fieldName, returnType, pattern, (names) =>
      placesOf(returnType, fieldNodes, pattern, names),
    );
    const leads = spot !== undefined && spot.leads !== "NOWHERE";
    const pass = (given: unknown, into: Vessel, run: Run): unknown => {
      const { watch } = run;
      if (!spot || !watch) return given;
      return isPromise(given)
        ? given.then((it) => watch.passing(spot, it, into.tally, into.at))
        : watch.passing(spot, given, into.tally, into.at);
    };
    const ask = (source: unknown, into: Vessel, run: Run): unknown =>
      (resolve ?? defaultFieldResolver)(
        source,
        args.length > 0 ? getArgumentValues(definition, node, run.variables) : NO_ARGUMENTS,
        run.context,
        infoOf(place.asked, into, key, run),
      );
    const isProperty = (source: unknown): source is Values =>
      !resolve &&
      typeof source === "object" &&
      source !== null &&
      typeof (source as Values)[fieldName] !== "function";
    return (source, into, run) => {
      try {
        if (spot && run.watch && !run.watch.mayAsk(spot, into.tally, into.at)) {
          into.holds[key] = spot.denied;
          return;
        }
        const given = isProperty(source) ? source[fieldName] : ask(source, into, run);
        fill(leads ? pass(given, into, run) : given, place, into, key, run);
      } catch (error) {
        into.holds[key] = refused(error, place, into, key, run);
      }
    };
  };

  const placeOf = (type: GraphQLOutputType, asked: Asked): Place =>
    isNonNullType(type)
      ? { asked, nullable: false, complete: completeOf(type.ofType, false, asked) }
      : { asked, nullable: true, complete: completeOf(type, true, asked) };

  const completeOf = (
    type: Exclude<GraphQLOutputType, GraphQLNonNull<never>>,
    nullable: boolean,
    asked: Asked,
  ): Complete => {
    if (isListType(type)) {
      const each = { ...asked, pattern: [...asked.pattern, "@"] };
      return listOf(placeOf(type.ofType, each), nullable);
    }
    if (isObjectType(type)) return objectOf(type, nullable, asked);
    if (isAbstractType(type)) return oneOf(type, nullable, asked);
    return (given) => {
      const written: unknown = type.serialize(given);
      if (written === null || written === undefined)
        throw new Error(`a ${type.name} was written as nothing`);
      return written;
    };
  };

  const listOf =
    (item: Place, nullable: boolean): Complete =>
    (given, into, key, run) => {
      if (typeof given !== "object" || !(Symbol.iterator in (given as object)))
        throw new Error("what was given for a list is none");
      const items = [...(given as Iterable<unknown>)];
      const holds: unknown[] = [];
      const list = vessel(into, key, holds as unknown as Values, nullable);
      try {
        for (const [index, each] of items.entries()) fill(each, item, list, index, run);
      } catch (error) {
        // A promise that nobody hears must not end the process when it fails.
        for (const each of items) if (isPromise(each)) each.then(undefined, () => undefined);
        throw error;
      }
      return holds;
    };

  const objectOf = (
    type: GraphQLObjectType,
    nullable: boolean,
    { fieldNodes, pattern }: Asked,
  ): Complete => {
    const Blank = blank();
    // Not before the first object: where there is none, fragments that multiply cost nothing.
    let fields: Field[] | undefined;
    return (given, into, key, run) => {
      fields ??= fieldsOf(
        type,
        fieldNodes.flatMap(({ selectionSet }) => selectionSet ?? []),
        pattern,
      );
      const object = vessel(into, key, new Blank(), nullable, type.name);
      if (run.watch) object.tally = run.watch.tally(type.name, given, object.at) ?? into.tally;
      for (const field of fields) field(given, object, run);
      return object.holds;
    };
  };

  const oneOf = (type: GraphQLAbstractType, nullable: boolean, asked: Asked): Complete => {
    const resolveType = type.resolveType ?? defaultTypeResolver;
    const known = new Map<GraphQLObjectType, Complete>();
    return (given, into, key, run) => {
      const name = resolveType(given, run.context, infoOf(asked, into, key, run), type);
      const its = typeof name === "string" ? schema.getType(name) : undefined;
      if (!isObjectType(its) || !schema.isSubType(type, its))
        throw new Error(`what was given for a ${type.name} does not say which of its types it is`);
      const complete = known.get(its) ?? objectOf(its, nullable, asked);
      known.set(its, complete);
      return complete(given, into, key, run);
    };
  };

  return fieldsOf(root, [operation.selectionSet], []);
};

/** The names of the variables that `@skip` and `@include` go by. */
const switchesOf = (document: DocumentNode): string[] => {
  const names = new Set<string>();
  visit(document, {
    Directive: ({ name, arguments: given = [] }) => {
      if (name.value !== GraphQLSkipDirective.name && name.value !== GraphQLIncludeDirective.name)
        return;
      for (const { value } of given) if (value.kind === Kind.VARIABLE) names.add(value.name.value);
    },
  });
  return [...names];
};

/** How many ways in which a document's `@skip` and `@include` can stand are kept ready. */
const WAYS = 16;

/** How many errors in its variables a client is told of, as graphql-js tells. */
const MOST_VARIABLE_ERRORS = 50;

/** For whom a guarded operation is run. */
export interface For {
  sharing: Sharing;
  /** The agency that asks. */
  agency: string;
}

/** Runs one operation of a document. */
export type Execute = (
  context: unknown,
  variables: Values,
  operationName: string | null,
  /** Left out where nothing is guarded. */
  asked?: For,
) => Promise<ExecutionResult & { told?: Told }>;

/**
 * Makes a valid document ready to be run, as often as it is asked.
 *
 * @param guard Null for a schema that tells of nobody.
 */
export const executor = (
  schema: GraphQLSchema,
  document: DocumentNode,
  guard: Guard | null = null,
): Execute => {
  const fragments = Object.fromEntries(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment]),
  );
  const switchNames = switchesOf(document);
  const ready = new LRUCache<string, Field[]>({ max: WAYS });
  return async (context, variableValues, operationName, asked) => {
    if (guard && !asked) throw new Error("nobody is asking for what is guarded");
    const operation = getOperationAST(document, operationName);
    const root = operation && schema.getRootType(operation.operation);
    // graphql-js says what is wrong.
    if (!root) return execute({ schema, document, variableValues, operationName });
    const { coerced: variables, errors: refusals } = getVariableValues(
      schema,
      operation.variableDefinitions ?? [],
      variableValues,
      { maxErrors: MOST_VARIABLE_ERRORS },
    );
    if (refusals) return { errors: refusals };
    const switches = Object.fromEntries(switchNames.map((name) => [name, variables[name]]));
    const way = JSON.stringify([operationName, switches]);
    const fields = ready.get(way) ?? prepare(schema, fragments, operation, root, switches, guard);
    ready.set(way, fields);

    const data: Values = new (blank())();
    const watch = guard && asked ? guard.watch(asked.sharing, asked.agency, variables) : null;
    const run: Run = {
      context,
      watch,
      variables,
      data,
      errors: [],
      waiting: 0,
      quiet: () => undefined,
    };
    const quiet = () => run.waiting > 0 && new Promise<void>((resolve) => (run.quiet = resolve));
    const top: Vessel = {
      tally: undefined,
      at: null,
      holds: data,
      of: root.name,
      nullable: true,
      up: null,
      key: "",
      prev: undefined,
      typename: undefined,
    };
    try {
      for (const field of fields) {
        field(undefined, top, run);
        if (operation.operation === OperationTypeNode.MUTATION) await quiet();
        if (run.data === null) break;
      }
    } catch (error) {
      empty(top, error as GraphQLError, run);
    }
    await quiet();
    const failed = new Set(
      run.errors
        .map(({ path }) => String(path?.[0]))
        .filter((root) => (run.data?.[root] ?? null) === null),
    );
    return {
      ...(run.errors.length > 0 && { errors: run.errors }),
      data: run.data,
      ...(watch && { told: watch.told(failed) }),
    };
  };
};
