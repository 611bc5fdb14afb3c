/** Changes rules as a slip of the hand would: each change is one mutant of one rule. */
import { validate } from "@cedar-policy/cedar-wasm/nodejs";
import type { Expr, PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import type { Asked, Condition, Rule } from "#sharing/rule.ts";
import {
  AGENCY_KINDS,
  BASES,
  CATEGORIES,
  DIRECTIVES,
  LABELS,
  PURPOSES,
  ROLES,
  TIES,
} from "#sharing/vocabulary.ts";
import { compileRule } from "../../scripts/compile-rules.ts";
import type { ConditionText } from "../../scripts/compile-rules.ts";
import { SCHEMA } from "./cedar.ts";

/** One changed rule; without a policy it is gone. */
export interface Mutant {
  rule: string;
  /** What was changed, and where; a name for the list of those that change nothing. */
  change: string;
  policy: PolicyJson | null;
}

const VOCABULARIES: Record<string, readonly string[]> = {
  "Share::Kind": AGENCY_KINDS,
  "Share::Role": ROLES,
  "Share::Purpose": PURPOSES,
  "Share::Basis": [...BASES, "NONE"],
  "Share::Directive": DIRECTIVES,
  "Share::Tie": TIES,
  "Share::Category": CATEGORIES,
  "Share::Label": LABELS,
};

interface Two {
  left: Expr;
  right: Expr;
}
interface Word {
  Value: { __entity: { type: string; id: string } };
}

const wordAt = (expr: Expr): Word["Value"]["__entity"] | null =>
  "Value" in expr ? (expr as Word).Value.__entity : null;
const word = (type: string, id: string): Expr => ({ Value: { __entity: { type, id } } });

/** An expression in short, to name a mutant by. */
const short = (expr: Expr): string => {
  const entity = wordAt(expr);
  if (entity) return entity.id;
  if ("Var" in expr) return expr.Var as string;
  if ("." in expr) {
    const { left, attr } = expr["."] as { left: Expr; attr: string };
    return "Var" in left ? attr : `${short(left)}.${attr}`;
  }
  if ("Set" in expr) return `[${(expr.Set as Expr[]).map(short).join(" ")}]`;
  if ("!" in expr) return `!${short((expr["!"] as { arg: Expr }).arg)}`;
  if ("has" in expr) return `has ${String((expr.has as { attr: string }).attr)}`;
  const [operator, two] = Object.entries(expr)[0] as unknown as [string, Two];
  const name = operator === "contains" ? "has" : operator;
  return `(${short(two.left)} ${name} ${short(two.right)})`;
};

type Changed = [change: string, expr: Expr];

/** Every expression that is one slip away from this one, which says whether something is so. */
const slips = function* (expr: Expr): Generator<Changed> {
  yield [`not ${short(expr)}`, { "!": { arg: expr } }];
  for (const operator of ["&&", "||"] as const)
    if (operator in expr) {
      const { left, right } = (expr as unknown as Record<typeof operator, Two>)[operator];
      yield [`without ${short(right)}`, left];
      yield [`without ${short(left)}`, right];
      const other = operator === "&&" ? "||" : "&&";
      yield [
        `${other} for ${operator} before ${short(right)}`,
        { [other]: { left, right } } as Expr,
      ];
      for (const [change, one] of slips(left))
        yield [change, { [operator]: { left: one, right } } as Expr];
      for (const [change, one] of slips(right))
        yield [change, { [operator]: { left, right: one } } as Expr];
    }
  if ("!" in expr) {
    const { arg } = expr["!"] as { arg: Expr };
    yield [`without the not of ${short(expr)}`, arg];
    for (const [change, one] of slips(arg)) yield [change, { "!": { arg: one } }];
  }
  for (const operator of ["contains", "=="] as const)
    if (operator in expr) {
      const two = (expr as unknown as Record<typeof operator, Two>)[operator];
      for (const side of ["left", "right"] as const)
        for (const [change, one] of words(two[side]))
          yield [`${change} in ${short(expr)}`, { [operator]: { ...two, [side]: one } } as Expr];
    }
};

/** What a word or a set of words would be with one word more, less or changed. */
const words = function* (expr: Expr): Generator<Changed> {
  const entity = wordAt(expr);
  if (entity)
    for (const id of VOCABULARIES[entity.type] ?? [])
      if (id !== entity.id) yield [`${id} for ${entity.id}`, word(entity.type, id)];
  if (!("Set" in expr)) return;
  const set = expr.Set as Expr[];
  const ids = set.map((one) => wordAt(one)?.id ?? "");
  const type = wordAt(set[0] as Expr)?.type ?? "";
  for (const id of ids)
    if (set.length > 1)
      yield [`without ${id}`, { Set: set.filter((one) => wordAt(one)?.id !== id) }];
  for (const id of VOCABULARIES[type] ?? [])
    if (!ids.includes(id)) yield [`also ${id}`, { Set: [...set, word(type, id)] }];
};

/** Every mutant of a rule. */
export const mutantsOf = function* (policy: PolicyJson): Generator<Mutant> {
  const rule = policy.annotations?.id ?? "";
  yield { rule, change: "the rule is gone", policy: null };
  const effect = policy.effect === "permit" ? "forbid" : "permit";
  yield { rule, change: `it is a ${effect}`, policy: { ...policy, effect } };
  for (const [index, clause] of policy.conditions.entries()) {
    const put = (...clauses: PolicyJson["conditions"]): PolicyJson => ({
      ...policy,
      conditions: policy.conditions.toSpliced(index, 1, ...clauses),
    });
    yield { rule, change: `${clause.kind} is gone`, policy: put() };
    const kind = clause.kind === "when" ? "unless" : "when";
    yield { rule, change: `${clause.kind} is ${kind}`, policy: put({ ...clause, kind }) };
    for (const [change, body] of slips(clause.body))
      yield { rule, change: `${clause.kind}: ${change}`, policy: put({ ...clause, body }) };
  }
};

/** Would Cedar's validator refuse it? Then nobody could have put it in force. */
export const isRefused = (policy: PolicyJson): boolean => {
  const checked = validate({
    schema: SCHEMA,
    policies: { staticPolicies: { [policy.annotations?.id ?? ""]: policy } },
  });
  return (
    checked.type === "failure" ||
    checked.validationErrors.length + checked.validationWarnings.length > 0
  );
};

// The text is what the compiler made of Cedar's; it is not from outside.
const run = ({ reads, holds }: ConditionText): Condition => ({
  reads,
  // oxlint-disable-next-line typescript/no-implied-eval
  holds: new Function("it", `return ${holds}`) as (it: Asked) => boolean,
});

/** A rule that can be asked. */
export const runRule = (policy: PolicyJson): Rule => {
  const rule = compileRule(policy);
  return {
    ...rule,
    when: rule.when.map(run),
    unless: rule.unless.map((alternative) => alternative.map(run)),
  };
};
