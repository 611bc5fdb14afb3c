/**
 * Why another agency's information is withheld, and what would open it: from who asks, what for and for what kind of
 * information alone. It is the same for every person, so that a refusal tells nothing of anyone: whether there is a record,
 * a consent or a restriction, or whether the person is known at all.
 */
import { askedOf, isRouteTo, isStatic, isUnderstood } from "./law.ts";
import type { Caller } from "./question.ts";
import { isFact } from "./rule.ts";
import type { Asked, Aspect, Condition, Fact, Route, Rule } from "./rule.ts";
import { RULES } from "./rules.ts";
import type { Basis, Category, Purpose } from "./vocabulary.ts";

/** A code for why something is withheld. */
export type Because =
  /** Nobody has said what kind of agency asks, or a code in the question is none that is known. */
  | "kind-not-known"
  /** Nobody in this role is given it. */
  | "role-not-permitted"
  /** No rule gives another agency's information for this purpose. */
  | "purpose-not-permitted"
  /** The request states no basis, and this purpose needs one. */
  | "basis-not-stated"
  /** The basis that is stated is none for this purpose. */
  | "basis-does-not-fit"
  /** Agencies of this kind are not given anything for this purpose on this basis. */
  | "not-for-this-kind-of-agency"
  /** This kind of information is not given to this role at this kind of agency for this purpose. */
  | "not-for-this-category"
  /** It leaves the agency that keeps it for nobody. */
  | "never-disclosed"
  /** No agreement in force between the two agencies covers this purpose and category. */
  | "no-agreement"
  /** An agreement between the two agencies must cover this purpose and category. */
  | "needs-agreement"
  /** The agency must be treating the person. */
  | "needs-treatment"
  /** The person must be enrolled with the agency. */
  | "needs-enrollment"
  /** The person must have been referred to the agency. */
  | "needs-referral"
  /** A threshold must have been breached, and not be resolved. */
  | "needs-oversight"
  /** The person must have consented to it, or authorized or released it. */
  | "needs-consent"
  /** An emergency or a threat must be attested. */
  | "needs-attestation";

/** Why, and what would have to be had. Of several ties that are needed one is enough. */
export interface Refusal {
  readonly because: readonly Because[];
  readonly routes: readonly Route[];
}

/** What can keep a permit out of reach, the easiest to put right first. */
const OUT_OF_REACH: readonly [Aspect, Because][] = [
  ["BASIS", "basis-does-not-fit"],
  ["CATEGORY", "not-for-this-category"],
  ["ROLE", "role-not-permitted"],
  ["KIND", "not-for-this-kind-of-agency"],
];

const NEEDS: Record<Fact, Because | null> = {
  TREATING: "needs-treatment",
  ENROLLED: "needs-enrollment",
  REFERRAL: "needs-referral",
  OVERSIGHT: "needs-oversight",
  "42CFRPart2CD": "needs-consent",
  HIPAAAuthCD: "needs-consent",
  HIPAAConsentCD: "needs-consent",
  PSYNOTES_AUTH: "needs-consent",
  SUDNOTES_CD: "needs-consent",
  PART2_LEGAL_CD: "needs-consent",
  VAWA_RELEASE: "needs-consent",
  medicalEmergency: "needs-attestation",
  safetyThreat: "needs-attestation",
  // That a person asked for a restriction is never told.
  restricted: null,
};

/** What a wall that never gives way comes to, by its `@reason`. */
const CLOSED: Readonly<Record<string, Because>> = {
  ROLE_NOT_PERMITTED: "role-not-permitted",
  NEVER_DISCLOSED: "never-disclosed",
};

/** The permits for what is not the caller's own. */
const PERMITS = RULES.filter(
  ({ effect, when }) => effect === "permit" && !when.some(({ reads }) => reads.includes("SOURCE")),
);
/** The walls that stand whoever the person is. */
const WALLS = RULES.filter(({ effect, when }) => effect === "forbid" && when.every(isStatic));

const holdAsFarAsStatic = (conditions: readonly Condition[], it: Asked): boolean =>
  conditions.every((condition) => !isStatic(condition) || condition.holds(it));

