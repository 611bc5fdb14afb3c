/** Attested emergencies and threats, and glass that was broken: who may, how long it counts, and who looks at it afterwards. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  agencies,
  at,
  COUNTY_PERSON_ID,
  HOSPITAL_MRN,
  people,
  personas,
} from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { Asker, County } from "../../county/house.ts";

const { hospital, county: countyAgency, ems } = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";
const emsOfficer = {
  ...personas["ems-responder"],
  role: "PRIVACY_OFFICER" as const,
  purpose: "HOPERAT" as const,
  subject: "lena.ruiz",
};
const inThreat = { ...personas["crisis-clinician"], purpose: "THREAT" as const };

let county: County;
let maria: string;
beforeAll(async () => {
  county = await openCounty();
  maria = await county.personId("discharge-coordinator", people.maria);
});
afterAll(() => county.close());
beforeEach(() => county.now(at("18:00", 1)));

const SELECTION = `id version kind person { id } agency { name } by role reason words at expiresAt endedAt isOpen
  informed { name } review { dueAt isOverdue outcome note reviewedBy reviewedAt }`;

const attest = (
  as: Asker,
  mutation: "attestEmergency" | "attestThreat" | "breakGlass" = "attestEmergency",
  more: object = {},
) =>
  county.tell(
    as,
    mutation,
    "AttestInput",
    {
      person: { id: maria },
      reason: mutation === "attestThreat" ? "THREAT_TO_SELF" : "OVERDOSE",
      words: "Found without consciousness at the bus station.",
      ...more,
    },
    SELECTION,
  );
const end = (as: Asker, { id, version }: Record<string, any>) =>
  county.tell(
    as,
    "endAttestation",
    "AttestationMoveInput",
    { id, expectedVersion: version },
    SELECTION,
  );
const review = (as: Asker, { id, version }: Record<string, any>, more: object = {}) =>
  county.tell(
    as,
    "reviewAttestation",
    "ReviewAttestationInput",
    {
      id,
      expectedVersion: version,
      outcome: "JUSTIFIED",
      note: "The run sheet bears it out.",
      ...more,
    },
    SELECTION,
  );
const read = async (as: Asker, id: string) =>
  (await county.ask(as, `query($id: ID!) { attestation(id: $id) { ${SELECTION} } }`, { id })).data
    .attestation;
const toReview = async (as: Asker, overdue?: boolean): Promise<string[]> => {
  const { data } = await county.ask(
    as,
    "query($overdue: Boolean) { attestationsToReview(overdue: $overdue, first: 100) { edges { node { id } } } }",
    { overdue },
  );
  return data.attestationsToReview.edges.map(({ node }: any) => node.id);
};

/** What `/facts` tells of Maria and an agency now. */
const facts = async (recipient: string, purpose: string, when: string) => {
  const asked = {
    recipient,
    purpose,
    at: new Date(when).toISOString(),
    persons: [maria],
    sources: [],
  };
  const reply = await county.house.rooms["information-sharing"]?.sideDoors["/facts"]?.({
    bytes: Buffer.from(JSON.stringify(asked)),
    requester: null,
    requestId: randomUUID(),
  });
  return JSON.parse(reply?.body ?? "").persons[maria];
};

