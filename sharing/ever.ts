/**
 * Whether the law could let an agency have something at all, whoever asks there and whatever for: told from what kind of
 * agency it is, and so of nobody.
 */
import { reachable } from "./decide.ts";
import { callerOf } from "./requester.ts";
import { BASES, PURPOSES, ROLES } from "./vocabulary.ts";
import type { AgencyKind, Category } from "./vocabulary.ts";

const known = new Map<string, boolean>();

/** Is there anybody at an agency of this kind to whom some facts would give another's record that holds all of these? */
export const isEverGiven = (kind: AgencyKind | null, categories: readonly Category[]): boolean => {
  const key = `${kind} ${[...categories].sort().join()}`;
  const there = known.get(key);
  if (there !== undefined) return there;
  // One and the same request must reach all of them, as a record is judged.
  const isGiven = ROLES.some((role) =>
    PURPOSES.some((purpose) =>
      [null, ...BASES].some((basis) => {
        const caller = callerOf({ agency: "any", kind, role, purpose, basis, subject: "anybody" });
        return categories.every((category) => reachable(caller, purpose, basis, category));
      }),
    ),
  );
  known.set(key, isGiven);
  return isGiven;
};
