import { readFileSync } from "node:fs";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse, validate } from "graphql";
import type { DocumentNode, GraphQLError, GraphQLFormattedError, GraphQLSchema } from "graphql";
import { LRUCache } from "lru-cache";
import { Problem } from "#schema/problems.ts";
import { scalars } from "#schema/scalars.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Act } from "./act.ts";
import type { Clock } from "./clock.ts";
import type { Database } from "./database.ts";
import { executor } from "./execute.ts";
import type { Execute } from "./execute.ts";
import type { Log } from "./log.ts";
import { spellIdsAlike } from "./ids.ts";
import { migrate } from "./migrate.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Event } from "./record.ts";

/** What comes through a side door. */
export interface Ask {
  bytes: Buffer;
  /** Null when it is the house itself that asks. */
  requester: Requester | null;
  at: Date;
  requestId: string;
}

/** A way into a room beside the graph, such as FHIR intake: bytes in, a reply out. */
export type SideDoor = (ask: Ask) => Promise<{ status: number; contentType: string; body: string }>;

/** The most bytes that come through a side door; a FHIR bundle is the largest thing that does. */
export const SIDE_DOOR_LIMIT = 16_000_000;

/** What a room is made of. The same furniture in each. */
export interface Room<Context> {
  /** As in the composed graph: `information-sharing`. */
  readonly name: string;
  /** The folder that holds `schema.graphql` and `migrations/`. */
  readonly folder: URL;
  readonly resolvers: Record<string, unknown>;
  /** Made for each request: stores, loaders and the act. */
  readonly context: (database: Database, act: Act, neighbours: Neighbours) => Context;
  /** By path: `/fhir`. */
  readonly sideDoors?: (database: Database, log: Log) => Record<string, SideDoor>;
  /** Takes in an event of another room; called once or more for each event, and has effect once. */
  readonly consume?: (database: Database, event: Event, at: Date) => Promise<void>;
}

/** An operation for one subgraph, as the planner writes it. */
export interface Operation {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

/** A subgraph's answer: data, and errors that a client may see. */
export interface Answer {
  data?: Record<string, unknown> | null;
  errors?: GraphQLFormattedError[];
}

/** A room with its database open, ready to answer. */
export interface OpenRoom {
  readonly name: string;
  readonly database: Database;
  readonly schema: GraphQLSchema;
  /** By path, each with the request's instant filled in. */
  readonly sideDoors: Record<string, (ask: Omit<Ask, "at">) => ReturnType<SideDoor>>;
  answer(operation: Operation, requester: Requester, requestId: string): Promise<Answer>;
  consume(event: Event): Promise<void>;
}

/** The database schema of a room: its name, as SQL spells it. */
export const schemaOf = (room: string): string => room.replaceAll("-", "_");

/** A room's part of the graph, as it is written. */
export const typeDefsOf = (room: Pick<Room<never>, "folder">): DocumentNode =>
  parse(readFileSync(new URL("schema.graphql", room.folder), "utf8"));

const PLATFORM_MIGRATIONS = new URL("./migrations/", import.meta.url);

/** Brings a room's own tables up to date, those of the platform in its schema first. */
export const migrateRoom = (
  room: Pick<Room<never>, "name" | "folder">,
  database: Database,
): Promise<string[]> =>
  migrate(database, schemaOf(room.name), [
    PLATFORM_MIGRATIONS,
    new URL("migrations/", room.folder),
  ]);

/**
 * What PostgreSQL says of a text that it cannot hold: character_not_in_repertoire and untranslatable_character (a NUL).
 */
const UNREADABLE: ReadonlySet<string> = new Set(["22021", "22P05"]);

/** One of the two edges where errors are caught: a Problem is shown, a request's own fault is named, all else is FAULT. */
const shown = (error: GraphQLError, log: Log, requestId: string): GraphQLFormattedError => {
  const cause = error.originalError;
  const base = {
    ...(error.path && { path: error.path }),
    ...(error.locations && { locations: error.locations }),
  };
  if (cause instanceof Problem)
    return { ...base, message: cause.message, extensions: { code: cause.code, ...cause.details } };
  if (UNREADABLE.has((cause as { code?: string } | undefined)?.code ?? ""))
    return {
      ...base,
      message: "a text holds a character that no text can hold",
      extensions: { code: "BAD_INPUT" },
    };
  // What graphql-js refuses before it executes (a bad variable, a bad scalar) has no path: it is the client's.
  if (!error.path) return { ...base, message: error.message, extensions: { code: "BAD_INPUT" } };
  log.error({ err: cause, path: error.path, requestId }, "fault");
  return { ...base, message: "our mistake", extensions: { code: "FAULT", requestId } };
};

/** Opens a room on a database that is already migrated. */
export const openRoom = <Context>(
  room: Room<Context>,
  database: Database,
  { log, clock, neighbours }: { log: Log; clock: Clock; neighbours: Neighbours },
): OpenRoom => {
  const schema = buildSubgraphSchema([
    { typeDefs: typeDefsOf(room), resolvers: { ...scalars, ...room.resolvers } as never },
  ]);
  spellIdsAlike(schema);
  // The planner writes few documents; each is parsed and validated once.
  const documents = new LRUCache<string, Execute | readonly GraphQLError[]>({ max: 1000 });
  const read = (query: string) => {
    let document = documents.get(query);
    if (!document) {
      try {
        const parsed = parse(query);
        const errors = validate(schema, parsed);
        document = errors.length > 0 ? errors : executor(schema, parsed);
      } catch (error) {
        document = [error as GraphQLError];
      }
      documents.set(query, document);
    }
    return document;
  };
  return {
    name: room.name,
    database,
    schema,
    sideDoors: Object.fromEntries(
      Object.entries(room.sideDoors?.(database, log) ?? {}).map(([path, door]) => [
        path,
        (ask: Omit<Ask, "at">) => door({ ...ask, at: clock() }),
      ]),
    ),
    answer: async ({ query, variables, operationName }, requester, requestId) => {
      const document = read(query);
      if (typeof document !== "function")
        return {
          errors: document.map(({ message }) => ({
            message,
            extensions: { code: "OPERATION_INVALID" },
          })),
        };
      const act: Act = { by: requester, at: clock(), requestId };
      const result = await document(
        room.context(database, act, neighbours),
        variables ?? {},
        operationName ?? null,
      );
      return {
        ...(result.data !== undefined && { data: result.data as Record<string, unknown> | null }),
        ...(result.errors && {
          errors: result.errors.map((error) => shown(error, log, requestId)),
        }),
      };
    },
    consume: async (event) => room.consume?.(database, event, clock()),
  };
};
