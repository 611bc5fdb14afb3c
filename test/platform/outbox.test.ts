/** Events on their way from a room to those that listen: in order, none lost, and each with effect once. */
import { v7 as uuidv7 } from "uuid";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { OpenDatabase } from "#platform/database.ts";
import { firstTime, relay } from "#platform/outbox.ts";
import type { Deliver } from "#platform/outbox.ts";
import { record } from "#platform/record.ts";
import type { Event } from "#platform/record.ts";
import { migrateRoom } from "#platform/subgraph.ts";
import { performance } from "../../subgraphs/performance/index.ts";
import { referrals } from "../../subgraphs/referrals/index.ts";
import { agencies, at, personas } from "../county/county.ts";
import { openTestDatabase, testLog } from "../county/house.ts";

let database: OpenDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
  await migrateRoom(referrals, database);
  await migrateRoom(performance, database);
});
afterAll(() => database.close());

const act = {
  by: personas["discharge-coordinator"],
  at: new Date(at("12:00")),
  requestId: "test",
};

/** Whom the performance room asks: nobody. */
const nobody = () => Promise.reject(new Error("no other room is asked"));

/** Writes one event, as a store does that makes a handoff, and returns the handoff's id. */
const made = async (what = "handoff.made", rollBack = false): Promise<string> => {
  const id = uuidv7();
  await database
    .transaction(async (tx) => {
      await record(
        tx,
        "referrals",
        {
          of: "handoff",
          id,
          version: 1,
          what,
          before: null,
          after: { id },
          occurredAt: act.at,
          data: { interface: agencies.county.id, person: agencies.ems.id, move: "OFFER" },
        },
        act,
      );
      if (rollBack) throw new Error("the change did not come about");
    })
    .catch((error: unknown) => {
      if (!rollBack) throw error;
    });
  return id;
};

/** A relay that is stopped when the test is over. */
const carry = (deliver: Deliver) => {
  const { log, lines } = testLog();
  const it = relay(database.of("referrals").house(), "referrals", deliver, log);
  onTestFinished(it.stop);
  return { ...it, logged: lines };
};

const waiting = async (): Promise<string[]> =>
  (await database.sql("referrals.outbox").whereNull("delivered_at").orderBy("seq")).map(
    ({ aggregateid }) => aggregateid,
  );

const noted =
  (list: string[]): Deliver =>
  async ({ subject }) =>
    void list.push(subject);

// Each test leaves the outbox as it found it: empty.
afterEach(() => database.sql("referrals.outbox").delete());

describe("events", () => {
  it("go in the order in which they were written, each once, however many wait", async () => {
    const written: string[] = [];
    // More than two batches.
    for (let n = 0; n < 201; n++) written.push(await made());
    const taken: string[] = [];
    const { flush } = carry(noted(taken));
    await Promise.all([flush(), flush()]);
    expect(taken).toEqual(written);
    expect(await waiting()).toEqual([]);
  });

  it("go by themselves, without anyone asking", async () => {
    const taken: string[] = [];
    carry(noted(taken));
    const written = [await made(), await made()];
    await vi.waitFor(() => expect(taken).toEqual(written), 10_000);
  });

  it("are not written when the change does not come about", async () => {
    await made("handoff.made", true);
    const taken: string[] = [];
    await carry(noted(taken)).flush();
    expect(taken).toEqual([]);
  });

  it("are thin: what happened to which thing, and when, as CloudEvents has it", async () => {
    const id = await made("handoff.moved");
    const taken: Event[] = [];
    await carry(async (event) => void taken.push(event)).flush();
    expect(taken).toEqual([
      {
        specversion: "1.0",
        id: expect.any(String),
        source: "/referrals",
        type: "handoff.moved",
        subject: id,
        time: "2025-03-03T18:00:00.000Z",
        data: {
          version: 1,
          interface: agencies.county.id,
          person: agencies.ems.id,
          move: "OFFER",
        },
      },
    ]);
  });

  it("wait behind one that a listener cannot take, and go once it can", async () => {
    const [first, second, third] = [await made(), await made(), await made()];
    const taken: string[] = [];
    let ill = true;
    const { flush, logged } = carry(async (event) => {
      if (ill && event.subject === second) throw new Error("the listener is ill");
      await noted(taken)(event);
    });
    await expect(flush()).rejects.toThrow("the listener is ill");
    expect(taken).toEqual([first]);
    expect(await waiting()).toEqual([second, third]);
    await expect(flush()).rejects.toThrow("the listener is ill");
    expect(taken).toEqual([first]);
    ill = false;
    await vi.waitFor(() => expect(taken).toEqual([first, second, third]), 10_000);
    expect(await waiting()).toEqual([]);
    // The log says that events wait, and not what they are of.
    expect(logged.join("")).not.toContain(second);
  });

  it("are delivered again when the note of their delivery was lost", async () => {
    const id = await made();
    const taken: string[] = [];
    const { flush } = carry(noted(taken));
    await flush();
    await database.sql("referrals.outbox").update({ delivered_at: null });
    await flush();
    expect(taken).toEqual([id, id]);
  });

  it("stay when the relay is stopped, and go with the next one", async () => {
    const stopped = carry(async () => undefined);
    await stopped.stop();
    const id = await made();
    expect(await waiting()).toEqual([id]);
    const taken: string[] = [];
    await carry(noted(taken)).flush();
    expect(taken).toEqual([id]);
  });

  it("that are under way when the relay is stopped arrive before it has stopped", async () => {
    await made();
    const arrived = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    let done = false;
    const { flush, stop } = carry(async () => {
      begun.resolve();
      await arrived.promise;
      done = true;
    });
    const carrying = flush();
    await begun.promise;
    const stopping = stop().then(() => done);
    arrived.resolve();
    expect(await stopping).toBe(true);
    await carrying;
  });
});

describe("an event's effect", () => {
  const facts = (id: string) => database.sql("performance.handoff_fact").where({ handoff_id: id });

  it("comes about once, however often the event is delivered", async () => {
    const id = await made();
    const deliver: Deliver = async (event) => {
      await performance.consume?.(database.of("performance").house(), event, act.at, nobody);
      await performance.consume?.(database.of("performance").house(), event, act.at, nobody);
    };
    await carry(deliver).flush();
    await database.sql("referrals.outbox").update({ delivered_at: null });
    await Promise.all([carry(deliver).flush(), carry(deliver).flush()]);
    expect(await facts(id)).toHaveLength(1);
    expect(await database.sql("performance.consumed").where({ at: act.at })).toHaveLength(1);
  });

  it("and the note that it was taken in come about together, or not at all", async () => {
    const id = await made();
    let event: Event | undefined;
    await carry(async (it) => void (event = it)).flush();
    const taking = (fails: boolean) =>
      database.transaction(async (tx) => {
        const first = await firstTime(tx, "performance", event as Event, act.at);
        if (fails) throw new Error("the effect failed");
        return first;
      });
    await expect(taking(true)).rejects.toThrow("the effect failed");
    expect(await taking(false)).toBe(true);
    expect(await taking(false)).toBe(false);
    expect(event?.subject).toBe(id);
  });
});
