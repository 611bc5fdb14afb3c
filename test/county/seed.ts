/** Tells the county's story to a house. Told twice, it changes nothing. */
import type { Requester } from "#sharing/requester.ts";
import type { House } from "../../scripts/house.ts";
import { enrolAgency } from "../../subgraphs/referrals/agency-store.ts";
import { agencies, at, COUNTY_PERSON_ID, HOSPITAL_MRN, people, personas } from "./county.ts";
import type { CountyAgency, PersonaName } from "./county.ts";
import { operatingRules } from "./operating-rules.ts";

const NPI = "http://hl7.org/fhir/sid/us-npi";

/** The operator's own hand: enrolment has no requester yet. */
const operator: Requester = { ...personas["county-system"], subject: "operator" };

/** A patient, as one system knows them. */
export const patientBundle = (
  system: string,
  id: (person: (typeof people)[keyof typeof people]) => string,
) => ({
  resourceType: "Bundle",
  type: "transaction",
  entry: Object.values(people).map((person) => ({
    fullUrl: `urn:example:${id(person)}`,
    request: { method: "PUT", url: `Patient/${id(person)}` },
    resource: {
      resourceType: "Patient",
      id: id(person),
      identifier: [
        { system, value: id(person) },
        { system: COUNTY_PERSON_ID, value: person.countyId },
      ],
      name: [{ family: person.family, given: [person.given] }],
      birthDate: person.birthDate,
    },
  })),
});

/** What the hospital's record says that Maria takes: one medicine tells more than the others. */
export const MARIAS_MEDICATIONS = [
  { id: "M-1", name: "Lisinopril 10 mg tablet", rxnorm: "314076" },
  { id: "M-2", name: "Buprenorphine 8 mg / naloxone 2 mg sublingual film", rxnorm: "1010608" },
] as const;

const medicationBundle = () => ({
  resourceType: "Bundle",
  type: "transaction",
  entry: MARIAS_MEDICATIONS.map(({ id, name, rxnorm }) => ({
    fullUrl: `urn:example:${id}`,
    request: { method: "PUT", url: `MedicationStatement/${id}` },
    resource: {
      resourceType: "MedicationStatement",
      id,
      status: "active",
      medicationCodeableConcept: {
        text: name,
        coding: [{ system: "http://www.nlm.nih.gov/research/umls/rxnorm", code: rxnorm }],
      },
      subject: { reference: `Patient/${people.maria.mrn}` },
    },
  })),
});

/** Something that was made or changed. */
export interface Made {
  id: string;
  version: number;
}

/** Speaks to a house's rooms as its personas. */
export const teller = (house: House) => {
  const ask = async (
    room: string,
    as: PersonaName,
    query: string,
    variables: Record<string, unknown>,
  ) => {
    const { data, errors } =
      (await house.rooms[room]?.answer({ query, variables }, personas[as], "county")) ?? {};
    if (errors) throw new Error(`the county's story does not hold: ${JSON.stringify(errors)}`);
    return data as Record<string, unknown>;
  };
  return {
    ask,
    /** One mutation of `input`, named by its idempotency key. */
    tell: async (
      room: string,
      as: PersonaName,
      mutation: string,
      type: string,
      key: string,
      input: object,
    ): Promise<Made> =>
      (
        await ask(
          room,
          as,
          `mutation($input: ${type}!) { it: ${mutation}(input: $input) { id version } }`,
          {
            input: { idempotencyKey: `county: ${key}`, ...input },
          },
        )
      ).it as Made,
    send: async (as: PersonaName, resource: object) => {
      const reply = await house.rooms.referrals?.sideDoors["/fhir"]?.({
        bytes: Buffer.from(JSON.stringify(resource)),
        requester: personas[as],
        requestId: "county",
      });
      if (reply?.status !== 200)
        throw new Error(`the county's story does not hold: ${reply?.body}`);
    },
  };
};

