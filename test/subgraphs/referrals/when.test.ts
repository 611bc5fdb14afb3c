import { describe, expect, it } from "vitest";
import { exactly, spanOf } from "../../../subgraphs/referrals/fhir/when.ts";

describe("a FHIR date", () => {
  it("with a time and a zone is an instant", () => {
    expect(exactly("2021-02-25T10:30:00-05:00", "x")?.toISOString()).toBe(
      "2021-02-25T15:30:00.000Z",
    );
  });

  it.each(["2021-02-25", "2021-02", "2021"])(
    "%s is a span, and is not guessed into an instant",
    (value) => {
      expect(exactly(value, "x")).toBeNull();
    },
  );

  it("lasts until it is over everywhere, and has begun once it has begun anywhere", () => {
    const { from, until } = spanOf("2024-02-29", "x");
    expect([new Date(from).toISOString(), new Date(until).toISOString()]).toEqual([
      "2024-02-28T10:00:00.000Z",
      "2024-03-01T12:00:00.000Z",
    ]);
  });

  it("of a leap second is the second before it", () => {
    expect(exactly("2016-12-31T23:59:60Z", "x")?.toISOString()).toBe("2016-12-31T23:59:59.000Z");
  });

  it.each([
    "2021-02-30",
    "2021-13-01",
    "2023-02-29",
    "2021-02-25T10:30:00",
    "2021-02-25T25:00:00Z",
    "yesterday",
    "",
  ])("%s is none, and is refused by its element", (value) => {
    expect(() => spanOf(value, "Encounter.period.start")).toThrow(
      expect.objectContaining({
        code: "INVALID_RESOURCE",
        details: { element: "Encounter.period.start" },
      }),
    );
  });
});
