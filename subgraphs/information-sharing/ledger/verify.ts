/**
 * Finds out whether the ledger is what was signed. Everything is computed anew from the entries' bytes, and nothing that the
 * database says of itself is believed: an edit, a deletion, an insertion or a change of order comes out, whoever made
 * it, unless they have the key.
 *
 * Who owns the database and not the key can still put the whole ledger back to what it was at an earlier checkpoint. That
 * comes out where a later one was kept elsewhere (`since`). And they can add entries, which are then signed as of now.
 */
import { accountedSince } from "./accounting.ts";
import { commitment, entryOf, factOf, recipientOf } from "./entry.ts";
import type { DisclosureEntry, Entry, Fact, PersonFact } from "./entry.ts";
import type { Checkpoint, IsGenuine, SignedCheckpoint } from "./checkpoint.ts";
import { EMPTY, grown, isEdgeOf, leafHash, rootOf } from "./merkle.ts";
import type { Edge, Hash } from "./merkle.ts";

/** An entry as the database has it. */
export interface KeptEntry {
  position: number;
  id: string;
  at: string;
  source: string;
  recipient: string | null;
  bytes: Buffer;
  leafHash: Hash;
  subject: Fact | null;
  persons: readonly PersonFact[];
}

/** A checkpoint as the database has it. */
export interface KeptCheckpoint extends SignedCheckpoint {
  edge: readonly Hash[];
}

/** One state of the ledger. */
export interface Reading {
  count(): Promise<number>;
  /** In the order of their positions. */
  entries(): AsyncIterable<readonly KeptEntry[]>;
  /** In the order of their sizes. */
  checkpoints(): AsyncIterable<readonly KeptCheckpoint[]>;
}

/** Something that is not as it was written. */
export interface Finding {
  /** Lower case, no full stop; ids of entries and agencies, and nobody's. */
  what: string;
  /** Where; null when it is not of one entry. */
  position: number | null;
  entry: string | null;
}

/** What came out. */
export interface Verified {
  entries: number;
  /** Of the whole tree, in hexadecimal; null when it could not be grown. */
  root: string | null;
  checkpoints: number;
  newest: SignedCheckpoint | null;
  /** Entries after the newest checkpoint: they are signed within a second. */
  unsigned: number;
  /** The first ones that were come upon; `found` is how many there are. */
  findings: readonly Finding[];
  found: number;
}

/** What verification needs to know. */
export interface Demand {
  isGenuine: IsGenuine;
  now: Date;
  /** A checkpoint that was kept elsewhere, which the ledger must still begin with. */
  since?: Checkpoint | undefined;
  /** Told now and then how many entries were gone through. */
  progress?: (entries: number) => void;
}

/** An entry that is not under a checkpoint for longer than this has been kept from the notary, or the notary is down. */
const GRACE_MS = 60_000;
/** A whole ledger may be wrong; a reader needs to know of the beginning. */
const MOST_FINDINGS = 50;

/** What is missing of a source's facts, and what its destructions account for. */
interface Facts {
  missing: number;
  newest: KeptEntry | null;
  destroyed: number;
  /** Of disclosures before this. */
  before: string;
}

/** Goes through the ledger once, from its beginning to its end. */
export const verify = async (reading: Reading, demand: Demand): Promise<Verified> => {
  const { isGenuine, now, since, progress } = demand;
  const findings: Finding[] = [];
  let found = 0;
  const find = (what: string, at?: { position: number; id: string } | null): void => {
    found += 1;
    if (findings.length < MOST_FINDINGS)
      findings.push({ what, position: at?.position ?? null, entry: at?.id ?? null });
  };
  const facts = factsOfAll(find, now);

  /** How far it has been gone through. */
  let size = 0;
  /** The tree of what has been gone through; null while it cannot be known. */
  let edge: Edge | null = EMPTY;
  let oldestUnsigned: string | null = null;
  let checkpoints = 0;
  let newest: KeptCheckpoint | null = null;

  const check = (checkpoint: KeptCheckpoint): void => {
    checkpoints += 1;
    const named = `the checkpoint of ${checkpoint.at} at ${checkpoint.size}`;
    const isSigned = isGenuine(checkpoint);
    const claimed: Edge = { size: checkpoint.size, hashes: checkpoint.edge };
    const isWhole = isEdgeOf(claimed, Buffer.from(checkpoint.root, "hex"));
    if (!isSigned) find(`${named} is not signed by the key of the ledger`);
    if (!isWhole) find(`${named} has an edge that is not the one of its root`);
    if (newest && checkpoint.at < newest.at) find(`${named} is older than the one before it`);
    if (checkpoint.size === size) {
      if (isSigned && edge && rootOf(edge).toString("hex") !== checkpoint.root)
        find(`${range(newest?.size ?? 0, size)} what was signed at ${checkpoint.at}`);
      // From what was signed on, what comes after can be told apart from what was changed before.
      if (isSigned && isWhole) edge = claimed;
      oldestUnsigned = null;
    }
    newest = checkpoint;
  };
  const upcoming = oneByOne(reading.checkpoints());
  let next = await upcoming();
  const checkUpTo = async (end: number): Promise<void> => {
    for (; next && next.size <= end; next = await upcoming()) check(next);
  };

  for await (const batch of reading.entries()) {
    for (const kept of batch) {
      if (next && next.size <= size) await checkUpTo(size);
      if (kept.position !== size) {
        find(`${missing(size, kept.position)} missing`);
        edge = null;
        size = kept.position;
        await checkUpTo(size);
      }
      const hash = leafHash(kept.bytes);
      if (!hash.equals(kept.leafHash))
        find("the bytes of this entry are not those that were hashed", kept);
      const entry = read(kept.bytes);
      if (!entry) find("the bytes of this entry are not an entry's", kept);
      else if (!agrees(kept, entry))
        find("the columns of this entry do not say what its bytes say", kept);
      if (entry) facts.check(kept, entry);
      if (edge) edge = grown(edge, hash);
      size += 1;
      oldestUnsigned ??= kept.at;
      if (edge && size === since?.size && rootOf(edge).toString("hex") !== since.root)
        find(`the ledger does not begin with the ${since.size} entries that it had at ${since.at}`);
    }
    progress?.(size);
  }
  await checkUpTo(Infinity);

  const last = newest as KeptCheckpoint | null;
  const covered = last?.size ?? 0;
  if (covered > size)
    find(`${missing(size, covered)} missing at the end: the newest checkpoint covers ${covered}`);
  if (since && since.size > size && since.size > covered)
    find(`the ledger has been put back: it had ${since.size} entries at ${since.at}`);
  const unsigned = Math.max(0, size - covered);
  if (unsigned > 0 && Date.parse(oldestUnsigned ?? "") < now.getTime() - GRACE_MS)
    find(
      `nobody has signed the entries from ${covered} on, of which the first is of ${oldestUnsigned}: the house signs them when it runs`,
    );
  facts.conclude();
  return {
    entries: size,
    root: edge && rootOf(edge).toString("hex"),
    checkpoints,
    newest: last && { size: last.size, root: last.root, at: last.at, signature: last.signature },
    unsigned,
    findings,
    found,
  };
};

