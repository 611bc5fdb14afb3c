/** What the law answers, in the cases that people argue about. */
import { describe, expect, it } from "vitest";
import { allOf, decide, decideAll, DENIED, prepare, reachable } from "#sharing/decide.ts";
import { lawOf } from "#sharing/law.ts";
import type { Question } from "#sharing/question.ts";
import { isCoveredByHipaa } from "#sharing/requester.ts";
import type { Fact, Rule } from "#sharing/rule.ts";
import { AGENCY_KINDS, CATEGORIES, TIES } from "#sharing/vocabulary.ts";
import type { Category } from "#sharing/vocabulary.ts";
import { examples, known } from "./examples.ts";
import { questionsFrom } from "./random.ts";
import { asks, expected } from "./table.ts";

/** Northside's discharge coordinator asks to treat, under an agreement that covers it, about someone they treat. */
const treating = (category: Category, ...facts: Fact[]): Question => ({
  ...asks("HOSPITAL", "CLINICIAN", "COC", "HIPAA_506", category, known(["TREATING", ...facts])),
  agreement: { active: true, purposes: ["TREAT", "COC"], categories: CATEGORIES },
});
const emergency = (category: Category, ...facts: Fact[]): Question =>
  asks(
    "EMS",
    "FIRST_RESPONDER",
    "BTG",
    "HIPAA_506",
    category,
    known(["medicalEmergency", ...facts]),
  );
const housing = (category: Category, ...facts: Fact[]): Question => ({
  ...asks("HOUSING", "CASE_WORKER", "COC", "HIPAA_508", category),
  ...known(["REFERRAL", "HIPAAAuthCD", ...facts]),
  agreement: { active: true, purposes: ["COC"], categories: CATEGORIES },
});
const liaison = (category: Category, ...facts: Fact[]): Question =>
  asks("COMMISSIONER", "COMMISSIONER_LIAISON", "HOPERAT", null, category, known(facts));

const answerTo = (question: Question): string => decide(question).decision;

