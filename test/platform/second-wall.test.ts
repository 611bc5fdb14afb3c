/** The second wall: what a query sees when a store forgets to ask for less, and what a role may do at all. */
import { randomUUID } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import knex from "knex";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openPostgresql } from "#platform/database.ts";
import type { Sql } from "#platform/database.ts";
import { GRANTED, makeRoles, VERBS } from "#platform/grants.ts";
import type { Grants } from "#platform/grants.ts";
import { migrateRoom, schemaOf } from "#platform/subgraph.ts";
import { askedBy, roleOf } from "#platform/wall.ts";
import { ROOMS } from "../../scripts/house.ts";
import { handoffFromRow } from "../../subgraphs/referrals/handoff-store.ts";
import { keepersOf } from "../../subgraphs/referrals/records.ts";
import { agencies, HOSPITAL_MRN, people } from "../county/county.ts";
import { openCounty, testDatabase } from "../county/house.ts";
import type { County } from "../county/house.ts";

const { hospital, ems, sheriff, housing, recovery } = agencies;
const SCHEMAS = ROOMS.map(({ name }) => schemaOf(name));
const MATRIX = JSON.parse(
  readFileSync(new URL("../../subgraphs/grants.json", import.meta.url), "utf8"),
) as Record<string, Grants>;

let county: County;
const database = () => county.house.database;

beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

interface Table {
  schema: string;
  table: string;
  columns: string[];
  isWalled: boolean;
  owner: string;
}

/** Every table of every room, as the catalog has it. */
const tables = async (): Promise<Table[]> => {
  const { rows } = await database().sql.raw(
    `select nspname as schema, relname as table, relrowsecurity and relforcerowsecurity as "isWalled",
       pg_get_userbyid(relowner) as owner,
       array(select attname::text from pg_attribute where attrelid = pg_class.oid and attnum > 0) as columns
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where nspname = any(?) and relkind in ('r', 'p') order by 1, 2`,
    [SCHEMAS],
  );
  return rows as Table[];
};

/** Those in which an agency's queries may read at all. */
const readable = async (): Promise<Table[]> =>
  (await tables()).filter(({ schema, table }) =>
    MATRIX[schema]?.[table]?.rw.split(" ").includes("SELECT"),
  );

/** Runs `work` as one of a room's roles, with an agency's context, and undoes what it did. */
const actingAs = async <T>(
  role: string,
  work: (sql: Sql) => Promise<T>,
  agency: string = hospital.id,
): Promise<T> => {
  const undo = new Error("undone");
  let done: T | undefined;
  await database()
    .transaction(async (tx) => {
      await tx.raw("select set_config('role', ?, true), set_config('app.agency', ?, true)", [
        role,
        agency,
      ]);
      done = await work(tx);
      throw undo;
    })
    .catch((error: unknown) => {
      if (error !== undo) throw error;
    });
  return done as T;
};

const personId = async (mrn: string): Promise<string> =>
  (
    await database()
      .sql("referrals.person_identifier")
      .where({ system: HOSPITAL_MRN, value: mrn })
      .first("person_id")
  ).person_id as string;

