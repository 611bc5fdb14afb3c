/** Consents, as they are recorded, received, read and revoked. */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at, HOSPITAL_MRN, people, personas } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { Asker, County } from "../../county/house.ts";

const { hospital, bh, housing } = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";
const bhOfficer = {
  ...personas["bh-executive"],
  role: "PRIVACY_OFFICER" as const,
  subject: "ines.falk",
};

let county: County;
let maria: string;
beforeAll(async () => {
  county = await openCounty();
  maria = await county.personId("discharge-coordinator", people.maria);
});
afterAll(() => county.close());

const SELECTION = `id version status person { id } recordedBy { name } givenAt until revokedAt endedAt doubts directives
  scope policy grantor { role name } sources { name } endsWhen form
  provision { decision recipients { name } purposes categories until exceptions { decision recipients { name } categories } }`;

/** Maria lets behavioral health tell the hospital of her treatment. */
const said = () => ({
  personId: maria,
  directive: "42CFRPart2CD",
  grantor: { role: "PERSON" },
  sourceIds: [bh.id],
  recipientIds: [hospital.id],
  purposes: ["TREAT"],
  until: at("00:00", 90),
  form: "Form 2-31, scanned",
});

const record = (as: Asker, more: object = {}, selection = "id version status") =>
  county.tell(as, "recordConsent", "RecordConsentInput", { ...said(), ...more }, selection);
const move = (
  as: Asker,
  mutation: string,
  { id, version }: Record<string, any>,
  more: object = {},
) =>
  county.tell(
    as,
    mutation,
    "ConsentMoveInput",
    { id, expectedVersion: version, ...more },
    "id version status revokedAt endedAt",
  );
const revoke = (as: Asker, consent: Record<string, any>, more: object = {}) =>
  move(as, "revokeConsent", consent, more);

const read = async (as: Asker, id: string, selection = SELECTION) =>
  (await county.ask(as, `query($id: ID!) { consent(id: $id) { ${selection} } }`, { id })).data
    .consent;

const ofMaria = async (as: Asker): Promise<Record<string, any>[]> => {
  const { data } = await county.ask(
    as,
    `query($id: ID!) { person(id: $id) { consents { ${SELECTION} } } }`,
    { id: maria },
  );
  return data.person.consents;
};

/** The directives that facts tell between a recipient and behavioral health. */
const directives = async (
  when: string,
  more: { recipient?: string; source?: string; person?: string } = {},
) => {
  const { recipient = hospital.id, source = bh.id, person = maria } = more;
  const asked = {
    recipient,
    purpose: "TREAT",
    at: new Date(when).toISOString(),
    persons: [person],
    sources: [source],
  };
  const reply = await county.house.rooms["information-sharing"]?.sideDoors["/facts"]?.({
    bytes: Buffer.from(JSON.stringify(asked)),
    requester: null,
    requestId: randomUUID(),
  });
  return (JSON.parse(reply?.body ?? "").persons[person]?.directives ?? []) as Record<string, any>[];
};

