/** Writes to the ledger until it is killed, and says of each entry that it is written: a process of its own for a test. */
import { openPglite, openPostgresql } from "#platform/database.ts";
import { openLedger } from "../../../subgraphs/information-sharing/ledger/ledger-store.ts";
import { told } from "./ledger-told.ts";

const [url = "", directory = ""] = process.argv.slice(2);
const database = url ? await openPostgresql(url) : await openPglite(directory);
const ledger = openLedger(database.of("information_sharing").house());
let count = 0;
const write = async (): Promise<never> => {
  for (;;) {
    const requestId = `request ${count++}`;
    await ledger.record(told({ requestId }));
    process.stdout.write(`${requestId}\n`);
  }
};
await Promise.all(Array.from({ length: 8 }, write));
