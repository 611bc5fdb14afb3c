/** Da Vinci's notifications: what an admission, a transfer or a discharge makes of a stay, and whom it gives notice. */
import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, HOSPITAL_MRN } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";

type Made = Record<string, any>;

const sample = (name: string): Made =>
  JSON.parse(
    readFileSync(
      new URL(
        `../../samples/davinci-alerts/${name}-notification-message-bundle-01.json`,
        import.meta.url,
      ),
      "utf8",
    ),
  );

const NPI = "http://hl7.org/fhir/sid/us-npi";
const EVENT = "http://hl7.org/fhir/us/davinci-alerts/CodeSystem/notification-event";

let county: County;
beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

const codes = ({ body }: { body: any }): string[] =>
  (body.entry?.map(({ response }: any) => response.outcome) ?? [body]).flatMap(({ issue }: any) =>
    issue.map(({ details }: any) => details.coding[0].code),
  );

const organization = (id: string, agency: { npi: string; name: string }) => ({
  resourceType: "Organization",
  id,
  identifier: [{ system: NPI, value: agency.npi }],
  name: agency.name,
});

/** A notification of a stay at the hospital, by its own system; `more` is of the encounter. */
const notification = (event: string, more: object = {}, tag: string = randomUUID()) => ({
  tag,
  message: {
    resourceType: "Bundle",
    type: "message",
    timestamp: "2025-03-03T18:00:00Z",
    entry: [
      {
        fullUrl: `urn:uuid:${randomUUID()}`,
        resource: {
          resourceType: "MessageHeader",
          id: `${event}-${tag}`,
          eventCoding: { system: EVENT, code: `notification-${event}` },
          source: { endpoint: "https://hospital.example/alerts" },
          focus: [{ reference: `urn:uuid:${tag}` }],
        },
      },
      {
        fullUrl: `urn:uuid:${tag}`,
        resource: {
          resourceType: "Encounter",
          id: tag,
          class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "IMP" },
          status: event === "discharge" ? "finished" : "in-progress",
          subject: { reference: `Patient/p-${tag}` },
          serviceProvider: { reference: "Organization/h" },
          period: {
            start: "2025-03-01T08:00:00Z",
            ...(event === "discharge" && { end: "2025-03-03T17:00:00Z" }),
          },
          ...more,
        },
      },
      ...[
        organization("h", agencies.hospital),
        organization("b", agencies.bh),
        {
          resourceType: "Patient",
          id: `p-${tag}`,
          identifier: [{ system: HOSPITAL_MRN, value: tag }],
          name: [{ given: ["Jane"], family: "Roe" }],
          birthDate: "1970-01-01",
        },
      ].map((resource) => ({ fullUrl: `https://hospital.example/${resource.id}`, resource })),
    ] as Made[],
  } as Made,
});

const TO_BH = { hospitalization: { destination: { reference: "Organization/b" } } };

const WHERE = `query($system: String!, $value: String!) {
  personByIdentifier(system: $system, value: $value) {
    encounters { edges { node { status class startedAt endedAt agency { name } } } }
    handoffs { edges { node {
      id state origin occurredAt sender { name } receiver { name } accountable { name }
      gap { from hours } history { to occurredAt }
    } } }
  }
}`;

/** What the graph tells an agency's system of a person. */
const read = async (as: "county-system" | "hospital-system", system: string, value: string) => {
  const { data, errors } = await county.ask(as, WHERE, { system, value });
  expect(errors).toEqual([]);
  const nodes = (of: string): Made[] =>
    data.personByIdentifier[of].edges.map(({ node }: any) => node);
  return { stays: nodes("encounters"), handoffs: nodes("handoffs") };
};

const readHere = (tag: string) => read("hospital-system", HOSPITAL_MRN, tag);

const setAside = async (bundle: Made): Promise<Made | undefined> => {
  const rows: Made[] = await county.house.database.sql("referrals.quarantine");
  return rows.find(({ bytes }) => bytes.toString() === JSON.stringify(bundle));
};

