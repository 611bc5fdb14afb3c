/** What a person asks an agency not to give to others, and what the agency agrees to (45 CFR 164.522(a)). */
import { need, Problem } from "#schema/problems.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Act } from "#platform/act.ts";
import type { Ref } from "./sharing-agreement.ts";

export type RestrictionStatus = "REQUESTED" | "AGREED" | "DECLINED" | "TERMINATED";

/** On whose word a restriction ends. An agency's own word does not free what it held before (45 CFR 164.522(a)(2)). */
export type TerminationGround = "PERSON_REQUESTED" | "PERSON_AGREED";

/** One restriction, of all that the agency keeps about the person. */
export interface Restriction {
  id: string;
  version: number;
  person: Ref;
  /** The agency that is asked to keep it to itself. */
  agency: Ref;
  /** Towards whom; null: everyone. */
  recipients: Ref[] | null;
  /** The person has paid for it in full, so that a health plan must not be told (45 CFR 164.522(a)(1)(vi)). */
  paidInFull: boolean;
  status: RestrictionStatus;
  requestedAt: Date;
  agreedAt: Date | null;
  terminatedAt: Date | null;
  ground: TerminationGround | null;
}

/** What a person asks for. */
export interface RestrictionRequest {
  personId: string;
  recipientIds?: string[] | null;
  paidInFull?: boolean | null;
}

/**
 * Writes down what a person asks of the agency.
 *
 * @throws {Problem} FORBIDDEN to roles that do not work with people; BAD_INPUT when it is towards nobody, or the agency itself.
 */
export const requested = (id: string, said: RestrictionRequest, act: Act): Restriction => {
  if (!worksWithPeople(act.by))
    throw new Problem(
      "FORBIDDEN",
      "a restriction is written down by those who work with the person",
    );
  const { recipientIds } = said;
  need(!recipientIds || recipientIds.length > 0, "recipientIds", "must name at least one");
  need(!recipientIds?.includes(act.by.agency), "recipientIds", "must be other agencies");
  return {
    id,
    version: 1,
    person: { id: said.personId },
    agency: { id: act.by.agency },
    recipients: recipientIds ? [...new Set(recipientIds)].map((it) => ({ id: it })) : null,
    paidInFull: said.paidInFull ?? false,
    status: "REQUESTED",
    requestedAt: act.at,
    agreedAt: null,
    terminatedAt: null,
    ground: null,
  };
};

type Move = "AGREE" | "DECLINE" | "TERMINATE";

const MOVES: Record<Move, { from: RestrictionStatus; to: RestrictionStatus }> = {
  AGREE: { from: "REQUESTED", to: "AGREED" },
  DECLINE: { from: "REQUESTED", to: "DECLINED" },
  TERMINATE: { from: "AGREED", to: "TERMINATED" },
};

const moved = (restriction: Restriction, move: Move, act: Act): Restriction => {
  if (act.by.role !== "PRIVACY_OFFICER")
    throw new Problem("FORBIDDEN", "a restriction is decided by the agency's privacy officer");
  const { from, to } = MOVES[move];
  if (restriction.status !== from)
    throw new Problem("MOVE_NOT_ALLOWED", `not open while it is ${restriction.status}`, {
      state: restriction.status,
    });
  return { ...restriction, version: restriction.version + 1, status: to };
};

/**
 * The agency agrees; from this instant on it counts.
 *
 * @throws {Problem} FORBIDDEN to all but privacy officers; MOVE_NOT_ALLOWED unless it is requested.
 */
export const agree = (restriction: Restriction, act: Act): Restriction => ({
  ...moved(restriction, "AGREE", act),
  agreedAt: act.at,
});

/**
 * The agency declines, as it may unless the person has paid in full.
 *
 * @throws {Problem} FORBIDDEN to all but privacy officers; MOVE_NOT_ALLOWED unless it is requested, and when it must be agreed to.
 */
export const decline = (restriction: Restriction, act: Act): Restriction => {
  const declined = moved(restriction, "DECLINE", act);
  if (restriction.paidInFull)
    throw new Problem(
      "MOVE_NOT_ALLOWED",
      "what a person has paid for in full must be kept from a health plan that they name",
      { state: restriction.status },
    );
  return declined;
};

/**
 * Ends it, on the person's word. What was agreed stays readable.
 *
 * @throws {Problem} FORBIDDEN to all but privacy officers; MOVE_NOT_ALLOWED unless it is agreed.
 */
export const terminate = (
  restriction: Restriction,
  ground: TerminationGround,
  act: Act,
): Restriction => ({
  ...moved(restriction, "TERMINATE", act),
  terminatedAt: act.at,
  ground,
});
