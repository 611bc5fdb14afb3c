/** Reads the whole ledger, as it stood at one instant, for whoever verifies it. */
import type { Database, Transaction } from "#platform/database.ts";
import { instant } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import type { Fact } from "./entry.ts";
import type { Hash } from "./merkle.ts";
import { checkpointFrom } from "./notary-store.ts";
import type { KeptCheckpoint, KeptEntry, Reading } from "./verify.ts";

const BATCH = 500;

/** Runs `read` on one state of the ledger, whatever is written meanwhile. */
export const readLedger = <T>(
  database: Pick<Database, "transaction">,
  read: (reading: Reading) => Promise<T>,
): Promise<T> =>
  database.transaction(
    async (tx) => {
      // It would compile each batch's query anew, which takes longer than the batch.
      await tx.raw("set local jit = off");
      return read(reading(tx));
    },
    { isolationLevel: "repeatable read", readOnly: true },
  );

const reading = (tx: Transaction): Reading => ({
  count: async () => {
    const { rows } = await tx.raw(
      "select coalesce(max(position) + 1, 0) as count from information_sharing.ledger_entry",
    );
    return Number((rows as Row[])[0]?.count);
  },
  entries: () =>
    batches(
      async (after) => {
        const { rows } = await tx.raw(ENTRIES, [after, BATCH]);
        return (rows as Row[]).map(entryFrom);
      },
      ({ position }) => position,
    ),
  checkpoints: () =>
    batches(
      async (after) =>
        (
          (await tx("information_sharing.ledger_checkpoint")
            .where("size", ">", after)
            .orderBy("size")
            .limit(BATCH)) as Row[]
        ).map((row): KeptCheckpoint => ({ ...checkpointFrom(row), edge: row.edge as Hash[] })),
      ({ size }) => size,
    ),
});

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
    yield batch;
  }
}

// An entry's persons as one run of bytes, for a row each would take longer than all else: id and salt, 16 bytes each. What
// belongs to an entry is looked up by it: left to itself, the planner joins whole tables for each batch.
const ENTRIES = `
  select entry.*, subject.*,
    (select string_agg(uuid_send(person.person_id) || person.salt, '')
      from information_sharing.ledger_person as person where person.position = entry.position) as persons
  from (
    select position, id, at, source_id, recipient_id, bytes, leaf_hash from information_sharing.ledger_entry
    where position > ? order by position limit ?
  ) as entry
  left join lateral (
    select it.subject, it.salt from information_sharing.ledger_subject as it
    where it.position = entry.position limit 1
  ) as subject on true
  order by entry.position`;

const ID_SIZE = 16;

const entryFrom = (row: Row): KeptEntry => ({
  position: Number(row.position),
  id: row.id as string,
  at: instant(row.at).toISOString(),
  source: row.source_id as string,
  recipient: row.recipient_id as string | null,
  bytes: row.bytes as Buffer,
  leafHash: row.leaf_hash as Hash,
  subject: row.subject === null ? null : { value: row.subject as string, salt: row.salt as Buffer },
  persons: personsFrom(row.persons as Buffer | null),
});

const personsFrom = (packed: Buffer | null): Fact[] => {
  const persons: Fact[] = [];
  for (let at = 0; packed && at < packed.length; at += 2 * ID_SIZE) {
    const id = packed.toString("hex", at, at + ID_SIZE);
    persons.push({
      value: `${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20)}`,
      salt: packed.subarray(at + ID_SIZE, at + 2 * ID_SIZE),
    });
  }
  return persons;
};