describe("a consent that is recorded", () => {
  it("says who gave it, who may disclose what to whom, what for and until when, with its form and its witness", async () => {
    const made = await record("bh-clinician", {
      grantor: { role: "GUARDIAN", name: "Rosa Delgado" },
      categories: ["SUD_TREATMENT", "MEDICATIONS"],
      exceptions: [{ categories: ["MEDICATIONS"] }],
    });
    expect(await read("bh-clinician", made.id)).toEqual({
      id: made.id,
      version: 1,
      status: "ACTIVE",
      person: { id: maria },
      recordedBy: { name: bh.name },
      givenAt: new Date(at("18:00", 1)).toISOString(),
      until: new Date(at("00:00", 90)).toISOString(),
      revokedAt: null,
      endedAt: null,
      doubts: [],
      directives: ["42CFRPart2CD"],
      scope: "patient-privacy",
      policy: "42CFRPart2CD",
      grantor: { role: "GUARDIAN", name: "Rosa Delgado" },
      sources: [{ name: bh.name }],
      endsWhen: null,
      form: "Form 2-31, scanned",
      provision: {
        decision: "PERMIT",
        recipients: [{ name: hospital.name }],
        purposes: ["TREAT"],
        categories: ["SUD_TREATMENT", "MEDICATIONS"],
        until: new Date(at("00:00", 90)).toISOString(),
        exceptions: [{ decision: "DENY", recipients: null, categories: ["MEDICATIONS"] }],
      },
    });
    const told = await directives(at("18:30", 1));
    expect(told).toContainEqual({
      code: "42CFRPart2CD",
      categories: ["SUD_TREATMENT"],
      source: bh.id,
      consent: { id: made.id, version: 1 },
    });
    await revoke("bh-clinician", made);
  });

  it("is known to the agency that recorded it and to those that it names, and to nobody else", async () => {
    const made = await record("bh-clinician");
    for (const as of ["bh-clinician", "hospital-clinician", "discharge-coordinator"] as const)
      expect(
        (await ofMaria(as)).map(({ id }) => id),
        as,
      ).toContain(made.id);
    for (const as of ["county-case-worker", "housing-worker", "bh-executive"] as const)
      expect(await read(as, made.id), as).toBeNull();
    expect((await ofMaria("county-case-worker")).map(({ id }) => id)).not.toContain(made.id);
    const refused = (id: string) =>
      revoke("county-case-worker", { id, version: 1 }).catch((error: unknown) => error);
    expect(await refused(made.id)).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused(made.id)).toEqual(await refused(UNKNOWN));
  });

  it("shows a privacy officer that it is there and until when, and nothing of what it tells", async () => {
    const made = await record("bh-clinician");
    const { data, errors } = await county.ask(
      bhOfficer,
      `query($id: ID!) { consent(id: $id) { status until person { id } directives grantor { name } } }`,
      { id: made.id },
    );
    expect(data.consent).toEqual({
      status: "ACTIVE",
      until: new Date(at("00:00", 90)).toISOString(),
      person: { id: maria },
      directives: null,
      grantor: null,
    });
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(["WITHHELD"]));
  });

  it("is not recorded by those who govern, nor for a person who is not known", async () => {
    await expect(record("bh-executive")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(record(bhOfficer)).rejects.toMatchObject({ code: "FORBIDDEN" });
    const refused = (personId: string) =>
      record("ems-responder", { personId }).catch((error: unknown) => error);
    expect(await refused(maria)).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused(maria)).toEqual(await refused(UNKNOWN));
  });

  it.each([
    ["towards an agency that is not on the roll", { recipientIds: [UNKNOWN] }, "recipientIds"],
    ["under a directive that nobody knows", { directive: "TRUST_ME" }, "directive"],
    ["without its form", { form: " " }, "form"],
  ])("is not recorded %s", async (_, more, field) => {
    await expect(record("bh-clinician", more)).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });

  it("is recorded once under one key, and says then what was said first, though it is revoked", async () => {
    const key = { idempotencyKey: randomUUID() };
    const made = await record("bh-clinician", key);
    await revoke("bh-clinician", made);
    expect(await record("bh-clinician", key)).toEqual(made);
    await expect(record("bh-clinician", { ...key, purposes: ["COC"] })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
  });

  it("is given as a FHIR Consent, too", async () => {
    const made = await record("bh-clinician");
    const { fhir } = await read("bh-clinician", made.id, "fhir");
    expect(JSON.parse(fhir)).toMatchObject({
      resourceType: "Consent",
      id: made.id,
      status: "active",
      patient: { reference: `Patient/${maria}` },
      policyRule: { coding: [{ code: "42CFRPart2CD" }] },
      provision: {
        provision: [
          {
            type: "permit",
            actor: [
              {
                role: { coding: [{ code: "IRCP" }] },
                reference: { reference: `Organization/${hospital.id}` },
              },
            ],
            purpose: [{ code: "TREAT" }],
          },
        ],
      },
    });
  });
});

