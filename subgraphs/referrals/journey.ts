/** What a person's stays show: that one agency handed them on to another. */
import type { Encounter } from "./person.ts";

/**
 * Encounters in which an agency has the person in its care, day and night or visit upon visit: v3-ActCode, and `SNF` of
 * the PACIO re-assessment timepoints guide. An office visit hands nobody on.
 */
const STAY_CLASSES: ReadonlySet<string> = new Set(["IMP", "ACUTE", "NONAC", "OBSENC", "SNF", "HH"]);

/** Care that begins later than this after the last care ended is a new need, not the same one handed on. */
const CONTINUES_WITHIN_DAYS = 7;
/** Records of one transfer may overlap: the receiver opens its stay before the sender closes its own. */
const OVERLAP_DAYS = 1;
const DAY_MS = 86_400_000;

interface Stay extends Encounter {
  agency: string;
  startedAt: Date;
}

const isStay = (encounter: Encounter): encounter is Stay =>
  STAY_CLASSES.has(encounter.class) &&
  encounter.partOf === null &&
  encounter.agency !== null &&
  encounter.startedAt !== null &&
  (encounter.status === "in-progress" ||
    encounter.status === "finished" ||
    encounter.status === "onleave");

/** The stay whose care ended last; one that has not ended, ends after all others. */
const later = (last: Stay | null, stay: Stay): Stay =>
  last && +(last.endedAt ?? Infinity) > +(stay.endedAt ?? Infinity) ? last : stay;

/** One stay that followed another, at another agency. */
export interface Passage {
  from: Stay & { endedAt: Date };
  to: Stay;
}

/**
 * The passages from one agency's care to another's.
 *
 * @param encounters All of one person's, in any order. Parts of a larger stay, stays without an exact start, and those
 *   cancelled or entered in error show nothing.
 */
export const passages = (encounters: readonly Encounter[]): Passage[] => {
  const stays = encounters
    .filter(isStay)
    .toSorted((a, b) => +a.startedAt - +b.startedAt || (a.id < b.id ? -1 : 1));
  return stays.flatMap((to, index) => {
    // Whoever's care ended last: a shorter stay elsewhere may lie within a longer one.
    const from = stays.slice(0, index).reduce<Stay | null>(later, null);
    if (!from || from.status !== "finished" || !from.endedAt || from.agency === to.agency)
      return [];
    const days = (+to.startedAt - +from.endedAt) / DAY_MS;
    return days > CONTINUES_WITHIN_DAYS || days < -OVERLAP_DAYS
      ? []
      : [{ from: { ...from, endedAt: from.endedAt }, to }];
  });
};
