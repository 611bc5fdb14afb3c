/** Asks rows one operation, side by side. */
import { isDeepStrictEqual } from "node:util";
import { ask } from "./ask.ts";
import type { Door } from "./ask.ts";
import { load } from "./load.ts";
import type { Operation } from "./operations.ts";
import type { Running } from "./process.ts";
import { progress } from "./progress.ts";
import { medians } from "./results.ts";
import type { Figures, Measured } from "./results.ts";
import type { Row } from "./rows.ts";

/** A row that answers. */
export interface OpenRow {
  row: Row;
  running: Running<Door>;
}

/** How often and how long each row is asked. */
export interface Pace {
  rounds: number;
  seconds: number;
  stop: AbortSignal;
}

/** Some compile an operation when they have seen it before. */
const CHECKED_TIMES = 3;

/**
 * The answer of each row, as it writes it.
 *
 * @throws {Error} when one has errors, or says something else than the others.
 */
const answersOf = async (
  opened: readonly OpenRow[],
  { name, body }: Operation,
): Promise<Map<OpenRow, string>> => {
  const answers = new Map<OpenRow, string>();
  let first: { row: Row; says: unknown } | undefined;
  for (const it of opened)
    for (let time = 0; time < CHECKED_TIMES; time++) {
      const answer = await ask(it.running.said, body);
      const says = JSON.parse(answer) as { data?: unknown; errors?: unknown };
      if (!says.data || says.errors)
        throw new Error(`${it.row.name} does not answer ${name}: ${answer.slice(0, 1000)}`);
      first ??= { row: it.row, says };
      if (!isDeepStrictEqual(says, first.says))
        throw new Error(`${it.row.name} and ${first.row.name} answer ${name} differently`);
      answers.set(it, answer);
    }
  return answers;
};

/** Asks one row for some seconds, and sees what it took. */
const measure = async (
  { row, running }: OpenRow,
  roomsOverHttp: Running<unknown>,
  body: string,
  answer: string,
  { seconds, stop }: Pace,
): Promise<Figures> => {
  const rooms = row.on === "HTTP" ? roomsOverHttp : null;
  const taken = () => Promise.all([running.taken(), rooms?.taken()]);
  const [before, roomsBefore] = await taken();
  const met = await load(running.said, body, answer, seconds, stop);
  const [after, roomsAfter] = await taken();
  const each = (from?: number | null, to?: number | null) =>
    ((to ?? 0) - (from ?? 0)) / met.requests;
  return {
    requestsPerSecond: met.requests / met.seconds,
    p50Ms: met.p50Ms,
    p99Ms: met.p99Ms,
    cpuMs: each(before.cpuMs, after.cpuMs),
    roomsCpuMs: rooms && each(roomsBefore?.cpuMs, roomsAfter?.cpuMs),
    calls: rooms && each(roomsBefore?.answered, roomsAfter?.answered),
  };
};

/**
 * Asks every row, round upon round, each round beginning with another row; a round before the first is for the
 * compilers.
 */
export const compare = async (
  opened: readonly OpenRow[],
  rooms: Running<unknown>,
  operation: Operation,
  pace: Pace,
): Promise<Measured> => {
  const answers = await answersOf(opened, operation);
  const found = new Map<OpenRow, Figures[]>(opened.map((it) => [it, []]));
  for (let round = 0; round <= pace.rounds; round++) {
    const first = round % opened.length;
    for (const it of [...opened.slice(first), ...opened.slice(0, first)]) {
      pace.stop.throwIfAborted();
      const when = round === 0 ? "warming up" : `round ${round} of ${pace.rounds}`;
      progress(`${operation.name}, ${when}: ${it.row.name}`);
      const figures = await measure(it, rooms, operation.body, answers.get(it) ?? "", pace);
      if (round > 0) found.get(it)?.push(figures);
    }
  }
  return {
    operation: operation.name,
    answerBytes: Buffer.byteLength([...answers.values()][0] ?? ""),
    rows: opened.map((it) => ({ row: it.row, figures: medians(found.get(it) ?? []) })),
  };
};