const factsIn = (conditions: readonly Condition[]): Fact[] =>
  conditions.flatMap(({ reads }) => reads.filter(isFact));

/** What lifts a wall: for each way the facts that it takes; none when it never gives way, null when it does not stand. */
const waysThrough = (wall: Rule, it: Asked): Fact[][] | null => {
  if (!wall.when.every((condition) => condition.holds(it))) return null;
  const ways = wall.unless.filter((conditions) => holdAsFarAsStatic(conditions, it)).map(factsIn);
  return ways.some((facts) => facts.length === 0) ? null : ways;
};

const rankOf = (aspects: readonly [Aspect, Because][]): number =>
  Math.max(...aspects.map((one) => OUT_OF_REACH.indexOf(one)));

/** What of a standing a permit fails on. */
const failingOf = ({ when }: Rule, it: Asked): Set<string> =>
  new Set(
    when.flatMap((condition) =>
      isStatic(condition) && !condition.holds(it) ? condition.reads : [],
    ),
  );

/** Why every permit is out of reach: what the nearest one for the purpose fails on. */
const outOfReach = (failing: readonly Set<string>[], it: Asked): Because[] => {
  const [nearest] = failing
    .filter((aspects) => !aspects.has("PURPOSE"))
    .map((aspects) => OUT_OF_REACH.filter(([aspect]) => aspects.has(aspect)))
    .toSorted((one, other) => one.length - other.length || rankOf(one) - rankOf(other));
  if (!nearest) return ["purpose-not-permitted"];
  return nearest.map(([aspect, because]) =>
    aspect === "BASIS" && it.basis === "NONE" ? "basis-not-stated" : because,
  );
};

/**
 * Why this caller is not given another agency's information of this category, and what could open it.
 *
 * @param hasAgreement Does an agreement in force cover this purpose and category? Null when that is not known.
 */
export const refusal = (
  caller: Caller,
  purpose: Purpose,
  basis: Basis | null,
  category: Category,
  hasAgreement: boolean | null,
): Refusal => {
  const info = { category, source: `not ${caller.agency}` };
  const standing = { caller, purpose, basis, info, agreement: null };
  if (!isUnderstood(standing)) return { because: ["kind-not-known"], routes: [] };
  const it = askedOf(standing, {
    ties: [],
    directives: [],
    restricted: false,
    medicalEmergency: false,
    safetyThreat: false,
  });
  const walls = WALLS.flatMap((rule) => {
    const ways = waysThrough(rule, it);
    return ways ? [{ rule, ways }] : [];
  });
  const routesOf = (rules: readonly Rule[]): Route[] => [
    ...new Set(
      rules
        .flatMap(({ routes }) => routes)
        .filter((route) => isRouteTo(route, category) && !(route === "AGREEMENT" && hasAgreement)),
    ),
  ];

  const closed = walls.filter(({ ways }) => ways.length === 0).map(({ rule }) => rule);
  if (closed.length > 0) {
    const because = closed.map(({ reason }) => CLOSED[reason ?? ""] ?? "not-for-this-category");
    return { because: [...new Set(because)], routes: routesOf(closed) };
  }
  const failing = PERMITS.map((rule) => failingOf(rule, it));
  const permits = PERMITS.filter((_, index) => failing[index]?.size === 0);
  if (permits.length === 0) return { because: outOfReach(failing, it), routes: [] };

  const needed = factsIn(permits.flatMap(({ when }) => when));
  // A wall that what opens the permit lifts too asks for nothing more.
  const more = walls.filter(
    ({ ways }) => !ways.some((facts) => facts.every((fact) => needed.includes(fact))),
  );
  const facts = [...needed, ...more.flatMap(({ ways }) => ways.flat())];
  const needsAgreement = permits.some(({ when }) =>
    when.some(({ reads }) => reads.includes("AGREEMENT")),
  );
  const agreement: Because[] =
    !needsAgreement || hasAgreement
      ? []
      : [hasAgreement === null ? "needs-agreement" : "no-agreement"];
  return {
    because: [...new Set([...agreement, ...facts.flatMap((fact) => NEEDS[fact] ?? [])])],
    routes: routesOf([...permits, ...more.map(({ rule }) => rule)]),
  };
};