describe("an attested emergency", () => {
  it("says who attests it, of whom, why and for how long; and the agencies whose records it opens are told at once", async () => {
    const made = await attest("ems-responder", "attestEmergency", { minutes: 90 });
    expect(made).toMatchObject({
      version: 1,
      kind: "EMERGENCY",
      person: { id: maria },
      agency: { name: ems.name },
      by: "luis.ortega",
      role: "FIRST_RESPONDER",
      reason: "OVERDOSE",
      at: new Date(at("18:00", 1)).toISOString(),
      expiresAt: new Date(at("19:30", 1)).toISOString(),
      endedAt: null,
      isOpen: true,
      informed: [{ name: hospital.name }, { name: countyAgency.name }],
      review: {
        dueAt: new Date(at("18:00", 4)).toISOString(),
        isOverdue: false,
        outcome: null,
      },
    });
    const told = await county.house.database
      .sql("information_sharing.outbox")
      .where({ type: "attestation.told" })
      .whereRaw("payload->'data'->>'attestation' = ?", [made.id]);
    expect(told.map(({ payload }: any) => payload.data)).toEqual(
      [hospital.id, countyAgency.id].map((informed) => ({
        version: 1,
        attestation: made.id,
        person: maria,
        by: ems.id,
        informed,
      })),
    );
    expect(JSON.stringify(told)).not.toContain("bus station");
  });

  it("is a fact until it expires, for its agency and its purpose alone", async () => {
    const made = await attest("ems-responder");
    const open = { medicalEmergency: { id: made.id }, safetyThreat: null };
    expect(await facts(ems.id, "ETREAT", at("18:00", 1))).toMatchObject(open);
    expect(await facts(ems.id, "ETREAT", at("18:59", 1))).toMatchObject(open);
    expect(await facts(ems.id, "ETREAT", at("21:00", 1))).toBeUndefined();
    expect(await facts(ems.id, "BTG", at("18:30", 1))).toBeUndefined();
    expect(await facts(ems.id, "THREAT", at("18:30", 1))).toBeUndefined();
    expect(await facts(agencies.crisis.id, "ETREAT", at("18:30", 1))).toBeUndefined();
  });

  it("is no fact any more once it is ended early, and was one until then", async () => {
    county.now(at("09:00", 2));
    const made = await attest("ems-responder");
    county.now(at("09:30", 2));
    expect(await end("ems-responder", made)).toMatchObject({
      isOpen: false,
      endedAt: new Date(at("09:30", 2)).toISOString(),
    });
    expect(await facts(ems.id, "ETREAT", at("09:29", 2))).toMatchObject({
      medicalEmergency: { id: made.id },
    });
    expect(await facts(ems.id, "ETREAT", at("09:30", 2))).toBeUndefined();
    await expect(end("ems-responder", { ...made, version: 2 })).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
  });

  it("lasts an hour if nothing is said, and four at most", async () => {
    const made = await attest("ems-responder");
    expect(made.expiresAt).toBe(new Date(at("19:00", 1)).toISOString());
    const longest = await attest("ems-responder", "attestEmergency", { minutes: 240 });
    expect(longest.expiresAt).toBe(new Date(at("22:00", 1)).toISOString());
    for (const minutes of [0, -5, 241])
      await expect(attest("ems-responder", "attestEmergency", { minutes })).rejects.toMatchObject({
        code: "BAD_INPUT",
        field: "minutes",
      });
  });

  it.each([
    [
      "a number that the county gave",
      () => ({ identifier: { system: COUNTY_PERSON_ID, value: people.maria.countyId } }),
    ],
    [
      "a record number of the hospital's",
      () => ({ identifier: { system: HOSPITAL_MRN, value: people.maria.mrn } }),
    ],
    [
      "family name and birth date",
      () => ({ name: { family: "delgado", birthDate: "1961-07-14" } }),
    ],
    ["id", () => ({ id: maria.toUpperCase() })],
  ])("names the person by %s", async (_, person) => {
    const made = await attest("ems-responder", "attestEmergency", { person: person() });
    expect(made.person.id).toBe(maria);
  });

  it("finds nobody whom nothing names, and says so in the same bytes whatever is asked", async () => {
    const nobody = [
      { id: UNKNOWN },
      { identifier: { system: COUNTY_PERSON_ID, value: "C-9999" } },
      { identifier: { system: "urn:nowhere", value: people.maria.mrn } },
      { name: { family: "Delgado", birthDate: "1961-07-15" } },
      { name: { family: "elgado", birthDate: "1961-07-14" } },
      { name: { family: "%", birthDate: "1961-07-14" } },
    ];
    const texts = new Set<string>();
    for (const person of nobody) {
      const { text, errors } = await county.ask(
        "ems-responder",
        "mutation($input: AttestInput!) { attestEmergency(input: $input) { id } }",
        { input: { idempotencyKey: randomUUID(), person, reason: "OVERDOSE", words: "Found." } },
      );
      expect(errors[0]?.extensions.code).toBe("NOT_FOUND");
      texts.add(text);
    }
    expect(texts.size).toBe(1);
  });

  it.each([
    ["in no way", {}],
    ["in two ways", { id: UNKNOWN, name: { family: "Delgado", birthDate: "1961-07-14" } }],
  ])("does not name the person %s", async (_, person) => {
    await expect(attest("ems-responder", "attestEmergency", { person })).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "person",
    });
  });

  it("is not found when two people bear the name and the birth date", async () => {
    const twin = (id: string, given: string) =>
      county.send("county-system", {
        resourceType: "Patient",
        id,
        identifier: [{ system: COUNTY_PERSON_ID, value: id }],
        name: [{ family: "de la Cruz", given: [given] }],
        birthDate: "1990-05-05",
      });
    const find = () =>
      attest("ems-responder", "attestEmergency", {
        person: { name: { family: "De La Cruz", birthDate: "1990-05-05" } },
      });
    await twin("C-2001", "Ana");
    expect((await find()).informed).toEqual([{ name: countyAgency.name }]);
    await twin("C-2002", "Luz");
    await expect(find()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it.each<[string, Asker]>([
    ["who does not ask for emergency treatment", "hospital-clinician"],
    ["whose role is at no bedside", { ...personas["ems-responder"], role: "CASE_WORKER" }],
    ["of an administrator", { ...personas["hospital-system"], purpose: "ETREAT" }],
    [
      "of an agency that gives no care",
      { ...personas["housing-worker"], role: "CLINICIAN", purpose: "ETREAT" },
    ],
    ["of one who governs", { ...emsOfficer, purpose: "ETREAT" }],
  ])("is not for one %s", async (_, as) => {
    await expect(attest(as)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("needs words, and a reason of its own kind", async () => {
    for (const [said, field] of [
      [{ words: "  " }, "words"],
      [{ reason: "THREAT_TO_SELF" }, "reason"],
    ] as const)
      await expect(attest("ems-responder", "attestEmergency", said)).rejects.toMatchObject({
        code: "BAD_INPUT",
        field,
      });
  });

  it("is attested once under one key", async () => {
    const key = { idempotencyKey: randomUUID() };
    const made = await attest("ems-responder", "attestEmergency", key);
    county.now(at("18:10", 1));
    expect(await attest("ems-responder", "attestEmergency", key)).toEqual(made);
    await expect(
      attest("ems-responder", "attestEmergency", { ...key, minutes: 5 }),
    ).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
  });
});

describe("an attested threat", () => {
  it("is a fact for its purpose alone", async () => {
    county.now(at("18:00", 10));
    const made = await attest(inThreat, "attestThreat");
    expect(made).toMatchObject({ kind: "THREAT", reason: "THREAT_TO_SELF" });
    const { crisis } = agencies;
    expect(await facts(crisis.id, "THREAT", at("18:30", 10))).toMatchObject({
      safetyThreat: { id: made.id },
      medicalEmergency: null,
    });
    expect(await facts(crisis.id, "BTG", at("18:30", 10))).toBeUndefined();
  });

  it.each<[string, Asker]>([
    ["who asks for another purpose", "crisis-clinician"],
    [
      "of an agency that the rule does not name",
      { ...personas["housing-worker"], purpose: "THREAT" },
    ],
    ["of an administrator", { ...personas["hospital-system"], purpose: "THREAT" }],
    ["who bills", { ...personas["hospital-biller"], purpose: "THREAT" }],
  ])("is not for one %s", async (_, as) => {
    await expect(attest(as, "attestThreat")).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("may be attested by a sheriff's responder", async () => {
    const deputy = {
      ...inThreat,
      agency: agencies.sheriff.id,
      kind: "LAW" as const,
      role: "FIRST_RESPONDER" as const,
    };
    expect(await attest(deputy, "attestThreat", { reason: "THREAT_TO_OTHERS" })).toMatchObject({
      agency: { name: agencies.sheriff.name },
    });
  });
});

describe("broken glass", () => {
  it("is a fact for that purpose, and shuts by itself", async () => {
    county.now(at("18:00", 12));
    const made = await attest("crisis-clinician", "breakGlass", { minutes: 30 });
    expect(made.kind).toBe("BREAK_GLASS");
    const { crisis } = agencies;
    expect(await facts(crisis.id, "BTG", at("18:29", 12))).toMatchObject({
      medicalEmergency: { id: made.id },
    });
    expect(await facts(crisis.id, "BTG", at("18:30", 12))).toBeUndefined();
    expect(await facts(crisis.id, "ETREAT", at("18:10", 12))).toBeUndefined();
  });

  it("is for nobody who asks for another purpose", async () => {
    await expect(attest("ems-responder", "breakGlass")).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await expect(attest("hospital-clinician", "breakGlass")).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
  });
});

describe("the review of an attestation", () => {
  it("is the attesting agency's privacy officer's, and closes it", async () => {
    const made = await attest("ems-responder");
    expect(await toReview(emsOfficer)).toContain(made.id);
    for (const as of ["ems-responder", "hospital-privacy-officer", "hospital-executive"] as const)
      await expect(review(as, made), as).rejects.toMatchObject({
        code: expect.stringMatching(/^(FORBIDDEN|MOVE_NOT_ALLOWED|NOT_FOUND)$/),
      });
    county.now(at("10:00", 2));
    const reviewed = await review(emsOfficer, made);
    expect(reviewed.review).toMatchObject({
      outcome: "JUSTIFIED",
      note: "The run sheet bears it out.",
      reviewedBy: "lena.ruiz",
      reviewedAt: new Date(at("10:00", 2)).toISOString(),
    });
    expect(await toReview(emsOfficer)).not.toContain(made.id);
    await expect(review(emsOfficer, reviewed)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "JUSTIFIED",
    });
  });

  it("stops what was not justified at once", async () => {
    county.now(at("09:00", 20));
    const made = await attest("ems-responder", "attestEmergency", { minutes: 240 });
    county.now(at("10:00", 20));
    await expect(review(emsOfficer, made, { note: " " })).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "note",
    });
    expect(await review(emsOfficer, made, { outcome: "NOT_JUSTIFIED" })).toMatchObject({
      isOpen: false,
    });
    expect(await facts(ems.id, "ETREAT", at("10:00", 20))).toBeUndefined();
  });

  it("is not taken by whoever attested it", async () => {
    const made = await attest("ems-responder");
    await expect(review({ ...emsOfficer, subject: "luis.ortega" }, made)).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
  });

  it("is an exception once it is late, which both privacy officers see", async () => {
    county.now(at("12:00", 30));
    const made = await attest("ems-responder");
    county.now(at("11:59", 33));
    expect(await toReview(emsOfficer, true)).not.toContain(made.id);
    expect(await toReview(emsOfficer, false)).toContain(made.id);
    county.now(at("12:00", 33));
    for (const officer of [
      emsOfficer,
      "hospital-privacy-officer",
      "county-privacy-officer",
    ] as const)
      expect(await toReview(officer, true)).toContain(made.id);
    expect((await read(emsOfficer, made.id)).review.isOverdue).toBe(true);
  });

  it("is read at the agencies whose records it opened by their privacy officers, without the words", async () => {
    const made = await attest("ems-responder");
    expect(await read("hospital-privacy-officer", made.id)).toMatchObject({
      agency: { name: ems.name },
      reason: "OVERDOSE",
      words: null,
    });
    expect(await read("ems-responder", made.id)).toMatchObject({
      words: "Found without consciousness at the bus station.",
    });
    await review(emsOfficer, made);
    expect((await read("hospital-privacy-officer", made.id)).review).toMatchObject({
      outcome: "JUSTIFIED",
      note: null,
    });
    expect((await read(emsOfficer, made.id)).review.note).toBe("The run sheet bears it out.");
    for (const as of [
      "hospital-clinician",
      "bh-clinician",
      "hospital-auditor",
      "analyst",
    ] as const) {
      expect(await read(as, made.id), as).toBeNull();
      expect(await toReview(as), as).toEqual([]);
    }
  });

  it("is to others as one that does not exist", async () => {
    const made = await attest("ems-responder");
    for (const step of [end, review]) {
      const refused = (id: string) =>
        step("bh-clinician", { id, version: 1 }).catch((error: unknown) => error);
      expect(await refused(made.id)).toEqual(await refused(UNKNOWN));
    }
  });
});
