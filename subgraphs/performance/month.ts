import { Problem } from "#schema/problems.ts";

/** A calendar month in UTC: YYYY-MM. */
export type Month = string;

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

/**
 * Reads a month.
 *
 * @param field The argument's name, for the refusal.
 * @throws {Problem} BAD_INPUT when it is not YYYY-MM
 */
export const monthOf = (value: string, field: string): Month => {
  if (!MONTH.test(value))
    throw new Problem("BAD_INPUT", `\`${field}\` must be a month, as in 2026-10`, { field });
  return value;
};

/** The month in which an instant lies. */
export const monthAt = (at: Date): Month => at.toISOString().slice(0, 7);

/** The instant at which the month is over. */
export const endOf = (month: Month): Date => {
  const [year, number] = month.split("-").map(Number) as [number, number];
  return new Date(Date.UTC(year, number, 1));
};

const MOST = 24;

/**
 * The months of a range, both ends included.
 *
 * @throws {Problem} BAD_INPUT when a month is malformed, or the range is empty or longer than 24 months
 */
export const months = (from: string, to: string): Month[] => {
  const last = monthOf(to, "to");
  const range: Month[] = [];
  for (
    let month = monthOf(from, "from");
    month <= last && range.length <= MOST;
    month = monthAt(endOf(month))
  )
    range.push(month);
  if (range.length === 0 || range.length > MOST)
    throw new Problem("BAD_INPUT", `\`to\` must be 1 to ${MOST} months from \`from\``, {
      field: "to",
    });
  return range;
};
