/**
 * Where the ledger is written and read. Entries are written in groups: what comes while one group is on its way to the disk
 * is the next one, so that however many wait, two transactions are enough for them all.
 */
import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { v7 as uuidv7 } from "uuid";
import type { DisclosuresTold } from "#sharing/disclosure.ts";
import { asHouse } from "#platform/database.ts";
import type { Database, Transaction } from "#platform/database.ts";
import type { Row } from "#platform/record.ts";
import type { HouseDoor } from "#platform/subgraph.ts";
import type { FactDestruction } from "./accounting.ts";
import { destructionEntry, disclosureEntries, recipientOf, SALT_SIZE } from "./entry.ts";
import type { Chance, Written } from "./entry.ts";
import { readTold } from "./told.ts";

const SCHEMA = "information_sharing";
const ENTRY = "information_sharing.ledger_entry";
const PERSON = "information_sharing.ledger_person";
const SUBJECT = "information_sharing.ledger_subject";

/** Writes disclosures down. */
export interface Ledger {
  /** @returns Once all of it is committed. @throws when it could not be written; then none of it may be given. */
  record(told: DisclosuresTold): Promise<void>;
}

/** Many salts at once cost hardly more than one. */
const SALTS = 256;

/** Ids in the order in which they are made, and salts. */
export const openChance = (): Chance => {
  let salts = Buffer.alloc(0);
  return {
    id: () => uuidv7(),
    salt: () => {
      if (salts.length === 0) salts = randomBytes(SALTS * SALT_SIZE);
      const salt = salts.subarray(0, SALT_SIZE);
      salts = salts.subarray(SALT_SIZE);
      return salt;
    },
  };
};

/** So many entries to a transaction at most, so that none takes long. */
const GROUP = 1_000;

/** Opens the ledger for writing. */
export const openLedger = (database: Database): Ledger => {
  const chance = openChance();
  const waiting: { entries: Written[]; done: (fault?: unknown) => void }[] = [];
  let isWriting = false;

  const group = () => {
    let size = 0;
    const end = waiting.findIndex(({ entries }, index) => {
      size += entries.length;
      return index > 0 && size > GROUP;
    });
    return waiting.splice(0, end < 0 ? waiting.length : end);
  };
  const write = async (): Promise<void> => {
    isWriting = true;
    for (;;) {
      // What comes in by then goes with it, and so does the next thing of those who have just been answered.
      await setImmediate();
      if (waiting.length === 0) break;
      const calls = group();
      const entries = calls.flatMap((call) => call.entries);
      const fault = await append(entries, (lists) => database.sql.raw(APPEND, lists as never)).then(
        () => undefined,
        (error: unknown) => error ?? new Error("the ledger could not be written"),
      );
      for (const { done } of calls) done(fault);
    }
    isWriting = false;
  };

  return {
    record: (told) =>
      new Promise((resolve, reject) => {
        const entries = disclosureEntries(told, chance);
        if (entries.length === 0) return resolve();
        waiting.push({
          entries,
          done: (fault) => (fault === undefined ? resolve() : reject(fault)),
        });
        if (!isWriting) void write();
      }),
  };
};

/** unique_violation: another process has just taken the position. */
const TAKEN = "23505";
const ATTEMPTS = 20;

/**
 * Adds entries at the ledger's end, all of them or none, in one statement. Nothing is locked: where two processes come to
 * one position, the second one finds it taken, and takes the next.
 *
 * @param insert Runs the statement; it may have to be run again.
 */
