/** What a handoff's state is as a FHIR Task.status, in both directions. */
import type { Task } from "fhir/r4";

/** Our own codes for the fine state: the names of the states. */
export const HANDOFF_STATE_SYSTEM = "https://handoff-graph.org/CodeSystem/handoff-state";

/** The statuses that each of our own states can stand beside; it is told by the first of them. */
export const STATUSES_BY_STATE = {
  ANTICIPATED: ["draft"],
  NOTIFIED: ["requested"],
  PACKET_INCOMPLETE: ["requested"],
  AWAITING_DECISION: ["requested", "received"],
  INFO_REQUESTED: ["on-hold"],
  ACCEPTED: ["accepted", "ready"],
  SCHEDULED: ["accepted", "ready"],
  IN_SERVICE: ["in-progress"],
  WAITLISTED: ["on-hold"],
  UNABLE_TO_REACH: ["on-hold", "failed"],
  DECLINED: ["rejected"],
  CANCELLED: ["cancelled", "entered-in-error"],
  COMPLETED: ["completed", "failed"],
} as const satisfies Record<string, readonly [Task["status"], ...Task["status"][]]>;

/** A state of a handoff, as the graph names it. */
export type State = keyof typeof STATUSES_BY_STATE;

/** All that a Task.status can be. @see https://hl7.org/fhir/R4/valueset-task-status.html */
export const TASK_STATUSES = [
  "draft",
  "requested",
  "received",
  "accepted",
  "rejected",
  "ready",
  "cancelled",
  "in-progress",
  "on-hold",
  "failed",
  "completed",
  "entered-in-error",
] as const satisfies readonly Task["status"][];

/** The status that a state is told by. */
export const statusOf = (state: State): Task["status"] => STATUSES_BY_STATE[state][0];

/** The states that are told by one of these statuses. */
export const statesToldBy = (statuses: readonly string[]): State[] =>
  (Object.keys(STATUSES_BY_STATE) as State[]).filter((state) => statuses.includes(statusOf(state)));
