/** How long a subgraph is waited for, and when it is left alone. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Answer } from "#platform/subgraph.ts";
import { BREAKER, DEADLINES, Gone, openLink, Unavailable } from "../../gateway/link.ts";
import type { Subgraph } from "../../gateway/subgraph.ts";
import { personas } from "../county/county.ts";
import { testLog } from "../county/house.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const OPERATION = { query: "{ worklist { edges { cursor } } }" };

/** A call that has reached the subgraph, and that the test answers. */
interface Call {
  answer(answer: Answer): void;
  fail(error: Error): void;
  /** Aborted when nobody waits for it any more. */
  deadline: AbortSignal;
}

/** A link to a subgraph that answers when the test says so, at a time that the test turns. */
const linked = () => {
  const calls: Call[] = [];
  const subgraph: Subgraph = {
    answer: (_, __, ___, deadline) =>
      new Promise((answer, fail) => void calls.push({ answer, fail, deadline })),
    enter: (path) => Promise.reject(new Error(`no test goes in by ${path}`)),
    ask: (path) => Promise.reject(new Error(`no test asks at ${path}`)),
    close: async () => undefined,
  };
  const { log, lines } = testLog();
  let at = 0;
  const link = openLink("disputes", subgraph, DEADLINES, log, () => at);
  const { signal: stays } = new AbortController();
  const ask = (gone = stays, isMutation = false) =>
    link.call(OPERATION, isMutation, {
      requester: personas["county-case-worker"],
      requestId: `request ${calls.length}`,
      gone,
    });
  const last = () => calls.at(-1) as Call;
  return {
    ask,
    change: (gone = stays) => ask(gone, true),
    calls,
    last,
    /** Asks, and is let down. */
    letDown: async (times = 1) => {
      for (let it = 0; it < times; it++) {
        const asked = ask();
        last().fail(new Error("connection refused"));
        await expect(asked).rejects.toThrow(Unavailable);
      }
    },
    /** Asks, and is answered. */
    served: async () => {
      const asked = ask();
      last().answer({ data: {} });
      await asked;
    },
    pass: (ms: number) => {
      at += ms;
    },
    logged: () => lines.map((line) => JSON.parse(line) as { msg: string }),
  };
};

/** Has it been settled yet? */
const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  const open = Symbol("open");
  const first = await Promise.race([promise.catch(() => undefined), Promise.resolve(open)]);
  return first !== open;
};

describe("a subgraph", () => {
  it.each([
    ["a question", DEADLINES.readMs, false],
    ["a change", DEADLINES.mutationMs, true],
  ])("is waited for with %s for %i ms, and no longer", async (_, ms, isMutation) => {
    const { ask, last } = linked();
    const asked = ask(undefined, isMutation);
    vi.advanceTimersByTime(ms - 1);
    expect(last().deadline.aborted).toBe(false);
    expect(await settled(asked)).toBe(false);
    vi.advanceTimersByTime(1);
    await expect(asked).rejects.toThrow(Unavailable);
    expect(last().deadline.aborted).toBe(true);
  });

  it("that answers in time is answered for, and is not cut off afterwards", async () => {
    const { ask, last } = linked();
    const asked = ask();
    last().answer({ data: { worklist: null } });
    expect(await asked).toEqual({ data: { worklist: null } });
    vi.advanceTimersByTime(DEADLINES.readMs);
    expect(last().deadline.aborted).toBe(false);
  });

  it.each([
    ["answers", (call: Call) => call.answer({ data: {} })],
    ["fails", (call: Call) => call.fail(new Error("aborted"))],
  ])("that %s after the deadline has been told once already", async (_, end) => {
    const { ask, last, logged } = linked();
    const asked = ask();
    vi.advanceTimersByTime(DEADLINES.readMs);
    await expect(asked).rejects.toThrow(Unavailable);
    end(last());
    await Promise.resolve();
    expect(logged()).toHaveLength(1);
  });

  it("that answers with errors has answered", async () => {
    const { ask, last, logged } = linked();
    for (let it = 0; it < 2 * BREAKER.failures; it++) {
      const asked = ask();
      last().answer({ data: null, errors: [{ message: "our mistake" }] });
      expect((await asked).errors).toHaveLength(1);
    }
    expect(logged()).toEqual([]);
  });
});

describe("a failure", () => {
  it("is logged once, with the room, the request and what happened", async () => {
    const { letDown, logged } = linked();
    await letDown();
    expect(logged()).toMatchObject([
      {
        msg: "subgraph unavailable",
        room: "disputes",
        requestId: "request 0",
        err: { type: "Error" },
      },
    ]);
  });

  it("is logged for each call, and once more when the subgraph is left alone, and then no more", async () => {
    const { letDown, ask, logged } = linked();
    await letDown(BREAKER.failures);
    await expect(ask()).rejects.toThrow(Unavailable);
    await expect(ask()).rejects.toThrow(Unavailable);
    expect(logged().map(({ msg }) => msg)).toEqual([
      ...Array.from({ length: BREAKER.failures }, () => "subgraph unavailable"),
      "subgraph left alone",
    ]);
  });
});

