/**
 * Decides by rules. Forbid outweighs permit, nothing permitted is denied, and anything that throws is denied.
 *
 * What depends on no person is worked out once: `prepare` sets the rules aside that can no longer hold, and what is left
 * is looked up by the few facts about a person that it still depends on.
 */
import type { Caller, Decision, PersonFacts, Question, Standing, Terms } from "./question.ts";
import { FACTS, isFact } from "./rule.ts";
import type { Asked, Condition, Fact, Route, Rule } from "./rule.ts";
import {
  AGENCY_KINDS,
  BASES,
  CATEGORIES,
  CATEGORY_LABELS,
  DIRECTIVES,
  PURPOSES,
  ROLES,
  TIES,
} from "./vocabulary.ts";
import type { Basis, Category, Directive, Purpose, Tie } from "./vocabulary.ts";

/** What a standing comes to, before anything is known of a person. */
export type Prepared =
  /** No facts about any person could change it; the decision is the one for a person of whom nothing is known. */
  { readonly kind: "ALLOW" | "DENY"; readonly decision: Decision } | Residual;

/** A standing of which only the facts about a person are missing. */
export interface Residual {
  readonly kind: "DEPENDS";
  decide(facts: PersonFacts): Decision;
}

/** What a set of rules can be asked. */
export interface Law {
  /** Decides one whole question. Pure. */
  decide(question: Question): Decision;
  /** Decides as far as it can be without facts about a person. For the same facts it says what `decide` says. */
  prepare(standing: Standing): Prepared;
  /**
   * Could another agency's record of this category ever be given to this caller, under the best agreement and with
   * every tie, directive and attestation?
   */
  reachable(caller: Caller, purpose: Purpose, basis: Basis | null, category: Category): boolean;
}

/** For a decision that is shared between requests, so that nobody can change it. */
const frozen = (decision: Decision): Decision => {
  for (const list of [decision.rules, decision.obligations, decision.routes]) Object.freeze(list);
  return Object.freeze(decision);
};

/** What cannot be decided is denied. */
export const DENIED: Decision = frozen({
  decision: "DENY",
  rules: [],
  obligations: [],
  routes: [],
});
const DENIED_TO_ALL: Prepared = { kind: "DENY", decision: DENIED };

const union = <T>(lists: readonly (readonly T[])[]): T[] => [...new Set(lists.flat())];

const WORDS = {
  kinds: new Set<string>(AGENCY_KINDS),
  roles: new Set<string>(ROLES),
  purposes: new Set<string>(PURPOSES),
  bases: new Set<string | null>([null, ...BASES]),
  categories: new Set<string>(CATEGORIES),
};

/** Each fact is a bit, so that all that is known of a person is one number. */
const BITS = new Map<string, number>(FACTS.map((fact, index) => [fact, 1 << index]));
const bitOf = (fact: Fact): number => BITS.get(fact) as number;
const TIE_BITS = new Map<string, number>(TIES.map((tie) => [tie, bitOf(tie)]));
const DIRECTIVE_BITS = new Map<string, number>(DIRECTIVES.map((it) => [it, bitOf(it)]));
const [RESTRICTED, EMERGENCY, THREAT] = (
  ["restricted", "medicalEmergency", "safetyThreat"] as const
).map(bitOf) as [number, number, number];
/** All bits, and more than there are facts: a tie or a directive is none that is known. */
const UNKNOWN = -1;

/** What is not said to be false is a restriction; what is not said to be true is no attestation. */
const isRestricted = ({ restricted }: PersonFacts): boolean => restricted !== false;

const bitsOf = (facts: PersonFacts): number => {
  let bits = isRestricted(facts) ? RESTRICTED : 0;
  if (facts.medicalEmergency === true) bits |= EMERGENCY;
  if (facts.safetyThreat === true) bits |= THREAT;
  for (const tie of facts.ties) bits |= TIE_BITS.get(tie) ?? UNKNOWN;
  for (const directive of facts.directives) bits |= DIRECTIVE_BITS.get(directive) ?? UNKNOWN;
  return bits;
};

