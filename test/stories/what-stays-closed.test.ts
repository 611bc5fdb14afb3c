/** Kinds of record that stay closed whatever else is opened: notes in an emergency, results to a landlord, claims for treatment. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at, people, personas } from "../county/county.ts";
import { openCounty } from "../county/house.ts";
import type { Answer, Asker, County } from "../county/house.ts";

const { hospital, housing, mco } = agencies;
const SUBJECT = { reference: `Patient/${people.walter.mrn}` };
const LOINC = "http://loinc.org";

/** What the hospital sends of Walter, each with a word of its own that can be searched for. */
const SENT = [
  {
    resourceType: "Observation",
    id: "walter-potassium",
    status: "final",
    category: [
      {
        coding: [
          {
            system: "http://terminology.hl7.org/CodeSystem/observation-category",
            code: "laboratory",
          },
        ],
      },
    ],
    code: { text: "canary potassium", coding: [{ system: LOINC, code: "2823-3" }] },
    subject: SUBJECT,
    effectiveDateTime: at("08:00"),
    valueQuantity: { value: 3.4, unit: "mmol/L" },
  },
  {
    resourceType: "DocumentReference",
    id: "walter-psychotherapy",
    meta: {
      security: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "PSYTHPN" }],
    },
    status: "current",
    type: { text: "canary session" },
    description: "canary what was said in the session",
    subject: SUBJECT,
    content: [{ attachment: { contentType: "text/plain" } }],
  },
  {
    resourceType: "DocumentReference",
    id: "walter-progress",
    status: "current",
    type: { text: "Progress note", coding: [{ system: LOINC, code: "11506-3" }] },
    description: "canary progress",
    subject: SUBJECT,
    content: [{ attachment: { contentType: "text/plain" } }],
  },
  {
    resourceType: "ExplanationOfBenefit",
    id: "walter-claim",
    status: "active",
    type: { text: "Institutional" },
    use: "claim",
    patient: SUBJECT,
    created: at("09:00"),
    insurer: { display: "the plan" },
    provider: { display: "the hospital" },
    outcome: "complete",
    insurance: [{ focal: true, coverage: { display: "the plan's" } }],
    item: [{ sequence: 1, productOrService: { text: "canary dialysis" } }],
  },
];

const ALL = `query($id: ID!) { person(id: $id) { name
  labResults { name code value status at } clinicalNotes { name code description }
  psychotherapyNotes { name description } claims { name services } } }`;

let county: County;
let walter: string;
beforeAll(async () => {
  county = await openCounty();
  walter = await county.personId("hospital-clinician", people.walter);
  for (const resource of SENT) {
    const { body } = await county.send("hospital-system", resource);
    expect(body.issue.map((it: any) => it.details.coding[0].code)).toEqual(["MAPPED"]);
  }
});
afterAll(() => county.close());

const asked = (as: Asker): Promise<Answer> => county.ask(as, ALL, { id: walter });
const withheld = ({ errors }: Answer, field: string): string[] =>
  errors
    .filter(({ path }) => path?.at(-1) === field)
    .map(({ extensions }) => extensions.category as string);

describe("what a hospital sends of a person's results, notes and claims", () => {
  it("is read as it was sent by those who work with the person there", async () => {
    const { data } = await asked("hospital-clinician");
    expect(data.person).toMatchObject({
      labResults: [
        {
          name: "canary potassium",
          code: "2823-3",
          value: "3.4 mmol/L",
          status: "final",
          at: new Date(at("08:00")).toISOString(),
        },
      ],
      clinicalNotes: [{ name: "Progress note", code: "11506-3", description: "canary progress" }],
      psychotherapyNotes: [
        { name: "canary session", description: "canary what was said in the session" },
      ],
      claims: [{ name: "Institutional", services: "canary dialysis" }],
    });
  });
});

