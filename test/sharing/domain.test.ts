/** The promises of the law, at every point of its closed domain that it can tell apart. */
import { beforeAll, describe, expect, it } from "vitest";
import { decide } from "#sharing/decide.ts";
import type { Decision, PersonFacts, Question } from "#sharing/question.ts";
import { FACTS } from "#sharing/rule.ts";
import { RULES } from "#sharing/rules.ts";
import { BASES, CATEGORIES, PURPOSES, ROLES } from "#sharing/vocabulary.ts";
import { POLICIES } from "./cedar.ts";
import { AGREEMENTS, classesOf, factsThatMatter, standings, subsetsOf } from "./domain.ts";
import type { AgreementState } from "./domain.ts";
import { known } from "./examples.ts";
import { PROMISES } from "./promises.ts";
import { asks } from "./table.ts";

const NOTHING: Decision = { decision: "DENY", rules: [], obligations: [], routes: [] };

/** What must be true of two answers, one with less than the other. */
const COMPARED = [
  "taking a tie, a consent or an attestation away never opens anything",
  "a restriction never opens anything",
  "taking an agreement away, narrowing or suspending it, never opens anything",
  "what is known beside what the rules read changes nothing",
] as const;

const MOST_SHOWN = 3;
/** Questions that broke a promise, by its name; and how many points were visited. */
const broken = new Map<string, string[]>();
let visited = 0;
let standingsVisited = 0;
/** What a suspended agreement closes that none at all leaves open: the purposes. */
const openedByEnding = new Set<string>();

const breaks = (name: string, question: Question): void => {
  const known = broken.get(name) ?? [];
  if (known.length < MOST_SHOWN) known.push(JSON.stringify(question));
  broken.set(name, known);
};

const visit = (): void => {
  const promises = Object.entries(PROMISES);
  for (const standing of standings(classesOf(POLICIES))) {
    const mattering = new Set(
      AGREEMENTS.flatMap((state) => factsThatMatter(RULES, standing[state])),
    );
    const facts = FACTS.filter((fact) => mattering.has(fact));
    const { alone, amongAll } = subsetsOf(facts);
    const restriction = 1 << facts.indexOf("restricted");

    const judge = (state: AgreementState, person: PersonFacts): Decision => {
      const question: Question = { ...standing[state], ...person };
      const decision = decide(question);
      visited += 1;
      for (const [name, promised] of promises)
        if (!promised(question, decision)) breaks(name, question);
      return decision;
    };
    const allowed = {} as Record<AgreementState, boolean[]>;
    for (const state of AGREEMENTS) {
      standingsVisited += 1;
      const decisions = alone.map((person) => judge(state, person).decision === "ALLOW");
      allowed[state] = decisions;
      const at = (bits: number): Question => ({
        ...standing[state],
        ...(alone[bits] as PersonFacts),
      });
      for (const [bits, isAllowed] of decisions.entries()) {
        visited += 1;
        const amidst: Question = { ...standing[state], ...(amongAll[bits] as PersonFacts) };
        if ((decide(amidst).decision === "ALLOW") !== isAllowed) breaks(COMPARED[3], amidst);
        if (!isAllowed) continue;
        for (const [index, fact] of facts.entries()) {
          const bit = 1 << index;
          if (fact !== "restricted" && !(bits & bit) && !decisions[bits | bit])
            breaks(COMPARED[0], at(bits));
        }
        if (bits & restriction && !decisions[bits & ~restriction]) breaks(COMPARED[1], at(bits));
      }
    }
    const less: [AgreementState, AgreementState[]][] = [
      ["COVERS", ["NOT_THIS_CATEGORY", "NOT_THIS_PURPOSE", "SUSPENDED", "NONE"]],
      ["NOT_THIS_CATEGORY", ["SUSPENDED", "NONE"]],
      ["NOT_THIS_PURPOSE", ["SUSPENDED", "NONE"]],
    ];
    for (const [more, lesser] of less)
      for (const state of lesser)
        for (const [bits, isAllowed] of allowed[state].entries())
          if (isAllowed && !allowed[more][bits])
            breaks(COMPARED[2], { ...standing[state], ...(alone[bits] as PersonFacts) });
    for (const [bits, isAllowed] of allowed.NONE.entries())
      if (isAllowed && !allowed.SUSPENDED[bits]) openedByEnding.add(standing.NONE.purpose);
  }
};

describe("at every point that the law can tell apart", () => {
  beforeAll(visit, 300_000);

  it.each(Object.keys(PROMISES))("an answer %s", (name) => {
    expect(broken.get(name) ?? []).toEqual([]);
  });

  it.each(COMPARED)("%s", (name) => {
    expect(broken.get(name) ?? []).toEqual([]);
  });

  it("an end opens what a suspension closed for protective services and oversight alone, which need no agreement", () => {
    expect([...openedByEnding].toSorted()).toEqual(["HOPERAT", "PROTSVC"]);
  });

  it("there are as many points as are said", () => {
    console.log(`${visited} points of ${standingsVisited} standings`);
    expect(standingsVisited).toBeGreaterThan(500_000);
    expect(visited).toBeGreaterThan(3_000_000);
  });
});

describe("an agency of no known kind", () => {
  it.each(ROLES)(
    "is given nothing, its own included, when a %s asks, whatever is known",
    (role) => {
      const best = known(FACTS.filter((fact) => fact !== "restricted"));
      for (const purpose of PURPOSES)
        for (const basis of [null, ...BASES])
          for (const category of CATEGORIES)
            for (const source of ["keeping", "asking"]) {
              const it = asks("HOSPITAL", role, purpose, basis, category, best);
              const caller = { ...it.caller, kind: null };
              const agreement = { active: true, purposes: [purpose], categories: [category] };
              const question = { ...it, caller, agreement, info: { category, source } };
              expect(decide(question)).toEqual(NOTHING);
            }
    },
  );
});
