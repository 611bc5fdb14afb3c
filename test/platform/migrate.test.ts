/** A room's tables: its own, in its own schema, brought up to date and never back. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { OpenDatabase } from "#platform/database.ts";
import { migrate } from "#platform/migrate.ts";
import { migrateRoom, schemaOf } from "#platform/subgraph.ts";
import { ROOMS } from "../../scripts/house.ts";
import { openTestDatabase } from "../county/house.ts";
import { dataDirectory } from "../scripts/process.ts";

let database: OpenDatabase;
const schemas = ROOMS.map(({ name }) => schemaOf(name));

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const tables = async (schema: string): Promise<string[]> => {
  const { rows } = await database.sql.raw(
    "select table_name from information_schema.tables where table_schema = ? order by table_name",
    [schema],
  );
  return rows.map((row: { table_name: string }) => row.table_name);
};

/** Every column, constraint and index, as the database itself describes them. */
const structure = async (): Promise<unknown[]> => {
  const { rows } = await database.sql.raw(
    `select table_schema, table_name, column_name, data_type, is_nullable, column_default
       from information_schema.columns where table_schema = any(?)
     union all
     select schemaname, tablename, indexname, indexdef, null, null from pg_indexes where schemaname = any(?)
     order by 1, 2, 3`,
    [schemas, schemas],
  );
  return rows as unknown[];
};

describe("a house's rooms", () => {
  it("have their tables once they are migrated, each in its own schema, and nothing stands elsewhere", async () => {
    for (const room of ROOMS) expect(await migrateRoom(room, database)).not.toEqual([]);
    const own = await Promise.all(schemas.map(tables));
    for (const names of own)
      expect(names).toEqual(
        expect.arrayContaining([
          "history",
          "outbox",
          "idempotency",
          "consumed",
          "platform_migration",
          "room_migration",
        ]),
      );
    expect(await tables("public")).toEqual([]);
    const { rows } = await database.sql.raw(
      "select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1",
    );
    expect(rows.map(({ nspname }: { nspname: string }) => nspname)).toEqual(
      [...schemas, "public"].sort(),
    );
  });

  it("share no table: the rooms' own names are told apart, and no foreign key crosses from one to another", async () => {
    const own = await Promise.all(schemas.map(tables));
    const platform = new Set(own[0]?.filter((name) => own.every((names) => names.includes(name))));
    const rooms = own.flat().filter((name) => !platform.has(name));
    expect(new Set(rooms).size).toBe(rooms.length);
    const { rows } = await database.sql.raw(
      `select con.conname from pg_constraint con
         join pg_class here on here.oid = con.conrelid join pg_class there on there.oid = con.confrelid
       where con.contype = 'f' and here.relnamespace <> there.relnamespace`,
    );
    expect(rows).toEqual([]);
  });

  it("are not changed by being migrated again", async () => {
    const before = await structure();
    expect(before.length).toBeGreaterThan(100);
    for (const room of ROOMS) expect(await migrateRoom(room, database)).toEqual([]);
    expect(await structure()).toEqual(before);
  });

  it("keep what is in them when they are migrated again", async () => {
    const agency = {
      id: "019550a0-0000-7000-8000-000000000001",
      version: 1,
      name: "Alder General Hospital",
      kind: "HOSPITAL",
      contacts: "[]",
      created_at: new Date(),
    };
    await database.sql("referrals.agency").insert(agency);
    for (const room of ROOMS) await migrateRoom(room, database);
    expect(await database.sql("referrals.agency").select("name")).toEqual([{ name: agency.name }]);
  });
});

describe("a room's migrations", () => {
  /** A room that is only just being built: the platform's migrations, and files of its own. */
  const building = (schema: string) => {
    const { path, remove } = dataDirectory();
    onTestFinished(remove);
    for (const folder of ["platform", "room"]) mkdirSync(join(path, folder));
    const folder = (name: string) => pathToFileURL(join(path, name, "/"));
    return {
      write: (name: string, sql: string) => writeFileSync(join(path, "room", name), sql),
      remove: (name: string) => rmSync(join(path, "room", name)),
      migrate: () => migrate(database, schema, [folder("platform"), folder("room")], {}),
    };
  };

  it("run in the order of their numbers, and only those that are new", async () => {
    const room = building("orchard");
    room.write("0002-pears.sql", "alter table apple add column pear text;");
    room.write("0001-apples.sql", "create table apple (id integer primary key);");
    room.write("README.md", "not a migration");
    expect(await room.migrate()).toEqual(["0001-apples.sql", "0002-pears.sql"]);
    room.write("0003-plums.sql", "create table plum (id integer primary key);");
    expect(await room.migrate()).toEqual(["0003-plums.sql"]);
    expect(await tables("orchard")).toEqual(expect.arrayContaining(["apple", "plum"]));
    expect(await tables("public")).toEqual([]);
  });

  it("that fail leave nothing of themselves, and may be mended", async () => {
    const room = building("quarry");
    room.write("0001-stone.sql", "create table stone (id integer primary key);");
    room.write(
      "0002-broken.sql",
      "create table sand (id integer primary key); create tabel gravel ();",
    );
    // knex says so on standard output too.
    const said = vi.spyOn(console, "log").mockReturnValue();
    await expect(room.migrate()).rejects.toThrow(/syntax error/);
    said.mockRestore();
    expect(await tables("quarry")).not.toContain("sand");
    room.write("0002-broken.sql", "create table sand (id integer primary key);");
    await room.migrate();
    expect(await tables("quarry")).toEqual(expect.arrayContaining(["sand", "stone"]));
  });

  it("never go back: one that has run must still be there", async () => {
    const room = building("harbour");
    room.write("0001-quay.sql", "create table quay (id integer primary key);");
    await room.migrate();
    room.remove("0001-quay.sql");
    room.write("0002-pier.sql", "create table pier (id integer primary key);");
    await expect(room.migrate()).rejects.toThrow(/0001-quay\.sql/);
    expect(await tables("harbour")).toContain("quay");
    expect(await tables("harbour")).not.toContain("pier");
  });

  it("asked for twice at once run once, and neither fails", async () => {
    const room = building("ferry");
    room.write(
      "0001-deck.sql",
      "create table deck (id integer primary key); select pg_sleep(0.2);",
    );
    const both = await Promise.allSettled([room.migrate(), room.migrate()]);
    expect(
      both.flatMap((it) => (it.status === "rejected" ? (it.reason as Error).message : [])),
    ).toEqual([]);
    expect(both.flatMap((it) => (it.status === "fulfilled" ? it.value : []))).toEqual([
      "0001-deck.sql",
    ]);
  });
});
