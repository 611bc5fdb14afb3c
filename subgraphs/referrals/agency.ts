/** Agencies, and the people who answer for them. */
import { need } from "#schema/problems.ts";
import type { AgencyKind } from "#sharing/vocabulary.ts";

/** FHIR Identifier: a value in an assigner's namespace. */
export interface Identifier {
  system: string;
  value: string;
}

/** A named person who answers for an agency. */
export interface Contact {
  agencyId: string;
  name: string;
  role?: string | null;
  phone?: string | null;
  email?: string | null;
  /** Who stands in. */
  cover?: string | null;
}

/** An organization that looks after people, or pays for or oversees those that do. */
export interface Agency {
  id: string;
  version: number;
  name: string;
  /** Null while nobody has said what it is. */
  kind: AgencyKind | null;
  parent: string | null;
  contacts: Contact[];
}

/**
 * Refuses contacts that are nobody.
 *
 * @throws {Problem} BAD_INPUT when a contact is of no party, or is no named person whom another covers.
 */
export const answering = (parties: readonly string[], contacts: readonly Contact[]): void => {
  for (const { agencyId, name, cover } of contacts) {
    need(parties.includes(agencyId), "contacts", "names an agency that is no party");
    const isNamed = [name, cover ?? ""].every((it) => it.trim() !== "" && !it.includes("@"));
    need(isNamed, "contacts", "must give a person's name and who covers for them");
    need(name.trim() !== cover?.trim(), "contacts", "must name another person as cover");
  }
};

/**
 * Refuses contacts that would leave an agency with nobody to call.
 *
 * @throws {Problem} BAD_INPUT when a party has no named person with cover, or a contact is of no party.
 */
export const answeredFor = (parties: readonly string[], contacts: readonly Contact[]): void => {
  answering(parties, contacts);
  for (const party of parties)
    need(
      contacts.some(({ agencyId }) => agencyId === party),
      "contacts",
      "must name a person for each party",
    );
};
