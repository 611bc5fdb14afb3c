/** Step 3: an operation must fit the graph, and its limits. */
import { GraphQLError, isInterfaceType, isObjectType, Kind } from "graphql";
import type {
  ASTVisitor,
  FragmentDefinitionNode,
  SelectionNode,
  SelectionSetNode,
  ValidationContext,
} from "graphql";

/**
 * How large an operation may be. Depth counts fields that go from one thing to another; a connection's own `edges`,
 * `node` and `pageInfo` are plumbing, and introspection has a depth of its own.
 */
export const LIMITS = {
  tokens: 1_000,
  depth: 8,
  aliases: 15,
  rootFields: 5,
  // What a document of 1,000 tokens cannot reach but by fragments that multiply: the planner unfolds each of them.
  selections: 2_000,
} as const;

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
    } else if (selection.kind === Kind.FIELD && selection.name.value.startsWith("__")) continue;
    else add(measure(selection.selectionSet, fragment, measured), selection);
  }
  return { depth, aliases, rootFields, selections };
};

/** Refuses an operation that is over a limit. */
const withinLimits = (context: ValidationContext): ASTVisitor => {
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

/**
 * No alias may bear the name of another field of the type it stands in. The root types have no keys, and are free.
 *
 * The planner writes keys and required inputs under their own names into the same object as the client's aliases; an
 * alias that meets one would be taken for it, and a protected value could be read, or a key forged, by choosing it.
 */
const noShadowingAlias = (context: ValidationContext): ASTVisitor => {
  const schema = context.getSchema();
  const roots = [schema.getQueryType(), schema.getMutationType()];
  return {
    Field: (node) => {
      const parent = context.getParentType();
      const alias = node.alias?.value;
      if (alias === undefined || alias === node.name.value) return;
      const isAField =
        (isObjectType(parent) || isInterfaceType(parent)) &&
        !roots.some((root) => root === parent) &&
        Object.hasOwn(parent.getFields(), alias);
      if (isAField || alias.startsWith("__"))
        context.reportError(
          new GraphQLError(`the alias \`${alias}\` is the name of another field`, {
            nodes: [node],
          }),
        );
    },
  };
};

/** Refuses what the planner would answer with a fault. */
const plannable = (context: ValidationContext): ASTVisitor => ({
  OperationDefinition: (node) => {
    if (node.operation === "subscription")
      context.reportError(new GraphQLError("there is nothing to subscribe to", { nodes: [node] }));
  },
  VariableDefinition: (node) => {
    if (node.variable.name.value === "representations")
      context.reportError(
        new GraphQLError("the variable `$representations` is the planner's own", { nodes: [node] }),
      );
  },
});

/** What an operation must keep beside GraphQL's own rules. */
export const admission = [withinLimits, noShadowingAlias, plannable];
