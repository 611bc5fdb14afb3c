/** Interfaces: agreed working boundaries between agencies. */
import { need, Problem } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import { answeredFor } from "./agency.ts";
import type { Contact } from "./agency.ts";

export type InterfaceKind =
  "HOSPITAL_DISCHARGE" | "CRISIS" | "SAFEGUARDING" | "COMPLEX_TRANSITION" | "AUTHORIZATION";

/** An agreed working boundary between two or more agencies, as one version of it has it. */
export interface Interface {
  id: string;
  version: number;
  kind: InterfaceKind;
  name: string;
  parties: string[];
  contacts: Contact[];
  /** When this version took the place of the one before. */
  since: Date;
}

/** What agencies agree on. */
export interface Terms {
  kind: InterfaceKind;
  name: string;
  partyIds: string[];
  contacts: Contact[];
}

/**
 * What the agencies have agreed, if it can be agreed at all.
 *
 * @throws {Problem} FORBIDDEN unless an executive or an administrator asks; BAD_INPUT when there are fewer than two
 *   parties, when the asking agency is none of them, when the name is blank, or when a party has no named person with
 *   cover.
 */
export const agreed = (
  { kind, name, partyIds, contacts }: Terms,
  by: Requester,
): Omit<Interface, "id" | "version" | "since"> => {
  if (by.role !== "EXECUTIVE" && by.role !== "ADMIN")
    throw new Problem("FORBIDDEN", "an interface is agreed by an executive or an administrator");
  const parties = [...new Set(partyIds)];
  need(parties.length >= 2, "partyIds", "must name two agencies or more");
  need(parties.includes(by.agency), "partyIds", "must name your own agency too");
  need(name.trim() !== "", "name", "must not be blank");
  answeredFor(parties, contacts);
  return { kind, name, parties, contacts };
};