describe("the matrix of roles, tables and verbs", () => {
  it("names every table of every room, and no other", async () => {
    const all = (await tables()).map(({ schema, table }) => `${schema}.${table}`);
    const named = Object.entries(MATRIX).flatMap(([schema, grants]) =>
      Object.keys(grants).map((table) => `${schema}.${table}`),
    );
    expect(named.sort()).toEqual(all.sort());
    expect(Object.keys(MATRIX).sort()).toEqual([...SCHEMAS].sort());
  });

  const held = (schema: string, part: (typeof GRANTED)[number]) =>
    actingAs(roleOf(schema, part), async (sql) => {
      const { rows } = await sql.raw(
        `select nspname || '.' || relname as name, array(
           select verb from unnest(?::text[]) verb where has_table_privilege(current_user, pg_class.oid, verb)) as verbs
         from pg_class join pg_namespace on pg_namespace.oid = relnamespace
         where nspname = any(?) and relkind in ('r', 'p')`,
        [VERBS, SCHEMAS] as never,
      );
      return Object.fromEntries(
        (rows as { name: string; verbs: string[] }[])
          .filter(({ verbs }) => verbs.length > 0)
          .map(({ name, verbs }) => [name, verbs.join(" ")]),
      );
    });

  it.each(SCHEMAS.flatMap((schema) => GRANTED.map((part) => [schema, part] as const)))(
    "is what may be done in the database: %s, %s; and nothing in another room",
    async (schema, part) => {
      const granted = Object.entries(MATRIX[schema] ?? {})
        .filter(([, verbs]) => verbs[part] !== "")
        .map(([table, verbs]) => [`${schema}.${table}`, verbs[part]]);
      expect(await held(schema, part)).toEqual(Object.fromEntries(granted));
    },
  );

  it("lets nobody truncate, and nobody delete but facts of the ledger", () => {
    const verbs = Object.entries(MATRIX).flatMap(([schema, grants]) =>
      Object.entries(grants).flatMap(([table, granted]) =>
        GRANTED.flatMap((part) =>
          granted[part].split(" ").map((verb) => `${verb} ${schema}.${table} ${part}`),
        ),
      ),
    );
    expect(verbs.filter((it) => /TRUNCATE|DELETE/.test(it))).toEqual([
      "DELETE information_sharing.ledger_person house",
      "DELETE information_sharing.ledger_subject house",
    ]);
    expect(verbs.filter((it) => it.endsWith(" ro") && !/^(SELECT)? /.test(it))).toEqual([]);
  });

  it("takes back at the next migration what was granted by hand", async () => {
    const { sql } = database();
    await sql.raw("grant delete on referrals.person to handoff_graph_referrals_rw, public");
    expect((await held("referrals", "rw"))["referrals.person"]).toBe("SELECT DELETE");
    for (const room of ROOMS) await migrateRoom(room, database());
    expect((await held("referrals", "rw"))["referrals.person"]).toBe("SELECT");
  });

  it("is kept by roles that nobody logs in as, and every table belongs to its room's owner", async () => {
    for (const { schema, owner } of await tables()) expect(owner).toBe(roleOf(schema, "owner"));
    const { rows } = await database().sql.raw(
      "select rolname from pg_roles where rolname like 'handoff\\_graph\\_%' and (rolcanlogin or rolsuper or rolbypassrls)",
    );
    expect(rows).toEqual([]);
  });
});