/** What to say of the positions from `start` up to `end`. */
const missing = (start: number, end: number): string =>
  end - start === 1 ? `the entry at ${start} is` : `the entries from ${start} to ${end - 1} are`;
const range = (start: number, end: number): string =>
  end - start === 1
    ? `the entry at ${start} is not`
    : `the entries from ${start} to ${end - 1} are not`;

/** Hands out one thing after another of a stream of lists; undefined at its end. */
const oneByOne = <T>(lists: AsyncIterable<readonly T[]>): (() => Promise<T | undefined>) => {
  const stream = lists[Symbol.asyncIterator]();
  let list: readonly T[] = [];
  let at = 0;
  return async () => {
    if (at === list.length) {
      const more = await stream.next();
      if (more.done) return undefined;
      [list, at] = [more.value, 0];
    }
    return list[at++];
  };
};

const read = (bytes: Buffer): Entry | null => {
  try {
    return entryOf(bytes);
  } catch {
    return null;
  }
};

const agrees = (kept: KeptEntry, entry: Entry): boolean =>
  entry.id === kept.id &&
  entry.at === kept.at &&
  entry.source === kept.source &&
  recipientOf(entry) === kept.recipient;

type Find = (what: string, at?: KeptEntry | null) => void;

/**
 * Facts fit the commitments; and one that is missing was destroyed, as the ledger itself says. Entries say how many were
 * destroyed and not which, so they are counted.
 *
 * INVARIANT: no entry covers for facts of the last six years. Who owns the database can add one, and have it signed.
 */
const factsOfAll = (find: Find, now: Date) => {
  const bySource = new Map<string, Facts>();
  const of = (source: string): Facts => {
    const known = bySource.get(source) ?? { missing: 0, newest: null, destroyed: 0, before: "" };
    bySource.set(source, known);
    return known;
  };
  const checkDisclosure = (kept: KeptEntry, entry: DisclosureEntry): void => {
    const absent = new Set(entry.persons);
    for (const person of kept.persons)
      if (!absent.delete(commitment(factOf(person))))
        find("a person of this entry is not one that was committed to", kept);
    if (absent.size > 0) {
      const source = of(entry.source);
      source.missing += absent.size;
      if (!source.newest || source.newest.at < kept.at) source.newest = kept;
    }
    // The subject goes with the last person.
    if (kept.subject === null) {
      if (absent.size < entry.persons.length) find("the subject of this entry is missing", kept);
    } else if (commitment(kept.subject) !== entry.recipient.subject)
      find("the subject of this entry is not the one that was committed to", kept);
  };
  return {
    check: (kept: KeptEntry, entry: Entry): void => {
      if (entry.kind === "DISCLOSURE") return checkDisclosure(kept, entry);
      const { before, at } = entry;
      const isLawful =
        Date.parse(at) <= now.getTime() + GRACE_MS &&
        new Date(before) <= accountedSince(new Date(at));
      if (!isLawful) return find("what this entry destroys was to be kept", kept);
      const source = of(entry.source);
      source.destroyed += entry.persons;
      if (before > source.before) source.before = before;
      if (kept.persons.length > 0 || kept.subject)
        find("facts stand beside this entry, and it has none", kept);
    },
    conclude: (): void => {
      for (const [id, { missing: gone, newest, destroyed, before }] of bySource)
        if (gone > destroyed || (newest && newest.at >= before))
          find(
            `persons are missing from disclosures of the agency ${id}: ${gone}, of whom ${destroyed} were destroyed by its officer; the newest is missing here`,
            newest,
          );
    },
  };
};
