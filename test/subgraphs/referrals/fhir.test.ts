import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, HOSPITAL_MRN } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";

const sample = (path: string): any =>
  JSON.parse(readFileSync(new URL(`../../samples/${path}`, import.meta.url), "utf8"));

const NPI = "http://hl7.org/fhir/sid/us-npi";
const BSER = "http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS";

/** A request by the hospital for a person of its own, and one Task to behavioural health. */
const referral = (more: { task?: object; request?: object; tag?: string } = {}) => {
  const tag = more.tag ?? randomUUID();
  const patient = { reference: `Patient/p-${tag}` };
  const resources = [
    {
      resourceType: "Organization",
      id: "h",
      identifier: [{ system: NPI, value: agencies.hospital.npi }],
      name: "AGH",
    },
    {
      resourceType: "Organization",
      id: "b",
      identifier: [{ system: NPI, value: agencies.bh.npi }],
      name: "RBH",
    },
    { resourceType: "Patient", id: `p-${tag}`, identifier: [{ system: HOSPITAL_MRN, value: tag }] },
    {
      resourceType: "ServiceRequest",
      id: `s-${tag}`,
      status: "active",
      intent: "order",
      subject: patient,
      requester: { reference: "Organization/h" },
      code: { text: "Intensive outreach" },
      authoredOn: "2025-03-03T09:00:00-06:00",
      ...more.request,
    },
    {
      resourceType: "Task",
      id: `t-${tag}`,
      status: "requested",
      intent: "order",
      for: patient,
      focus: { reference: `ServiceRequest/s-${tag}` },
      requester: { reference: "Organization/h" },
      owner: { reference: "Organization/b" },
      lastModified: "2025-03-03T09:05:00-06:00",
      ...more.task,
    },
  ];
  return { tag, resources };
};

const bundle = (type: string, resources: object[]) => ({
  resourceType: "Bundle",
  type,
  entry: resources.map((resource: any) => ({
    resource,
    ...(["transaction", "batch"].includes(type) && {
      request: { method: "PUT", url: `${resource.resourceType}/${resource.id}` },
    }),
  })),
});

const codes = ({ body }: { body: any }): string[] =>
  (body.entry?.map(({ response }: any) => response.outcome) ?? [body]).flatMap(({ issue }: any) =>
    issue.map(({ details }: any) => details.coding[0].code),
  );

const WHERE = `query($value: String!) {
  personByIdentifier(system: "${HOSPITAL_MRN}", value: $value) {
    id name
    handoffs { edges { node {
      id version state reason origin cycle
      sender { name } receiver { name } accountable { name } interface { name }
      gap { hours } occurredAt recordedAt receivedAt
      referral { service status }
      history { to occurredAt }
    } } }
  }
}`;

let county: County;
beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

const handoffsOf = async (value: string): Promise<any[]> => {
  const { data, errors } = await county.ask("discharge-coordinator", WHERE, { value });
  expect(errors).toEqual([]);
  return data.personByIdentifier.handoffs.edges.map(({ node }: any) => node);
};

const quarantined = (): Promise<any[]> =>
  county.house.database.sql("referrals.quarantine").orderBy("received_at").orderBy("id") as never;

const rows = async (): Promise<Record<string, number>> => {
  const { sql } = county.house.database;
  const tables = [
    "fhir_resource",
    "fhir_reference",
    "person",
    "agency",
    "encounter",
    "referral",
    "handoff",
    "history",
    "outbox",
  ];
  return Object.fromEntries(
    await Promise.all(
      tables.map(async (table) => [
        table,
        Number((await sql(`referrals.${table}`).count("* as n").first())?.n),
      ]),
    ),
  ) as never;
};

