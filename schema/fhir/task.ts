/** A handoff, as the graph gave it to whoever asks, told as a FHIR Task. */
import type { Coding, Element, Extension, Meta, Reference, Task } from "fhir/r4";
import { HANDOFF_STATE_SYSTEM, statusOf } from "./task-status.ts";
import type { State } from "./task-status.ts";

/** What the fragment AsTask of `schema/operations/handoffs-as-tasks.graphql` asks for. */
export interface HandoffAsked {
  id: string;
  version: number;
  state: State | null;
  person: { id: string } | null;
  referral: { id: string } | null;
  sender: Agency | null;
  receiver: Agency | null;
  reason: string | null;
  reasonText: string | null;
  occurredAt: string | null;
  receivedAt: string | null;
  history: { occurredAt: string | null }[] | null;
}

interface Agency {
  id: string;
  name: string | null;
}

/** What goes with a record that is given: which of its fields are withheld, and what whoever is given it must do. */
export interface Terms {
  withheld: ReadonlySet<string>;
  obligations: readonly string[];
}

const REASON_SYSTEM = "https://handoff-graph.org/CodeSystem/handoff-reason";

/** @see https://terminology.hl7.org/CodeSystem-v3-ObservationValue.html */
const REDACTED: Coding = {
  system: "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
  code: "REDACTED",
};

/** Obligations that HL7 has a code for; the others have our own. @see https://terminology.hl7.org/CodeSystem-v3-ActCode.html */
const HL7_OBLIGATIONS: ReadonlySet<string> = new Set(["AOD", "MINEC", "NORDSCLCD", "PERSISTLABEL"]);

const obligation = (code: string): Coding => ({
  system: HL7_OBLIGATIONS.has(code)
    ? "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    : "https://handoff-graph.org/CodeSystem/obligation",
  code,
});

/** The security labels of what is given on these terms. */
const security = (isRedacted: boolean, obligations: readonly string[]): Meta => {
  const labels = [...(isRedacted ? [REDACTED] : []), ...obligations.map(obligation)];
  return labels.length > 0 ? { security: labels } : {};
};

/** @see https://hl7.org/fhir/R4/extension-data-absent-reason.html */
const MASKED: { extension: Extension[] } = {
  extension: [
    {
      url: "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
      valueCode: "masked",
    },
  ],
};

const agency = ({ id, name }: Agency): Reference => ({
  reference: `Organization/${id}`,
  ...(name !== null && { display: name }),
});

/** Tells a handoff as a Task. What is withheld reads the same whether or not there is anything to withhold. */
export const taskOf = (handoff: HandoffAsked, { withheld, obligations }: Terms): Task => {
  const { id, version, state, person, referral, sender, receiver, reason, receivedAt } = handoff;
  const isMasked = (field: keyof HandoffAsked) =>
    withheld.has(field) && (handoff[field] ?? null) === null;
  /** An element that is an object; masked, it says so in the place of what it holds. */
  const element = <Name extends string, Value>(
    name: Name,
    field: keyof HandoffAsked,
    value: Value | null,
  ) => {
    if (value !== null) return { [name]: value };
    return isMasked(field) ? { [name]: MASKED } : {};
  };
  /** A primitive; masked, the place beside it says so. */
  const primitive = (name: string, field: keyof HandoffAsked, value: string | null) => {
    if (value !== null) return { [name]: value };
    return isMasked(field) ? { [`_${name}`]: MASKED satisfies Element } : {};
  };
  const fields = Object.keys(handoff) as (keyof HandoffAsked)[];
  const status = state && { system: HANDOFF_STATE_SYSTEM, code: state };
  return {
    resourceType: "Task",
    id,
    meta: {
      versionId: String(version),
      ...(receivedAt !== null && { lastUpdated: receivedAt }),
      ...security(fields.some(isMasked), obligations),
    },
    ...primitive("status", "state", state && statusOf(state)),
    ...element(
      "statusReason",
      "reason",
      reason === null
        ? null
        : {
            coding: [{ system: REASON_SYSTEM, code: reason }],
            text: handoff.reasonText ?? reason.toLowerCase().replaceAll("_", " "),
          },
    ),
    ...element("businessStatus", "state", status && { coding: [status] }),
    intent: "order",
    code: { coding: [{ system: "http://hl7.org/fhir/CodeSystem/task-code", code: "fulfill" }] },
    ...element("focus", "referral", referral && { reference: `ServiceRequest/${referral.id}` }),
    ...element("for", "person", person && { reference: `Patient/${person.id}` }),
    ...primitive("authoredOn", "history", handoff.history?.[0]?.occurredAt ?? null),
    ...primitive("lastModified", "occurredAt", handoff.occurredAt),
    ...element("requester", "sender", sender && agency(sender)),
    ...element("owner", "receiver", receiver && agency(receiver)),
    // A masked status has its reason beside it in the place of a value, which FHIR allows and the type does not know.
  } as Task;
};