describe("a row", () => {
  /** Tables without the wall, and why. */
  const OPEN: Record<string, string> = {
    platform_migration: "which migrations have run; granted to nobody",
    platform_migration_lock: "likewise",
    room_migration: "likewise",
    room_migration_lock: "likewise",
  };

  it("is behind the wall in every table, for the table's owner too", async () => {
    const all = await tables();
    expect(all.length).toBeGreaterThan(60);
    expect(
      all.filter(({ table, isWalled }) => isWalled === table in OPEN).map(({ table }) => table),
    ).toEqual([]);
  });

  it("is seen by nobody when nobody is named, whatever the role", async () => {
    for (const { schema, table } of await readable()) {
      const rows = await database().of(schema).sql(`${schema}.${table}`).limit(1);
      expect([`${schema}.${table}`, rows]).toEqual([`${schema}.${table}`, []]);
      for (const part of ["ro", "owner"] as const) {
        if (part === "ro" && MATRIX[schema]?.[table]?.ro === "") continue;
        const seen = await actingAs(
          roleOf(schema, part),
          (sql) => sql(`${schema}.${table}`).limit(1),
          "",
        );
        expect([`${schema}.${table} ${part}`, seen]).toEqual([`${schema}.${table} ${part}`, []]);
      }
    }
  });

  it("is not written when nobody is named", async () => {
    const nobody = database().of("referrals");
    const referral = await database().sql("referrals.referral").first();
    await expect(
      nobody.sql("referrals.referral").insert({ ...referral, id: uuidv7() }),
    ).rejects.toThrow(/row-level security/);
    expect(await nobody.sql("referrals.referral").update({ service: "another" })).toBe(0);
    await expect(nobody.sql("referrals.outbox").insert({ id: uuidv7() })).rejects.toThrow(
      /row-level security/,
    );
    await expect(
      nobody.transaction((tx) => tx("referrals.referral").insert({ ...referral, id: uuidv7() })),
    ).rejects.toThrow(/row-level security/);
  });

  it("that tells of Maria is in nothing that an agency without a tie to her can read, by any query", async () => {
    const id = await personId(people.maria.mrn);
    const told = new RegExp(
      [
        id,
        people.maria.family,
        people.maria.mrn,
        people.maria.countyId,
        people.maria.birthDate,
      ].join("|"),
    );
    let seenByHospital = 0;
    for (const { schema, table } of await readable()) {
      const room = database().of(schema);
      const everything = async (agency: string): Promise<string> =>
        JSON.stringify(await room.by(agency).sql(`${schema}.${table}`));
      for (const { id: agency } of [sheriff, ems])
        expect([table, told.test(await everything(agency))]).toEqual([table, false]);
      if (told.test(await everything(hospital.id))) seenByHospital++;
    }
    expect(seenByHospital).toBeGreaterThan(5);
  });

  it("of another agency's is not seen where a store forgets to ask for its own", async () => {
    const { sql } = database();
    const all = await sql("referrals.handoff").pluck("id");
    const own = await sql("referrals.handoff")
      .whereRaw("? in (sender_id, receiver_id, coordinator_id)", [housing.id])
      .orWhereIn(
        "person_id",
        sql("referrals.tie").where({ agency_id: housing.id }).select("person_id"),
      )
      .pluck("id");
    const seen = await database()
      .of("referrals")
      .by(housing.id)
      .sql("referrals.handoff")
      .pluck("id");
    expect(new Set(seen)).toEqual(new Set(own));
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.length).toBeLessThan(all.length);
    const ties = await database().of("referrals").by(housing.id).sql("referrals.tie");
    expect(new Set(ties.map(({ agency_id: agency }: any) => agency))).toEqual(
      new Set([housing.id]),
    );
  });

  it("of another agency's is not changed either, and none is made in its name", async () => {
    const { sql } = database();
    const asEms = database().of("referrals").by(ems.id);
    const handoff = await sql("referrals.handoff").where({ sender_id: hospital.id }).first();
    expect(
      await asEms.sql("referrals.handoff").where({ id: handoff.id }).update({ reason: "ours" }),
    ).toBe(0);
    await expect(
      asEms.sql("referrals.handoff").insert({ ...handoff, items: "[]", id: uuidv7() }),
    ).rejects.toThrow(/row-level security/);
    const history = await sql("referrals.history").where({ by_agency: hospital.id }).first();
    await expect(
      asEms
        .sql("referrals.history")
        .insert({ ...history, before: null, after: "{}", id: uuidv7(), aggregate_id: uuidv7() }),
    ).rejects.toThrow(/row-level security/);
  });

  it("of a handoff is changed by those who keep it alone: whether it raises what it tells, and whoever recorded it", async () => {
    const { sql } = database();
    const seeded = await sql("referrals.handoff").where({ sender_id: hospital.id }).first();
    const parties = { sender_id: hospital.id, receiver_id: recovery.id, coordinator_id: ems.id };
    for (const raises of [[], ["SUD_TREATMENT"]])
      for (const origin of ["GRAPH", "TASK", "ENCOUNTERS"]) {
        const row = { ...seeded, ...parties, raises, origin, id: uuidv7(), items: "[]" };
        await sql("referrals.handoff").insert(row);
        const movers: string[] = [];
        for (const { id: agency } of Object.values(agencies)) {
          const changed = await actingAs(
            roleOf("referrals", "rw"),
            (as) => as("referrals.handoff").where({ id: row.id }).update({ reason: "ours" }),
            agency,
          );
          if (changed === 1) movers.push(agency);
        }
        expect([raises, origin, movers]).toEqual([
          raises,
          origin,
          keepersOf(handoffFromRow(row)).sort(),
        ]);
        await sql("referrals.handoff").where({ id: row.id }).delete();
      }
  });

  it("is seen for one request by an agency that facts tie to the person, and for no other", async () => {
    const maria = await personId(people.maria.mrn);
    const room = database().of("referrals");
    const known: string[] = [];
    const { sql } = room.by(sheriff.id, () => known);
    expect(await sql("referrals.person")).toEqual([]);
    known.push(maria);
    expect(await sql("referrals.person").pluck("id")).toEqual([maria]);
    expect(new Set(await sql("referrals.handoff").pluck("person_id"))).toEqual(new Set([maria]));
    // What may be read may not be changed for that.
    expect(await sql("referrals.handoff").update({ reason: "ours" })).toBe(0);
    expect(await room.by(sheriff.id).sql("referrals.person")).toEqual([]);
  });
});

