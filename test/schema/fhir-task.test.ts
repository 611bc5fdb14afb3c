/** A handoff told as a FHIR Task: every state, and what is withheld of it. */
import type { Task } from "fhir/r4";
import { describe, expect, it } from "vitest";
import { CAPABILITIES, readAt } from "#schema/fhir/reads.ts";
import { taskOf } from "#schema/fhir/task.ts";
import type { HandoffAsked } from "#schema/fhir/task.ts";
import { statesToldBy, TASK_STATUSES } from "#schema/fhir/task-status.ts";
import { STATES } from "../../subgraphs/referrals/handoff.ts";
import { stateOf } from "../../subgraphs/referrals/fhir/task-status.ts";
import { validate } from "../../subgraphs/referrals/fhir/validate.ts";

const OPEN = { withheld: new Set<string>(), obligations: [] };

const handoff = (more: Partial<HandoffAsked> = {}): HandoffAsked => ({
  id: "019550a0-0000-7000-8000-00000000a001",
  version: 3,
  state: "AWAITING_DECISION",
  person: { id: "019550a0-0000-7000-8000-00000000a002" },
  referral: { id: "019550a0-0000-7000-8000-00000000a003" },
  sender: { id: "019550a0-0000-7000-8000-000000000001", name: "Alder General Hospital" },
  receiver: { id: "019550a0-0000-7000-8000-000000000003", name: null },
  reason: null,
  reasonText: null,
  occurredAt: "2025-03-03T15:30:00.000Z",
  receivedAt: "2025-03-03T15:31:00.000Z",
  history: [{ occurredAt: "2025-03-03T14:00:00.000Z" }],
  ...more,
});

const MASKED = {
  extension: [
    { url: "http://hl7.org/fhir/StructureDefinition/data-absent-reason", valueCode: "masked" },
  ],
};
const labels = ({ meta }: Task): unknown => meta?.security?.map(({ code }) => code);

describe("a handoff told as a Task", () => {
  it.each(STATES)("is sound R4, and reads back as the state that it was told by: %s", (state) => {
    const task = taskOf(handoff({ state }), OPEN);
    expect(() => validate(task)).not.toThrow();
    expect(stateOf(task)).toBe(state);
  });

  it("is the ask of one agency to another to meet one person's need", () => {
    expect(taskOf(handoff(), OPEN)).toEqual({
      resourceType: "Task",
      id: "019550a0-0000-7000-8000-00000000a001",
      meta: { versionId: "3", lastUpdated: "2025-03-03T15:31:00.000Z" },
      status: "requested",
      businessStatus: {
        coding: [
          {
            system: "https://handoff-graph.org/CodeSystem/handoff-state",
            code: "AWAITING_DECISION",
          },
        ],
      },
      intent: "order",
      code: { coding: [{ system: "http://hl7.org/fhir/CodeSystem/task-code", code: "fulfill" }] },
      focus: { reference: "ServiceRequest/019550a0-0000-7000-8000-00000000a003" },
      for: { reference: "Patient/019550a0-0000-7000-8000-00000000a002" },
      authoredOn: "2025-03-03T14:00:00.000Z",
      lastModified: "2025-03-03T15:30:00.000Z",
      requester: {
        reference: "Organization/019550a0-0000-7000-8000-000000000001",
        display: "Alder General Hospital",
      },
      owner: { reference: "Organization/019550a0-0000-7000-8000-000000000003" },
    });
  });

  it("says why it was declined, in its receiver's words or in the code's", () => {
    const declined = { state: "DECLINED", reason: "NO_CAPACITY" } as const;
    expect(taskOf(handoff(declined), OPEN).statusReason?.text).toBe("no capacity");
    const told = taskOf(handoff({ ...declined, reasonText: "no bed before May" }), OPEN);
    expect(told.statusReason).toMatchObject({
      text: "no bed before May",
      coding: [{ code: "NO_CAPACITY" }],
    });
    expect(() => validate(told)).not.toThrow();
  });

  it("masks what is withheld, even what FHIR requires, and is sound R4 all the same", () => {
    const withheld = ["state", "person", "referral", "sender", "receiver", "reason", "occurredAt"];
    const task = taskOf(handoff(Object.fromEntries(withheld.map((field) => [field, null]))), {
      withheld: new Set(withheld),
      obligations: [],
    });
    expect(task).toMatchObject({ _status: MASKED, for: MASKED, owner: MASKED, focus: MASKED });
    expect(task).not.toHaveProperty("status");
    expect(labels(task)).toEqual(["REDACTED"]);
    expect(() => validate(task)).not.toThrow();
  });

  it("leaves what is not there out, and calls nothing of it withheld", () => {
    const task = taskOf(handoff({ receiver: null, history: null }), OPEN);
    expect(task).not.toHaveProperty("owner");
    expect(task).not.toHaveProperty("authoredOn");
    expect(labels(task)).toBeUndefined();
  });

  it("carries what whoever is given it must do, in HL7's code where there is one", () => {
    const task = taskOf(handoff(), {
      withheld: new Set(),
      obligations: ["PERSISTLABEL", "RedisclosureProhibitionMark"],
    });
    expect(task.meta?.security).toEqual([
      { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "PERSISTLABEL" },
      {
        system: "https://handoff-graph.org/CodeSystem/obligation",
        code: "RedisclosureProhibitionMark",
      },
    ]);
    expect(() => validate(task)).not.toThrow();
  });
});

describe("a status of a Task", () => {
  it("stands for the states that are told by it, and each state is told by one", () => {
    expect(TASK_STATUSES.flatMap((status) => statesToldBy([status])).toSorted()).toEqual(
      STATES.toSorted(),
    );
    expect(statesToldBy(["on-hold"])).toEqual(["INFO_REQUESTED", "WAITLISTED", "UNABLE_TO_REACH"]);
  });
});

describe("what the server says that it can", () => {
  it("is sound R4, and names every parameter that a search takes beside those of the result", () => {
    expect(() => validate(CAPABILITIES)).not.toThrow();
    const names = CAPABILITIES.rest?.[0]?.resource?.[0]?.searchParam?.map(({ name }) => name) ?? [];
    expect(names).toEqual(["patient", "owner", "status"]);
    for (const name of names)
      expect(() => readAt("Task", new URLSearchParams({ [name]: "draft" }))).not.toThrow();
  });
});
