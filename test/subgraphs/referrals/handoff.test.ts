import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Act } from "#platform/act.ts";
import type { Requester } from "#sharing/requester.ts";
import {
  gap,
  move,
  MOVES,
  movesOpen,
  NEXT,
  nextActionOwner,
  report,
  STATES,
} from "../../../subgraphs/referrals/handoff.ts";
import type { Facts, Handoff, Move, State } from "../../../subgraphs/referrals/handoff.ts";
import { agencies, at, personas } from "../../county/county.ts";

const by = (who: Requester, when = at("12:00")): Act => ({
  by: who,
  at: new Date(when),
  requestId: "test",
});
const sender = personas["discharge-coordinator"];
const receiver = personas["bh-clinician"];
const coordinator = personas["county-case-worker"];

const handoff = (more: Partial<Handoff> = {}): Handoff => ({
  id: "h",
  version: 1,
  referral: "r",
  person: "p",
  interface: null,
  sender: agencies.hospital.id,
  receiver: agencies.bh.id,
  coordinator: agencies.county.id,
  accountable: agencies.hospital.id,
  state: "ANTICIPATED",
  cycle: 1,
  move: "OFFER",
  reason: null,
  reasonText: null,
  items: [],
  appointmentAt: null,
  reviewAt: null,
  capacityStatus: null,
  waitlistPosition: null,
  dueAt: null,
  redirectTo: null,
  raises: [],
  origin: "GRAPH",
  leftAt: null,
  engagedAt: null,
  occurredAt: new Date(at("08:00")),
  recordedAt: new Date(at("08:00")),
  receivedAt: new Date(at("08:00")),
  ...more,
});

/** Says all that any move may ask for. */
const everything: Facts = {
  items: ["medication list"],
  reason: "NO_CAPACITY",
  redirectToId: agencies.housing.id,
  appointmentAt: new Date(at("15:00")),
  reviewAt: new Date(at("15:00")),
};

