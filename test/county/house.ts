/** Opens a whole house for a test: a real database, a real gateway, real HTTP; time is a variable that the test turns. */
import { randomUUID } from "node:crypto";
import knex from "knex";
import type { Requester } from "#sharing/requester.ts";
import { openPglite, openPostgresql } from "#platform/database.ts";
import type { OpenDatabase } from "#platform/database.ts";
import { openLog } from "#platform/log.ts";
import type { Log } from "#platform/log.ts";
import { demoIssuer } from "../../gateway/demo-issuer.ts";
import type { Deadlines } from "../../gateway/link.ts";
import { openHouse } from "../../scripts/house.ts";
import type { House } from "../../scripts/house.ts";
import { at, personas } from "./county.ts";
import type { PersonaName } from "./county.ts";
import { seed } from "./seed.ts";

/** A database of a test's own, on the engine that this run is on. */
export interface TestDatabase {
  /** Null for PGlite, in memory. */
  url: string | null;
  drop(): Promise<void>;
}

/** Makes an empty database on the engine of this run; PGlite's is in memory and is made when it is opened. */
export const testDatabase = async (engine = process.env.ENGINE): Promise<TestDatabase> => {
  if (engine !== "POSTGRESQL") return { url: null, drop: async () => undefined };
  const server = process.env.TEST_DATABASE_URL ?? "";
  const name = `handoff_graph_test_${randomUUID().replaceAll("-", "")}`;
  const admin = knex({ client: "pg", connection: server, pool: { min: 0, max: 1 } });
  await admin.raw("create database ??", [name]);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: async () => {
      await admin.raw("drop database if exists ?? with (force)", [name]);
      await admin.destroy();
    },
  };
};

/** Opens a test's own database. */
export const openTestDatabase = async (): Promise<OpenDatabase> => {
  const { url, drop } = await testDatabase();
  const database = url ? await openPostgresql(url) : await openPglite();
  return {
    ...database,
    close: async () => {
      await database.close();
      await drop();
    },
  };
};

/** A log that a test can read back. */
export const testLog = (): { log: Log; lines: string[] } => {
  const lines: string[] = [];
  return { log: openLog("info", { write: (line: string) => void lines.push(line) }), lines };
};

/** What came back over HTTP. */
export interface Answer<Data = Record<string, any>> {
  status: number;
  headers: Headers;
  /** The body as it was sent. */
  text: string;
  data: Data;
  errors: {
    message: string;
    path?: (string | number)[];
    extensions: { code: string } & Record<string, any>;
  }[];
}

/** Who asks: a persona, or one as a test says. */
export type Asker = PersonaName | Requester;

/** A house with the county in it. */
export interface County {
  house: House;
  /** What the house has logged so far. */
  logged: string[];
  /** Turns the time. */
  now(instant: string | Date): void;
  token(as: Asker): Promise<string>;
  /** Asks the graph over HTTP. */
  ask<Data = Record<string, any>>(
    as: Asker,
    query: string,
    variables?: Record<string, unknown>,
  ): Promise<Answer<Data>>;
  /** One mutation that takes `input`, with an idempotency key of its own unless one is given; returns its record. */
  tell(
    as: Asker,
    mutation: string,
    type: string,
    input: object,
    selection?: string,
  ): Promise<Record<string, any>>;
  /** Posts to /fhir. */
  send(as: PersonaName, body: unknown, contentType?: string): Promise<Answer & { body: any }>;
  close(): Promise<void>;
}

/** Opens a house on a database of its own, in which the county's story has been told; it is Tuesday evening. */
export const openCounty = async ({
  deadlines,
}: { deadlines?: Deadlines } = {}): Promise<County> => {
  const { url, drop } = await testDatabase();
  const { log, lines } = testLog();
  const issuer = await demoIssuer(null);
  let instant = new Date(at("18:00", 1));
  const house = await openHouse({
    databaseUrl: url ?? undefined,
    dataDir: null,
    port: 0,
    host: "127.0.0.1",
    issuer,
    log,
    clock: () => instant,
    // A test machine is slow and shared; a test that is about deadlines sets its own.
    deadlines: deadlines ?? { readMs: 20_000, mutationMs: 20_000 },
  });
  await seed(house);
  const token = (as: Asker) => issuer.token(typeof as === "string" ? personas[as] : as);
  const post = async (
    path: string,
    as: Asker,
    body: RequestInit["body"],
    contentType: string,
  ): Promise<Answer & { body: any }> => {
    const response = await fetch(`${house.url}${path}`, {
      method: "POST",
      headers: { "content-type": contentType, authorization: `Bearer ${await token(as)}` },
      body,
    });
    const text = await response.text();
    const parsed = JSON.parse(text) as { data?: any; errors?: any };
    return {
      status: response.status,
      headers: response.headers,
      text,
      data: parsed.data,
      errors: parsed.errors ?? [],
      body: parsed,
    };
  };
  const ask: County["ask"] = (as, query, variables = {}) =>
    post("/graphql", as, JSON.stringify({ query, variables }), "application/json") as never;
  return {
    house,
    logged: lines,
    now: (when) => {
      instant = new Date(when);
    },
    token,
    ask,
    tell: async (as, mutation, type, input, selection = "id version") => {
      const { data, errors } = await ask(
        as,
        `mutation($input: ${type}!) { it: ${mutation}(input: $input) { ${selection} } }`,
        { input: { idempotencyKey: randomUUID(), ...input } },
      );
      if (errors[0]) throw Object.assign(new Error(errors[0].message), errors[0].extensions);
      return data.it as Record<string, any>;
    },
    send: (as, body, contentType = "application/fhir+json") =>
      post(
        "/fhir",
        as,
        typeof body === "string" || body instanceof Uint8Array
          ? (body as Uint8Array<ArrayBuffer> | string)
          : JSON.stringify(body),
        contentType,
      ),
    close: async () => {
      await house.close();
      await drop();
    },
  };
};