const append = async (
  entries: readonly Written[],
  insert: (lists: readonly unknown[]) => PromiseLike<unknown>,
): Promise<void> => {
  const persons = entries.flatMap((it, index) => it.persons.map((fact) => ({ ...fact, index })));
  const subjects = entries.flatMap(({ subject }, index) =>
    subject ? [{ ...subject, index }] : [],
  );
  const lists = [
    Buffer.concat(entries.map(({ leafHash }) => leafHash)),
    listed(entries.map(({ entry }) => entry.id)),
    listed(entries.map(({ entry }) => entry.at)),
    listed(entries.map(({ entry }) => entry.source)),
    listed(entries.map(({ entry }) => recipientOf(entry))),
    // Canonical JSON has no line feed in it.
    entries.map(({ bytes }) => bytes.toString("utf8")).join("\n"),
    Buffer.concat(persons.map(({ salt }) => salt)),
    listed(persons.map(({ index }) => index)),
    listed(persons.map(({ person }) => person)),
    persons.map(({ grounds }) => grounds ?? "").join("\n"),
    subjects.map(({ index }) => index),
    subjects.map(({ value }) => value),
    subjects.map(({ salt }) => salt),
  ];
  for (let attempt = 1; ; attempt++) {
    try {
      await insert(lists);
      return;
    } catch (error) {
      if (attempt >= ATTEMPTS || (error as { code?: string }).code !== TAKEN) throw error;
    }
  }
};

/** Ids, instants or numbers as an array of PostgreSQL's: nothing in them needs to be quoted, and there are many. */
const listed = (all: readonly (string | number | null)[]): string =>
  `{${all.map((it) => it ?? "NULL").join()}}`;

const APPEND = `
  with head as (
    select coalesce(max(position) + 1, 0) as position from information_sharing.ledger_entry
  ), entry as (
    insert into information_sharing.ledger_entry
      (position, id, bytes, leaf_hash, at, source_id, recipient_id)
    select head.position + it.index - 1, it.id, convert_to(it.text, 'UTF8'),
      substring(?::bytea from 32 * (it.index::integer - 1) + 1 for 32), it.at, it.source_id, it.recipient_id
    from head, rows from (unnest(?::uuid[], ?::timestamptz[], ?::uuid[], ?::uuid[]), string_to_table(?, E'\\n'))
      with ordinality as it (id, at, source_id, recipient_id, text, index)
  ), person as (
    insert into information_sharing.ledger_person (position, person_id, grounds, salt)
    select head.position + it.entry, it.person_id, nullif(it.grounds, ''),
      substring(?::bytea from ${SALT_SIZE} * (it.index::integer - 1) + 1 for ${SALT_SIZE})
    from head, rows from (unnest(?::integer[], ?::uuid[]), string_to_table(?, E'\\n'))
      with ordinality as it (entry, person_id, grounds, index)
  )
  insert into information_sharing.ledger_subject (position, subject, salt)
  select head.position + it.index, it.subject, it.salt
  from head, unnest(?::integer[], ?::text[], ?::bytea[]) as it (index, subject, salt)`;

/**
 * Destroys whom an agency's disclosures before an instant were about, where it is this person, and adds to the ledger how
 * many entries that was. To whom they were made goes with the last person of an entry.
 */
export const destroyFacts = (tx: Transaction, destruction: FactDestruction): Promise<void> =>
  asHouse(tx, SCHEMA, async () => {
    const { source, person, before, reason, destroyedAt } = destruction;
    const gone = (await tx(PERSON)
      .where({ person_id: person.id })
      .whereIn(
        "position",
        tx(ENTRY).where({ source_id: source.id }).where("at", "<", before).select("position"),
      )
      .delete("position")) as Row[];
    await tx(`${SUBJECT} as subject`)
      .whereIn("position", gone.map(({ position }) => position) as string[])
      .whereNotExists(tx(`${PERSON} as person`).whereRaw("person.position = subject.position"))
      .delete();
    const entry = destructionEntry({
      id: uuidv7(),
      at: destroyedAt.toISOString(),
      source: source.id,
      reason,
      before: before.toISOString(),
      persons: gone.length,
    });
    // Each attempt in a savepoint: what fails in a transaction ends it.
    await append([entry], (lists) => tx.transaction((inner) => inner.raw(APPEND, lists as never)));
  });

/**
 * What the house tells of what it gives away. Answers once it is durable.
 *
 * @throws {Problem} BAD_INPUT when it is not as `sharing/disclosure.ts` says.
 */
export const ledgerDoor = (database: Database): HouseDoor => {
  const ledger = openLedger(database);
  return async (question) => {
    await ledger.record(readTold(question));
    return null;
  };
};
