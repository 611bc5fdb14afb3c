/**
 * What several requests under one token ask of a subgraph in the same turn of the event loop, in the same words, is asked
 * once. All of them had come before it was asked, so none is answered with what was true before it came.
 *
 * INVARIANT: calls are joined for one and the same `Requester` alone, so that no answer crosses from one caller to another.
 */
import type { Requester } from "#sharing/requester.ts";
import { Gone, Unavailable } from "./link.ts";

/** One of several requests that wait for one call. */
export interface Member {
  gone: AbortSignal;
  reject: (error: unknown) => void;
}

/** Finds what is open for a requester and a question in this turn, or opens it. */
export type Join<Batch> = (
  requester: Requester,
  question: string,
  open: () => Batch,
  hasRoom?: (batch: Batch) => boolean,
) => Batch;

/** @param send Is called for each batch when the turn is over; a batch without room is not waited for. */
export const perTurn = <Batch>(send: (batch: Batch) => void): Join<Batch> => {
  const opened = new Map<Requester, Map<string, Batch>>();
  const flush = () => {
    const batches = [...opened.values()].flatMap((of) => [...of.values()]);
    opened.clear();
    for (const batch of batches) send(batch);
  };
  return (requester, question, open, hasRoom = () => true) => {
    if (opened.size === 0) setImmediate(flush);
    const mine = opened.get(requester) ?? new Map<string, Batch>();
    opened.set(requester, mine);
    const there = mine.get(question);
    if (there && hasRoom(there)) return there;
    if (there) send(there);
    const batch = open();
    mine.set(question, batch);
    return batch;
  };
};

/**
 * Makes one call for several requests: it is given up when all of them are gone, and what fails, fails for them all.
 *
 * @param call Makes the call, and deals out what came.
 */
export const forAll = async (
  members: readonly Member[],
  call: (gone: AbortSignal) => Promise<void>,
): Promise<void> => {
  const abort = new AbortController();
  const look = () => {
    if (members.every(({ gone }) => gone.aborted)) abort.abort();
  };
  for (const { gone } of members) gone.addEventListener("abort", look);
  look();
  try {
    await call(abort.signal);
  } catch (error) {
    // What cannot even be dealt out was no answer.
    const isTold = error instanceof Unavailable || error instanceof Gone;
    const reason = isTold ? error : new Unavailable("no answer", { cause: error });
    for (const { reject } of members) reject(reason);
  } finally {
    for (const { gone } of members) gone.removeEventListener("abort", look);
  }
};

/** Data for another request, so that none writes into what another one reads. */
export const copy = <T>(value: T): T => {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copy) as T;
  const fresh: Record<string, unknown> = {};
  for (const key of Object.keys(value))
    if (key !== "__proto__") fresh[key] = copy((value as Record<string, unknown>)[key]);
  return fresh as T;
};
