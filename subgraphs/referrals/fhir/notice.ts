/**
 * What a message bundle notifies of: an admission, a transfer or a discharge.
 *
 * @see https://hl7.org/fhir/us/davinci-alerts/STU1.1/ (Da Vinci Unsolicited Notifications)
 */
import { Problem } from "#schema/problems.ts";
import type { Encounter, MessageHeader } from "fhir/r4";
import { target } from "./bundle.ts";
import type { Submission } from "./bundle.ts";
import type { At } from "./intake-store.ts";

const EVENT_SYSTEM = "http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event";

/** What each event may say of where the stay stands. A transfer may be within a hospital, or end the stay. */
const EVENTS = {
  "notification-admit": ["arrived", "triaged", "in-progress", "onleave"],
  "notification-transfer": ["in-progress", "onleave", "finished"],
  "notification-discharge": ["finished"],
} as const satisfies Record<string, readonly Encounter["status"][]>;
type Event = keyof typeof EVENTS;

/** A message that only carries records, about none of them: a patient's data as their own application receives it. */
const CARRIES_RECORDS = "urn:mitre:healthmanager:pdr";

/** What a message notifies of. */
export interface Notice {
  event: Event;
  encounter: Encounter;
  /** The encounter's at its source. */
  at: At;
  /** The bundle's `timestamp`. */
  sentAt: string | undefined;
}

const refused = (why: string, element: string): never => {
  throw new Problem("BUNDLE_NOT_ACCEPTED", why, { element });
};

/**
 * What a submission notifies of; null when it is no message, or one that only carries records.
 *
 * @throws {Problem} BUNDLE_NOT_ACCEPTED for a message without a header, with another event, or without what it is about;
 *   CONTRADICTION when the event and the encounter do not agree. Nothing is taken for granted: this is before validation.
 */
export const noticeOf = (submission: Submission): Notice | null => {
  if (submission.type !== "message") return null;
  const header = submission.sent[0]?.resource as Partial<MessageHeader> | null | undefined;
  if (header?.resourceType !== "MessageHeader")
    return refused("a message begins with its `MessageHeader`", "Bundle.entry[0].resource");
  if (header.eventUri === CARRIES_RECORDS) return null;
  const { system, code } = header.eventCoding ?? {};
  if (system !== EVENT_SYSTEM || typeof code !== "string" || !Object.hasOwn(EVENTS, code))
    return refused("no such event is taken in", "MessageHeader.eventCoding");
  const event = code as Event;
  const reference: unknown = [header.focus].flat()[0]?.reference;
  const focus = typeof reference === "string" ? target(reference, submission) : null;
  const found = submission.sent.find(
    ({ resource, id, problem }) =>
      !problem && resource.resourceType === "Encounter" && focus === `Encounter/${id}`,
  );
  if (!found) return refused("the focus is no encounter of the bundle", "MessageHeader.focus");
  const encounter = found.resource as Encounter;
  // One without a status is refused by itself, for it breaks its definition.
  if (
    encounter.status !== undefined &&
    !(EVENTS[event] as readonly unknown[]).includes(encounter.status)
  )
    throw new Problem("CONTRADICTION", `\`${event}\` and \`Encounter.status\` do not agree`, {
      element: "Encounter.status",
    });
  if (event === "notification-discharge" && encounter.period?.end === undefined)
    throw new Problem("CONTRADICTION", `\`${event}\` says no end of the encounter`, {
      element: "Encounter.period.end",
    });
  return {
    event,
    encounter,
    at: { type: "Encounter", id: found.id },
    sentAt: submission.timestamp,
  };
};
