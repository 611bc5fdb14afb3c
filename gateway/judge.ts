/**
 * Step 4: what can never be given to this requester is not asked for. What is left is judged by the room whose record it is,
 * with the record and the facts about the person in hand; this only saves work, and opens nothing.
 */
import { LRUCache } from "lru-cache";
import { prepare, reachable } from "#sharing/decide.ts";
import { KEEPS } from "#sharing/keeps.ts";
import type { KeepsAsked, KeepsTold } from "#sharing/keeps.ts";
import { callerOf } from "#sharing/requester.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Log } from "#platform/log.ts";
import { DEADLINES } from "./link.ts";
import type { Subgraph } from "./subgraph.ts";

/** Those of the categories that the requester can be given in no record at all. */
export type Judge = (
  requester: Requester,
  categories: readonly Category[],
  requestId: string,
) => Promise<ReadonlySet<Category>>;

/** What every requester may be given something of. */
export const NONE_DENIED: ReadonlySet<Category> = new Set();

const MOST_AGENCIES = 10_000;
const MOST_ANSWERS = 10_000;

/** Does a rule let another agency's record of this category reach the requester, or let it read its own? */
const answers = () => {
  const known = new LRUCache<string, { fromOthers: boolean; own: boolean }>({ max: MOST_ANSWERS });
  return (requester: Requester, category: Category) => {
    const caller = callerOf(requester);
    const { kind, role, purpose, basis } = requester;
    const key = `${kind} ${role} ${purpose} ${basis} ${category}`;
    let answer = known.get(key);
    if (!answer) {
      const info = { category, source: caller.agency };
      const own = prepare({ caller, purpose, basis, info, agreement: null });
      answer = {
        fromOthers: reachable(caller, purpose, basis, category),
        own: own.kind !== "DENY",
      };
      known.set(key, answer);
    }
    return answer;
  };
};

/** @param subgraphs That keep records, and say of what categories. */
export const judging = (subgraphs: readonly Subgraph[], log: Log): Judge => {
  const answer = answers();
  // An agency that keeps something of a category goes on doing so, as far as it matters here.
  const kept = new LRUCache<string, Set<Category>>({ max: MOST_AGENCIES });

  const keeps = async (agency: string, asked: Category[], requestId: string): Promise<void> => {
    const bytes = Buffer.from(JSON.stringify({ agency } satisfies KeepsAsked));
    const told = await Promise.all(
      subgraphs.map(async (subgraph): Promise<readonly Category[]> => {
        try {
          const ask = { bytes, requester: null, requestId };
          const { status, body } = await subgraph.enter(KEEPS.path, ask, DEADLINES.readMs);
          if (status !== 200) throw new Error(`a room answered ${status} to what an agency keeps`);
          return (JSON.parse(body) as KeepsTold).categories;
        } catch (error) {
          // Whoever cannot say is asked for the records themselves, and judges them.
          log.warn({ err: error, requestId }, "what an agency keeps is not known");
          return asked;
        }
      }),
    );
    kept.set(agency, new Set([...(kept.get(agency) ?? []), ...told.flat()]));
  };

  return async (requester, categories, requestId) => {
    const { agency } = requester;
    const never: Category[] = [];
    const unlessKept: Category[] = [];
    for (const category of categories) {
      const { fromOthers, own } = answer(requester, category);
      if (fromOthers) continue;
      if (!own) never.push(category);
      else if (!kept.get(agency)?.has(category)) unlessKept.push(category);
    }
    if (unlessKept.length > 0) await keeps(agency, unlessKept, requestId);
    const denied = [...never, ...unlessKept.filter((it) => !kept.get(agency)?.has(it))];
    return denied.length === 0 ? NONE_DENIED : new Set(denied);
  };
};
