/** Assessments: that a person was asked the same by two agencies, and what each reader may know of that. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at, HOSPITAL_MRN, people, personas } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { Asker, County } from "../../county/house.ts";

const { hospital, bh, housing, recovery } = agencies;
type Made = Record<string, any>;

/** LOINC for the risk of falls and for functional status, and one whose name tells more. */
const [FALLS, FUNCTION, ASAM] = ["73830-2", "47420-5", "asam: buprenorphine"] as const;

let county: County;
let maria: string;
beforeAll(async () => {
  county = await openCounty();
  const { data } = await county.ask(
    "discharge-coordinator",
    `query($system: String!, $value: String!) {
      interfaces { edges { node { id } } }
      personByIdentifier(system: $system, value: $value) { id }
    }`,
    { system: HOSPITAL_MRN, value: people.maria.mrn },
  );
  maria = data.personByIdentifier.id;
  const referral = await county.tell("discharge-coordinator", "referPerson", "ReferPersonInput", {
    personId: maria,
    service: "Housing",
  });
  for (const receiverId of [housing.id, recovery.id])
    await county.tell("discharge-coordinator", "offerHandoff", "OfferHandoffInput", {
      referralId: referral.id,
      receiverId,
    });
  // The hospital and the housing authority agree on it; Maria has authorized it.
  const agreement = await county.tell(
    "hospital-executive",
    "draftSharingAgreement",
    "DraftSharingAgreementInput",
    {
      interfaceId: data.interfaces.edges[0].node.id,
      withAgencyId: housing.id,
      purposes: ["COC"],
      categories: ["CARE_PLAN"],
      from: at("00:00"),
    },
  );
  await county.tell(
    { ...personas["housing-worker"], role: "EXECUTIVE" },
    "signSharingAgreement",
    "SharingAgreementMoveInput",
    { id: agreement.id, expectedVersion: agreement.version },
  );
  await county.tell("discharge-coordinator", "recordConsent", "RecordConsentInput", {
    personId: maria,
    directive: "HIPAAAuthCD",
    grantor: { role: "PERSON" },
    sourceIds: [hospital.id],
    recipientIds: [housing.id],
    purposes: ["COC"],
    until: at("18:00", 300),
    form: "signed form 14",
  });
  await county.house.settle();
});
afterAll(() => county.close());

const utc = (instant: string): string => new Date(instant).toISOString();

const assess = (as: Asker, code: string, assessedAt: string, more: object = {}) =>
  county.tell(
    as,
    "recordAssessment",
    "RecordAssessmentInput",
    { personId: maria, code, assessedAt, ...more },
    "id agency { id } code assessedAt",
  );

const duplicates = async (as: Asker, withinDays: number) => {
  const { data, errors, text } = await county.ask(
    as,
    `query($id: ID!, $withinDays: Int!) { person(id: $id) { duplicateAssessments(withinDays: $withinDays) {
      code days earlier { agency { id } assessedAt } later { agency { id } assessedAt } } } }`,
    { id: maria, withinDays },
  );
  return { pairs: data?.person?.duplicateAssessments as Made[] | null, errors, text };
};

const twice = {
  code: FALLS,
  days: 6.25,
  earlier: { agency: { id: hospital.id }, assessedAt: utc(at("09:00", -6)) },
  later: { agency: { id: housing.id }, assessedAt: utc(at("15:00")) },
};

describe("two agencies that assess a person", () => {
  it("[B02] are seen to have done the same within so many days, and not within fewer", async () => {
    await assess("discharge-coordinator", FALLS, at("09:00", -6));
    await assess("housing-worker", FALLS, at("15:00"));
    expect((await duplicates("housing-worker", 7)).pairs).toEqual([twice]);
    expect((await duplicates("housing-worker", 6)).pairs).toEqual([]);
  });

  it("did not do the same with another instrument, nor did one of them that did it twice", async () => {
    await assess("discharge-coordinator", FUNCTION, at("09:00", -2));
    await assess("discharge-coordinator", FUNCTION, at("09:00", -1));
    expect((await duplicates("housing-worker", 7)).pairs).toEqual([twice]);
  });

  it("are not told of the other's by being one of them: no rule gives the hospital what housing asked", async () => {
    const { pairs, text } = await duplicates("discharge-coordinator", 7);
    expect(pairs).toEqual([]);
    expect(text).not.toContain(housing.id);
  });

  it("are not known to whoever may have neither", async () => {
    const { pairs, text } = await duplicates("ems-responder", 7);
    expect(pairs ?? null).toBeNull();
    for (const { id } of [hospital, housing]) expect(text).not.toContain(id);
  });

  it("each know of their own, whatever they may have of the other's", async () => {
    await assess("bh-clinician", FALLS, at("15:00"));
    const { data } = await county.ask(
      "bh-clinician",
      "query($id: ID!) { person(id: $id) { assessments { agency { id } } } }",
      { id: maria },
    );
    expect(data.person.assessments).toEqual([{ agency: { id: bh.id } }]);
    expect((await duplicates("bh-clinician", 7)).pairs ?? []).toEqual([]);
  });

  it("did the same by an instrument whose name tells more, and it is not given for what it is", async () => {
    await assess("discharge-coordinator", ASAM, at("09:00", -2));
    await assess("housing-worker", ASAM, at("09:00", -1));
    const { pairs } = await duplicates("housing-worker", 7);
    expect(pairs).toEqual([twice]);
  });

  it("are read by a rule, which is written to the ledger", async () => {
    const entries = async (): Promise<Made[]> => {
      const { data } = await county.ask(
        "hospital-privacy-officer",
        `query($id: ID!) { accountingOfDisclosures(personId: $id, first: 100) {
          edges { node { id recipient { id } categories } } } }`,
        { id: maria },
      );
      return data.accountingOfDisclosures.edges.map(({ node }: Made) => node);
    };
    const before = new Set((await entries()).map(({ id }) => id));
    await duplicates("housing-worker", 7);
    const written = (await entries()).filter(({ id }) => !before.has(id));
    expect(written).toMatchObject([{ recipient: { id: housing.id } }]);
    expect(written[0]?.categories).toContain("CARE_PLAN");
  });
});