describe("a handoff", () => {
  it("has an agency whose move is next in every state but the two that end it for good", () => {
    const nobody = STATES.filter((state) => NEXT[state] === null);
    expect(nobody).toEqual(["CANCELLED", "COMPLETED"]);
  });

  it("can reach every one of its thirteen states by its moves", () => {
    const reached = new Set<State>(["ANTICIPATED", ...Object.values(MOVES).map(({ to }) => to)]);
    expect([...reached].sort()).toEqual([...STATES].sort());
  });

  it("keeps the sender accountable until service begins, however far it has been accepted", () => {
    let it = handoff({ state: "AWAITING_DECISION" });
    it = move(it, "ACCEPT", {}, by(receiver));
    it = move(it, "SCHEDULE", { appointmentAt: new Date(at("15:00")) }, by(receiver));
    expect(it).toMatchObject({ state: "SCHEDULED", accountable: agencies.hospital.id });
    it = move(it, "BEGIN_SERVICE", {}, by(receiver));
    expect(it).toMatchObject({ state: "IN_SERVICE", accountable: agencies.bh.id });
  });

  it("stays with the sender when the receiver could never reach the person", () => {
    const unreached = move(handoff({ state: "ACCEPTED" }), "UNABLE_TO_REACH", {}, by(receiver));
    const ended = move(unreached, "COMPLETE", { reason: "UNABLE_TO_REACH" }, by(receiver));
    expect(ended).toMatchObject({ state: "COMPLETED", accountable: agencies.hospital.id });
  });

  it("refuses a move that its state does not allow, and says which are open", () => {
    expect(() => move(handoff(), "ACCEPT", {}, by(receiver))).toThrow(
      expect.objectContaining({
        code: "MOVE_NOT_ALLOWED",
        details: { state: "ANTICIPATED", movesOpen: [] },
      }),
    );
  });

  it("refuses a decision by anybody but the receiver", () => {
    const awaiting = handoff({ state: "AWAITING_DECISION" });
    for (const other of [sender, coordinator, personas["housing-worker"]])
      expect(() => move(awaiting, "ACCEPT", {}, by(other))).toThrow(
        expect.objectContaining({ code: "MOVE_NOT_ALLOWED" }),
      );
  });

  it.each([
    [
      "a decline without an agency to ask instead",
      "AWAITING_DECISION",
      "DECLINE",
      { reason: "NO_CAPACITY" },
      "redirectToId",
    ],
    [
      "a decline for another reason without words",
      "AWAITING_DECISION",
      "DECLINE",
      { reason: "OTHER", redirectToId: "x" },
      "reasonText",
    ],
    [
      "an information request that names nothing",
      "AWAITING_DECISION",
      "REQUEST_INFORMATION",
      { items: [] },
      "items",
    ],
    [
      "an information request that names a blank",
      "AWAITING_DECISION",
      "REQUEST_INFORMATION",
      { items: [" "] },
      "items",
    ],
    [
      "a move in the future",
      "AWAITING_DECISION",
      "ACCEPT",
      { occurredAt: new Date(at("12:01")) },
      "occurredAt",
    ],
    [
      "a move before the one that it follows",
      "AWAITING_DECISION",
      "ACCEPT",
      { occurredAt: new Date(at("07:59")) },
      "occurredAt",
    ],
  ] as [string, State, Move, Facts, string][])("refuses %s", (_, state, name, facts, field) => {
    expect(() => move(handoff({ state }), name, facts, by(receiver))).toThrow(
      expect.objectContaining({ code: "BAD_INPUT", details: { field } }),
    );
  });

  it("may be declined without a redirect when the person said no", () => {
    const declined = move(
      handoff({ state: "AWAITING_DECISION" }),
      "DECLINE",
      { reason: "PERSON_DECLINED" },
      by(receiver),
    );
    expect(declined).toMatchObject({ state: "DECLINED", accountable: agencies.hospital.id });
  });

  it("reopened after service, is answered for by whoever reopens it, and its gap is counted anew", () => {
    const ended = handoff({
      state: "COMPLETED",
      accountable: agencies.bh.id,
      leftAt: new Date(at("06:00")),
      engagedAt: new Date(at("07:00")),
    });
    const reopened = move(ended, "REOPEN", {}, by(sender));
    expect(reopened).toMatchObject({
      accountable: agencies.hospital.id,
      leftAt: ended.occurredAt,
      engagedAt: null,
    });
    expect(gap(reopened, new Date(at("12:00")))?.hours).toBe(4);
  });

  it("is not scheduled for a time before it was scheduled", () => {
    const facts = { occurredAt: new Date(at("10:00")), appointmentAt: new Date(at("09:00")) };
    expect(() => move(handoff({ state: "ACCEPTED" }), "SCHEDULE", facts, by(receiver))).toThrow(
      expect.objectContaining({ code: "BAD_INPUT", details: { field: "appointmentAt" } }),
    );
  });

  it("begins a new cycle when it is reopened", () => {
    const again = move(handoff({ state: "DECLINED" }), "REOPEN", {}, by(sender));
    expect(again).toMatchObject({ state: "AWAITING_DECISION", cycle: 2 });
  });

  it("waits for its sender while it is open to any performer", () => {
    expect(nextActionOwner(handoff({ state: "AWAITING_DECISION", receiver: null }))).toBe(
      agencies.hospital.id,
    );
  });

  it("has exactly one accountable agency at every instant, whatever is done with it", () => {
    const moves = Object.keys(MOVES) as Move[];
    const who = fc.constantFrom(sender, receiver, coordinator);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...moves), who), { maxLength: 40 }),
        (steps) => {
          let it = handoff();
          for (const [name, actor] of steps) {
            if (!movesOpen(it, actor.agency).includes(name)) continue;
            const before = it;
            it = move(it, name, everything, by(actor));
            expect([it.sender, it.receiver]).toContain(it.accountable);
            expect(it.version).toBe(before.version + 1);
            if (it.accountable !== before.accountable)
              expect(["BEGIN_SERVICE", "REOPEN"]).toContain(name);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("a partner's record of a handoff", () => {
  const said = {
    receiver: agencies.bh.id,
    reason: null,
    recordedAt: new Date(at("11:00")),
    occurredAt: new Date(at("11:00")),
  };

  it("may say that service was completed that nobody said had begun, and accountability has passed", () => {
    const it = report(handoff(), { ...said, state: "COMPLETED" }, by(receiver));
    expect(it).toMatchObject({
      state: "COMPLETED",
      accountable: agencies.bh.id,
      engagedAt: said.occurredAt,
    });
  });

  it("may not bring it back from its end", () => {
    expect(() =>
      report(handoff({ state: "CANCELLED" }), { ...said, state: "IN_SERVICE" }, by(receiver)),
    ).toThrow(expect.objectContaining({ code: "CONTRADICTION" }));
  });
});

describe("the gap between one agency's care and the next one's", () => {
  const leftAt = new Date(at("09:00"));

  it("runs on while nobody serves the person", () => {
    expect(gap(handoff({ leftAt, state: "ACCEPTED" }), new Date(at("21:30")))).toEqual({
      from: leftAt,
      to: null,
      hours: 12.5,
    });
  });

  it("runs on after a decline: the person has left, and still nobody serves them", () => {
    const it = handoff({ leftAt, state: "DECLINED" });
    expect(gap(it, new Date(at("10:00")))?.hours).toBe(1);
  });

  it("is closed by the beginning of service, not by acceptance or appointment", () => {
    const it = handoff({ leftAt, state: "ACCEPTED" });
    const served = move(it, "BEGIN_SERVICE", { occurredAt: new Date(at("11:15")) }, by(receiver));
    expect(gap(served, new Date(at("23:00")))).toEqual({
      from: leftAt,
      to: new Date(at("11:15")),
      hours: 2.25,
    });
  });

  it("is unknown, and not zero, when nobody said when the sender's care ended", () => {
    expect(gap(handoff({ state: "ACCEPTED" }), new Date(at("21:30")))).toBeNull();
  });

  it("is elapsed time, also in the night when the clocks change", () => {
    const dst = handoff({
      leftAt: new Date("2025-03-08T20:00:00-06:00"),
      engagedAt: new Date("2025-03-09T08:00:00-05:00"),
    });
    expect(gap(dst, new Date("2025-03-10T00:00:00Z"))?.hours).toBe(11);
  });
});
