/** Where a handoff can stand, what can be done with it, by whom, and who answers for the person meanwhile. */
import { need, Problem } from "#schema/problems.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";

/** The thirteen states (FHIR Task.status and businessStatus stand beside each in GLOSSARY.md). */
export const STATES = [
  "ANTICIPATED",
  "NOTIFIED",
  "PACKET_INCOMPLETE",
  "AWAITING_DECISION",
  "INFO_REQUESTED",
  "ACCEPTED",
  "SCHEDULED",
  "IN_SERVICE",
  "WAITLISTED",
  "UNABLE_TO_REACH",
  "DECLINED",
  "CANCELLED",
  "COMPLETED",
] as const;
export type State = (typeof STATES)[number];

/** The part an agency plays in a handoff. */
export type Part = "sender" | "receiver" | "coordinator";

/** Whose move is next in each state; null where nothing is left to do. */
export const NEXT: Record<State, Part | null> = {
  ANTICIPATED: "sender",
  NOTIFIED: "coordinator",
  PACKET_INCOMPLETE: "sender",
  AWAITING_DECISION: "receiver",
  INFO_REQUESTED: "sender",
  ACCEPTED: "receiver",
  SCHEDULED: "receiver",
  IN_SERVICE: "receiver",
  WAITLISTED: "receiver",
  UNABLE_TO_REACH: "receiver",
  DECLINED: "sender",
  CANCELLED: null,
  COMPLETED: null,
};

type Fact = "items" | "reason" | "redirect" | "appointmentAt" | "reviewAt";

/** What a move asks for: the states it leaves from, the one it leads to, who may make it, and what must be said. */
interface Terms {
  from: readonly State[];
  to: State;
  by: readonly Part[];
  needs?: readonly Fact[];
}

const BEFORE_SERVICE = [
  "ANTICIPATED",
  "NOTIFIED",
  "PACKET_INCOMPLETE",
  "AWAITING_DECISION",
  "INFO_REQUESTED",
  "ACCEPTED",
  "SCHEDULED",
  "WAITLISTED",
  "UNABLE_TO_REACH",
] as const;

/** What may happen to a handoff: all of it. */
// prettier-ignore
export const MOVES = {
  NOTIFY:              { from: ["ANTICIPATED"],                                  to: "NOTIFIED",          by: ["sender"] },
  REPORT_MISSING:      { from: ["NOTIFIED", "AWAITING_DECISION"],                to: "PACKET_INCOMPLETE", by: ["coordinator", "receiver"], needs: ["items"] },
  PRESENT:             { from: ["NOTIFIED", "PACKET_INCOMPLETE"],                to: "AWAITING_DECISION", by: ["sender", "coordinator"] },
  REQUEST_INFORMATION: { from: ["AWAITING_DECISION"],                            to: "INFO_REQUESTED",    by: ["receiver"], needs: ["items"] },
  SUPPLY_INFORMATION:  { from: ["INFO_REQUESTED"],                               to: "AWAITING_DECISION", by: ["sender"] },
  ACCEPT:              { from: ["AWAITING_DECISION", "WAITLISTED"],              to: "ACCEPTED",          by: ["receiver"] },
  WAITLIST:            { from: ["AWAITING_DECISION", "WAITLISTED"],              to: "WAITLISTED",        by: ["receiver"], needs: ["reviewAt"] },
  DECLINE:             { from: ["AWAITING_DECISION", "WAITLISTED"],              to: "DECLINED",          by: ["receiver"], needs: ["reason", "redirect"] },
  SCHEDULE:            { from: ["ACCEPTED", "SCHEDULED", "UNABLE_TO_REACH"],     to: "SCHEDULED",         by: ["receiver"], needs: ["appointmentAt"] },
  UNABLE_TO_REACH:     { from: ["ACCEPTED", "SCHEDULED", "UNABLE_TO_REACH"],     to: "UNABLE_TO_REACH",   by: ["receiver"] },
  BEGIN_SERVICE:       { from: ["ACCEPTED", "SCHEDULED", "UNABLE_TO_REACH"],     to: "IN_SERVICE",        by: ["receiver"] },
  COMPLETE:            { from: ["IN_SERVICE", "UNABLE_TO_REACH"],                to: "COMPLETED",         by: ["receiver"], needs: ["reason"] },
  CANCEL:              { from: BEFORE_SERVICE,                                   to: "CANCELLED",         by: ["sender"], needs: ["reason"] },
  REOPEN:              { from: ["COMPLETED", "CANCELLED", "DECLINED"],           to: "AWAITING_DECISION", by: ["sender", "receiver"] },
} as const satisfies Record<string, Terms>;

