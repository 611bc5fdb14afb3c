import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Requester } from "#sharing/requester.ts";
import { move, MOVES, movesOpen, unmoved } from "../../../subgraphs/referrals/handoff.ts";
import type { Handoff, Move } from "../../../subgraphs/referrals/handoff.ts";
import { softRefusals } from "../../../subgraphs/referrals/soft-refusal.ts";
import type { Step } from "../../../subgraphs/referrals/soft-refusal.ts";
import { agencies, at, personas } from "../../county/county.ts";
import { operatingRules } from "../../county/operating-rules.ts";

const SERVICE = "Outpatient behavioral health";
const MINUTE_MS = 60_000;
const PARTIES: Requester[] = [personas["discharge-coordinator"], personas["bh-clinician"]];

const offered = (when: Date): Handoff => ({
  ...unmoved,
  id: "h",
  version: 1,
  referral: "r",
  person: "p",
  interface: "i",
  sender: agencies.hospital.id,
  receiver: agencies.bh.id,
  coordinator: agencies.hospital.id,
  accountable: agencies.hospital.id,
  move: "OFFER",
  origin: "GRAPH",
  occurredAt: when,
  recordedAt: when,
  receivedAt: when,
});

/** One thing that may happen next: which of the moves that are open, how long after, and what is said with it. */
const happening = fc.record({
  choice: fc.nat(),
  minutes: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 91, max: 20_000 })),
  datedBackMinutes: fc.oneof(fc.constant(0), fc.nat(5_000)),
  items: fc.constantFrom(["MEDICATION_LIST"], ["Birth certificate"]),
  aheadMinutes: fc.integer({ min: -2_000, max: 20_000 }),
  capacityStatus: fc.constantFrom("FULL" as const, null),
});

type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** A history in which each thing happens that may. */
const historyOf = (all: Happening[]): Step[] => {
  let now = new Date(at("08:00"));
  let handoff = offered(now);
  const steps: Step[] = [{ from: null, by: handoff.sender, after: handoff, rules: operatingRules }];
  for (const { choice, minutes, datedBackMinutes, items, aheadMinutes, capacityStatus } of all) {
    now = new Date(+now + minutes * MINUTE_MS);
    const open = PARTIES.flatMap((by) =>
      movesOpen(handoff, by.agency).map((name) => ({ by, name })),
    );
    const { by, name } = open[choice % open.length] as { by: Requester; name: Move };
    const occurredAt = new Date(Math.max(+handoff.occurredAt, +now - datedBackMinutes * MINUTE_MS));
    const ahead = new Date(Math.max(+occurredAt, +now + aheadMinutes * MINUTE_MS));
    const said = {
      occurredAt,
      ...(MOVES[name].to === "WAITLISTED" && { reviewAt: ahead, capacityStatus }),
      ...(name === "SCHEDULE" && { appointmentAt: ahead }),
      items,
      reason: "NO_LONGER_NEEDED",
      redirectToId: agencies.aps.id,
    };
    const after = move(handoff, name, said, { by, at: now, requestId: "test" });
    steps.push({ from: handoff.state, by: by.agency, after, rules: operatingRules });
    handoff = after;
  }
  return steps;
};

describe("a soft refusal", () => {
  it("that stood at an instant is found again at every later one, whatever happens and however it is dated", () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 3, maxLength: 14 }), (all) => {
        const steps = historyOf(all);
        const told = (until: Date, at: Date) =>
          softRefusals(
            steps.filter(({ after }) => after.receivedAt <= until),
            SERVICE,
            at,
          )?.map(({ rule, since, cycle }) => `${rule} ${since.toISOString()} ${cycle}`);
        for (const [index, step] of steps.entries()) {
          const next = steps[index + 1]?.after.receivedAt;
          // Up to the very instant at which something else happens, nothing else is known.
          const until = next ? new Date(+next - 1) : new Date(+step.after.receivedAt + 1e9);
          expect(told(step.after.receivedAt, until)).toEqual(told(new Date(8e15), until));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("stands for a while, or still, and is always the receiver's", () => {
    fc.assert(
      fc.property(fc.array(happening, { minLength: 3, maxLength: 14 }), (all) => {
        for (const { since, until, agency } of softRefusals(
          historyOf(all),
          SERVICE,
          new Date(8e15),
        ) ?? []) {
          expect(agency).toBe(agencies.bh.id);
          expect(until === null || until > since).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
