/** The one place that says whether something may be given: the rules of `rules.ts`, asked. */
import { DENIED, lawOf } from "./law.ts";
import type { Decision, Question } from "./question.ts";
import { RULES } from "./rules.ts";

export { DENIED } from "./law.ts";
export type { Prepared, Residual } from "./law.ts";

export const { decide, prepare, reachable } = lawOf(RULES);

/**
 * Several decisions on one value: all must allow it.
 *
 * A record can raise more than its field holds: a referral to a program for substance use tells of treatment by being there.
 * Each category is judged by itself and the answers are joined. Their labels are not put together and judged once, for
 * then a rule that reaches the one category by a label of the other would open both.
 *
 * @returns The rules, obligations and routes of all that allow, or of all that deny; a denial when there are none.
 */
export const allOf = (decisions: readonly Decision[]): Decision => {
  const denials = decisions.filter(({ decision }) => decision !== "ALLOW");
  const counted = denials.length > 0 ? denials : decisions;
  if (counted.length < 2) return counted[0] ?? DENIED;
  const union = (list: "rules" | "obligations" | "routes") => [
    ...new Set(counted.flatMap((one) => one[list])),
  ];
  return {
    decision: denials.length > 0 ? "DENY" : "ALLOW",
    rules: union("rules"),
    obligations: union("obligations"),
    routes: union("routes"),
  };
};

/** Decides a field that holds one category in a record that raises others: a question for each of them. */
export const decideAll = (questions: readonly Question[]): Decision => allOf(questions.map(decide));
