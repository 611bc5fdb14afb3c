/** Asks every row the same, side by side: `npm run bench`. README.md says what and how. */
import { parseArgs } from "node:util";
import { systemClock } from "../platform/clock.ts";
import { newKeyPair } from "../platform/passport.ts";
import type { Door } from "./ask.ts";
import type { Ground } from "./child.ts";
import { compare } from "./compare.ts";
import type { OpenRow, Pace } from "./compare.ts";
import { OPERATIONS } from "./operations.ts";
import { benchDatabase } from "./postgresql.ts";
import { begin, endAll } from "./process.ts";
import { progress } from "./progress.ts";
import { how, machine, tables } from "./results.ts";
import type { Measured, Results } from "./results.ts";
import { ROWS } from "./rows.ts";
import { write } from "./write.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "5" },
    only: { type: "string" },
    operation: { type: "string" },
  },
});

const count = (name: "rounds" | "seconds"): number => {
  const value = Number(options[name]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be 1 or more`);
  return value;
};

/** Those of a list that the command line names, or all of it. */
const chosen = <T extends { name: string }>(all: readonly T[], names: string | undefined): T[] => {
  const known = all.map(({ name }) => name);
  const wanted = names?.split(",") ?? known;
  for (const name of wanted)
    if (!known.includes(name)) throw new Error(`${name} is none of ${known.join(", ")}`);
  return all.filter(({ name }) => wanted.includes(name));
};

const run = async (stop: AbortSignal): Promise<void> => {
  const pace: Pace = { rounds: count("rounds"), seconds: count("seconds"), stop };
  const operations = chosen(OPERATIONS, options.operation);
  const server = process.env.TEST_DATABASE_URL || process.env.DATABASE_URL;
  const named = chosen(ROWS, options.only);
  const rows = named.filter(({ on }) => server || on !== "POSTGRESQL");
  if (rows.length < named.length)
    console.log("No PostgreSQL: TEST_DATABASE_URL names none, so the rows on it are left out.\n");

  const database =
    server && rows.some(({ on }) => on === "POSTGRESQL") && (await benchDatabase(server));
  try {
    const ground: Ground = {
      rooms: {},
      gatewayKeys: await newKeyPair(),
      databaseUrl: database ? database.url : null,
    };
    const rooms = await begin<Ground["rooms"]>("subgraphs.ts", ground);
    const opened: OpenRow[] = [];
    for (const row of rows) {
      stop.throwIfAborted();
      progress(`opening ${row.name}`);
      const running = await begin<Door>(`rows/${row.name}.ts`, { ...ground, rooms: rooms.said });
      opened.push({ row, running });
    }
    const measured: Measured[] = [];
    for (const operation of operations)
      measured.push(await compare(opened, rooms, operation, pace));
    const results: Results = {
      on: systemClock().toISOString().slice(0, 10),
      machine: machine(),
      how: how(pace),
      operations: measured,
    };
    progress("");
    console.log(tables(results));
    // A part of the whole does not take its place.
    if (!options.only && !options.operation) write(results);
  } finally {
    endAll();
    if (database) await database.drop();
  }
};

const stop = new AbortController();
const stopNow = () => {
  stop.abort();
  endAll();
};
process.once("SIGINT", stopNow).once("SIGTERM", stopNow);
await run(stop.signal).catch((error: unknown) => {
  progress("");
  if (!stop.signal.aborted) console.error((error as Error).message);
  process.exitCode = stop.signal.aborted ? 130 : 1;
});
