/** What the law could let an agency have at all, told from its kind alone. */
import { describe, expect, it } from "vitest";
import { decideAll } from "#sharing/decide.ts";
import { isEverGiven } from "#sharing/ever.ts";
import { isCoveredByHipaa } from "#sharing/requester.ts";
import { AGENCY_KINDS, BASES, DIRECTIVES, PURPOSES, ROLES, TIES } from "#sharing/vocabulary.ts";
import type { AgencyKind, Category } from "#sharing/vocabulary.ts";

const REFERRAL_TO: Record<string, readonly Category[]> = {
  "a program for substance use": ["REFERRAL_ADMIN", "SUD_TREATMENT"],
  "a program for victims": ["REFERRAL_ADMIN", "DV_LOCATION"],
};
const given = (categories: readonly Category[]): AgencyKind[] =>
  AGENCY_KINDS.filter((kind) => isEverGiven(kind, categories));

describe("another agency's referral to", () => {
  it("a program for substance use may reach any kind of agency, by the person's consent", () => {
    expect(given(["REFERRAL_ADMIN", "SUD_TREATMENT"])).toEqual(AGENCY_KINDS);
  });

  it("a program for victims may reach those who treat, and adult protective services", () => {
    expect(given(["REFERRAL_ADMIN", "DV_LOCATION"])).toEqual([
      "HOSPITAL",
      "CLINIC",
      "BH",
      "SUD_PROGRAM",
      "APS",
      "EMS",
      "CRISIS",
    ]);
  });

  it.each(Object.keys(REFERRAL_TO))(
    "%s reaches nobody else, whoever asks, with all the consents, ties and attestations that there are",
    (program) => {
      const categories = REFERRAL_TO[program] as readonly Category[];
      const reached = (kind: AgencyKind): boolean =>
        ROLES.some((role) =>
          PURPOSES.some((purpose) =>
            [null, ...BASES].some(
              (basis) =>
                decideAll(
                  categories.map((category) => ({
                    caller: { agency: "one", kind, role, hipaa: isCoveredByHipaa(kind) },
                    purpose,
                    basis,
                    info: { category, source: "another" },
                    agreement: {
                      active: true,
                      purposes: [purpose],
                      categories: [...categories],
                    },
                    ties: [...TIES],
                    directives: [...DIRECTIVES],
                    restricted: false,
                    medicalEmergency: true,
                    safetyThreat: true,
                  })),
                ).decision === "ALLOW",
            ),
          ),
        );
      const closed = AGENCY_KINDS.filter((kind) => !isEverGiven(kind, categories));
      expect(closed.filter(reached)).toEqual([]);
    },
  );
});

it("an agency of which nobody has said what it is, is never given anything", () => {
  expect(isEverGiven(null, ["REFERRAL_ADMIN"])).toBe(false);
  expect(isEverGiven("HOSPITAL", ["REFERRAL_ADMIN"])).toBe(true);
});

it("what leaves the agency that keeps it for nobody is given to no kind of agency", () => {
  expect(given(["REFERRAL_ADMIN", "SUD_COUNSELING_NOTES", "REPORTER_IDENTITY"])).toEqual([]);
});
