/** What agencies have told a person of a referral, and where two of them did not say the same. */
import { need } from "#schema/problems.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import type { Handoff } from "./handoff.ts";
import { isDate } from "./operating-rules.ts";
import type { Referral } from "./referral.ts";

export type StatementSubject =
  "ELIGIBILITY" | "START_DATE" | "COST" | "PROVIDER" | "NEXT_STEP" | "OTHER";
export type EligibilityAnswer = "ELIGIBLE" | "NOT_ELIGIBLE";
export type ToldTo = "PERSON" | "REPRESENTATIVE" | "FAMILY";

/** What an agency told a person once. It is never edited: what corrects it is a later one of the same agency. */
export interface Statement {
  id: string;
  version: number;
  referral: string;
  person: string;
  /** The agency that told it. */
  source: string;
  about: StatementSubject;
  /** What it comes to, by a code of its subject: an `EligibilityAnswer`, or a date. Null where it is words alone. */
  answer: string | null;
  says: string;
  toldTo: ToldTo;
  toldAt: Date;
  receivedAt: Date;
  /** What it tells of the person beside that, as the referral did when it was recorded. */
  raises: Category[];
}

/** A statement, and whose record it is. */
export interface PersonStatement extends Statement {
  keepers: string[];
}

/** Two agencies' statements of one thing that do not say the same. */
export interface Contradiction {
  about: StatementSubject;
  earlier: PersonStatement;
  later: PersonStatement;
  /** When the second one was told. */
  since: Date;
  /** When either agency said something else; null while both stand. */
  until: Date | null;
}

/** That a person turned away, and what they had been told before. */
export interface Disengagement {
  at: Date;
  statements: PersonStatement[];
}

/** What is said with a new statement. */
export interface StatementSaid {
  about: StatementSubject;
  says: string;
  eligibility?: EligibilityAnswer | null;
  startsOn?: string | null;
  toldTo: ToldTo;
  toldAt?: Date | null;
}

/** What is taken in of one. */
const MOST_CHARACTERS = 2_000;

const answerOf = ({ about, eligibility, startsOn }: StatementSaid): string | null => {
  need(
    eligibility == null || about === "ELIGIBILITY",
    "eligibility",
    "is an answer about `ELIGIBILITY` alone",
  );
  need(
    startsOn == null || about === "START_DATE",
    "startsOn",
    "is an answer about `START_DATE` alone",
  );
  need(startsOn == null || isDate(startsOn), "startsOn", "must be a date, as in 2026-12-25");
  return eligibility ?? startsOn ?? null;
};

/**
 * A statement as it is written down.
 *
 * @throws {Problem} BAD_INPUT naming the field: blank or too long words, an answer to another question, a time to come.
 */
export const stated = (
  id: string,
  { id: referral, person }: Referral,
  raises: Category[],
  said: StatementSaid,
  act: Act,
): Statement => {
  const says = said.says.trim();
  need(
    says !== "" && says.length <= MOST_CHARACTERS,
    "says",
    `must be 1 to ${MOST_CHARACTERS} characters`,
  );
  const toldAt = said.toldAt ?? act.at;
  need(toldAt <= act.at, "toldAt", "is in the future");
  return {
    id,
    version: 1,
    referral,
    person,
    source: act.by.agency,
    about: said.about,
    answer: answerOf(said),
    says,
    toldTo: said.toldTo,
    toldAt,
    receivedAt: act.at,
    raises,
  };
};

/** In the order in which the person heard them. */
export const asTold = <T extends Statement>(statements: readonly T[]): T[] =>
  statements.toSorted(
    (one, other) =>
      +one.toldAt - +other.toldAt ||
      +one.receivedAt - +other.receivedAt ||
      (one.id < other.id ? -1 : 1),
  );

/**
 * Where the person was told two things: an agency's answer, while another agency's last one to the same question was not the
 * same. Words are never compared, and an agency does not contradict itself: its later answer takes the place of its earlier one.
 */
export const contradictions = (statements: readonly PersonStatement[]): Contradiction[] => {
  const answers = asTold(statements).filter(({ answer }) => answer !== null);
  const replacedBy = (index: number): number => {
    const { source, about } = answers[index] as PersonStatement;
    return answers.findIndex(
      (it, other) => other > index && it.source === source && it.about === about,
    );
  };
  return answers.flatMap((later, at) =>
    answers.slice(0, at).flatMap((earlier, before): Contradiction[] => {
      const next = replacedBy(before);
      const differs =
        earlier.about === later.about &&
        earlier.source !== later.source &&
        earlier.answer !== later.answer;
      if (!differs || (next !== -1 && next < at)) return [];
      const [first] = [next, replacedBy(at)].filter((it) => it !== -1).sort((a, b) => a - b);
      const until = first === undefined ? null : (answers[first] as PersonStatement).toldAt;
      return [{ about: later.about, earlier, later, since: later.toldAt, until }];
    }),
  );
};

/** That the person turned away from a handoff, with what they had been told by then; null where they did not. */
export const disengagement = (
  { state, reason, occurredAt }: Handoff,
  statements: readonly PersonStatement[],
): Disengagement | null =>
  (state === "COMPLETED" || state === "CANCELLED") && reason === "DISENGAGED"
    ? { at: occurredAt, statements: statements.filter(({ toldAt }) => toldAt <= occurredAt) }
    : null;

export const eligibilityOf = ({ about, answer }: Statement): EligibilityAnswer | null =>
  about === "ELIGIBILITY" ? (answer as EligibilityAnswer | null) : null;

export const startsOnOf = ({ about, answer }: Statement): string | null =>
  about === "START_DATE" ? answer : null;
