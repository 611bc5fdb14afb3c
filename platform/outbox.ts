import type { Database, Transaction } from "./database.ts";
import type { Log } from "./log.ts";
import type { Event } from "./record.ts";

/** Takes in an event elsewhere. It may be called more than once for an event, which must then have no further effect. */
export type Deliver = (event: Event) => Promise<void>;

/** Carries events until it is stopped. */
export interface Relay {
  /** Delivers all that is waiting now. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

const BATCH = 100;
const EVERY_MS = 250;

/**
 * Carries a room's events to the rooms that listen, in the order in which they were written.
 *
 * An event that cannot be delivered stays, and those after it wait, so that no listener sees a later event of a thing
 * before an earlier one. No transaction is held meanwhile: a listener may need the one session that PGlite has. Two
 * relays of one outbox do no harm, for listeners take in each event once.
 *
 * @param schema The room's database schema.
 */
export const relay = (database: Database, schema: string, deliver: Deliver, log: Log): Relay => {
  const carry = async (): Promise<void> => {
    for (;;) {
      const rows = (await database
        .sql(`${schema}.outbox`)
        .whereNull("delivered_at")
        .orderBy("seq")
        .limit(BATCH)
        .select("id", "payload")) as { id: string; payload: Event }[];
      for (const { id, payload } of rows) {
        await deliver(payload);
        await database
          .sql(`${schema}.outbox`)
          .where({ id })
          .update({ delivered_at: database.sql.raw("now()") });
      }
      if (rows.length < BATCH) return;
    }
  };
  let last: Promise<void> = Promise.resolve();
  // One carrying at a time; a call while one is under way waits for it, and then carries what came meanwhile.
  const flush = (): Promise<void> => (last = last.then(carry, carry));
  let idle = true;
  const timer = setInterval(() => {
    if (!idle) return;
    idle = false;
    flush()
      .catch((error: unknown) => log.warn({ err: error, schema }, "events wait"))
      .finally(() => (idle = true));
  }, EVERY_MS);
  return {
    flush,
    stop: async () => {
      clearInterval(timer);
      await last.catch(() => undefined);
    },
  };
};

/** Notes that an event is taken in, in the transaction of its effect; false when it was taken in before. */
export const firstTime = async (
  tx: Transaction,
  schema: string,
  event: Event,
  at: Date,
): Promise<boolean> =>
  (
    await tx(`${schema}.consumed`)
      .insert({ event_id: event.id, at })
      .onConflict("event_id")
      .ignore()
      .returning("event_id")
  ).length === 1;
