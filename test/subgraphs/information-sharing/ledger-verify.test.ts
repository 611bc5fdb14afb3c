/** Whoever changes the ledger without its key is found out, and where. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Database, OpenDatabase, Transaction } from "#platform/database.ts";
import { newKeyPair } from "#platform/passport.ts";
import type { KeyPair } from "#platform/passport.ts";
import { migrateRoom } from "#platform/subgraph.ts";
import type { Work } from "#platform/subgraph.ts";
import type { DisclosuresTold } from "#sharing/disclosure.ts";
import {
  checkpointChecker,
  checkpointSigner,
} from "../../../subgraphs/information-sharing/ledger/checkpoint.ts";
import type { SignedCheckpoint } from "../../../subgraphs/information-sharing/ledger/checkpoint.ts";
import { commitment } from "../../../subgraphs/information-sharing/ledger/entry.ts";
import {
  destroyFacts,
  openLedger,
} from "../../../subgraphs/information-sharing/ledger/ledger-store.ts";
import {
  leafHash,
  root as rootOfLeaves,
} from "../../../subgraphs/information-sharing/ledger/merkle.ts";
import { openNotary } from "../../../subgraphs/information-sharing/ledger/notary-store.ts";
import { readLedger } from "../../../subgraphs/information-sharing/ledger/reading-store.ts";
import { verify } from "../../../subgraphs/information-sharing/ledger/verify.ts";
import type { Verified } from "../../../subgraphs/information-sharing/ledger/verify.ts";
import { agencies, at } from "../../county/county.ts";
import { openTestDatabase, testLog } from "../../county/house.ts";
import { maria, told, walter } from "./ledger-told.ts";

const ROOM = {
  name: "information-sharing",
  folder: new URL("../../../subgraphs/information-sharing/", import.meta.url),
};
const ENTRY = "information_sharing.ledger_entry";
const PERSON = "information_sharing.ledger_person";
const SUBJECT = "information_sharing.ledger_subject";
const CHECKPOINT = "information_sharing.ledger_checkpoint";

let opened: OpenDatabase;
let database: Database;
let keys: KeyPair;
let notary: Work;
let now = new Date(at("12:00"));
const clock = () => now;
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);

/** Tells so many disclosures, one by one. */
const tell = async (count: number, more: Partial<DisclosuresTold> = {}): Promise<void> => {
  const ledger = openLedger(database);
  for (let index = 0; index < count; index++)
    await ledger.record(
      told({ at: now.toISOString(), ...more }, index % 3 === 0 ? { persons: [maria, walter] } : {}),
    );
};

/** A notary that signs when it is told to, and not each second. */
const openNotaryAtHand = async (): Promise<Work> => {
  const it = await openNotary(database, keys.privateJwk, { log: testLog().log, clock });
  await it.stop();
  return it;
};

/** Twenty entries under four checkpoints, of 5, 10, 15 and 20; the first five are of eight years ago. */
beforeAll(async () => {
  opened = await openTestDatabase();
  await migrateRoom(ROOM, opened);
  database = opened.of("information_sharing").house();
  keys = await newKeyPair();
  notary = await openNotaryAtHand();
  for (const part of [0, 1, 2, 3]) {
    now = new Date(at(`12:0${part}`, part === 0 ? -8 * 365 : 0));
    await tell(5);
    await notary.flush();
  }
});
afterAll(() => opened.close());

type Demand = Partial<Parameters<typeof verify>[1]>;
const check = (of: Pick<Database, "transaction">, demand: Demand = {}): Promise<Verified> =>
  readLedger(of, (reading) =>
    verify(reading, { isGenuine: checkpointChecker(keys.publicJwk), now, ...demand }),
  );

/**
 * What comes out when somebody who owns the database has changed it, with every trigger and foreign key out of the way. Nothing
 * of it stays.
 */
const tampered = async (
  change: (tx: Transaction) => Promise<unknown>,
  demand: Demand = {},
): Promise<Verified> => {
  let verified: Verified | undefined;
  const enough = new Error("enough");
  await opened.sql
    .transaction(async (tx) => {
      await tx.raw("set local session_replication_role = replica");
      await change(tx);
      verified = await check({ transaction: (work) => work(tx) }, demand);
      throw enough;
    })
    .catch((error: unknown) => {
      if (error !== enough) throw error;
    });
  return verified as Verified;
};
/** One more entry at the end, written as the house writes it. */
const addOne = (tx: Transaction) =>
  openLedger({ ...database, sql: tx }).record(told({ at: now.toISOString() }));