describe("a subgraph that is down", () => {
  it(`is asked ${BREAKER.failures} times, and then is left alone: the answer comes at once`, async () => {
    const { letDown, ask, calls } = linked();
    await letDown(BREAKER.failures);
    await expect(ask()).rejects.toThrow(Unavailable);
    expect(calls).toHaveLength(BREAKER.failures);
  });

  it("is left alone with changes too", async () => {
    const { letDown, change, calls } = linked();
    await letDown(BREAKER.failures);
    await expect(change()).rejects.toThrow(Unavailable);
    expect(calls).toHaveLength(BREAKER.failures);
  });

  it("now and then is asked every time", async () => {
    const { letDown, served, calls } = linked();
    await letDown(BREAKER.failures - 1);
    await served();
    await letDown(BREAKER.failures - 1);
    await served();
    expect(calls).toHaveLength(2 * BREAKER.failures);
  });

  it(`is tried by one call after ${BREAKER.restMs} ms, and the others are answered at once meanwhile`, async () => {
    const { letDown, ask, calls, last, pass } = linked();
    await letDown(BREAKER.failures);
    pass(BREAKER.restMs - 1);
    await expect(ask()).rejects.toThrow(Unavailable);
    pass(1);
    const trial = ask();
    await expect(ask()).rejects.toThrow(Unavailable);
    await expect(ask()).rejects.toThrow(Unavailable);
    expect(calls).toHaveLength(BREAKER.failures + 1);
    last().answer({ data: {} });
    expect(await trial).toEqual({ data: {} });
  });

  it("is asked again by everybody once a trial was answered, and may fail as often as before", async () => {
    const { letDown, served, calls, pass } = linked();
    await letDown(BREAKER.failures);
    pass(BREAKER.restMs);
    await served();
    await letDown(BREAKER.failures - 1);
    await served();
    expect(calls).toHaveLength(2 * BREAKER.failures + 1);
  });

  it("is left alone as long again when the trial fails", async () => {
    const { letDown, ask, calls, pass } = linked();
    await letDown(BREAKER.failures);
    pass(BREAKER.restMs);
    await letDown();
    pass(BREAKER.restMs - 1);
    await expect(ask()).rejects.toThrow(Unavailable);
    expect(calls).toHaveLength(BREAKER.failures + 1);
    pass(1);
    void ask();
    expect(calls).toHaveLength(BREAKER.failures + 2);
  });

  it("is tried by one call alone, whatever ends meanwhile that was asked before", async () => {
    const { ask, letDown, calls, pass } = linked();
    const before = ask();
    await letDown(BREAKER.failures);
    pass(BREAKER.restMs);
    void ask();
    calls[0]?.fail(new Error("connection reset"));
    await expect(before).rejects.toThrow(Unavailable);
    pass(BREAKER.restMs);
    await expect(ask()).rejects.toThrow(Unavailable);
    expect(calls).toHaveLength(BREAKER.failures + 2);
  });
});

describe("a client that leaves", () => {
  it("is not waited with: the subgraph's call is aborted, and nothing is logged", async () => {
    const { ask, last, logged } = linked();
    const client = new AbortController();
    const asked = ask(client.signal);
    client.abort();
    await expect(asked).rejects.toThrow(Gone);
    expect(last().deadline.aborted).toBe(true);
    vi.advanceTimersByTime(DEADLINES.readMs);
    expect(logged()).toEqual([]);
  });

  it("before anything was asked for it has the subgraph asked nothing", async () => {
    const { ask, calls } = linked();
    await expect(ask(AbortSignal.abort())).rejects.toThrow(Gone);
    expect(calls).toEqual([]);
  });

  it("is no failure of the subgraph", async () => {
    const { ask, served, calls } = linked();
    for (let it = 0; it < 2 * BREAKER.failures; it++) {
      const client = new AbortController();
      const asked = ask(client.signal);
      client.abort();
      await expect(asked).rejects.toThrow(Gone);
    }
    await served();
    expect(calls).toHaveLength(2 * BREAKER.failures + 1);
  });

  it("in the middle of a trial leaves the trial to the next one", async () => {
    const { letDown, ask, served, calls, pass } = linked();
    await letDown(BREAKER.failures);
    pass(BREAKER.restMs);
    const client = new AbortController();
    const trial = ask(client.signal);
    client.abort();
    await expect(trial).rejects.toThrow(Gone);
    await served();
    await served();
    expect(calls).toHaveLength(BREAKER.failures + 3);
  });

  it.each([
    ["before", true],
    ["after", false],
  ])("%s its change was asked for has it made all the same", async (_, isBefore) => {
    const { change, last } = linked();
    const client = new AbortController();
    if (isBefore) client.abort();
    const asked = change(client.signal);
    client.abort();
    expect(last().deadline.aborted).toBe(false);
    last().answer({ data: { withdrawDispute: null } });
    expect(await asked).toEqual({ data: { withdrawDispute: null } });
  });
});