describe("a Task that a partner sends", () => {
  it("becomes a handoff between agencies that are already on the roll, on the interface that binds them", async () => {
    const { tag, resources } = referral();
    const reply = await county.send("hospital-system", bundle("transaction", resources));
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ resourceType: "Bundle", type: "transaction-response" });
    expect(codes(reply)).toEqual(["MAPPED", "MAPPED", "MAPPED", "MAPPED", "MAPPED"]);
    expect(await handoffsOf(tag)).toMatchObject([
      {
        state: "AWAITING_DECISION",
        origin: "TASK",
        sender: { name: agencies.hospital.name },
        receiver: { name: agencies.bh.name },
        accountable: { name: agencies.hospital.name },
        interface: { name: "Alder General discharges" },
        referral: { service: "Intensive outreach", status: "ACTIVE" },
        occurredAt: "2025-03-03T15:05:00.000Z",
        receivedAt: "2025-03-05T00:00:00.000Z",
      },
    ]);
  });

  it("moves when a later version of it comes, and not when an older one comes late", async () => {
    const { tag, resources } = referral();
    await county.send("hospital-system", bundle("transaction", resources));
    const task = resources[4] as any;
    await county.send("hospital-system", {
      ...task,
      status: "accepted",
      lastModified: "2025-03-03T12:00:00-06:00",
    });
    await county.send("hospital-system", {
      ...task,
      status: "received",
      lastModified: "2025-03-03T10:00:00-06:00",
    });
    const [handoff] = await handoffsOf(tag);
    expect(handoff).toMatchObject({
      state: "ACCEPTED",
      accountable: { name: agencies.hospital.name },
    });
    expect(handoff.history.map(({ to }: any) => to)).toEqual(["AWAITING_DECISION", "ACCEPTED"]);
  });

  it("was never so when it was entered in error, and its history stays", async () => {
    const { tag, resources } = referral({ task: { status: "completed" } });
    await county.send("hospital-system", bundle("transaction", resources));
    await county.send("hospital-system", {
      ...(resources[4] as object),
      status: "entered-in-error",
    });
    const [handoff] = await handoffsOf(tag);
    expect(handoff).toMatchObject({
      state: "CANCELLED",
      reason: "ENTERED_IN_ERROR",
      accountable: { name: agencies.hospital.name },
    });
    expect(handoff.history.map(({ to }: any) => to)).toEqual(["COMPLETED", "CANCELLED"]);
  });

  it.each([
    ["5.1.1", "accepted", "SCHEDULED"],
    ["5.1.2", "accepted", "UNABLE_TO_REACH"],
    ["4.0", "rejected", "DECLINED"],
    ["7.0", "completed", "COMPLETED"],
  ])("with businessStatus %s and status %s is %s", async (code, status, state) => {
    const { tag, resources } = referral({
      task: { status, businessStatus: { coding: [{ system: BSER, code }] } },
    });
    await county.send("hospital-system", bundle("transaction", resources));
    expect(await handoffsOf(tag)).toMatchObject([{ state }]);
  });

  it("that is for no request, or that stays in one agency, is kept as received and is no handoff", async () => {
    const alone = referral({ task: { focus: undefined } });
    const within = referral({ task: { owner: { reference: "Organization/h" } } });
    for (const { tag, resources } of [alone, within]) {
      const reply = await county.send("hospital-system", bundle("transaction", resources));
      expect(codes(reply).at(-1)).toBe("KEPT");
      expect(await handoffsOf(tag)).toEqual([]);
    }
  });
});

