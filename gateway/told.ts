/**
 * What rooms tell the gateway beside their data: what they gave of others' information, and what they withheld. Requests that
 * asked together were told one and the same thing, so what is made of it is made once for all of them.
 */
import type { Pattern, Told } from "#platform/guard.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Withheld } from "./normalise.ts";

/** Notices and duties that go with what stands at a place. */
export interface Obliged {
  readonly path: Pattern;
  readonly codes: readonly string[];
}

/** One thing that a room gave: about one person. */
export type Given = Omit<Told["disclosures"][number], "at">;

/** What one call to a room came to, by the response names of the operation's text; nothing in it is ever changed. */
export interface Heard {
  readonly withheld: readonly Withheld[];
  readonly obligations: readonly Obliged[];
  readonly given: readonly Given[];
}

const once = <T>(all: readonly T[], key: (it: T) => string): T[] => [
  ...new Map(all.map((it) => [key(it), it])).values(),
];

/**
 * @param placed Where something at a place of the room's answer stands in the operation: at one place, or at several.
 * @returns What was told, with those places.
 */
export const hearing = (placed: (inAnswer: Pattern) => Pattern[]): ((told: Told) => Heard) => {
  const heard = new WeakMap<Told, Heard>();
  return (told) => {
    const there = heard.get(told);
    if (there) return there;
    const withheld = told.withheld.flatMap(({ path, holds }) =>
      placed(path).map((place): { path: Pattern; holds: Category } => ({ path: place, holds })),
    );
    const obligations = told.obligations.flatMap(({ path, codes }) =>
      placed(path).map((place) => ({ path: place, codes })),
    );
    const made: Heard = {
      withheld: once(withheld, ({ path, holds }) => `${path.join("\n")}\n${holds}`),
      obligations: once(obligations, ({ path, codes }) => `${path.join("\n")}\n${codes.join()}`),
      given: told.disclosures.map(({ at: _, ...given }) => given),
    };
    heard.set(told, made);
    return made;
  };
};

/** Makes something of what a request heard; of the same things in the same order it is made once. */
export const madeOnce = <Made>(
  make: (all: readonly Heard[]) => Made,
): ((all: readonly Heard[]) => Made) => {
  const known = new WeakMap<Heard, { of: readonly Heard[]; made: Made }>();
  return (all) => {
    const [first] = all;
    if (!first) return make(all);
    const there = known.get(first);
    if (there?.of.length === all.length && there.of.every((it, index) => it === all[index]))
      return there.made;
    const made = make(all);
    known.set(first, { of: [...all], made });
    return made;
  };
};
