/** What a rule is, once it is compiled: `npm run rules` writes all of them into `rules.ts`. */
import type { Caller, PersonFacts, Terms } from "./question.ts";
import { DIRECTIVES, TIES } from "./vocabulary.ts";
import type { Basis, Category, Label, Purpose } from "./vocabulary.ts";

/** One question as the rules read it: a caller who states no basis has the basis NONE, and a category its labels. */
export interface Asked extends PersonFacts {
  readonly caller: Caller;
  readonly purpose: Purpose;
  readonly basis: Basis | "NONE";
  readonly category: Category;
  readonly labels: readonly Label[];
  readonly source: string;
  readonly agreement: Terms | null;
}

/** What may be known of a person: all that a decision can depend on once the standing is known. */
export const FACTS = [
  ...TIES,
  ...DIRECTIVES,
  "restricted",
  "medicalEmergency",
  "safetyThreat",
] as const;
/** One thing that may be known of a person. */
export type Fact = (typeof FACTS)[number];

const KNOWN: ReadonlySet<string> = new Set(FACTS);

/** Is it a fact about a person that this names? */
export const isFact = (name: string): name is Fact => KNOWN.has(name);

/** What a condition reads of a standing. */
export type Aspect = "SOURCE" | "KIND" | "ROLE" | "PURPOSE" | "BASIS" | "CATEGORY" | "AGREEMENT";

/** One condition of a rule. */
export interface Condition {
  readonly reads: readonly (Aspect | Fact)[];
  readonly holds: (it: Asked) => boolean;
}

/** What would have to be had for a rule to give way. */
export const ROUTES = [
  "AGREEMENT",
  ...TIES,
  ...DIRECTIVES,
  "EMERGENCY",
  "SAFETY_THREAT",
  "APS_CASE",
  "COURT_ORDER",
] as const;
/** A code of `@route`. */
export type Route = (typeof ROUTES)[number];

/** Does a rule permit or forbid? */
export type Effect = "permit" | "forbid";

/** A rule holds when all of its `when` do and none of its `unless`, each of which is a list that holds as a whole. */
export interface Rule {
  readonly id: string;
  readonly effect: Effect;
  readonly law: string;
  readonly says: string;
  readonly reason: string | null;
  readonly obligations: readonly string[];
  readonly routes: readonly Route[];
  readonly when: readonly Condition[];
  readonly unless: readonly (readonly Condition[])[];
}
