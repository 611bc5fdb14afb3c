/** A link to one subgraph: a deadline for each call, and a breaker for one that is down. */
import type { Requester } from "#sharing/requester.ts";
import type { Log } from "#platform/log.ts";
import type { Answer, Operation } from "#platform/subgraph.ts";
import type { Subgraph } from "./subgraph.ts";

/** In whose name a subgraph is called, and for which request. */
export interface Asker {
  requester: Requester;
  requestId: string;
  /** Aborted when nobody waits for the answer any more. */
  gone: AbortSignal;
}

/** How long a subgraph may take. A side door takes a whole bundle in, and is not asked by the planner. */
export interface Deadlines {
  readMs: number;
  mutationMs: number;
}
export const DEADLINES: Deadlines = { readMs: 800, mutationMs: 2_000 };

/** After so many failures in a row a subgraph is left alone for a while; then one call may try it. */
export const BREAKER = { failures: 5, restMs: 5_000 } as const;

/** The subgraph did not answer, or with something that is no answer. */
export class Unavailable extends Error {}

/** Nobody waits for the answer any more. */
export class Gone extends Error {}

/** Calls a subgraph. */
export interface Link {
  /**
   * @throws {Unavailable} It has been logged, once.
   * @throws {Gone} when the asker has gone; a mutation is finished all the same.
   */
  call(operation: Operation, isMutation: boolean, asker: Asker): Promise<Answer>;
}

/** @param now A monotonic clock, in milliseconds. */
export const openLink = (
  name: string,
  subgraph: Subgraph,
  deadlines: Deadlines,
  log: Log,
  now: () => number = () => performance.now(),
): Link => {
  let failures = 0;
  let restsUntil = 0;
  let isTrying = false;
  const isResting = () => failures >= BREAKER.failures && (isTrying || now() < restsUntil);

  return {
    call: (operation, isMutation, { requester, requestId, gone }) =>
      new Promise((resolve, reject) => {
        if (isResting()) return reject(new Unavailable(`${name} is left alone for a while`));
        const isTrial = failures >= BREAKER.failures;
        if (isTrial) isTrying = true;
        const abort = new AbortController();
        const settle = () => {
          clearTimeout(timer);
          gone.removeEventListener("abort", leave);
          // What was asked before the subgraph was left alone may end in the middle of a trial.
          if (isTrial) isTrying = false;
        };
        const fail = (cause: unknown) => {
          settle();
          failures++;
          restsUntil = now() + BREAKER.restMs;
          log.warn({ err: cause, room: name, requestId }, "subgraph unavailable");
          if (failures === BREAKER.failures) log.warn({ room: name }, "subgraph left alone");
          reject(new Unavailable(name, { cause }));
        };
        const leave = () => {
          settle();
          abort.abort();
          reject(new Gone());
        };
        const timer = setTimeout(
          () => {
            abort.abort();
            fail(new Error("the deadline passed"));
          },
          isMutation ? deadlines.mutationMs : deadlines.readMs,
        );
        if (!isMutation) {
          if (gone.aborted) return leave();
          gone.addEventListener("abort", leave, { once: true });
        }
        subgraph.answer(operation, requester, requestId, abort.signal).then(
          (answer) => {
            if (abort.signal.aborted) return;
            settle();
            failures = 0;
            resolve(answer);
          },
          (error: unknown) => {
            if (!abort.signal.aborted) fail(error);
          },
        );
      }),
  };
};
