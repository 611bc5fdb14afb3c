/**
 * What the rooms that keep records ask the information-sharing room (side door `/facts`), once for all the persons of a
 * request: what is true at the request's instant between one agency and these persons, and between it and these sources.
 */
import type { Category, Directive, Purpose, Tie } from "./vocabulary.ts";

/** The room that keeps the facts, and where it is asked. */
export const FACTS = { room: "information-sharing", path: "/facts" } as const;

/** Asked of `/facts`. */
export interface FactsAsked {
  /** The agency that is to be given something. */
  recipient: string;
  purpose: Purpose;
  /** The request's instant: RFC 3339, UTC. */
  at: string;
  persons: readonly string[];
  /** The agencies whose records they are. */
  sources: readonly string[];
}

/** A directive in force, and what it is about. */
export interface DirectiveInForce {
  code: Directive;
  /** Null: every category that the directive can open. */
  categories: readonly Category[] | null;
  /** The agency that may disclose under it; null: any. */
  source: string | null;
  consent: { id: string; version: number };
}

/** What is true between the recipient and one person. */
export interface PersonTold {
  ties: readonly Tie[];
  directives: readonly DirectiveInForce[];
  /** The sources that have agreed to a restriction towards this recipient. */
  restrictedBy: readonly string[];
  /** The attestation that is open, if one is. */
  medicalEmergency: { id: string } | null;
  safetyThreat: { id: string } | null;
}

/** What is true between the recipient and one source: the agreement that counts. */
export interface AgreementTold {
  id: string;
  version: number;
  active: boolean;
  purposes: readonly Purpose[];
  categories: readonly Category[];
}

/** The answer of `/facts`. A person or a source without an entry has none of these. */
export interface FactsTold {
  persons: Readonly<Record<string, PersonTold>>;
  agreements: Readonly<Record<string, AgreementTold>>;
}
