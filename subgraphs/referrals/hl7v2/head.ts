/** What a message says of itself: what happened, and when. */
import { Problem } from "#schema/problems.ts";
import type { Span } from "../fhir/when.ts";
import type { Dialect, Event } from "./dialect.ts";
import type { Message, Segment } from "./message.ts";
import { offsetOf, timeOf } from "./time.ts";

/** What the header and EVN come to. */
export interface Head {
  event: Event;
  controlId: string;
  /** When what happened came about; null where nobody says. */
  occurred: Span | null;
  /** When the sender wrote it down, as far as that can be; when it reached us, if not. */
  recordedAt: Date;
  /** The fields that are not believed. */
  doubts: string[];
  /** A time of this message. */
  time(segment: Segment | null, field: number, element: string): Span | null;
}

/** What a code of the partner means by its dialect; null for one that it does not have. */
export const meant = <T extends string>(table: Record<string, T>, code: string): T | null =>
  Object.hasOwn(table, code) ? (table[code] as T) : null;

/** The field that says when the event of a stay came about, beside EVN-6. */
const OCCURRED: Partial<Record<Event, { field: number; element: string }>> = {
  "ADT^A01": { field: 44, element: "PV1-44" },
  "ADT^A03": { field: 45, element: "PV1-45" },
};

/**
 * Reads what a message says of itself.
 *
 * The header says what happened, whatever EVN-1 says. The sender's record is of EVN-2, else of MSH-7: one that would be later
 * than its arrival, or earlier than what it records, is not believed.
 *
 * @param at When it reached us.
 * @throws {Problem} INVALID_MESSAGE; EVENT_NOT_ACCEPTED
 */
export const headOf = (message: Message, dialect: Dialect, at: Date): Head => {
  const { header } = message;
  const event = meant(dialect.events, `${header.text(9)}^${header.text(9, 2)}`);
  if (!event)
    throw new Problem("EVENT_NOT_ACCEPTED", "`MSH-9` is a message that is not taken in", {
      element: "MSH-9",
    });
  if (header.text(11) !== "P")
    throw new Problem("EVENT_NOT_ACCEPTED", "`MSH-11` must be `P`: no test and no training", {
      element: "MSH-11",
    });
  const controlId = header.text(10);
  if (controlId === "")
    throw new Problem("INVALID_MESSAGE", "`MSH-10` is missing", {
      element: "MSH-10",
      isMissing: true,
    });
  const zone = offsetOf(header.text(7)) ?? dialect.timeZone;
  const time: Head["time"] = (segment, field, element) => {
    const value = segment?.text(field) ?? "";
    return value === "" ? null : timeOf(value, zone, element);
  };
  const doubts: string[] = [];
  const evn = message.first("EVN");
  const trigger = header.text(9, 2);
  if (evn && evn.text(1) !== "" && evn.text(1) !== trigger) doubts.push("EVN-1");
  const own = OCCURRED[event];
  const ofStay = own ? time(message.first("PV1"), own.field, own.element) : null;
  const ofEvent = time(evn, 6, "EVN-6");
  if (ofStay?.exact && ofEvent?.exact && +ofStay.exact !== +ofEvent.exact) doubts.push("EVN-6");
  const occurred = ofStay ?? ofEvent;
  const recorded = [
    ["EVN-2", time(evn, 2, "EVN-2")],
    ["MSH-7", time(header, 7, "MSH-7")],
  ] as const;
  let recordedAt: Date | null = null;
  for (const [field, said] of recorded) {
    if (!said?.exact || recordedAt) continue;
    if (said.exact > at || (occurred?.exact && said.until <= occurred.from)) doubts.push(field);
    else recordedAt = said.exact;
  }
  return { event, controlId, occurred, recordedAt: recordedAt ?? at, doubts, time };
};
