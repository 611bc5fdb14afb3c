/**
 * The county that is measured: the agencies of `test/county`, and 120 people whom its hospital has handed on. Made by the
 * rules of the domain, and the same each time. Everyone in it is made up.
 */
import { agencies, at, HOSPITAL_MRN, personas } from "../test/county/county.ts";
import type { CountyAgency } from "../test/county/county.ts";
import type { Dispute } from "../subgraphs/disputes/dispute.ts";
import type { EscalationIssue } from "../subgraphs/escalation/escalation-issue.ts";
import type { Agency, Identifier } from "../subgraphs/referrals/agency.ts";
import { move, MOVES, unmoved } from "../subgraphs/referrals/handoff.ts";
import type { Facts, Handoff, Move } from "../subgraphs/referrals/handoff.ts";
import type { Interface } from "../subgraphs/referrals/interface.ts";
import type { Person } from "../subgraphs/referrals/person.ts";
import type { Referral } from "../subgraphs/referrals/referral.ts";

/** Who asks: a party to every handoff. */
export const REQUESTER = personas["discharge-coordinator"];

/** The instant at which everyone asks, so that gaps which are still open are as long for all. */
export const NOW = new Date(at("18:00", 14));

/** How many people were handed on, each in a referral and a handoff of their own. */
const PEOPLE = 120;
/** How many others the first referral was asked of before. */
const ASKED_BEFORE = 3;

/** A handoff after one of its moves, and the agency that made it. */
export interface Moved {
  handoff: Handoff;
  by: string;
}

/** Everything that the county's rooms know. */
export interface BenchCounty {
  agencies: Agency[];
  interfaces: Interface[];
  people: (Person & { identifiers: Identifier[] })[];
  referrals: Referral[];
  /** Each with every move that was made, the last one last. */
  handoffs: Moved[][];
  disputes: Dispute[];
  issues: EscalationIssue[];
}

const KINDS = ["INTERFACE", "PERSON", "REFERRAL", "HANDOFF", "DISPUTE", "ISSUE"] as const;
const id = (kind: (typeof KINDS)[number], index: number): string =>
  `019550a0-0000-7000-800${KINDS.indexOf(kind) + 1}-${index.toString(16).padStart(12, "0")}`;

/** The referral of which there is most to tell. */
export const ASKED_OFTEN = id("REFERRAL", 0);

const HOUR_MS = 3_600_000;
const hoursAfter = (start: Date, hours: number): Date => new Date(+start + hours * HOUR_MS);

const hospital: string = agencies.hospital.id;
const receivers = Object.values<CountyAgency>(agencies).filter((it) => it.id !== hospital);
const nth = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
const receiverOf = (index: number): string => nth(receivers, index).id;