describe("a notification", () => {
  it("of Da Vinci's own samples shows a stay that goes on, and then its end, to whoever is asked for the person", async () => {
    const ELDEN = ["http://example.org/fhir/mrn", "06e1f0dd-5fbe-4480-9bb4-6b54ec02d31b"] as const;
    const stay = {
      startedAt: "2018-10-22T04:22:15.000Z",
      agency: { name: "HOLY FAMILY HOSPITAL" },
    };
    expect((await county.send("county-system", sample("admit"))).status).toBe(200);
    expect(await read("county-system", ...ELDEN)).toEqual({
      stays: [{ ...stay, status: "in-progress", class: "EMER", endedAt: null }],
      handoffs: [],
    });
    expect((await county.send("county-system", sample("discharge"))).status).toBe(200);
    const discharged = {
      stays: [
        {
          ...stay,
          status: "finished",
          class: "IMP",
          endedAt: "2018-10-24T05:22:15.000Z",
        },
      ],
      // Home is no agency.
      handoffs: [],
    };
    expect(await read("county-system", ...ELDEN)).toEqual(discharged);

    for (const name of ["admit", "discharge", "admit"])
      expect(new Set(codes(await county.send("county-system", sample(name))))).toEqual(
        new Set(["UNCHANGED"]),
      );
    expect(await read("county-system", ...ELDEN)).toEqual(discharged);
  });

  it.each(["discharge", "transfer"])(
    "of a %s that names where the person goes on to is the notice of a handoff there, once",
    async (event) => {
      const { tag, message } = notification(event, TO_BH);
      const [header, encounter] = codes(await county.send("hospital-system", message));
      expect([header, encounter]).toEqual(["MAPPED", "MAPPED"]);
      const notice = {
        state: "NOTIFIED",
        origin: "MESSAGE",
        sender: { name: agencies.hospital.name },
        receiver: { name: agencies.bh.name },
        accountable: { name: agencies.hospital.name },
        gap: event === "discharge" ? { from: "2025-03-03T17:00:00.000Z" } : null,
        history: [{ to: "NOTIFIED", occurredAt: "2025-03-03T18:00:00.000Z" }],
      };
      expect((await readHere(tag)).handoffs).toMatchObject([notice]);
      expect(new Set(codes(await county.send("hospital-system", message)))).toEqual(
        new Set(["UNCHANGED"]),
      );
      const again = structuredClone(message);
      again.entry[0].resource.id = `again-${tag}`;
      await county.send("hospital-system", again);
      expect((await readHere(tag)).handoffs).toMatchObject([notice]);
    },
  );

  it("is followed by the stay that it announced: one handoff, not two", async () => {
    const { tag, message } = notification("discharge", TO_BH);
    await county.send("hospital-system", message);
    await county.send("hospital-system", {
      resourceType: "Encounter",
      id: `next-${tag}`,
      class: { code: "NONAC" },
      status: "in-progress",
      subject: { reference: `Patient/p-${tag}` },
      serviceProvider: { reference: "Organization/b" },
      period: { start: "2025-03-04T17:00:00Z" },
    });
    expect((await readHere(tag)).handoffs).toMatchObject([
      {
        state: "IN_SERVICE",
        accountable: { name: agencies.bh.name },
        gap: { hours: 24 },
        history: [{ to: "NOTIFIED" }, { to: "IN_SERVICE" }],
      },
    ]);
  });

  /** Somebody admitted to the hospital, whom it has offered to behavioral health in the graph. */
  const admittedAndOffered = async () => {
    const { tag, message } = notification("admit");
    await county.send("hospital-system", message);
    const { data } = await county.ask(
      "discharge-coordinator",
      `query($value: String!) { personByIdentifier(system: "${HOSPITAL_MRN}", value: $value) { id } }`,
      { value: tag },
    );
    const referral = await county.tell("discharge-coordinator", "referPerson", "ReferPersonInput", {
      personId: data.personByIdentifier.id,
      service: "Aftercare",
    });
    const { id } = await county.tell("discharge-coordinator", "offerHandoff", "OfferHandoffInput", {
      referralId: referral.id,
      receiverId: agencies.bh.id,
      occurredAt: "2025-03-02T10:00:00Z",
    });
    return { tag, id: id as string };
  };

  it("of what the hospital has offered in the graph already moves that handoff, and makes no other", async () => {
    const { tag, id } = await admittedAndOffered();
    await county.send("hospital-system", notification("discharge", TO_BH, tag).message);
    expect((await readHere(tag)).handoffs).toMatchObject([
      {
        id,
        state: "NOTIFIED",
        origin: "GRAPH",
        history: [
          { to: "ANTICIPATED" },
          { to: "NOTIFIED", occurredAt: "2025-03-03T18:00:00.000Z" },
        ],
      },
    ]);
  });

  it("by another agency of the hospital's stay moves nothing that the hospital has offered", async () => {
    const { tag, id } = await admittedAndOffered();
    const reply = await county.send("bh-clinician", notification("discharge", TO_BH, tag).message);
    expect(codes(reply).slice(0, 2)).toEqual(["MAPPED", "MAPPED"]);
    const { handoffs } = await readHere(tag);
    expect(handoffs.filter((it) => it.id === id)).toMatchObject([{ state: "ANTICIPATED" }]);
  });

  it("of an admission says nothing yet of where the person goes on to", async () => {
    const { tag, message } = notification("admit", TO_BH);
    await county.send("hospital-system", message);
    expect(await readHere(tag)).toMatchObject({ stays: [{ status: "in-progress" }], handoffs: [] });
  });
});

