/** The ledger as an operator and an auditor meet it: `npm run ledger:verify` and `npm run accounting`. */
import { randomUUID } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "#platform/clock.ts";
import { openPglite } from "#platform/database.ts";
import type { OpenDatabase } from "#platform/database.ts";
import { keptKey } from "#platform/kept-key.ts";
import { takeLock } from "#platform/lock.ts";
import { newKeyPair } from "#platform/passport.ts";
import { migrateRoom } from "#platform/subgraph.ts";
import { informationSharing } from "../../subgraphs/information-sharing/index.ts";
import { openLedger } from "../../subgraphs/information-sharing/ledger/ledger-store.ts";
import { enrolAgency } from "../../subgraphs/referrals/agency-store.ts";
import { referrals } from "../../subgraphs/referrals/index.ts";
import { agencies, personas } from "../county/county.ts";
import { emptyLiteIn, testLog } from "../county/house.ts";
import { maria, told } from "../subgraphs/information-sharing/ledger-told.ts";
import { dataDirectory, run } from "./process.ts";

const { hospital, bh } = agencies;
const directory = dataDirectory();
const file = (name: string): string => join(directory.path, name);
afterAll(() => directory.remove());

/** Works on the database of the directory, as a house does that is open meanwhile. */
const open = async (work: (database: OpenDatabase) => Promise<unknown>): Promise<void> => {
  const database = await openPglite(directory.path);
  await work(database);
  await database.close();
};
/** Gives so many things away, with the notary of the directory's key at work. */
const give = async (opened: OpenDatabase, count: number): Promise<void> => {
  const house = opened.of("information_sharing").house();
  const ledger = openLedger(house);
  for (let index = 0; index < count; index++)
    await ledger.record(told({ at: systemClock().toISOString() }));
  const key = await keptKey(file("ledger-key.json"));
  const work = await informationSharing.work?.(house, {
    log: testLog().log,
    clock: systemClock,
    key: () => key,
  });
  await work?.stop();
};
const script = async (name: string, args: string[], more: Record<string, string> = {}) => {
  const it = run(name, args, { DATA_DIR: directory.path, ...more });
  return { code: await it.ended, out: it.out(), err: it.err() };
};
const verify = (args: string[] = [], more: Record<string, string> = {}) =>
  script("ledger-verify", args, more);

beforeAll(async () => {
  await emptyLiteIn(directory.path);
  await open(async (database) => {
    for (const room of [referrals, informationSharing]) await migrateRoom(room, database);
    for (const { id, name, kind } of [hospital, bh])
      await enrolAgency(database.of("referrals").house(), { id, name, kind }, [], {
        by: personas["county-system"],
        at: systemClock(),
        requestId: "test",
      });
    await give(database, 3);
  });
});