const GIVEN = ["Ada", "Ben", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jonas"];
const FAMILY = ["Abbott", "Barnes", "Castillo", "Dunn", "Ellis", "Fuentes", "Grant"];
const SERVICES = [
  "Intensive outpatient programme",
  "Supported housing",
  "Home health after a fall",
  "Crisis follow-up within 24 hours",
];

/** How far a handoff has gone. */
const WAYS: readonly (readonly Move[])[] = [
  ["NOTIFY", "PRESENT", "ACCEPT", "SCHEDULE", "BEGIN_SERVICE"],
  ["NOTIFY", "PRESENT", "WAITLIST"],
  ["NOTIFY"],
  ["NOTIFY", "PRESENT", "DECLINE"],
  ["NOTIFY", "REPORT_MISSING"],
  ["NOTIFY", "PRESENT", "ACCEPT", "SCHEDULE", "BEGIN_SERVICE", "COMPLETE"],
  ["NOTIFY", "PRESENT", "REQUEST_INFORMATION"],
  ["NOTIFY", "PRESENT", "ACCEPT", "SCHEDULE"],
  [],
  ["NOTIFY", "PRESENT"],
];

/** What is said with the moves that ask for it; of a handoff by its index. */
const SAID: Partial<Record<Move, (occurredAt: Date, index: number) => Facts>> = {
  REPORT_MISSING: () => ({ items: ["discharge summary", "medication list"] }),
  REQUEST_INFORMATION: () => ({ items: ["consent form"] }),
  WAITLIST: (occurredAt) => ({ reviewAt: hoursAfter(occurredAt, 72) }),
  DECLINE: (_, index) => ({ reason: "NO_CAPACITY", redirectToId: receiverOf(index + 1) }),
  SCHEDULE: (occurredAt) => ({ appointmentAt: hoursAfter(occurredAt, 24) }),
  COMPLETE: () => ({ reason: "SERVICES_RECEIVED" }),
};

const HOURS_BETWEEN_MOVES = 1.5;

const handedOn = (
  index: number,
  referral: number,
  offeredAt: Date,
  way: readonly Move[],
): Moved[] => {
  const offered: Handoff = {
    ...unmoved,
    id: id("HANDOFF", index),
    version: 1,
    referral: id("REFERRAL", referral),
    person: id("PERSON", referral),
    interface: id("INTERFACE", index % receivers.length),
    sender: hospital,
    receiver: receiverOf(index),
    coordinator: hospital,
    accountable: hospital,
    move: "OFFER",
    origin: "GRAPH",
    leftAt: index % 3 === 0 ? null : hoursAfter(offeredAt, 2),
    occurredAt: offeredAt,
    recordedAt: offeredAt,
    receivedAt: offeredAt,
  };
  const moves: Moved[] = [{ handoff: offered, by: hospital }];
  let handoff = offered;
  for (const [step, name] of way.entries()) {
    const when = hoursAfter(offeredAt, (step + 1) * HOURS_BETWEEN_MOVES);
    const by = handoff[MOVES[name].by[0]] as string;
    const facts = { occurredAt: when, recordedAt: when, ...SAID[name]?.(when, index) };
    handoff = move(handoff, name, facts, {
      by: { ...REQUESTER, agency: by },
      at: when,
      requestId: "bench",
    });
    moves.push({ handoff, by });
  }
  return moves;
};

const interfaceWith = (receiver: CountyAgency, index: number): Interface => ({
  id: id("INTERFACE", index),
  version: 1,
  kind: "HOSPITAL_DISCHARGE",
  name: `Alder General and ${receiver.name}`,
  parties: [hospital, receiver.id],
  contacts: [hospital, receiver.id].map((agencyId, side) => ({
    agencyId,
    name: nth(GIVEN, index + side),
    role: "Intake lead",
    cover: nth(GIVEN, index + side + 1),
  })),
  since: new Date(at("08:00", -60)),
  publication: null,
});

const personAt = (index: number): BenchCounty["people"][number] => ({
  id: id("PERSON", index),
  version: 1,
  records: [
    {
      source: hospital,
      name: `${nth(GIVEN, index)} ${nth(FAMILY, index)}`,
      birthDate: `19${40 + (index % 50)}-0${1 + (index % 9)}-1${index % 10}`,
    },
  ],
  identifiers: [{ system: HOSPITAL_MRN, value: `B-${1000 + index}` }],
});

const onReferral = (referral: number, parties: readonly { id: string }[]) => ({
  referral: { id: id("REFERRAL", referral) },
  person: id("PERSON", referral),
  keepers: parties.map(({ id: party }) => party),
  raises: [],
});

const disputeOver = (referral: number, index: number, openedAt: Date): Dispute => {
  const parties = [{ id: hospital }, { id: receiverOf(referral) }];
  return {
    id: id("DISPUTE", index),
    version: 2,
    ...onReferral(referral, parties),
    type: nth(["ELIGIBILITY", "CAPACITY", "FUNDING"] as const, index),
    subject: nth(["PROVIDE", "ACCEPT", "FUND"] as const, index),
    stage: nth(["OPEN", "UNDER_REVIEW"] as const, index),
    coverage: nth(["COVERED", "INTERIM", "GAP"] as const, index),
    coverageReason: null,
    parties,
    openedBy: nth(parties, index),
    openedAt,
    positions: parties.map((agency, side) => ({
      agency,
      statement: `Position ${side + 1}: the other agency is to serve this person meanwhile.`,
      statedAt: hoursAfter(openedAt, side),
    })),
  };
};

const issueAbout = (referral: number, index: number, raisedAt: Date): EscalationIssue => {
  const parties = [{ id: hospital }, { id: receiverOf(referral) }];
  return {
    id: id("ISSUE", index),
    version: 1,
    ...onReferral(referral, parties),
    type: nth(["UNSAFE_DISCHARGE", "MISSED_VISITS", "DISPUTED_RESPONSIBILITY"] as const, index),
    typeText: null,
    impact: "The person has been at home without care since the day of discharge.",
    rung: nth(["FRONTLINE_CONTACT", "MANAGERS", "EXECUTIVES"] as const, index),
    raisedBy: nth(parties, index),
    parties,
    raisedAt,
    resolvedAt: null,
    resolution: null,
  };
};

/** Tells the whole county. */
export const benchCounty = (): BenchCounty => {
  const authoredAt = (referral: number) => hoursAfter(new Date(at("08:00")), referral * 0.75);
  const indexes = Array.from({ length: PEOPLE }, (_, index) => index);
  const before = Array.from({ length: ASKED_BEFORE }, (_, asked) =>
    handedOn(PEOPLE + asked, 0, hoursAfter(authoredAt(0), -24 * (asked + 1)), nth(WAYS, 3)),
  );
  // Every second referral is disputed, and the first one twice; so it is with what must not wait.
  const disputed = [0, ...indexes.filter((index) => index % 2 === 0)];
  const raised = [0, ...indexes.filter((index) => index % 4 < 2)];
  return {
    agencies: Object.values<CountyAgency>(agencies).map(({ id: agency, name, kind }) => ({
      id: agency,
      version: 1,
      name,
      kind,
      parent: null,
      contacts: [],
    })),
    interfaces: receivers.map(interfaceWith),
    people: indexes.map(personAt),
    referrals: indexes.map((index) => ({
      id: id("REFERRAL", index),
      version: 1,
      person: id("PERSON", index),
      referrer: hospital,
      status: "ACTIVE",
      priority: nth(["ROUTINE", "URGENT"] as const, index),
      service: nth(SERVICES, index),
      authoredAt: authoredAt(index),
      keepers: [hospital, receiverOf(index)],
      raises: [],
    })),
    handoffs: [
      ...indexes.map((index) => handedOn(index, index, authoredAt(index), nth(WAYS, index))),
      ...before,
    ],
    disputes: disputed.map((referral, index) =>
      disputeOver(referral, index, hoursAfter(authoredAt(referral), 12)),
    ),
    issues: raised.map((referral, index) =>
      issueAbout(referral, index, hoursAfter(authoredAt(referral), 24)),
    ),
  };
};
