/**
 * Finds out whether the ledger of disclosures is what was signed: `npm run ledger:verify`. Exits 1 if it is not, and 2 if
 * that cannot be told.
 *
 *   --database URL     instead of DATABASE_URL, or of the data directory of a house that is not running
 *   --key FILE         the ledger's key, as a JWK or a set of them; instead of LEDGER_PUBLIC_KEY, or the data directory's
 *   --checkpoint FILE  writes the newest checkpoint there, to be kept elsewhere
 *   --since FILE       a checkpoint that was kept: tells a ledger that was put back to what it was before
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { systemClock } from "#platform/clock.ts";
import { neededKey } from "#platform/settings.ts";
import { checkpointChecker } from "../subgraphs/information-sharing/ledger/checkpoint.ts";
import type {
  CheckpointKeys,
  IsGenuine,
  SignedCheckpoint,
} from "../subgraphs/information-sharing/ledger/checkpoint.ts";
import { readLedger } from "../subgraphs/information-sharing/ledger/reading-store.ts";
import { verify } from "../subgraphs/information-sharing/ledger/verify.ts";
import type { Verified } from "../subgraphs/information-sharing/ledger/verify.ts";
import { ledgerKeyFile } from "./site.ts";
import { openStanding } from "./standing-database.ts";

const CANNOT_BE_TOLD = 2;

const fromFile = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new Error(`${file} is not there, or is no JSON`, { cause: error });
  }
};

const keys = (file: string | undefined): CheckpointKeys => {
  if (file !== undefined) return fromFile(file) as CheckpointKeys;
  for (const setting of ["LEDGER_PUBLIC_KEY", "LEDGER_PRIVATE_KEY"])
    if (process.env[setting]) return neededKey(setting);
  return fromFile(ledgerKeyFile()) as CheckpointKeys;
};

const kept = (file: string, isGenuine: IsGenuine): SignedCheckpoint => {
  const checkpoint = fromFile(file) as SignedCheckpoint;
  if (typeof checkpoint.signature !== "string" || !isGenuine(checkpoint))
    throw new Error(`${file} is no checkpoint that was signed by the key of this ledger`);
  return checkpoint;
};

const say = (verified: Verified): void => {
  for (const { what, position, entry } of verified.findings)
    console.error(position === null ? what : `at ${position}, entry ${entry}: ${what}`);
  const more = verified.found - verified.findings.length;
  if (more > 0) console.error(`and ${more} more`);
  const unsigned = verified.unsigned > 0 ? `, ${verified.unsigned} entries not signed yet` : "";
  console.log(
    `${verified.entries} entries, root ${verified.root ?? "unknown"}, ${verified.checkpoints} checkpoints${unsigned}`,
  );
};

const run = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      database: { type: "string" },
      key: { type: "string" },
      checkpoint: { type: "string" },
      since: { type: "string" },
    },
  });
  const isGenuine = checkpointChecker(keys(values.key));
  const since = values.since === undefined ? undefined : kept(values.since, isGenuine);
  const database = await openStanding(values.database);
  const bar = new SingleBar({
    format: "{bar} {value}/{total} entries",
    noTTYOutput: false,
    clearOnComplete: true,
  });
  try {
    const house = database.of("information_sharing").house();
    const verified = await readLedger(house, async (reading) => {
      bar.start(await reading.count(), 0);
      return verify(reading, {
        isGenuine,
        now: systemClock(),
        since,
        progress: (entries) => bar.update(entries),
      });
    });
    bar.stop();
    say(verified);
    if (verified.found > 0) process.exitCode = 1;
    else if (values.checkpoint !== undefined && verified.newest)
      writeFileSync(values.checkpoint, `${JSON.stringify(verified.newest)}\n`);
  } finally {
    bar.stop();
    await database.close();
  }
};

process.once("SIGINT", () => process.exit(130));
try {
  await run();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = CANNOT_BE_TOLD;
}
