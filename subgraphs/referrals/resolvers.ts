import { duplicates } from "./assessment.ts";
import { bounces } from "./bounces.ts";
import { gap, movesOpen, nextActionOwner } from "./handoff.ts";
import type { Handoff, Move } from "./handoff.ts";
import type { MoveInput } from "./handoff-store.ts";
import type { Context } from "./context.ts";
import { gaps } from "./interface.ts";
import type { Interface } from "./interface.ts";
import { PROPOSED_DISPUTE, softRefusals } from "./soft-refusal.ts";
import { isComplete, missingParts, readingOf, unconfirmedParts } from "./packet.ts";
import { contradictions, disengagement, eligibilityOf, startsOnOf } from "./statement.ts";
import type { Resolvers } from "./resolvers.types.ts";

const moving =
  (name: Move) =>
  (_: unknown, { input }: { input: MoveInput }, { handoffs }: Context) =>
    handoffs.move(name, input);

const maybe = <T>(id: string | null, find: (id: string) => T): T | null =>
  id === null ? null : find(id);

/** The moves of a handoff with the rules that stood at each, and the service that is asked for: what its clocks are read from. */
const clocked = async (
  { id, interface: at, referral }: Handoff,
  { handoffs, interfaces, referrals }: Context,
) =>
  [
    await interfaces.withRules(at, await handoffs.history(id)),
    (await referrals.permitted(referral))?.service ?? null,
  ] as const;

const status = ({ publication }: Interface) => (publication ? "PUBLISHED" : "AGREED");