describe("psychotherapy notes", () => {
  it("stay closed when the glass is broken, and the rest of the record opens", async () => {
    await county.tell("crisis-clinician", "breakGlass", "AttestInput", {
      person: { id: walter },
      reason: "ACUTE_CRISIS",
      words: "found on the bridge, does not answer",
      minutes: 30,
    });
    const answer = await asked("crisis-clinician");
    expect(answer.data.person.labResults).toMatchObject([{ value: "3.4 mmol/L" }]);
    expect(answer.data.person.clinicalNotes).toMatchObject([{ description: "canary progress" }]);
    expect(answer.data.person.psychotherapyNotes).toBeNull();
    expect(withheld(answer, "psychotherapyNotes")).toEqual(["PSYCHOTHERAPY_NOTES"]);
    expect(answer.text).not.toContain("canary session");
    expect(answer.text).not.toContain("said in the session");
  });

  it("are in no entry of the ledger, and what was opened is in one", async () => {
    const { data } = await county.ask(
      "hospital-privacy-officer",
      `query($id: ID!) { accountingOfDisclosures(personId: $id, first: 100) { edges { node { recipient { id } categories } } } }`,
      { id: walter },
    );
    const categories = data.accountingOfDisclosures.edges
      .filter(({ node }: any) => node.recipient.id === agencies.crisis.id)
      .flatMap(({ node }: any) => node.categories);
    expect(categories).toContain("LABS");
    expect(categories).not.toContain("PSYCHOTHERAPY_NOTES");
  });
});

describe("laboratory results", () => {
  it("are withheld from a housing authority, whatever its agreement lists", async () => {
    const landlord = { ...personas["bh-executive"], agency: housing.id, kind: housing.kind };
    const interfaceId = (
      await county.tell("hospital-executive", "agreeInterface", "AgreeInterfaceInput", {
        kind: "COMPLEX_TRANSITION",
        name: "Long stays",
        partyIds: [hospital.id, housing.id],
        contacts: [
          { agencyId: hospital.id, name: "Dana Whitfield", cover: "Joel Park" },
          { agencyId: housing.id, name: "Tanya Orlov", cover: "Amir Haddad" },
        ],
      })
    ).id;
    const drafted = await county.tell(
      "hospital-executive",
      "draftSharingAgreement",
      "DraftSharingAgreementInput",
      {
        interfaceId,
        withAgencyId: housing.id,
        purposes: ["COC"],
        categories: ["DEMOGRAPHICS", "HOUSING_STATUS", "LABS", "CLAIMS", "PSYCHOTHERAPY_NOTES"],
        from: at("00:00", -1),
      },
      "id version",
    );
    await county.tell(landlord, "signSharingAgreement", "SharingAgreementMoveInput", {
      id: drafted.id,
      expectedVersion: drafted.version,
    });
    await county.tell("discharge-coordinator", "recordConsent", "RecordConsentInput", {
      personId: walter,
      directive: "HIPAAAuthCD",
      grantor: { role: "PERSON" },
      sourceIds: [hospital.id],
      recipientIds: [housing.id],
      purposes: ["COC"],
      until: at("00:00", 300),
      form: "signed form 7",
    });
    const answer = await asked("housing-worker");
    // The agreement and the person's authorization open who he is.
    expect(answer.data.person.name).toBe("Walter Kim");
    for (const field of ["labResults", "claims", "psychotherapyNotes", "clinicalNotes"])
      expect(answer.data.person[field], field).toBeNull();
    expect(withheld(answer, "labResults")).toEqual(["LABS"]);
    expect(answer.text).not.toContain("canary");
  });
});

describe("claims", () => {
  it("are withheld from a plan that asks for treatment, which it does not give", async () => {
    const plan = { ...personas["plan-care-manager"], role: "CLINICIAN", purpose: "TREAT" } as const;
    expect(plan.agency).toBe(mco.id);
    const answer = await asked(plan);
    expect(answer.data.person).toBeNull();
    expect(answer.text).not.toContain("canary");
  });
});