const factsOf = (bits: number): PersonFacts => ({
  ties: TIES.filter((tie: Tie) => bits & bitOf(tie)),
  directives: DIRECTIVES.filter((directive: Directive) => bits & bitOf(directive)),
  restricted: (bits & RESTRICTED) !== 0,
  medicalEmergency: (bits & EMERGENCY) !== 0,
  safetyThreat: (bits & THREAT) !== 0,
});

const isKnown = (words: readonly string[], all: ReadonlySet<string>): boolean =>
  words.every((word) => all.has(word));

/** Does a standing say who asks, and is every code in it one of the vocabularies, the kind of the agency too? */
export const isUnderstood = ({ caller, purpose, basis, info, agreement }: Standing): boolean =>
  typeof caller.agency === "string" &&
  caller.agency !== "" &&
  typeof caller.hipaa === "boolean" &&
  caller.kind !== null &&
  WORDS.kinds.has(caller.kind) &&
  WORDS.roles.has(caller.role) &&
  WORDS.purposes.has(purpose) &&
  WORDS.bases.has(basis) &&
  WORDS.categories.has(info.category) &&
  (agreement === null ||
    (typeof agreement.active === "boolean" &&
      isKnown(agreement.purposes, WORDS.purposes) &&
      isKnown(agreement.categories, WORDS.categories)));

/** What the rules read, for a standing that is understood. */
export const askedOf = (
  { caller, purpose, basis, info, agreement }: Standing,
  facts: PersonFacts,
): Asked => ({
  caller,
  purpose,
  basis: basis ?? "NONE",
  category: info.category,
  labels: CATEGORY_LABELS[info.category].labels,
  source: info.source,
  agreement,
  ties: facts.ties,
  directives: facts.directives,
  restricted: isRestricted(facts),
  medicalEmergency: facts.medicalEmergency === true,
  safetyThreat: facts.safetyThreat === true,
});

const all = (conditions: readonly Condition[], it: Asked): boolean => {
  for (const condition of conditions) if (!condition.holds(it)) return false;
  return true;
};

const isLifted = (rule: Rule, it: Asked): boolean => {
  for (const alternative of rule.unless) if (all(alternative, it)) return true;
  return false;
};

const holdingOf = (rules: readonly Rule[], it: Asked): Rule[] =>
  rules.filter((rule) => all(rule.when, it) && !isLifted(rule, it));

/** Does a condition depend on who asks, what for and for what, and on nothing else? */
export const isStatic = ({ reads }: Condition): boolean =>
  reads.every((name) => name !== "AGREEMENT" && !isFact(name));

/** The fact that a route comes to, where its own name is none. */
const ROUTE_FACTS: Partial<Record<Route, Fact>> = {
  EMERGENCY: "medicalEmergency",
  SAFETY_THREAT: "safetyThreat",
  APS_CASE: "REFERRAL",
};
/** What is authorized for one category alone. */
const ROUTE_ONLY_FOR: Partial<Record<Route, Category>> = {
  PSYNOTES_AUTH: "PSYCHOTHERAPY_NOTES",
  SUDNOTES_CD: "SUD_COUNSELING_NOTES",
};

/** The bit of the fact that a route comes to; 0 when no fact about a person is enough. */
const routeBit = (route: Route): number => BITS.get(ROUTE_FACTS[route] ?? route) ?? 0;

/** Is it a route to this category at all? */
export const isRouteTo = (route: Route, category: Category): boolean =>
  (ROUTE_ONLY_FOR[route] ?? category) === category;

/** Does an agreement let this purpose have this category? */
const covers = (agreement: Terms | null, purpose: Purpose, category: Category): boolean =>
  agreement !== null &&
  agreement.active &&
  agreement.purposes.includes(purpose) &&
  agreement.categories.includes(category);