describe("stays at agencies", () => {
  /** Hospital, nursing, home health, and a short stay between the first two that may or may not be known. */
  const journey = () => {
    const tag = randomUUID();
    const stay = (
      id: string,
      cls: string,
      organization: string,
      start: string,
      end?: string,
      status = "finished",
    ) => ({
      resourceType: "Encounter",
      id: `${id}-${tag}`,
      status,
      class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: cls },
      subject: { reference: `Patient/p-${tag}` },
      serviceProvider: { reference: `Organization/${organization}-${tag}` },
      period: { start, ...(end && { end }) },
    });
    const organizations = ["hosp", "snf", "hha", "rehab"].map((id) => ({
      resourceType: "Organization",
      id: `${id}-${tag}`,
      identifier: [{ system: "urn:test", value: `${id}-${tag}` }],
      name: id,
    }));
    return {
      tag,
      stay,
      organizations,
      patient: {
        resourceType: "Patient",
        id: `p-${tag}`,
        identifier: [{ system: HOSPITAL_MRN, value: tag }],
      },
      hospital: stay("e1", "IMP", "hosp", "2025-02-01T08:00:00Z", "2025-02-03T10:00:00Z"),
      nursing: stay("e2", "NONAC", "snf", "2025-02-05T10:00:00Z", "2025-02-20T10:00:00Z"),
      home: stay("e3", "HH", "hha", "2025-02-20T16:00:00Z", undefined, "in-progress"),
    };
  };
  const summary = async (tag: string) =>
    (await handoffsOf(tag))
      .filter(({ state }) => state !== "CANCELLED")
      .map(({ sender, receiver, accountable, state, gap }) => [
        sender.name,
        receiver.name,
        accountable.name,
        state,
        gap?.hours ?? 0,
      ]);

  it("show the same handoffs in whatever order and in however many bundles they are sent", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
        fc.integer({ min: 1, max: 4 }),
        async (order, size) => {
          const { tag, organizations, patient, hospital, nursing, home } = journey();
          const all = [...organizations, patient, hospital, nursing, home];
          const shuffled = order.map((index) => all[index] as object);
          for (let round = 0; round < 2; round++)
            for (let from = 0; from < shuffled.length; from += size)
              await county.send(
                "hospital-system",
                bundle("batch", shuffled.slice(from, from + size)),
              );
          expect(await summary(tag)).toEqual([
            ["snf", "hha", "hha", "IN_SERVICE", 6],
            ["hosp", "snf", "snf", "COMPLETED", 48],
          ]);
        },
      ),
      { numRuns: 12 },
    );
  });

  it("show another way when a stay in between becomes known: what was shown before is retracted", async () => {
    const { tag, stay, organizations, patient, hospital, nursing } = journey();
    await county.send(
      "hospital-system",
      bundle("transaction", [...organizations, patient, hospital, nursing]),
    );
    expect(await summary(tag)).toEqual([["hosp", "snf", "snf", "COMPLETED", 48]]);
    await county.send(
      "hospital-system",
      stay("e4", "IMP", "rehab", "2025-02-03T12:00:00Z", "2025-02-05T09:00:00Z"),
    );
    expect(await summary(tag)).toEqual([
      ["rehab", "snf", "snf", "COMPLETED", 1],
      ["hosp", "rehab", "rehab", "COMPLETED", 2],
    ]);
    const retracted = (await handoffsOf(tag)).filter(({ state }) => state === "CANCELLED");
    expect(retracted).toMatchObject([{ reason: "ENTERED_IN_ERROR", receiver: { name: "snf" } }]);
  });

  it("correct the gap when a time is corrected, and the correction is history", async () => {
    const { tag, organizations, patient, hospital, nursing } = journey();
    await county.send(
      "hospital-system",
      bundle("transaction", [...organizations, patient, hospital, nursing]),
    );
    const corrected = { ...hospital, period: { ...hospital.period, end: "2025-02-04T10:00:00Z" } };
    await county.send("hospital-system", corrected);
    expect(await summary(tag)).toEqual([["hosp", "snf", "snf", "COMPLETED", 24]]);
    const [handoff] = await handoffsOf(tag);
    expect(handoff.history).toHaveLength(4);
  });

  it("show nothing where months lie between them, nor where the person stays at one agency", async () => {
    const { tag, stay, organizations, patient, hospital } = journey();
    const later = stay("e5", "IMP", "snf", "2024-06-01T08:00:00Z", "2024-06-03T08:00:00Z");
    const same = stay("e6", "HH", "hosp", "2025-02-03T12:00:00Z", "2025-02-04T12:00:00Z");
    await county.send(
      "hospital-system",
      bundle("transaction", [...organizations, patient, hospital, later, same]),
    );
    expect(await summary(tag)).toEqual([]);
  });

  it("that finished cannot go on again", async () => {
    const { organizations, patient, hospital, nursing } = journey();
    await county.send(
      "hospital-system",
      bundle("transaction", [...organizations, patient, hospital, nursing]),
    );
    const reply = await county.send("hospital-system", { ...nursing, status: "in-progress" });
    expect([reply.status, ...codes(reply)]).toEqual([422, "CONTRADICTION"]);
  });
});

