/**
 * Attestations: someone says on their own responsibility that a person is in an emergency, or a danger, or that they must
 * see more than they may. It opens one person's record for a while, the agencies whose it is hear of it at once, and a
 * privacy officer looks at it afterwards.
 */
import { need, Problem } from "#schema/problems.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { AgencyKind, Purpose, Role } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import type { PersonSought } from "#schema/known.ts";
import type { Ref } from "./sharing-agreement.ts";

export type AttestationKind = "EMERGENCY" | "THREAT" | "BREAK_GLASS";

export type AttestationReason =
  | "LIFE_THREATENING"
  | "OVERDOSE"
  | "ACUTE_CRISIS"
  | "UNABLE_TO_CONSENT"
  | "THREAT_TO_SELF"
  | "THREAT_TO_OTHERS"
  | "OTHER";

export type ReviewOutcome = "JUSTIFIED" | "NOT_JUSTIFIED";

/** The look afterwards. */
export interface Review {
  dueAt: Date;
  /** Null while it is open. */
  outcome: ReviewOutcome | null;
  note: string | null;
  reviewedBy: string | null;
  reviewedAt: Date | null;
}

/** What someone has attested about one person. */
export interface Attestation {
  id: string;
  version: number;
  kind: AttestationKind;
  person: Ref;
  agency: Ref;
  /** The token's subject of whoever attested it, and their role. */
  by: string;
  role: Role;
  reason: AttestationReason;
  words: string;
  at: Date;
  expiresAt: Date;
  endedAt: Date | null;
  /** The agencies whose records of the person it opens. */
  informed: Ref[];
  review: Review;
}

/** Long enough for a transport and a handover. A county may make it shorter, and no longer than MOST_MINUTES. */
export const DEFAULT_MINUTES = 60;
/** Four hours: a shift's worth at most; who needs more attests again, and is reviewed again. */
export const MOST_MINUTES = 240;
/** Three days: the account of a week-end is still fresh on its first working day. */
export const REVIEW_HOURS = 72;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Providers of care, as 45 CFR 164.506(c) and 42 CFR 2.51 mean them. */
const CARE: readonly AgencyKind[] = ["HOSPITAL", "CLINIC", "BH", "SUD_PROGRAM", "EMS", "CRISIS"];

const BEDSIDE: readonly AttestationReason[] = [
  "LIFE_THREATENING",
  "OVERDOSE",
  "ACUTE_CRISIS",
  "UNABLE_TO_CONSENT",
  "OTHER",
];

/** Who may attest what, asking for which purpose: as narrow as the rules that then open something. */
interface Terms {
  purpose: Purpose;
  kinds: readonly AgencyKind[];
  roles: readonly Role[] | null;
  reasons: readonly AttestationReason[];
}

const TERMS: Record<AttestationKind, Terms> = {
  EMERGENCY: {
    purpose: "ETREAT",
    kinds: CARE,
    roles: ["CLINICIAN", "FIRST_RESPONDER"],
    reasons: BEDSIDE,
  },
  THREAT: {
    purpose: "THREAT",
    kinds: ["CRISIS", "EMS", "LAW", "BH", "HOSPITAL"],
    roles: null,
    reasons: ["THREAT_TO_SELF", "THREAT_TO_OTHERS"],
  },
  BREAK_GLASS: {
    purpose: "BTG",
    kinds: CARE,
    roles: ["CLINICIAN", "FIRST_RESPONDER"],
    reasons: BEDSIDE,
  },
};

/** The kind of attestation that counts for a purpose; null for purposes that none opens. */
export const kindFor = (purpose: Purpose): AttestationKind | null =>
  (Object.keys(TERMS) as AttestationKind[]).find((kind) => TERMS[kind].purpose === purpose) ?? null;

/** What is said. */
export interface Attesting {
  reason: AttestationReason;
  words: string;
  minutes?: number | null;
}

/** How whoever attests names the person: in one of three ways. */
export interface PersonNamed {
  id?: string | null;
  identifier?: { system: string; value: string } | null;
  name?: { family: string; birthDate: string } | null;
}

/**
 * Whom to look for.
 *
 * @throws {Problem} BAD_INPUT unless the person is named in exactly one way.
 */
export const sought = ({ id, identifier, name }: PersonNamed): PersonSought => {
  const ways = [id ? { id } : null, identifier, name].filter((way) => way != null);
  need(ways.length === 1, "person", "must be named in exactly one way");
  return ways[0] as PersonSought;
};

/**
 * Attests, from this instant on.
 *
 * @throws {Problem} FORBIDDEN to another purpose, kind of agency or role than it is for; BAD_INPUT for a reason of another
 *   kind, without words, or for a time that is none or longer than it may be.
 */
