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
 * May this requester see records of people at all?
 *
 * Governance roles and billing may not: until a rule says what they may see, they see nothing (fail closed).
 */
export const worksWithPeople = (requester: Requester): boolean => CARING.has(requester.role);

const includes = <T extends string>(list: readonly T[], value: unknown): value is T =>
  typeof value === "string" && (list as readonly string[]).includes(value);

export const isRole = (value: unknown): value is Role => includes(ROLES, value);
export const isPurpose = (value: unknown): value is Purpose => includes(PURPOSES, value);
export const isBasis = (value: unknown): value is Basis => includes(BASES, value);
export const isAgencyKind = (value: unknown): value is AgencyKind => includes(AGENCY_KINDS, value);