describe("a message is refused whole, and set aside with its bytes", () => {
  const header = (more: object) => (bundle: Made) =>
    Object.assign(bundle.entry[0].resource, more) as unknown;
  it.each([
    [
      "without its header first",
      "discharge",
      {},
      (bundle: Made) => bundle.entry.reverse() as unknown,
      "BUNDLE_NOT_ACCEPTED",
      "Bundle.entry[0].resource",
    ],
    [
      "with an event that nobody knows",
      "discharge",
      {},
      header({ eventCoding: { system: EVENT, code: "notification-birth" } }),
      "BUNDLE_NOT_ACCEPTED",
      "MessageHeader.eventCoding",
    ],
    [
      "with an event of another system",
      "discharge",
      {},
      header({ eventCoding: { system: "urn:other", code: "notification-discharge" } }),
      "BUNDLE_NOT_ACCEPTED",
      "MessageHeader.eventCoding",
    ],
    [
      "whose focus is not in it",
      "discharge",
      {},
      header({ focus: [{ reference: "Encounter/elsewhere" }] }),
      "BUNDLE_NOT_ACCEPTED",
      "MessageHeader.focus",
    ],
    [
      "whose focus is no encounter",
      "discharge",
      {},
      header({ focus: [{ reference: "https://hospital.example/h" }] }),
      "BUNDLE_NOT_ACCEPTED",
      "MessageHeader.focus",
    ],
    [
      "of a discharge from a stay that goes on",
      "discharge",
      { status: "in-progress" },
      () => undefined,
      "CONTRADICTION",
      "Encounter.status",
    ],
    [
      "of a discharge that has no end",
      "discharge",
      { period: { start: "2025-03-01T08:00:00Z" } },
      () => undefined,
      "CONTRADICTION",
      "Encounter.period.end",
    ],
    [
      "of an admission to a stay that is over",
      "admit",
      { status: "finished" },
      () => undefined,
      "CONTRADICTION",
      "Encounter.status",
    ],
    [
      "of a transfer from a stay that was called off",
      "transfer",
      { status: "cancelled" },
      () => undefined,
      "CONTRADICTION",
      "Encounter.status",
    ],
  ] as const)("%s", async (_, event, more, change, code, element) => {
    const { tag, message } = notification(event, more);
    change(message);
    const reply = await county.send("hospital-system", message);
    expect(reply).toMatchObject({
      status: 422,
      body: { resourceType: "OperationOutcome", issue: [{ expression: [element] }] },
    });
    expect(codes(reply)).toEqual([code]);
    expect(await setAside(message)).toMatchObject({ code, element, released_at: null });
    const { data } = await county.ask("hospital-system", WHERE, {
      system: HOSPITAL_MRN,
      value: tag,
    });
    expect(data.personByIdentifier).toBeNull();
  });
});
