/** Part of step 3: what the fields of an operation hold, and what its arguments tell. */
import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  TypeInfo,
  valueFromAST,
  visit,
  visitWithTypeInfo,
} from "graphql";
import type { GraphQLInputType, GraphQLSchema, ValueNode } from "graphql";
import type { Category, Holds } from "#sharing/vocabulary.ts";
import type { Labels } from "#platform/labels.ts";
import type { ClientOperation } from "./normalise.ts";

/** What an operation asks for, and asks with. */
export interface Holdings {
  /** Everything that it could be given or ask with, sorted. */
  categories: readonly Category[];
  /**
   * What it asks with: the categories of arguments by which records are found, filtered or sorted.
   *
   * @param denied Fields that hold this are not asked for, whatever their arguments.
   * @param variables Coerced.
   */
  askedWith(
    denied: ReadonlySet<Category>,
    variables: Readonly<Record<string, unknown>>,
  ): ReadonlySet<Category>;
}

const ofNobody: Holdings = { categories: [], askedWith: () => new Set() };

const category = (holds: Holds): Category | null => (holds === "OPERATIONAL" ? null : holds);

/** Is this what GraphQL itself answers: a thing's type, or how the graph is made? */
const isGraphqls = (type: string, field: string): boolean =>
  type.startsWith("__") || field.startsWith("_");

/** What a field holds; null for what names no person, and for what GraphQL itself answers. */
export const holdsIn =
  (labels: Labels | null | undefined) =>
  (type: string, field: string): Category | null =>
    labels && !isGraphqls(type, field) ? category(labels.field(type, field)) : null;

/** What a value of an argument tells, by the labels of what stands in it. */
const toldBy = (
  labels: Labels,
  type: GraphQLInputType,
  value: unknown,
  into: Set<Category>,
): void => {
  if (value === null || value === undefined) return;
  const bare = getNullableType(type);
  if (isListType(bare)) {
    for (const item of Array.isArray(value) ? value : [value])
      toldBy(labels, bare.ofType, item, into);
  } else if (isEnumType(bare)) add(labels.enumValue(bare.name, value as string), into);
  else if (isInputObjectType(bare))
    for (const [name, field] of Object.entries(bare.getFields())) {
      const part = (value as Record<string, unknown>)[name];
      if (part === undefined || part === null) continue;
      add(labels.inputField(bare.name, name), into);
      toldBy(labels, field.type, part, into);
    }
};

/** All that a value of a type could tell. */
const couldTell = (
  labels: Labels,
  type: GraphQLInputType,
  into: Set<Category>,
  seen = new Set<string>(),
): void => {
  const named = getNamedType(type);
  if (seen.has(named.name)) return;
  seen.add(named.name);
  if (isEnumType(named))
    for (const { name } of named.getValues()) add(labels.enumValue(named.name, name), into);
  if (isInputObjectType(named))
    for (const [name, field] of Object.entries(named.getFields())) {
      add(labels.inputField(named.name, name), into);
      couldTell(labels, field.type, into, seen);
    }
};

const add = (holds: Holds, into: Set<Category>): void => {
  const told = category(holds);
  if (told) into.add(told);
};

/** An argument that is given to a field of a query. */
interface Given {
  /** What the field holds. */
  field: Category | null;
  /** What the argument holds. */
  argument: Category | null;
  type: GraphQLInputType;
  value: ValueNode;
}

/** Works out what an operation holds. It has passed validation. */
export const holdingsOf = (
  schema: GraphQLSchema,
  labels: Labels | null | undefined,
  { definition, fragments }: ClientOperation,
): Holdings => {
  if (!labels) return ofNobody;
  const all = new Set<Category>();
  const given: Given[] = [];
  const types = new TypeInfo(schema);
  const holds = holdsIn(labels);
  for (const node of [definition, ...fragments.values()])
    visit(
      node,
      visitWithTypeInfo(types, {
        Field: ({ name }) => {
          const parent = types.getParentType();
          const field = parent ? holds(parent.name, name.value) : null;
          if (field) all.add(field);
        },
        Argument: ({ name, value }) => {
          const [parent, field] = [types.getParentType(), types.getFieldDef()];
          const argument = types.getArgument();
          // What is written is the room's to refuse, and an argument of a directive tells of nobody.
          if (!parent || !field || !argument || types.getDirective()) return;
          if (parent === schema.getMutationType() || isGraphqls(parent.name, field.name)) return;
          const label = category(labels.argument(parent.name, field.name, name.value));
          given.push({
            field: holds(parent.name, field.name),
            argument: label,
            type: argument.type,
            value,
          });
          if (label) all.add(label);
          couldTell(labels, argument.type, all);
        },
      }),
    );
  return {
    categories: [...all].sort(),
    askedWith: (denied, variables) => {
      const told = new Set<Category>();
      for (const { field, argument, type, value } of given) {
        if (field !== null && denied.has(field)) continue;
        const worth = valueFromAST(value, type, variables as Record<string, unknown>);
        if (worth === undefined || worth === null) continue;
        if (argument) told.add(argument);
        toldBy(labels, type, worth, told);
      }
      return told;
    },
  };
};