describe("what follows from an agency's change for others", () => {
  it("is written by the house: a handoff's receiver is tied to the person, and its sender does not see that", async () => {
    const { data } = await county.ask(
      "discharge-coordinator",
      "query($system: String!, $value: String!) { personByIdentifier(system: $system, value: $value) { id } }",
      { system: HOSPITAL_MRN, value: people.maria.mrn },
    );
    const { id: personId } = data.personByIdentifier as { id: string };
    const referral = await county.tell("discharge-coordinator", "referPerson", "ReferPersonInput", {
      personId,
      service: "A ride home",
    });
    const before = await database().of("referrals").by(ems.id).sql("referrals.tie");
    expect(before).toEqual([]);
    await county.tell("discharge-coordinator", "offerHandoff", "OfferHandoffInput", {
      referralId: referral.id,
      receiverId: ems.id,
    });
    const tie = { person_id: personId, agency_id: ems.id, kind: "REFERRAL" };
    expect(await database().of("referrals").by(ems.id).sql("referrals.tie")).toMatchObject([tie]);
    const { sql } = database().of("referrals").by(hospital.id);
    expect(await sql("referrals.tie").where({ agency_id: ems.id })).toEqual([]);
    // It was the sender's doing all the same.
    const [history] = await database()
      .sql("referrals.history")
      .where({ aggregate_type: "tie" })
      .whereRaw("after ->> 'agency_id' = ?", [ems.id]);
    expect(history.by_agency).toBe(hospital.id);
  });
});

