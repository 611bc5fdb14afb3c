/**
 * What the second wall costs: the same reads of one database as the login that may do all, for which it does not stand, and as
 * an agency, in turns. `node bench/second-wall.ts`, with TEST_DATABASE_URL.
 */
import { openPostgresql } from "../platform/database.ts";
import type { Sql } from "../platform/database.ts";
import { needed } from "../platform/settings.ts";
import { benchCounty, REQUESTER } from "./county.ts";
import { benchDatabase } from "./postgresql.ts";

const ROUNDS = 200;
const READS = 20;

const county = benchCounty();
const handoffs = county.handoffs.map((moves) => moves.at(-1)?.handoff);
const { agency } = REQUESTER;

/** What stores ask most: one thing by its id, many at once, a list of the agency's own, and what became of them. */
const reads: Record<string, (sql: Sql) => PromiseLike<unknown[]>> = {
  "one handoff": (sql) => sql("referrals.handoff").where({ id: handoffs[0]?.id }),
  "twenty handoffs": (sql) =>
    sql("referrals.handoff").whereIn(
      "id",
      handoffs.slice(0, 20).map((handoff) => handoff?.id as string),
    ),
  "a page of its own": (sql) =>
    sql("referrals.handoff")
      .whereRaw("? in (sender_id, receiver_id, coordinator_id)", [agency])
      .orderBy([
        { column: "occurred_at", order: "desc" },
        { column: "id", order: "desc" },
      ])
      .limit(21),
  "the history of twenty": (sql) =>
    sql("referrals.history")
      .where({ aggregate_type: "handoff" })
      .whereIn(
        "aggregate_id",
        handoffs.slice(0, 20).map((handoff) => handoff?.id as string),
      )
      .orderBy("version"),
  "disputes of twenty": (sql) =>
    sql("disputes.dispute").whereIn(
      "referral_id",
      handoffs.slice(0, 20).map((handoff) => handoff?.referral as string),
    ),
};

const median = (times: number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number;

const server = needed("TEST_DATABASE_URL");
const { url, drop } = await benchDatabase(server);
try {
  const database = await openPostgresql(url);
  const table: Record<string, object> = {};
  for (const [name, read] of Object.entries(reads)) {
    const schema = name.startsWith("disputes") ? "disputes" : "referrals";
    const askers = {
      without: () => database.sql as Sql,
      // Made anew for each read, as a request makes it.
      with: () => database.of(schema).by(agency).sql,
    };
    const rows: Record<string, number> = {};
    const times: Record<string, number[]> = { without: [], with: [] };
    for (let round = 0; round < ROUNDS; round++)
      // Each goes first as often as the other.
      for (const [asker, sql] of round % 2 === 0
        ? Object.entries(askers)
        : Object.entries(askers).toReversed()) {
        const begun = performance.now();
        for (let n = 0; n < READS; n++) rows[asker] = (await read(sql())).length;
        times[asker]?.push(((performance.now() - begun) * 1000) / READS);
      }
    const [without, walled] = [median(times.without ?? []), median(times.with ?? [])];
    table[name] = {
      "rows without": rows.without,
      "rows with": rows.with,
      "without, µs": Math.round(without),
      "with, µs": Math.round(walled),
      "more, µs": Math.round(walled - without),
    };
  }
  console.table(table);
  await database.close();
} finally {
  await drop();
}
