/** The referrals room: agencies, people, needs, and the handoffs that meet them. */
import { isMain, runAlone } from "#platform/alone.ts";
import type { Room } from "#platform/subgraph.ts";
import { directoryDoor, openAgencies } from "./agency-store.ts";
import type { Context } from "./context.ts";
import { fhirDoor } from "./fhir/intake.ts";
import { openHandoffs } from "./handoff-store.ts";
import { knownDoor } from "./known-store.ts";
import { openInterfaces } from "./interface-store.ts";
import { openPeople } from "./person-store.ts";
import { openReferrals } from "./referral-store.ts";
import { resolvers } from "./resolvers.ts";

export const referrals: Room<Context> = {
  name: "referrals",
  folder: new URL("./", import.meta.url),
  resolvers,
  context: (database, act) => ({
    act,
    agencies: openAgencies(database),
    people: openPeople(database, act),
    interfaces: openInterfaces(database, act),
    referrals: openReferrals(database, act),
    handoffs: openHandoffs(database, act),
  }),
  sideDoors: (database, log) => ({
    "/fhir": fhirDoor(database, log),
    "/directory": directoryDoor(database),
    "/known": knownDoor(database),
  }),
};

if (isMain(import.meta.url)) await runAlone(referrals);
