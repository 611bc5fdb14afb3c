/** How agencies work together at an interface: what they publish, with no defaults for what they leave open. */
import { need } from "#schema/problems.ts";
import { MOVES, NEXT, STATES } from "./handoff.ts";
import type { Move, Part, Recorded, State } from "./handoff.ts";

const RUNGS = ["FRONTLINE_CONTACT", "MANAGERS", "EXECUTIVES", "FORMAL_DISPUTE_RESOLUTION"] as const;
const DISPUTE_RUNGS = ["OPERATIONAL_LEADS", "SENIOR_LEADERS", "COMMISSIONER_LIAISON"] as const;

/** States in which a move is somebody's, so that a clock runs. */
const CLOCKED = STATES.filter((state) => NEXT[state] !== null);

/** The steps of every handoff that goes well: each is somebody's. */
const STEPS = [
  "NOTIFY",
  "PRESENT",
  "ACCEPT",
  "SCHEDULE",
  "BEGIN_SERVICE",
  "COMPLETE",
] as const satisfies Move[];

export type ClockBasis = "ELAPSED" | "BUSINESS" | "SAME_DAY";

export interface TimeAllowed {
  basis: ClockBasis;
  /** Hours where the basis is ELAPSED, days where it is BUSINESS; none where it is SAME_DAY. */
  amount?: number | null;
}

interface Threshold<Rung extends string> {
  rung: Rung;
  target: TimeAllowed;
  breach: TimeAllowed;
}

export interface EvidenceItem {
  code: string;
  name: string;
}

type Weekday = "MONDAY" | "TUESDAY" | "WEDNESDAY" | "THURSDAY" | "FRIDAY" | "SATURDAY" | "SUNDAY";

/** All that an interface settles beside who is bound by it. */
export interface OperatingRules {
  responseTimes: { state: State; within: TimeAllowed }[];
  noticeLeadHours: number;
  minimumEvidence: { service: string; items: EvidenceItem[] }[];
  documentation: { document: string; by: Uppercase<Part>; within: TimeAllowed }[];
  escalation: Threshold<(typeof RUNGS)[number]>[];
  disputeRoute: Threshold<(typeof DISPUTE_RUNGS)[number]>[];
  responsibilities: {
    step: Recorded;
    by: Uppercase<Part>;
    role: string;
    within: TimeAllowed;
    evidence: string[];
  }[];
  /** IANA. */
  timeZone: string;
  weeklyHours: { day: Weekday; opens: string; closes: string }[];
  holidays: { date: string; name: string }[];
  /** HH:MM, in the time zone. */
  sameDayCutOff: string;
}

/** The same as far as it is said. */
export type ProposedRules = { [K in keyof OperatingRules]: OperatingRules[K] | null };

/** What is said of them at one time: what is not given stays, what is null is taken back. */
export type RulesSaid = { [K in keyof OperatingRules]?: OperatingRules[K] | null | undefined };

export const NOTHING_SAID: ProposedRules = {
  responseTimes: null,
  noticeLeadHours: null,
  minimumEvidence: null,
  documentation: null,
  escalation: null,
  disputeRoute: null,
  responsibilities: null,
  timeZone: null,
  weeklyHours: null,
  holidays: null,
  sameDayCutOff: null,
};

const isSaid = (text: string): boolean => text.trim() !== "";

const needUnique = (values: readonly string[], field: string, what: string): void =>
  need(new Set(values).size === values.length, field, `names one ${what} twice`);

const needTime = ({ basis, amount }: TimeAllowed, field: string): void =>
  basis === "SAME_DAY"
    ? need(amount == null, field, "has no amount where it is SAME_DAY")
    : need((amount ?? 0) >= 1, field, "must be 1 hour or day, or more");

const needThresholds = (all: readonly Threshold<string>[], field: string): void => {
  needUnique(
    all.map(({ rung }) => rung),
    field,
    "rung",
  );
  for (const { rung, target, breach } of all) {
    needTime(target, `${field}.${rung}.target`);
    needTime(breach, `${field}.${rung}.breach`);
    // Hours and days cannot be compared without a calendar and a beginning.
    need(
      target.basis !== breach.basis || (breach.amount ?? 0) >= (target.amount ?? 0),
      `${field}.${rung}.breach`,
      "must not be before the target",
    );
  }
};

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const LOCAL_TIME = /^([01]\d|2[0-3]):[0-5]\d$/;

/** `Date` takes the 30th of February for the 2nd of March. */
export const isDate = (text: string): boolean => {
  const midnight = new Date(`${text}T00:00:00Z`);
  return (
    DATE.test(text) && !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(text)
  );
};

const isTimeZone = (text: string): boolean => {
  // An offset is no zone: it knows no summer.
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    return Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
};

