/** The compiled rules say what Cedar says, and what is decided in two phases is what is decided in one. */
import { describe, expect, it } from "vitest";
import { decide, prepare, reachable } from "#sharing/decide.ts";
import type { Decision, Question } from "#sharing/question.ts";
import { RULES } from "#sharing/rules.ts";
import { askCedar, openCedar } from "./cedar.ts";
import { questionsFrom } from "./random.ts";

const SEED = 20_261_124;
const ASKED = 10_000;

const take = (count: number, seed: number): Question[] => {
  const questions = questionsFrom(seed);
  return Array.from({ length: count }, () => questions.next().value as Question);
};

const inTwoPhases = (question: Question): Decision => {
  const prepared = prepare(question);
  return prepared.kind === "DEPENDS" ? prepared.decide(question) : prepared.decision;
};

describe(`of questions at random from seed ${SEED}`, () => {
  it(`${ASKED} get from the compiled rules the decision, and the rules for it, that Cedar gives`, () => {
    openCedar("rules");
    const fired = new Map<string, number>();
    const differing: object[] = [];
    for (const question of take(ASKED, SEED)) {
      const { decision, rules } = decide(question);
      const cedar = askCedar("rules", question);
      if (decision !== cedar.decision || rules.join() !== cedar.rules.join())
        differing.push({ question, decision, rules, cedar });
      for (const rule of rules) fired.set(rule, (fired.get(rule) ?? 0) + 1);
    }
    expect(differing.slice(0, 3)).toEqual([]);
    // Every rule settled some of them, or nothing was shown of it.
    for (const { id } of RULES) expect(fired.get(id) ?? 0, id).toBeGreaterThan(20);
  }, 300_000);

  it("50,000 are decided alike in one phase and in two", () => {
    const asked = take(50_000, SEED + 1);
    const differing = asked.filter((question) => {
      const prepared = prepare(question);
      const whole = decide(question);
      return prepared.kind === "DEPENDS"
        ? JSON.stringify(prepared.decide(question)) !== JSON.stringify(whole)
        : prepared.kind !== whole.decision;
    });
    expect(differing.slice(0, 3)).toEqual([]);
    const depending = asked.filter((question) => prepare(question).kind === "DEPENDS");
    expect(depending.length).toBeGreaterThan(5_000);
  });

  it("none is allowed another agency's record that was said to be out of reach", () => {
    const beyond = take(50_000, SEED + 2).filter(
      ({ caller, purpose, basis, info }) =>
        info.source !== caller.agency && !reachable(caller, purpose, basis, info.category),
    );
    expect(beyond.filter((question) => decide(question).decision === "ALLOW")).toEqual([]);
    expect(beyond.length).toBeGreaterThan(5_000);
  });

  it("each gets the same again, whatever was asked in between", () => {
    const asked = take(5_000, SEED + 3);
    const first = asked.map(inTwoPhases);
    expect(asked.toReversed().map(inTwoPhases).toReversed()).toEqual(first);
  });
});
