/** Opens a whole house for a test: a real database, a real gateway, real HTTP; time is a variable that the test turns. */
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { vi } from "vitest";
import type { Requester } from "#sharing/requester.ts";
import { openPglite, openPostgresql } from "#platform/database.ts";
import type { OpenDatabase } from "#platform/database.ts";
import { openLog } from "#platform/log.ts";
import type { Log } from "#platform/log.ts";
import { demoIssuer } from "../../gateway/demo-issuer.ts";
import type { Deadlines } from "../../gateway/link.ts";
import { openHouse } from "../../scripts/house.ts";
import type { House, Site } from "../../scripts/house.ts";
import { once, onServer, templateDatabase } from "../template.ts";
import { at, COUNTY_PERSON_ID, personas } from "./county.ts";
import type { PersonaName } from "./county.ts";
import { seed } from "./seed.ts";

/** A database of a test's own, on the engine that this run is on. */
export interface TestDatabase {
  /** Null for PGlite, in memory. */
  url: string | null;
  drop(): Promise<void>;
}

const urlOf = (database: string): string => {
  const url = new URL(process.env.TEST_DATABASE_URL ?? "");
  url.pathname = `/${database}`;
  return url.href;
};

/** Makes a database on the engine of this run, as empty as `template`; PGlite's is in memory and is made when it is opened. */
export const testDatabase = async (
  engine = process.env.ENGINE,
  template = "template1",
): Promise<TestDatabase> => {
  if (engine !== "POSTGRESQL") return { url: null, drop: async () => undefined };
  const name = `handoff_graph_test_${randomUUID().replaceAll("-", "")}`;
  await onServer((admin) => admin.raw("create database ?? template ??", [name, template]));
  return {
    url: urlOf(name),
    drop: () => onServer((admin) => admin.raw("drop database if exists ?? with (force)", [name])),
  };
};

const dump = async (lite: PGlite, path: string): Promise<void> =>
  writeFileSync(path, Buffer.from(await (await lite.dumpDataDir("none")).arrayBuffer()));

/** PGlite's empty database. */
const emptyLite = (): Promise<string> =>
  once("empty.tar", async (path) => {
    const lite = await PGlite.create("memory://");
    await dump(lite, path);
    await lite.close();
  });

/** Puts PGlite's empty database where a house of this directory looks for its own. */
export const emptyLiteIn = async (directory: string): Promise<void> => {
  const empty = new Blob([readFileSync(await emptyLite())]);
  await (await PGlite.create(join(directory, "pglite"), { loadDataDir: empty })).close();
};

/** Opens what begins in memory with what PGlite wrote to a file. */
const beginningWith = <T>(file: string, open: () => Promise<T>): Promise<T> => {
  process.env.PGLITE_TEMPLATE = file;
  try {
    // It is read before anything is waited for.
    return open();
  } finally {
    delete process.env.PGLITE_TEMPLATE;
  }
};

/** Opens a test's own database, which is empty. */
export const openTestDatabase = async (): Promise<OpenDatabase> => {
  const { url, drop } = await testDatabase();
  const database = url
    ? await openPostgresql(url)
    : await beginningWith(await emptyLite(), openPglite);
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
  /** The id of somebody whom the asking agency knows. */
  personId(as: Asker, person: { countyId: string }): Promise<string>;
  /** Posts to /fhir. */
  send(as: Asker, body: unknown, contentType?: string): Promise<Answer & { body: any }>;
  close(): Promise<void>;
}

/** When tests begin. */
const TUESDAY_EVENING = new Date(at("18:00", 1));

const SERVED = {
  port: 0,
  host: "127.0.0.1",
  // A test machine is slow and shared; a test that is about deadlines sets its own.
  deadlines: { readMs: 20_000, mutationMs: 20_000 },
};

/** A house in which the county's story is told for those that begin with it. */
const teller = async (): Promise<Omit<Site, "dataDir">> => ({
  ...SERVED,
  issuer: await demoIssuer(null),
  log: testLog().log,
  clock: () => TUESDAY_EVENING,
});

/** PGlite's database in which the story has been told. */
const toldLite = (): Promise<string> =>
  once("county.tar", async (path) => {
    const opening = vi.spyOn(PGlite, "create");
    const site = { ...(await teller()), dataDir: null };
    const house = await beginningWith(await emptyLite(), () => openHouse(site));
    await seed(house);
    const lite = (await opening.mock.results.at(-1)?.value) as PGlite;
    opening.mockRestore();
    // Else whoever begins with it has first to do again what stands in its log.
    await lite.exec("checkpoint");
    await dump(lite, path);
    await house.close();
  });

/** The same on the server. */
const toldDatabase = async (): Promise<string> => {
  const name = templateDatabase();
  await once("county.database", async (path) => {
    // If the story failed to be told before, half of it is there.
    await onServer((admin) => admin.raw("drop database if exists ?? with (force)", [name]));
    await onServer((admin) => admin.raw("create database ??", [name]));
    const house = await openHouse({
      ...(await teller()),
      databaseUrl: urlOf(name),
      dataDir: null,
    });
    await seed(house);
    // Nobody may be on it when it is copied.
    await house.close();
    writeFileSync(path, name);
  });
  return name;
};

/** Opens a house on a database of its own, in which the county's story has been told; the database goes when it closes. */
export const openCountyHouse = async (
  site: Pick<Site, "issuer" | "log"> & Partial<Site>,
): Promise<House> => {
  const isLite = process.env.ENGINE !== "POSTGRESQL";
  const { url, drop } = await testDatabase(
    process.env.ENGINE,
    isLite ? undefined : await toldDatabase(),
  );
  const open = () =>
    openHouse({ ...SERVED, databaseUrl: url ?? undefined, dataDir: null, ...site });
  const house = await (isLite ? beginningWith(await toldLite(), open) : open());
  return {
    ...house,
    close: async () => {
      await house.close();
      await drop();
    },
  };
};

/** Opens a house on a database of its own, in which the county's story has been told; it is Tuesday evening. */
export const openCounty = async ({
  deadlines = SERVED.deadlines,
}: { deadlines?: Deadlines } = {}): Promise<County> => {
  const { log, lines } = testLog();
  const issuer = await demoIssuer(null);
  let instant = TUESDAY_EVENING;
  const house = await openCountyHouse({
    issuer,
    log,
    clock: () => instant,
    deadlines,
  });
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
    personId: async (as, { countyId }) => {
      const { data } = await ask(
        as,
        `query($system: String!, $value: String!) { it: personByIdentifier(system: $system, value: $value) { id } }`,
        { system: COUNTY_PERSON_ID, value: countyId },
      );
      return data.it.id as string;
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
    close: house.close,
  };
};
