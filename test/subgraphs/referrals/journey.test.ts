import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { passages } from "../../../subgraphs/referrals/journey.ts";
import type { Encounter } from "../../../subgraphs/referrals/person.ts";
import { agencies, at } from "../../county/county.ts";

const { hospital, crisis } = agencies;
// The county has none of these; any ids serve.
const nursing = "a nursing facility";
const homeHealth = "a home health agency";

/** A stay at the hospital, from Monday at eight to Wednesday at ten, where a test does not say otherwise. */
const stay = (id: string, more: Partial<Encounter> = {}): Encounter => ({
  id,
  version: 1,
  person: "maria",
  agency: hospital.id,
  source: hospital.id,
  partOf: null,
  class: "IMP",
  status: "finished",
  disposition: null,
  startedAt: new Date(at("08:00")),
  endedAt: new Date(at("10:00", 2)),
  beganAt: more.startedAt ?? new Date(at("08:00")),
  raises: [],
  ...more,
});

/** The nursing stay that follows it. */
const next = (id: string, more: Partial<Encounter> = {}): Encounter =>
  stay(id, {
    agency: nursing,
    class: "SNF",
    startedAt: new Date(at("14:00", 2)),
    endedAt: new Date(at("09:00", 20)),
    ...more,
  });

/** From which stay to which. */
const shown = (...encounters: Encounter[]): string[] =>
  passages(encounters).map(({ from, to }) => `${from.id} to ${to.id}`);

describe("stays show a passage from one agency's care to another's", () => {
  it("when one has ended and the other begins", () => {
    expect(shown(stay("hospital"), next("nursing"))).toEqual(["hospital to nursing"]);
  });

  it("at every step of the way", () => {
    const home = next("home", {
      agency: homeHealth,
      class: "HH",
      startedAt: new Date(at("12:00", 20)),
      endedAt: null,
      status: "in-progress",
    });
    expect(shown(stay("hospital"), next("nursing"), home)).toEqual([
      "hospital to nursing",
      "nursing to home",
    ]);
  });

  it("also when the person has left the second one for a while", () => {
    const away = next("nursing", { status: "onleave", endedAt: null });
    expect(shown(stay("hospital"), away)).toEqual(["hospital to nursing"]);
  });

  it.each(["IMP", "ACUTE", "NONAC", "OBSENC", "SNF", "HH"])("of class %s", (kind) => {
    expect(shown(stay("hospital", { class: kind }), next("nursing", { class: kind }))).toEqual([
      "hospital to nursing",
    ]);
  });

  it.each([
    ["seven days later", at("10:00", 9), 1],
    ["a minute more than seven days later", at("10:01", 9), 0],
    ["a day before, as records of one transfer overlap", at("10:00", 1), 1],
    ["a minute more than a day before", at("09:59", 1), 0],
  ])("when care begins %s: %s gives %i", (_, startedAt, count) => {
    const later = next("nursing", { startedAt: new Date(startedAt) });
    expect(shown(stay("hospital"), later)).toHaveLength(count);
  });

  it("when an office visit lies between them, for a visit hands nobody on", () => {
    const visit = stay("visit", {
      class: "AMB",
      agency: crisis.id,
      startedAt: new Date(at("12:00", 2)),
      endedAt: new Date(at("12:30", 2)),
    });
    expect(shown(stay("hospital"), visit, next("nursing"))).toEqual(["hospital to nursing"]);
  });

  it("when the first holds assessments of its own, which are parts of it", () => {
    const assessment = stay("assessment", {
      partOf: "hospital",
      startedAt: new Date(at("09:00", 1)),
      endedAt: new Date(at("10:00", 1)),
    });
    expect(shown(stay("hospital"), assessment, next("nursing"))).toEqual(["hospital to nursing"]);
  });

  it("from the agency whose care ended last, also when a shorter stay elsewhere lay within it", () => {
    const inNursing = next("nursing");
    const hospitalAgain = stay("hospital", {
      startedAt: new Date(at("08:00", 17)),
      endedAt: new Date(at("08:00", 19)),
    });
    const home = next("home", {
      agency: homeHealth,
      class: "HH",
      startedAt: new Date(at("12:00", 20)),
      endedAt: null,
      status: "in-progress",
    });
    expect(shown(inNursing, hospitalAgain, home)).toEqual(["nursing to home"]);
  });
});

describe("stays show no passage", () => {
  it.each<[string, Encounter, Encounter]>([
    ["within one agency", stay("hospital"), next("nursing", { agency: hospital.id })],
    [
      "while the first goes on",
      stay("hospital", { status: "in-progress", endedAt: null }),
      next("nursing"),
    ],
    [
      "when nobody knows when the first ended",
      stay("hospital", { endedAt: null }),
      next("nursing"),
    ],
    [
      "when nobody knows exactly when the second began",
      stay("hospital"),
      next("nursing", { startedAt: null }),
    ],
    ["when nobody knows where the second was", stay("hospital"), next("nursing", { agency: null })],
    ["to a stay that is only planned", stay("hospital"), next("nursing", { status: "planned" })],
    ["to a stay that was cancelled", stay("hospital"), next("nursing", { status: "cancelled" })],
    [
      "from a stay that was entered in error",
      stay("hospital", { status: "entered-in-error" }),
      next("nursing"),
    ],
    ["to an office visit", stay("hospital"), next("visit", { class: "AMB" })],
    ["from an emergency visit", stay("hospital", { class: "EMER" }), next("nursing")],
  ])("%s", (_, first, second) => {
    expect(shown(first, second)).toEqual([]);
  });

  it("of somebody with one stay, or none", () => {
    expect(shown()).toEqual([]);
    expect(shown(stay("hospital"))).toEqual([]);
  });
});

describe("what a person's stays show", () => {
  const someStays = fc.array(
    fc.record({
      agency: fc.constantFrom(hospital.id, nursing, homeHealth),
      day: fc.integer({ min: 0, max: 12 }),
      days: fc.integer({ min: 1, max: 6 }),
      status: fc.constantFrom("finished", "in-progress"),
    }),
    { maxLength: 6 },
  );

  it("is the same in whatever order they arrived, also when two began at one instant", () => {
    fc.assert(
      fc.property(someStays, fc.infiniteStream(fc.nat()), (stays, ranks) => {
        const inOrder = stays.map(({ agency, day, days, status }, index) =>
          stay(`${index}`, {
            agency,
            status,
            startedAt: new Date(at("08:00", day)),
            endedAt: status === "finished" ? new Date(at("08:00", day + days)) : null,
          }),
        );
        const shuffled = inOrder
          .map((it) => ({ it, rank: ranks.next().value }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ it }) => it);
        expect(shown(...shuffled).sort()).toEqual(shown(...inOrder).sort());
      }),
    );
  });

  it("hands the person on to each stay at most once, and from another agency alone", () => {
    fc.assert(
      fc.property(someStays, (stays) => {
        const found = passages(
          stays.map(({ agency, day, days, status }, index) =>
            stay(`${index}`, {
              agency,
              status,
              startedAt: new Date(at("08:00", day)),
              endedAt: status === "finished" ? new Date(at("08:00", day + days)) : null,
            }),
          ),
        );
        expect(new Set(found.map(({ to }) => to.id)).size).toBe(found.length);
        for (const { from, to } of found) expect(from.agency).not.toBe(to.agency);
      }),
    );
  });
});