/** What must be so of each rule that is given. Names in the path, so that a client finds the line that is wrong. */
const SOUND: { [K in keyof OperatingRules]: (said: OperatingRules[K], field: string) => void } = {
  responseTimes: (said, field) => {
    needUnique(
      said.map(({ state }) => state),
      field,
      "state",
    );
    for (const { state, within } of said) {
      need(CLOCKED.includes(state), `${field}.${state}`, "is a state in which no clock runs");
      needTime(within, `${field}.${state}`);
    }
  },
  noticeLeadHours: (said, field) => need(said >= 1, field, "must be 1 or more"),
  minimumEvidence: (said, field) => {
    needUnique(
      said.map(({ service }) => service.trim().toLowerCase()),
      field,
      "service",
    );
    for (const [index, { service, items }] of said.entries()) {
      const at = `${field}.${index}`;
      need(isSaid(service), at, "must name a service");
      need(items.length > 0, at, "must name at least one item");
      need(
        items.every(({ code, name }) => isSaid(code) && isSaid(name)),
        at,
        "must give each item a code and a name",
      );
      needUnique(
        items.map(({ code }) => code),
        at,
        "code",
      );
    }
  },
  documentation: (said, field) => {
    needUnique(
      said.map(({ document }) => document),
      field,
      "document",
    );
    for (const [index, { document, within }] of said.entries()) {
      need(isSaid(document), `${field}.${index}`, "must name a document");
      needTime(within, `${field}.${index}`);
    }
  },
  escalation: needThresholds,
  disputeRoute: needThresholds,
  responsibilities: (said, field) => {
    needUnique(
      said.map(({ step }) => step),
      field,
      "step",
    );
    for (const { step, by, role, within, evidence } of said) {
      const at = `${field}.${step}`;
      // Who may take a step is settled in `MOVES`; an interface cannot give it to somebody else.
      const takers: readonly Part[] = step in MOVES ? MOVES[step as Move].by : [];
      need(takers.includes(by.toLowerCase() as Part), at, "is not for that part to do");
      need(isSaid(role), at, "must say whose work it is");
      needTime(within, at);
      need(
        evidence.length > 0 && evidence.every(isSaid),
        at,
        "must say what shows that it is done",
      );
      needUnique(evidence, at, "piece of evidence");
    }
  },
  timeZone: (said, field) =>
    need(isTimeZone(said), field, "must be an IANA time zone, as in America/Chicago"),
  weeklyHours: (said, field) => {
    needUnique(
      said.map(({ day }) => day),
      field,
      "day",
    );
    for (const { day, opens, closes } of said) {
      const areTimes = LOCAL_TIME.test(opens) && (closes === "24:00" || LOCAL_TIME.test(closes));
      need(areTimes && opens < closes, `${field}.${day}`, "must open before it closes, as HH:MM");
    }
  },
  holidays: (said, field) => {
    needUnique(
      said.map(({ date }) => date),
      field,
      "date",
    );
    for (const { date, name } of said) {
      need(isDate(date), field, "must be dates, as in 2026-12-25");
      need(isSaid(name), `${field}.${date}`, "must have a name");
    }
  },
  sameDayCutOff: (said, field) =>
    need(LOCAL_TIME.test(said), field, "must be a local time, as in 16:00"),
};

const sound = <K extends keyof OperatingRules>(name: K, said: OperatingRules[K] | null): void => {
  if (said !== null) SOUND[name](said, `rules.${name}`);
};

/**
 * The rules after something was said of them.
 *
 * @param said Null takes all of them back.
 * @throws {Problem} BAD_INPUT naming what does not hold, by its path in the input
 */
export const rulesAfter = (before: ProposedRules, said: RulesSaid | null): ProposedRules => {
  if (said === null) return NOTHING_SAID;
  const given = Object.entries(said).filter(([, value]) => value !== undefined);
  const after = { ...before, ...(Object.fromEntries(given) as Partial<ProposedRules>) };
  for (const name of Object.keys(NOTHING_SAID) as (keyof OperatingRules)[])
    sound(name, after[name]);
  return after;
};

const missing = (field: string, wanted: readonly string[], given: readonly string[]): string[] =>
  wanted.filter((it) => !given.includes(it)).map((it) => `${field}.${it}`);

/** What must be settled of each rule: the lines that are missing where it has one for each of something. */
const MISSING: {
  [K in keyof OperatingRules]?: (said: OperatingRules[K], field: string) => string[];
} = {
  responseTimes: (said, field) =>
    missing(
      field,
      CLOCKED,
      said.map(({ state }) => state),
    ),
  escalation: (said, field) =>
    missing(
      field,
      RUNGS,
      said.map(({ rung }) => rung),
    ),
  disputeRoute: (said, field) =>
    missing(
      field,
      DISPUTE_RUNGS,
      said.map(({ rung }) => rung),
    ),
  responsibilities: (said, field) =>
    missing(
      field,
      STEPS,
      said.map(({ step }) => step),
    ),
  // That there are none has to be said, and is.
  holidays: () => [],
};

const gapsIn = <K extends keyof OperatingRules>(
  name: K,
  said: OperatingRules[K] | null,
): string[] => {
  const field = `rules.${name}`;
  if (said === null) return [field];
  const lines = MISSING[name]?.(said, field);
  return lines ?? (Array.isArray(said) && said.length === 0 ? [field] : []);
};

/** What is not settled yet, each by its path in the input. */
export const gapsInRules = (rules: ProposedRules): string[] =>
  (Object.keys(NOTHING_SAID) as (keyof OperatingRules)[]).flatMap((name) =>
    gapsIn(name, rules[name]),
  );

/** The evidence that the rules ask for a service; null where they say nothing of that service. */
export const evidenceAsked = (
  { minimumEvidence }: OperatingRules,
  service: string | null,
): EvidenceItem[] | null => {
  const called = service?.trim().toLowerCase();
  return minimumEvidence.find((it) => it.service.trim().toLowerCase() === called)?.items ?? null;
};

/** That of it which has not come. */
export const missingEvidence = (
  rules: OperatingRules,
  service: string | null,
  given: readonly string[],
): EvidenceItem[] | null =>
  evidenceAsked(rules, service)?.filter(({ code }) => !given.includes(code)) ?? null;
