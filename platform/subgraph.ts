import { readFileSync } from "node:fs";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse, validate } from "graphql";
import type { GraphQLError, GraphQLFormattedError, GraphQLSchema } from "graphql";
import type { JWK } from "jose";
import { LRUCache } from "lru-cache";
import { notFound, Problem } from "#schema/problems.ts";
import { scalars } from "#schema/scalars.ts";
import { FACTS } from "#sharing/facts.ts";
import type { FactsTold } from "#sharing/facts.ts";
import { KEEPS } from "#sharing/keeps.ts";
import type { KeepsAsked, KeepsTold } from "#sharing/keeps.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Act } from "./act.ts";
import type { Clock } from "./clock.ts";
import type { Database, OpenDatabase } from "./database.ts";
import { executor } from "./execute.ts";
import type { Execute } from "./execute.ts";
import type { Grants } from "./grants.ts";
import type { Log } from "./log.ts";
import { guard } from "./guard.ts";
import type { Told } from "./guard.ts";
import { spellIdsAlike } from "./ids.ts";
import { labelsOf } from "./labels.ts";
import { migrate } from "./migrate.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Event } from "./record.ts";
import { typeDefsOf } from "./type-defs.ts";
import { openSharing } from "./sharing.ts";
import type { AskFacts, Records, Seeing } from "./sharing.ts";

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

/**
 * A way in for the house alone, by which another room or the gateway asks in JSON objects; null is an answer without words.
 * Within one process what is asked and told is handed over as it is: neither side changes it.
 */
export type HouseDoor = (
  question: unknown,
  by: { at: Date; requestId: string },
) => Promise<object | null>;

/** The most bytes that come through a side door; a FHIR bundle is the largest thing that does. */
export const SIDE_DOOR_LIMIT = 16_000_000;

