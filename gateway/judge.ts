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
import type { Deadlines } from "./link.ts";
import type { Subgraph } from "./subgraph.ts";

/** An operation, as far as it is judged before it is asked. */
export interface Judged {
  categories: readonly Category[];
  isMutation: boolean;
}

/** Those of an operation's categories that the requester can be given in no record at all. */
export type Judge = (
  requester: Requester,
  operation: Judged,
  requestId: string,
) => Promise<ReadonlySet<Category>>;

/** A judge that remembers what agencies keep. */
export interface Judging extends Judge {
  /** What the agency keeps may grow for so long, by a way that is not judged here: nothing of it is taken for all. */
  changing(agency: string, withinMs: number): void;
}

/** What every requester may be given something of. */
export const NONE_DENIED: ReadonlySet<Category> = new Set();

const MOST_AGENCIES = 10_000;
/** How long it is remembered that an agency keeps nothing of a category; meanwhile another one may make it the keeper of something. */
const NOTHING_MS = 2_000;
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

/** What rooms have said of one agency. */
interface Kept {
  /** Of which categories it keeps something: it goes on doing so, as far as it matters here. */
  categories: Set<Category>;
  /** Until when it is taken to keep nothing of any other. */
  isAllUntil: number;
  /** Until when what it keeps may grow by what it does itself. */
  changesUntil: number;
}

/**
 * @param subgraphs That keep records, and say of what categories.
 * @param now A monotonic clock, in milliseconds.
 */
export const judging = (
  subgraphs: readonly Subgraph[],
  log: Log,
  deadlines: Deadlines = DEADLINES,
  now: () => number = () => performance.now(),
): Judging => {
  const answer = answers();
  const agencies = new LRUCache<string, Kept>({ max: MOST_AGENCIES });
  const keptBy = (agency: string): Kept => {
    const known = agencies.get(agency);
    if (known) return known;
    const made: Kept = { categories: new Set(), isAllUntil: 0, changesUntil: 0 };
    agencies.set(agency, made);
    return made;
  };
  const changing: Judging["changing"] = (agency, withinMs) => {
    const kept = keptBy(agency);
    kept.isAllUntil = 0;
    kept.changesUntil = Math.max(kept.changesUntil, now() + withinMs);
  };

  /** Asks every room; null from one that cannot say. */
  const ask = async (agency: string, requestId: string): Promise<(KeepsTold | null)[]> => {
    const question: KeepsAsked = { agency };
    return Promise.all(
      subgraphs.map(async (subgraph) => {
        try {
          const told = await subgraph.ask(KEEPS.path, question, requestId, deadlines.readMs);
          return told as KeepsTold;
        } catch (error) {
          log.warn({ err: error, requestId }, "what an agency keeps is not known");
          return null;
        }
      }),
    );
  };

  /** Those of the categories of which the agency keeps nothing. */
  const lacking = async (
    agency: string,
    categories: readonly Category[],
    requestId: string,
  ): Promise<Category[]> => {
    const kept = keptBy(agency);
    const notKept = () => categories.filter((it) => !kept.categories.has(it));
    const askedAt = now();
    if (notKept().length === 0 || askedAt < kept.isAllUntil) return notKept();
    const told = await ask(agency, requestId);
    for (const it of told.flatMap((one) => one?.categories ?? [])) kept.categories.add(it);
    // Whoever cannot say is asked for the records themselves, and judges them.
    if (told.includes(null)) return [];
    // INVARIANT: what was asked before an agency's own change is not remembered after it.
    if (askedAt >= kept.changesUntil) kept.isAllUntil = now() + NOTHING_MS;
    return notKept();
  };

  const judge: Judge = async (requester, { categories, isMutation }, requestId) => {
    const { agency } = requester;
    const never: Category[] = [];
    const unlessKept: Category[] = [];
    for (const category of categories) {
      const { fromOthers, own } = answer(requester, category);
      if (fromOthers) continue;
      if (own) unlessKept.push(category);
      else never.push(category);
    }
    // What a mutation makes may be the first of its kind: the room judges it once it is there.
    if (isMutation) changing(agency, deadlines.mutationMs);
    const denied = isMutation
      ? never
      : [...never, ...(await lacking(agency, unlessKept, requestId))];
    return denied.length === 0 ? NONE_DENIED : new Set(denied);
  };
  return Object.assign(judge, { changing });
};
