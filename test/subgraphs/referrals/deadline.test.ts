/** Time that an interface allows, by its own calendar: Monday to Friday in Chicago, where the clocks went forward on 9 March 2025. */
import { describe, expect, it } from "vitest";
import { deadline, pausedFor } from "../../../subgraphs/referrals/deadline.ts";
import type { TimeAllowed } from "../../../subgraphs/referrals/operating-rules.ts";
import { operatingRules } from "../../county/operating-rules.ts";

const hours = (amount: number): TimeAllowed => ({ basis: "ELAPSED", amount });
const days = (amount: number): TimeAllowed => ({ basis: "BUSINESS", amount });
const sameDay: TimeAllowed = { basis: "SAME_DAY" };

describe("a deadline", () => {
  it.each([
    [
      "a day over the change of clocks",
      "2025-03-08T10:00-06:00",
      hours(24),
      "2025-03-09T11:00-05:00",
    ],
    ["over a weekend", "2025-03-14T16:00-05:00", hours(24), "2025-03-15T16:00-05:00"],
    ["over the night in November", "2025-11-01T12:00-05:00", hours(24), "2025-11-02T11:00-06:00"],
  ])("in hours is elapsed: %s", (_, from, within, due) => {
    expect(deadline(new Date(from), within, operatingRules)).toEqual(new Date(due));
  });

  it.each([
    ["on the next day", "2025-03-04T10:00-06:00", 1, "2025-03-05T10:00-06:00"],
    [
      "over the weekend of the change of clocks",
      "2025-03-07T10:00-06:00",
      1,
      "2025-03-10T10:00-05:00",
    ],
    ["over a holiday", "2025-05-23T16:55-05:00", 1, "2025-05-27T16:55-05:00"],
    ["for a week", "2025-03-03T09:00-06:00", 5, "2025-03-10T09:00-05:00"],
    ["from a Saturday, as Monday begins", "2025-03-15T10:00-05:00", 1, "2025-03-18T00:00-05:00"],
    ["late in the evening of a worked day", "2025-03-04T23:30-06:00", 1, "2025-03-05T23:30-06:00"],
  ])("in business days is the same time on a worked day: %s", (_, from, amount, due) => {
    expect(deadline(new Date(from), days(amount), operatingRules)).toEqual(new Date(due));
  });

  it.each([
    ["before the cut-off", "2025-03-04T14:59-06:00", "2025-03-05T00:00-06:00"],
    ["at the cut-off", "2025-03-04T15:00-06:00", "2025-03-05T00:00-06:00"],
    ["after it", "2025-03-04T15:01-06:00", "2025-03-06T00:00-06:00"],
    ["after it on a Friday", "2025-03-07T15:01-06:00", "2025-03-11T00:00-05:00"],
    ["on a Sunday", "2025-03-09T12:00-05:00", "2025-03-11T00:00-05:00"],
  ])("of the same day ends with it, or with the next worked one: %s", (_, from, due) => {
    expect(deadline(new Date(from), sameDay, operatingRules)).toEqual(new Date(due));
  });
});

describe("a clock that stood still", () => {
  const paused = (due: string, from: string, until: string, within: TimeAllowed) =>
    pausedFor(new Date(due), new Date(from), new Date(until), within, operatingRules);

  it.each<[string, TimeAllowed, string, string, string, string]>([
    [
      "hours, as many hours",
      hours(24),
      "2025-03-05T10:00-06:00",
      "2025-03-04T12:00-06:00",
      "2025-03-04T15:30-06:00",
      "2025-03-05T13:30-06:00",
    ],
    [
      "days, as many worked days and the time of day",
      days(1),
      "2025-03-05T10:00-06:00",
      "2025-03-04T12:00-06:00",
      "2025-03-05T14:00-06:00",
      "2025-03-06T12:00-06:00",
    ],
    [
      "days, and no weekend",
      days(1),
      "2025-03-10T10:00-05:00",
      "2025-03-07T12:00-06:00",
      "2025-03-10T12:00-05:00",
      "2025-03-11T10:00-05:00",
    ],
    [
      "days, past midnight into the next worked one",
      days(1),
      "2025-03-07T20:00-06:00",
      "2025-03-06T10:00-06:00",
      "2025-03-06T16:00-06:00",
      "2025-03-10T02:00-05:00",
    ],
    [
      "days, where less than one went by",
      days(1),
      "2025-03-05T10:00-06:00",
      "2025-03-04T16:00-06:00",
      "2025-03-05T09:00-06:00",
      "2025-03-06T03:00-06:00",
    ],
    [
      "nothing, nothing",
      days(1),
      "2025-03-05T10:00-06:00",
      "2025-03-04T16:00-06:00",
      "2025-03-04T16:00-06:00",
      "2025-03-05T10:00-06:00",
    ],
    [
      "a weekend, nothing",
      days(1),
      "2025-03-17T10:00-05:00",
      "2025-03-15T10:00-05:00",
      "2025-03-16T10:00-05:00",
      "2025-03-17T10:00-05:00",
    ],
  ])("is late by %s", (_, within, due, from, until, expected) => {
    expect(paused(due, from, until, within)).toEqual(new Date(expected));
  });
});
