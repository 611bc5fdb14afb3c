/** Monthly reviews of how an interface performs. */
import { need, Problem } from "#schema/problems.ts";
import type { Act } from "#platform/act.ts";
import type { Role } from "#sharing/vocabulary.ts";
import { monthOf } from "./month.ts";
import type { Month } from "./month.ts";

/** Something that another room owns, by its id. */
export interface Ref {
  id: string;
}

export interface GovernanceMeeting {
  id: string;
  version: number;
  interface: Ref;
  month: Month;
  heldAt: Date;
  agencies: Ref[];
  attendees: string[];
  minutesReference: string;
}

/** What is said when a meeting is recorded. */
export interface Minutes {
  interfaceId: string;
  month: string;
  heldAt: Date;
  agencyIds: string[];
  attendees: string[];
  minutesReference: string;
}

const RECORDING: ReadonlySet<Role> = new Set<Role>(["EXECUTIVE", "COMMISSIONER_LIAISON", "ADMIN"]);

/**
 * Records a meeting.
 *
 * @throws {Problem} FORBIDDEN to roles that do not govern; BAD_INPUT when it is in the future, when fewer than two
 *   agencies were at it or the asking one was not, or when nobody attended or no minutes are named.
 */
export const hold = (id: string, minutes: Minutes, act: Act): GovernanceMeeting => {
  if (!RECORDING.has(act.by.role))
    throw new Problem(
      "FORBIDDEN",
      "a meeting is recorded by an executive, a liaison or an administrator",
    );
  const agencies = [...new Set(minutes.agencyIds)];
  need(agencies.length >= 2, "agencyIds", "must name two agencies or more");
  need(agencies.includes(act.by.agency), "agencyIds", "must name your own agency too");
  need(minutes.heldAt <= act.at, "heldAt", "is in the future");
  need(
    minutes.attendees.some((name) => name.trim() !== ""),
    "attendees",
    "must name who attended",
  );
  need(
    minutes.minutesReference.trim() !== "",
    "minutesReference",
    "must say where the minutes are kept",
  );
  return {
    id,
    version: 1,
    interface: { id: minutes.interfaceId },
    month: monthOf(minutes.month, "month"),
    heldAt: minutes.heldAt,
    agencies: agencies.map((agency) => ({ id: agency })),
    attendees: minutes.attendees,
    minutesReference: minutes.minutesReference,
  };
};