const whats = ({ findings }: Verified): string[] => findings.map(({ what }) => what);

const rowAt = (tx: Transaction, position: number) => tx(ENTRY).where({ position }).first();
/** Writes bytes into an entry as if they had always been there: the hash beside them is made to fit. */
const rewrite = async (tx: Transaction, position: number, bytes: Buffer): Promise<void> => {
  await tx(ENTRY)
    .where({ position })
    .update({ bytes, leaf_hash: leafHash(bytes) });
};
const other = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString("utf8").replace('"TREAT"', '"COC"'), "utf8");

describe("a ledger that nobody has touched", () => {
  it("is what was signed, checkpoint by checkpoint", async () => {
    const verified = await check(database);
    expect(verified).toMatchObject({
      entries: 20,
      checkpoints: 4,
      unsigned: 0,
      found: 0,
      findings: [],
      newest: { size: 20, root: verified.root, at: now.toISOString() },
    });
  });

  it("may have entries that are not signed yet, for as long as that takes", async () => {
    expect(await tampered(addOne)).toMatchObject({ entries: 21, unsigned: 1, found: 0 });
    const late = await tampered(addOne, { now: minutes(2) });
    expect(whats(late)).toEqual([
      `nobody has signed the entries from 20 on, of which the first is of ${now.toISOString()}: the house signs them when it runs`,
    ]);
  });
});

describe("an entry that was changed", () => {
  it("by one byte is named", async () => {
    const verified = await tampered((tx) =>
      tx.raw(`update ${ENTRY} set bytes = set_byte(bytes, 40, 120) where position = 7`),
    );
    const { id } = await opened.sql(ENTRY).where({ position: 7 }).first();
    expect(verified.findings[0]).toEqual({
      what: "the bytes of this entry are not those that were hashed",
      position: 7,
      entry: id,
    });
    expect(whats(verified)).toContain(
      `the entries from 5 to 9 are not what was signed at ${new Date(at("12:01")).toISOString()}`,
    );
  });

  it("so that it is no entry any more is named, and the rest is gone through", async () => {
    const verified = await tampered((tx) => rewrite(tx, 7, Buffer.from([0xff, 0x00, 0x7b])));
    expect(verified.findings[0]).toMatchObject({ position: 7 });
    expect(verified.entries).toBe(20);
  });

  it("with its hash is found at the checkpoint that covers it, and what comes after is still told apart", async () => {
    const verified = await tampered(async (tx) => {
      for (const position of [7, 17])
        await rewrite(tx, position, other((await rowAt(tx, position)).bytes));
    });
    expect(whats(verified)).toEqual([
      `the entries from 5 to 9 are not what was signed at ${new Date(at("12:01")).toISOString()}`,
      `the entries from 15 to 19 are not what was signed at ${new Date(at("12:03")).toISOString()}`,
    ]);
  });

  it.each([
    ["recipient_id", agencies.aps.id],
    ["source_id", agencies.aps.id],
    ["at", new Date(at("00:00"))],
    ["id", agencies.aps.id],
  ])("in a column alone is named: %s", async (column, value) => {
    const verified = await tampered((tx) =>
      tx(ENTRY)
        .where({ position: 11 })
        .update({ [column]: value }),
    );
    expect(verified).toMatchObject({
      found: 1,
      findings: [{ what: "the columns of this entry do not say what its bytes say", position: 11 }],
    });
  });
});

