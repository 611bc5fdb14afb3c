/**
 * The same graph as one schema, without a gateway: graphql-js over the records, by the resolvers of the subgraphs. What
 * a client is told of it is what it must be told by the gateway.
 */
import {
  defaultFieldResolver,
  execute,
  getNamedType,
  isAbstractType,
  isEnumType,
  isObjectType,
  Kind,
  parse,
} from "graphql";
import type {
  ExecutionResult,
  GraphQLFieldResolver,
  GraphQLNamedType,
  GraphQLObjectType,
  GraphQLResolveInfo,
  SelectionNode,
  SelectionSetNode,
} from "graphql";
import { apiSchema, parts } from "./graph.ts";
import { told, typeIn } from "./part.ts";
import type { Context, Part } from "./part.ts";

/** The API schema, whose fields resolve as those of the subgraphs do. */
export const schema = apiSchema();

const ROOTS: ReadonlySet<string> = new Set(["Query", "Mutation"]);

/** A type as a part has it: under its own name, or under that of an interface that is one thing to the part. */
const nameIn = (part: Part, type: string): string | undefined => {
  if (typeIn(part, type)) return type;
  const its = (schema.getType(type) as GraphQLObjectType).getInterfaces();
  return its.map(({ name }) => name).find((name) => typeIn(part, name));
};

interface Owner {
  part: Part;
  /** What the part calls the type. */
  as: string;
  requires: SelectionSetNode | undefined;
}

/** Who resolves a field: the first that has it and was not overridden. */
const ownerOf = (type: string, field: string): Owner => {
  const candidates = parts.flatMap((part) => {
    const as = nameIn(part, type);
    const node = as && typeIn(part, as)?.fields?.find(({ name }) => name.value === field);
    return as && node && told(node, "external").length === 0 ? [{ part, as, node }] : [];
  });
  const overridden = new Set(candidates.flatMap(({ node }) => told(node, "override")));
  const owner = candidates.find(({ part }) => !overridden.has(part.name));
  if (!owner) throw new Error(`nobody resolves ${type}.${field}`);
  const [requires] = told(owner.node, "requires");
  return { ...owner, requires: requires ? selectionOf(requires) : undefined };
};

const selectionOf = (fields: string): SelectionSetNode => {
  const [operation] = parse(`{ ${fields} }`).definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("no field set");
  return operation.selectionSet;
};

/** Keys go with a reference wherever it goes, and need nobody to find what it leads to. */
const isKey = (type: string, field: string): boolean =>
  parts
    .flatMap((part) => typeIn(part, type) ?? [])
    .flatMap((node) => told(node, "key"))
    .some((key) =>
      selectionOf(key).selections.some((it) => it.kind === Kind.FIELD && it.name.value === field),
    );

type Resolve = (record: any, args: object, context: Context, info: GraphQLResolveInfo) => unknown;

const resolvers = new Map<string, Resolve>();

/** A field of a record, as the one who has it resolves it: null where that one does not know the record. */
const resolverOf = (type: string, field: string): Resolve => {
  const known = resolvers.get(`${type}.${field}`);
  if (known) return known;
  const { part, as, requires } = ownerOf(type, field);
  const own: GraphQLFieldResolver<any, Context> =
    part.resolvers[as]?.[field] ?? defaultFieldResolver;
  const find = ROOTS.has(type) ? undefined : part.finds[as];
  const key = own === defaultFieldResolver && isKey(type, field);
  const resolve: Resolve = (record, args, context, info) => {
    if (key && record[field] !== undefined) return record[field];
    if (find && !find(record)) return null;
    const inputs = requires && taken(record, requires, context, info);
    return own({ ...record, ...inputs }, args, context, { ...info, fieldName: field });
  };
  resolvers.set(`${type}.${field}`, resolve);
  return resolve;
};

const fits = (type: string, condition: string | undefined): boolean => {
  if (condition === undefined || condition === type) return true;
  const abstract = schema.getType(condition);
  return (
    !isObjectType(abstract) && schema.isSubType(abstract as never, schema.getType(type) as never)
  );
};

/** What a field set takes of a record; what cannot be read is null. */
const taken = (
  record: any,
  { selections }: SelectionSetNode,
  context: Context,
  info: GraphQLResolveInfo,
): object => {
  const each = (value: any, set: SelectionSetNode): unknown =>
    Array.isArray(value)
      ? value.map((it) => each(it, set))
      : (value ?? null) && { __typename: value.__typename, ...taken(value, set, context, info) };
  const one = (selection: SelectionNode): object => {
    if (selection.kind === Kind.INLINE_FRAGMENT)
      return fits(record.__typename, selection.typeCondition?.name.value)
        ? taken(record, selection.selectionSet, context, info)
        : {};
    if (selection.kind !== Kind.FIELD) return {};
    const { name, selectionSet } = selection;
    let value = resolverOf(record.__typename, name.value)(record, {}, context, info);
    if (value instanceof Error) value = null;
    return { [name.value]: selectionSet ? each(value, selectionSet) : (value ?? null) };
  };
  return Object.assign({}, ...selections.map(one)) as object;
};

/** What clients may not know of is to them as if it were not there: null, and no error. */
const shown = (value: any, type: GraphQLNamedType): unknown => {
  if (Array.isArray(value)) return value.map((it) => shown(it, type));
  if (isEnumType(type)) return type.getValue(value) ? value : null;
  return isAbstractType(type) && value && !schema.getType(value.__typename) ? null : value;
};

for (const type of Object.values(schema.getTypeMap()))
  if (isObjectType(type) && !type.name.startsWith("__"))
    for (const field of Object.values(type.getFields())) {
      const resolve = resolverOf(type.name, field.name);
      const named = getNamedType(field.type);
      field.resolve = (...given) => shown(resolve(...given), named);
    }

/** Asks the monolith. */
export const ask = async (
  query: string,
  variables: Record<string, unknown> = {},
): Promise<ExecutionResult> =>
  execute({
    schema,
    document: parse(query),
    rootValue: {},
    contextValue: { did: [] } satisfies Context,
    variableValues: variables,
  });