export const resolvers: Resolvers = {
  Query: {
    contentLabels: (_, page, { contentLabels }) => contentLabels.list(page),
    agency: (_, { id }, { agencies }) => agencies.find(id),
    agencies: (_, page, { agencies }) => agencies.list(page),
    person: (_, { id }, { people }) => people.find(id),
    personByIdentifier: (_, identifier, { people }) => people.findByIdentifier(identifier),
    interface: (_, { id }, { interfaces }) => interfaces.find(id),
    interfaces: (_, page, { interfaces }) => interfaces.list(page),
    interfaceDraft: (_, { id }, { interfaces }) => interfaces.draft(id),
    interfaceDrafts: (_, page, { interfaces }) => interfaces.drafts(page),
    referral: (_, { id }, { referrals }) => referrals.find(id),
    handoff: (_, { id }, { handoffs }) => handoffs.find(id),
    handoffs: (_, args, { handoffs }) => handoffs.list(args, args),
    worklist: (_, page, { handoffs }) => handoffs.worklist(page),
  },
  Mutation: {
    labelContent: (_, { input }, { contentLabels }) => contentLabels.label(input),
    withdrawContentLabel: (_, { input }, { contentLabels }) => contentLabels.withdraw(input),
    agreeInterface: (_, { input }, { interfaces }) => interfaces.agree(input),
    reviseInterface: (_, { input }, { interfaces }) => interfaces.revise(input),
    draftInterface: (_, { input }, { interfaces }) => interfaces.beginDraft(input),
    amendInterface: (_, { input }, { interfaces }) => interfaces.amend(input),
    publishInterface: (_, { input }, { interfaces }) => interfaces.publish(input),
    referPerson: (_, { input }, { referrals }) => referrals.make(input),
    supplyEvidence: (_, { input }, { referrals }) => referrals.supply(input),
    recordAssessment: (_, { input }, { assessments }) => assessments.record(input),
    recordStatement: async (_, { input }, { referrals, statements }) =>
      referrals.find(await statements.record(input)),
    offerHandoff: (_, { input }, { handoffs }) => handoffs.offer(input),
    notifyHandoff: moving("NOTIFY"),
    reportMissingItems: moving("REPORT_MISSING"),
    presentHandoff: moving("PRESENT"),
    requestInformation: moving("REQUEST_INFORMATION"),
    supplyInformation: moving("SUPPLY_INFORMATION"),
    acceptHandoff: moving("ACCEPT"),
    waitlistHandoff: moving("WAITLIST"),
    declineHandoff: moving("DECLINE"),
    scheduleHandoff: moving("SCHEDULE"),
    recordUnableToReach: moving("UNABLE_TO_REACH"),
    beginService: moving("BEGIN_SERVICE"),
    completeHandoff: moving("COMPLETE"),
    cancelHandoff: moving("CANCEL"),
    reopenHandoff: moving("REOPEN"),
    supplyPacket: async (_, { input }, { handoffs, packets }) =>
      handoffs.find(await packets.supply(input)),
    confirmReceipt: async (_, { input }, { handoffs, packets }) =>
      handoffs.find(await packets.confirm(input)),
    reconcileMedications: async (_, { input }, { handoffs, packets }) =>
      handoffs.find(await packets.reconcile(input)),
  },
  Agency: {
    __resolveReference: ({ id }, { agencies }) => agencies.find(id),
    parent: ({ parent }, _, { agencies }) => maybe(parent, agencies.find),
    identifiers: ({ id }, _, { agencies }) => agencies.identifiers(id),
  },
  Contact: {
    agency: ({ agencyId }, _, { agencies }) => agencies.find(agencyId),
  },
  Person: {
    __resolveReference: ({ id }, { people }) => people.find(id),
    name: (person, _, { people }) => people.particulars(person)?.name ?? null,
    birthDate: (person, _, { people }) => people.particulars(person)?.birthDate ?? null,
    identifiers: (person, _, { people }) => people.identifiers(person),
    links: (person, _, { people }) => people.links(person),
    encounters: ({ id }, page, { people }) => people.encounters(id, page),
    handoffs: ({ id }, page, { handoffs }) => handoffs.list({ person: id }, page),
    readings: (person) => person,
    medications: ({ id }, _, { people }) => people.medications(id),
    labResults: ({ id }, _, { clinicalRecords }) => clinicalRecords.of(id, "LAB"),
    clinicalNotes: ({ id }, _, { clinicalRecords }) => clinicalRecords.of(id, "CLINICAL_NOTE"),
    psychotherapyNotes: ({ id }, _, { clinicalRecords }) =>
      clinicalRecords.of(id, "PSYCHOTHERAPY_NOTE"),
    claims: ({ id }, _, { clinicalRecords }) => clinicalRecords.of(id, "CLAIM"),
    assessments: ({ id }, _, { assessments }) => assessments.of(id),
    duplicateAssessments: async ({ id }, { withinDays }, { act, assessments }) =>
      duplicates(await assessments.permitted(id), withinDays, act.by.agency),
  },
  Assessment: {
    agency: ({ source }, _, { agencies }) => agencies.find(source),
  },
  PersonLink: {
    other: ({ other }, _, { people }) => people.find(other),
  },
  ContentLabel: {
    agency: ({ agency }, _, { agencies }) => maybe(agency, agencies.find),
  },
  Readings: {
    demographics: (person, _, { people }) => people.readings(person).demographics,
    encounters: (person, _, { people }) => people.readings(person).encounters(),
    medications: (person, _, { people }) => people.readings(person).medications(),
  },
  Encounter: {
    agency: ({ agency }, _, { agencies }) => maybe(agency, agencies.find),
  },
  LabResult: { value: ({ text }) => text },
  ClinicalNote: { description: ({ text }) => text },
  PsychotherapyNote: { description: ({ text }) => text },
  Claim: { services: ({ text }) => text },
  Interface: {
    __resolveReference: ({ id }, { interfaces }) => interfaces.find(id),
    parties: ({ parties }, _, { agencies }) => agencies.findAll(parties),
    contacts: (it, _, { interfaces }) => interfaces.contacts(it),
    asOf: ({ id }, { at }, { interfaces }) => interfaces.asOf(id, at),
    status,
    rules: (it, _, { interfaces }) => interfaces.rules(it),
  },
  InterfaceVersion: {
    parties: ({ parties }, _, { agencies }) => agencies.findAll(parties),
    status,
    publishedBy: ({ publication }, _, { agencies }) =>
      maybe(publication?.by ?? null, agencies.find),
    publishedAt: ({ publication }) => publication?.at ?? null,
    contacts: (it, _, { interfaces }) => interfaces.contacts(it),
    rules: (it, _, { interfaces }) => interfaces.rules(it),
  },
  InterfaceDraft: {
    interface: (draft, _, { interfaces }) => maybe(draft.interface, interfaces.find),
    proposedBy: ({ proposedBy }, _, { agencies }) => agencies.find(proposedBy),
    parties: ({ parties }, _, { agencies }) => agencies.findAll(parties),
    gaps,
  },
  Referral: {
    __resolveReference: ({ id }, { referrals }) => referrals.find(id),
    person: ({ person }, _, { people }) => people.find(person),
    referrer: ({ referrer }, _, { agencies }) => agencies.find(referrer),
    handoffs: ({ id }, _, { handoffs }) => handoffs.ofReferral(id),
    missingEvidence: (referral, { interface: at }, { interfaces }) =>
      interfaces.missingEvidence(referral, at),
    statements: (referral, _, { statements }) => statements.of(referral),
    contradictions: async (referral, _, { statements }) =>
      contradictions(await statements.permitted(referral)),
    bounces: async ({ id }, _, { handoffs }) => bounces(await handoffs.movesOf(id)),
  },
  PersonStatement: {
    by: ({ source }, _, { agencies }) => agencies.find(source),
    eligibility: eligibilityOf,
    startsOn: startsOnOf,
  },
  Disengagement: { contradictions: ({ statements }) => contradictions(statements) },
  Bounces: {
    path: ({ path }, _, { agencies }) => agencies.findAll(path),
  },
  Handoff: {
    __resolveReference: ({ id }, { handoffs }) => handoffs.find(id),
    person: ({ person }, _, { people }) => people.find(person),
    referral: ({ referral }, _, { referrals }) => referrals.find(referral),
    interface: (handoff, _, { interfaces }) => maybe(handoff.interface, interfaces.find),
    sender: ({ sender }, _, { agencies }) => agencies.find(sender),
    receiver: ({ receiver }, _, { agencies }) => maybe(receiver, agencies.find),
    coordinator: ({ coordinator }, _, { agencies }) => agencies.find(coordinator),
    accountable: ({ accountable }, _, { agencies }) => agencies.find(accountable),
    nextActionOwner: (handoff, _, { agencies }) => maybe(nextActionOwner(handoff), agencies.find),
    movesOpen: (handoff, _, { act }) => movesOpen(handoff, act.by.agency),
    redirectTo: ({ redirectTo }, _, { agencies }) => maybe(redirectTo, agencies.find),
    gap: (handoff, _, { act }) => gap(handoff, act.at),
    missingEvidence: async (handoff, _, { interfaces, referrals }) =>
      interfaces.missingEvidence(await referrals.permitted(handoff.referral), handoff.interface),
    noticeLead: async (handoff, _, { handoffs, interfaces }) =>
      interfaces.noticeLead(handoff, await handoffs.noticeAt(handoff.id)),
    softRefusals: async (handoff, _, context) =>
      softRefusals(...(await clocked(handoff, context)), context.act.at),
    history: ({ id }, _, { handoffs }) => handoffs.history(id),
    packet: (handoff, _, { packets }) => packets.of(handoff),
    disengagement: async (handoff, _, { referrals, statements }) => {
      const referral = await referrals.permitted(handoff.referral);
      return referral && disengagement(handoff, await statements.permitted(referral));
    },
  },
  SoftRefusal: {
    agency: ({ agency }, _, { agencies }) => agencies.find(agency),
    proposesDispute: ({ rule }) => PROPOSED_DISPUTE[rule],
  },
  DischargePacket: {
    isComplete,
    missingParts,
    unconfirmedParts,
    contents: (packet) => packet,
  },
  PacketContents: {
    readings: (packet) => packet,
    medications: (packet, _, { packets }) => packets.items(packet, "MEDICATIONS"),
    functionalStatus: (packet, _, { packets }) => packets.items(packet, "FUNCTIONAL_STATUS"),
    risks: (packet, _, { packets }) => packets.items(packet, "RISKS"),
    followUpAppointments: (packet, _, { packets }) =>
      packets.items(packet, "FOLLOW_UP_APPOINTMENTS"),
  },
  PacketReadings: {
    medications: (packet) => readingOf(packet, "MEDICATIONS"),
    functionalStatus: (packet) => readingOf(packet, "FUNCTIONAL_STATUS"),
    risks: (packet) => readingOf(packet, "RISKS"),
    followUpAppointments: (packet) => readingOf(packet, "FOLLOW_UP_APPOINTMENTS"),
  },
  SuppliedPart: {
    recordedBy: ({ source }, _, { agencies }) => agencies.find(source),
  },
  PacketReceipt: {
    confirmedBy: ({ confirmedBy }, _, { agencies }) => agencies.find(confirmedBy),
  },
  MedicationReconciliation: {
    reconciledBy: ({ reconciledBy }, _, { agencies }) => agencies.find(reconciledBy),
  },
  HandoffEvent: {
    accountable: ({ accountable }, _, { agencies }) => agencies.find(accountable),
    by: ({ by }, _, { agencies }) => agencies.find(by),
  },
};
