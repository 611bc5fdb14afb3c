/**
 * Part of step 3: the operation as the planner sees it. No alias of a client is in it, so none can meet a key or an input
 * of `@requires`, which the planner writes under their own names into the same objects; and operations that differ in
 * aliases, in the names of their variables or in how they are cut into fragments are one operation, with one plan.
 */
import {
  doTypesOverlap,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isListType,
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
  GraphQLOutputType,
  GraphQLSchema,
  OperationDefinitionNode,
  SelectionSetNode,
  ValueNode,
} from "graphql";
import type { Category } from "#sharing/vocabulary.ts";

/** An operation of a client's document, with the document's fragments. It has passed validation. */
export interface ClientOperation {
  definition: OperationDefinitionNode;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

/** The response names of what is selected in one object, and of what is selected below. */
export interface Names {
  of: ReadonlyMap<FieldNode, string>;
  below: ReadonlyMap<string, Names>;
  /** It matters for what is selected of which type the object is. */
  areNarrowed: boolean;
}

/** What the planner is given, and how to find the client's own words again. */
export interface Canonical {
  /** One operation without aliases of the client's or named fragments; null when no subgraph need be asked. */
  text: string | null;
  /** At the root. */
  names: Names;
  /** The client's variables that are used, each with its name in the text. */
  variables: ReadonlyMap<string, string>;
  /** What is asked of the schema itself; it is in no subgraph. */
  introspection: readonly FieldNode[];
  /** What was left out because it holds what is denied: where the client asked for it, and what it holds. */
  withheld: readonly Withheld[];
}

/** A place that nothing is given at. */
export interface Withheld {
  /** The client's response names; `@` for a position in a list. */
  path: readonly string[];
  holds: Category;
}

/** Tells what of an operation may not be asked for. */
export interface Trim {
  denied: ReadonlySet<Category>;
  /** What a field holds; null for what names no person. */
  holds: (type: string, field: string) => Category | null;
}

/** Is every object of `type` in a fragment on `on`? */
export const isWider = (
  schema: GraphQLSchema,
  on: GraphQLCompositeType,
  type: GraphQLCompositeType,
): boolean =>
  on === type || (isAbstractType(on) && !isUnionType(type) && schema.isSubType(on, type));

/** Is a selection left out, by `@skip` or `@include`? */
export const isLeftOut = (
  directives: readonly DirectiveNode[] = [],
  holds: (variable: string) => boolean,
): boolean =>
  directives.some(({ name, arguments: given }) => {
    if (name.value !== "skip" && name.value !== "include") return false;
    const condition = given?.find((it) => it.name.value === "if")?.value;
    const value =
      condition?.kind === Kind.VARIABLE
        ? holds(condition.name.value)
        : condition?.kind === Kind.BOOLEAN && condition.value;
    return value === (name.value === "skip");
  });

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

const ALL_MAY_BE_ASKED: Trim = { denied: new Set(), holds: () => null };

/** The positions that lead through the lists of a type. */
const positions = (type: GraphQLOutputType): string[] => {
  const bare = getNullableType(type);
  return isListType(bare) ? ["@", ...positions(bare.ofType)] : [];
};

/** Names while they are being given: and those under which each field with its arguments is asked for so far. */
interface Naming extends Names {
  of: Map<FieldNode, string>;
  below: Map<string, Naming>;
  asked: Map<string, string[]>;
}

const naming = (): Naming => ({
  of: new Map(),
  below: new Map(),
  areNarrowed: false,
  asked: new Map(),
});

/**
 * Normalises an operation, as it is with certain conditions met and others not.
 *
 * A field without arguments answers under its own name. One with arguments answers under a name that no field of a graph
 * can have (GraphQL keeps names with two underscores for itself), one for each distinct arguments. What a client asks for
 * twice, and selects from differently, is two: a null in the one must not be one in the other.
 *
 * @param holds Whether a variable that is a condition is true.
 * @param trim What may not be asked for; a field that changes something is never left out, for its room refuses it.
 */
export const normalise = (
  schema: GraphQLSchema,
  { definition, fragments }: ClientOperation,
  holds: (variable: string) => boolean,
  { denied, holds: holdsOf }: Trim = ALL_MAY_BE_ASKED,
): Canonical => {
  const withheld = new Map<string, Withheld>();
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
    // Sorted before they are printed, for in that order variables get their numbers.
    const given = (node.arguments ?? []).toSorted((a, b) => (a.name.value < b.name.value ? -1 : 1));
    return given.length === 0
      ? ""
      : `(${given.map(({ name, value }) => `${name.value}:${printed(value)}`).join(",")})`;
  };
  /** Directives that are no conditions. */
  const others = (directives: readonly DirectiveNode[] = []): string =>
    directives
      .filter(({ name }) => name.value !== "skip" && name.value !== "include")
      .map((directive) => ` @${directive.name.value}${argumentsOf(directive)}`)
      .join("");
  const named = (
    { name, alias }: FieldNode,
    args: string,
    isShared: boolean,
    { asked }: Naming,
  ): string => {
    const field = `${name.value}${args}`;
    const under = asked.get(field) ?? [];
    asked.set(field, under);
    const responseName = isShared ? "" : (alias ?? name).value;
    if (!under.includes(responseName)) under.push(responseName);
    const time = under.indexOf(responseName);
    if (args === "" && time === 0) return name.value;
    const distinct = `${field}#${time}`;
    const given = numbered.get(distinct) ?? `__${numbered.size}_${name.value}`;
    numbered.set(distinct, given);
    return given;
  };

