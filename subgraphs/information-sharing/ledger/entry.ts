/**
 * What stands in the ledger. An entry is its canonical bytes (RFC 8785): these are hashed, and nothing else. Persons, and the
 * subject to whom something was given, stand in it as commitments. What a commitment stands for can be shown by whoever
 * has its salt; once the salt is destroyed, nobody can find it out, and the entry remains what was signed.
 */
import { hash } from "node:crypto";
import type { DisclosedPerson, Disclosure, DisclosuresTold } from "#sharing/disclosure.ts";
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

/** A person, and what was the person's own of what a disclosure rested on: consents and attestations say whose they are. */
export interface PersonFact {
  person: string;
  /** Canonical JSON; null when there was nothing. */
  grounds: string | null;
  salt: Buffer;
}

/** What a commitment to a person hides. */
export const factOf = ({ person, grounds, salt }: PersonFact): Fact => ({
  value: grounds === null ? person : `${person} ${grounds}`,
  salt,
});

/** Of a person's facts, what the disclosure rested on. */
export type Grounds = Omit<DisclosedPerson, "id">;

const groundsText = ({ attestations, consents }: Grounds): string | null =>
  attestations.length + consents.length === 0
    ? null
    : JSON.stringify({ attestations, consents: consents.map(versioned) });

/** Reads it again. */
export const groundsOf = (text: string | null): Grounds =>
  text === null ? { attestations: [], consents: [] } : (JSON.parse(text) as Grounds);

/** An entry, ready to be written: its bytes, and apart from them what its commitments stand for. */
export interface Written {
  entry: Entry;
  bytes: Buffer;
  leafHash: Hash;
  persons: PersonFact[];
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

/** Canonical JSON of what is made below: its keys stand in their order already, and JSON.stringify writes the rest alike. */
const bytesOf = (entry: Entry): Buffer => Buffer.from(JSON.stringify(entry), "utf8");

const versioned = ({ id, version }: { id: string; version: number }) => ({ id, version });

const written = (entry: Entry, persons: PersonFact[], subject: Fact | null): Written => {
  const bytes = bytesOf(entry);
  return { entry, bytes, leafHash: leafHash(bytes), persons, subject };
};

/**
 * The entries of what one request gives away: one for each of its disclosures. Named field by field, so that nothing else
 * that was told gets in.
 */
export const disclosureEntries = (told: DisclosuresTold, { id, salt }: Chance): Written[] =>
  told.disclosures.map((disclosure) => {
    const { agency, kind, role, subject: value } = told.recipient;
    const subject: Fact = { value, salt: salt() };
    const known = new Map(disclosure.persons.map((it) => [it.id.toLowerCase(), it]));
    const persons = [...known].map(([person, its]): PersonFact => ({
      person,
      grounds: groundsText(its),
      salt: salt(),
    }));
    const entry: DisclosureEntry = {
      agreement: disclosure.agreement && versioned(disclosure.agreement),
      at: told.at,
      basis: told.basis,
      categories: disclosure.categories,
      id: id(),
      kind: "DISCLOSURE",
      obligations: disclosure.obligations,
      persons: persons.map((it) => commitment(factOf(it))).sort(),
      policy: told.policy,
      purpose: told.purpose,
      recipient: { agency: agency.toLowerCase(), kind, role, subject: commitment(subject) },
      requestId: told.requestId,
      rules: disclosure.rules,
      source: disclosure.source.toLowerCase(),
    };
    return written(entry, persons, subject);
  });

/** The entry of a destruction. */
export const destructionEntry = ({
  at,
  before,
  id,
  persons,
  reason,
  source,
}: Omit<DestructionEntry, "kind">): Written =>
  written({ at, before, id, kind: "DESTRUCTION", persons, reason, source }, [], null);

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
