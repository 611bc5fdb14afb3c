/**
 * What the ledger of disclosures takes: `node bench/ledger.ts`, with TEST_DATABASE_URL or DATABASE_URL naming a PostgreSQL on which
 * databases may be made. Entries a second that are durable, at 64 callers, written in groups and, in the same run, each in
 * a transaction of its own, one after the other, as a lock on the ledger's end would have it; and how long it takes to verify.
 */
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { systemClock } from "../platform/clock.ts";
import type { Database } from "../platform/database.ts";
import { openLog } from "../platform/log.ts";
import { newKeyPair } from "../platform/passport.ts";
import type { DisclosuresTold } from "../sharing/disclosure.ts";
import { checkpointChecker } from "../subgraphs/information-sharing/ledger/checkpoint.ts";
import { openLedger } from "../subgraphs/information-sharing/ledger/ledger-store.ts";
import type { Ledger } from "../subgraphs/information-sharing/ledger/ledger-store.ts";
import { openNotary } from "../subgraphs/information-sharing/ledger/notary-store.ts";
import { readLedger } from "../subgraphs/information-sharing/ledger/reading-store.ts";
import { verify } from "../subgraphs/information-sharing/ledger/verify.ts";
import { measureRoom } from "./own-database.ts";

const CALLERS = 64;
const AT_ONCE = 1_000;

const { values: options } = parseArgs({
  // Its own name, from `npm run bench -- ledger`.
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    entries: { type: "string", default: "1000000" },
  },
});

const PEOPLE = Array.from({ length: 5_000 }, () => randomUUID());
const [RECIPIENT, SOURCE, AGREEMENT, CONSENT] = PEOPLE as [string, string, string, string];
const AT = systemClock().toISOString();

/** What a request typically gives away: two kinds of information about one person. */
const told = (number: number): DisclosuresTold => ({
  requestId: `request ${number}`,
  at: AT,
  recipient: { agency: RECIPIENT, kind: "BH", role: "CLINICIAN", subject: "dr.sofia.ramos" },
  purpose: "TREAT",
  basis: "HIPAA_506",
  policy: "5".repeat(64),
  disclosures: [
    {
      source: SOURCE,
      persons: [
        {
          id: PEOPLE[number % PEOPLE.length] as string,
          consents: [{ id: CONSENT, version: 1 }],
          attestations: [],
        },
      ],
      categories: ["ENCOUNTERS", "MEDICATIONS", "SUD_TREATMENT"],
      rules: ["part2-with-consent", "treatment"],
      obligations: ["PERSISTLABEL", "RedisclosureProhibitionMark"],
      agreement: { id: AGREEMENT, version: 2 },
    },
  ],
});

/** Entries a second that so many callers get durable, each telling the next when the last one is written. */
const pace = async ({ record }: Ledger, seconds: number): Promise<number> => {
  const start = performance.now();
  const end = start + seconds * 1_000;
  let count = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < end) await record(told(count++));
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return count / ((performance.now() - start) / 1_000);
};

/** The same ledger, where each entry waits for the one before it. */
const inTurn = (ledger: Ledger): Ledger => {
  let last: Promise<unknown> = Promise.resolve();
  return {
    record: (it) => {
      const mine = last.then(() => ledger.record(it));
      last = mine;
      return mine;
    },
  };
};

const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] as number;
const whole = (figure: number): string => Math.round(figure).toLocaleString("en-US");

const run = async (database: Database, stop: AbortSignal): Promise<void> => {
  const ledger = openLedger(database);
  const rows: [name: string, ledger: Ledger][] = [
    ["written in groups", ledger],
    ["each in a transaction, in turn", inTurn(ledger)],
  ];
  const figures = new Map(rows.map(([name]) => [name, [] as number[]]));
  await pace(ledger, 1);
  for (let round = 0; round < Number(options.rounds); round++)
    for (const [name, it] of rows) {
      stop.throwIfAborted();
      figures.get(name)?.push(await pace(it, Number(options.seconds)));
    }
  for (const [name, list] of figures)
    console.log(
      `${name.padEnd(32)} ${whole(median(list)).padStart(8)} entries/s  (${list.map(whole).join(" ")})`,
    );

  const { privateJwk, publicJwk } = await newKeyPair();
  const notary = await openNotary(database, privateJwk, {
    log: openLog("warn"),
    clock: systemClock,
  });
  const bar = new SingleBar({ format: "filling {bar} {value}/{total}", noTTYOutput: false });
  const { rows: counted } = await database.sql.raw(
    "select count(*)::int as count from information_sharing.ledger_entry",
  );
  const there = (counted as { count: number }[])[0]?.count ?? 0;
  const wanted = Number(options.entries);
  bar.start(wanted, there);
  for (let count = there; count < wanted; count += AT_ONCE) {
    stop.throwIfAborted();
    const some = Math.min(AT_ONCE, wanted - count);
    await Promise.all(Array.from({ length: some }, (_, index) => ledger.record(told(index))));
    bar.update(count + some);
  }
  bar.stop();
  await notary.stop();

  const start = performance.now();
  const cpu = process.cpuUsage();
  const verified = await readLedger(database, (reading) =>
    verify(reading, { isGenuine: checkpointChecker(publicJwk), now: systemClock() }),
  );
  const { user, system } = process.cpuUsage(cpu);
  if (verified.found > 0) throw new Error(JSON.stringify(verified));
  console.log(
    `verified ${whole(verified.entries)} entries and ${verified.checkpoints} checkpoints in ` +
      `${((performance.now() - start) / 1_000).toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of this process)`,
  );
};

await measureRoom("information-sharing", (opened, stop) =>
  run(opened.of("information_sharing").house(), stop),
);
