/**
 * Refusals that nobody has spoken: what the history of a handoff shows of decisions that are not made.
 *
 * Clocks run by when a move reached this graph, and not by when it is said to have happened: nobody is late with what they were
 * not told, and a decision that is dated back does not unmake a delay that everybody saw.
 */
import { deadline, pausedFor } from "./deadline.ts";
import type { Handoff, State } from "./handoff.ts";
import { evidenceAsked } from "./operating-rules.ts";
import type { OperatingRules } from "./operating-rules.ts";

export type SoftRefusalRule =
  | "NO_DECISION_PAST_CLOCK"
  | "TWO_INFORMATION_REQUESTS"
  | "OFF_LIST_REQUEST"
  | "ROLLING_DEFERRAL"
  | "SILENT_WAITLIST";

/** A soft refusal: an overlay on a handoff, never one of its states. */
export interface SoftRefusal {
  rule: SoftRefusalRule;
  /** The instant at which it fired. */
  since: Date;
  /** Null while it stands. */
  until: Date | null;
  cycle: number;
  /** The agency that owes the decision. */
  agency: string;
}

/** The dispute that a sender might open over each. */
export const PROPOSED_DISPUTE = {
  NO_DECISION_PAST_CLOCK: { type: "ELIGIBILITY", subject: "ACCEPT" },
  TWO_INFORMATION_REQUESTS: { type: "ELIGIBILITY", subject: "ACCEPT" },
  OFF_LIST_REQUEST: { type: "ELIGIBILITY", subject: "ACCEPT" },
  ROLLING_DEFERRAL: { type: "CAPACITY", subject: "PROVIDE" },
  SILENT_WAITLIST: { type: "CAPACITY", subject: "PROVIDE" },
} as const satisfies Record<SoftRefusalRule, object>;

/** One move of a handoff: who made it, from where, what it came to, and the rules that were in force as it came. */
export interface Step {
  from: State | null;
  by: string;
  after: Handoff;
  /** Null where none were published, or not to whoever asks. */
  rules: OperatingRules | null;
}

/** Time in which a soft refusal stands. */
type Fired = Pick<SoftRefusal, "since" | "until"> & { step: Step };

/**
 * Does the receiver ask for something instead of deciding? To send back a packet that it had before it is to ask for
 * information by another name.
 */
const isRequest = ({ from, by, after }: Step): boolean =>
  (after.state === "INFO_REQUESTED" && from !== "INFO_REQUESTED") ||
  (after.move === "REPORT_MISSING" && from === "AWAITING_DECISION" && by === after.receiver);

// A partner's record says where the handoff stands; the items there are those of the move before.
const itemsOf = ({ after }: Step): string[] => (after.move === "REPORT" ? [] : after.items);

const named = (text: string): string => text.trim().toLowerCase();

/** What a request asks for beyond the minimum evidence of the service; null where nothing is published of the service. */
const offList = (step: Step, service: string | null): string[] | null => {
  const asked = step.rules && evidenceAsked(step.rules, service);
  if (!asked) return null;
  const names = new Set(asked.flatMap(({ code, name }) => [named(code), named(name)]));
  return itemsOf(step).filter((item) => !names.has(named(item)));
};

/** Time in which a handoff is before its receiver and no decision is made. */
interface Spell {
  start: Step;
  /** The first request for information, and what came next. */
  request: Step | null;
  resumed: Step | null;
  end: Step | null;
}

const isUndecided = (step: Step): boolean =>
  step.after.state === "AWAITING_DECISION" ||
  step.after.state === "INFO_REQUESTED" ||
  isRequest(step);

const spellsOf = (steps: readonly Step[]): Spell[] => {
  const spells: Spell[] = [];
  let spell: Spell | null = null;
  for (const step of steps) {
    if (!isUndecided(step)) {
      if (spell) spell.end = step;
      spell = null;
    } else if (spell) {
      if (spell.request) spell.resumed ??= step;
      else if (isRequest(step)) spell.request = step;
    } else {
      spell = {
        start: step,
        request: isRequest(step) ? step : null,
        resumed: null,
        end: null,
      };
      spells.push(spell);
    }
  }
  return spells;
};

const allowed = ({ responseTimes }: OperatingRules, state: State) =>
  responseTimes.find((it) => it.state === state)?.within ?? null;

/**
 * When the decision is due, by the rules that were in force as the handoff came before its receiver.
 *
 * Items of the published minimum evidence stop the clock, once, and for no longer than the sender has to supply them.
 */
const decisionDue = ({ start, request, resumed }: Spell, service: string | null): Date | null => {
  const { rules } = start;
  const within = rules && allowed(rules, "AWAITING_DECISION");
  if (!rules || !within) return null;
  const due = deadline(start.after.receivedAt, within, rules);
  const cap = allowed(rules, "INFO_REQUESTED");
  if (!request || !cap || request.after.receivedAt >= due) return due;
  if (itemsOf(request).length === 0 || offList(request, service)?.length !== 0) return due;
  const askedAt = request.after.receivedAt;
  const capped = deadline(askedAt, cap, rules);
  const suppliedAt = resumed?.after.receivedAt ?? capped;
  return pausedFor(due, askedAt, suppliedAt < capped ? suppliedAt : capped, within, rules);
};

/** When the next decision of a handoff is due; null where no clock of it runs. */
export const decisionDueAt = (steps: readonly Step[], service: string | null): Date | null => {
  const spell = spellsOf(steps).at(-1);
  return spell && !spell.end ? decisionDue(spell, service) : null;
};

/** The end of what began with a step: the first one after it of which `isOver` is true. */
const endOf = (steps: readonly Step[], step: Step, isOver: (later: Step) => boolean) =>
  steps.slice(steps.indexOf(step) + 1).find(isOver)?.after.receivedAt ?? null;