const agreementKey = (agreement: Terms | null, purpose: Purpose, category: Category): string =>
  agreement === null
    ? "none"
    : `${agreement.active} ${agreement.purposes.includes(purpose)} ${agreement.categories.includes(category)}`;

/** So many standings are remembered; there are fewer than that in use, and what is forgotten is worked out again. */
const MOST_KEPT = 20_000;

/** Remembers what a key came to. */
const remembering = <T>() => {
  const known = new Map<string, T>();
  return (key: string, make: () => T): T => {
    const old = known.get(key);
    if (old !== undefined) return old;
    if (known.size >= MOST_KEPT) known.clear();
    const made = make();
    known.set(key, made);
    return made;
  };
};

/** A rule that can still hold, and what it still waits for. */
interface Live {
  readonly rule: Rule;
  readonly when: readonly Condition[];
  readonly unless: readonly (readonly Condition[])[];
}

/** How far a standing decides; the mask has the facts that are still waited for. */
type Looked =
  { readonly kind: "ALLOW" | "DENY" } | { readonly kind: "DEPENDS"; readonly mask: number };

/** The law that these rules make. */
export const lawOf = (rules: readonly Rule[]): Law => {
  const permits = rules.filter(({ effect }) => effect === "permit");
  const forbids = rules.filter(({ effect }) => effect === "forbid");
  const staticPart = new Map(rules.map((rule) => [rule, rule.when.filter(isStatic)]));

  /** The routes of what stood against it or could have let it, but for what is there already. */
  const routesOf = (it: Asked, fired: readonly Rule[]): Route[] => {
    const known = bitsOf(it);
    const isThere = (route: Route): boolean =>
      route === "AGREEMENT"
        ? covers(it.agreement, it.purpose, it.category)
        : (known & routeBit(route)) !== 0;
    const routes = new Set<Route>();
    for (const rule of [...permits, ...fired])
      for (const route of rule.routes)
        if (isRouteTo(route, it.category) && !isThere(route))
          if (rule.effect === "forbid" || all(staticPart.get(rule) ?? [], it)) routes.add(route);
    return [...routes];
  };

  /** The duties of the permits that hold, and of the walls that were lifted for another agency's record. */
  const obligationsOf = (it: Asked, holding: readonly Rule[]): string[] => {
    const lifted =
      it.caller.agency === it.source
        ? []
        : forbids.filter((rule) => rule.obligations.length > 0 && all(rule.when, it));
    return union([...holding, ...lifted].map(({ obligations }) => obligations));
  };

  const judge = (it: Asked): Decision => {
    const fired = holdingOf(forbids, it);
    const holding = fired.length > 0 ? [] : holdingOf(permits, it);
    return holding.length > 0
      ? {
          decision: "ALLOW",
          rules: holding.map(({ id }) => id),
          obligations: obligationsOf(it, holding),
          routes: [],
        }
      : {
          decision: "DENY",
          rules: fired.map(({ id }) => id),
          obligations: [],
          routes: routesOf(it, fired),
        };
  };

  const decide = (question: Question): Decision => {
    try {
      if (bitsOf(question) === UNKNOWN || !isUnderstood(question)) return DENIED;
      return judge(askedOf(question, question));
    } catch {
      // INVARIANT: whatever throws gives nothing.
      return DENIED;
    }
  };

  /** What is left of a rule when all but the facts about a person is known; null when it can no longer hold. */
  const left = (rule: Rule, it: Asked): Live | null => {
    const waits = ({ reads }: Condition): boolean => reads.some(isFact);
    if (!rule.when.every((one) => waits(one) || one.holds(it))) return null;
    const unless = rule.unless
      .filter((alternative) => alternative.every((one) => waits(one) || one.holds(it)))
      .map((alternative) => alternative.filter(waits));
    if (unless.some((alternative) => alternative.length === 0)) return null;
    return { rule, when: rule.when.filter(waits), unless };
  };

  const maskOf = (lives: readonly Live[]): number =>
    lives
      .flatMap(({ when, unless }) => [...when, ...unless.flat()])
      .flatMap(({ reads }) => reads.filter(isFact))
      .reduce((mask, fact) => mask | bitOf(fact), 0);

  /** All that a decision depends on in a person: the facts that decide, and those that a route asks for. */
  const routeMask = (it: Asked, lives: readonly Live[]): number =>
    [
      ...permits.filter((rule) => all(staticPart.get(rule) ?? [], it)),
      ...lives.map(({ rule }) => rule),
    ]
      .flatMap(({ routes }) => routes)
      .reduce((mask, route) => mask | routeBit(route), 0);

  /** How far a standing decides, and what it still waits for when it does not. */
  const look = (standing: Standing): Looked => {
    const nobody = askedOf(standing, factsOf(0));
    const stillPermit = permits.flatMap((rule) => left(rule, nobody) ?? []);
    if (stillPermit.length === 0) return { kind: "DENY" };
    const stillForbid = forbids.flatMap((rule) => left(rule, nobody) ?? []);
    const lives = [...stillPermit, ...stillForbid];
    const deciding = maskOf(lives);
    const isAllowed = (bits: number): boolean => {
      const it = askedOf(standing, factsOf(bits));
      const stands = ({ when, unless }: Live): boolean =>
        all(when, it) && !unless.some((alternative) => all(alternative, it));
      return stillPermit.some(stands) && !stillForbid.some(stands);
    };
    const first = isAllowed(0);
    // Every combination of the facts that decide, of which there are few.
    for (let bits = deciding; bits !== 0; bits = (bits - 1) & deciding)
      if (isAllowed(bits) !== first)
        return { kind: "DEPENDS", mask: deciding | routeMask(nobody, lives) };
    return { kind: first ? "ALLOW" : "DENY" };
  };

  const build = (standing: Standing): Prepared => {
    const looked = look(standing);
    if (looked.kind !== "DEPENDS")
      return { kind: looked.kind, decision: frozen(judge(askedOf(standing, factsOf(0)))) };
    const { mask } = looked;
    const known = new Map<number, Decision>();
    return {
      kind: "DEPENDS",
      decide: (facts) => {
        try {
          const bits = bitsOf(facts);
          if (bits === UNKNOWN) return DENIED;
          const key = bits & mask;
          let decision = known.get(key);
          if (!decision) {
            decision = frozen(judge(askedOf(standing, factsOf(key))));
            known.set(key, decision);
          }
          return decision;
        } catch {
          return DENIED;
        }
      },
    };
  };

  const keptStandings = remembering<Prepared>();
  const prepare = (standing: Standing): Prepared => {
    try {
      if (!isUnderstood(standing)) return DENIED_TO_ALL;
      const { caller, purpose, basis, info, agreement } = standing;
      const { category, source } = info;
      // All that the rules can tell apart in a standing; the compiler lets them read nothing else.
      const key = `${caller.kind} ${caller.role} ${caller.hipaa} ${caller.agency === source} ${purpose} ${basis} ${category} ${agreementKey(agreement, purpose, category)}`;
      return keptStandings(key, () => build(standing));
    } catch {
      return DENIED_TO_ALL;
    }
  };

  const keptReaches = remembering<boolean>();
  const reachable: Law["reachable"] = (caller, purpose, basis, category) => {
    try {
      const covering = { purposes: [purpose], categories: [category] };
      const agreements = [{ active: true, ...covering }, { active: false, ...covering }, null];
      const info = { category, source: `not ${caller.agency}` };
      const standing = { caller, purpose, basis, info, agreement: null };
      if (!isUnderstood(standing)) return false;
      return keptReaches(
        `${caller.kind} ${caller.role} ${caller.hipaa} ${purpose} ${basis} ${category}`,
        () => agreements.some((agreement) => look({ ...standing, agreement }).kind !== "DENY"),
      );
    } catch {
      return false;
    }
  };

  return { decide, prepare, reachable };
};