describe("a bundle", () => {
  it("that is a transaction goes in whole or not at all, and is set aside with its bytes", async () => {
    const { resources } = referral({
      task: { owner: { reference: "Organization/nobody-sent-this" } },
    });
    const before = await rows();
    const sent = JSON.stringify(bundle("transaction", resources));
    const reply = await county.send("hospital-system", sent);
    expect(reply.status).toBe(422);
    expect(reply.body).toMatchObject({
      resourceType: "OperationOutcome",
      issue: [
        {
          severity: "error",
          code: "not-found",
          expression: ["Bundle.entry[4].resource", "Task.owner"],
          details: { coding: [{ code: "UNKNOWN_AGENCY" }] },
        },
      ],
    });
    expect(await rows()).toEqual(before);
    expect((await quarantined()).at(-1).bytes.toString()).toBe(sent);
  });

  it("that is a batch takes in what is sound, and sets aside what is not", async () => {
    const { tag, resources } = referral({ task: { status: "on-hold" } });
    const reply = await county.send("hospital-system", bundle("batch", resources));
    expect(reply.status).toBe(200);
    expect(codes(reply).slice(2)).toEqual(["MAPPED", "MAPPED", "AMBIGUOUS_STATUS"]);
    expect(reply.body.entry.at(-1).response).toMatchObject({
      status: "422 AMBIGUOUS_STATUS",
      outcome: { issue: [{ expression: ["Task.status"] }] },
    });
    expect((await quarantined()).at(-1)).toMatchObject({
      code: "AMBIGUOUS_STATUS",
      type: "Task",
      logical_id: `t-${tag}`,
    });
    expect(await handoffsOf(tag)).toEqual([]);
  });

  it("may refer from one entry to another by urn:uuid, and gives ids to entries that have none", async () => {
    const [patient, request] = [`urn:uuid:${randomUUID()}`, `urn:uuid:${randomUUID()}`];
    const { tag, resources } = referral({
      request: { subject: { reference: patient } },
      task: { for: { reference: patient }, focus: { reference: request } },
    });
    const nameless = resources.map(({ id: _, ...resource }: any, index) => ({
      fullUrl:
        [undefined, undefined, patient, request, `urn:uuid:${randomUUID()}`][index] ??
        `https://ehr.example/Organization/${index ? "b" : "h"}`,
      request: { method: "POST", url: resource.resourceType },
      resource:
        index < 2
          ? resource
          : {
              ...resource,
              ...(resource.requester && {
                requester: { reference: "https://ehr.example/Organization/h" },
              }),
              ...(resource.owner && { owner: { reference: "https://ehr.example/Organization/b" } }),
            },
    }));
    const reply = await county.send("hospital-system", {
      resourceType: "Bundle",
      type: "transaction",
      entry: nameless,
    });
    expect(codes(reply)).toEqual(["MAPPED", "MAPPED", "MAPPED", "MAPPED", "MAPPED"]);
    const again = await county.send("hospital-system", {
      resourceType: "Bundle",
      type: "transaction",
      entry: nameless,
    });
    expect(new Set(codes(again))).toEqual(new Set(["UNCHANGED"]));
    expect(await handoffsOf(tag)).toHaveLength(1);
  });

  it("sent ten times at once makes one of everything", async () => {
    const { tag, resources } = referral();
    const replies = await Promise.all(
      Array.from({ length: 10 }, () =>
        county.send("hospital-system", bundle("transaction", resources)),
      ),
    );
    expect(replies.map(({ status }) => status)).toEqual(Array(10).fill(200));
    const [handoff, ...more] = await handoffsOf(tag);
    expect(more).toEqual([]);
    expect(handoff.history).toHaveLength(1);
  });

  it.each(["searchset", "document", "history"])("of type %s is refused whole", async (type) => {
    const reply = await county.send(
      "hospital-system",
      bundle(type, [{ resourceType: "Organization", id: "x", name: "X" }]),
    );
    expect([reply.status, ...codes(reply)]).toEqual([422, "BUNDLE_NOT_ACCEPTED"]);
  });

  it("that would delete is refused whole", async () => {
    const reply = await county.send("hospital-system", {
      resourceType: "Bundle",
      type: "transaction",
      entry: [{ request: { method: "DELETE", url: "Patient/1" } }],
    });
    expect(reply.status).toBe(422);
    expect(reply.body.issue[0].expression).toEqual([
      "Bundle.entry[0].resource",
      "Bundle.entry[0].request.method",
    ]);
  });
});

