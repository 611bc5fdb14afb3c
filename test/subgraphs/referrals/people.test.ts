/** People, as each agency may know them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at, COUNTY_PERSON_ID, HOSPITAL_MRN, people } from "../../county/county.ts";
import type { PersonaName } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import { MARIAS_MEDICATIONS } from "../../county/seed.ts";
import type { Answer, County } from "../../county/house.ts";

const FHIR_PATIENT = "urn:handoff-graph:fhir:Patient";
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";
const { maria, walter } = people;

let county: County;
beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

/** Where something is withheld, and which kind of information. */
const withheldIn = ({ errors }: Pick<Answer, "errors">): [string, string][] =>
  errors.map(({ path, extensions }) => {
    expect(extensions.code).toBe("WITHHELD");
    return [(path ?? []).join("."), extensions.category as string];
  });

const personKnownAs = async (as: PersonaName, system: string, value: string, selection = "id") => {
  const { data, errors } = await county.ask(
    as,
    `query($system: String!, $value: String!) {
      personByIdentifier(system: $system, value: $value) { ${selection} }
    }`,
    { system, value },
  );
  expect(withheldIn({ errors })).toEqual(
    data.personByIdentifier ? [] : [["personByIdentifier", "REFERRAL_ADMIN"]],
  );
  return data.personByIdentifier;
};

const mariasId = async (): Promise<string> =>
  (await personKnownAs("discharge-coordinator", HOSPITAL_MRN, maria.mrn)).id;

/** @param withheld Where in the person, and which kind. */
const read = async (
  as: PersonaName,
  id: string,
  selection: string,
  withheld: [string, string][] = [],
) => {
  const { data, errors } = await county.ask(
    as,
    `query($id: ID!) { person(id: $id) { ${selection} } }`,
    { id },
  );
  expect(withheldIn({ errors })).toEqual(
    data.person
      ? withheld.map(([where, kind]) => [`person.${where}`, kind])
      : [["person", "REFERRAL_ADMIN"]],
  );
  return data.person;
};

const send = async (as: PersonaName, resource: object) => {
  const { status, text } = await county.send(as, resource);
  expect([200, 201], text).toContain(status);
};

describe("a person", () => {
  it("is one to hospital and county, whose records agree on county id, birth date and family name", async () => {
    const both = "id name birthDate";
    const atHospital = await personKnownAs("discharge-coordinator", HOSPITAL_MRN, maria.mrn, both);
    const atCounty = await personKnownAs(
      "county-case-worker",
      COUNTY_PERSON_ID,
      maria.countyId,
      both,
    );
    expect(atHospital).toEqual(atCounty);
    expect(atHospital).toMatchObject({ name: "Maria Delgado", birthDate: "1961-07-14" });
    expect(await personKnownAs("discharge-coordinator", HOSPITAL_MRN, walter.mrn)).toEqual(
      await personKnownAs("county-case-worker", COUNTY_PERSON_ID, walter.countyId),
    );
    expect(await personKnownAs("discharge-coordinator", HOSPITAL_MRN, walter.mrn)).not.toEqual({
      id: atHospital.id,
    });
  });

  it.each([
    ["another birth date", { family: "Kim", birthDate: "1948-03-01" }],
    ["another family name", { family: "Kimball", birthDate: walter.birthDate }],
    ["no birth date", { family: "Kim", birthDate: undefined }],
    ["no family name", { family: undefined, birthDate: walter.birthDate }],
  ])("is another person to an agency that sends the same county id with %s", async (said, sent) => {
    const walters = await personKnownAs(
      "county-case-worker",
      COUNTY_PERSON_ID,
      walter.countyId,
      "id name birthDate",
    );
    const number = `E-${said.replaceAll(" ", "-")}`;
    await send("ems-responder", {
      resourceType: "Patient",
      id: number,
      identifier: [
        { system: "urn:alder:ems-run", value: number },
        { system: COUNTY_PERSON_ID, value: walter.countyId },
      ],
      name: sent.family ? [{ family: sent.family, given: ["Walter"] }] : undefined,
      birthDate: sent.birthDate,
    });
    const theirs = await personKnownAs("ems-responder", "urn:alder:ems-run", number);
    expect(theirs.id).not.toBe(walters.id);
    expect(await read("ems-responder", walters.id, "id")).toBeNull();
    expect(
      await personKnownAs(
        "county-case-worker",
        COUNTY_PERSON_ID,
        walter.countyId,
        "id name birthDate",
      ),
    ).toEqual(walters);
  });

  it("is known by an identifier to the agencies that sent it, and to nobody else", async () => {
    expect(await personKnownAs("bh-clinician", HOSPITAL_MRN, maria.mrn)).toBeNull();
    expect(await personKnownAs("county-case-worker", HOSPITAL_MRN, maria.mrn)).toBeNull();
    expect(await personKnownAs("bh-clinician", COUNTY_PERSON_ID, maria.countyId)).toBeNull();
    expect(
      await personKnownAs("discharge-coordinator", COUNTY_PERSON_ID, maria.countyId),
    ).not.toBeNull();
  });

  it.each([
    "housing-worker",
    "ems-responder",
    "aps-investigator",
    "hospital-executive",
    "analyst",
  ] as const)(
    "reads as one who does not exist to whoever has no tie to them, or governs: %s",
    async (outsider) => {
      const query = `query($id: ID!) { person(id: $id) { id name identifiers { value } } }`;
      const there = await county.ask(outsider, query, { id: await mariasId() });
      const nowhere = await county.ask(outsider, query, { id: UNKNOWN });
      expect(there.data).toEqual({ person: null });
      expect(withheldIn(there)).toContainEqual(["person", "REFERRAL_ADMIN"]);
      expect(there.text).toBe(nowhere.text);
    },
  );
});