describe("entries that were taken away, added or moved", () => {
  it("leave a gap where one was", async () => {
    const verified = await tampered((tx) => tx(ENTRY).where({ position: 12 }).delete());
    expect(whats(verified)).toEqual(["the entry at 12 is missing"]);
  });

  it("leave a gap where several were, over a checkpoint", async () => {
    const verified = await tampered((tx) => tx(ENTRY).whereBetween("position", [8, 16]).delete());
    expect(whats(verified)).toEqual(["the entries from 8 to 16 are missing"]);
  });

  it("are found though those behind were moved up", async () => {
    const verified = await tampered(async (tx) => {
      for (const table of [ENTRY, PERSON, SUBJECT]) {
        await tx(table).where({ position: 12 }).delete();
        await tx.raw(`update ${table} set position = position + 1000 where position > 12`);
        await tx.raw(`update ${table} set position = position - 1001 where position > 1000`);
      }
    });
    expect(whats(verified)).toEqual([
      `the entries from 10 to 14 are not what was signed at ${new Date(at("12:02")).toISOString()}`,
      "the entry at 19 is missing at the end: the newest checkpoint covers 20",
    ]);
  });

  it("are missing at the end, the last one too", async () => {
    const verified = await tampered((tx) => tx(ENTRY).where("position", ">", 16).delete());
    expect(whats(verified)).toEqual([
      "the entries from 17 to 19 are missing at the end: the newest checkpoint covers 20",
    ]);
  });

  it("are missing when all are, and when the checkpoints stand alone", async () => {
    const verified = await tampered((tx) => tx(ENTRY).delete());
    expect(whats(verified)).toEqual([
      "the entries from 0 to 19 are missing at the end: the newest checkpoint covers 20",
    ]);
  });

  it("are found where one was put between others", async () => {
    const verified = await tampered(async (tx) => {
      await addOne(tx);
      for (const table of [ENTRY, PERSON, SUBJECT]) {
        await tx.raw(`update ${table} set position = position + 1000 where position > 12`);
        await tx.raw(`update ${table} set position = 13 where position = 1020`);
        await tx.raw(`update ${table} set position = position - 999 where position > 1000`);
      }
    });
    expect(whats(verified)).toEqual([
      `the entries from 10 to 14 are not what was signed at ${new Date(at("12:02")).toISOString()}`,
      `the entries from 15 to 19 are not what was signed at ${new Date(at("12:03")).toISOString()}`,
    ]);
  });

  it("are found when two have changed places", async () => {
    const verified = await tampered(async (tx) => {
      for (const table of [ENTRY, PERSON, SUBJECT])
        for (const [from, to] of [
          [6, 1006],
          [8, 6],
          [1006, 8],
        ] as const)
          await tx(table).where({ position: from }).update({ position: to });
    });
    expect(whats(verified)).toEqual([
      `the entries from 5 to 9 are not what was signed at ${new Date(at("12:01")).toISOString()}`,
    ]);
  });
});

describe("a checkpoint", () => {
  const forge = async (
    tx: Transaction,
    size: number,
    change: (it: SignedCheckpoint) => SignedCheckpoint,
  ) => {
    const row = await tx(CHECKPOINT).where({ size }).first();
    const {
      root,
      at: when,
      signature,
    } = change({
      size,
      root: row.root.toString("hex"),
      at: row.at.toISOString(),
      signature: row.signature.toString("base64url"),
    });
    await tx(CHECKPOINT)
      .where({ size })
      .update({
        root: Buffer.from(root, "hex"),
        at: when,
        signature: Buffer.from(signature, "base64url"),
      });
  };

  it("that somebody else has signed is none, whatever it covers", async () => {
    const { privateJwk } = await newKeyPair();
    const sign = checkpointSigner(privateJwk);
    const verified = await tampered(async (tx) => {
      await rewrite(tx, 18, other((await rowAt(tx, 18)).bytes));
      const root = (await check({ transaction: (work) => work(tx) })).root as string;
      await forge(tx, 20, (it) => sign({ ...it, root }));
    });
    expect(whats(verified)).toContain(
      `the checkpoint of ${now.toISOString()} at 20 is not signed by the key of the ledger`,
    );
  });

  it("whose time was changed is none", async () => {
    const verified = await tampered((tx) =>
      forge(tx, 15, (it) => ({ ...it, at: new Date(at("12:02", 1)).toISOString() })),
    );
    expect(whats(verified)[0]).toMatch(/at 15 is not signed by the key of the ledger$/);
  });

  it("of a time before the last one's is seen, though it is signed", async () => {
    const sign = checkpointSigner(keys.privateJwk);
    const verified = await tampered((tx) =>
      forge(tx, 15, (it) => sign({ ...it, at: new Date(at("11:00")).toISOString() })),
    );
    expect(whats(verified)).toEqual([
      `the checkpoint of ${new Date(at("11:00")).toISOString()} at 15 is older than the one before it`,
    ]);
  });

  it("with another edge is seen: the notary would have gone on from it", async () => {
    const verified = await tampered((tx) =>
      tx.raw(`update ${CHECKPOINT} set edge = array[edge[1]] where size = 20`),
    );
    expect(whats(verified)).toEqual([
      `the checkpoint of ${now.toISOString()} at 20 has an edge that is not the one of its root`,
    ]);
  });

  it("with an edge that comes to its root, and is made of other trees, is seen too", async () => {
    const verified = await tampered(async (tx) => {
      // A full tree of sixteen, cut in two: another way to say the same root.
      await tx(CHECKPOINT).delete();
      await tx(ENTRY).where("position", ">", 15).delete();
      await tx(PERSON).where("position", ">", 15).delete();
      await tx(SUBJECT).where("position", ">", 15).delete();
      const leaves = await tx(ENTRY).orderBy("position").pluck("leaf_hash");
      const { root, ...checkpoint } = checkpointSigner(keys.privateJwk)({
        size: 16,
        root: rootOfLeaves(leaves).toString("hex"),
        at: now.toISOString(),
      });
      await tx(CHECKPOINT).insert({
        size: 16,
        root: Buffer.from(root, "hex"),
        at: now,
        signature: Buffer.from(checkpoint.signature, "base64url"),
        edge: [rootOfLeaves(leaves.slice(0, 8)), rootOfLeaves(leaves.slice(8))],
      });
    });
    expect(whats(verified)).toEqual([
      `the checkpoint of ${now.toISOString()} at 16 has an edge that is not the one of its root`,
    ]);
  });

  it("that was kept elsewhere tells a ledger that was put back to what it was before", async () => {
    const since = (await check(database)).newest as SignedCheckpoint;
    const back = async (tx: Transaction) => {
      for (const table of [ENTRY, PERSON, SUBJECT])
        await tx(table).where("position", ">=", 15).delete();
      await tx(CHECKPOINT).where("size", ">", 15).delete();
    };
    expect(await tampered(back)).toMatchObject({ entries: 15, found: 0 });
    expect(whats(await tampered(back, { since }))).toEqual([
      `the ledger has been put back: it had 20 entries at ${since.at}`,
    ]);
    expect(await check(database, { since })).toMatchObject({ found: 0 });
  });

  it("that was kept elsewhere tells one that was put back and written anew, with the key and all", async () => {
    const since = (await check(database)).newest as SignedCheckpoint;
    const verified = await tampered(
      async (tx) => {
        await rewrite(tx, 18, other((await rowAt(tx, 18)).bytes));
        await tx(CHECKPOINT).where("size", ">", 15).delete();
      },
      { since, now },
    );
    expect(whats(verified)).toEqual([
      `the ledger does not begin with the 20 entries that it had at ${since.at}`,
    ]);
  });

  it("is taken from any key of a set, for a key that was replaced has signed what it has", async () => {
    const next = await newKeyPair();
    const set = { keys: [next.privateJwk, keys.publicJwk] };
    expect(await check(database, { isGenuine: checkpointChecker(set) })).toMatchObject({
      found: 0,
    });
    const only = await check(database, { isGenuine: checkpointChecker(next.publicJwk) });
    expect(only.found).toBe(4);
  });
});

