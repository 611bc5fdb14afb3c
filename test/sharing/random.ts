/** Questions at random, the same for the same seed; most of them near the edges of the law. */
import type { Question } from "#sharing/question.ts";
import { isCoveredByHipaa } from "#sharing/requester.ts";
import {
  AGENCY_KINDS,
  BASES,
  CATEGORIES,
  DIRECTIVES,
  PURPOSES,
  ROLES,
  TIES,
} from "#sharing/vocabulary.ts";
import { asks, OPENINGS } from "./table.ts";

/** Numbers from 0 to below 1 (mulberry32). */
export const numbersFrom = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
};

/** Questions without end. */
export const questionsFrom = function* (seed: number): Generator<Question> {
  const number = numbersFrom(seed);
  const chance = (of: number): boolean => number() < of;
  const one = <T>(list: readonly T[]): T => list[Math.floor(number() * list.length)] as T;
  const some = <T>(list: readonly T[], of: number): T[] => list.filter(() => chance(of));
  for (;;) {
    const opening = one(OPENINGS);
    // Three in four of each thing are what a way in asks for, so that as many questions are allowed as not.
    const likely = <T>(all: readonly T[], fitting: readonly T[]): T =>
      one(chance(0.75) && fitting.length > 0 ? fitting : all);
    const kind = chance(0.05) ? "LAW" : likely(AGENCY_KINDS, opening.kinds);
    const purpose = likely(PURPOSES, opening.purposes);
    const category = chance(0.1)
      ? one(["SUD_TREATMENT", "SUD_COUNSELING_NOTES"] as const)
      : likely(CATEGORIES, opening.categories);
    const it = asks(
      kind,
      likely(ROLES, opening.roles),
      purpose,
      likely([null, ...BASES], opening.bases),
      category,
      {
        ties: some(TIES, 0.7),
        directives: some(DIRECTIVES, 0.7),
        restricted: chance(0.15),
        medicalEmergency: chance(0.7),
        safetyThreat: chance(0.7),
        agreement: chance(0.2)
          ? null
          : {
              active: chance(0.85),
              purposes: [...some(PURPOSES, 0.5), ...(chance(0.8) ? [purpose] : [])],
              categories: [...some(CATEGORIES, 0.5), ...(chance(0.8) ? [category] : [])],
            },
      },
    );
    yield {
      ...it,
      caller: { ...it.caller, hipaa: chance(0.9) ? isCoveredByHipaa(kind) : chance(0.5) },
      info: { category, source: chance(0.1) ? it.caller.agency : "keeping" },
    };
  }
};
