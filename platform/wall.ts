/**
 * The second wall: which rows a query may see is settled in the database, by the role that it runs as and the agency that
 * it asks for. Both are said with the query itself, and hold for it alone.
 */
import type { Knex } from "knex";
import pg from "pg";

/** What a database role of a room is for. A login is granted those that it needs, and has none of its own. */
export type Part = "owner" | "house" | "rw" | "ro";

/** `handoff_graph_referrals_rw`: roles belong to a server, so their names say whose they are. */
export const roleOf = (schema: string, part: Part): string => `handoff_graph_${schema}_${part}`;

/** For whom a query is. */
export interface Sight {
  readonly role: string;
  /** Null for the house, and for nobody. */
  readonly agency: string | null;
  /** The persons that facts tie the agency to, for this request; asked anew for each query. */
  readonly persons: () => readonly string[];
}

/**
 * Says for whom the rest of a transaction is. It holds until the transaction ends, so nothing is left on the connection,
 * and a pooler of transactions may stand between.
 *
 * @param mark How a value is marked in the statement: `$1`, or `?` where knex numbers them.
 */
export const saying = (
  { role, agency, persons }: Sight,
  mark: (index: number) => string,
): { text: string; values: string[] } => {
  const known = agency === null ? [] : persons();
  const settings = [
    ["role", role],
    ...(agency === null ? [] : [["app.agency", agency]]),
    ...(known.length === 0 ? [] : [["app.persons", known.join()]]),
  ] as const;
  const calls = settings.map(([name], index) => `set_config('${name}', ${mark(index + 1)}, true)`);
  return {
    text: `select ${calls.join(", ")}`,
    values: settings.map(([, value]) => value as string),
  };
};

/** pg's connection and query as they are; its types leave these out. */
interface Wire {
  parse(message: { name: string; text: string }): void;
  bind(message: {
    portal: string;
    statement: string;
    values: string[];
    valueMapper: (it: string) => string;
  }): void;
  execute(message: { portal: string; rows: number }): void;
}
interface Parts extends pg.Submittable {
  prepare(wire: Wire): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
}
type Callback = (error: Error | undefined, result: unknown) => void;
const Query = pg.Query as unknown as new (config: object, callback: Callback) => Parts;

/**
 * A query that first says for whom it is. Both statements go out before one Sync, which makes them one transaction and
 * one round trip; if the first fails the second is not run.
 */
class SayingQuery extends Query {
  readonly #sight: Sight;
  #isSaid = false;

  constructor(sight: Sight, config: object, callback: Callback) {
    // A simple query would be a transaction of its own.
    super({ ...config, queryMode: "extended" }, callback);
    this.#sight = sight;
  }

  override prepare(wire: Wire): void {
    const { text, values } = saying(this.#sight, (index) => `$${index}`);
    wire.parse({ name: "", text });
    wire.bind({ portal: "", statement: "", values, valueMapper: (it) => it });
    wire.execute({ portal: "", rows: 0 });
    super.prepare(wire);
  }

  override handleDataRow(message: unknown): void {
    if (this.#isSaid) super.handleDataRow(message);
  }

  override handleCommandComplete(message: unknown, wire: Wire): void {
    if (this.#isSaid) super.handleCommandComplete(message, wire);
    this.#isSaid = true;
  }
}

/** What a store queries with: a table of its room by `schema.table`, or SQL of its own. A transaction is one too. */
export interface Sql {
  (table: string): Knex.QueryBuilder;
  raw: Knex.RawBuilder;
}

/** A statement as knex hands it to its driver. */
interface Asked {
  sql: string;
  bindings?: unknown[];
  options?: object;
  response?: unknown;
}
interface Client {
  queryBuilder(): Knex.QueryBuilder;
  raw: Knex.RawBuilder;
  _query(connection: pg.ClientBase, asked: Asked): Promise<Asked>;
}

/**
 * Queries that are for somebody, on the connections of others: made for each request, so it costs next to nothing, which
 * a knex of its own does not.
 */
export const askedBy = (sql: Knex, sight: Sight): Sql => {
  const ask: Client["_query"] = (connection, asked) =>
    new Promise((resolve, reject) => {
      const config = { text: asked.sql, values: asked.bindings ?? [], ...asked.options };
      const query = new SayingQuery(sight, config, (error, response) =>
        error ? reject(error) : resolve(Object.assign(asked, { response })),
      );
      connection.query(query);
    });
  // INVARIANT: a query of knex's is run by the client that made it. Transactions make a client of their own, which runs
  // its queries as they are: they are opened by `Database.transaction` alone, which says for whom they are.
  const client = Object.create(sql.client as Client, { _query: { value: ask } }) as Client;
  return Object.assign((table: string) => client.queryBuilder().table(table), {
    raw: client.raw.bind(client) as Knex.RawBuilder,
  });
};
