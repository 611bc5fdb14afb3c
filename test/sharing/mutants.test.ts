/** Would a slip of the hand in the rules be noticed? Each is made, and each that changes an answer is. */
import { beforeAll, describe, expect, it } from "vitest";
import type { PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import { askedOf, lawOf } from "#sharing/law.ts";
import type { Decision, PersonFacts } from "#sharing/question.ts";
import { FACTS } from "#sharing/rule.ts";
import type { Asked, Rule } from "#sharing/rule.ts";
import { RULES } from "#sharing/rules.ts";
import { POLICIES } from "./cedar.ts";
import {
  AGREEMENTS,
  classesOf,
  factsReadBy,
  factsThatMatter,
  isAlive,
  standings,
  subsetsOf,
} from "./domain.ts";
import { EQUIVALENT } from "./equivalent-mutants.ts";
import { examples, known } from "./examples.ts";
import { isRefused, mutantsOf, runRule } from "./mutate.ts";
import type { Mutant } from "./mutate.ts";
import { expected } from "./table.ts";

const holds = ({ when, unless }: Rule, it: Asked): boolean =>
  when.every((one) => one.holds(it)) && !unless.some((all) => all.every((one) => one.holds(it)));

/** Settles a question the same way before and after. */
const acts = (rule: Rule | null, it: Asked): string =>
  rule && holds(rule, it) ? rule.effect : "nothing";

const told = ({ decision, rules }: Pick<Decision, "decision" | "rules">): string =>
  `${decision} ${rules.join()}`;

const NOBODY = known([]);

const EXAMPLES = [...examples()].map((question) => ({
  question,
  asked: askedOf(question, question),
  must: told(expected(question)),
}));

const ruleOf = (policy: PolicyJson): Rule =>
  RULES.find(({ id }) => id === policy.annotations?.id) as Rule;

const lawWith = (old: Rule, rule: Rule | null) =>
  lawOf(RULES.flatMap((one) => (one === old ? (rule ?? []) : one)));

/** Those of a rule's mutants that every example is answered alike by, though Cedar would take them. */
const survivorsOf = (policy: PolicyJson): Mutant[] => {
  const old = ruleOf(policy);
  const before = EXAMPLES.map(({ asked }) => acts(old, asked));
  return [...mutantsOf(policy)].filter((mutant) => {
    const rule = mutant.policy && runRule(mutant.policy);
    const { decide } = lawWith(old, rule);
    const survives = EXAMPLES.every(
      ({ question, asked, must }, index) =>
        acts(rule, asked) === before[index] || told(decide(question)) === must,
    );
    return survives && !(mutant.policy && isRefused(mutant.policy));
  });
};

/** Those of one rule's mutants that somewhere give another answer, or the same one by other rules. */
const changing = (old: Rule, mutants: readonly Mutant[]): Set<Mutant> => {
  const found = new Set<Mutant>();
  const changed = mutants.map((mutant) => {
    const rule = runRule(mutant.policy as PolicyJson);
    const read = factsReadBy([old, rule]);
    return { mutant, rule, law: lawWith(old, rule), read, people: subsetsOf(read).alone };
  });
  const { decide } = lawOf(RULES);
  const policies = mutants.map(({ policy }) => policy as PolicyJson);
  for (const standing of standings(classesOf([...POLICIES, ...policies])))
    for (const state of AGREEMENTS) {
      const it = standing[state];
      const nobody = askedOf(it, NOBODY);
      const wasAlive = isAlive(old, nobody);
      for (const { mutant, rule, law, read, people } of changed) {
        // At most standings neither version has anything to say, or both say the same.
        if (!wasAlive && !isAlive(rule, nobody)) continue;
        const actsAlike = (person: PersonFacts): boolean => {
          const asked = askedOf(it, person);
          return acts(old, asked) === acts(rule, asked);
        };
        if (people.every(actsAlike)) continue;
        const mattering = new Set([...read, ...factsThatMatter([...RULES, rule], it)]);
        for (const person of subsetsOf(FACTS.filter((fact) => mattering.has(fact))).alone) {
          if (actsAlike(person)) continue;
          const question = { ...it, ...person };
          if (told(law.decide(question)) !== told(decide(question))) found.add(mutant);
        }
      }
    }
  return found;
};

const UNHURRIED_MS = 300_000;

describe("a slip of the hand in the rules", () => {
  let survivors: Mutant[];
  beforeAll(() => {
    survivors = POLICIES.flatMap(survivorsOf);
  }, UNHURRIED_MS);
  const named = ({ rule, change }: Mutant): string => `${rule}: ${change}`;

  it("is noticed by the examples, unless it is one of those that are said to change nothing", () => {
    const listed = EQUIVALENT.flatMap(({ rule, changes }) => changes.map((it) => `${rule}: ${it}`));
    expect(survivors.map(named).toSorted()).toEqual(listed.toSorted());
  });

  it.each([...new Set(EQUIVALENT.map(({ rule }) => rule))])(
    "in %s that is said to change nothing changes nothing at any point that can be told apart",
    (id) => {
      const old = RULES.find((rule) => rule.id === id) as Rule;
      const mutants = survivors.filter(({ rule }) => rule === id);
      expect([...changing(old, mutants)].map(named)).toEqual([]);
    },
    UNHURRIED_MS,
  );

  it("is of more than a thousand kinds", () => {
    const count = POLICIES.reduce((sum, policy) => sum + [...mutantsOf(policy)].length, 0);
    expect(count).toBeGreaterThan(1_000);
  });
});