describe("the examples", () => {
  it("at the edges of every way in are answered as the table says, by the rules that it says", () => {
    const wrong = [...examples()].filter((question) => {
      const { decision, rules } = decide(question);
      const must = expected(question);
      return decision !== must.decision || rules.join() !== must.rules.join();
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  });
});

describe("substance use treatment", () => {
  it("is withheld from those who treat without the person's consent, and the route is shown", () => {
    expect(decide(treating("SUD_TREATMENT"))).toEqual({
      decision: "DENY",
      rules: ["F1-part2-wall"],
      obligations: [],
      routes: ["42CFRPart2CD"],
    });
  });

  it("is given with consent, and the notice of 42 CFR 2.32 goes with it", () => {
    expect(decide(treating("SUD_TREATMENT", "42CFRPart2CD"))).toEqual({
      decision: "ALLOW",
      rules: ["P2-treatment"],
      obligations: ["RedisclosureProhibitionMark", "PERSISTLABEL"],
      routes: [],
    });
  });

  it("is given in a medical emergency, with the notice and the duties of break-glass", () => {
    const { decision, obligations } = decide(emergency("SUD_TREATMENT"));
    expect(decision).toBe("ALLOW");
    expect(obligations).toEqual([
      "RECORD_2_51c",
      "REVIEW",
      "RedisclosureProhibitionMark",
      "PERSISTLABEL",
    ]);
  });

  it("bears no notice when an agency reads its own", () => {
    const own = {
      ...treating("SUD_TREATMENT"),
      info: { category: "SUD_TREATMENT", source: "asking" },
    };
    expect(decide(own as Question).obligations).toEqual([]);
  });

  it("is withheld in a serious threat", () => {
    const threat = asks("LAW", "FIRST_RESPONDER", "THREAT", "HIPAA_512J", "SUD_TREATMENT");
    const all = known(["safetyThreat", "42CFRPart2CD", "PART2_LEGAL_CD"]);
    expect(answerTo({ ...threat, ...all })).toBe("DENY");
  });
});

describe("notes", () => {
  it("of psychotherapy are withheld by break-glass, authorized or not", () => {
    expect(answerTo(emergency("PSYCHOTHERAPY_NOTES"))).toBe("DENY");
    expect(answerTo(emergency("PSYCHOTHERAPY_NOTES", "PSYNOTES_AUTH"))).toBe("DENY");
  });

  it("show the way to the authorization for just these notes", () => {
    const asked = (category: Category): Question => ({
      ...treating(category),
      purpose: "TREAT",
      basis: "HIPAA_508",
    });
    expect(decide(asked("PSYCHOTHERAPY_NOTES")).routes).toEqual(["PSYNOTES_AUTH"]);
    expect(decide(asked("SUD_COUNSELING_NOTES")).routes).toEqual(["SUDNOTES_CD", "42CFRPart2CD"]);
  });
});

describe("an agreement", () => {
  it("that lists labs gives them to no housing agency", () => {
    expect(answerTo(housing("HOUSING_STATUS"))).toBe("ALLOW");
    expect(answerTo(housing("LABS"))).toBe("DENY");
  });

  it("that is suspended withholds what is asked for care, and not what an emergency needs", () => {
    const suspended = { active: false, purposes: ["COC", "BTG"], categories: CATEGORIES } as const;
    const { rules, routes } = decide({ ...treating("LABS"), agreement: suspended });
    expect([rules, routes]).toEqual([["F7-agreement-suspended"], ["AGREEMENT"]]);
    expect(answerTo({ ...emergency("LABS"), agreement: suspended })).toBe("ALLOW");
  });

  it("is a route where there is none, and is not where there is one", () => {
    const { agreement, ...it } = treating("LABS");
    const unknown = known([]);
    expect(decide({ ...it, ...unknown, agreement: null }).routes).toEqual([
      "AGREEMENT",
      "TREATING",
    ]);
    expect(decide({ ...it, ...unknown, agreement }).routes).toEqual(["TREATING"]);
    expect(decide({ ...it, agreement: null }).routes).toEqual(["AGREEMENT"]);
  });
});

describe("a route", () => {
  it("is left out when what it asks for is there", () => {
    const threat = asks("CRISIS", "CLINICIAN", "THREAT", "HIPAA_512J", "DEMOGRAPHICS");
    expect(decide(threat).routes).toEqual(["SAFETY_THREAT"]);
    const investigator = asks("APS", "APS_INVESTIGATOR", "PROTSVC", "HIPAA_512C", "DV_LOCATION");
    expect(decide(investigator).routes).toEqual(["APS_CASE", "VAWA_RELEASE"]);
    expect(decide({ ...investigator, ...known(["REFERRAL"]) }).routes).toEqual(["VAWA_RELEASE"]);
    const responder = emergency("DV_LOCATION");
    expect(decide(responder).routes).toEqual(["VAWA_RELEASE"]);
    expect(decide({ ...responder, ...known([]) }).routes).toEqual(["EMERGENCY", "VAWA_RELEASE"]);
  });
});

describe("a commissioner liaison", () => {
  it("sees nothing before a breach", () => {
    for (const category of CATEGORIES) expect(answerTo(liaison(category))).toBe("DENY");
    expect(decide(liaison("CARE_TEAM")).routes).toEqual(["OVERSIGHT"]);
  });

  it("sees the minimum after it, and nothing else", () => {
    const seen = CATEGORIES.filter((it) => answerTo(liaison(it, "OVERSIGHT")) === "ALLOW");
    expect(seen).toEqual(["CARE_TEAM", "REFERRAL_ADMIN"]);
    expect(decide(liaison("CARE_TEAM", "OVERSIGHT"))).toMatchObject({
      rules: ["P10-oversight-after-breach"],
      obligations: ["MINEC", "AOD"],
    });
  });

  it("at a health plan does not come in by the plan's own rules", () => {
    const plan = { ...liaison("PROBLEMS"), ...known(TIES), basis: "HIPAA_506" } as const;
    const caller = {
      agency: "asking",
      kind: "MCO",
      role: "COMMISSIONER_LIAISON",
      hipaa: true,
    } as const;
    const agreement = { active: true, purposes: ["HOPERAT"], categories: CATEGORIES } as const;
    const question: Question = { ...plan, caller, agreement };
    expect(answerTo(question)).toBe("DENY");
    expect(answerTo({ ...question, caller: { ...caller, role: "CARE_COORDINATOR" } })).toBe(
      "ALLOW",
    );
  });

  it("sees nothing in the records of their own agency either, but the minimum after a breach", () => {
    const own = (question: Question): Question => ({
      ...question,
      info: { ...question.info, source: "asking" },
    });
    expect(answerTo(own(liaison("CARE_TEAM")))).toBe("DENY");
    expect(answerTo(own(liaison("LABS", "OVERSIGHT")))).toBe("DENY");
    expect(answerTo(own(liaison("CARE_TEAM", "OVERSIGHT")))).toBe("ALLOW");
  });
});

describe("a record that raises more than its field holds", () => {
  const referralToSudProgram = (...facts: Fact[]) =>
    (["REFERRAL_ADMIN", "SUD_TREATMENT"] as const).map((category) => treating(category, ...facts));

  it("is given when each of them is, with the duties of all", () => {
    expect(decideAll(referralToSudProgram("42CFRPart2CD"))).toEqual({
      decision: "ALLOW",
      rules: ["P2-treatment"],
      obligations: ["RedisclosureProhibitionMark", "PERSISTLABEL"],
      routes: [],
    });
  });

  it("is withheld when one of them is, and only that one's rules and routes are told", () => {
    expect(decideAll(referralToSudProgram())).toEqual({
      decision: "DENY",
      rules: ["F1-part2-wall"],
      obligations: [],
      routes: ["42CFRPart2CD"],
    });
  });

  it("is never opened by what it raises, whatever that is", () => {
    const questions = questionsFrom(7);
    const opened: Question[] = [];
    for (let asked = 0; asked < 2_000; asked += 1) {
      const question = questions.next().value as Question;
      if (answerTo(question) === "ALLOW") continue;
      for (const category of CATEGORIES) {
        const more = { ...question, info: { ...question.info, category } };
        if (decideAll([question, more]).decision === "ALLOW") opened.push(more);
      }
    }
    expect(opened).toEqual([]);
  });

  it("is withheld when nobody asked anything", () => {
    expect(decideAll([])).toEqual(DENIED);
    expect(allOf([])).toEqual(DENIED);
  });
});

describe("an agency under HIPAA", () => {
  it("is a provider, a plan or one that is bound like them, by its kind", () => {
    expect(AGENCY_KINDS.filter(isCoveredByHipaa)).toEqual([
      "HOSPITAL",
      "CLINIC",
      "BH",
      "SUD_PROGRAM",
      "MCO",
      "EMS",
      "CRISIS",
    ]);
    expect(isCoveredByHipaa(null)).toBe(false);
  });
});

describe("what is not understood", () => {
  const question = treating("LABS");
  const own: Question = { ...question, info: { category: "LABS", source: "asking" } };
  const { caller } = question;

  it.each([
    ["a kind", { caller: { ...caller, kind: "SHELTER" } }],
    ["no kind", { caller: { ...caller, kind: null } }],
    ["a role", { caller: { ...caller, role: "NURSE" } }],
    ["a purpose", { purpose: "MARKETING" }],
    ["a basis", { basis: "HIPAA_999" }],
    ["a category", { info: { category: "GENOME", source: "asking" } }],
    ["a name that every object has", { info: { category: "toString", source: "asking" } }],
    ["an agreement's purpose", { agreement: { active: true, purposes: ["X"], categories: [] } }],
    ["an agreement's category", { agreement: { active: true, purposes: [], categories: ["X"] } }],
    ["half an agreement", { agreement: { active: true } }],
    [
      "an agency without a name",
      { caller: { ...caller, agency: "" }, info: { category: "LABS", source: "" } },
    ],
    ["no agency", { caller: { ...caller, agency: undefined }, info: { category: "LABS" } }],
    ["a claim in words", { caller: { ...caller, hipaa: "yes" } }],
    ["no caller", { caller: undefined }],
  ])("as %s, is denied without asking the rules, an agency's own records too", (_, change) => {
    const strange = { ...own, ...change } as unknown as Question;
    expect(decide(strange)).toBe(DENIED);
    expect(prepare(strange)).toEqual({ kind: "DENY", decision: DENIED });
    const { caller: who, purpose, basis, info } = strange;
    if (!("agreement" in change)) expect(reachable(who, purpose, basis, info.category)).toBe(false);
  });

  it.each([
    ["a tie", { ties: ["TREATING", "FRIEND"] }],
    ["a directive", { directives: ["ANYTHING"] }],
    ["no ties", { ties: undefined }],
    ["no directives", { directives: null }],
  ])("as %s, is denied in one phase and in two", (_, change) => {
    expect(answerTo(question)).toBe("ALLOW");
    const strange = { ...question, ...change } as unknown as Question;
    expect(decide(strange)).toBe(DENIED);
    const prepared = prepare(question);
    expect(prepared.kind === "DEPENDS" && prepared.decide(strange)).toBe(DENIED);
  });

  it("as a restriction that nobody denies, is one; as an attestation that nobody states, is none", () => {
    expect(answerTo({ ...question, restricted: undefined } as unknown as Question)).toBe("DENY");
    const responder = { ...emergency("LABS"), medicalEmergency: "true" } as unknown as Question;
    expect(answerTo(responder)).toBe("DENY");
  });
});

describe("a rule that throws", () => {
  const rule: Rule = {
    id: "P0-broken",
    effect: "permit",
    law: "none",
    says: "It breaks.",
    reason: null,
    obligations: [],
    routes: [],
    when: [],
    unless: [],
  };
  const breaking = (reads: "PURPOSE" | "TREATING"): Rule => ({
    ...rule,
    when: [
      {
        reads: [reads],
        holds: () => {
          throw new Error("broken");
        },
      },
    ],
  });

  it("gives nothing, though another would permit it", () => {
    const question = treating("LABS");
    expect(lawOf([rule]).decide(question).decision).toBe("ALLOW");
    for (const reads of ["PURPOSE", "TREATING"] as const) {
      const law = lawOf([rule, breaking(reads)]);
      expect(law.decide(question)).toBe(DENIED);
      const prepared = law.prepare(question);
      expect(prepared.kind === "DEPENDS" ? prepared.decide(question) : prepared.decision).toBe(
        DENIED,
      );
    }
  });
});

describe("what is decided before anything is known of a person", () => {
  it("is all of it where no facts could change it", () => {
    const question = treating("LABS");
    const own = { ...question, info: { category: "LABS", source: "asking" } } as Question;
    expect(prepare(own)).toMatchObject({ kind: "ALLOW", decision: { rules: ["P1-own-records"] } });
    expect(prepare({ ...question, agreement: null })).toMatchObject({
      kind: "DENY",
      decision: { routes: ["AGREEMENT", "TREATING"] },
    });
    expect(prepare(housing("LABS")).kind).toBe("DENY");
    expect(prepare(question).kind).toBe("DEPENDS");
  });

  it("cannot be changed by whoever reads it, for others are told the same", () => {
    const prepared = prepare({ ...treating("LABS"), agreement: null });
    const routes = prepared.kind === "DENY" ? (prepared.decision.routes as string[]) : [];
    expect(() => routes.push("NONE")).toThrow(TypeError);
  });

  it("says what is out of reach under the best agreement and with everything that can be had", () => {
    const { caller } = treating("LABS");
    expect(reachable(caller, "COC", "HIPAA_506", "LABS")).toBe(true);
    expect(reachable(caller, "COC", "HIPAA_506", "REPORTER_IDENTITY")).toBe(false);
    expect(reachable(caller, "BTG", "HIPAA_506", "PSYCHOTHERAPY_NOTES")).toBe(false);
    expect(reachable(housing("LABS").caller, "COC", "HIPAA_508", "LABS")).toBe(false);
  });
});
