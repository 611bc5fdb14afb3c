import type { Caller } from "./question.ts";
import { AGENCY_KINDS, BASES, PURPOSES, ROLES } from "./vocabulary.ts";
import type { AgencyKind, Basis, Purpose, Role } from "./vocabulary.ts";

/** Who asks, for which agency, in which role and what for. Made once, from a verified token, and never changed. */
export interface Requester {
  /** The agency's id in the graph (UUID). */
  readonly agency: string;
  /** From the directory of agencies, never from the token. */
  readonly kind: AgencyKind | null;
  readonly role: Role;
  readonly purpose: Purpose;
  readonly basis: Basis | null;
  /** The token's subject: a person or a system at the agency. */
  readonly subject: string;
}

/** Roles that work with a person and so may read and move the records their agency is a party to. */
const CARING: ReadonlySet<Role> = new Set<Role>([
  "CLINICIAN",
  "CARE_COORDINATOR",
  "CASE_WORKER",
  "APS_INVESTIGATOR",
  "FIRST_RESPONDER",
  "ADMIN",
]);

/**
 * May this requester make and move records of people?
 *
 * Governance roles and billing may not, whatever the rules of sharing let them read.
 */
export const worksWithPeople = (requester: Requester): boolean => CARING.has(requester.role);

const includes = <T extends string>(list: readonly T[], value: unknown): value is T =>
  typeof value === "string" && (list as readonly string[]).includes(value);

export const isRole = (value: unknown): value is Role => includes(ROLES, value);
export const isPurpose = (value: unknown): value is Purpose => includes(PURPOSES, value);
export const isBasis = (value: unknown): value is Basis => includes(BASES, value);
export const isAgencyKind = (value: unknown): value is AgencyKind => includes(AGENCY_KINDS, value);

const COVERED: ReadonlySet<AgencyKind> = new Set<AgencyKind>([
  "HOSPITAL",
  "CLINIC",
  "BH",
  "SUD_PROGRAM",
  "MCO",
  "EMS",
  "CRISIS",
]);

/** Is an agency of this kind under HIPAA: a provider or a plan (45 CFR 160.103), or bound like one? */
export const isCoveredByHipaa = (kind: AgencyKind | null): boolean =>
  kind !== null && COVERED.has(kind);

/** A requester as the rules see it. */
export const callerOf = ({ agency, kind, role }: Requester): Caller => ({
  agency,
  kind,
  role,
  hipaa: isCoveredByHipaa(kind),
});