describe("identifiers", () => {
  it("are given back to the agency that sent them; one that sent none reads them with the record that it may have", async () => {
    const id = await mariasId();
    const of = async (as: PersonaName) =>
      (await read(as, id, "identifiers { system value }")).identifiers;
    const hospitals = [
      { system: COUNTY_PERSON_ID, value: maria.countyId },
      { system: HOSPITAL_MRN, value: maria.mrn },
      { system: FHIR_PATIENT, value: maria.mrn },
    ];
    expect(await of("discharge-coordinator")).toEqual(hospitals);
    expect(await of("county-case-worker")).toEqual([
      { system: COUNTY_PERSON_ID, value: maria.countyId },
      { system: FHIR_PATIENT, value: maria.countyId },
    ]);
    // By the agreement of both, and nothing of what the county says of her.
    expect(await of("bh-clinician")).toEqual(hospitals);
  });

  it("are withheld from an agency that works with the person and may have no record of them", async () => {
    const { id } = await personKnownAs("discharge-coordinator", HOSPITAL_MRN, walter.mrn);
    expect(
      await read("housing-worker", id, "id identifiers { value }", [
        ["identifiers", "DEMOGRAPHICS"],
      ]),
    ).toEqual({ id, identifiers: null });
  });
});

describe("medications", () => {
  it("are for whoever works with people at the agency that sent them, and for others as the rules let them", async () => {
    await send("hospital-system", {
      resourceType: "MedicationStatement",
      id: "maria-sertraline",
      status: "active",
      subject: { reference: `Patient/${maria.mrn}` },
      medicationCodeableConcept: {
        text: "Sertraline 50 mg",
        coding: [{ system: "http://www.nlm.nih.gov/research/umls/rxnorm", code: "312941" }],
      },
    });
    const id = await mariasId();
    const of = async (as: PersonaName, withheld?: [string, string][]) =>
      (await read(as, id, "medications { name status code }", withheld)).medications;
    const [lisinopril, buprenorphine] = MARIAS_MEDICATIONS.map(({ name, rxnorm }) => ({
      name,
      status: "active",
      code: rxnorm,
    }));
    const sertraline = { name: "Sertraline 50 mg", status: "active", code: "312941" };
    // Others may keep some that tell more than that they are taken: whose own record it is, is told so too.
    const notWhole: [string, string][] = [
      ["medications.@", "HIV_STD"],
      ["medications.@", "MENTAL_HEALTH"],
      ["medications.@", "SUD_TREATMENT"],
    ];
    for (const own of ["hospital-clinician", "discharge-coordinator", "hospital-system"] as const)
      expect(await of(own, notWhole)).toEqual([lisinopril, buprenorphine, sertraline]);
    // A treatment of substance use is left out.
    expect(await of("bh-clinician", notWhole)).toEqual([lisinopril, sertraline]);
    expect(await of("county-case-worker", [["medications", "MEDICATIONS"]])).toBeNull();
  });
});