/** What a room does unasked, for as long as it is open. */
export interface Work {
  /** Does now what there is to do. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** What a room is made of. The same furniture in each. */
export interface Room<Context> {
  /** As in the composed graph: `information-sharing`. */
  readonly name: string;
  /** The folder that holds `schema.graphql` and `migrations/`. */
  readonly folder: URL;
  readonly resolvers: Record<string, unknown>;
  /** Whom its records tell of; without it, what is protected is withheld. */
  readonly records: Records;
  /** Made for each request, on what the asking agency sees of the database: stores, loaders and the act. */
  readonly context: (
    database: Database,
    act: Act,
    neighbours: Neighbours,
    sharing: Seeing,
  ) => Context;
  /** Of which categories an agency has records of its own here; the gateway asks for no others. */
  readonly keeps?: (database: Database, agency: string) => Promise<readonly Category[]>;
  /** By path: `/fhir`. They see the database as the house does, as do the room's work and what it takes in. */
  readonly sideDoors?: (database: Database, log: Log) => Record<string, SideDoor>;
  /** By path: `/known`. */
  readonly houseDoors?: (database: Database, log: Log) => Record<string, HouseDoor>;
  /**
   * Begins its work.
   *
   * @param key A key of the house's, by the name of its setting.
   */
  readonly work?: (
    database: Database,
    at: { log: Log; clock: Clock; key: (setting: string) => JWK },
  ) => Promise<Work>;
  /** Takes in an event of another room; called once or more for each event, and has effect once. */
  readonly consume?: (
    database: Database,
    event: Event,
    at: Date,
    neighbours: Neighbours,
  ) => Promise<void>;
}

/** An operation for one subgraph, as the planner writes it. */
export interface Operation {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

/** A subgraph's answer: data, errors that a client may see, and what was given and withheld, for the gateway alone. */
export interface Answer {
  data?: Record<string, unknown> | null;
  errors?: GraphQLFormattedError[];
  extensions?: { sharing?: Told };
}

/** A room with its database open, ready to answer. */
export interface OpenRoom {
  readonly name: string;
  readonly schema: GraphQLSchema;
  /** By path, each with the request's instant filled in; those for the house alone among them. */
  readonly sideDoors: Record<string, (ask: Omit<Ask, "at">) => ReturnType<SideDoor>>;
  /** Goes in by a door for the house alone, within this process. */
  ask(path: string, question: object, requestId: string): Promise<unknown>;
  answer(operation: Operation, requester: Requester, requestId: string): Promise<Answer>;
  consume(event: Event): Promise<void>;
}

/** The database schema of a room: its name, as SQL spells it. */
export const schemaOf = (room: string): string => room.replaceAll("-", "_");

const PLATFORM_MIGRATIONS = new URL("./migrations/", import.meta.url);

/** Which role may do what in a room's tables: the file beside the rooms, which names every table of each. */
export const grantsOf = ({ name, folder }: Pick<Room<never>, "name" | "folder">): Grants => {
  const all = JSON.parse(readFileSync(new URL("../grants.json", folder), "utf8")) as Record<
    string,
    Grants
  >;
  return all[schemaOf(name)] ?? {};
};

/** Brings a room's own tables up to date, those of the platform in its schema first, and what its roles may do with them. */
export const migrateRoom = (
  room: Pick<Room<never>, "name" | "folder">,
  database: OpenDatabase,
): Promise<string[]> =>
  migrate(
    database,
    schemaOf(room.name),
    [PLATFORM_MIGRATIONS, new URL("migrations/", room.folder)],
    grantsOf(room),
  );

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

const keepsDoor =
  ({ keeps }: Pick<Room<never>, "keeps">, database: Database): HouseDoor =>
  async (question) => {
    const { agency } = question as KeepsAsked;
    const told: KeepsTold = { categories: (await keeps?.(database.by(agency), agency)) ?? [] };
    return told;
  };

const objectIn = (bytes: Buffer): object => {
  try {
    const question: unknown = JSON.parse(bytes.toString("utf8"));
    if (typeof question === "object" && question !== null && !Array.isArray(question))
      return question;
  } catch {
    // What a parser says quotes what it was given.
  }
  throw new Problem("BAD_INPUT", "what is asked is no JSON object");
};

/**
 * A door for the house alone, as bytes come to it from another process.
 *
 * @throws {Problem} NOT_FOUND to everyone but the house; BAD_INPUT for what is no JSON object.
 */
export const overBytes =
  (door: HouseDoor): SideDoor =>
  async ({ bytes, requester, at, requestId }) => {
    if (requester) notFound();
    const told = await door(objectIn(bytes), { at, requestId });
    const contentType = "application/json";
    return told === null
      ? { status: 204, contentType, body: "" }
      : { status: 200, contentType, body: JSON.stringify(told) };
  };

/** Opens a room on a database that is already migrated. */
export const openRoom = <Context>(
  room: Room<Context>,
  opened: OpenDatabase,
  { log, clock, neighbours }: { log: Log; clock: Clock; neighbours: Neighbours },
): OpenRoom => {
  const schema = buildSubgraphSchema([
    { typeDefs: typeDefsOf(room.folder), resolvers: { ...scalars, ...room.resolvers } as never },
  ]);
  spellIdsAlike(schema);
  const labels = labelsOf(typeDefsOf(room.folder));
  if (!labels) throw new Error(`${room.name} does not say what its fields hold`);
  const guarding = guard(schema, labels, room.records);
  // The planner writes few documents; each is parsed and validated once.
  const documents = new LRUCache<string, Execute | readonly GraphQLError[]>({ max: 1000 });
  const read = (query: string) => {
    let document = documents.get(query);
    if (!document) {
      try {
        const parsed = parse(query);
        const errors = validate(schema, parsed);
        document = errors.length > 0 ? errors : executor(schema, parsed, guarding);
      } catch (error) {
        document = [error as GraphQLError];
      }
      documents.set(query, document);
    }
    return document;
  };
  const database = opened.of(schemaOf(room.name));
  const houseDoors: Record<string, HouseDoor> = {
    ...room.houseDoors?.(database.house(), log),
    [KEEPS.path]: keepsDoor(room, database),
  };
  const ask: OpenRoom["ask"] = async (path, question, requestId) => {
    const door = houseDoors[path];
    if (!door) throw new Error(`${room.name} has no door ${path} for the house`);
    return door(question, { at: clock(), requestId });
  };
  const doors = {
    ...room.sideDoors?.(database.house(), log),
    ...Object.fromEntries(
      Object.entries(houseDoors).map(([path, door]) => [path, overBytes(door)]),
    ),
  };
  const sideDoors = Object.fromEntries(
    Object.entries(doors).map(([path, door]) => [
      path,
      (ask: Omit<Ask, "at">) => door({ ...ask, at: clock() }),
    ]),
  );
  /** The room that keeps the facts asks itself. */
  const askFacts: AskFacts = async (asked, requestId) =>
    (room.name === FACTS.room
      ? await ask(FACTS.path, asked, requestId)
      : await neighbours(FACTS.room, FACTS.path, asked, requestId)) as FactsTold;
  return {
    name: room.name,
    schema,
    sideDoors,
    ask,
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
      const sharing = openSharing(act, askFacts, log);
      const result = await document(
        room.context(database.by(requester.agency, sharing.persons), act, neighbours, {
          ...sharing,
          permitted: (type, records) => guarding.permitted(sharing, type, records),
        }),
        variables ?? {},
        operationName ?? null,
        { sharing, agency: requester.agency },
      );
      return {
        ...(result.data !== undefined && { data: result.data as Record<string, unknown> | null }),
        ...(result.errors && {
          errors: result.errors.map((error) => shown(error, log, requestId)),
        }),
        ...(result.told && { extensions: { sharing: result.told } }),
      };
    },
    consume: async (event) => room.consume?.(database.house(), event, clock(), neighbours),
  };
};
