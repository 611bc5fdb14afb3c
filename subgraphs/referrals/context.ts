import type { Act } from "#platform/act.ts";
import type { Agencies } from "./agency-store.ts";
import type { Assessments } from "./assessment-store.ts";
import type { ClinicalRecords } from "./clinical-record-store.ts";
import type { ContentLabels } from "./content-label-store.ts";
import type { Handoffs } from "./handoff-store.ts";
import type { Interfaces } from "./interface-store.ts";
import type { Packets } from "./packet-store.ts";
import type { People } from "./person-store.ts";
import type { Referrals } from "./referral-store.ts";
import type { Statements } from "./statement-store.ts";

/** What every resolver of this room has at hand, for one request. */
export interface Context {
  act: Act;
  agencies: Agencies;
  people: People;
  interfaces: Interfaces;
  referrals: Referrals;
  statements: Statements;
  handoffs: Handoffs;
  packets: Packets;
  contentLabels: ContentLabels;
  clinicalRecords: ClinicalRecords;
  assessments: Assessments;
}
