/**
 * What one room may ask another about ids that it was given and does not keep: a contract between rooms, so that a
 * record never names what does not exist, or what the requester may not know of.
 */
import { notFound, Problem } from "./problems.ts";

/** The room that keeps agencies, interfaces and referrals, and where it is asked. */
export const KEEPER = { room: "referrals", path: "/known" } as const;

/** What an input names of another room's things. */
export interface Claim {
  /** A person whom the requester must be able to act for. */
  person?: string;
  /** A referral that the requester must be able to see. */
  referral?: string;
  /** An interface, and the field that names it. */
  interface?: { id: string; field: string };
  /** Agencies, and the field that names them. They must be on the roll, and parties where there is an interface. */
  agencies?: { ids: readonly string[]; field: string };
}

/** What the room that keeps them says. `keepers`: the agencies whose own record the referral is. */
export interface Known {
  /** May the requester act for the person? */
  person: boolean;
  /** Whom the referral tells of, and what it tells by being there; null when there is none that may be acted on. */
  referral: { person: string; raises: string[]; keepers: string[] } | null;
  /** The parties of the interface; null when there is no such interface. */
  parties: string[] | null;
  /** Those of the agencies that are on the roll. */
  agencies: string[];
  /**
   * Those of the agencies that the law could never give the referral to, and that do not keep it, as far as the requester can
   * see who does and what it tells.
   */
  closedTo: string[];
}

/** An input names an agency to which the record that it would be a party to can never be given, so that it would never see it. */
export const closed = (field: string): Problem =>
  new Problem("BAD_INPUT", `\`${field}\` names an agency that the law gives no record of this`, {
    field,
  });

/**
 * Refuses a claim that does not hold.
 *
 * @throws {Problem} NOT_FOUND for a referral or a person that is not, or not the requester's to know of; BAD_INPUT naming the field
 *   of an interface or agency that is not known, of an agency that is no party, or of one that can have no record of the
 *   referral.
 */
export const vouched = (claim: Claim, known: Known): void => {
  if (claim.referral !== undefined && !known.referral) notFound();
  if (claim.person !== undefined && !known.person) notFound();
  const { interface: at, agencies } = claim;
  if (at && !known.parties)
    throw new Problem("BAD_INPUT", `\`${at.field}\` is no interface that is known here`, {
      field: at.field,
    });
  if (!agencies) return;
  const { ids, field } = agencies;
  if (ids.some((id) => !known.agencies.includes(id)))
    throw new Problem("BAD_INPUT", `\`${field}\` names an agency that is not on the roll`, {
      field,
    });
  if (ids.some((id) => known.closedTo.includes(id))) throw closed(field);
  if (known.parties && ids.some((id) => !known.parties?.includes(id)))
    throw new Problem(
      "BAD_INPUT",
      `\`${field}\` names an agency that is no party to the interface`,
      {
        field,
      },
    );
};

/** Where the roll says what an agency is: `{ "agency": id }` in; `{ "known": boolean, "kind": kind | null }` out. */
export const DIRECTORY = { room: "referrals", path: "/directory" } as const;

/** Where the room that keeps people finds one for the house, whoever asks: for attestations, which are reviewed. */
export const FIND_PERSON = { room: "referrals", path: "/find-person" } as const;

/** Whom to look for: by id, by an identifier, or by family name and birth date (YYYY-MM-DD). */
export type PersonSought =
  { id: string } | { system: string; value: string } | { family: string; birthDate: string };

/** The one person who answers to it, and the agencies whose systems sent their records; null when there is none or several. */
export interface PersonFound {
  person: { id: string; sources: string[] } | null;
}

/** Where the room that takes FHIR in tells of a consent as it was received, by its id here: `{ "id": ... }`. */
export const CONSENT_KEPT = { room: "referrals", path: "/consent" } as const;

/** A consent as it was received last; null when there is none. */
export interface ConsentKept<Resource = unknown> {
  consent: {
    person: string;
    /** The agency whose system sent it. */
    source: string;
    resource: Resource;
    /** What the resource's references to organizations mean here, by the reference as it stands there. */
    agencies: Record<string, string>;
  } | null;
}