describe("what is wrong is refused with a code and the element, and its bytes are kept", () => {
  const patient = { resourceType: "Patient", id: "bad" };
  it.each([
    ["bytes that are not JSON", '{"resourceType": "Patient"', 400, "MALFORMED_JSON", undefined],
    ["JSON that is no resource", "[1, 2]", 422, "UNKNOWN_RESOURCE_TYPE", "resourceType"],
    [
      "a type that FHIR does not know",
      { resourceType: "Spaceship", id: "x" },
      422,
      "UNKNOWN_RESOURCE_TYPE",
      "resourceType",
    ],
    [
      "a type that only STU3 knew",
      { resourceType: "ReferralRequest", id: "x", status: "active", intent: "order" },
      422,
      "NOT_R4",
      "resourceType",
    ],
    [
      "a Task of STU3",
      {
        resourceType: "Task",
        id: "x",
        status: "requested",
        intent: "order",
        requester: { agent: { reference: "Organization/h" } },
      },
      422,
      "NOT_R4",
      "Task.requester.agent",
    ],
    ["a patient with no identifier", patient, 422, "NO_IDENTIFIER", "Patient.identifier"],
    [
      "a patient whose identifier has no system",
      { ...patient, identifier: [{ value: "1" }] },
      422,
      "NO_IDENTIFIER",
      "Patient.identifier",
    ],
    [
      "an element that R4 does not have",
      { ...patient, identifier: [{ system: "s", value: "1" }], colour: "red" },
      422,
      "INVALID_RESOURCE",
      "Patient.colour",
    ],
    [
      "a required element that is missing",
      { resourceType: "Encounter", id: "x", class: { code: "IMP" } },
      422,
      "INVALID_RESOURCE",
      "Encounter.status",
    ],
    [
      "an encounter at an organization that was never sent",
      {
        resourceType: "Encounter",
        id: "x",
        status: "finished",
        class: { code: "IMP" },
        subject: { reference: "Patient/x" },
        serviceProvider: { reference: "Organization/never-sent" },
      },
      422,
      "UNKNOWN_AGENCY",
      "Encounter.serviceProvider",
    ],
    [
      "an encounter in the year 2029",
      {
        resourceType: "Encounter",
        id: "x",
        status: "finished",
        class: { code: "IMP" },
        subject: { reference: "Patient/x" },
        serviceProvider: { reference: "Organization/h" },
        period: { start: "2029-01-01T00:00:00Z" },
      },
      422,
      "CONTRADICTION",
      "Encounter.period.start",
    ],
    [
      "a Task whose status and businessStatus disagree",
      referral({
        tag: "disagree",
        task: { status: "requested", businessStatus: { coding: [{ system: BSER, code: "7.0" }] } },
      }).resources[4],
      422,
      "CONTRADICTION",
      "Task.businessStatus",
    ],
  ] as [string, unknown, number, string, string | undefined][])(
    "%s",
    async (_, sent, status, code, element) => {
      await county.send("hospital-system", referral().resources[0]);
      const before = await rows();
      const body = typeof sent === "string" ? sent : JSON.stringify(sent);
      const reply = await county.send("hospital-system", body);
      expect([reply.status, codes(reply)]).toEqual([status, [code]]);
      expect(reply.body.issue[0].expression?.[0]).toBe(element);
      expect(await rows()).toEqual(before);
      const kept = (await quarantined()).find(({ bytes }) => bytes.toString() === body);
      expect(kept).toMatchObject({
        code,
        element: element ?? null,
        source_id: agencies.hospital.id,
        released_at: null,
      });
    },
  );

  it("a resource that was set aside is released when it is sent again and can be understood", async () => {
    const tag = randomUUID();
    const encounter = {
      resourceType: "Encounter",
      id: `e-${tag}`,
      status: "finished",
      class: { code: "IMP" },
      subject: { reference: `Patient/${tag}` },
      serviceProvider: { reference: `Organization/${tag}` },
    };
    expect((await county.send("hospital-system", encounter)).status).toBe(422);
    await county.send("hospital-system", { resourceType: "Organization", id: tag, name: tag });
    expect((await county.send("hospital-system", encounter)).status).toBe(201);
    const kept = (await quarantined()).find(({ logical_id: id }) => id === `e-${tag}`);
    expect(kept.released_at).not.toBeNull();
  });

  it("a body of 50 MB is refused before it is read, and nothing of it is kept", async () => {
    const before = [await rows(), (await quarantined()).length];
    const reply = await county.send("hospital-system", "x".repeat(50_000_000));
    expect([reply.status, codes(reply)]).toEqual([413, ["BODY_TOO_LARGE"]]);
    expect([await rows(), (await quarantined()).length]).toEqual(before);
  });

  it.each([
    ["text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["application/fhir+xml", 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["application/fhir+json; fhirVersion=3.0", 422, "NOT_R4"],
  ])("a content type of %s", async (type, status, code) => {
    const reply = await county.send(
      "hospital-system",
      { resourceType: "Organization", id: "x", name: "X" },
      type,
    );
    expect([reply.status, codes(reply)]).toEqual([status, [code]]);
  });

  it.each(["analyst", "county-executive"] as const)(
    "a record of a person sent by the %s",
    async (as) => {
      const reply = await county.send(as, { resourceType: "Organization", id: "x", name: "X" });
      expect([reply.status, codes(reply)]).toEqual([403, ["FORBIDDEN"]]);
    },
  );

  it("a sender without a token is told so as FHIR tells it", async () => {
    const response = await fetch(`${county.house.url}/fhir`, { method: "POST", body: "{}" });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ resourceType: "OperationOutcome" });
  });
});

