/** FHIR's date, dateTime and instant: what they can mean, and no more. */
import { Problem } from "#schema/problems.ts";

const PARTS =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2}))?)?)?$/;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A span of instants: from the first that a value can mean, up to but not including `until`. */
export interface Span {
  from: number;
  until: number;
  /** The instant, where the value is one and not a day, a month or a year. */
  exact: Date | null;
}

/**
 * Reads a FHIR date, dateTime or instant.
 *
 * A day has no zone: it has begun once it has begun anywhere (UTC+14), and is not over before it is over everywhere
 * (UTC-12). A leap second is taken for the second before it, for no clock here counts one.
 *
 * @param element The path, for the refusal.
 * @throws {Problem} INVALID_RESOURCE when it is no date of the calendar: 30 February is not guessed into March.
 */
export const spanOf = (value: string, element: string): Span => {
  const [, year, month, day, hour, minute, second, fraction = "", zone] = PARTS.exec(value) ?? [];
  const from = Date.UTC(Number(year), Number(month ?? 1) - 1, Number(day ?? 1));
  const date = new Date(from);
  const real =
    date.getUTCMonth() === Number(month ?? 1) - 1 && date.getUTCDate() === Number(day ?? 1);
  const exact = hour
    ? new Date(
        `${year}-${month}-${day}T${hour}:${minute}:${second === "60" ? "59" : second}${fraction}${zone}`,
      )
    : null;
  if (!year || !real || (exact && Number.isNaN(exact.getTime())))
    throw new Problem("INVALID_RESOURCE", `\`${element}\` is no date of the calendar`, { element });
  if (exact) return { from: exact.getTime(), until: exact.getTime() + 1, exact };
  const next = day
    ? from + DAY_MS
    : month
      ? Date.UTC(Number(year), Number(month), 1)
      : Date.UTC(Number(year) + 1, 0, 1);
  return { from: from - 14 * HOUR_MS, until: next + 12 * HOUR_MS, exact: null };
};

/** The instant of a value, if there is a value and it is exact; a bare date is not guessed into one. */
export const exactly = (value: string | undefined, element: string): Date | null =>
  value === undefined ? null : spanOf(value, element).exact;
