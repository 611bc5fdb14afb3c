/** Step 4: from a normalised operation to a query plan, on a thread of its own. */
import { Worker } from "node:worker_threads";
import type { QueryPlan } from "@apollo/query-planner";
import { Problem } from "#schema/problems.ts";

/** What the planner's thread is asked. */
export interface ToPlanner {
  id: number;
  text: string;
}

/** What it says. */
export type FromPlanner =
  | { kind: "ready"; api: string }
  | { kind: "refused"; message: string }
  | { kind: "plan"; id: number; plan: QueryPlan }
  | { kind: "unplannable"; id: number; message: string };

/** Plans for one supergraph. */
export interface Planner {
  /** The API schema, as SDL: what clients may ask for. */
  readonly api: string;
  /**
   * @param text A normalised operation.
   * @throws {Problem} OPERATION_TOO_LARGE when it cannot be planned in time.
   */
  plan(text: string): Promise<QueryPlan>;
  close(): Promise<void>;
}

/** An operation that takes longer to plan than this, with the planner to itself, is refused. */
export const PLANNING_MS = 3_000;

interface Waiting {
  id: number;
  text: string;
  resolve: (plan: QueryPlan) => void;
  reject: (error: unknown) => void;
}

const THREAD = new URL("./planner.ts", import.meta.url);

const startThread = async (supergraph: string): Promise<{ worker: Worker; api: string }> => {
  const worker = new Worker(THREAD, { workerData: supergraph, execArgv: [] });
  const first = await new Promise<FromPlanner>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  if (first.kind === "ready") {
    // A process that has nothing else to do may end.
    worker.unref();
    return { worker, api: first.api };
  }
  await worker.terminate();
  throw new Error(`the supergraph is not usable: ${(first as { message: string }).message}`);
};

/**
 * Opens a planner.
 *
 * @param supergraph SDL, as composition writes it.
 * @throws {Error} when it is no supergraph, or uses what this gateway does not support.
 */
export const openPlanner = async (supergraph: string, limitMs = PLANNING_MS): Promise<Planner> => {
  /** In the order of asking; the thread works on the first. */
  const waiting: Waiting[] = [];
  let asked = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const first = await startThread(supergraph);
  let { worker } = first;

  const next = () => {
    clearTimeout(timer);
    if (waiting.length > 0) timer = setTimeout(overrun, limitMs);
  };
  const done = (id: number): Waiting | undefined => {
    if (waiting[0]?.id !== id) return undefined;
    const first = waiting.shift();
    next();
    return first;
  };
  const refuseAll = (error: unknown) => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  const listen = () => {
    worker.on("message", (message: FromPlanner) => {
      if (message.kind === "plan") done(message.id)?.resolve(message.plan);
      else if (message.kind === "unplannable")
        done(message.id)?.reject(new Error(`the planner: ${message.message}`));
    });
    // A thread that dies takes the operation with it that it was planning; the others are planned by the next one.
    worker.on("error", (error) => restart(error));
    for (const { id, text } of waiting) worker.postMessage({ id, text } satisfies ToPlanner);
    next();
  };
  const restart = (reason: unknown): void => {
    waiting.shift()?.reject(reason);
    clearTimeout(timer);
    worker
      .terminate()
      .then(async () => {
        if (closed) return;
        ({ worker } = await startThread(supergraph));
        listen();
      })
      .catch(refuseAll);
  };
  const overrun = () =>
    restart(
      new Problem("OPERATION_TOO_LARGE", "the operation takes too long to plan", {
        limit: "planning",
      }),
    );
  listen();

  return {
    api: first.api,
    plan: (text) =>
      new Promise((resolve, reject) => {
        const id = asked++;
        waiting.push({ id, text, resolve, reject });
        worker.postMessage({ id, text } satisfies ToPlanner);
        if (waiting.length === 1) next();
      }),
    close: async () => {
      closed = true;
      clearTimeout(timer);
      refuseAll(new Error("the planner has been closed"));
      await worker.terminate();
    },
  };
};