describe("facts beside an entry", () => {
  it("that were changed are named: whom it was about", async () => {
    const verified = await tampered((tx) =>
      tx(PERSON).where({ position: 11 }).update({ person_id: agencies.ems.id }),
    );
    expect(verified.findings[0]).toMatchObject({
      what: "a person of this entry is not one that was committed to",
      position: 11,
    });
  });

  it("that were added are named: somebody whom it was not about", async () => {
    const verified = await tampered((tx) =>
      tx(PERSON).insert({ position: 10, person_id: agencies.ems.id, salt: Buffer.alloc(16) }),
    );
    expect(verified).toMatchObject({ found: 1, findings: [{ position: 10 }] });
  });

  it("that were taken away are named: an accounting would leave it out", async () => {
    const verified = await tampered((tx) =>
      tx(PERSON).where({ position: 8, person_id: walter }).delete(),
    );
    expect(verified).toMatchObject({
      found: 1,
      findings: [
        {
          what: `persons are missing from disclosures of the agency ${agencies.hospital.id}: 1, of whom 0 were destroyed by its officer; the newest is missing here`,
          position: 8,
        },
      ],
    });
  });

  it("that were changed or taken away are named: to whom it was given", async () => {
    const changed = await tampered((tx) =>
      tx(SUBJECT).where({ position: 10 }).update({ subject: "somebody else" }),
    );
    expect(whats(changed)).toEqual([
      "the subject of this entry is not the one that was committed to",
    ]);
    const gone = await tampered((tx) => tx(SUBJECT).where({ position: 10 }).delete());
    expect(whats(gone)).toEqual(["the subject of this entry is missing"]);
  });
});