export type Move = keyof typeof MOVES;
/** What history calls the making of a handoff, the moves, and a partner's own record of where it stands. */
export type Recorded = Move | "OFFER" | "REPORT";

/** How full a service is that has a waitlist: some places come free, or none is to be had. */
export type CapacityStatus = "LIMITED" | "FULL";

/** The ask to one performer to meet a person's need: FHIR Task. */
export interface Handoff {
  id: string;
  version: number;
  referral: string;
  person: string;
  interface: string | null;
  sender: string;
  /** Null while the offer is open to any performer (FHIR Task.owner 0..1). */
  receiver: string | null;
  coordinator: string;
  // INVARIANT: one agency at every instant; it changes only when service begins, and when a handoff is reopened.
  accountable: string;
  state: State;
  cycle: number;
  /** The move that led here. */
  move: Recorded;
  reason: string | null;
  reasonText: string | null;
  items: string[];
  appointmentAt: Date | null;
  reviewAt: Date | null;
  /** What is told of a waitlist: how full the service is, and the person's place on it. Null where nothing is told. */
  capacityStatus: CapacityStatus | null;
  waitlistPosition: number | null;
  /** When the next move is due; null where nothing is published of that, and when nothing is left to do. */
  dueAt: Date | null;
  redirectTo: string | null;
  origin: "GRAPH" | "TASK" | "ENCOUNTERS" | "MESSAGE";
  /** When the sender's care ended, and when the receiver's began. */
  leftAt: Date | null;
  engagedAt: Date | null;
  occurredAt: Date;
  recordedAt: Date;
  receivedAt: Date;
  /** What it tells of the person by being there. */
  raises: Category[];
}

/** A handoff of which nothing has been said yet: how each begins. */
export const unmoved: Pick<
  Handoff,
  | "state"
  | "cycle"
  | "reason"
  | "reasonText"
  | "items"
  | "appointmentAt"
  | "reviewAt"
  | "capacityStatus"
  | "waitlistPosition"
  | "dueAt"
  | "redirectTo"
  | "leftAt"
  | "engagedAt"
  | "raises"
> = {
  state: "ANTICIPATED",
  cycle: 1,
  reason: null,
  reasonText: null,
  items: [],
  appointmentAt: null,
  reviewAt: null,
  capacityStatus: null,
  waitlistPosition: null,
  dueAt: null,
  redirectTo: null,
  leftAt: null,
  engagedAt: null,
  raises: [],
};

/** What is said with a move. */
export interface Facts {
  occurredAt?: Date | null;
  recordedAt?: Date | null;
  items?: readonly string[];
  reason?: string;
  reasonText?: string | null;
  redirectToId?: string | null;
  appointmentAt?: Date;
  reviewAt?: Date;
  capacityStatus?: CapacityStatus | null;
  waitlistPosition?: number | null;
}

/** Declines after which there is nobody to ask instead. */
export const WITHOUT_REDIRECT: ReadonlySet<string> = new Set(["PERSON_DECLINED", "DUPLICATE"]);

const said: Record<Fact, (facts: Facts, handoff: Handoff) => void> = {
  items: ({ items = [] }) =>
    need(
      items.length > 0 && items.every((item) => item.trim() !== ""),
      "items",
      "must name at least one item",
    ),
  reason: ({ reason, reasonText }) =>
    need(
      reason !== "OTHER" || !!reasonText?.trim(),
      "reasonText",
      "must say why when the reason is `OTHER`",
    ),
  redirect: ({ reason = "", redirectToId }, { receiver }) => {
    need(
      WITHOUT_REDIRECT.has(reason) || !!redirectToId,
      "redirectToId",
      "must name the agency to ask instead",
    );
    need(
      redirectToId !== receiver,
      "redirectToId",
      "must be another agency than the one that declines",
    );
  },
  appointmentAt: ({ appointmentAt, occurredAt }) =>
    need(
      !!appointmentAt && appointmentAt >= (occurredAt ?? appointmentAt),
      "appointmentAt",
      "must not be before it was made",
    ),
  reviewAt: ({ reviewAt, occurredAt, waitlistPosition }) => {
    need(
      !!reviewAt && reviewAt >= (occurredAt ?? reviewAt),
      "reviewAt",
      "must not be before it was set",
    );
    need((waitlistPosition ?? 1) >= 1, "waitlistPosition", "must be 1 or more");
  },
};

