/** When the time that an interface allows is over: hours are elapsed, days are worked, in the interface's own zone and calendar. */
import { Temporal } from "temporal-polyfill";
import type { OperatingRules, TimeAllowed } from "./operating-rules.ts";

/** What of the rules of an interface says how days are counted. */
export type Calendar = Pick<
  OperatingRules,
  "timeZone" | "weeklyHours" | "holidays" | "sameDayCutOff"
>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** As Temporal numbers them, from 1. */
const WEEKDAYS = [
  "MONDAY",
  "TUESDAY",
  "WEDNESDAY",
  "THURSDAY",
  "FRIDAY",
  "SATURDAY",
  "SUNDAY",
] as const;
const MIDNIGHT = new Temporal.PlainTime();

/** An instant on the interface's clock on the wall. */
interface Local {
  date: Temporal.PlainDate;
  time: Temporal.PlainTime;
}

const isWorked = (date: Temporal.PlainDate, { weeklyHours, holidays }: Calendar): boolean =>
  weeklyHours.some(({ day }) => day === WEEKDAYS[date.dayOfWeek - 1]) &&
  !holidays.some((holiday) => holiday.date === date.toString());

// What is published names a weekday that is worked, and holidays come to an end.
const nextWorked = (date: Temporal.PlainDate, calendar: Calendar): Temporal.PlainDate => {
  let next = date.add({ days: 1 });
  while (!isWorked(next, calendar)) next = next.add({ days: 1 });
  return next;
};

const local = (at: Date, { timeZone }: Calendar): Local => {
  const zoned = Temporal.Instant.fromEpochMilliseconds(+at).toZonedDateTimeISO(timeZone);
  return { date: zoned.toPlainDate(), time: zoned.toPlainTime() };
};

const instantOf = ({ date, time }: Local, { timeZone }: Calendar): Date =>
  new Date(date.toZonedDateTime({ timeZone, plainTime: time }).epochMilliseconds);

/** The same while days that are not worked are left out: what comes on one of them comes as the next worked day begins. */
const worked = (at: Date, calendar: Calendar): Local => {
  const { date, time } = local(at, calendar);
  return isWorked(date, calendar)
    ? { date, time }
    : { date: nextWorked(date, calendar), time: MIDNIGHT };
};

const workedDaysLater = (
  date: Temporal.PlainDate,
  days: number,
  calendar: Calendar,
): Temporal.PlainDate => {
  let later = date;
  for (let day = 0; day < days; day++) later = nextWorked(later, calendar);
  return later;
};

/** The end of the day on which it came, or of the next worked one if it came after the cut-off. */
const sameDay = (from: Date, calendar: Calendar): Date => {
  const came = worked(from, calendar);
  const cutOff = Temporal.PlainTime.from(calendar.sameDayCutOff);
  const isLate = Temporal.PlainTime.compare(came.time, cutOff) > 0;
  const day = isLate ? nextWorked(came.date, calendar) : came.date;
  return instantOf({ date: day.add({ days: 1 }), time: MIDNIGHT }, calendar);
};

/**
 * The instant at which the time allowed is over.
 *
 * @returns Where the basis is BUSINESS, the same time of day on a later worked day: that is not 24 hours for each, in a week
 *   in which the clocks are changed or over a holiday.
 */
export const deadline = (from: Date, { basis, amount }: TimeAllowed, calendar: Calendar): Date => {
  if (basis === "SAME_DAY") return sameDay(from, calendar);
  if (basis === "ELAPSED") return new Date(+from + (amount ?? 0) * HOUR_MS);
  const { date, time } = worked(from, calendar);
  return instantOf({ date: workedDaysLater(date, amount ?? 0, calendar), time }, calendar);
};

const msOf = (time: Temporal.PlainTime): number =>
  time.since(MIDNIGHT).total({ unit: "milliseconds" });

/** A deadline after its clock stood still for a while: later by as much, counted as the clock counts. */
export const pausedFor = (
  due: Date,
  from: Date,
  until: Date,
  { basis }: TimeAllowed,
  calendar: Calendar,
): Date => {
  if (until <= from) return due;
  if (basis === "ELAPSED") return new Date(+due + (+until - +from));
  const began = worked(from, calendar);
  const ended = worked(until, calendar);
  let days = 0;
  for (
    let { date } = began;
    Temporal.PlainDate.compare(date, ended.date) < 0;
    date = nextWorked(date, calendar)
  )
    days++;
  const before = worked(due, calendar);
  const ms = msOf(before.time) + days * DAY_MS + msOf(ended.time) - msOf(began.time);
  return instantOf(
    {
      date: workedDaysLater(before.date, Math.floor(ms / DAY_MS), calendar),
      time: MIDNIGHT.add({ milliseconds: ms % DAY_MS }),
    },
    calendar,
  );
};
