/**
 * What PostgreSQL and node:http alone would cost: the statements of one answer of our own house, with the same bindings,
 * those at the same time that were under way at the same time; then the same bytes.
 */
import pg from "pg";
import type { OpenDatabase } from "../../platform/database.ts";
import { ask } from "../ask.ts";
import type { Door } from "../ask.ts";
import { ground, ready } from "../child.ts";
import { bodyOf, listen } from "../http.ts";
import { OPERATIONS } from "../operations.ts";
import { oursOver } from "../ours.ts";
import { postgresqlRooms } from "../rooms.ts";

interface Statement {
  text: string;
  values: unknown[];
}

/** An answer, and the statements behind it: each wave begins when the one before has ended. */
interface Recording {
  waves: Statement[][];
  answer: string;
}

/** What knex tells of a statement. */
interface Told {
  sql: string;
  bindings: unknown[];
  __knexQueryUid: string;
}

const ASKED_FIRST = 3;

const record = async (house: Door, sql: OpenDatabase["sql"], body: string): Promise<Recording> => {
  for (let time = 0; time < ASKED_FIRST; time++) await ask(house, body);
  const waves: Statement[][] = [];
  const waveOf = new Map<string, number>();
  let next = 0;
  const begun = ({ sql: text, bindings, __knexQueryUid }: Told) => {
    waveOf.set(__knexQueryUid, next);
    (waves[next] ??= []).push({ text, values: bindings });
  };
  const ended = (_: unknown, { __knexQueryUid }: Told) => {
    next = Math.max(next, (waveOf.get(__knexQueryUid) ?? 0) + 1);
  };
  sql.on("query", begun).on("query-response", ended);
  const answer = await ask(house, body);
  sql.off("query", begun).off("query-response", ended);
  return { waves, answer };
};

const databaseUrl = ground.databaseUrl as string;
const { rooms, database } = await postgresqlRooms(databaseUrl);
const house = await oursOver(rooms, 1);
const recordings = new Map<string, Recording>();
for (const { body } of OPERATIONS) recordings.set(body, await record(house, database.sql, body));

const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
ready({
  url: await listen(async (request, response) => {
    const recording = recordings.get(await bodyOf(request));
    if (!recording) throw new Error("this was not asked of the house");
    for (const wave of recording.waves)
      await Promise.all(wave.map((statement) => pool.query(statement)));
    response.writeHead(200, { "content-type": "application/json; charset=utf-8" });
    response.end(recording.answer);
  }),
});