export const attest = (
  id: string,
  kind: AttestationKind,
  said: Attesting,
  act: Act,
): Omit<Attestation, "person" | "informed"> => {
  const { purpose, kinds, roles, reasons } = TERMS[kind];
  const { by } = act;
  if (by.purpose !== purpose)
    throw new Problem("FORBIDDEN", `this is attested when asking for the purpose ${purpose}`);
  if (by.kind === null || !kinds.includes(by.kind))
    throw new Problem("FORBIDDEN", "this is not for agencies of your kind to attest");
  if (roles ? !roles.includes(by.role) : !worksWithPeople(by) || by.role === "ADMIN")
    throw new Problem("FORBIDDEN", "this is not for your role to attest");
  const minutes = said.minutes ?? DEFAULT_MINUTES;
  need(reasons.includes(said.reason), "reason", "is no reason for this");
  need(said.words.trim() !== "", "words", "must not be blank");
  need(minutes >= 1 && minutes <= MOST_MINUTES, "minutes", `must be from 1 to ${MOST_MINUTES}`);
  const expiresAt = new Date(act.at.getTime() + minutes * MINUTE_MS);
  return {
    id,
    version: 1,
    kind,
    agency: { id: by.agency },
    by: by.subject,
    role: by.role,
    reason: said.reason,
    words: said.words.trim(),
    at: act.at,
    expiresAt,
    endedAt: null,
    review: {
      dueAt: new Date(act.at.getTime() + REVIEW_HOURS * HOUR_MS),
      outcome: null,
      note: null,
      reviewedBy: null,
      reviewedAt: null,
    },
  };
};

/** Does it still open anything at this instant? */
export const isOpen = ({ at, expiresAt, endedAt }: Attestation, when: Date): boolean =>
  at <= when && when < expiresAt && (endedAt === null || when < endedAt);

/** Is the look afterwards due, and not taken? Such ones are exceptions. */
export const isOverdue = ({ review }: Attestation, when: Date): boolean =>
  review.outcome === null && review.dueAt <= when;

/** What is said in words is for the agency whose they are; others are told reason and outcome (42 CFR 2.51(c)). */
export const inWords = (
  { agency, words, review: { note } }: Attestation,
  asking: string,
): { words: string | null; note: string | null } =>
  agency.id === asking ? { words, note } : { words: null, note: null };

/** At another agency nobody changes it, though its privacy officer may read it. */
const own = ({ agency, review }: Attestation, act: Act): void => {
  if (agency.id !== act.by.agency)
    throw new Problem("MOVE_NOT_ALLOWED", "only the agency that attested it may do this", {
      state: review.outcome ?? "OPEN",
    });
};

/**
 * Ends it before its time.
 *
 * @throws {Problem} FORBIDDEN to roles that neither work with people nor guard privacy; MOVE_NOT_ALLOWED to other agencies,
 *   and once it is over.
 */
export const end = (attestation: Attestation, act: Act): Attestation => {
  if (!worksWithPeople(act.by) && act.by.role !== "PRIVACY_OFFICER")
    throw new Problem("FORBIDDEN", "this is not for your role to end");
  own(attestation, act);
  if (!isOpen(attestation, act.at))
    throw new Problem("MOVE_NOT_ALLOWED", "it is over already", { state: "OVER" });
  return { ...attestation, version: attestation.version + 1, endedAt: act.at };
};

/**
 * Closes the look afterwards. What was not justified opens nothing any more.
 *
 * @throws {Problem} FORBIDDEN to all but privacy officers, and to whoever attested it; MOVE_NOT_ALLOWED to other agencies,
 *   and once it is reviewed; BAD_INPUT without a note.
 */
export const review = (
  attestation: Attestation,
  said: { outcome: ReviewOutcome; note: string },
  act: Act,
): Attestation => {
  if (act.by.role !== "PRIVACY_OFFICER" || act.by.subject === attestation.by)
    throw new Problem("FORBIDDEN", "it is reviewed by a privacy officer who did not attest it");
  own(attestation, act);
  if (attestation.review.outcome !== null)
    throw new Problem("MOVE_NOT_ALLOWED", "it is reviewed already", {
      state: attestation.review.outcome,
    });
  need(said.note.trim() !== "", "note", "must not be blank");
  const stops = said.outcome === "NOT_JUSTIFIED" && isOpen(attestation, act.at);
  return {
    ...attestation,
    version: attestation.version + 1,
    endedAt: stops ? act.at : attestation.endedAt,
    review: {
      ...attestation.review,
      outcome: said.outcome,
      note: said.note.trim(),
      reviewedBy: act.by.subject,
      reviewedAt: act.at,
    },
  };
};
