/** How a person is sent from one agency to the next over one need. */
import { WITHOUT_REDIRECT } from "./handoff.ts";
import type { Handoff, State } from "./handoff.ts";

/** Where a person was sent on. */
export interface Bounces {
  /** Declines after which there is another agency to ask. */
  hops: number;
  /** Times that the way led back to an agency that had asked or been asked already. */
  loops: number;
  /** The agency that declined first, then each to which the way led. */
  path: string[];
}

/** One move of a handoff of the need. */
interface Step {
  from: State | null;
  after: Handoff;
}

const isBounce = ({ from, after }: Step): boolean =>
  after.state === "DECLINED" && from !== "DECLINED" && !WITHOUT_REDIRECT.has(after.reason ?? "");

/** The bounces of a need, from the moves of its handoffs. */
export const bounces = (steps: readonly Step[]): Bounces => {
  const path: string[] = [];
  const met = new Set<string>();
  let hops = 0;
  let loops = 0;
  const arrive = (agency: string | null): void => {
    if (!agency || agency === path.at(-1)) return;
    if (met.has(agency)) loops++;
    met.add(agency);
    path.push(agency);
  };
  const declines = steps
    .filter(isBounce)
    .toSorted((one, other) => +one.after.occurredAt - +other.after.occurredAt);
  for (const { after } of declines) {
    hops++;
    arrive(after.receiver);
    met.add(after.sender);
    arrive(after.redirectTo);
  }
  return { hops, loops, path };
};
