/** A person's need, recorded once however many performers are asked: FHIR ServiceRequest. */
import { need } from "#schema/problems.ts";
import type { Category } from "#sharing/vocabulary.ts";

export type ReferralStatus =
  "DRAFT" | "ACTIVE" | "ON_HOLD" | "REVOKED" | "COMPLETED" | "ENTERED_IN_ERROR" | "UNKNOWN";
export type Priority = "ROUTINE" | "URGENT" | "ASAP" | "STAT";

export interface Referral {
  id: string;
  version: number;
  person: string;
  /** The agency that recorded the need. */
  referrer: string;
  status: ReferralStatus;
  priority: Priority;
  service: string | null;
  authoredAt: Date;
  /** The agencies whose own record it is: the referrer, and those of its handoffs. */
  keepers: string[];
  /** What it tells of the person by being there. */
  raises: Category[];
  /** What has come with it, by the codes that interfaces ask for. */
  evidence: string[];
}

/**
 * The words that say what is needed.
 *
 * @throws {Problem} BAD_INPUT when they are blank
 */
export const serviceNamed = (service: string): string => {
  need(service.trim() !== "", "service", "must not be blank");
  return service;
};

/**
 * The codes of what comes with a referral, each once.
 *
 * @throws {Problem} BAD_INPUT when one is blank
 */
export const evidenceGiven = (codes: readonly string[]): string[] => {
  need(
    codes.every((code) => code.trim() !== ""),
    "evidence",
    "must not have a blank code",
  );
  return [...new Set(codes)];
};
