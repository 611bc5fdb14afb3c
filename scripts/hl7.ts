/**
 * Takes HL7 v2 messages in from files, as one partner's of the file that HL7_PARTNERS names:
 *
 *   npm run hl7 -- --partner NAME FILE...
 *
 * A file may hold many. Works on the database beside a house. Exits 1 if anything was refused.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { Problem } from "#schema/problems.ts";
import { systemClock } from "#platform/clock.ts";
import { DataDirInUse } from "#platform/lock.ts";
import { openLog } from "#platform/log.ts";
import type { Fate } from "../subgraphs/referrals/hl7v2/intake.ts";
import { split } from "../subgraphs/referrals/hl7v2/message.ts";
import { listeners, takerFor } from "./hl7-partners.ts";
import { openStanding } from "./standing-database.ts";

const run = async (): Promise<void> => {
  const { values, positionals: files } = parseArgs({
    options: { partner: { type: "string" } },
    allowPositionals: true,
  });
  if (!values.partner || files.length === 0)
    throw new Error("usage: npm run hl7 -- --partner NAME FILE...");
  const partner = listeners()
    .flatMap(({ partners }) => partners)
    .find(({ name }) => name === values.partner);
  if (!partner) throw new Error(`there is no partner ${values.partner}`);
  const messages = files.flatMap((file) =>
    split(readFileSync(file)).map((bytes) => ({ file: basename(file), bytes })),
  );
  const database = await openStanding();
  try {
    const take = await takerFor(database, partner, { log: openLog("error"), clock: systemClock });
    const fates: Fate[] = [];
    for (const { file, bytes } of messages) {
      const { fate, doubts } = await take(bytes);
      fates.push(fate);
      if (fate instanceof Problem) {
        const element = fate.details.element as string | undefined;
        console.error(
          `refused  ${file}  ${fate.code}${element ? ` at ${element}` : ""}: ${fate.message}`,
        );
      } else if (fate === "FAULT") console.error(`refused  ${file}  FAULT: our mistake`);
      if (doubts.length > 0) console.log(`not believed  ${file}  ${doubts.join(" ")}`);
    }
    const taken = fates.filter((fate) => fate === "TAKEN").length;
    const unchanged = fates.filter((fate) => fate === "UNCHANGED").length;
    const refused = fates.length - taken - unchanged;
    console.log(
      `${files.length} files, ${fates.length} messages: ${taken} taken in, ${unchanged} unchanged, ${refused} refused`,
    );
    if (refused > 0) process.exitCode = 1;
  } finally {
    await database.close();
  }
};

try {
  await run();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof DataDirInUse ? DataDirInUse.EXIT_CODE : 1;
}