/** The parts that an agency plays in a handoff; none when it is no party. */
export const partsOf = (handoff: Handoff, agency: string): Part[] =>
  (["sender", "receiver", "coordinator"] as const).filter((part) => handoff[part] === agency);

/** The moves open now to an agency. */
export const movesOpen = (handoff: Handoff, agency: string): Move[] => {
  const parts = partsOf(handoff, agency);
  return (Object.keys(MOVES) as Move[]).filter((move) => {
    const terms: Terms = MOVES[move];
    return terms.from.includes(handoff.state) && terms.by.some((part) => parts.includes(part));
  });
};

/** The agency whose move is next. While nobody is asked by name, that is the sender. */
export const nextActionOwner = (handoff: Handoff): string | null => {
  const part = NEXT[handoff.state];
  return part && (handoff[part] ?? handoff.sender);
};

/**
 * When a move happened, was recorded and reached us.
 *
 * @throws {Problem} BAD_INPUT when it happened or was recorded in the future, or happened before the move that it
 *   follows.
 */
export const times = (
  { occurredAt, recordedAt }: Facts,
  act: Act,
  after: Date = new Date(0),
): Pick<Handoff, "occurredAt" | "recordedAt" | "receivedAt"> => {
  const occurred = occurredAt ?? act.at;
  need(occurred <= act.at, "occurredAt", "is in the future");
  need(occurred >= after, "occurredAt", "is before the move that it follows");
  const recorded = recordedAt ?? act.at;
  need(recorded <= act.at, "recordedAt", "is in the future");
  return { occurredAt: occurred, recordedAt: recorded, receivedAt: act.at };
};

/** In this state the receiver has the person in its care, so it answers for them. */
const engaged = (handoff: Handoff, at: Date): Pick<Handoff, "accountable" | "engagedAt"> => ({
  accountable: handoff.receiver ?? handoff.accountable,
  engagedAt: handoff.engagedAt ?? at,
});

/**
 * A new cycle: whoever reopens a handoff answers for the person until service begins again, and where service had begun,
 * a gap is counted anew from its end.
 */
const again = (
  handoff: Handoff,
  act: Act,
): Pick<Handoff, "accountable" | "leftAt" | "engagedAt" | "cycle"> => ({
  accountable: act.by.agency,
  leftAt: handoff.engagedAt ? handoff.occurredAt : handoff.leftAt,
  engagedAt: null,
  cycle: handoff.cycle + 1,
});

/**
 * Makes a move.
 *
 * @throws {Problem} MOVE_NOT_ALLOWED with the state and the moves that are open; BAD_INPUT naming the field that is
 *   missing or wrong.
 */
export const move = (handoff: Handoff, name: Move, facts: Facts, act: Act): Handoff => {
  const terms: Terms = MOVES[name];
  const open = movesOpen(handoff, act.by.agency);
  if (!open.includes(name))
    throw new Problem(
      "MOVE_NOT_ALLOWED",
      `\`${name}\` is not open to your agency while the handoff is ${handoff.state}`,
      {
        state: handoff.state,
        movesOpen: open,
      },
    );
  for (const fact of terms.needs ?? []) said[fact](facts, handoff);
  const when = times(facts, act, handoff.occurredAt);
  return {
    ...handoff,
    ...when,
    ...(terms.to === "IN_SERVICE" && engaged(handoff, when.occurredAt)),
    ...(name === "REOPEN" && again(handoff, act)),
    version: handoff.version + 1,
    state: terms.to,
    move: name,
    reason: facts.reason ?? null,
    reasonText: facts.reasonText ?? null,
    items: [...(facts.items ?? [])],
    appointmentAt:
      facts.appointmentAt ?? (terms.to === "IN_SERVICE" ? handoff.appointmentAt : null),
    reviewAt: facts.reviewAt ?? null,
    capacityStatus: facts.capacityStatus ?? null,
    waitlistPosition: facts.waitlistPosition ?? null,
    redirectTo: facts.redirectToId ?? null,
  };
};

