/** What HL7 v2's times and a partner's dialect can mean, and no more. */
import { describe, expect, it } from "vitest";
import { dialectOf } from "../../../subgraphs/referrals/hl7v2/dialect.ts";
import { read, split } from "../../../subgraphs/referrals/hl7v2/message.ts";
import { timeOf } from "../../../subgraphs/referrals/hl7v2/time.ts";

const COUNTY = "America/Chicago";
const exact = (value: string, zone = COUNTY) =>
  timeOf(value, zone, "PV1-44").exact?.toISOString() ?? null;

describe("a time", () => {
  it.each([
    ["with an offset of its own, however odd", "198908181126+0215", "1989-08-18T09:11:00.000Z"],
    ["with parts of a second", "20210817151943.4+0200", "2021-08-17T13:19:43.000Z"],
    ["without an offset is the partner's own", "20250301090000", "2025-03-01T15:00:00.000Z"],
    ["in the partner's summer", "20250701090000", "2025-07-01T14:00:00.000Z"],
    ["in the hour that the clocks leave out", "20250309023000", "2025-03-09T08:30:00.000Z"],
    ["of a leap day", "202402291200-0600", "2024-02-29T18:00:00.000Z"],
    ["that is a day is no instant", "20250301", null],
    ["that is an hour is no instant", "2025030109", null],
  ])("%s", (_, value, instant) => {
    expect(exact(value)).toBe(instant);
  });

  it("without an offset is of the one that the message states", () => {
    expect(exact("20250301090000", "+02:00")).toBe("2025-03-01T07:00:00.000Z");
  });

  it.each([
    "20250230",
    "20251301",
    "2025030125",
    "202503010960",
    "20250301090000+1500",
    "yesterday",
    "2025-03-01",
  ])("that is none is refused: %s", (value) => {
    expect(() => exact(value)).toThrow("is no time of the calendar");
  });
});

describe("a dialect", () => {
  const good = { timeZone: COUNTY };

  it("adds to what the standard's tables say, and goes before them", () => {
    const dialect = dialectOf({ ...good, classes: { P: "IMP", Q: "ACUTE" } }, "x.json");
    expect(dialect.classes).toMatchObject({ I: "IMP", P: "IMP", Q: "ACUTE" });
    expect(dialectOf(good, "x.json").classes.P).toBe("PRENC");
  });

  it.each<[string, unknown, string]>([
    ["no object", [], "a dialect is an object"],
    ["no time zone", {}, "`timeZone`"],
    ["a time zone that there is not", { timeZone: "Alder" }, "`timeZone`"],
    ["a table that is none", { ...good, klasses: {} }, "`klasses` is no part"],
    ["a table named as a property is", { ...good, constructor: {} }, "`constructor` is no part"],
    ["codes that are a list", { ...good, classes: ["I"] }, "`classes` is an object"],
    [
      "an event that nobody understands",
      { ...good, events: { "ADT^A04": "ADT^A99" } },
      "`events.ADT^A04`",
    ],
    ["an agency that is no id", { ...good, agencies: { AGH: "Alder General" } }, "`agencies.AGH`"],
    [
      "a state that is none",
      { ...good, referralStatuses: { P: "PENDING" } },
      "`referralStatuses.P`",
    ],
    ["a namespace that is no URI", { ...good, identifiers: { AGH: "mrn" } }, "`identifiers.AGH`"],
  ])("with %s is not read", (_, value, why) => {
    expect(() => dialectOf(value, "x.json")).toThrow(`x.json: ${why}`);
  });
});

describe("a message", () => {
  const HEADER = "MSH|^~\\&|EHR|AGH|HUB|COUNTY|20250303||ADT^A01|1|P|2.5.1";
  const field = (value: string) =>
    read(Buffer.from(`${HEADER}\rNTE|1|${value}`))
      .first("NTE")
      ?.text(2);

  it.each([
    ["a delimiter", "a\\T\\b \\F\\ \\S\\ \\R\\ \\E\\", "a&b | ^ ~ \\"],
    ["a byte", "\\X41\\", "A"],
    ["a format", "one\\.br\\two\\H\\three\\N\\", "onetwothree"],
    ["nothing, for it is not closed", "a\\Tb", "a\\Tb"],
    ["nothing, on purpose", '""', ""],
  ])("says %s by an escape sequence", (_, sent, means) => {
    expect(field(sent)).toBe(means);
  });

  it.each(["MSH", "MSH|", "MSH|^~\\", "MSH|^^^^|", "MSHabcde|", " MSH|^~\\&|"])(
    "does not begin with %j",
    (begin) => {
      expect(() => read(Buffer.from(begin))).toThrow("five delimiters");
    },
  );

  it("that is in no character set that it names is refused", () => {
    expect(() => read(Buffer.from(`${HEADER}\rNTE|1|\u00c5`, "latin1"))).toThrow("character set");
  });

  it("is told from the next of a file by its header, whatever ends the lines", () => {
    for (const end of ["\r", "\n", "\r\n"])
      expect(split(Buffer.from([HEADER, "PID|1", HEADER, "PID|2", ""].join(end)))).toHaveLength(2);
    expect(split(Buffer.from(`${HEADER}\rPID|1\n${HEADER}\rPID|2`))).toHaveLength(2);
    expect(split(Buffer.from("PID|1\rMSH|^~\\&|"))).toHaveLength(2);
    expect(split(Buffer.from(""))).toEqual([]);
  });
});
