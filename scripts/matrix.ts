/**
 * The matrix of the law, for a lawyer to read and sign: who may have what, and what it takes. It is worked out from `decide`
 * alone, by asking; nothing in it is written by hand.
 */
import { format } from "prettier";
import { decide, reachable } from "#sharing/decide.ts";
import type { Caller, PersonFacts, Question, Standing } from "#sharing/question.ts";
import { isCoveredByHipaa } from "#sharing/requester.ts";
import type { Fact } from "#sharing/rule.ts";
import {
  AGENCY_KINDS,
  BASES,
  CATEGORIES,
  CATEGORY_LABELS,
  DIRECTIVES,
  PURPOSES,
  ROLES,
  TIES,
} from "#sharing/vocabulary.ts";
import type { AgencyKind, Basis, Category, Purpose, Role } from "#sharing/vocabulary.ts";

/** What it can take, and the mark for it in a cell. */
const MARKS = {
  AGREEMENT: [
    "A",
    "an agreement in force between the two agencies covers the purpose and the category",
  ],
  TREATING: ["T", "the agency treats the person"],
  ENROLLED: ["N", "the person is enrolled with the agency"],
  REFERRAL: ["R", "the person, or the case, was referred to the agency"],
  OVERSIGHT: ["O", "a threshold was breached, and is not resolved"],
  HIPAAAuthCD: ["h", "consent: the person's authorization (45 CFR 164.508)"],
  HIPAAConsentCD: ["k", "consent under HIPAA"],
  "42CFRPart2CD": ["p", "consent: to share Part 2 records (42 CFR 2.31)"],
  PSYNOTES_AUTH: ["y", "consent: the authorization for psychotherapy notes"],
  SUDNOTES_CD: ["s", "consent: to share counseling notes of a Part 2 program"],
  PART2_LEGAL_CD: ["l", "consent: to law enforcement or legal use of Part 2 records"],
  VAWA_RELEASE: ["v", "consent: the survivor's release of a location"],
  medicalEmergency: ["E", "a medical emergency is attested, and open"],
  safetyThreat: ["S", "a serious and imminent threat is attested in good faith"],
} as const satisfies Record<string, readonly [string, string]>;
type Need = keyof typeof MARKS;
const NEEDS = Object.keys(MARKS) as Need[];

const factsOf = (had: readonly Need[], restricted: boolean): PersonFacts => {
  const has = (fact: Fact): boolean => (had as readonly Fact[]).includes(fact);
  return {
    ties: TIES.filter(has),
    directives: DIRECTIVES.filter(has),
    restricted,
    medicalEmergency: has("medicalEmergency"),
    safetyThreat: has("safetyThreat"),
  };
};

/** Who asks, what for and on which basis. */
interface Asking {
  kind: AgencyKind;
  role: Role;
  purpose: Purpose;
  basis: Basis | null;
}

const callerOf = ({ kind, role }: Asking): Caller => ({
  agency: "asking",
  kind,
  role,
  hipaa: isCoveredByHipaa(kind),
});

const isGiven = (
  asking: Asking,
  category: Category,
  had: readonly Need[],
  { restricted = false, suspended = false } = {},
): boolean => {
  const { purpose, basis } = asking;
  const terms = { active: !suspended, purposes: [purpose], categories: [category] };
  const standing: Standing = {
    caller: callerOf(asking),
    purpose,
    basis,
    info: { category, source: "keeping" },
    agreement: had.includes("AGREEMENT") || suspended ? terms : null,
  };
  const question: Question = { ...standing, ...factsOf(had, restricted) };
  return decide(question).decision === "ALLOW";
};

/** What it takes: all of the needs, and one of the alternatives where there are any. */
interface Takes {
  all: Need[];
  oneOf: Need[];
}

/**
 * Taking anything away never opens anything, so what it takes is what it will not do without.
 *
 * @throws {Error} when it takes more than a choice among single things: then the matrix must learn to say that
 */
const takes = (asking: Asking, category: Category): Takes | null => {
  const { purpose, basis } = asking;
  if (!reachable(callerOf(asking), purpose, basis, category)) return null;
  const all = NEEDS.filter(
    (need) =>
      !isGiven(
        asking,
        category,
        NEEDS.filter((it) => it !== need),
      ),
  );
  if (isGiven(asking, category, all)) return { all, oneOf: [] };
  const oneOf = NEEDS.filter((need) => isGiven(asking, category, [...all, need]));
  if (oneOf.length === 0) throw new Error(`the matrix cannot say what ${category} takes`);
  return { all, oneOf };
};

const cell = (it: Takes | null): string =>
  it === null
    ? "-"
    : [
        ...it.all.map((need) => MARKS[need][0]),
        ...(it.oneOf.length > 0 ? [it.oneOf.map((need) => MARKS[need][0]).join("/")] : []),
      ].join(" ");

/** A way in: those for whom everything in a column is the same. */
interface Way {
  purposes: Purpose[];
  bases: (Basis | null)[];
  kinds: AgencyKind[];
  roles: Role[];
  cells: string[];
  /** Does it stand, in spite of a restriction and of a suspended agreement? */
  inSpiteOf: string[];
}

