/** The information-sharing room: what agencies may share, what people let them share, and what was shared. */
import { isMain, runAlone } from "#platform/alone.ts";
import type { Room } from "#platform/subgraph.ts";
import { LEDGER } from "#sharing/disclosure.ts";
import { FACTS } from "#sharing/facts.ts";
import { openAttestations } from "./attestation-store.ts";
import { keeps, openConsents } from "./consent-store.ts";
import type { Context } from "./context.ts";
import { consume } from "./event-store.ts";
import { factsDoor } from "./facts-store.ts";
import { openAccounting } from "./ledger/accounting-store.ts";
import { ledgerDoor } from "./ledger/ledger-store.ts";
import { openNotary } from "./ledger/notary-store.ts";
import { records } from "./records.ts";
import { resolvers } from "./resolvers.ts";
import { openRestrictions } from "./restriction-store.ts";
import { openShareables } from "./shareable-store.ts";
import { openAgreements } from "./sharing-agreement-store.ts";
import { openRoutes } from "./sharing-route-store.ts";

export const informationSharing: Room<Context> = {
  name: "information-sharing",
  folder: new URL("./", import.meta.url),
  resolvers,
  records,
  keeps,
  context: (database, act, neighbours) => ({
    act,
    agreements: openAgreements(database, act, neighbours),
    routes: openRoutes(database, act),
    consents: openConsents(database, act, neighbours),
    restrictions: openRestrictions(database, act, neighbours),
    attestations: openAttestations(database, act, neighbours),
    shareables: openShareables(database, act, neighbours),
    accounting: openAccounting(database, act, neighbours),
  }),
  houseDoors: (database) => ({
    [FACTS.path]: factsDoor(database),
    [LEDGER.path]: ledgerDoor(database),
  }),
  work: (database, { log, clock, key }) =>
    openNotary(database, key("LEDGER_PRIVATE_KEY"), { log, clock }),
  consume,
};

if (isMain(import.meta.url)) await runAlone(informationSharing);
