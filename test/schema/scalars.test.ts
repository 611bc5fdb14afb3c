/** Instants: RFC 3339 in, UTC out, and nothing guessed. */
import fc from "fast-check";
import { GraphQLError, Kind } from "graphql";
import { describe, expect, it } from "vitest";
import { DateTime, scalars } from "#schema/scalars.ts";

const read = (text: unknown) => DateTime.parseValue(text).toISOString();

describe("a DateTime", () => {
  it.each([
    ["2025-03-03T09:00:00Z", "2025-03-03T09:00:00.000Z"],
    ["2025-03-03T09:00:00-06:00", "2025-03-03T15:00:00.000Z"],
    ["2025-03-03T23:30:00+05:45", "2025-03-03T17:45:00.000Z"],
    ["2025-03-03T09:00:00.5Z", "2025-03-03T09:00:00.500Z"],
    // Finer than a millisecond is not kept.
    ["2025-03-03T09:00:00.123456789Z", "2025-03-03T09:00:00.123Z"],
    ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
    ["2025-12-31T23:59:59-12:00", "2026-01-01T11:59:59.000Z"],
    // RFC 3339, section 5.6: T and Z may be in lower case.
    ["2025-03-03t09:00:00z", "2025-03-03T09:00:00.000Z"],
  ])("is read from %s", (text, instant) => {
    expect(read(text)).toBe(instant);
  });

  it.each([
    ["a date alone", "2025-03-03"],
    ["no offset", "2025-03-03T09:00:00"],
    ["no seconds", "2025-03-03T09:00Z"],
    ["a space for the T", "2025-03-03 09:00:00Z"],
    ["an offset without a colon", "2025-03-03T09:00:00-0600"],
    ["an offset of no clock", "2025-03-03T09:00:00+25:00"],
    ["a thirteenth month", "2025-13-03T09:00:00Z"],
    ["a day that no month has", "2025-03-32T09:00:00Z"],
    ["a day that this month has not", "2025-02-30T09:00:00Z"],
    ["the 29th of February in a common year", "2025-02-29T09:00:00Z"],
    ["the 31st of April", "2025-04-31T09:00:00Z"],
    ["a day zero", "2025-03-00T09:00:00Z"],
    ["an hour that no clock shows", "2025-03-03T25:00:00Z"],
    ["a 24th hour", "2025-03-03T24:00:00Z"],
    ["a minute that no clock shows", "2025-03-03T09:60:00Z"],
    ["a comma for the point", "2025-03-03T09:00:00,5Z"],
    ["words", "yesterday"],
    ["nothing", ""],
    ["something after it", "2025-03-03T09:00:00Z "],
    ["a line after it", "2025-03-03T09:00:00Z\n"],
    ["digits of another script", "２０２５-03-03T09:00:00Z"],
    ["five digits of a year", "12025-03-03T09:00:00Z"],
    ["seconds since 1970", 1_741_000_000],
    ["no text", null],
    ["a list", ["2025-03-03T09:00:00Z"]],
    ["a Date", new Date("2025-03-03T09:00:00Z")],
  ])("is not read from %s", (_, value) => {
    expect(() => DateTime.parseValue(value)).toThrow(GraphQLError);
    expect(() => DateTime.parseValue(value)).toThrow("RFC 3339");
  });

  it("is read from a document as from a variable, and from text alone", () => {
    const literal = (node: object) => DateTime.parseLiteral(node as never);
    expect(literal({ kind: Kind.STRING, value: "2025-03-03T09:00:00Z" })).toEqual(
      new Date("2025-03-03T09:00:00Z"),
    );
    for (const kind of [Kind.INT, Kind.ENUM, Kind.NULL, Kind.BOOLEAN])
      expect(() => literal({ kind, value: "2025-03-03T09:00:00Z" })).toThrow("RFC 3339");
  });

  it("is given back in UTC, to the millisecond, whatever the offset in which it came", () => {
    const instants = fc.date({
      min: new Date("1900-01-01T00:00:00Z"),
      max: new Date("2100-01-01T00:00:00Z"),
      noInvalidDate: true,
    });
    const offsets = fc.integer({ min: -14 * 60, max: 14 * 60 });
    fc.assert(
      fc.property(instants, offsets, (instant, minutes) => {
        const local = new Date(instant.getTime() + minutes * 60_000).toISOString().slice(0, -1);
        const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
        const offset = `${minutes < 0 ? "-" : "+"}${`${hours}`.padStart(2, "0")}:${`${rest}`.padStart(2, "0")}`;
        expect(DateTime.serialize(DateTime.parseValue(local + offset))).toBe(instant.toISOString());
      }),
    );
  });

  it("is the only scalar of our own", () => {
    expect(Object.keys(scalars)).toEqual(["DateTime"]);
    expect(DateTime.specifiedByURL).toBe("https://www.rfc-editor.org/rfc/rfc3339");
  });
});