/** What a partner's own record says of a handoff. */
export interface Report {
  state: State;
  receiver: string | null;
  reason: string | null;
  leftAt?: Date | null;
  engagedAt?: Date | null;
  occurredAt: Date;
  recordedAt: Date;
}

/** The states after which only a new cycle comes. */
export const ENDED: ReadonlySet<State> = new Set<State>(["DECLINED", "CANCELLED", "COMPLETED"]);

/**
 * Takes over what a partner's own record says: from any state to any later one, for their record is the fact.
 *
 * Service that is reported complete began at some time, so accountability has passed, unless it says that nobody could
 * be reached.
 *
 * @throws {Problem} CONTRADICTION when the record would bring a handoff back from its end.
 */
export const report = (handoff: Handoff, said: Report, act: Act): Handoff => {
  if (ENDED.has(handoff.state) && said.state !== handoff.state)
    throw new Problem(
      "CONTRADICTION",
      `the handoff ended as ${handoff.state} and cannot become ${said.state}`,
    );
  const served =
    said.state === "IN_SERVICE" ||
    (said.state === "COMPLETED" && said.reason !== "UNABLE_TO_REACH");
  const next: Handoff = {
    ...handoff,
    version: handoff.version + 1,
    state: said.state,
    move: "REPORT",
    receiver: said.receiver,
    reason: said.reason,
    leftAt: said.leftAt ?? handoff.leftAt,
    engagedAt: said.engagedAt ?? handoff.engagedAt,
    occurredAt: said.occurredAt,
    recordedAt: said.recordedAt,
    receivedAt: act.at,
  };
  return served ? { ...next, ...engaged(next, said.engagedAt ?? said.occurredAt) } : next;
};

/** The record that showed the handoff was in error: it never was, and its history stays. */
export const retract = (handoff: Handoff, recordedAt: Date, act: Act): Handoff => ({
  ...handoff,
  version: handoff.version + 1,
  state: "CANCELLED",
  move: "REPORT",
  reason: "ENTERED_IN_ERROR",
  accountable: handoff.sender,
  recordedAt,
  receivedAt: act.at,
});

const HOUR_MS = 3_600_000;

/** Time in which one agency's care had ended and the next one's had not begun; nothing pauses it. */
export interface CareGap {
  from: Date;
  to: Date | null;
  /** Elapsed, to two decimals; up to `at` while it is open. */
  hours: number;
}

/** The gap of a handoff; null when it is not known when the sender's care ended, or when there was none. */
export const gap = (handoff: Handoff, at: Date): CareGap | null => {
  const { leftAt, engagedAt } = handoff;
  // A decline ends the ask and not the gap: the person has left, and still nobody serves them.
  const over = handoff.state === "CANCELLED" || handoff.state === "COMPLETED";
  const until = engagedAt ?? (over ? null : at);
  if (!leftAt || !until || until <= leftAt) return null;
  return {
    from: leftAt,
    to: engagedAt,
    hours: Math.round(((+until - +leftAt) / HOUR_MS) * 100) / 100,
  };
};

/** How long before a discharge its notice was made. */
export interface NoticeLead {
  /** Elapsed, to two decimals; negative when the notice came after. */
  hours: number;
  required: number;
  isLate: boolean;
}

/** The lead of a notice; null while nobody has said when the person leaves, and of an ask that was made again. */
export const noticeLead = (
  { leftAt, cycle }: Handoff,
  noticeAt: Date,
  requiredHours: number,
): NoticeLead | null => {
  if (!leftAt || cycle > 1) return null;
  const leadMs = +leftAt - +noticeAt;
  return {
    hours: Math.round((leadMs / HOUR_MS) * 100) / 100,
    required: requiredHours,
    isLate: leadMs < requiredHours * HOUR_MS,
  };
};
