/** How many persons were handed over at an interface in a month, as far as it may be said. */
import { endOf } from "./month.ts";
import type { Month } from "./month.ts";

/** Cells of 1 to 10 persons are not shown: the CMS cell size suppression policy. */
export const FEWEST_SHOWN = 11;

/** Facts that arrive late still count for so long after the month's end; then its figure is frozen for good. */
const SETTLES_DAYS = 7;
const DAY_MS = 86_400_000;

export interface HandoffVolume {
  month: Month;
  persons: number | null;
  state: "PUBLISHED" | "SUPPRESSED" | "OPEN";
}

/** May the month's figure be frozen at that instant? */
export const isClosed = (month: Month, at: Date): boolean =>
  +at >= +endOf(month) + SETTLES_DAYS * DAY_MS;

/**
 * A month's cell.
 *
 * @param persons The frozen count; null while the month is open. Zero may be shown.
 */
export const cell = (month: Month, persons: number | null): HandoffVolume => {
  if (persons === null) return { month, persons: null, state: "OPEN" };
  if (persons > 0 && persons < FEWEST_SHOWN) return { month, persons: null, state: "SUPPRESSED" };
  return { month, persons, state: "PUBLISHED" };
};
