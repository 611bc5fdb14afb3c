/**
 * What one room may ask another about ids that it was given and does not keep: a contract between rooms, so that a
 * record never names what does not exist, or what the requester may not know of.
 */
import { notFound, Problem } from "./problems.ts";

/** The room that keeps agencies, interfaces and referrals, and where it is asked. */
export const KEEPER = { room: "referrals", path: "/known" } as const;

/** What an input names of another room's things. */
export interface Claim {
  /** A referral that the requester must be able to see. */
  referral?: string;
  /** An interface, and the field that names it. */
  interface?: { id: string; field: string };
  /** Agencies, and the field that names them. They must be on the roll, and parties where there is an interface. */
  agencies?: { ids: readonly string[]; field: string };
}

/** What the room that keeps them says. */
export interface Known {
  referral: boolean;
  /** The parties of the interface; null when there is no such interface. */
  parties: string[] | null;
  /** Those of the agencies that are on the roll. */
  agencies: string[];
}

/**
 * Refuses a claim that does not hold.
 *
 * @throws {Problem} NOT_FOUND for a referral that is not, or not the requester's to know of; BAD_INPUT naming the field
 *   of an interface or agency that is not known, or of an agency that is no party.
 */
export const vouched = (claim: Claim, known: Known): void => {
  if (claim.referral !== undefined && !known.referral) notFound();
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
  if (known.parties && ids.some((id) => !known.parties?.includes(id)))
    throw new Problem(
      "BAD_INPUT",
      `\`${field}\` names an agency that is no party to the interface`,
      {
        field,
      },
    );
};
