/** Where a handoff stands, by what a FHIR Task says. */
import { HANDOFF_STATE_SYSTEM, STATUSES_BY_STATE } from "#schema/fhir/task-status.ts";
import { Problem } from "#schema/problems.ts";
import type { Task } from "fhir/r4";
import type { State } from "../handoff.ts";

/**
 * Task.status alone. `on-hold` stands for three states, and is told apart by businessStatus or refused.
 *
 * @see https://hl7.org/fhir/R4/valueset-task-status.html
 */
const BY_STATUS: Record<Task["status"], State | null> = {
  draft: "ANTICIPATED",
  requested: "AWAITING_DECISION",
  received: "AWAITING_DECISION",
  accepted: "ACCEPTED",
  rejected: "DECLINED",
  ready: "ACCEPTED",
  cancelled: "CANCELLED",
  "in-progress": "IN_SERVICE",
  "on-hold": null,
  failed: "COMPLETED",
  completed: "COMPLETED",
  "entered-in-error": "CANCELLED",
};

const BSER = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS";

/** What a business status means, and with which statuses it can be true. */
interface Meaning {
  state: State;
  with: readonly Task["status"][];
}

/** @see HL7 BSeR, TaskBusinessStatusCS; the statuses beside each are BSeR's own pairings. */
const BY_BSER: Record<string, Meaning> = {
  "2.0": { state: "AWAITING_DECISION", with: ["requested", "received"] },
  "3.0": { state: "ACCEPTED", with: ["accepted", "ready"] },
  "4.0": { state: "DECLINED", with: ["rejected"] },
  "5.1.1": { state: "SCHEDULED", with: ["accepted", "ready", "in-progress"] },
  "5.1.2": { state: "UNABLE_TO_REACH", with: ["accepted", "ready", "in-progress", "on-hold"] },
  "5.1.3": { state: "ACCEPTED", with: ["accepted", "ready", "in-progress", "on-hold"] },
  "5.1.4": { state: "IN_SERVICE", with: ["in-progress"] },
  "5.2": { state: "CANCELLED", with: ["cancelled"] },
  "6.0": { state: "CANCELLED", with: ["cancelled"] },
  "7.0": { state: "COMPLETED", with: ["completed", "failed"] },
};

/** Every state has its statuses, or this does not compile. */
const BY_STATE: Record<State, readonly Task["status"][]> = STATUSES_BY_STATE;

const meaningOf = (task: Task): Meaning | undefined => {
  for (const { system, code = "" } of task.businessStatus?.coding ?? []) {
    if (system === BSER && Object.hasOwn(BY_BSER, code)) return BY_BSER[code];
    if (system === HANDOFF_STATE_SYSTEM && Object.hasOwn(BY_STATE, code))
      return { state: code as State, with: BY_STATE[code as State] };
  }
  return undefined;
};

/**
 * The state that a Task reports. Business statuses of systems that are not known here say nothing.
 *
 * @throws {Problem} CONTRADICTION when status and businessStatus cannot both be true; AMBIGUOUS_STATUS when the status
 *   stands for several states and nothing tells which.
 */
export const stateOf = (task: Task): State => {
  const meaning = meaningOf(task);
  if (meaning) {
    if (meaning.with.includes(task.status)) return meaning.state;
    throw new Problem(
      "CONTRADICTION",
      `status \`${task.status}\` and businessStatus, which means ${meaning.state}, cannot both be true`,
      { element: "Task.businessStatus" },
    );
  }
  const state = BY_STATUS[task.status];
  if (state) return state;
  throw new Problem(
    "AMBIGUOUS_STATUS",
    `status \`${task.status}\` needs a businessStatus that says why`,
    {
      element: "Task.status",
    },
  );
};