  const select = (
    type: GraphQLCompositeType,
    set: SelectionSetNode,
    into: Selections,
    names: Naming,
    at: readonly string[],
    isRoot = false,
  ): void => {
    for (const selection of set.selections) {
      if (isLeftOut(selection.directives, holds)) continue;
      const directives = others(selection.directives);
      if (selection.kind === Kind.FIELD) {
        const { value: name } = selection.name;
        const field = fieldOf(type, name);
        const of = getNamedType(field?.type);
        const held = denied.size > 0 && !name.startsWith("_") ? holdsOf(type.name, name) : null;
        const isRootChange = isRoot && definition.operation === "mutation";
        if (held !== null && denied.has(held) && !isRootChange) {
          const path = [...at, (selection.alias ?? selection.name).value];
          withheld.set(path.join("\n"), { path, holds: held });
          continue;
        }
        const args = argumentsOf(selection);
        // A change is made as often as the client tells it apart.
        const responseName =
          name === TypeNameMetaFieldDef.name
            ? name
            : named(selection, args, !isCompositeType(of) && !isRootChange, names);
        names.of.set(selection, responseName);
        // The gateway itself knows what a root is called, and how the graph is made.
        if (isRoot && name.startsWith("__")) {
          const alias = { kind: Kind.NAME, value: responseName } as const;
          if (isIntrospection(name)) introspection.push({ ...selection, alias });
          continue;
        }
        if (!field) throw new Error(`a validated operation selects ${type.name}.${name}`);
        const head = `${responseName === name ? name : `${responseName}:${name}`}${args}${directives}`;
        if (!isCompositeType(of) || !selection.selectionSet) {
          into.set(head, null);
          continue;
        }
        const inner = within(into, head);
        const below = names.below.get(responseName) ?? naming();
        names.below.set(responseName, below);
        const here = [...at, (selection.alias ?? selection.name).value, ...positions(field.type)];
        select(of, selection.selectionSet, inner, below, here);
        // All that was asked of it is left out: it is still there, or not.
        if (inner.size === 0) inner.set(TypeNameMetaFieldDef.name, null);
        continue;
      }
      const fragment =
        selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      if (!fragment) throw new Error("a validated operation spreads a fragment that is not there");
      const on = fragment.typeCondition?.name.value;
      const narrowed = on === undefined ? type : schema.getType(on);
      if (!isCompositeType(narrowed)) throw new Error("a validated fragment is on no such type");
      if (!doTypesOverlap(schema, type, narrowed)) continue;
      const isWide = isWider(schema, narrowed, type);
      const condition = isWide ? "" : ` on ${narrowed.name}`;
      if (condition === "" && directives === "") {
        select(type, fragment.selectionSet, into, names, at, isRoot);
        continue;
      }
      const inner: Selections = new Map();
      select(isWide ? type : narrowed, fragment.selectionSet, inner, names, at, isRoot);
      if (inner.size === 0) continue;
      if (condition !== "") {
        // Which of its fragments an object is in, the answer must tell.
        into.set(TypeNameMetaFieldDef.name, null);
        names.areNarrowed = true;
      }
      const there = within(into, `...${condition}${directives}`);
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
  const names = naming();
  select(root, definition.selectionSet, selections, names, [], true);
  const asked = compact(selections);
  // What the schema alone is asked for is in no subgraph, and its variables are not either.
  const used = new Set(asked.match(/\$v\d+/g));
  const declared = (definition.variableDefinitions ?? []).flatMap(
    ({ variable: { name }, type, defaultValue }) => {
      const known = variables.get(name.value);
      return known === undefined || !used.has(`$${known}`)
        ? []
        : `$${known}:${print(type)}${defaultValue ? `=${print(defaultValue)}` : ""}`;
    },
  );
  return {
    text:
      selections.size === 0
        ? null
        : `${definition.operation}${declared.length > 0 ? `(${declared.toSorted().join(",")})` : ""}${asked}`,
    names,
    variables,
    introspection,
    withheld: [...withheld.values()],
  };
};
