/** What a decision's rules say, for whoever has to answer for it. */
import type { Effect } from "./rule.ts";
import { RULES } from "./rules.ts";

/** One rule, in words. */
export interface Explanation {
  readonly id: string;
  /** Null, as the rest, when no rule of today has this id: the rules have been changed since. */
  readonly effect: Effect | null;
  readonly law: string | null;
  readonly says: string | null;
}

/** Explains rules by their ids, as a decision and the ledger name them. */
export const explain = (ids: readonly string[]): Explanation[] =>
  ids.map((id) => {
    const rule = RULES.find((it) => it.id === id);
    return {
      id,
      effect: rule?.effect ?? null,
      law: rule?.law ?? null,
      says: rule?.says ?? null,
    };
  });
