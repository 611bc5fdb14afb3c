/** The ledger of disclosures: what is in it is there before anything is given, and stays as it was written. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openPglite, openPostgresql } from "#platform/database.ts";
import type { Database, OpenDatabase } from "#platform/database.ts";
import { migrateRoom, overBytes } from "#platform/subgraph.ts";
import type { SideDoor } from "#platform/subgraph.ts";
import {
  ledgerDoor,
  openLedger,
} from "../../../subgraphs/information-sharing/ledger/ledger-store.ts";
import { agencies, at, personas } from "../../county/county.ts";
import { openTestDatabase, testDatabase } from "../../county/house.ts";
import { dataDirectory, runCommand } from "../../scripts/process.ts";
import { disclosure, maria, told, walter } from "./ledger-told.ts";

const ROOM = {
  name: "information-sharing",
  folder: new URL("../../../subgraphs/information-sharing/", import.meta.url),
};
const ENTRY = "information_sharing.ledger_entry";
const PERSON = "information_sharing.ledger_person";
const SUBJECT = "information_sharing.ledger_subject";

let opened: OpenDatabase;
let database: Database;
beforeAll(async () => {
  opened = await openTestDatabase();
  await migrateRoom(ROOM, opened);
  database = opened.of("information_sharing").house();
});
afterAll(() => opened.close());

const entriesOf = async (requestId: string): Promise<any[]> => {
  const rows = await opened.sql(ENTRY).orderBy("position");
  return rows
    .map((row) => ({ ...row, entry: JSON.parse(row.bytes.toString("utf8")) }))
    .filter(({ entry }) => entry.requestId === requestId);
};
const positions = async (): Promise<number[]> =>
  (await opened.sql(ENTRY).orderBy("position").pluck("position")).map(Number);
const sha256 = (...parts: (Buffer | string)[]): string => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

describe("an entry of the ledger", () => {
  it("says what kinds of information went from whom to whom, what for, and what it rested on", async () => {
    const said = told(
      { requestId: "said", purpose: "ETREAT", basis: "HIPAA_506" },
      {
        rules: ["emergency", "own"],
        obligations: ["AOD"],
        agreement: { id: "an agreement", version: 3 },
        persons: [
          {
            id: maria,
            consents: [{ id: "a consent", version: 2 }],
            attestations: ["an attestation"],
          },
        ],
      },
    );
    await openLedger(database).record(said);
    const [{ position, id, entry, at: when, source_id: source, recipient_id: recipient }] =
      await entriesOf("said");
    expect(entry).toEqual({
      kind: "DISCLOSURE",
      id,
      requestId: "said",
      at: said.at,
      recipient: {
        agency: agencies.bh.id,
        kind: "BH",
        role: "CLINICIAN",
        subject: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      purpose: "ETREAT",
      basis: "HIPAA_506",
      policy: said.policy,
      source: agencies.hospital.id,
      persons: [expect.stringMatching(/^[0-9a-f]{64}$/)],
      categories: ["ENCOUNTERS", "MEDICATIONS"],
      rules: ["emergency", "own"],
      obligations: ["AOD"],
      agreement: { id: "an agreement", version: 3 },
    });
    // A consent says whose it is, so it stands with the person, and goes with the person.
    const [{ grounds, salt }] = await opened.sql(PERSON).where({ position });
    expect(JSON.parse(grounds)).toEqual({
      attestations: ["an attestation"],
      consents: [{ id: "a consent", version: 2 }],
    });
    expect(entry.persons).toEqual([sha256(salt, `${maria} ${grounds}`)]);
    expect([when.toISOString(), source, recipient]).toEqual([
      said.at,
      agencies.hospital.id,
      agencies.bh.id,
    ]);
  });

  it("is its canonical bytes (RFC 8785), and its hash is of these", async () => {
    const requestId = 'canonical €\u2028"\n\u0007';
    await openLedger(database).record(
      told({ requestId }, { agreement: { version: 3, id: "an agreement" } }),
    );
    const [{ bytes, leaf_hash: hash, entry }] = await entriesOf(requestId);
    expect(bytes.toString("utf8")).toBe(canonicalize(entry));
    expect(hash.toString("hex")).toBe(sha256(Buffer.of(0), bytes));
  });

  it("holds nobody's id and nobody's name: they are committed to, each with a salt of its own", async () => {
    await openLedger(database).record(
      told({ requestId: "committed" }, { persons: [maria, walter, maria.toUpperCase()] }),
    );
    const [{ position, bytes, entry }] = await entriesOf("committed");
    const text = bytes.toString("utf8");
    for (const hidden of [maria, walter, "sofia"]) expect(text).not.toContain(hidden);
    const persons = await opened.sql(PERSON).where({ position }).orderBy("person_id");
    expect(persons.map(({ person_id: id }) => id)).toEqual([maria, walter]);
    expect(entry.persons).toEqual(
      persons.map(({ person_id: id, salt }) => sha256(salt, id)).sort(),
    );
    const { subject, salt } = await opened.sql(SUBJECT).where({ position }).first();
    expect(subject).toBe("dr.sofia.ramos");
    expect(entry.recipient.subject).toBe(sha256(salt, subject));
    const salts = [salt, ...persons.map((it) => it.salt)].map((it: Buffer) => it.toString("hex"));
    expect(new Set(salts).size).toBe(3);
  });

  it("has nothing in it that was told beside: no value", async () => {
    const more = { values: ["lithium"] } as object;
    const { recipient } = told();
    await openLedger(database).record(
      told(
        { requestId: "beside", recipient: { ...recipient, ...more }, ...more },
        { ...more, agreement: { id: "an agreement", version: 1, ...more } },
      ),
    );
    const [{ bytes }] = await entriesOf("beside");
    expect(bytes.toString("utf8")).not.toContain("lithium");
  });
});

describe("the ledger", () => {
  it("has an entry for each agency's information of one request, and answers when all are there", async () => {
    const ledger = openLedger(database);
    await ledger.record(
      told({ requestId: "two sources" }, {}, { source: agencies.county.id, persons: [walter] }),
    );
    const both = await entriesOf("two sources");
    expect(both.map(({ source_id: source }) => source)).toEqual([
      agencies.hospital.id,
      agencies.county.id,
    ]);
    const before = await positions();
    await ledger.record(told({ disclosures: [] }));
    expect(await positions()).toEqual(before);
  });

  it("writes what 64 callers tell at once in one transaction, and what they tell next in another", async () => {
    const ledger = openLedger(database);
    await Promise.all(
      Array.from({ length: 64 }, async (_, caller) => {
        await ledger.record(told({ requestId: `together ${caller}` }));
        await ledger.record(told({ requestId: `again ${caller}` }));
      }),
    );
    const { rows } = await opened.sql.raw(
      `select count(*)::int as entries, count(distinct xmin::text)::int as transactions from ${ENTRY}
       where convert_from(bytes, 'UTF8') ~ '"requestId":"(together|again) '`,
    );
    expect(rows).toEqual([{ entries: 128, transactions: 2 }]);
  });

  it("takes as many as come, in the order in which they were told", async () => {
    const ledger = openLedger(database);
    await Promise.all(
      Array.from({ length: 2_500 }, (_, index) =>
        ledger.record(told({ requestId: "many", purpose: index % 2 ? "COC" : "TREAT" })),
      ),
    );
    const many = await entriesOf("many");
    expect(many).toHaveLength(2_500);
    expect(many.every(({ entry }, index) => entry.purpose === (index % 2 ? "COC" : "TREAT"))).toBe(
      true,
    );
  });

  it("gives every entry the next position and leaves none out, when several processes write", async () => {
    const ledgers = [openLedger(database), openLedger(database), openLedger(database)];
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        for (const ledger of ledgers) await ledger.record(told({ requestId: `several ${index}` }));
      }),
    );
    const all = await positions();
    expect(all).toEqual(all.map((_, index) => index));
    expect(await entriesOf("several 7")).toHaveLength(3);
  });

  it("that cannot be written refuses everyone who waits, keeps none of it, and goes on when it can", async () => {
    const ledger = openLedger(database);
    const before = await positions();
    await opened.sql.raw(`alter table ${SUBJECT} rename to away`);
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, () => ledger.record(told({ requestId: "refused" }))),
    );
    await opened.sql.raw("alter table information_sharing.away rename to ledger_subject");
    expect(all.map(({ status }) => status)).toEqual(Array(20).fill("rejected"));
    expect(await positions()).toEqual(before);
    await ledger.record(told({ requestId: "accepted" }));
    expect(await entriesOf("accepted")).toHaveLength(1);
  });

  it("has all that it acknowledged when its process is killed in the middle of writing", async () => {
    const made = await testDatabase();
    const directory = dataDirectory();
    const open = () => (made.url ? openPostgresql(made.url) : openPglite(directory.path));
    onTestFinished(async () => {
      await made.drop();
      directory.remove();
    });
    const first = await open();
    await migrateRoom(ROOM, first);
    await first.close();
    const writer = runCommand(
      process.execPath,
      ["test/subgraphs/information-sharing/ledger-writer.ts", made.url ?? "", directory.path],
      {},
    );
    await writer.says(/request 300\n/);
    writer.child.kill("SIGKILL");
    await writer.ended;
    const acknowledged = writer.out().split("\n").slice(0, -1);
    expect(acknowledged.length).toBeGreaterThan(290);

    const again = await open();
    const rows = await again.sql(ENTRY).orderBy("position");
    await again.close();
    const there = new Set(rows.map(({ bytes }) => JSON.parse(bytes.toString("utf8")).requestId));
    expect(acknowledged.filter((it) => !there.has(it))).toEqual([]);
    expect(rows.map(({ position }) => Number(position))).toEqual(rows.map((_, index) => index));
  });
});

describe("what stands in the ledger", () => {
  it.each([
    `update ${ENTRY} set bytes = bytes`,
    `delete from ${ENTRY}`,
    `truncate ${ENTRY} cascade`,
    `update ${PERSON} set person_id = person_id`,
    `truncate ${PERSON}`,
    `update ${SUBJECT} set subject = subject`,
    `truncate ${SUBJECT}`,
    "update information_sharing.ledger_checkpoint set at = at",
    "delete from information_sharing.ledger_checkpoint",
    "truncate information_sharing.ledger_checkpoint",
  ])("is not changed by anybody, its owner included: %s", async (statement) => {
    await expect(opened.sql.raw(statement)).rejects.toThrow("the ledger only grows");
  });

  it("is added to and read by the house, and neither changed nor taken away by it", async () => {
    for (const statement of [`update ${ENTRY} set bytes = bytes`, `delete from ${ENTRY}`])
      await expect(database.sql.raw(statement)).rejects.toMatchObject({ code: "42501" });
    await expect(
      opened.of("information_sharing").by(agencies.hospital.id).sql.raw(`delete from ${PERSON}`),
    ).rejects.toMatchObject({ code: "42501" });
  });
});

describe("the ledger's side door", () => {
  let door: SideDoor;
  beforeAll(() => {
    door = overBytes(ledgerDoor(database));
  });
  const tell = (what: unknown, requester: Parameters<SideDoor>[0]["requester"] = null) =>
    door({
      bytes: Buffer.from(typeof what === "string" ? what : JSON.stringify(what)),
      requester,
      at: new Date(at("12:00")),
      requestId: "test",
    });

  it("answers 204 once it is written", async () => {
    expect(await tell(told({ requestId: "by the door" }))).toMatchObject({ status: 204, body: "" });
    expect(await entriesOf("by the door")).toHaveLength(1);
  });

  it("is there for the house alone", async () => {
    await expect(tell(told(), personas["hospital-system"])).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it.each(["", "[]", "null", "{", '"told"'])("refuses %j", async (text) => {
    await expect(tell(text)).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  const { recipient } = told();
  const someone = { id: maria, consents: [], attestations: [] };
  const broken: [field: string, what: object][] = [
    ["requestId", told({ requestId: "" })],
    ["at", told({ at: "yesterday" })],
    ["at", told({ at: "2025-03-03T12:00:00-06:00" })],
    ["at", told({ at: "+275760-09-13T00:00:00.000Z" })],
    ["recipient", { ...told(), recipient: null }],
    ["agency", told({ recipient: { ...recipient, agency: "bh" } })],
    ["kind", told({ recipient: { ...recipient, kind: "SPA" as never } })],
    ["role", told({ recipient: { ...recipient, role: "CHEF" as never } })],
    ["subject", told({ recipient: { ...recipient, subject: "so\0fia" } })],
    ["subject", told({ recipient: { ...recipient, subject: "\ud800" } })],
    ["purpose", told({ purpose: "MARKETING" as never })],
    ["basis", told({ basis: "BECAUSE" as never })],
    ["policy", told({ policy: "latest" })],
    ["disclosures", { ...told(), disclosures: disclosure() }],
    ["source", told({}, { source: "the hospital" })],
    ["persons", told({}, { persons: [] })],
    ["persons", told({}, { persons: ["Maria"] })],
    ["categories", told({}, { categories: [] })],
    ["categories", told({}, { categories: ["GOSSIP" as never] })],
    ["rules", told({}, { rules: [1 as never] })],
    ["obligations", told({}, { obligations: null as never })],
    ["agreement", told({}, { agreement: { id: "1" } as never })],
    ["persons", told({}, { persons: [{ ...someone, consents: [{ id: "1", version: 1.5 }] }] })],
    ["persons", told({}, { persons: [{ ...someone, attestations: [""] }] })],
  ];
  it.each(broken)("refuses what is not as it was agreed, and names it: %s", async (field, what) => {
    await expect(tell(what)).rejects.toMatchObject({ code: "BAD_INPUT", details: { field } });
  });
});
