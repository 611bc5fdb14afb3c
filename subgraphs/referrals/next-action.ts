/** When the next move of a handoff is due. */
import { deadline } from "./deadline.ts";
import { NEXT } from "./handoff.ts";
import { decisionDueAt, reviewDue } from "./soft-refusal.ts";
import type { Step } from "./soft-refusal.ts";

/**
 * When it is due, by the rules that were in force as the handoff came to stand where it does; null where none are
 * published, or not to whoever asks, and where nothing is left to do.
 */
export const dueAt = (steps: readonly Step[], service: string | null): Date | null => {
  const last = steps.at(-1);
  if (!last || NEXT[last.after.state] === null) return null;
  const { state } = last.after;
  if (state === "AWAITING_DECISION") return decisionDueAt(steps, service);
  // Each look at a waitlist begins its time anew. To stay where one is does not, or a date could be put off for ever.
  if (state === "WAITLISTED") return reviewDue(last);
  const { after, rules } =
    steps[steps.findLastIndex((step) => step.after.state !== state) + 1] ?? last;
  const within = rules?.responseTimes.find((it) => it.state === state)?.within;
  return rules && within ? deadline(after.receivedAt, within, rules) : null;
};
