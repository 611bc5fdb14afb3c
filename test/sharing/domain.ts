/**
 * Every point of the closed domain that the law can tell apart.
 *
 * The whole domain has some 2 * 10^11 points. Two words of a vocabulary are one here when no rule and no list of the table
 * names one of them without the other; and of a person only what a rule that is still alive at the standing reads is
 * varied, on a background in which nothing else is known and again on one in which all else is. What is alive is told
 * here from the conditions of the rules, without `prepare`.
 */
import type { Expr, PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import type { PersonFacts, Standing } from "#sharing/question.ts";
import { askedOf } from "#sharing/law.ts";
import { FACTS, isFact } from "#sharing/rule.ts";
import type { Asked, Fact, Rule } from "#sharing/rule.ts";
import {
  AGENCY_KINDS,
  BASES,
  CATEGORIES,
  CATEGORY_LABELS,
  PURPOSES,
  ROLES,
} from "#sharing/vocabulary.ts";
import type { AgencyKind, Basis, Category, Purpose, Role } from "#sharing/vocabulary.ts";
import { known } from "./examples.ts";
import { OPENINGS } from "./table.ts";

/** Every set of words of one vocabulary that something in Cedar's JSON compares with. */
const setsIn = (expr: unknown, type: string, found: Set<string>[]): void => {
  if (typeof expr !== "object" || expr === null) return;
  const words = (Array.isArray(expr) ? expr : [expr]).flatMap((it: Expr) => {
    const entity = ("Value" in it ? it.Value : null) as {
      __entity?: { type: string; id: string };
    } | null;
    return entity?.__entity?.type === `Share::${type}` ? [entity.__entity.id] : [];
  });
  if (words.length > 0) found.push(new Set(words));
  // The members of a set count together, and not one by one.
  if (Array.isArray(expr) && words.length > 0) return;
  for (const inner of Object.values(expr)) setsIn(inner, type, found);
};

/** One word for each class of words that stand in the same sets: the first, with those first that promises name. */
const oneOfEach = <T extends string | null>(
  words: readonly T[],
  sets: readonly ReadonlySet<T>[],
): T[] => {
  const classes = new Map<string, T>();
  for (const word of words) {
    const membership = sets.map((set) => (set.has(word) ? "1" : "0")).join("");
    if (!classes.has(membership)) classes.set(membership, word);
  }
  return [...classes.values()];
};

const first = <T>(words: readonly T[], word: T): T[] => [
  word,
  ...words.filter((it) => it !== word),
];

/** The words that stand for all. */
export interface Classes {
  kinds: AgencyKind[];
  roles: Role[];
  purposes: Purpose[];
  bases: (Basis | null)[];
  categories: Category[];
}

/** The classes that these rules and the table tell apart. */
export const classesOf = (policies: readonly PolicyJson[]): Classes => {
  const named = <T extends string | null>(type: string): Set<T>[] => {
    const found: Set<string>[] = [];
    for (const { conditions } of policies) setsIn(conditions, type, found);
    return found as Set<T>[];
  };
  const listed = <K extends "kinds" | "roles" | "purposes" | "bases" | "categories">(list: K) =>
    OPENINGS.map((opening) => new Set(opening[list]));
  const labeled = named<string>("Label").map(
    (labels) =>
      new Set(CATEGORIES.filter((it) => CATEGORY_LABELS[it].labels.some((one) => labels.has(one)))),
  );
  const bases = named<string>("Basis").map(
    (set) => new Set<Basis | null>([null, ...BASES].filter((it) => set.has(it ?? "NONE"))),
  );
  return {
    kinds: oneOfEach(first<AgencyKind>(AGENCY_KINDS, "MCO"), [
      ...named<AgencyKind>("Kind"),
      ...(listed("kinds") as Set<AgencyKind>[]),
    ]),
    roles: oneOfEach(ROLES, [...named<Role>("Role"), ...(listed("roles") as Set<Role>[])]),
    purposes: oneOfEach(PURPOSES, [
      ...named<Purpose>("Purpose"),
      ...(listed("purposes") as Set<Purpose>[]),
    ]),
    bases: oneOfEach<Basis | null>(
      [null, ...BASES],
      [...bases, ...(listed("bases") as Set<Basis | null>[])],
    ),
    categories: oneOfEach(first<Category>(CATEGORIES, "LABS"), [
      ...named<Category>("Category"),
      ...labeled,
      ...(listed("categories") as Set<Category>[]),
    ]),
  };
};

/** What an agreement can be to a question. */
export const AGREEMENTS = [
  "COVERS",
  "NOT_THIS_CATEGORY",
  "NOT_THIS_PURPOSE",
  "SUSPENDED",
  "NONE",
] as const;
/** One of them. */
export type AgreementState = (typeof AGREEMENTS)[number];

/** A standing with each agreement that there can be. */
export type Standings = Record<AgreementState, Standing>;

/** Every standing that can be told apart, but for the agreement. */
export const standings = function* (of: Classes): Generator<Standings> {
  for (const kind of of.kinds)
    for (const role of of.roles)
      for (const hipaa of [true, false])
        for (const purpose of of.purposes)
          for (const basis of of.bases)
            for (const category of of.categories)
              for (const source of ["keeping", "asking"]) {
                const it = {
                  caller: { agency: "asking", kind, role, hipaa },
                  purpose,
                  basis,
                  info: { category, source },
                };
                const terms = { active: true, purposes: [purpose], categories: [category] };
                yield {
                  COVERS: { ...it, agreement: terms },
                  NOT_THIS_CATEGORY: { ...it, agreement: { ...terms, categories: [] } },
                  NOT_THIS_PURPOSE: { ...it, agreement: { ...terms, purposes: [] } },
                  SUSPENDED: { ...it, agreement: { ...terms, active: false } },
                  NONE: { ...it, agreement: null },
                };
              }
};

/** Can a rule still hold, when all but the person is known? */
export const isAlive = ({ when }: Rule, asked: Asked): boolean =>
  when.every(({ reads, holds }) => reads.some(isFact) || holds(asked));

/** The facts that these rules read. */
export const factsReadBy = (rules: readonly Rule[]): Fact[] => {
  const read = rules.flatMap(({ when, unless }) => [...when, ...unless.flat()]);
  return FACTS.filter((fact) => read.some(({ reads }) => reads.includes(fact)));
};

/** The facts that a rule reads that is alive at this standing; none when no permit is. */
export const factsThatMatter = (rules: readonly Rule[], standing: Standing): Fact[] => {
  const asked = askedOf(standing, known([]));
  const alive = rules.filter((rule) => isAlive(rule, asked));
  return alive.some(({ effect }) => effect === "permit") ? factsReadBy(alive) : [];
};

/** Every set of some facts: the one at an index has those whose bits the index has. */
export interface Subsets {
  /** Nothing else is known of the person. */
  alone: readonly PersonFacts[];
  /** All else is known. */
  amongAll: readonly PersonFacts[];
}

const made = new Map<string, Subsets>();

/** Every set of these facts. */
export const subsetsOf = (facts: readonly Fact[]): Subsets => {
  const key = facts.join();
  let subsets = made.get(key);
  if (!subsets) {
    const others = FACTS.filter((fact) => !facts.includes(fact));
    const each = Array.from({ length: 1 << facts.length }, (_, bits) =>
      facts.filter((_fact, index) => bits & (1 << index)),
    );
    subsets = {
      alone: each.map(known),
      amongAll: each.map((some) => known([...some, ...others])),
    };
    made.set(key, subsets);
  }
  return subsets;
};
