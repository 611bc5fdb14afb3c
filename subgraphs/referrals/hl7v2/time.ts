/** HL7 v2's date and time (DTM): what it can mean, and no more. */
import { Temporal } from "temporal-polyfill";
import { Problem } from "#schema/problems.ts";
import { spanOf } from "../fhir/when.ts";
import type { Span } from "../fhir/when.ts";

const PARTS =
  /^(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.\d+)?)?)?)?)?)?([+-]\d{4})?$/;

const HOUR_MS = 3_600_000;

/** The offset that a value states, as FHIR writes it; null where it states none. */
export const offsetOf = (value: string): string | null => {
  const [, sign, hours = "", minutes = ""] = /([+-])(\d{2})(\d{2})$/.exec(value) ?? [];
  if (!sign || Number(hours) > 14 || Number(minutes) > 59) return null;
  return `${sign}${hours}:${minutes}`;
};

/**
 * Reads a DTM. One without an offset is of the zone that the message's own time states, else of the partner's.
 *
 * @param zone An offset, or an IANA time zone.
 * @param element The place, for the refusal.
 * @throws {Problem} INVALID_MESSAGE when it is no time of the calendar
 */
export const timeOf = (value: string, zone: string, element: string): Span => {
  const wrong = (cause?: unknown): never => {
    throw new Problem(
      "INVALID_MESSAGE",
      `\`${element}\` is no time of the calendar`,
      { element },
      { cause },
    );
  };
  const [, year, month, day, hour, minute = "00", second = "00", offset] = PARTS.exec(value) ?? [];
  if (!year || (offset && !offsetOf(value))) return wrong();
  try {
    const date = [year, month, day].filter(Boolean).join("-");
    if (!hour) return spanOf(date, element);
    const local = `${date}T${hour}:${minute}:${second}`;
    const stated = offsetOf(value) ?? (/^[+-]/.test(zone) ? zone : null);
    const at = stated
      ? spanOf(`${local}${stated}`, element)
      : spanOf(
          Temporal.PlainDateTime.from(local).toZonedDateTime(zone).toInstant().toString(),
          element,
        );
    // An hour is not an instant: nobody says which of its minutes it was.
    return PARTS.exec(value)?.[5] ? at : { ...at, until: at.from + HOUR_MS, exact: null };
  } catch (cause) {
    return wrong(cause);
  }
};
