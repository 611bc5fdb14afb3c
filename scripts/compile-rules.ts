/** From Cedar text to TypeScript: parses, validates, and compiles just the constructs that the rules are written in. */
import { createHash } from "node:crypto";
import {
  policySetTextToParts,
  policyToJson,
  schemaToJson,
  validate,
} from "@cedar-policy/cedar-wasm/nodejs";
import type { Clause, DetailedError, Expr, PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import { format } from "prettier";
import { ROUTES } from "#sharing/rule.ts";
import type { Aspect, Effect, Fact, Route } from "#sharing/rule.ts";
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

/** A condition whose TypeScript is still text. `it` is what is asked. */
export interface ConditionText {
  reads: (Aspect | Fact)[];
  holds: string;
}

/** A rule whose conditions are still text. */
export interface RuleText {
  id: string;
  effect: Effect;
  law: string;
  says: string;
  reason: string | null;
  obligations: string[];
  routes: Route[];
  when: ConditionText[];
  unless: ConditionText[][];
}

/** What the schema's enumerations must say. */
const VOCABULARIES: Record<string, readonly string[]> = {
  Kind: AGENCY_KINDS,
  Role: ROLES,
  Purpose: PURPOSES,
  Basis: [...BASES, "NONE"],
  Directive: DIRECTIVES,
  Tie: TIES,
  Category: CATEGORIES,
  Label: LABELS,
};

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

const messages = (errors: readonly DetailedError[]): string =>
  errors.map(({ message }) => message).join("\n");

/** A path from one of Cedar's variables, as `context.agreement.active`; null when it is something else. */
const pathOf = (expr: Expr): string | null => {
  if ("Var" in expr) return expr.Var as string;
  if (!("." in expr)) return null;
  const { left, attr } = expr["."] as { left: Expr; attr: string };
  const path = pathOf(left);
  return path === null ? null : `${path}.${attr}`;
};

interface Attribute {
  is: string;
  reads: Aspect | Fact;
}

/** What is one word of a vocabulary. */
const WORDS: Record<string, Attribute> = {
  "principal.kind": { is: "it.caller.kind", reads: "KIND" },
  "principal.role": { is: "it.caller.role", reads: "ROLE" },
  "resource.category": { is: "it.category", reads: "CATEGORY" },
  "context.purpose": { is: "it.purpose", reads: "PURPOSE" },
  "context.basis": { is: "it.basis", reads: "BASIS" },
};
/** What is so or not. */
const CLAIMS: Record<string, Attribute> = {
  "principal.hipaa": { is: "it.caller.hipaa", reads: "KIND" },
  "context.agreement.active": { is: "it.agreement?.active === true", reads: "AGREEMENT" },
  "context.restricted": { is: "it.restricted", reads: "restricted" },
  "context.medicalEmergency": { is: "it.medicalEmergency", reads: "medicalEmergency" },
  "context.safetyThreat": { is: "it.safetyThreat", reads: "safetyThreat" },
};
/** What is a set of words; one that is of facts is read word by word. */
const SETS: Record<string, { is: string; reads: Aspect | "FACTS" }> = {
  "resource.labels": { is: "it.labels", reads: "CATEGORY" },
  "context.ties": { is: "it.ties", reads: "FACTS" },
  "context.directives": { is: "it.directives", reads: "FACTS" },
};
/**
 * What is asked of an agreement. Nothing else may be: what is prepared for one agreement serves all that answer these
 * alike.
 */
const TERMS: Record<string, { of: string; is: string }> = {
  "context.agreement.purposes": {
    of: "context.purpose",
    is: "it.agreement?.purposes.includes(it.purpose) === true",
  },
  "context.agreement.categories": {
    of: "resource.category",
    is: "it.agreement?.categories.includes(it.category) === true",
  },
};

const wordOf = (expr: Expr): string | null => {
  if (!("Value" in expr)) return null;
  const value = expr.Value;
  if (typeof value !== "object" || value === null || !("__entity" in value)) return null;
  return (value.__entity as { id: string }).id;
};

/** Refuses what the rules have not needed so far, so that nothing is compiled that was not thought of. */
const unsupported = (expr: Expr): Error =>
  named("UnsupportedConstruct", `not supported: ${JSON.stringify(expr)}`);

const isOneOf = (expr: Expr, words: readonly (string | null)[], whole: Expr): ConditionText => {
  const attribute = WORDS[pathOf(expr) ?? ""];
  if (!attribute || words.length === 0 || words.includes(null)) throw unsupported(whole);
  const tests = words.map((word) => `${attribute.is} === ${JSON.stringify(word)}`);
  return {
    reads: [attribute.reads],
    holds: tests.length === 1 ? (tests[0] as string) : `(${tests.join(" || ")})`,
  };
};

const contains = (left: Expr, right: Expr, whole: Expr): ConditionText => {
  if ("Set" in left) return isOneOf(right, (left.Set as Expr[]).map(wordOf), whole);
  const path = pathOf(left) ?? "";
  const terms = TERMS[path];
  if (terms && pathOf(right) === terms.of) return { reads: ["AGREEMENT"], holds: terms.is };
  const set = SETS[path];
  const word = wordOf(right);
  if (!set || word === null) throw unsupported(whole);
  return {
    reads: [set.reads === "FACTS" ? (word as Fact) : set.reads],
    holds: `${set.is}.includes(${JSON.stringify(word)})`,
  };
};

interface Two {
  left: Expr;
  right: Expr;
}

const both = ({ left, right }: Two, operator: string): ConditionText => {
  const [one, other] = [condition(left), condition(right)];
  return {
    reads: [...new Set([...one.reads, ...other.reads])],
    holds: `(${one.holds} ${operator} ${other.holds})`,
  };
};

const condition = (expr: Expr): ConditionText => {
  const claim = CLAIMS[pathOf(expr) ?? ""];
  if (claim) return { reads: [claim.reads], holds: claim.is };
  if ("&&" in expr) return both(expr["&&"] as Two, "&&");
  if ("||" in expr) return both(expr["||"] as Two, "||");
  if ("!" in expr) {
    const { reads, holds } = condition((expr["!"] as { arg: Expr }).arg);
    return { reads, holds: `!(${holds})` };
  }
  if ("contains" in expr) {
    const { left, right } = expr.contains as Two;
    return contains(left, right, expr);
  }
  if ("has" in expr) {
    const { left, attr } = expr.has as { left: Expr; attr: string };
    if (pathOf(left) === "context" && String(attr) === "agreement")
      return { reads: ["AGREEMENT"], holds: "it.agreement !== null" };
  }
  if ("==" in expr) {
    const { left, right } = expr["=="] as Two;
    if (pathOf(left) === "principal.agency" && pathOf(right) === "resource.source")
      return { reads: ["SOURCE"], holds: "it.caller.agency === it.source" };
    return isOneOf(left, [wordOf(right)], expr);
  }
  throw unsupported(expr);
};

/** The parts that an operator joins, outermost first. */
const partsOf = (expr: Expr, operator: "&&" | "||"): Expr[] => {
  if (!(operator in expr)) return [expr];
  const { left, right } = (expr as unknown as Record<typeof operator, Two>)[operator];
  return [...partsOf(left, operator), ...partsOf(right, operator)];
};

const codes = (list: string | undefined): string[] => (list ? list.split(",") : []);

const annotation = (annotations: Record<string, string>, name: string): string => {
  const value = annotations[name];
  if (!value) throw named("InvalidAnnotation", `@${name} is missing`);
  return value;
};

const bodies = (conditions: readonly Clause[], of: Clause["kind"]): Expr[] =>
  conditions.filter(({ kind }) => kind === of).map(({ body }) => body);

/**
 * Compiles one rule from Cedar's JSON.
 *
 * @throws {Error} UnsupportedConstruct, InvalidAnnotation
 */
export const compileRule = (policy: PolicyJson): RuleText => {
  const { effect, conditions, annotations = {} } = policy;
  const name = annotations.id ?? "a rule without @id";
  try {
    for (const scope of ["principal", "action", "resource"] as const)
      if (policy[scope].op !== "All")
        throw named("UnsupportedConstruct", `not supported: a scope of ${scope}`);
    const id = annotation(annotations, "id");
    if (!/^[A-Za-z0-9]+(-[a-z0-9]+)+$/.test(id))
      throw named("InvalidAnnotation", `@id must be like \`P2-treatment\``);
    const routes = codes(annotations.route);
    for (const route of routes)
      if (!(ROUTES as readonly string[]).includes(route))
        throw named("InvalidAnnotation", `@route names \`${route}\`, which is none`);
    return {
      id,
      effect,
      law: annotation(annotations, "law"),
      says: annotation(annotations, "says"),
      reason: annotations.reason ?? null,
      obligations: codes(annotations.oblige),
      routes: routes as Route[],
      when: bodies(conditions, "when")
        .flatMap((body) => partsOf(body, "&&"))
        .map(condition),
      unless: bodies(conditions, "unless")
        .flatMap((body) => partsOf(body, "||"))
        .map((alternative) => partsOf(alternative, "&&").map(condition)),
    };
  } catch (error) {
    const { name: kind, message } = error as Error;
    throw named(kind, `${name}: ${message}`);
  }
};

/**
 * The rules of a Cedar text as Cedar's JSON, in the text's order.
 *
 * @throws {Error} InvalidCedar when it does not parse; RulesNotValid when it breaks its schema, or the schema is not of
 *   these vocabularies
 */
export const readRules = (text: string, schema: string): PolicyJson[] => {
  const parts = policySetTextToParts(text);
  if (parts.type === "failure") throw named("InvalidCedar", messages(parts.errors));
  if (parts.policy_templates.length > 0)
    throw named("UnsupportedConstruct", "not supported: a template");
  const read = schemaToJson(schema);
  if (read.type === "failure") throw named("InvalidCedar", messages(read.errors));
  const types = read.json.Share?.entityTypes ?? {};
  for (const [name, words] of Object.entries(VOCABULARIES)) {
    const type = types[name];
    const listed: readonly string[] = type && "enum" in type ? type.enum : [];
    if (new Set([...listed, ...words]).size !== words.length || listed.length !== words.length)
      throw named("RulesNotValid", `the schema's ${name} is not that of sharing/vocabulary.ts`);
  }
  const checked = validate({ schema, policies: { staticPolicies: text } });
  if (checked.type === "failure") throw named("RulesNotValid", messages(checked.errors));
  const found = [
    ...[...checked.validationErrors, ...checked.validationWarnings].map(({ error }) => error),
    ...checked.otherWarnings,
  ];
  if (found.length > 0) throw named("RulesNotValid", messages(found));

  const rules = parts.policies.map((policy): PolicyJson => {
    const answer = policyToJson(policy);
    if (answer.type === "failure") throw named("InvalidCedar", messages(answer.errors));
    return answer.json;
  });
  const ids = rules.map(({ annotations }) => annotations?.id ?? "");
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw named("RulesNotValid", `two rules are called \`${twice}\``);
  // Cedar gives them back in an order of its own.
  const at = ({ annotations }: PolicyJson) => text.indexOf(`@id("${annotations?.id}")`);
  return rules.toSorted((one, other) => at(one) - at(other));
};

const printed = ({ reads, holds }: ConditionText): string =>
  `{ reads: ${JSON.stringify(reads)}, holds: (it) => ${holds} }`;

const ruleText = ({ when, unless, ...rest }: RuleText): string =>
  `{ ${Object.entries(rest)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)},`)
    .join("\n")}
    when: [${when.map(printed).join(", ")}],
    unless: [${unless.map((all) => `[${all.map(printed).join(", ")}]`).join(", ")}] }`;

/** The module that the rules are compiled to. */
export const rulesModule = async (text: string, schema: string): Promise<string> => {
  const rules = readRules(text, schema).map(compileRule);
  return format(
    `/** The rules of lawful sharing. Generated by \`npm run rules\` from \`rules.cedar\`; edit that, and not this. */
import type { Rule } from "./rule.ts";

/** SHA-256 of the Cedar text, hex: which rules a decision was made by. */
export const POLICY = "${createHash("sha256").update(text).digest("hex")}";

/** Every rule, in the text's order. */
export const RULES: readonly Rule[] = [${rules.map(ruleText).join(",\n")}];
`,
    { parser: "typescript", printWidth: 100 },
  );
};