describe("destroyed facts", () => {
  const destruction = () => ({
    id: "",
    version: 1,
    source: { id: agencies.hospital.id },
    person: { id: maria },
    before: new Date(at("00:00", -6 * 366)),
    reason: "RETENTION_ENDED" as const,
    destroyedAt: now,
  });
  const destroy = (tx: Transaction) => destroyFacts(tx, destruction());

  it("are gone, and the ledger is still what was signed, and says how many there were", async () => {
    const verified = await tampered(async (tx) => {
      const before = await tx(PERSON).where({ person_id: walter });
      await destroy(tx);
      expect(await tx(PERSON).where({ person_id: maria }).where("position", "<", 5)).toEqual([]);
      expect(await tx(PERSON).where({ person_id: walter })).toEqual(before);
      // Walter's disclosures keep to whom they were made; those that were about Maria alone do not.
      expect(
        await tx(SUBJECT).where("position", "<", 5).orderBy("position").pluck("position"),
      ).toEqual(["0", "3"]);
      const { bytes } = await rowAt(tx, 20);
      expect(JSON.parse(bytes.toString("utf8"))).toMatchObject({
        kind: "DESTRUCTION",
        source: agencies.hospital.id,
        reason: "RETENTION_ENDED",
        persons: 5,
      });
      expect(bytes.toString("utf8")).not.toContain(maria);
    });
    expect(verified).toMatchObject({ entries: 21, found: 0, unsigned: 1 });
  });

  it("leave commitments that nobody can find out: not by trying every person", async () => {
    await tampered(async (tx) => {
      const { bytes } = await rowAt(tx, 1);
      const entry = JSON.parse(bytes.toString("utf8"));
      const { salt } = await tx(PERSON).where({ position: 1 }).first();
      expect(entry.persons).toEqual([commitment({ value: maria, salt })]);
      await destroy(tx);
      const { rows } = await tx.raw(`select count(*)::int as count from ${PERSON} where salt = ?`, [
        salt,
      ]);
      expect(rows).toEqual([{ count: 0 }]);
    });
  });

  it("do not cover for others that are missing too", async () => {
    const verified = await tampered(async (tx) => {
      await destroy(tx);
      await tx(PERSON).where({ position: 12 }).delete();
      await tx(SUBJECT).where({ position: 12 }).delete();
    });
    expect(verified).toMatchObject({
      found: 1,
      findings: [{ what: expect.stringContaining("6, of whom 5 were destroyed"), position: 12 }],
    });
  });
});

describe("a destruction that nobody was allowed", () => {
  it.each([
    ["of what is younger than six years", { before: new Date(at("00:00", -6 * 360)) }],
    ["of a time that has not come", { destroyedAt: new Date(at("12:00", 4000)), before: now }],
  ])("covers for nothing, though it is in the ledger and signed: %s", async (_, more) => {
    const verified = await tampered((tx) =>
      destroyFacts(tx, {
        id: "",
        version: 1,
        source: { id: agencies.hospital.id },
        person: { id: maria },
        reason: "EXPUNGEMENT_ORDERED",
        destroyedAt: now,
        ...more,
      }),
    );
    expect(verified.findings[0]).toMatchObject({
      what: "what this entry destroys was to be kept",
      position: 20,
    });
    expect(whats(verified)[1]).toContain("of whom 0 were destroyed");
  });
});

describe("the notary", () => {
  it("signs what came while nobody was there to sign it, and nothing when there is no news", async () => {
    await tell(3);
    const signed = async () => (await check(database)).newest?.size;
    const late = await openNotaryAtHand();
    expect(await signed()).toBe(23);
    await late.flush();
    expect((await check(database)).checkpoints).toBe(5);
  });

  it("goes on where another one has gone on before", async () => {
    const two = [await openNotaryAtHand(), await openNotaryAtHand()];
    for (const it of [...two, ...two]) {
      await tell(2);
      await it.flush();
    }
    expect(await check(database)).toMatchObject({ checkpoints: 9, unsigned: 0, found: 0 });
  });

  it("does not let time go back when a clock is put back", async () => {
    const before = now;
    now = new Date(at("06:00"));
    await tell(1, { at: before.toISOString() });
    await notary.flush();
    now = before;
    expect(await check(database)).toMatchObject({ unsigned: 0, found: 0 });
  });

  it("does not begin on a ledger whose newest checkpoint another key has signed", async () => {
    const { privateJwk } = await newKeyPair();
    await expect(openNotary(database, privateJwk, { log: testLog().log, clock })).rejects.toThrow(
      "was not signed by its key, or has been changed",
    );
  });

  it.each([
    ["a public key", async () => (await newKeyPair()).publicJwk],
    ["no key", async () => ({ kty: "oct", k: "c2VjcmV0" })],
  ])("does not begin with %s, and says so without the key", async (_, key) => {
    await expect(
      openNotary(database, (await key()) as never, { log: testLog().log, clock }),
    ).rejects.toThrow(/^the ledger's private key is no private Ed25519 key, as a JWK$/);
  });
});
