/** How large an operation may be. */
import {
  getNamedType,
  getNullableType,
  GraphQLError,
  isCompositeType,
  isListType,
  Kind,
} from "graphql";
import type {
  ASTVisitor,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLCompositeType,
  GraphQLSchema,
  SelectionNode,
  SelectionSetNode,
  ValidationContext,
} from "graphql";
import { Problem } from "#schema/problems.ts";
import { fieldOf } from "./normalise.ts";
import type { ClientOperation } from "./normalise.ts";

/**
 * Depth counts fields that go from one thing to another; a connection's own `edges`, `node` and `pageInfo` are plumbing,
 * and introspection has a depth of its own.
 */
export const LIMITS = {
  tokens: 1_000,
  depth: 8,
  aliases: 15,
  rootFields: 5,
  // What a document of 1,000 tokens cannot reach but by fragments that multiply: the planner unfolds each of them.
  selections: 2_000,
  /** Things that an answer may hold, by the sizes of its lists. */
  cost: 1_000,
  /** Values in the variables, those in lists and objects among them. */
  values: 1_000,
} as const;

/** What a list without a `first` counts as. */
const ASSUMED_SIZE = 2;

const PLUMBING: ReadonlySet<string> = new Set(["edges", "node", "pageInfo"]);

interface Size {
  depth: number;
  aliases: number;
  /** Fields at the level of the selection itself. */
  rootFields: number;
  selections: number;
}

/** Measures a selection. A fragment is measured once, so that fragments of fragments cost no more than their text. */
const measure = (
  set: SelectionSetNode | undefined,
  fragment: (name: string) => FragmentDefinitionNode | null | undefined,
  measured: Map<string, Size>,
): Size => {
  let depth = 0;
  let aliases = 0;
  let rootFields = 0;
  let selections = 0;
  const add = (inner: Size, selection: SelectionNode) => {
    const counts = selection.kind === Kind.FIELD && !PLUMBING.has(selection.name.value);
    depth = Math.max(depth, inner.depth + (counts ? 1 : 0));
    aliases += inner.aliases + (selection.kind === Kind.FIELD && selection.alias ? 1 : 0);
    rootFields += selection.kind === Kind.FIELD ? 1 : inner.rootFields;
    selections += inner.selections + 1;
  };
  for (const selection of set?.selections ?? []) {
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const name = selection.name.value;
      let size = measured.get(name);
      if (!size) {
        // A cycle is refused by a rule of its own; here it must only end.
        measured.set(name, { depth: 0, aliases: 0, rootFields: 0, selections: 0 });
        size = measure(fragment(name)?.selectionSet, fragment, measured);
        measured.set(name, size);
      }
      add(size, selection);
    } else {
      const size = measure(selection.selectionSet, fragment, measured);
      if (selection.kind === Kind.FIELD && selection.name.value.startsWith("__"))
        // Of introspection the aliases alone count: for each of them the schema is told once more.
        aliases += size.aliases + (selection.alias ? 1 : 0);
      else add(size, selection);
    }
  }
  return { depth, aliases, rootFields, selections };
};

/** A rule of validation: refuses an operation that is over a limit of its text. */
export const withinLimits = (context: ValidationContext): ASTVisitor => {
  const measured = new Map<string, Size>();
  return {
    OperationDefinition: (operation) => {
      const size = measure(operation.selectionSet, (name) => context.getFragment(name), measured);
      for (const limit of ["depth", "aliases", "rootFields", "selections"] as const)
        if (size[limit] > LIMITS[limit])
          context.reportError(
            new GraphQLError(`the operation is over the limit of ${LIMITS[limit]} ${limit}`, {
              extensions: { limit },
            }),
          );
    },
  };
};

type Variables = Readonly<Record<string, unknown>>;

const refuse = (limit: "cost" | "values"): never => {
  throw new Problem(
    "OPERATION_TOO_LARGE",
    `the operation is over the limit of ${LIMITS[limit]} ${limit}`,
    {
      limit,
    },
  );
};

/**
 * How many things an answer may hold: one for each object, times the sizes of the lists that it stands in. Compiled once;
 * only what a variable decides is left to be counted.
 *
 * @returns Throws OPERATION_TOO_LARGE when an operation with these variables is over the limit.
 */
export const costOf = (
  schema: GraphQLSchema,
  { definition, fragments }: ClientOperation,
): ((variables: Variables) => void) => {
  type Count = (variables: Variables) => number;

  /** How many things a field stands for. */
  const sizeOf = (type: GraphQLCompositeType, node: FieldNode): Count => {
    const field = fieldOf(type, node.name.value);
    const first = field?.args.find(({ name }) => name === "first");
    if (first) {
      const given = node.arguments?.find(({ name }) => name.value === "first")?.value;
      const otherwise = Number(first.defaultValue ?? ASSUMED_SIZE);
      if (given?.kind === Kind.INT) return () => Number(given.value);
      if (given?.kind !== Kind.VARIABLE) return () => otherwise;
      const name = given.name.value;
      return (variables) => Number(variables[name] ?? otherwise);
    }
    let lists = 0;
    for (
      let of = field && getNullableType(field.type);
      isListType(of);
      of = getNullableType(of.ofType)
    )
      lists++;
    const size = PLUMBING.has(node.name.value) ? 1 : ASSUMED_SIZE ** lists;
    return () => size;
  };
  const count = (type: GraphQLCompositeType, set: SelectionSetNode): Count => {
    const parts = set.selections.flatMap((selection): Count[] => {
      if (selection.kind === Kind.FIELD) {
        const of = getNamedType(fieldOf(type, selection.name.value)?.type);
        if (!isCompositeType(of) || !selection.selectionSet || of.name.startsWith("__")) return [];
        const own = PLUMBING.has(selection.name.value) ? 0 : 1;
        const size = sizeOf(type, selection);
        const below = count(of, selection.selectionSet);
        return [(variables) => Math.max(0, size(variables)) * (own + below(variables))];
      }
      const fragment =
        selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      const on = fragment?.typeCondition && schema.getType(fragment.typeCondition.name.value);
      return fragment ? [count(isCompositeType(on) ? on : type, fragment.selectionSet)] : [];
    });
    return (variables) => parts.reduce((sum, part) => sum + part(variables), 0);
  };

  const root = schema.getRootType(definition.operation);
  const whole = root ? count(root, definition.selectionSet) : () => 0;
  return (variables) => {
    if (whole(variables) > LIMITS.cost) refuse("cost");
  };
};

/**
 * Counts the values in a request's variables, without going into their depth by recursion.
 *
 * @throws {Problem} OPERATION_TOO_LARGE
 */
export const weigh = (variables: object): void => {
  const open: unknown[] = [variables];
  let values = 0;
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== "object" || value === null) continue;
    const inner = Object.values(value);
    values += inner.length;
    if (values > LIMITS.values) refuse("values");
    open.push(...inner);
  }
};
