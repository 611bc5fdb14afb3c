/** The referrals room: agencies, people, needs, and the handoffs that meet them. */
import { isMain, runAlone } from "#platform/alone.ts";
import type { Room } from "#platform/subgraph.ts";
import { directoryDoor, openAgencies } from "./agency-store.ts";
import { openAssessments } from "./assessment-store.ts";
import { openClinicalRecords } from "./clinical-record-store.ts";
import { openContentLabels, openRaisedByContent } from "./content-label-store.ts";
import type { Context } from "./context.ts";
import { consentDoor } from "./fhir/consent-store.ts";
import { fhirDoor } from "./fhir/intake.ts";
import { findPersonDoor } from "./find-person-store.ts";
import { openHandoffs } from "./handoff-store.ts";
import { keeps } from "./keeps-store.ts";
import { knownDoor } from "./known-store.ts";
import { openInterfaces } from "./interface-store.ts";
import { openPackets } from "./packet-store.ts";
import { openPeople } from "./person-store.ts";
import { records } from "./records.ts";
import { openReferrals } from "./referral-store.ts";
import { resolvers } from "./resolvers.ts";
import { openStatements } from "./statement-store.ts";

export const referrals: Room<Context> = {
  name: "referrals",
  folder: new URL("./", import.meta.url),
  resolvers,
  records,
  keeps,
  context: (database, act, _neighbours, sharing) => {
    const raisedByContent = openRaisedByContent(database);
    return {
      act,
      agencies: openAgencies(database),
      people: openPeople(database, act, sharing, raisedByContent),
      interfaces: openInterfaces(database, act),
      referrals: openReferrals(database, act, sharing),
      statements: openStatements(database, act, sharing, raisedByContent),
      handoffs: openHandoffs(database, act, sharing),
      packets: openPackets(database, act, raisedByContent),
      contentLabels: openContentLabels(database, act),
      clinicalRecords: openClinicalRecords(database, raisedByContent),
      assessments: openAssessments(database, act, sharing, raisedByContent),
    };
  },
  sideDoors: (database, log) => ({ "/fhir": fhirDoor(database, log) }),
  houseDoors: (database) => ({
    "/directory": directoryDoor(database),
    "/known": knownDoor(database),
    "/find-person": findPersonDoor(database),
    "/consent": consentDoor(database),
  }),
};

if (isMain(import.meta.url)) await runAlone(referrals);