describe("a program for substance use that assesses a person", () => {
  const program: Asker = { ...personas["recovery-counselor"], role: "EXECUTIVE" };
  const pairs = async () =>
    ((await duplicates("housing-worker", 7)).pairs ?? []).filter(
      ({ earlier }) => earlier.agency.id === recovery.id,
    );
  const consent = (directive: string) =>
    county.tell("recovery-counselor", "recordConsent", "RecordConsentInput", {
      personId: maria,
      directive,
      grantor: { role: "PERSON" },
      sourceIds: [recovery.id],
      recipientIds: [housing.id],
      purposes: ["COC"],
      until: at("18:00", 300),
      form: "signed form 15",
    });

  it("tells by that what it is: an authorization does not open it, and a consent to that does", async () => {
    const { id: interfaceId } = await county.tell(
      program,
      "agreeInterface",
      "AgreeInterfaceInput",
      {
        kind: "COMPLEX_TRANSITION",
        name: "Recovery and housing",
        partyIds: [recovery.id, housing.id],
        contacts: [recovery, housing].map(({ id }) => ({
          agencyId: id,
          name: "Ellis Grant",
          cover: "Tanya Orlov",
        })),
      },
    );
    const agreement = await county.tell(
      program,
      "draftSharingAgreement",
      "DraftSharingAgreementInput",
      {
        interfaceId,
        withAgencyId: housing.id,
        purposes: ["COC"],
        categories: ["CARE_PLAN", "SUD_TREATMENT"],
        from: at("00:00"),
      },
    );
    await county.tell(
      { ...personas["housing-worker"], role: "EXECUTIVE" },
      "signSharingAgreement",
      "SharingAgreementMoveInput",
      { id: agreement.id, expectedVersion: agreement.version },
    );
    await assess("recovery-counselor", FALLS, at("10:00", -5));
    await consent("HIPAAAuthCD");
    await county.house.settle();
    expect(await pairs()).toEqual([]);

    await consent("42CFRPart2CD");
    await county.house.settle();
    expect(await pairs()).toHaveLength(1);
  });
});

describe("recording an assessment", () => {
  it.each([
    ["a blank code", { code: " " }, "code"],
    ["a code without end", { code: "x".repeat(201) }, "code"],
    ["a time to come", { assessedAt: at("09:00", 9) }, "assessedAt"],
  ])("is refused with %s", async (_, said, field) => {
    await expect(assess("discharge-coordinator", FALLS, at("09:00"), said)).rejects.toMatchObject({
      code: "BAD_INPUT",
      field,
    });
  });

  it.each([0, 367])("asks for duplicates within days that there are: not %s", async (days) => {
    const { errors } = await duplicates("housing-worker", days);
    expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field: "withinDays" } }]);
  });

  it("is not open to an agency that does not know the person", async () => {
    for (const as of ["ems-responder", "analyst"] as const)
      await expect(assess(as, FALLS, at("09:00"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("has effect once for each idempotency key, and nobody changes what was recorded", async () => {
    const idempotencyKey = randomUUID();
    const once = await assess("discharge-coordinator", FUNCTION, at("12:00"), { idempotencyKey });
    expect(
      await assess("discharge-coordinator", FUNCTION, at("12:00"), { idempotencyKey }),
    ).toEqual(once);
    const room = county.house.database.of("referrals");
    const { sql } = room.by(hospital.id);
    await expect(
      sql("referrals.assessment").where({ id: once.id }).update({ code: "ours" }),
    ).rejects.toThrow(/permission denied/);
    const row = await sql("referrals.assessment").where({ id: once.id }).first();
    await expect(
      room
        .by(housing.id)
        .sql("referrals.assessment")
        .insert({ ...row, id: randomUUID() }),
    ).rejects.toThrow(/row-level security/);
  });
});
