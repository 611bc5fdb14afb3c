/** What is written down when something about a person is given to another agency, before it is given. */
import type { AgencyKind, Basis, Category, Purpose, Role } from "./vocabulary.ts";

/** The room that keeps the ledger, and where it is told: side door `/ledger`. */
export const LEDGER = { room: "information-sharing", path: "/ledger" } as const;

/** A person about whom something is given, and what that rests on that is the person's own. */
export interface DisclosedPerson {
  id: string;
  consents: readonly { id: string; version: number }[];
  /** Attestations of emergency or threat. */
  attestations: readonly string[];
}

/** One agency's information about some persons that one request gives away, on the same grounds. Never a value. */
export interface Disclosure {
  /** The agency whose information it is. */
  source: string;
  /** About whom: one or more. */
  persons: readonly DisclosedPerson[];
  /** What kinds of information, sorted. */
  categories: readonly Category[];
  /** The rules that let it, by `@id`, sorted. */
  rules: readonly string[];
  obligations: readonly string[];
  agreement: { id: string; version: number } | null;
}

/** Told of `/ledger`: everything that one request gives away. When it has answered 204, all of it is durable. */
export interface DisclosuresTold {
  requestId: string;
  /** The request's instant: RFC 3339, UTC. */
  at: string;
  recipient: { agency: string; kind: AgencyKind | null; role: Role; subject: string };
  purpose: Purpose;
  basis: Basis | null;
  /** SHA-256 of the rules in force, hex. */
  policy: string;
  disclosures: readonly Disclosure[];
}
