/**
 * Part of step 3: the operation as the planner sees it. No alias of a client is in it, so none can meet a key or an input
 * of `@requires`, which the planner writes under their own names into the same objects; and operations that differ in
 * aliases, in the names of their variables or in how they are cut into fragments are one operation, with one plan.
 */
import {
  doTypesOverlap,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  Kind,
  print,
  TypeNameMetaFieldDef,
  visit,
} from "graphql";
import type {
  DirectiveNode,
  FieldNode,
  FragmentDefinitionNode,
  GraphQLCompositeType,
  GraphQLField,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
  ValueNode,
} from "graphql";

/** An operation of a client's document, with the document's fragments. It has passed validation. */
export interface ClientOperation {
  definition: OperationDefinitionNode;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

/** What the planner is given, and how to find the client's own words again. */
export interface Canonical {
  /** One operation without aliases of the client's or named fragments; null when no subgraph need be asked. */
  text: string | null;
  /** The response name that each field of the client's document has in it. */
  names: ReadonlyMap<FieldNode, string>;
  /** The client's variables that are used, each with its name in the text. */
  variables: ReadonlyMap<string, string>;
  /** What is asked of the schema itself; it is in no subgraph. */
  introspection: readonly FieldNode[];
}

/** Selections by what they print as before their own selections: a field, or a fragment with its condition. */
type Selections = Map<string, Selections | null>;

/** The definition of a field of a type; of `__typename` too. */
export const fieldOf = (
  type: GraphQLCompositeType,
  name: string,
): GraphQLField<unknown, unknown> | undefined =>
  name === TypeNameMetaFieldDef.name
    ? TypeNameMetaFieldDef
    : isObjectType(type) || isInterfaceType(type)
      ? type.getFields()[name]
      : undefined;

/** Is it answered from the schema itself, by the gateway? */
export const isIntrospection = (name: string): boolean => name === "__schema" || name === "__type";

const compact = (selections: Selections): string =>
  `{${[...selections].map(([head, inner]) => (inner ? head + compact(inner) : head)).join(" ")}}`;

/** The selections of `head`, made where they are not there yet: what is asked twice is asked once. */
const within = (selections: Selections, head: string): Selections => {
  const there = selections.get(head) ?? new Map<string, Selections | null>();
  selections.set(head, there);
  return there;
};

/**
 * Normalises.
 *
 * A field without arguments answers under its own name. One with arguments answers under a name that no field of a graph
 * can have (GraphQL keeps names with two underscores for itself), one for each distinct arguments.
 */
export const normalise = (
  schema: GraphQLSchema,
  { definition, fragments }: ClientOperation,
): Canonical => {
  const names = new Map<FieldNode, string>();
  const variables = new Map<string, string>();
  const numbered = new Map<string, string>();
  const introspection: FieldNode[] = [];

  const variable = (name: string): string => {
    const known = variables.get(name) ?? `v${variables.size}`;
    variables.set(name, known);
    return known;
  };
  const printed = (value: ValueNode): string =>
    print(
      visit(value, {
        Variable: (node) => ({ ...node, name: { ...node.name, value: variable(node.name.value) } }),
      }),
    );
  const argumentsOf = (node: FieldNode | DirectiveNode): string => {
    const given = (node.arguments ?? []).map(({ name, value }) => [name.value, printed(value)]);
    return given.length === 0
      ? ""
      : `(${given
          .toSorted(([a = ""], [b = ""]) => (a < b ? -1 : 1))
          .map((it) => it.join(":"))
          .join(",")})`;
  };
  /** What stays of directives: a condition that is a literal is met here. Null: the selection is left out. */
  const conditions = (directives: readonly DirectiveNode[] = []): string | null => {
    const kept: string[] = [];
    for (const directive of directives) {
      const { value: name } = directive.name;
      const condition = directive.arguments?.find((it) => it.name.value === "if")?.value;
      const literal = condition?.kind === Kind.BOOLEAN ? condition.value : undefined;
      if ((name === "skip" || name === "include") && literal !== undefined) {
        if (literal === (name === "skip")) return null;
      } else kept.push(` @${name}${argumentsOf(directive)}`);
    }
    return kept.join("");
  };
  const named = (field: FieldNode, args: string, key = ""): string => {
    if (args === "" && key === "") return field.name.value;
    const distinct = `${field.name.value}${args}${key}`;
    const name = numbered.get(distinct) ?? `__${numbered.size}_${field.name.value}`;
    numbered.set(distinct, name);
    return name;
  };

  const select = (
    type: GraphQLCompositeType,
    set: SelectionSetNode,
    into: Selections,
    isRoot = false,
  ): void => {
    for (const selection of set.selections) {
      const kept = conditions(selection.directives);
      if (kept === null) continue;
      if (selection.kind === Kind.FIELD) {
        const { value: name } = selection.name;
        const args = argumentsOf(selection);
        // Mutations are not the same for having the same arguments: each that the client tells apart is made.
        const key =
          isRoot && definition.operation === "mutation"
            ? `#${(selection.alias ?? selection.name).value}`
            : "";
        const own = name.startsWith("__") && !isIntrospection(name);
        const responseName = own ? name : named(selection, args, key);
        names.set(selection, responseName);
        // The gateway itself knows what a root is called, and how the graph is made.
        if (isRoot && name.startsWith("__")) {
          const alias = { kind: Kind.NAME, value: responseName } as const;
          if (isIntrospection(name)) introspection.push({ ...selection, alias });
          continue;
        }
        const field = fieldOf(type, name);
        if (!field) throw new Error(`a validated operation selects ${type.name}.${name}`);
        const of = getNamedType(field.type);
        const head = `${responseName === name ? name : `${responseName}:${name}`}${args}${kept}`;
        if (!isCompositeType(of) || !selection.selectionSet) {
          into.set(head, null);
          continue;
        }
        const inner = within(into, head);
        select(of, selection.selectionSet, inner);
        // All that was asked of it is left out: it is still there, or not.
        if (inner.size === 0) inner.set(TypeNameMetaFieldDef.name, null);
        continue;
      }
      const fragment =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? fragments.get(selection.name.value)
          : { typeCondition: selection.typeCondition, selectionSet: selection.selectionSet };
      if (!fragment) throw new Error("a validated operation spreads a fragment that is not there");
      const on = fragment.typeCondition?.name.value;
      const narrowed = on === undefined ? type : schema.getType(on);
      if (!isCompositeType(narrowed)) throw new Error("a validated fragment is on no such type");
      if (!doTypesOverlap(schema, type, narrowed)) continue;
      const isWider =
        narrowed === type ||
        (isAbstractType(narrowed) && !isUnionType(type) && schema.isSubType(narrowed, type));
      const condition = isWider ? "" : ` on ${narrowed.name}`;
      if (condition === "" && kept === "") {
        select(type, fragment.selectionSet, into, isRoot);
        continue;
      }
      const inner: Selections = new Map();
      select(isWider ? type : narrowed, fragment.selectionSet, inner, isRoot);
      if (inner.size === 0) continue;
      // Which of its fragments an object is in, the answer must tell.
      if (condition !== "") into.set(TypeNameMetaFieldDef.name, null);
      const there = within(into, `...${condition}${kept}`);
      for (const [head, of] of inner) merge(there, head, of);
    }
  };
  const merge = (into: Selections, head: string, of: Selections | null): void => {
    if (!of) into.set(head, null);
    else {
      const there = within(into, head);
      for (const [innerHead, inner] of of) merge(there, innerHead, inner);
    }
  };

  const root = schema.getRootType(definition.operation);
  if (!root) throw new Error("a validated operation has no root");
  const selections: Selections = new Map();
  select(root, definition.selectionSet, selections, true);
  const declared = (definition.variableDefinitions ?? []).flatMap(
    ({ variable: { name }, type, defaultValue }) => {
      const known = variables.get(name.value);
      return known === undefined
        ? []
        : `$${known}:${print(type)}${defaultValue ? `=${print(defaultValue)}` : ""}`;
    },
  );
  return {
    text:
      selections.size === 0
        ? null
        : `${definition.operation}${declared.length > 0 ? `(${declared.toSorted().join(",")})` : ""}${compact(selections)}`,
    names,
    variables,
    introspection,
  };
};
