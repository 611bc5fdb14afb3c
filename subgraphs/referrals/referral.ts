/** A person's need, recorded once however many performers are asked: FHIR ServiceRequest. */
import { Problem } from "#schema/problems.ts";

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
}

/**
 * The words that say what is needed.
 *
 * @throws {Problem} BAD_INPUT when they are blank
 */
export const serviceNamed = (service: string): string => {
  if (service.trim() === "")
    throw new Problem("BAD_INPUT", "`service` must not be blank", { field: "service" });
  return service;
};
