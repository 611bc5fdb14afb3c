import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "redis";
import { Problem } from "#schema/problems.ts";
import type { Log } from "./log.ts";

/** How many requests each agency may make in a minute. */
export interface Budget {
  readonly kind: "memory" | "redis";
  /** @throws {Problem} RATE_LIMITED, with the seconds until the next minute. */
  spend(agency: string, at: Date): Promise<void>;
  close(): Promise<void>;
}

const MINUTE_MS = 60_000;
const CONNECT_MS = 1_000;
const ANSWER_MS = 250;
/** A system that asks more often than this is in a loop. */
export const REQUESTS_PER_MINUTE = 6_000;

const judge = (spent: number, limit: number, at: Date): void => {
  if (spent > limit)
    throw new Problem("RATE_LIMITED", "your agency's budget of requests for this minute is spent", {
      retryAfterSeconds: Math.ceil((MINUTE_MS - (at.getTime() % MINUTE_MS)) / 1000),
    });
};

/** Counts in this process alone. */
export const memoryBudget = (limit = REQUESTS_PER_MINUTE): Budget => {
  let minute = 0;
  const spent = new Map<string, number>();
  return {
    kind: "memory",
    spend: async (agency, at) => {
      const now = Math.floor(at.getTime() / MINUTE_MS);
      if (now !== minute) {
        minute = now;
        spent.clear();
      }
      spent.set(agency, (spent.get(agency) ?? 0) + 1);
      judge(spent.get(agency) ?? 0, limit, at);
    },
    close: async () => undefined,
  };
};

/**
 * Counts in Redis, for all gateways together. While Redis cannot be reached each process counts for itself: the budget
 * is a courtesy between agencies, and its loss must stop nobody.
 *
 * @param url `redis://host:port`
 */
export const redisBudget = async (
  url: string,
  log: Log,
  limit = REQUESTS_PER_MINUTE,
): Promise<Budget> => {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    socket: { connectTimeout: CONNECT_MS },
  });
  const local = memoryBudget(limit);
  client.on("error", (error: unknown) =>
    log.warn({ err: error }, "redis is out of reach; counting locally"),
  );
  // Redis may be down when a process starts: the client goes on trying, and nobody waits for it longer than this.
  await Promise.race([
    client.connect().catch(() => undefined),
    delay(CONNECT_MS, undefined, { ref: false }),
  ]);
  return {
    kind: "redis",
    spend: async (agency, at) => {
      const key = `handoff-graph:budget:${agency}:${Math.floor(at.getTime() / MINUTE_MS)}`;
      let spent: number;
      try {
        const [count] = await Promise.race([
          client.multi().incr(key).expire(key, 120).exec(),
          delay(ANSWER_MS, undefined, { ref: false }).then(() => {
            throw new Error("redis takes requests and answers none");
          }),
        ]);
        spent = Number(count);
      } catch {
        return local.spend(agency, at);
      }
      judge(spent, limit, at);
    },
    close: async () => {
      if (client.isOpen) client.destroy();
    },
  };
};
