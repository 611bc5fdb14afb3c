/** What a refusal says: the same for every person, and what would truly open it. */
import { describe, expect, it } from "vitest";
import { decide, reachable } from "#sharing/decide.ts";
import { explain } from "#sharing/explain.ts";
import type { Question } from "#sharing/question.ts";
import { refusal } from "#sharing/refusal.ts";
import { isCoveredByHipaa } from "#sharing/requester.ts";
import type { Fact, Route } from "#sharing/rule.ts";
import { RULES } from "#sharing/rules.ts";
import { AGENCY_KINDS, BASES, CATEGORIES, PURPOSES, ROLES } from "#sharing/vocabulary.ts";
import type { AgencyKind, Basis, Category, Purpose, Role } from "#sharing/vocabulary.ts";
import { known } from "./examples.ts";
import { asks } from "./table.ts";

type Asking = [AgencyKind, Role, Purpose, Basis | null, Category];

const refused = (
  [kind, role, purpose, basis, category]: Asking,
  hasAgreement: boolean | null = null,
) => {
  const caller = { agency: "asking", kind, role, hipaa: isCoveredByHipaa(kind) };
  return refusal(caller, purpose, basis, category, hasAgreement);
};

describe("a refusal", () => {
  it.each<[string, Asking, boolean | null, string[], string[]]>([
    [
      "no agreement",
      ["HOSPITAL", "CLINICIAN", "COC", "HIPAA_506", "MEDICATIONS"],
      false,
      ["no-agreement", "needs-treatment"],
      ["AGREEMENT", "TREATING"],
    ],
    [
      "an agreement that may not be there",
      ["HOSPITAL", "CLINICIAN", "COC", "HIPAA_506", "MEDICATIONS"],
      null,
      ["needs-agreement", "needs-treatment"],
      ["AGREEMENT", "TREATING"],
    ],
    [
      "the consent that Part 2 records need",
      ["HOSPITAL", "CLINICIAN", "COC", "HIPAA_506", "SUD_TREATMENT"],
      true,
      ["needs-treatment", "needs-consent"],
      ["TREATING", "42CFRPart2CD"],
    ],
    [
      "an attestation, which lifts the wall around Part 2 records too",
      ["EMS", "FIRST_RESPONDER", "ETREAT", "PART2_51", "SUD_TREATMENT"],
      null,
      ["needs-attestation"],
      ["EMERGENCY"],
    ],
    [
      "an attestation and a release, which no emergency makes up for",
      ["EMS", "FIRST_RESPONDER", "BTG", "HIPAA_506", "DV_LOCATION"],
      null,
      ["needs-attestation", "needs-consent"],
      ["EMERGENCY", "VAWA_RELEASE"],
    ],
    [
      "the authorization for just these notes",
      ["BH", "CLINICIAN", "TREAT", "HIPAA_508", "PSYCHOTHERAPY_NOTES"],
      true,
      ["needs-treatment", "needs-consent"],
      ["TREATING", "PSYNOTES_AUTH"],
    ],
    [
      "either tie",
      ["MCO", "CARE_COORDINATOR", "HOPERAT", "HIPAA_506", "COVERAGE"],
      true,
      ["needs-enrollment", "needs-treatment"],
      ["ENROLLED"],
    ],
    [
      "a referral and an authorization",
      ["HOUSING", "CASE_WORKER", "COC", "HIPAA_508", "HOUSING_STATUS"],
      true,
      ["needs-referral", "needs-consent"],
      ["HIPAAAuthCD", "REFERRAL"],
    ],
    [
      "a case",
      ["APS", "APS_INVESTIGATOR", "PROTSVC", "HIPAA_512C", "ABUSE_REPORT"],
      null,
      ["needs-referral"],
      ["APS_CASE"],
    ],
    [
      "a breach",
      ["COUNTY", "COMMISSIONER_LIAISON", "HOPERAT", null, "CARE_TEAM"],
      null,
      ["needs-oversight"],
      ["OVERSIGHT"],
    ],
    [
      "the wrong category",
      ["HOUSING", "CASE_WORKER", "COC", "HIPAA_508", "LABS"],
      true,
      ["not-for-this-category"],
      [],
    ],
    [
      "notes by break-glass",
      ["HOSPITAL", "CLINICIAN", "BTG", "HIPAA_506", "PSYCHOTHERAPY_NOTES"],
      null,
      ["not-for-this-category"],
      [],
    ],
    [
      "a basis that is missing",
      ["HOUSING", "CASE_WORKER", "COC", null, "DEMOGRAPHICS"],
      null,
      ["basis-not-stated"],
      [],
    ],
    [
      "a basis that is not for them",
      ["HOUSING", "CASE_WORKER", "COC", "HIPAA_506", "DEMOGRAPHICS"],
      null,
      ["basis-does-not-fit"],
      [],
    ],
    [
      "a kind of agency that does not treat",
      ["MCO", "CARE_COORDINATOR", "TREAT", "HIPAA_506", "CLAIMS"],
      null,
      ["not-for-this-kind-of-agency"],
      [],
    ],
    [
      "a role that does not treat",
      ["HOSPITAL", "BILLING", "COC", "HIPAA_506", "LABS"],
      null,
      ["role-not-permitted"],
      [],
    ],
    [
      "an administrator",
      ["MCO", "ADMIN", "HPAYMT", "HIPAA_506", "CLAIMS"],
      null,
      ["role-not-permitted"],
      [],
    ],
    [
      "one who governs",
      ["COUNTY", "EXECUTIVE", "HOPERAT", null, "CARE_TEAM"],
      null,
      ["role-not-permitted"],
      [],
    ],
    [
      "a proceeding",
      ["LAW", "FIRST_RESPONDER", "HLEGAL", "COURT_ORDER", "CRISIS_RISK"],
      null,
      ["purpose-not-permitted"],
      [],
    ],
    [
      "who reported abuse",
      ["APS", "APS_INVESTIGATOR", "PROTSVC", "HIPAA_512C", "REPORTER_IDENTITY"],
      null,
      ["never-disclosed"],
      ["COURT_ORDER"],
    ],
  ])("says %s", (_, asking, hasAgreement, because, routes) => {
    expect(refused(asking, hasAgreement)).toEqual({ because, routes });
  });

  it("tells an agency of no known kind just that", () => {
    const caller = { agency: "asking", kind: null, role: "CLINICIAN", hipaa: true } as const;
    expect(refusal(caller, "TREAT", "HIPAA_506", "LABS", true)).toEqual({
      because: ["kind-not-known"],
      routes: [],
    });
  });

  it("always says why, shows routes just where something can be opened, and they open it", () => {
    const SAME: Partial<Record<Route, Fact>> = {
      EMERGENCY: "medicalEmergency",
      SAFETY_THREAT: "safetyThreat",
      APS_CASE: "REFERRAL",
    };
    const wrong: object[] = [];
    for (const kind of AGENCY_KINDS)
      for (const role of ROLES)
        for (const purpose of PURPOSES)
          for (const basis of [null, ...BASES])
            for (const category of CATEGORIES) {
              const asking: Asking = [kind, role, purpose, basis, category];
              const { because, routes } = refused(asking);
              const it = asks(...asking);
              const isOpen = reachable(it.caller, purpose, basis, category);
              const facts = routes.map((route) => SAME[route] ?? (route as Fact));
              const agreement = { active: true, purposes: [purpose], categories: [category] };
              const best: Question = {
                ...it,
                ...known(facts),
                agreement: routes.includes("AGREEMENT") ? agreement : null,
              };
              if (
                because.length === 0 ||
                (isOpen
                  ? decide(best).decision !== "ALLOW"
                  : routes.some((route) => route !== "COURT_ORDER"))
              )
                wrong.push({ asking, because, routes, isOpen });
            }
    expect(wrong.slice(0, 3)).toEqual([]);
  }, 120_000);
});

describe("an explanation", () => {
  it("says of each rule what it says, and by which law", () => {
    expect(explain(["F1-part2-wall"])).toEqual([
      {
        id: "F1-part2-wall",
        effect: "forbid",
        law: "42 CFR 2.13, 2.31, 2.33, 2.51",
        says: "Records of substance use treatment need the person's own consent, outside a medical emergency.",
      },
    ]);
  });

  it("is there for every rule, in one sentence", () => {
    for (const { says, law } of explain(RULES.map(({ id }) => id))) {
      expect(says).toMatch(/^[A-Z][^.]+\.$/);
      expect(law).toBeTruthy();
    }
  });

  it("of a rule that is no more keeps its name, and says nothing of it", () => {
    expect(explain(["P99-long-ago"])).toEqual([
      { id: "P99-long-ago", effect: null, law: null, says: null },
    ]);
  });
});