const enrol = async (house: House): Promise<void> => {
  const { database, clock } = house;
  for (const { id, name, kind, npi } of Object.values(agencies) as CountyAgency[]) {
    if (await database.sql("referrals.agency").where({ id }).first("id")) continue;
    const act = { by: operator, at: clock(), requestId: "county" };
    await enrolAgency(
      database.of("referrals").house(),
      { id, name, kind },
      npi ? [{ system: NPI, value: npi }] : [],
      act,
    );
  }
};

const personId = async (house: House, as: PersonaName, countyId: string): Promise<string> => {
  const { ask } = teller(house);
  const data = await ask(
    "referrals",
    as,
    "query($system: String!, $value: String!) { it: personByIdentifier(system: $system, value: $value) { id } }",
    { system: COUNTY_PERSON_ID, value: countyId },
  );
  return (data.it as { id: string }).id;
};

/**
 * Enrols the agencies, lets the hospital and the county send their patients, and tells what happened to them: Maria was
 * handed over to behavioural health in 30 and a half hours; Walter still waits for a decision of the housing authority,
 * which the hospital disputes.
 */
export const seed = async (house: House): Promise<void> => {
  await enrol(house);
  const { tell, send } = teller(house);
  const { hospital, county, bh, housing } = agencies;

  await send(
    "hospital-system",
    patientBundle(HOSPITAL_MRN, ({ mrn }) => mrn),
  );
  await send(
    "county-system",
    patientBundle(COUNTY_PERSON_ID, ({ countyId }) => countyId),
  );

  await send("hospital-system", medicationBundle());

  const discharge = await tell(
    "referrals",
    "hospital-executive",
    "agreeInterface",
    "AgreeInterfaceInput",
    "discharge interface",
    {
      kind: "HOSPITAL_DISCHARGE",
      name: "Alder General discharges",
      partyIds: [hospital.id, bh.id, housing.id, county.id],
      contacts: [
        {
          agencyId: hospital.id,
          name: "Dana Whitfield",
          role: "Discharge coordinator",
          cover: "Joel Park",
        },
        { agencyId: bh.id, name: "Sofia Ramos", role: "Intake lead", cover: "Amir Haddad" },
        {
          agencyId: housing.id,
          name: "Tanya Orlov",
          role: "Placement officer",
          cover: "Greg Mills",
        },
        { agencyId: county.id, name: "Marcus Lee", role: "Case worker", cover: "Helen Cho" },
      ],
    },
  );
  const proposed = await tell(
    "referrals",
    "hospital-executive",
    "draftInterface",
    "DraftInterfaceInput",
    "discharge rules",
    { interfaceId: discharge.id, rules: operatingRules },
  );
  await tell(
    "referrals",
    "bh-executive",
    "publishInterface",
    "PublishInterfaceInput",
    "discharge rules published",
    { id: proposed.id, expectedVersion: proposed.version },
  );
  const agreement = await tell(
    "information-sharing",
    "hospital-executive",
    "draftSharingAgreement",
    "DraftSharingAgreementInput",
    "discharge agreement",
    {
      interfaceId: discharge.id,
      withAgencyId: bh.id,
      purposes: ["TREAT", "COC"],
      categories: ["DEMOGRAPHICS", "ENCOUNTERS", "MEDICATIONS", "REFERRAL_ADMIN"],
      from: at("00:00"),
    },
  );
  await tell(
    "information-sharing",
    "bh-executive",
    "signSharingAgreement",
    "SharingAgreementMoveInput",
    "agreement signed",
    {
      id: agreement.id,
      expectedVersion: agreement.version,
    },
  );

  const maria = await personId(house, "discharge-coordinator", people.maria.countyId);
  const outpatient = await tell(
    "referrals",
    "discharge-coordinator",
    "referPerson",
    "ReferPersonInput",
    "maria's need",
    {
      personId: maria,
      service: "Outpatient behavioral health",
      priority: "URGENT",
    },
  );
  await tell(
    "referrals",
    "discharge-coordinator",
    "supplyEvidence",
    "SupplyEvidenceInput",
    "maria's evidence",
    {
      id: outpatient.id,
      expectedVersion: outpatient.version,
      evidence: ["MEDICATION_LIST", "RISK_ASSESSMENT"],
    },
  );
  const offered = await tell(
    "referrals",
    "discharge-coordinator",
    "offerHandoff",
    "OfferHandoffInput",
    "maria offered",
    {
      referralId: outpatient.id,
      receiverId: bh.id,
      interfaceId: discharge.id,
      coordinatorId: county.id,
      leavesAt: at("09:00"),
      occurredAt: at("08:00"),
    },
  );
  let version = offered.version;
  const move = async (
    as: PersonaName,
    mutation: string,
    type: string,
    when: string,
    more: object = {},
  ) => {
    const input = { id: offered.id, expectedVersion: version, occurredAt: when, ...more };
    ({ version } = await tell("referrals", as, mutation, type, `maria ${mutation}`, input));
  };
  await move("discharge-coordinator", "notifyHandoff", "HandoffMoveInput", at("08:05"));
  await move("discharge-coordinator", "presentHandoff", "HandoffMoveInput", at("09:30"));
  await move("bh-clinician", "acceptHandoff", "HandoffMoveInput", at("11:00"));
  await move("bh-clinician", "scheduleHandoff", "ScheduleHandoffInput", at("11:10"), {
    appointmentAt: at("15:30", 1),
  });
  await move("bh-clinician", "beginService", "HandoffMoveInput", at("15:30", 1));

  const walter = await personId(house, "discharge-coordinator", people.walter.countyId);
  const placement = await tell(
    "referrals",
    "discharge-coordinator",
    "referPerson",
    "ReferPersonInput",
    "walter's need",
    {
      personId: walter,
      service: "Supported housing placement",
      priority: "ASAP",
    },
  );
  await tell(
    "referrals",
    "discharge-coordinator",
    "supplyEvidence",
    "SupplyEvidenceInput",
    "walter's evidence",
    {
      id: placement.id,
      expectedVersion: placement.version,
      evidence: ["FUNCTIONAL_STATUS", "HOUSING_HISTORY"],
    },
  );
  const waiting = await tell(
    "referrals",
    "discharge-coordinator",
    "offerHandoff",
    "OfferHandoffInput",
    "walter offered",
    {
      referralId: placement.id,
      receiverId: housing.id,
      interfaceId: discharge.id,
      coordinatorId: county.id,
      occurredAt: at("10:00"),
    },
  );
  const notified = await tell(
    "referrals",
    "discharge-coordinator",
    "notifyHandoff",
    "HandoffMoveInput",
    "walter notified",
    {
      id: waiting.id,
      expectedVersion: waiting.version,
      occurredAt: at("10:05"),
    },
  );
  await tell(
    "referrals",
    "discharge-coordinator",
    "presentHandoff",
    "HandoffMoveInput",
    "walter presented",
    {
      id: waiting.id,
      expectedVersion: notified.version,
      occurredAt: at("10:30"),
    },
  );
  await tell(
    "disputes",
    "discharge-coordinator",
    "openDispute",
    "OpenDisputeInput",
    "walter disputed",
    {
      referralId: placement.id,
      type: "ELIGIBILITY",
      subject: "ACCEPT",
      partyIds: [hospital.id, housing.id],
      coverage: "COVERED",
      statement:
        "He meets the county's criteria for supported housing, and no decision has been given.",
    },
  );
  await tell(
    "escalation",
    "discharge-coordinator",
    "raiseIssue",
    "RaiseIssueInput",
    "walter escalated",
    {
      referralId: placement.id,
      type: "DISPUTED_RESPONSIBILITY",
      impact: "He stays in an acute bed that he does not need.",
      withAgencyId: housing.id,
    },
  );
  await house.settle();
};