/** Says so of every category that is given, or of none of them. */
const always = (given: readonly boolean[]): string =>
  given.every(Boolean) ? "yes" : given.some(Boolean) ? "in part" : "no";

const wayOf = (asking: Asking): Way | null => {
  const needs = CATEGORIES.map((category) => [category, takes(asking, category)] as const);
  const open = needs.flatMap(([category, it]) =>
    it ? [{ category, had: [...it.all, ...it.oneOf] }] : [],
  );
  if (open.length === 0) return null;
  const stands = (despite: { restricted?: boolean; suspended?: boolean }) =>
    always(open.map(({ category, had }) => isGiven(asking, category, had, despite)));
  return {
    purposes: [asking.purpose],
    bases: [asking.basis],
    kinds: [asking.kind],
    roles: [asking.role],
    cells: needs.map(([, it]) => cell(it)),
    inSpiteOf: [stands({ restricted: true }), stands({ suspended: true })],
  };
};

/** Puts ways together that differ in one list alone. */
const joined = (ways: readonly Way[], list: "purposes" | "bases" | "kinds" | "roles"): Way[] => {
  const groups = new Map<string, Way[]>();
  for (const way of ways) {
    const key = JSON.stringify({ ...way, [list]: [] });
    groups.set(key, [...(groups.get(key) ?? []), way]);
  }
  return [...groups.values()].map((group) => ({
    ...(group[0] as Way),
    [list]: group.flatMap((way) => way[list]),
  }));
};

/** Every way in, those alike put together. */
const allWays = (): Way[] => {
  const each = PURPOSES.flatMap((purpose) =>
    [...BASES, null].flatMap((basis) =>
      AGENCY_KINDS.flatMap((kind) =>
        ROLES.flatMap((role) => wayOf({ kind, role, purpose, basis }) ?? []),
      ),
    ),
  );
  return (["roles", "kinds", "bases", "purposes"] as const).reduce(joined, each);
};

const listed = <T>(words: readonly T[], all: readonly T[]): string =>
  words.length === all.length ? "any" : words.map((word) => word ?? "none").join(", ");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

/** The whole page. */
export const matrix = async (policy: string): Promise<string> => {
  const ways = allWays();
  const number = (way: Way): string => String(ways.indexOf(way) + 1);
  const used = new Set(ways.flatMap(({ cells }) => cells.flatMap((it) => it.split(/[ /]/))));
  const page = `# Who may have what, and what it takes

A draft for counsel. Generated by \`npm run rules\` by asking the rules, SHA-256 \`${policy}\`.

It is about what one agency may be given of another agency's records about a person. What is not shown as a way in is denied.

## Ways in

Everything in a line is alike: any of its purposes, on any of its bases, for any of its roles at any of its agencies.

${table(
  [
    "way",
    "purpose",
    "basis stated",
    "agencies",
    "roles",
    "in spite of a restriction",
    "in spite of a suspended agreement",
  ],
  ways.map((way) => [
    number(way),
    listed(way.purposes, PURPOSES),
    listed(way.bases, [null, ...BASES]),
    listed(way.kinds, AGENCY_KINDS),
    listed(way.roles, ROLES),
    ...way.inSpiteOf,
  ]),
)}

## What each way takes, by category

All of the marks in a cell; of those joined by \`/\` one is enough. \`-\` is never.

${table(
  ["mark", "takes"],
  NEEDS.filter((need) => used.has(MARKS[need][0])).map((need) => [MARKS[need][0], MARKS[need][1]]),
)}

${table(
  ["category", "confidentiality", ...ways.map((way) => `way ${number(way)}`)],
  CATEGORIES.map((category, index) => [
    category,
    CATEGORY_LABELS[category].confidentiality,
    ...ways.map(({ cells }) => cells[index] ?? ""),
  ]),
)}

## Which ways are open to whom

${table(
  ["", ...ROLES],
  AGENCY_KINDS.map((kind) => [
    kind,
    ...ROLES.map(
      (role) =>
        ways
          .filter(({ kinds, roles }) => kinds.includes(kind) && roles.includes(role))
          .map(number)
          .join(" ") || "-",
    ),
  ]),
)}

An agency whose kind is not known is given nothing.

## What this leaves out

- An agency's own records: it uses them (45 CFR 164.502), but for two things. Those who govern (EXECUTIVE, COMMISSIONER_LIAISON,
  PRIVACY_OFFICER, AUDITOR, ANALYST) see them no more than others' records; and Part 2 records go to law enforcement or into a
  proceeding only with the consent to that.
- Whether an agency is under HIPAA is taken from its kind: ${AGENCY_KINDS.filter(isCoveredByHipaa).join(", ")}. One that is
  not, though its kind says so, has only the ways on other bases than HIPAA_506.
- A record that raises more than its field holds is judged for each category that it raises; all must be open.
- The duties that travel with what is given, and what a refusal shows.
- How facts come about: when a tie begins and ends, which consent is in force, what is attested and reviewed.
- Other law: state law beyond adult protective services, court orders, and what an agency may do with what it was given.
`;
  return format(page, { parser: "markdown", printWidth: 100 });
};