describe("a room's roles", () => {
  it("reach no other room", async () => {
    for (const schema of SCHEMAS)
      for (const other of SCHEMAS.filter((it) => it !== schema)) {
        await expect(database().of(schema).house().sql(`${other}.outbox`)).rejects.toThrow(
          /permission denied for schema/,
        );
        await expect(database().of(schema).by(hospital.id).sql(`${other}.history`)).rejects.toThrow(
          /permission denied for schema/,
        );
      }
  });

  it("that only read cannot write", async () => {
    for (const schema of SCHEMAS) {
      const role = roleOf(schema, "ro");
      expect(await actingAs(role, (sql) => sql(`${schema}.history`).limit(1))).toBeDefined();
      await expect(
        actingAs(role, (sql) => sql(`${schema}.history`).update({ what: "nothing" })),
      ).rejects.toThrow(/permission denied/);
      await expect(
        actingAs(role, (sql) => sql(`${schema}.outbox`).insert({ id: uuidv7() })),
      ).rejects.toThrow(/permission denied/);
    }
  });

  it.each(["ledger_entry", "ledger_checkpoint"])(
    "change and delete nothing in %s: none may, and its owner and the server's own login are refused",
    async (table) => {
      const name = `information_sharing.${table}`;
      const id = table === "ledger_entry" ? "position" : "size";
      const tries = [
        (sql: Sql) => sql(name).update({ [id]: 0 }),
        (sql: Sql) => sql(name).delete(),
        (sql: Sql) => sql.raw(`truncate ${name} cascade`),
      ];
      for (const attempt of tries) {
        for (const part of GRANTED)
          await expect(actingAs(roleOf("information_sharing", part), attempt)).rejects.toThrow(
            /permission denied/,
          );
        await expect(actingAs(roleOf("information_sharing", "owner"), attempt)).rejects.toThrow(
          /only grows/,
        );
        await expect(attempt(database().sql)).rejects.toThrow(/only grows/);
      }
    },
  );

  it("are taken on by a store where it says so, and nowhere else", async () => {
    const root = new URL("../../", import.meta.url);
    const files = globSync("subgraphs/**/*.ts", { cwd: root.pathname }).filter((file) =>
      /\.house\(\)|asHouse\(|set_config|\brole\b.*\bset\b.*local/.test(
        readFileSync(new URL(file, root), "utf8"),
      ),
    );
    expect(files.sort()).toEqual([
      "subgraphs/information-sharing/ledger/ledger-store.ts",
      "subgraphs/information-sharing/shareable-store.ts",
      "subgraphs/performance/store.ts",
      "subgraphs/referrals/handoff-store.ts",
    ]);
  });
});

describe("for whom a query is", () => {
  /** Two agencies on few connections, as a busy process has them. */
  const connections = async () => {
    const { url, drop } = await testDatabase();
    if (!url) return { sql: database().sql, close: drop };
    const opened = await openPostgresql(url);
    for (const room of ROOMS) await makeRoles(opened, schemaOf(room.name));
    await opened.close();
    const sql = knex({ client: "pg", connection: url, pool: { min: 2, max: 2 } });
    return {
      sql,
      close: async () => {
        await sql.destroy();
        await drop();
      },
    };
  };

  it("is said with each query and forgotten after it: a thousand queries of two agencies on two connections", async () => {
    const { sql, close } = await connections();
    onTestFinished(close);
    const role = roleOf("referrals", "rw");
    const by = (agency: string, persons: string[]) =>
      askedBy(sql, { role, agency, persons: () => persons });
    const [one, other, person] = [randomUUID(), randomUUID(), randomUUID()];
    const askers: [string, Sql, object][] = [
      ["one", by(one, []), { role, agency: one, persons: "" }],
      ["other", by(other, [person]), { role, agency: other, persons: person }],
      [
        "house",
        askedBy(sql, { role: roleOf("referrals", "house"), agency: null, persons: () => [] }),
        { role: roleOf("referrals", "house"), agency: "", persons: "" },
      ],
      [
        "login",
        sql,
        { role: expect.not.stringMatching(/^handoff_graph/), agency: "", persons: "" },
      ],
    ];
    const WHO = `select current_user::text as role, coalesce(current_setting('app.agency', true), '') as agency,
      coalesce(current_setting('app.persons', true), '') as persons`;
    await Promise.all(
      Array.from({ length: 1000 }, async (_, n) => {
        const [name, asker, who] = askers[n % askers.length] as (typeof askers)[number];
        // Some fail: before they run, while they run, and in what they are given.
        if (n % 7 === 0) await expect(asker.raw("select 1/0")).rejects.toThrow(/division/);
        if (n % 11 === 0) await expect(asker.raw("selekt")).rejects.toThrow(/syntax/);
        if (n % 13 === 0)
          await expect(asker.raw("select ?::integer", ["x"])).rejects.toThrow(/integer/);
        const { rows } = await asker.raw(WHO);
        expect([name, rows[0]]).toEqual([name, who]);
      }),
    );
  });

  it("holds for a transaction, and is forgotten whether it commits or not", async () => {
    const WHO =
      "select current_user::text as role, coalesce(current_setting('app.agency', true), '') as agency";
    const who = async (sql: Sql) => (await sql.raw(WHO)).rows[0];
    const login = await who(database().sql);
    const mine = database().of("referrals").by(hospital.id);
    const expected = { role: roleOf("referrals", "rw"), agency: hospital.id };
    expect(await mine.transaction(who)).toEqual(expected);
    await expect(mine.transaction((tx) => tx.raw("select 1/0"))).rejects.toThrow(/division/);
    await expect(
      mine.transaction(async () => {
        throw new Error("thought better of it");
      }),
    ).rejects.toThrow("thought better of it");
    for (let n = 0; n < 12; n++) expect(await who(database().sql)).toEqual(login);
  });

  it("cannot be somebody whose role does not exist: the query is not run", async () => {
    const { sql } = database().of("no_such_room").by(hospital.id);
    await expect(sql("referrals.agency")).rejects.toThrow(/role .* does not exist/);
    await expect(sql("referrals.agency").delete()).rejects.toThrow(/role .* does not exist/);
  });
});

describe.runIf(process.env.ENGINE === "POSTGRESQL")("on a server that others share", () => {
  it("a login that was given one room's roles does what that room does, and nothing else", async () => {
    const { url, drop } = await testDatabase();
    const admin = await openPostgresql(url ?? "");
    const login = `handoff-test-${randomUUID()}`;
    onTestFinished(async () => {
      await admin.sql.raw("drop owned by ??", [login]);
      await admin.sql.raw("drop role ??", [login]);
      await admin.close();
      await drop();
    });
    for (const room of ROOMS) await migrateRoom(room, admin);
    await admin.sql.raw(
      `create role "${login}" login noinherit password 'of this test';
       grant handoff_graph_referrals_rw, handoff_graph_referrals_house to "${login}"`,
    );
    const own = new URL(url ?? "");
    own.username = login;
    own.password = "of this test";
    const opened = await openPostgresql(own.href);
    try {
      expect(await opened.of("referrals").by(hospital.id).sql("referrals.agency")).toEqual([]);
      expect(await opened.of("referrals").house().sql("referrals.outbox")).toEqual([]);
      await expect(opened.sql("referrals.agency")).rejects.toThrow(/permission denied/);
      await expect(opened.of("disputes").house().sql("disputes.outbox")).rejects.toThrow(
        /permission denied to set role/,
      );
      await expect(migrateRoom(ROOMS[0] as (typeof ROOMS)[number], opened)).rejects.toThrow(
        /permission denied|must have admin option/,
      );
    } finally {
      await opened.close();
    }
  });

  it("a login that may make roles migrates a database of its own, and runs the rooms on it", async () => {
    const { url, drop } = await testDatabase();
    const admin = await openPostgresql(url ?? "");
    const login = `handoff-test-${randomUUID()}`;
    const name = new URL(url ?? "").pathname.slice(1);
    const before = await admin.sql("pg_roles").pluck("rolname");
    onTestFinished(async () => {
      await admin.close();
      await drop();
      const server = knex({ client: "pg", connection: process.env.TEST_DATABASE_URL ?? "" });
      await server.raw("drop role ??", [login]);
      await server.destroy();
    });
    // Whoever is there already has been made by somebody else: they let this login in.
    const made = before.filter((role: string) => role.startsWith("handoff_graph_"));
    await admin.sql.raw(`create role "${login}" login createrole password 'of this test'`);
    await admin.sql.raw(`grant create on database "${name}" to "${login}"`);
    for (const role of made) await admin.sql.raw(`grant ${role} to "${login}" with admin option`);
    const own = new URL(url ?? "");
    own.username = login;
    own.password = "of this test";
    const opened = await openPostgresql(own.href);
    try {
      for (const room of ROOMS) await migrateRoom(room, opened);
      for (const room of ROOMS) expect(await migrateRoom(room, opened)).toEqual([]);
      const house = opened.of("referrals").house();
      await house.sql("referrals.agency").insert({
        id: hospital.id,
        name: hospital.name,
        kind: hospital.kind,
        created_at: new Date(),
        version: 1,
      });
      expect(await opened.of("referrals").sql("referrals.agency")).toEqual([]);
      expect(await opened.of("referrals").by(ems.id).sql("referrals.agency").pluck("name")).toEqual(
        [hospital.name],
      );
    } finally {
      await opened.close();
    }
  });

  it("two databases may make the same roles at the same time", async () => {
    const schema = `orchard_${randomUUID().replaceAll("-", "")}`;
    const made = await Promise.all([testDatabase(), testDatabase(), testDatabase()]);
    const opened = await Promise.all(made.map(({ url }) => openPostgresql(url ?? "")));
    await Promise.all([...opened, ...opened].map((it) => makeRoles(it, schema)));
    const roles = ["owner", ...GRANTED].map((part) => roleOf(schema, part as "owner"));
    const [first] = opened;
    const found = await first?.sql("pg_roles").whereIn("rolname", roles).pluck("rolname");
    expect(found?.sort()).toEqual(roles.sort());
    for (const role of roles) await first?.sql.raw("drop role ??", [role]);
    await Promise.all(opened.map((it) => it.close()));
    await Promise.all(made.map((it) => it.drop()));
  });
});
