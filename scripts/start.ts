/** Brings the whole graph up in one process: `npm start`. */
import { DataDirInUse, takeLock } from "#platform/lock.ts";
import type { Lock } from "#platform/lock.ts";
import { openLog } from "#platform/log.ts";
import { stopOnSignals } from "#platform/serve.ts";
import { listeners, openMllp } from "./hl7-partners.ts";
import { openHouse } from "./house.ts";
import { dataDir, site } from "./site.ts";

const log = openLog(process.env.LOG_LEVEL ?? "warn");

const held = (): Lock => {
  try {
    return takeLock(dataDir());
  } catch (error) {
    if (!(error instanceof DataDirInUse)) throw error;
    console.error(error.message);
    process.exit(DataDirInUse.EXIT_CODE);
  }
};

const lock = held();
process.on("exit", () => lock.release());
let isStopping = () => false;
/** The ports to which HL7_PARTNERS lets HL7 v2 be sent, once they are open. */
let mllp: Awaited<ReturnType<typeof openMllp>> | null = null;
try {
  const here = await site(log);
  const partners = process.env.HL7_PARTNERS ? listeners() : [];
  const opening = openHouse(here);
  // From here on: a database that is being made for the first time must not be left half made.
  isStopping = stopOnSignals(async () => {
    await mllp?.close();
    await (await opening).close();
  }, log);
  const house = await opening;
  if (here.demo) {
    const { seed } = await import("../test/county/seed.ts");
    await seed(house);
  }
  if (partners.length > 0)
    mllp = await openMllp(house.database, partners, { log, clock: house.clock });
  lock.announce(house.url);
  console.log(`ready ${house.url}/graphql`);
  if (here.demo)
    console.log(
      [
        "",
        `  database ${house.database.kind}${here.databaseUrl ? "" : ` in ${here.dataDir}`}, request budget in ${house.budget.kind}`,
        "  Ask the first question, as a county case worker:",
        "",
        "    npm run ask -- --as county-case-worker schema/operations/where-do-handoffs-stand.graphql",
        "",
        "  Stop with Ctrl-C.",
      ].join("\n"),
    );
} catch (error) {
  if (!isStopping()) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