describe("encounters", () => {
  it("are for the agency at which they were, for the one that sent them and for others as the rules let them, the earliest first", async () => {
    const npi = (value: string) => [{ system: "http://hl7.org/fhir/sid/us-npi", value }];
    const visit = (id: string, organization: string, start: string, end: string) => ({
      resourceType: "Encounter",
      id,
      status: "finished",
      class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB" },
      subject: { reference: `Patient/${maria.mrn}` },
      serviceProvider: { reference: `Organization/${organization}` },
      period: { start, end },
    });
    await send("hospital-system", {
      resourceType: "Bundle",
      type: "transaction",
      entry: [
        {
          resourceType: "Organization",
          id: "alder-general",
          name: "Alder General",
          identifier: npi(agencies.hospital.npi),
        },
        {
          resourceType: "Organization",
          id: "riverside",
          name: "Riverside",
          identifier: npi(agencies.bh.npi),
        },
        {
          resourceType: "Organization",
          id: "harbor",
          name: "Harbor",
          identifier: npi(agencies.recovery.npi),
        },
        visit("visit-at-harbor", "harbor", at("15:00"), at("16:00")),
        visit("visit-at-riverside", "riverside", at("13:00"), at("14:00")),
        visit("visit-at-hospital", "alder-general", at("07:00"), at("08:30")),
      ].map((resource) => ({
        request: { method: "PUT", url: `${resource.resourceType}/${resource.id}` },
        resource,
      })),
    });

    const id = await mariasId();
    const of = async (as: PersonaName, withheld?: [string, string][]) =>
      (
        await read(
          as,
          id,
          "encounters { edges { node { class agency { name } startedAt } } }",
          withheld,
        )
      ).encounters?.edges.map(({ node }: any) => node) ?? null;
    const atHospital = {
      class: "AMB",
      agency: { name: agencies.hospital.name },
      startedAt: new Date(at("07:00")).toISOString(),
    };
    const atRiverside = {
      class: "AMB",
      agency: { name: agencies.bh.name },
      startedAt: new Date(at("13:00")).toISOString(),
    };
    const atHarbor = {
      class: "AMB",
      agency: { name: agencies.recovery.name },
      startedAt: new Date(at("15:00")).toISOString(),
    };
    expect(await of("discharge-coordinator")).toEqual([atHospital, atRiverside, atHarbor]);
    const mayBeShort: [string, string][] = [
      ["encounters.edges.@.node", "DV_LOCATION"],
      ["encounters.edges.@.node", "SUD_TREATMENT"],
    ];
    expect(await of("recovery-counselor", mayBeShort)).toEqual([atHarbor]);
    // By the agreement with the hospital, what was elsewhere too; not what tells of a treatment of substance use.
    expect(await of("bh-clinician", mayBeShort)).toEqual([atHospital, atRiverside]);
    expect(await of("county-case-worker", [["encounters", "ENCOUNTERS"]])).toBeNull();
  });
});

describe("a need", () => {
  it("is recorded by an agency that knows the person, and by no other", async () => {
    const input = { personId: await mariasId(), service: "Peer support" };
    const refer = (as: PersonaName, said: object) =>
      county.tell(as, "referPerson", "ReferPersonInput", said, "service priority referrer { id }");
    expect(await refer("bh-clinician", input)).toEqual({
      service: "Peer support",
      priority: "ROUTINE",
      referrer: { id: agencies.bh.id },
    });
    const refused = (as: PersonaName, said: object) =>
      county.tell(as, "referPerson", "ReferPersonInput", said).catch((error: unknown) => error);
    for (const other of ["ems-responder", "hospital-executive"] as const) {
      expect(await refused(other, input)).toMatchObject({ code: "NOT_FOUND" });
      expect(await refused(other, input)).toEqual(
        await refused(other, { ...input, personId: UNKNOWN }),
      );
    }
  });

  it("says what is needed", async () => {
    await expect(
      county.tell("bh-clinician", "referPerson", "ReferPersonInput", {
        personId: await mariasId(),
        service: "   ",
      }),
    ).rejects.toMatchObject({ code: "BAD_INPUT", field: "service" });
  });
});
