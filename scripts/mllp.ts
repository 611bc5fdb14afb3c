/**
 * Takes HL7 v2 messages over MLLP, beside a house that runs on the same DATABASE_URL: `npm run mllp`. HL7_PARTNERS names the file
 * that says who may send. On the embedded database, which is one process's, `npm start` opens the same ports itself.
 */
import { systemClock } from "#platform/clock.ts";
import { DataDirInUse } from "#platform/lock.ts";
import { openLog } from "#platform/log.ts";
import { stopOnSignals } from "#platform/serve.ts";
import { listeners, openMllp } from "./hl7-partners.ts";
import { openStanding } from "./standing-database.ts";

const log = openLog();

const open = async () => {
  const all = listeners();
  const database = await openStanding();
  try {
    const { ports, close } = await openMllp(database, all, { log, clock: systemClock });
    return {
      ports,
      close: async () => {
        await close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
};

try {
  const opening = open();
  stopOnSignals(async () => (await opening).close(), log);
  const { ports } = await opening;
  console.log(`ready ${ports.map((port) => `mllp ${port}`).join(" ")}`);
} catch (error) {
  console.error((error as Error).message);
  process.exit(error instanceof DataDirInUse ? DataDirInUse.EXIT_CODE : 1);
}
