/** Reads the whole ledger, as it stood at one instant, for whoever verifies it. */
import { setImmediate } from "node:timers/promises";
import type { Database, Transaction } from "#platform/database.ts";
import { instant } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { SALT_SIZE } from "./entry.ts";
import type { PersonFact } from "./entry.ts";
import type { Hash } from "./merkle.ts";
import { checkpointFrom } from "./notary-store.ts";
import type { KeptCheckpoint, KeptEntry, Reading } from "./verify.ts";

/** Larger ones are no faster: what does not fit on the way holds up the database. */
const BATCH = 250;

/** Runs `read` on one state of the ledger, whatever is written meanwhile. */
export const readLedger = <T>(
  database: Pick<Database, "transaction">,
  read: (reading: Reading) => Promise<T>,
): Promise<T> =>
  database.transaction(
    async (tx) => {
      // Tables that have just grown are not known to the planner: left to itself it compares each row with every other one,
      // and compiles what it does for each batch anew.
      await tx.raw("set local enable_nestloop = off; set local jit = off");
      return read(reading(tx));
    },
    { isolationLevel: "repeatable read", readOnly: true },
  );

const reading = (tx: Transaction): Reading => {
  // A transaction takes one query at a time, and two lists are read ahead on it.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(read: (after: number) => Promise<T[]>) => {
    return (after: number): Promise<T[]> => {
      const mine = last.then(() => read(after));
      last = mine.catch(() => undefined);
      return mine;
    };
  };
  return {
    count: async () => {
      const { rows } = await tx.raw(
        "select coalesce(max(position) + 1, 0) as count from information_sharing.ledger_entry",
      );
      return Number((rows as Row[])[0]?.count);
    },
    entries: () =>
      batches(
        inTurn((after) => entriesAfter(tx, after)),
        ({ position }) => position,
      ),
    checkpoints: () =>
      batches(
        inTurn((after) => checkpointsAfter(tx, after)),
        ({ size }) => size,
      ),
  };
};

/** One after the other, by key; the next batch is on its way while one is gone through. */
async function* batches<T>(
  read: (after: number) => Promise<T[]>,
  key: (thing: T) => number,
): AsyncGenerator<T[]> {
  let next = read(-1);
  for (;;) {
    const batch = await next;
    const last = batch.at(-1);
    if (last === undefined) return;
    next = read(key(last));
    // Whoever reads may stop before it has come.
    next.catch(() => undefined);
    // It goes out before this one is gone through, which holds up everything else.
    await setImmediate();
    yield batch;
  }
}

const checkpointsAfter = async (tx: Transaction, after: number): Promise<KeptCheckpoint[]> => {
  const rows = (await tx("information_sharing.ledger_checkpoint")
    .where("size", ">", after)
    .orderBy("size")
    .limit(BATCH)) as Row[];
  return rows.map((row) => ({ ...checkpointFrom(row), edge: row.edge as Hash[] }));
};

const entriesAfter = async (tx: Transaction, after: number): Promise<KeptEntry[]> => {
  const { rows } = await tx.raw(ENTRIES, { after, last: after + BATCH });
  if ((rows as Row[]).length > 0) return (rows as Row[]).map(entryFrom);
  const { next } = (await tx("information_sharing.ledger_entry")
    .where("position", ">", after)
    .min("position as next")
    .first()) as Row;
  return next === null ? [] : entriesAfter(tx, Number(next) - 1);
};

// By a range of positions, so that each table is read in its own order; and an entry's persons as one run of bytes, id and
// salt of each, for a row each would take longer than all else.
const ENTRIES = `
  select entry.position, id, at, source_id, recipient_id, bytes, leaf_hash,
    subject, salt, persons, grounds
  from (
    select * from information_sharing.ledger_entry where position > :after and position <= :last
  ) as entry
  left join (
    select * from information_sharing.ledger_subject where position > :after and position <= :last
  ) as subject on subject.position = entry.position
  left join (
    select position, string_agg(uuid_send(person_id) || salt, '') as persons,
      string_agg(coalesce(grounds, ''), E'\\n') as grounds
    from information_sharing.ledger_person where position > :after and position <= :last group by position
  ) as person on person.position = entry.position
  order by entry.position`;

const ID_SIZE = 16;
const PERSON_SIZE = ID_SIZE + SALT_SIZE;

const entryFrom = (row: Row): KeptEntry => ({
  position: Number(row.position),
  id: row.id as string,
  at: instant(row.at).toISOString(),
  source: row.source_id as string,
  recipient: row.recipient_id as string | null,
  bytes: row.bytes as Buffer,
  leafHash: row.leaf_hash as Hash,
  subject: row.subject === null ? null : { value: row.subject as string, salt: row.salt as Buffer },
  persons: personsFrom(row.persons as Buffer | null, row.grounds as string | null),
});

const personsFrom = (packed: Buffer | null, grounds: string | null): PersonFact[] => {
  const lines = grounds?.split("\n") ?? [];
  return lines.map((line, index) => {
    const at = index * PERSON_SIZE;
    const id = packed?.toString("hex", at, at + ID_SIZE) ?? "";
    return {
      person: `${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20)}`,
      grounds: line || null,
      salt: packed?.subarray(at + ID_SIZE, at + PERSON_SIZE) ?? Buffer.alloc(0),
    };
  });
};