describe("who is who", () => {
  it("what an operator enrolled is not renamed by a partner who knows its number", async () => {
    await county.send("bh-clinician", {
      resourceType: "Organization",
      id: "spoof",
      identifier: [{ system: NPI, value: agencies.hospital.npi }],
      name: "Not The Hospital",
    });
    const { data } = await county.ask(
      "analyst",
      "query($id: ID!) { agency(id: $id) { name kind } }",
      { id: agencies.hospital.id },
    );
    expect(data.agency).toEqual({ name: agencies.hospital.name, kind: "HOSPITAL" });
  });

  it("an agency that nobody enrolled has no kind", async () => {
    const tag = randomUUID();
    await county.send("hospital-system", {
      resourceType: "Organization",
      id: tag,
      identifier: [{ system: "urn:t", value: tag }],
      name: tag,
    });
    const row = await county.house.database.sql("referrals.agency").where({ name: tag }).first();
    expect(row.kind).toBeNull();
  });

  it("a record number that was made up or guessed learns nothing: the answer and the record are the same", async () => {
    const guess = (value: string) => ({
      resourceType: "Patient",
      id: `guess-${value}`,
      identifier: [{ system: HOSPITAL_MRN, value }],
      name: [{ family: "Doe" }],
      birthDate: "1990-01-01",
    });
    const [real, made] = [
      await county.send("bh-clinician", guess("H-2001")),
      await county.send("bh-clinician", guess("H-9999")),
    ];
    expect(real.text).toBe(made.text);
    const read = async (value: string) =>
      (
        await county.ask(
          "bh-clinician",
          `query($v: String!) { personByIdentifier(system: "${HOSPITAL_MRN}", value: $v) { name birthDate identifiers { system } handoffs { edges { node { id } } } } }`,
          { v: value },
        )
      ).text;
    expect(await read("H-2001")).toBe(await read("H-9999"));
    expect(await read("H-2001")).not.toContain("Maria");
  });

  it("two of a source's own patients cannot become one by an identifier of both", async () => {
    const [a, b] = [randomUUID(), randomUUID()];
    const patient = (id: string, ...values: string[]) => ({
      resourceType: "Patient",
      id,
      identifier: values.map((value) => ({ system: HOSPITAL_MRN, value })),
    });
    await county.send("hospital-system", patient(a, a));
    await county.send("hospital-system", patient(b, b));
    const reply = await county.send("hospital-system", patient(b, a, b));
    expect([reply.status, codes(reply)]).toEqual([422, ["CONTRADICTION"]]);
  });

  it("the same logical id at two agencies is two people", async () => {
    const tag = randomUUID();
    const request = (as: string) => ({
      resourceType: "ServiceRequest",
      id: tag,
      status: "active",
      intent: "order",
      subject: { reference: `Patient/${tag}` },
      code: { text: as },
    });
    await county.send("hospital-system", request("hospital"));
    await county.send("bh-clinician", request("bh"));
    const people = await county.house.database
      .sql("referrals.person_identifier")
      .where({ value: tag });
    expect(new Set(people.map(({ person_id: id }: any) => id)).size).toBe(2);
  });
});