describe("a consent that is revoked", () => {
  it("opens nothing from that instant on, whoever asked a moment before", async () => {
    county.now(at("08:00", 2));
    const made = await record("bh-clinician");
    county.now(at("09:00", 2));
    const its = async (when: string) =>
      (await directives(when)).filter(({ consent }) => consent.id === made.id).length;
    expect(await its(at("08:59", 2))).toBe(1);
    expect(await revoke("bh-clinician", made)).toMatchObject({
      status: "REVOKED",
      revokedAt: new Date(at("09:00", 2)).toISOString(),
    });
    expect(await its(at("08:59", 2))).toBe(1);
    expect(await its(at("09:00", 2))).toBe(0);
    const event = await county.house.database
      .sql("information_sharing.outbox")
      .where({ type: "consent.revoked", aggregateid: made.id })
      .first("payload");
    expect(event.payload.data).toEqual({ version: 2, person: maria, agency: bh.id });
  });

  it("is so by the agency that recorded it, a privacy officer of it included, and once", async () => {
    const made = await record("bh-clinician");
    await expect(revoke("hospital-clinician", made)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
    await expect(revoke("bh-executive", made)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const revoked = await revoke(bhOfficer, made);
    for (const mutation of ["revokeConsent", "endConsent"])
      await expect(move("bh-clinician", mutation, revoked)).rejects.toMatchObject({
        code: "MOVE_NOT_ALLOWED",
        state: "REVOKED",
      });
    await expect(revoke("bh-clinician", made)).rejects.toMatchObject({ code: "VERSION_CONFLICT" });
  });

  it("is found by a privacy officer among those that were revoked lately, as those are that end soon", async () => {
    county.now(at("12:00", 40));
    const revoked = await revoke("bh-clinician", await record("bh-clinician"));
    const ending = await record("bh-clinician", { until: at("12:00", 50) });
    const lasting = await record("bh-clinician", { until: at("12:00", 89) });
    const found = async (variables: object) => {
      const { data } = await county.ask(
        bhOfficer,
        `query($since: DateTime, $days: Int) { consents(revokedSince: $since, endingWithinDays: $days, first: 100) {
          edges { node { id } } } }`,
        { ...variables },
      );
      return data.consents.edges.map(({ node }: any) => node.id);
    };
    expect(await found({ since: at("00:00", 40) })).toEqual([revoked.id]);
    const soon = await found({ days: 30 });
    expect(soon).toContain(ending.id);
    expect(soon).not.toContain(lasting.id);
    expect(soon).not.toContain(revoked.id);
  });

  it("is not so when it has come to its end", async () => {
    const made = await record("bh-clinician", { until: null, endsWhen: "she is discharged" });
    expect(await move("bh-clinician", "endConsent", made)).toMatchObject({
      status: "ENDED",
      revokedAt: null,
    });
  });
});

describe("a consent that a partner's system sends", () => {
  const TERMINOLOGY = "http://terminology.hl7.org/CodeSystem";
  const code = (system: string, value: string) => ({
    system: `${TERMINOLOGY}/${system}`,
    code: value,
  });
  const organization = (id: string, npi: string) => ({
    resourceType: "Organization",
    id,
    identifier: [{ system: "http://hl7.org/fhir/sid/us-npi", value: npi }],
    name: id,
  });
  const consent = (more: object = {}) => ({
    resourceType: "Consent",
    id: "C-77",
    status: "active",
    scope: { coding: [code("consentscope", "patient-privacy")] },
    category: [{ coding: [code("v3-ActCode", "IDSCL")] }],
    patient: { reference: `Patient/${people.maria.mrn}` },
    dateTime: "2025-03-03T10:00:00-06:00",
    organization: [{ reference: "Organization/riverside" }],
    policyRule: { coding: [code("v3-ActCode", "42CFRPart2CD")] },
    provision: {
      type: "permit",
      period: { start: "2025-03-01", end: "2025-12-31" },
      actor: [
        {
          role: { coding: [code("v3-ParticipationType", "IRCP")] },
          reference: { reference: "Organization/alder" },
        },
      ],
      purpose: [code("v3-ActReason", "TREAT")],
    },
    ...more,
  });
  const send = async (...resources: object[]) => {
    for (const resource of resources) {
      const { status, body } = await county.send("hospital-system", resource);
      expect(status, JSON.stringify(body)).toBeLessThan(300);
    }
    await county.house.settle();
  };
  const received = async () =>
    (await ofMaria("hospital-clinician")).find(
      ({ policy, form }) => policy === "42CFRPart2CD" && form === null,
    );
  const opensTo = async (recipient: string, when = at("12:00", 95)) =>
    (await directives(when, { recipient })).map(({ code: it }) => it);

  beforeAll(async () => {
    county.now(at("12:00", 94));
    await send(organization("alder", hospital.npi), organization("riverside", bh.npi));
  });

  it("is read once it has arrived, with the agencies that the sender's own ids mean", async () => {
    await send(consent());
    expect(await received()).toMatchObject({
      version: 1,
      status: "ACTIVE",
      recordedBy: { name: hospital.name },
      directives: ["42CFRPart2CD"],
      sources: [{ name: bh.name }],
      provision: { decision: "PERMIT", recipients: [{ name: hospital.name }], purposes: ["TREAT"] },
      doubts: [],
    });
    expect(await opensTo(hospital.id)).toEqual(["42CFRPart2CD"]);
    expect(await opensTo(housing.id)).toEqual([]);
  });

  it("is what its latest version says", async () => {
    const deny = {
      ...consent().provision,
      provision: [{ type: "deny", securityLabel: [code("v3-ActCode", "ETH")] }],
    };
    await send(consent({ provision: deny }));
    const { version, id } = (await received()) as Record<string, any>;
    expect(version).toBe(2);
    const [told] = await directives(at("12:00", 95));
    expect(told).toMatchObject({ code: "42CFRPart2CD", consent: { id, version: 2 } });
    expect(told?.categories).not.toContain("SUD_TREATMENT");
  });

  it("hears the same event twice and an older one late, and nothing comes of it", async () => {
    const before = await received();
    const { payload } = await county.house.database
      .sql("referrals.outbox")
      .where({ type: "consent.received", aggregateid: before?.id })
      .orderBy("seq")
      .first("payload");
    const room = county.house.rooms["information-sharing"];
    await room?.consume(payload);
    await room?.consume({ ...payload, id: randomUUID() });
    expect(await received()).toEqual(before);
  });

  it("opens nothing any more once its sender says that it is inactive, and stays shut if it is sent again as active", async () => {
    county.now(at("12:00", 96));
    await send(consent({ status: "inactive" }));
    expect(await received()).toMatchObject({ status: "ENDED" });
    expect(await opensTo(hospital.id, at("12:00", 97))).toEqual([]);
    await send(consent({ dateTime: "2025-06-09T10:00:00-06:00" }));
    expect(await received()).toMatchObject({ status: "ENDED" });
    expect(await opensTo(hospital.id, at("12:00", 97))).toEqual([]);
  });

  it("is shut by a revocation here, whatever its sender says afterwards", async () => {
    await send(consent({ id: "C-78" }));
    const open = (await ofMaria("hospital-clinician")).find(
      ({ status, recordedBy, form }) =>
        status === "ACTIVE" && recordedBy.name === hospital.name && form === null,
    );
    await revoke("hospital-clinician", open as Record<string, any>);
    await send(consent({ id: "C-78", dateTime: "2025-06-09T10:00:00-06:00" }));
    expect((await read("hospital-clinician", open?.id)).status).toBe("REVOKED");
    expect(await opensTo(hospital.id, at("12:00", 97))).toEqual([]);
  });

  it("of the PACIO connectathon is read, and opens nothing: it names no recipient, no purpose and no end", async () => {
    const sample = JSON.parse(
      readFileSync(
        new URL("../../samples/pacio-bsj/Consent-P0522-SDOH-Consent.json", import.meta.url),
        "utf8",
      ),
    );
    await send(
      {
        resourceType: "Organization",
        id: "P0522-org-HH-Sky-Harbor-Home-Health",
        name: "Sky Harbor Home Health Services",
      },
      {
        resourceType: "Patient",
        id: "P0522-patientBSJ1",
        identifier: [{ system: HOSPITAL_MRN, value: "BSJ1" }],
      },
      sample,
    );
    const { data } = await county.ask(
      "hospital-clinician",
      `query($system: String!, $value: String!) { personByIdentifier(system: $system, value: $value) { id consents { ${SELECTION} } } }`,
      { system: HOSPITAL_MRN, value: "BSJ1" },
    );
    const { id, consents } = data.personByIdentifier;
    expect(consents).toMatchObject([
      {
        status: "ACTIVE",
        directives: ["HIPAAAuthCD"],
        scope: "patient-privacy",
        policy: "hipaa-auth",
        form: "Patient consent",
        doubts: ["RECIPIENT_UNKNOWN", "NO_PERMIT", "NO_RECIPIENT", "NO_PURPOSE", "NO_END"],
      },
    ]);
    for (const source of [hospital.id, bh.id])
      for (const recipient of [hospital.id, bh.id, housing.id])
        expect(await directives(at("12:00", 97), { person: id, source, recipient })).toEqual([]);
  });
});
