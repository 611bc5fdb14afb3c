/** Disputes between agencies: what may be argued, by whom, and the person's coverage meanwhile. */
import { need, Problem } from "#schema/problems.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Act } from "#platform/act.ts";
import type { OnReferral } from "#platform/sharing.ts";

export type DisputeType = "ELIGIBILITY" | "CAPACITY" | "SAFEGUARDING_THRESHOLD" | "FUNDING";
export type DisputeSubject = "FUND" | "PROVIDE" | "ACCEPT" | "ACT_FIRST" | "THRESHOLD";
export type Stage = "OPEN" | "UNDER_REVIEW" | "DECIDED" | "RESOLVED" | "CLOSED" | "WITHDRAWN";
export type Coverage = "COVERED" | "INTERIM" | "GAP" | "NOT_REQUIRED";

/** Something that another room owns, by its id. */
export interface Ref {
  id: string;
}

/** What an agency holds, in its own words. */
export interface Position {
  agency: Ref;
  statement: string;
  statedAt: Date;
}

/** One agency's formal disagreement with another about who does what for a person. */
export interface Dispute extends OnReferral {
  id: string;
  version: number;
  referral: Ref;
  type: DisputeType;
  subject: DisputeSubject;
  stage: Stage;
  // INVARIANT: known at every instant, so that nobody goes unserved unseen.
  coverage: Coverage;
  coverageReason: string | null;
  parties: Ref[];
  openedBy: Ref;
  openedAt: Date;
  positions: Position[];
}

/** What is said when a dispute opens. */
export interface Opening {
  referralId: string;
  type: DisputeType;
  subject: DisputeSubject;
  partyIds: string[];
  coverage: Coverage;
  coverageReason?: string | null;
  statement: string;
}

const STATEABLE: ReadonlySet<Stage> = new Set<Stage>(["OPEN", "UNDER_REVIEW"]);

const stated = (statement: string, act: Act): Position => {
  need(statement.trim() !== "", "statement", "must not be blank");
  return { agency: { id: act.by.agency }, statement, statedAt: act.at };
};

/**
 * Opens a dispute.
 *
 * @throws {Problem} FORBIDDEN to roles that do not work with people; BAD_INPUT when there are fewer than two parties,
 *   when the asking agency is none of them, when its position is blank, or when coverage is not required and no reason
 *   is given.
 */
export const open = (id: string, opening: Opening, act: Act): Omit<Dispute, keyof OnReferral> => {
  if (!worksWithPeople(act.by))
    throw new Problem(
      "FORBIDDEN",
      "a dispute over a person's need is opened by those who work with people",
    );
  const parties = [...new Set(opening.partyIds)];
  need(parties.length >= 2, "partyIds", "must name two agencies or more");
  need(parties.includes(act.by.agency), "partyIds", "must name your own agency too");
  need(
    opening.coverage !== "NOT_REQUIRED" || !!opening.coverageReason?.trim(),
    "coverageReason",
    "must say why no coverage is needed",
  );
  return {
    id,
    version: 1,
    referral: { id: opening.referralId },
    type: opening.type,
    subject: opening.subject,
    stage: "OPEN",
    coverage: opening.coverage,
    coverageReason: opening.coverageReason ?? null,
    parties: parties.map((party) => ({ id: party })),
    openedBy: { id: act.by.agency },
    openedAt: act.at,
    positions: [stated(opening.statement, act)],
  };
};

const during = (dispute: Dispute, stages: ReadonlySet<Stage>, doing: string): void => {
  if (!stages.has(dispute.stage))
    throw new Problem(
      "MOVE_NOT_ALLOWED",
      `${doing} is not open while the dispute is ${dispute.stage}`,
      {
        state: dispute.stage,
      },
    );
};

/**
 * Adds a party's position.
 *
 * @throws {Problem} MOVE_NOT_ALLOWED once it is decided; BAD_INPUT when the position is blank.
 */
export const statePosition = (dispute: Dispute, statement: string, act: Act): Dispute => {
  during(dispute, STATEABLE, "stating a position");
  return {
    ...dispute,
    version: dispute.version + 1,
    positions: [...dispute.positions, stated(statement, act)],
  };
};

/**
 * Takes a dispute back.
 *
 * @throws {Problem} MOVE_NOT_ALLOWED to another than the agency that opened it, and once it is decided.
 */
export const withdraw = (dispute: Dispute, act: Act): Dispute => {
  during(dispute, STATEABLE, "withdrawing");
  if (dispute.openedBy.id !== act.by.agency)
    throw new Problem("MOVE_NOT_ALLOWED", "only the agency that opened a dispute may withdraw it", {
      state: dispute.stage,
    });
  return { ...dispute, version: dispute.version + 1, stage: "WITHDRAWN" };
};