describe("samples of others", () => {
  it("of Da Vinci Alerts go in: an admission while it goes on, then the discharge", async () => {
    const admit = await county.send(
      "county-system",
      sample("davinci-alerts/admit-notification-message-bundle-01.json"),
    );
    const discharge = await county.send(
      "county-system",
      sample("davinci-alerts/discharge-notification-message-bundle-01.json"),
    );
    expect(codes(admit).every((code) => ["MAPPED", "KEPT"].includes(code))).toBe(true);
    expect(codes(discharge).every((code) => ["MAPPED", "KEPT", "UNCHANGED"].includes(code))).toBe(
      true,
    );
    const [row] = await county.house.database
      .sql("referrals.encounter")
      .join("referrals.agency", "agency.id", "encounter.agency_id")
      .where({ "agency.name": "HOLY FAMILY HOSPITAL" });
    expect(row).toMatchObject({ status: "finished", disposition: "1", version: row.version });
    expect(row.ended_at.toISOString()).toBe("2018-10-24T05:22:15.000Z");
  });

  it("of US Core go in, or are refused with a reason", async () => {
    const sent = [
      "organization-holy-healthcare",
      "location-hospital",
      "patient-example",
      "encounter-1036",
      "servicerequest-foodpantry-referral",
      "medicationrequest-coded-oral-axid",
    ];
    for (const name of sent)
      expect(codes(await county.send("county-system", sample(`us-core/${name}.json`)))).toEqual([
        "MAPPED",
      ]);
    expect(
      codes(await county.send("county-system", sample("us-core/bundle-docref-example1.json"))),
    ).toEqual(["BUNDLE_NOT_ACCEPTED"]);
  });
});

it("nothing about a person is ever logged", () => {
  const logged = county.logged.join("");
  for (const word of [
    "Maria",
    "Delgado",
    "1961-07-14",
    "Doe",
    "Elden718",
    "Shaw",
    "Intensive outreach",
    "H-2001",
  ])
    expect(logged).not.toContain(word);
  expect(logged).toContain("fhir intake");
});
