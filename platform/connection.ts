import type { Knex } from "knex";
import { Problem } from "#schema/problems.ts";
import type { Row } from "./record.ts";

/** How much of a list a client asks for: Relay's forward arguments. */
export interface Page {
  first?: number | null;
  after?: string | null;
}

/** A Relay connection. There is no total: over persons, a count is a disclosure. */
export interface Connection<T> {
  edges: { cursor: string; node: T }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

/** What a list is sorted by: one column of instants, then the id, so that no two rows are equal. */
export interface Order {
  column: string;
  direction: "asc" | "desc";
}

const DEFAULT_SIZE = 20;
const MAX_SIZE = 100;

const toCursor = (order: Order, row: Row): string =>
  Buffer.from(
    JSON.stringify([
      order.column,
      order.direction,
      (row[order.column] as Date).toISOString(),
      row.id,
    ]),
  ).toString("base64url");

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const fromCursor = (order: Order, cursor: string): [Date, string] => {
  try {
    const [column, direction, value = "", id = ""] = JSON.parse(
      Buffer.from(cursor, "base64url").toString("utf8"),
    ) as string[];
    const at = new Date(value);
    if (column !== order.column || direction !== order.direction) throw new Error("another list");
    // PostgreSQL's years do not go as far back as JavaScript's.
    if (/^[1-9]\d{3}-/.test(value) && !Number.isNaN(at.getTime()) && UUID.test(id)) return [at, id];
  } catch {
    // Not base64url JSON: the same refusal as any other cursor that this list did not give out.
  }
  throw new Problem("BAD_INPUT", "`after` is not a cursor of this list");
};

/**
 * One page of a query as a connection, by keyset: a deep page costs what the first one does.
 *
 * @param permitted Those of the things that may be known of; what it leaves out leaves no trace in the page.
 * @throws {Problem} BAD_INPUT when `first` is outside 1 to 100, or `after` is not a cursor of this list.
 */
export const connect = async <T>(
  query: Knex.QueryBuilder,
  order: Order,
  { first, after }: Page,
  fromRow: (row: Row) => T,
  permitted: (things: T[]) => Promise<T[]> | T[] = (things) => things,
): Promise<Connection<T>> => {
  const size = first ?? DEFAULT_SIZE;
  if (size < 1 || size > MAX_SIZE)
    throw new Problem("BAD_INPUT", `\`first\` must be from 1 to ${MAX_SIZE}`);
  let from = after == null ? null : fromCursor(order, after);
  const found: { row: Row; node: T }[] = [];
  for (;;) {
    const part = query.clone();
    if (from)
      void part.whereRaw(`(??, id) ${order.direction === "asc" ? ">" : "<"} (?, ?)`, [
        order.column,
        ...from,
      ]);
    const rows = (await part
      .orderBy([
        { column: order.column, order: order.direction },
        { column: "id", order: order.direction },
      ])
      .limit(size + 1)) as Row[];
    const things = new Map(rows.map((row) => [fromRow(row), row]));
    for (const node of await permitted([...things.keys()]))
      found.push({ node, row: things.get(node) as Row });
    const last = rows.at(-1);
    if (found.length > size || rows.length <= size || !last) break;
    // Those who may not know of some see a page as full as those who may.
    from = [last[order.column] as Date, last.id as string];
  }
  const edges = found
    .slice(0, size)
    .map(({ row, node }) => ({ cursor: toCursor(order, row), node }));
  return {
    edges,
    pageInfo: {
      hasNextPage: found.length > size,
      hasPreviousPage: after != null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
};
