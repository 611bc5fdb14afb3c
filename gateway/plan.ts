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
  /** `isTooLarge`: it was too much for the planner. */
  | { kind: "unplannable"; id: number; message: string; isTooLarge: boolean };

/** Plans for one supergraph. */
export interface Planner {
  /** The API schema, as SDL: what clients may ask for. */
  readonly api: string;
  /**
   * @param text A normalised operation.
   * @throws {Problem} OPERATION_TOO_LARGE when it cannot be planned in time, or in the memory that there is.
   */
  plan(text: string): Promise<QueryPlan>;
  close(): Promise<void>;
}

/** An operation that takes longer to plan than this, with the planner to itself, is refused. */
export const PLANNING_MS = 3_000;

/**
 * One for which the thread's heap grows beyond this is refused too. By looking: where a thread meets a limit of V8's own,
 * it is the process that ends, and so that limit is out of reach.
 */
const PLANNING_BYTES = 512_000_000;
const LOOK_EVERY_MS = 50;
const HEAP_MB = 4_096;

interface Waiting {
  id: number;
  text: string;
  resolve: (plan: QueryPlan) => void;
  reject: (error: unknown) => void;
}

const THREAD = new URL("./planner.ts", import.meta.url);

const startThread = async (supergraph: string): Promise<{ worker: Worker; api: string }> => {
  const worker = new Worker(THREAD, {
    workerData: supergraph,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
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

const CLOSED = "the planner has been closed";

const tooLarge = (message: string): Problem =>
  new Problem("OPERATION_TOO_LARGE", message, { limit: "planning" });

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
  let looking: NodeJS.Timeout | undefined;
  /** None while the next one is on its way. */
  let worker: Worker | undefined;
  let coming: Promise<void> | undefined;

  const stopWatching = () => {
    clearTimeout(timer);
    clearInterval(looking);
  };
  /** Watches over the operation that the thread works on now. */
  const next = () => {
    stopWatching();
    const [first] = waiting;
    if (!worker || !first) return;
    timer = setTimeout(() => restart(tooLarge("the operation takes too long to plan")), limitMs);
    looking = setInterval(look, LOOK_EVERY_MS, worker, first.id);
  };
  const look = (at: Worker, id: number) => {
    at.getHeapStatistics().then(
      ({ used_heap_size: bytes }) => {
        if (bytes > PLANNING_BYTES && waiting[0]?.id === id)
          restart(tooLarge("the operation takes too much memory to plan"));
      },
      // A thread that has ended has said so itself.
      () => undefined,
    );
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
  const listen = (to: Worker) => {
    worker = to;
    to.on("message", (message: FromPlanner) => {
      if (message.kind === "plan") done(message.id)?.resolve(message.plan);
      else if (message.kind === "unplannable")
        done(message.id)?.reject(
          message.isTooLarge
            ? tooLarge("the operation is too large to plan")
            : new Error(`the planner: ${message.message}`),
        );
    });
    // A thread that dies takes the operation with it that it was planning; the others are planned by the next one.
    to.on("error", (error) => {
      if (worker === to) restart(error);
    });
    for (const { id, text } of waiting) to.postMessage({ id, text } satisfies ToPlanner);
    next();
  };
  const restart = (reason: unknown): void => {
    stopWatching();
    waiting.shift()?.reject(reason);
    start();
  };
  /** Puts a thread in the place of the one that there is, if there is one. */
  const start = (): void => {
    const before = worker;
    worker = undefined;
    coming ??= (async () => {
      await before?.terminate();
      if (closed) return;
      const { worker: fresh } = await startThread(supergraph);
      if (closed) await fresh.terminate();
      else listen(fresh);
    })()
      // The next operation has it tried again.
      .catch(refuseAll)
      .finally(() => {
        coming = undefined;
      });
  };

  const { worker: first, api } = await startThread(supergraph);
  listen(first);

  return {
    api,
    plan: (text) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error(CLOSED));
        const id = asked++;
        waiting.push({ id, text, resolve, reject });
        if (!worker) return start();
        worker.postMessage({ id, text } satisfies ToPlanner);
        if (waiting.length === 1) next();
      }),
    close: async () => {
      closed = true;
      stopWatching();
      refuseAll(new Error(CLOSED));
      await worker?.terminate();
      await coming;
    },
  };
};
