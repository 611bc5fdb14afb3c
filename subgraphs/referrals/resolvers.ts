import { gap, movesOpen, nextActionOwner } from "./handoff.ts";
import type { Move } from "./handoff.ts";
import type { MoveInput } from "./handoff-store.ts";
import type { Context } from "./context.ts";
import type { Resolvers } from "./resolvers.types.ts";

const moving =
  (name: Move) =>
  (_: unknown, { input }: { input: MoveInput }, { handoffs }: Context) =>
    handoffs.move(name, input);

const maybe = <T>(id: string | null, find: (id: string) => T): T | null =>
  id === null ? null : find(id);

export const resolvers: Resolvers = {
  Query: {
    contentLabels: (_, page, { contentLabels }) => contentLabels.list(page),
    agency: (_, { id }, { agencies }) => agencies.find(id),
    agencies: (_, page, { agencies }) => agencies.list(page),
    person: (_, { id }, { people }) => people.find(id),
    personByIdentifier: (_, identifier, { people }) => people.findByIdentifier(identifier),
    interface: (_, { id }, { interfaces }) => interfaces.find(id),
    interfaces: (_, page, { interfaces }) => interfaces.list(page),
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
    referPerson: (_, { input }, { referrals }) => referrals.make(input),
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
    encounters: ({ id }, page, { people }) => people.encounters(id, page),
    handoffs: ({ id }, page, { handoffs }) => handoffs.list({ person: id }, page),
    readings: (person) => person,
    medications: ({ id }, _, { people }) => people.medications(id),
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
  Interface: {
    __resolveReference: ({ id }, { interfaces }) => interfaces.find(id),
    parties: ({ parties }, _, { agencies }) => agencies.findAll(parties),
    contacts: (it, _, { interfaces }) => interfaces.contacts(it),
    asOf: ({ id }, { at }, { interfaces }) => interfaces.asOf(id, at),
  },
  InterfaceVersion: {
    parties: ({ parties }, _, { agencies }) => agencies.findAll(parties),
  },
  Referral: {
    __resolveReference: ({ id }, { referrals }) => referrals.find(id),
    person: ({ person }, _, { people }) => people.find(person),
    referrer: ({ referrer }, _, { agencies }) => agencies.find(referrer),
    handoffs: ({ id }, _, { handoffs }) => handoffs.ofReferral(id),
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
    history: ({ id }, _, { handoffs }) => handoffs.history(id),
  },
  HandoffEvent: {
    accountable: ({ accountable }, _, { agencies }) => agencies.find(accountable),
    by: ({ by }, _, { agencies }) => agencies.find(by),
  },
};