describe("npm run ledger:verify", () => {
  it("says what it went through, that it is what was signed, and writes the newest checkpoint down", async () => {
    expect(await verify(["--checkpoint", file("kept.json")])).toEqual({
      code: 0,
      out: expect.stringMatching(/^3 entries, root [0-9a-f]{64}, 1 checkpoints\n$/),
      err: "",
    });
    expect(JSON.parse(readFileSync(file("kept.json"), "utf8"))).toMatchObject({ size: 3 });
  });

  it("believes the same key when the house was closed and opened again, and holds the ledger to the checkpoint that was kept", async () => {
    await open((database) => give(database, 3));
    expect(await verify(["--since", file("kept.json")])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^6 entries, root [0-9a-f]{64}, 2 checkpoints\n$/),
    });
    expect(statSync(file("ledger-key.json")).mode & 0o777).toBe(0o600);
  });

  it("takes the key from a file or a setting, and believes no other", async () => {
    const { publicJwk } = await newKeyPair();
    const other = await verify([], { LEDGER_PUBLIC_KEY: JSON.stringify(publicJwk) });
    expect([other.code, other.err]).toEqual([
      1,
      expect.stringContaining("is not signed by the key of the ledger"),
    ]);
    const { d: _, ...half } = JSON.parse(readFileSync(file("ledger-key.json"), "utf8"));
    writeFileSync(file("public.json"), JSON.stringify({ keys: [publicJwk, half] }));
    expect(await verify(["--key", file("public.json")])).toMatchObject({ code: 0 });
  });

  it("exits 2 when it cannot be told, and says why", async () => {
    const lock = takeLock(directory.path);
    const inUse = await verify();
    lock.release();
    expect([inUse.code, inUse.err]).toEqual([
      2,
      expect.stringMatching(/another process \(pid \d+\) is using the data directory/),
    ]);
    const kept = JSON.parse(readFileSync(file("kept.json"), "utf8"));
    writeFileSync(file("forged.json"), JSON.stringify({ ...kept, size: 2 }));
    const empty = dataDirectory();
    for (const [args, more, why] of [
      [["--database", "postgres://127.0.0.1:1/none"], {}, /ECONNREFUSED/],
      [["--key", file("none.json")], {}, /none\.json is not there, or is no JSON/],
      [["--since", file("forged.json")], {}, /is no checkpoint that was signed by the key/],
      [["--everything"], {}, /Unknown option/],
      [
        ["--key", file("ledger-key.json")],
        { DATA_DIR: empty.path },
        /there is no database in .*, and DATABASE_URL names none/,
      ],
    ] as const)
      expect(await verify([...args], more)).toMatchObject({
        code: 2,
        err: expect.stringMatching(why),
      });
    empty.remove();
  });
});

describe("npm run accounting", () => {
  const accounting = (...args: string[]) => script("accounting", args);
  const whose = ["--person", maria, "--source", hospital.id];

  it("prints what the agency gave to whom, with names", async () => {
    const { code, out } = await accounting(...whose);
    expect(code).toBe(0);
    const { source, disclosures } = JSON.parse(out);
    expect(source).toEqual({ id: hospital.id, name: hospital.name });
    expect(disclosures).toHaveLength(6);
    expect(disclosures[0]).toMatchObject({
      recipient: { id: bh.id, name: bh.name },
      description: "stays and visits, medications",
      purpose: "treatment",
    });
  });

  it("writes it to files, to print and to keep", async () => {
    const written = await accounting(
      ...whose,
      "--html",
      file("accounting.html"),
      "--json",
      file("accounting.json"),
    );
    expect(written).toEqual({ code: 0, out: "", err: "" });
    expect(readFileSync(file("accounting.html"), "utf8")).toContain(`<td>${bh.name}</td>`);
    expect(JSON.parse(readFileSync(file("accounting.json"), "utf8")).disclosures).toHaveLength(6);
  });

  it("leaves out what is suspended", async () => {
    await open(({ sql }) =>
      sql("information_sharing.accounting_suspension").insert({
        id: randomUUID(),
        version: 1,
        source_id: hospital.id,
        person_id: maria,
        recipient_id: bh.id,
        statement: "Letter 24-1188, in the safe",
        is_oral: false,
        from_at: "2025-03-01T00:00:00Z",
        until_at: "2999-01-01T00:00:00Z",
      }),
    );
    const { code, out } = await accounting(...whose);
    expect([code, JSON.parse(out).disclosures]).toEqual([0, []]);
  });

  it("says how it is called when it is called otherwise", async () => {
    const { code, err } = await accounting("--person", "Maria", "--source", hospital.id);
    expect([code, err]).toEqual([1, expect.stringMatching(/^usage: npm run accounting/)]);
  });
});

describe("a ledger that was changed", () => {
  it("comes out, with the place, and exit code 1", async () => {
    await open(({ sql }) =>
      sql.raw(`set session_replication_role = replica;
        update information_sharing.ledger_entry set bytes = set_byte(bytes, 30, 65) where position = 2`),
    );
    const { code, out, err } = await verify();
    expect([code, out]).toEqual([1, expect.stringMatching(/^6 entries, root [0-9a-f]{64}, /)]);
    expect(err).toMatch(
      /^at 2, entry [0-9a-f-]{36}: the bytes of this entry are not those that were hashed\n/,
    );
    expect(err).not.toContain(maria);
  });
});
