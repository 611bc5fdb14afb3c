/** Whom this room's records tell of, whose they are, and what they tell by being there. */
import { isEverGiven } from "#sharing/ever.ts";
import type { AgencyKind, Category } from "#sharing/vocabulary.ts";
import type { About, Records } from "#platform/sharing.ts";
import type { Assessment, DuplicateAssessment } from "./assessment.ts";
import type { Handoff } from "./handoff.ts";
import type { Packet, PacketItem } from "./packet.ts";
import type { Encounter, Medication, Person } from "./person.ts";
import type { ClinicalRecord } from "./clinical-record.ts";
import type { Referral } from "./referral.ts";
import type { PersonStatement } from "./statement.ts";

/** What it tells of a person that an agency of this kind looks after them (42 CFR 2.11; 34 USC 12291(b)(2)). */
const TOLD_BY_KIND: Partial<Record<AgencyKind, Category>> = {
  SUD_PROGRAM: "SUD_TREATMENT",
  VICTIM_SERVICES: "DV_LOCATION",
};

/** What a record tells by naming agencies of these kinds. */
export const raisedBy = (kinds: readonly (AgencyKind | null)[]): Category[] =>
  [...new Set(kinds.flatMap((kind) => (kind && TOLD_BY_KIND[kind]) ?? []))].sort();

const RAISED_BY_AGENCIES = raisedBy(["SUD_PROGRAM", "VICTIM_SERVICES"]);

/** What the content of a record may raise; a privacy officer's table says which content. */
export const RAISED_BY_CONTENT = ["SUD_TREATMENT", "HIV_STD", "MENTAL_HEALTH"] as const;

const RAISED_BY_BOTH: readonly Category[] = [
  ...new Set([...RAISED_BY_AGENCIES, ...RAISED_BY_CONTENT]),
];

const agencies = (all: readonly (string | null)[]): string[] => [
  ...new Set(all.filter((agency) => agency !== null)),
];

/** The agency that recorded a handoff: the sender, or the one whose system sent the record of it. */
const recorder = ({ origin, sender, coordinator }: Handoff): string =>
  origin === "GRAPH" ? sender : coordinator;

/**
 * A handoff is a record of each of its parties. One that raises what it tells is kept by its two ends and by the agency that
 * recorded it: naming a coordinator opens no more to them than the rules do.
 */
export const keepersOf = (handoff: Handoff): string[] =>
  agencies([
    handoff.sender,
    handoff.receiver,
    recorder(handoff),
    ...(handoff.raises.length === 0 ? [handoff.coordinator] : []),
  ]);

/** Can an agency of this kind, that keeps none of them, never be given a record that hangs on these handoffs? */
export const isClosedTo = (kind: AgencyKind | null, handoffs: readonly Handoff[]): boolean => {
  const raises = handoffs.flatMap((handoff) => handoff.raises);
  return raises.length > 0 && !isEverGiven(kind, ["REFERRAL_ADMIN", ...new Set(raises)]);
};

export const aboutHandoff = (handoff: Handoff): About => ({
  person: handoff.person,
  source: recorder(handoff),
  keepers: keepersOf(handoff),
  raises: handoff.raises,
});

export const aboutReferral = ({ person, referrer, keepers, raises }: Referral): About => ({
  person,
  source: referrer,
  keepers,
  raises,
});

/** What several systems say of one person: the latest first among those whose it is. */
export const aboutPerson = ({ id, records }: Person): About => ({
  person: id,
  source: records[0]?.source ?? "",
  keepers: records.map(({ source }) => source),
  raises: [],
});

export const aboutEncounter = ({ person, source, agency, raises }: Encounter): About => ({
  person,
  source,
  keepers: agencies([source, agency]),
  raises,
});

export const aboutMedication = ({ person, source, raises }: Medication): About => ({
  person,
  source,
  keepers: [source],
  raises,
});

export const aboutClinicalRecord = ({ person, source, raises }: ClinicalRecord): About => ({
  person,
  source,
  keepers: [source],
  raises,
});

export const aboutAssessment = ({ person, source, raises }: Assessment): About => ({
  person,
  source,
  keepers: [source],
  raises,
});

/** Each side of a pair is a record of its own besides. */
export const aboutDuplicate = ({ told }: DuplicateAssessment): About => aboutAssessment(told);

/**
 * What a packet says is the sender's own record and nobody else's: a receiver or a coordinator is given it as the rules let it be
 * given, for being named in a handoff is no right to somebody's medicines.
 */
export const aboutPacket = ({ handoff }: Packet): About => ({
  person: handoff.person,
  source: handoff.sender,
  keepers: [handoff.sender],
  raises: handoff.raises,
});

export const aboutPacketItem = ({ person, source, raises }: PacketItem): About => ({
  person,
  source,
  keepers: [source],
  raises,
});

/**
 * What a person was told of a referral is known to whoever keeps the referral, for else nobody could see that it was two things.
 * Where it tells more, it is the record of the agency that told it alone: the rules say who else may have it.
 */
export const aboutStatement = ({ person, source, keepers, raises }: PersonStatement): About => ({
  person,
  source,
  keepers,
  raises,
});

/** By type, for the guard. */
export const records: Records = {
  Person: { about: aboutPerson },
  Encounter: { about: aboutEncounter, mayRaise: RAISED_BY_AGENCIES },
  // A clinician acts on it.
  Medication: { about: aboutMedication, mayRaise: RAISED_BY_CONTENT, isNeverWhole: true },
  LabResult: { about: aboutClinicalRecord, mayRaise: RAISED_BY_CONTENT, isNeverWhole: true },
  ClinicalNote: { about: aboutClinicalRecord, mayRaise: RAISED_BY_CONTENT },
  PsychotherapyNote: { about: aboutClinicalRecord, mayRaise: RAISED_BY_CONTENT },
  Claim: { about: aboutClinicalRecord, mayRaise: RAISED_BY_CONTENT },
  Assessment: { about: aboutAssessment, mayRaise: RAISED_BY_BOTH },
  DuplicateAssessment: { about: aboutDuplicate, mayRaise: RAISED_BY_BOTH },
  Referral: { about: aboutReferral, mayRaise: RAISED_BY_AGENCIES },
  Handoff: { about: aboutHandoff, mayRaise: RAISED_BY_AGENCIES },
  PersonStatement: { about: aboutStatement, mayRaise: RAISED_BY_BOTH },
  PacketContents: { about: aboutPacket },
  PacketMedication: { about: aboutPacketItem, mayRaise: RAISED_BY_CONTENT },
  PacketFunctionalStatus: { about: aboutPacketItem, mayRaise: RAISED_BY_CONTENT },
  PacketRisk: { about: aboutPacketItem, mayRaise: RAISED_BY_CONTENT },
  PacketFollowUp: { about: aboutPacketItem, mayRaise: RAISED_BY_CONTENT },
};