const UNDECIDED: ReadonlySet<State> = new Set<State>([
  "ANTICIPATED",
  "NOTIFIED",
  "PACKET_INCOMPLETE",
  "AWAITING_DECISION",
  "INFO_REQUESTED",
  "WAITLISTED",
]);

const untilDecided = (steps: readonly Step[], step: Step): Fired => ({
  step,
  since: step.after.receivedAt,
  until: endOf(steps, step, ({ after }) => !UNDECIDED.has(after.state)),
});

const isLater = (date: Date | null, before: Date | null | undefined): boolean =>
  !!date && !!before && date > before;

/** Is the receiver's capacity told with its waitlist? Then to wait is an answer. */
const tellsCapacity = ({ capacityStatus }: Handoff): boolean => capacityStatus !== null;

/** A waitlist puts a decision off; so does a later appointment than the one that was made. */
const putsOff = (steps: readonly Step[], move: "WAITLIST" | "SCHEDULE"): Step[] =>
  steps.filter(({ after }, index) => {
    const before = steps[index - 1]?.after;
    if (after.move !== move) return false;
    return move === "WAITLIST"
      ? !tellsCapacity(after) &&
          (before?.state !== "WAITLISTED" || isLater(after.reviewAt, before.reviewAt))
      : isLater(after.appointmentAt, before?.appointmentAt);
  });

/** When a waitlist is to be looked at again: on the day that was set, and no later than is published. */
export const reviewDue = ({ after, rules }: Step): Date | null => {
  const within = rules && allowed(rules, "WAITLISTED");
  if (!rules || !within) return null;
  const due = deadline(after.receivedAt, within, rules);
  return after.reviewAt && after.reviewAt < due ? after.reviewAt : due;
};

/** Does the person wait on a list of which nothing is told? */
const isSilent = ({ after, rules }: Step): boolean =>
  after.state === "WAITLISTED" && !tellsCapacity(after) && rules !== null;

/** From the first word of a list of which nothing is told, until something is, or a decision is made. */
const silence = (steps: readonly Step[]): Fired[] =>
  steps
    .filter((step, index) => {
      const before = steps[index - 1];
      return isSilent(step) && !(before && isSilent(before));
    })
    .map((step) => ({
      step,
      since: step.after.receivedAt,
      until: endOf(steps, step, (later) => !isSilent(later)),
    }));

/** From the instant at which a list should have been looked at, until it is. */
const overdueReviews = (steps: readonly Step[]): Fired[] =>
  steps.flatMap((step) => {
    const { after } = step;
    const due = after.state === "WAITLISTED" && tellsCapacity(after) ? reviewDue(step) : null;
    // A day that had gone by when it was told is overdue from then.
    const since = due && due < after.receivedAt ? after.receivedAt : due;
    const until = endOf(steps, step, () => true);
    return since && !(until && until <= since) ? [{ step, since, until }] : [];
  });

/** What each rule finds in the steps of one cycle. */
const RULES: Record<SoftRefusalRule, (steps: readonly Step[], service: string | null) => Fired[]> =
  {
    /** The published time is over, and nobody has decided. */
    NO_DECISION_PAST_CLOCK: (steps, service) =>
      spellsOf(steps).flatMap((spell) => {
        const since = decisionDue(spell, service);
        const until = spell.end?.after.receivedAt ?? null;
        // What is decided at the very instant is decided in time.
        return since && !(until && until <= since) ? [{ step: spell.start, since, until }] : [];
      }),
    /** Information is asked for a second time. */
    TWO_INFORMATION_REQUESTS: (steps) =>
      steps
        .filter(isRequest)
        .slice(1, 2)
        .filter(({ rules }) => rules)
        .map((step) => untilDecided(steps, step)),
    /** What is asked for is not on the list of what the service asks for. */
    OFF_LIST_REQUEST: (steps, service) =>
      steps
        .filter((step) => isRequest(step) && (offList(step, service) ?? []).length > 0)
        .slice(0, 1)
        .map((step) => untilDecided(steps, step)),
    /** The date is put off a second time. */
    ROLLING_DEFERRAL: (steps) =>
      (["WAITLIST", "SCHEDULE"] as const)
        .flatMap((move) => putsOff(steps, move).slice(1, 2))
        .filter(({ rules }) => rules)
        .map((step) => ({
          step,
          since: step.after.receivedAt,
          until: endOf(steps, step, ({ after }) => after.state !== step.after.state),
        })),
    /** The person waits on a list of which nothing is told, or that is not looked at when it was to be. */
    SILENT_WAITLIST: (steps) => [...silence(steps), ...overdueReviews(steps)],
  };

/**
 * The soft refusals of a handoff up to an instant, the first one first. What stood at an instant is found again from the same
 * facts at any later one.
 *
 * @param service The words that say what is needed.
 * @returns Null where no rules of its interface are published, or not to whoever asks.
 */
export const softRefusals = (
  steps: readonly Step[],
  service: string | null,
  at: Date,
): SoftRefusal[] | null => {
  if (steps.every(({ rules }) => rules === null)) return null;
  // It never was.
  if (steps.at(-1)?.after.reason === "ENTERED_IN_ERROR") return [];
  const cycles = [...Map.groupBy(steps, ({ after }) => after.cycle).values()];
  return cycles
    .flatMap((cycle) =>
      (Object.keys(RULES) as SoftRefusalRule[]).flatMap((rule) =>
        RULES[rule](cycle, service).flatMap(({ step: { after }, since, until }) =>
          // While nobody is asked by name, nobody refuses.
          after.receiver && since <= at
            ? [{ rule, since, until, cycle: after.cycle, agency: after.receiver }]
            : [],
        ),
      ),
    )
    .sort((one, other) => +one.since - +other.since);
};
