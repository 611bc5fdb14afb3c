/** One spelling for each id: a UUID may be written in capitals (RFC 9562, section 4), and must still be the same one. */
import { validate as isUuid } from "uuid";
import { Problem } from "#schema/problems.ts";
import {
  defaultFieldResolver,
  getNamedType,
  getNullableType,
  GraphQLID,
  isInputObjectType,
  isListType,
  isObjectType,
} from "graphql";
import type { GraphQLInputType, GraphQLSchema } from "graphql";

const holdsIds = (type: GraphQLInputType, seen = new Set<GraphQLInputType>()): boolean => {
  const named = getNamedType(type);
  if (named === GraphQLID) return true;
  if (!isInputObjectType(named) || seen.has(named)) return false;
  seen.add(named);
  return Object.values(named.getFields()).some((field) => holdsIds(field.type, seen));
};

const spelled = (type: GraphQLInputType, value: unknown): unknown => {
  if (value === null || value === undefined) return value;
  const bare = getNullableType(type);
  if (isListType(bare)) return (value as unknown[]).map((item) => spelled(bare.ofType, item));
  if (bare === GraphQLID) {
    // No record can bear an id that is no UUID, so saying that it is none tells nothing.
    if (!isUuid(value)) throw new Problem("BAD_INPUT", "an id is malformed");
    return (value as string).toLowerCase();
  }
  if (!isInputObjectType(bare)) return value;
  const fields = bare.getFields();
  return Object.fromEntries(
    Object.entries(value as object).map(([name, part]) => [
      name,
      fields[name] ? spelled(fields[name].type, part) : part,
    ]),
  );
};

/**
 * Makes every resolver of a schema see the ids in its arguments in their one spelling; one that is no UUID is refused
 * as BAD_INPUT before the resolver sees it.
 */
export const spellIdsAlike = (schema: GraphQLSchema): void => {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const withIds = field.args.filter((argument) => holdsIds(argument.type));
      if (withIds.length === 0) continue;
      const resolve = field.resolve ?? defaultFieldResolver;
      field.resolve = (parent, args: Record<string, unknown>, context, info) =>
        resolve(
          parent,
          {
            ...args,
            ...Object.fromEntries(
              withIds
                .filter(({ name }) => name in args)
                .map(({ name, type: of }) => [name, spelled(of, args[name])]),
            ),
          },
          context,
          info,
        );
    }
  }
};
