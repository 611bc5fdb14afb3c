/**
 * What stands in the ledger. An entry is its canonical bytes (RFC 8785): these are hashed, and nothing else. Persons, and the
 * subject to whom something was given, stand in it as commitments. What a commitment stands for can be shown by whoever
 * has its salt; once the salt is destroyed, nobody can find it out, and the entry remains what was signed.
 */
import { hash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Disclosure, DisclosuresTold } from "#sharing/disclosure.ts";
import { leafHash } from "./merkle.ts";
import type { Hash } from "./merkle.ts";

/** SHA-256 of a salt and what it hides, in hexadecimal. */
export type Commitment = string;

/** One agency's information about some persons that was given to another: `DisclosuresTold`, without whom. */
export interface DisclosureEntry
  extends Omit<DisclosuresTold, "recipient" | "disclosures">, Omit<Disclosure, "persons"> {
  kind: "DISCLOSURE";
  id: string;
  recipient: Omit<DisclosuresTold["recipient"], "subject"> & { subject: Commitment };
  /** Sorted, so that their order says nothing. */
  persons: readonly Commitment[];
}

/** Why facts may be destroyed. */
export type DestructionReason = "RETENTION_ENDED" | "EXPUNGEMENT_ORDERED";

/** That facts were destroyed. Of whom is not said: the entries of one person must not be told by it. */
export interface DestructionEntry {
  kind: "DESTRUCTION";
  id: string;
  at: string;
  /** The agency whose disclosures they were of. */
  source: string;
  reason: DestructionReason;
  /** Only facts of disclosures before this instant. */
  before: string;
  /** How many persons were taken from entries. What is missing beyond these sums was not destroyed by the rules. */
  persons: number;
}

export type Entry = DisclosureEntry | DestructionEntry;

/** What a commitment hides, and by what. */
export interface Fact {
  value: string;
  salt: Buffer;
}

/** An entry, ready to be written: its bytes, and apart from them what its commitments stand for. */
export interface Written {
  entry: Entry;
  bytes: Buffer;
  leafHash: Hash;
  persons: Fact[];
  subject: Fact | null;
}

/** In bytes: nobody finds out by trying. */
export const SALT_SIZE = 16;

/** Where ids and salts come from. */
export interface Chance {
  id: () => string;
  salt: () => Buffer;
}

export const commitment = ({ value, salt }: Fact): Commitment =>
  hash("sha256", Buffer.concat([salt, Buffer.from(value, "utf8")]), "hex");

const bytesOf = (entry: Entry): Buffer => Buffer.from(canonicalize(entry) as string, "utf8");

const written = (entry: Entry, persons: Fact[], subject: Fact | null): Written => {
  const bytes = bytesOf(entry);
  return { entry, bytes, leafHash: leafHash(bytes), persons, subject };
};

const versioned = ({ id, version }: { id: string; version: number }) => ({ id, version });

/**
 * The entries of what one request gives away: one for each of its disclosures. Named field by field, so that nothing else
 * that was told gets in.
 */
export const disclosureEntries = (told: DisclosuresTold, { id, salt }: Chance): Written[] =>
  told.disclosures.map((disclosure) => {
    const { agency, kind, role, subject: value } = told.recipient;
    const subject: Fact = { value, salt: salt() };
    const persons = [...new Set(disclosure.persons.map((person) => person.toLowerCase()))].map(
      (person): Fact => ({ value: person, salt: salt() }),
    );
    const entry: DisclosureEntry = {
      kind: "DISCLOSURE",
      id: id(),
      requestId: told.requestId,
      at: told.at,
      recipient: { agency: agency.toLowerCase(), kind, role, subject: commitment(subject) },
      purpose: told.purpose,
      basis: told.basis,
      policy: told.policy,
      source: disclosure.source.toLowerCase(),
      persons: persons.map(commitment).sort(),
      categories: disclosure.categories,
      rules: disclosure.rules,
      obligations: disclosure.obligations,
      agreement: disclosure.agreement && versioned(disclosure.agreement),
      consents: disclosure.consents.map(versioned),
      attestations: disclosure.attestations,
    };
    return written(entry, persons, subject);
  });

/** The entry of a destruction. */
export const destructionEntry = (entry: Omit<DestructionEntry, "kind">): Written =>
  written({ kind: "DESTRUCTION", ...entry }, [], null);

/** What bytes say. @throws when they are not an entry's. */
export const entryOf = (bytes: Buffer): Entry => {
  const entry = JSON.parse(bytes.toString("utf8")) as Entry;
  if (entry.kind !== "DISCLOSURE" && entry.kind !== "DESTRUCTION")
    throw new Error("bytes of no entry that is known");
  return entry;
};

/** The agency that was given something; none of a destruction. */
export const recipientOf = (entry: Entry): string | null =>
  entry.kind === "DISCLOSURE" ? entry.recipient.agency : null;
