/** How often an agency may ask: counted in this process, or in Redis for all gateways together. */
import { randomUUID } from "node:crypto";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { memoryBudget, redisBudget, REQUESTS_PER_MINUTE } from "#platform/budget.ts";
import type { Budget } from "#platform/budget.ts";
import { testLog } from "../county/house.ts";

/** A quarter of a minute past noon. */
const NOON = new Date("2025-03-03T12:00:15Z");
const A_MINUTE_LATER = new Date("2025-03-03T12:01:15Z");

/** Agencies of this test's alone, for Redis is shared with whoever else tests. */
const agency = () => `test-${randomUUID()}`;

const LIMITED = { code: "RATE_LIMITED", details: { retryAfterSeconds: 45 } };

/** How many of so many requests are let through. */
const letThrough = async (
  budget: Budget,
  by: string,
  count: number,
  at = NOON,
): Promise<number> => {
  const spent = await Promise.allSettled(Array.from({ length: count }, () => budget.spend(by, at)));
  for (const it of spent) if (it.status === "rejected") expect(it.reason).toMatchObject(LIMITED);
  return spent.filter(({ status }) => status === "fulfilled").length;
};

describe("a budget in memory", () => {
  it("lets so many requests through in a minute, and says when to come again", async () => {
    const budget = memoryBudget(3);
    const by = agency();
    expect(budget.kind).toBe("memory");
    expect(await letThrough(budget, by, 5)).toBe(3);
    await expect(budget.spend(by, new Date("2025-03-03T12:00:59.999Z"))).rejects.toMatchObject({
      details: { retryAfterSeconds: 1 },
    });
    await expect(budget.spend(by, new Date("2025-03-03T12:00:00Z"))).rejects.toMatchObject({
      details: { retryAfterSeconds: 60 },
    });
  });

  it("is whole again in the next minute", async () => {
    const budget = memoryBudget(3);
    const by = agency();
    await letThrough(budget, by, 5);
    expect(await letThrough(budget, by, 5, A_MINUTE_LATER)).toBe(3);
  });

  it("is each agency's own", async () => {
    const budget = memoryBudget(3);
    await letThrough(budget, agency(), 5);
    expect(await letThrough(budget, agency(), 5)).toBe(3);
  });

  it("is large enough that only a loop spends it", async () => {
    expect(await letThrough(memoryBudget(), agency(), 6_001)).toBe(REQUESTS_PER_MINUTE);
  });
});

const REDIS = process.env.TEST_REDIS_URL;

/** A way to Redis that a test can cut, or let fall silent. */
const wayTo = async (url: string) => {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let silent = false;
  const server = createServer((near) => {
    const far = connect(Number(target.port || 6379), target.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => silent || to.write(bytes));
      from.on("error", () => undefined);
      from.on("close", () => to.destroy());
    }
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const cut = async () => {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  onTestFinished(cut);
  return {
    url: `redis://127.0.0.1:${port}`,
    cut,
    mend: () => listen(port),
    fallSilent: () => {
      silent = true;
    },
  };
};

/** Fails instead of waiting for ever. */
const soon = <T>(work: Promise<T>): Promise<T> =>
  Promise.race([
    work,
    pause(5_000, undefined, { ref: false }).then(() => {
      throw new Error("nothing came of it in 5 seconds");
    }),
  ]);

describe.runIf(REDIS)("a budget in Redis", () => {
  const open = async (url = REDIS as string, limit = 4) => {
    const { log, lines } = testLog();
    const budget = await soon(redisBudget(url, log, limit));
    onTestFinished(() => budget.close());
    return { budget, logged: lines };
  };

  it("is shared by all gateways", async () => {
    const [one, other] = [(await open()).budget, (await open()).budget];
    const by = agency();
    expect(one.kind).toBe("redis");
    expect((await letThrough(one, by, 3)) + (await letThrough(other, by, 3))).toBe(4);
    await expect(one.spend(by, NOON)).rejects.toMatchObject(LIMITED);
    await expect(other.spend(by, NOON)).rejects.toMatchObject(LIMITED);
    expect(await letThrough(other, by, 5, A_MINUTE_LATER)).toBe(4);
  });

  it("is counted here while Redis cannot be reached, and nobody is stopped by that", async () => {
    const way = await wayTo(REDIS as string);
    const { budget, logged } = await open(way.url);
    const by = agency();
    expect(await letThrough(budget, by, 2)).toBe(2);
    await way.cut();
    // This process's own count begins anew, and has a limit too.
    expect(await soon(letThrough(budget, by, 6))).toBe(4);
    expect(logged.join("")).toContain("redis is out of reach");
  });

  it("is shared again once Redis is back", async () => {
    const way = await wayTo(REDIS as string);
    // So many that what this process has counted by itself cannot reach it within the test.
    const limit = 1_000;
    const { budget } = await open(way.url, limit);
    const direct = (await open(REDIS, limit)).budget;
    const by = agency();
    await way.cut();
    expect(await soon(letThrough(budget, by, 1))).toBe(1);
    await way.mend();
    await letThrough(direct, by, limit);
    const sharedAgain = async () => {
      while ((await letThrough(budget, by, 1)) === 1) await pause(50);
      return true;
    };
    expect(await soon(sharedAgain())).toBe(true);
  });

  it("is counted here while Redis takes requests and answers none", async () => {
    const way = await wayTo(REDIS as string);
    const { budget } = await open(way.url);
    const by = agency();
    expect(await letThrough(budget, by, 1)).toBe(1);
    way.fallSilent();
    expect(await soon(letThrough(budget, by, 2))).toBe(2);
  });

  it("is counted here from the start when Redis is down as the gateway starts", async () => {
    const way = await wayTo(REDIS as string);
    await way.cut();
    const { budget } = await open(way.url);
    expect(await soon(letThrough(budget, agency(), 6))).toBe(4);
  });
});
