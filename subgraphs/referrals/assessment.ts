/** That agencies have assessed a person, and where two of them did the same within days. */
import { need } from "#schema/problems.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";

export interface Assessment {
  id: string;
  version: number;
  person: string;
  /** The agency that assessed. */
  source: string;
  /** The instrument's: LOINC where it has one. */
  code: string;
  assessedAt: Date;
  receivedAt: Date;
  /** What it tells of the person beside that they were assessed. */
  raises: Category[];
}

/** Two assessments by one instrument, at two agencies. */
export interface DuplicateAssessment {
  code: string;
  earlier: Assessment;
  later: Assessment;
  /** Of the two, the one that whoever asks did not make: it is what the pair tells them. */
  told: Assessment;
  /** Elapsed between the two, to two decimals. */
  days: number;
}

/** What is said with a new one. */
export interface AssessmentSaid {
  personId: string;
  code: string;
  assessedAt?: Date | null;
}

/** What is taken in of a code. */
const MOST_CHARACTERS = 200;
/** Later than that, the person may have changed, and to assess them again is no duplicate. */
const MOST_DAYS = 366;
const DAY_MS = 86_400_000;

/**
 * An assessment as it is written down.
 *
 * @throws {Problem} BAD_INPUT naming the field: a blank or too long code, a time to come.
 */
export const assessed = (
  id: string,
  raises: Category[],
  said: AssessmentSaid,
  act: Act,
): Assessment => {
  const code = said.code.trim();
  need(
    code !== "" && code.length <= MOST_CHARACTERS,
    "code",
    `must be 1 to ${MOST_CHARACTERS} characters`,
  );
  const assessedAt = said.assessedAt ?? act.at;
  need(assessedAt <= act.at, "assessedAt", "is in the future");
  const { agency } = act.by;
  return {
    id,
    version: 1,
    person: said.personId,
    source: agency,
    code,
    assessedAt,
    receivedAt: act.at,
    raises,
  };
};

/** The earliest first. */
export const asAssessed = (assessments: readonly Assessment[]): Assessment[] =>
  assessments.toSorted(
    (one, other) => +one.assessedAt - +other.assessedAt || (one.id < other.id ? -1 : 1),
  );

/**
 * The pairs of assessments by one instrument that two agencies made within so many days of each other.
 *
 * @param agency That asks.
 * @throws {Problem} BAD_INPUT when `withinDays` is not 1 to 366.
 */
export const duplicates = (
  assessments: readonly Assessment[],
  withinDays: number,
  agency: string,
): DuplicateAssessment[] => {
  need(withinDays >= 1 && withinDays <= MOST_DAYS, "withinDays", `must be 1 to ${MOST_DAYS}`);
  const all = asAssessed(assessments);
  return all.flatMap((later, index) =>
    all.slice(0, index).flatMap((earlier): DuplicateAssessment[] => {
      const elapsedMs = +later.assessedAt - +earlier.assessedAt;
      const isOne =
        earlier.code === later.code &&
        earlier.source !== later.source &&
        elapsedMs <= withinDays * DAY_MS;
      const days = Math.round((elapsedMs / DAY_MS) * 100) / 100;
      const told = later.source === agency ? earlier : later;
      return isOne ? [{ code: later.code, earlier, later, told, days }] : [];
    }),
  );
};
