import { GraphQLError, GraphQLScalarType, Kind } from "graphql";

/** RFC 3339: a full date, a full time and an offset; nothing is read as local time. */
const RFC_3339 = /^(\d{4}-\d{2}-\d{2})T(?!24)\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i;

/** `Date` takes the 30th of February for the 2nd of March. */
const isADay = (date: string): boolean => {
  const midnight = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
};

const toInstant = (value: unknown): Date => {
  const [text, date = ""] = (typeof value === "string" && RFC_3339.exec(value)) || [];
  const instant = text !== undefined && isADay(date) ? new Date(text) : undefined;
  if (!instant || Number.isNaN(instant.getTime()))
    throw new GraphQLError("a DateTime is RFC 3339 with an offset, like 2026-11-23T09:00:00Z");
  return instant;
};

/** An instant: RFC 3339 in, UTC out. */
export const DateTime = new GraphQLScalarType<Date, string>({
  name: "DateTime",
  description: "An instant, RFC 3339. Given in any offset, returned in UTC.",
  specifiedByURL: "https://www.rfc-editor.org/rfc/rfc3339",
  serialize: (value) => (value as Date).toISOString(),
  parseValue: toInstant,
  parseLiteral: (node) => toInstant(node.kind === Kind.STRING ? node.value : undefined),
});

/** The scalars of every subgraph. */
export const scalars = { DateTime };
