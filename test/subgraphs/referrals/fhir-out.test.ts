/** Handoffs read by FHIR, under the same law as by the graph. */
import type { Bundle, FhirResource, Task } from "fhir/r4";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { demoIssuer } from "../../../gateway/demo-issuer.ts";
import { validate } from "../../../subgraphs/referrals/fhir/validate.ts";
import { agencies, COUNTY_PERSON_ID, people, personas } from "../../county/county.ts";
import { openCounty, openCountyHouse, testLog } from "../../county/house.ts";
import type { Asker, County } from "../../county/house.ts";

const { hospital, bh, housing, recovery, county: humanServices } = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";

let county: County;
let maria: string;
let walter: string;
/** Maria's handoff to behavioral health. */
let handoff: string;

/** Reads by FHIR over HTTP; null asks without a token. */
const read = async <T = any>(as: Asker | null, path: string, method = "GET") => {
  const response = await fetch(`${county.house.url}/fhir/${path}`, {
    method,
    headers: as ? { authorization: `Bearer ${await county.token(as)}` } : {},
  });
  const text = await response.text();
  expect(response.headers.get("content-type")).toBe("application/fhir+json");
  const body = JSON.parse(text) as T;
  validate(body as FhirResource);
  return { status: response.status, headers: response.headers, text, body };
};
const readPath = async (as: Asker, url: string) =>
  read<Bundle<Task>>(as, url.replace(/^\/fhir\//, ""));
const codeOf = ({ status, body }: { status: number; body: any }) => [
  status,
  body.issue[0].details.coding[0].code,
];
const tasksOf = ({ body }: { body: Bundle<Task> }): (Task | undefined)[] =>
  (body.entry ?? []).map(({ resource }) => resource);
const linkOf = ({ body }: { body: Bundle }, relation: string) =>
  body.link?.find((it) => it.relation === relation)?.url;

const idOf = async (countyId: string): Promise<string> => {
  const { data } = await county.ask(
    "discharge-coordinator",
    `query($value: String!) { it: personByIdentifier(system: "${COUNTY_PERSON_ID}", value: $value) { id } }`,
    { value: countyId },
  );
  return data.it.id;
};

/** What the ledger holds of a person: to whom, and which kinds. */
const ledgerOf = async (person: string): Promise<{ recipient: string; categories: string[] }[]> => {
  const { data } = await county.ask(
    "hospital-privacy-officer",
    `query($id: ID!) { accountingOfDisclosures(personId: $id, first: 100) { edges { node { recipient { id } categories } } } }`,
    { id: person },
  );
  return data.accountingOfDisclosures.edges.map(({ node }: any) => ({
    recipient: node.recipient.id,
    categories: node.categories,
  }));
};

beforeAll(async () => {
  county = await openCounty();
  maria = await idOf(people.maria.countyId);
  walter = await idOf(people.walter.countyId);
  const { data } = await county.ask(
    "discharge-coordinator",
    `query($person: ID!) { handoffs(person: $person) { edges { node { id } } } }`,
    { person: maria },
  );
  handoff = data.handoffs.edges[0].node.id;
});
afterAll(() => county.close());

describe("a handoff read as a Task", () => {
  it("says the same as the graph", async () => {
    const { data } = await county.ask(
      "discharge-coordinator",
      `query($id: ID!) { handoff(id: $id) { version state occurredAt receivedAt referral { id } } }`,
      { id: handoff },
    );
    const { status, headers, body } = await read<Task>("discharge-coordinator", `Task/${handoff}`);
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(data.handoff.state).toBe("IN_SERVICE");
    expect(body).toMatchObject({
      resourceType: "Task",
      id: handoff,
      meta: { versionId: `${data.handoff.version}`, lastUpdated: data.handoff.receivedAt },
      status: "in-progress",
      intent: "order",
      businessStatus: { coding: [{ code: "IN_SERVICE" }] },
      focus: { reference: `ServiceRequest/${data.handoff.referral.id}` },
      for: { reference: `Patient/${maria}` },
      requester: { reference: `Organization/${hospital.id}`, display: hospital.name },
      owner: { reference: `Organization/${bh.id}`, display: bh.name },
      lastModified: data.handoff.occurredAt,
      authoredOn: "2025-03-03T14:00:00.000Z",
    });
  });

  it("is in the ledger before it leaves, when another agency's record is read", async () => {
    const before = await ledgerOf(maria);
    await read("discharge-coordinator", `Task/${handoff}`);
    expect(await ledgerOf(maria)).toHaveLength(before.length);
    const { status } = await read("county-case-worker", `Task/${handoff}`);
    expect(status).toBe(200);
    const after = await ledgerOf(maria);
    expect(after).toHaveLength(before.length + 1);
    expect(after).toContainEqual({ recipient: humanServices.id, categories: ["REFERRAL_ADMIN"] });
  });

  it("is not given where the ledger cannot be written", async () => {
    const { sql } = county.house.database;
    await sql.raw("alter table information_sharing.ledger_entry rename to ledger_entry_gone");
    try {
      const refused = await read("county-case-worker", `Task/${handoff}`);
      expect(codeOf(refused)).toEqual([503, "DISCLOSURE_NOT_RECORDED"]);
      expect(refused.text).not.toContain(maria);
    } finally {
      await sql.raw("alter table information_sharing.ledger_entry_gone rename to ledger_entry");
    }
  });

  it("does not exist, byte for byte, to one who may not know of it", async () => {
    for (const as of ["ems-responder", "housing-worker", "analyst"] as const) {
      const hidden = await read(as, `Task/${handoff}`);
      expect(codeOf(hidden)).toEqual([404, "NOT_FOUND"]);
      expect((await read(as, `Task/${UNKNOWN}`)).text).toBe(hidden.text);
      expect((await read(as, "Task/H-2001")).text).toBe(hidden.text);
    }
  });
});

describe("a search for Tasks", () => {
  it("finds a person's, whose they are, and where they stand", async () => {
    const found = async (search: string) =>
      tasksOf(await read("discharge-coordinator", `Task?${search}`)).map((it) => it?.id);
    expect(await found(`patient=${maria}`)).toEqual([handoff]);
    expect(await found(`patient=Patient/${maria}&owner=Organization/${bh.id}`)).toEqual([handoff]);
    expect(await found(`patient=${maria}&owner=${housing.id}`)).toEqual([]);
    expect(await found(`patient=${maria}&status=in-progress`)).toEqual([handoff]);
    expect(await found(`patient=${maria}&status=draft,rejected`)).toEqual([]);
    expect(await found(`owner=${bh.id}`)).toEqual([handoff]);
    // A status by which no state is told finds nothing, and not everything.
    expect(await found("status=ready")).toEqual([]);
  });

  it("goes on by its own links, and never says how many there are", async () => {
    const first = await read<Bundle<Task>>("discharge-coordinator", "Task?_count=1");
    expect(first.body).toMatchObject({ resourceType: "Bundle", type: "searchset" });
    expect(first.body).not.toHaveProperty("total");
    expect(linkOf(first, "self")).toBe("/fhir/Task?_count=1");
    const next = await readPath("discharge-coordinator", linkOf(first, "next") ?? "");
    expect([first, next].flatMap(tasksOf).map((it) => it?.for?.reference)).toEqual(
      expect.arrayContaining([`Patient/${maria}`, `Patient/${walter}`]),
    );
    expect(linkOf(next, "next")).toBeUndefined();
  });

  it("says nothing of a person of whom the asker may not know", async () => {
    const hidden = await read("ems-responder", `Task?patient=${maria}`);
    const unknown = await read("ems-responder", `Task?patient=${UNKNOWN}`);
    expect(hidden.status).toBe(200);
    expect(hidden.body).not.toHaveProperty("entry");
    expect(hidden.text.replace(maria, UNKNOWN)).toBe(unknown.text);
  });

  it("is refused to one who is given no handoff of anybody", async () => {
    expect(codeOf(await read("analyst", `Task?patient=${maria}`))).toEqual([403, "WITHHELD"]);
  });

  it.each([
    ["a parameter that is not known", "person=1"],
    ["one that stands there twice", "status=draft&status=ready"],
    ["a status that is none", "status=waiting"],
    ["a count that is none", "_count=0"],
    ["an id that is none", "patient=Organization/1"],
    ["a malformed id", "patient=H-2001"],
    ["a cursor of no list", "after=x"],
  ])("is refused for %s", async (_, search) => {
    expect(codeOf(await read("discharge-coordinator", `Task?${search}`))).toEqual([
      400,
      "BAD_INPUT",
    ]);
  });
});

describe("by FHIR", () => {
  it("nothing is read without a token", async () => {
    for (const path of [`Task/${handoff}`, "Task", "Task?status=waiting", "Patient"]) {
      const refused = await read(null, path);
      expect(codeOf(refused)).toEqual([401, "UNAUTHENTICATED"]);
      expect(refused.headers.get("www-authenticate")).toMatch(/^Bearer/);
    }
  });

  it("whoever comes is told what can be asked, and needs no token for it", async () => {
    const { status, body } = await read(null, "metadata");
    expect([status, body.resourceType, body.fhirVersion]).toEqual([
      200,
      "CapabilityStatement",
      "4.0.1",
    ]);
  });

  it("what is read is not written", async () => {
    for (const method of ["POST", "PUT", "DELETE"]) {
      const refused = await read("discharge-coordinator", `Task/${handoff}`, method);
      expect(codeOf(refused)).toEqual([405, "METHOD_NOT_ALLOWED"]);
      expect(refused.headers.get("allow")).toBe("GET");
    }
  });

  it("Tasks are read in production too, where only registered documents are answered", async () => {
    const issuer = await demoIssuer(null);
    const bearer = `Bearer ${await issuer.token(personas["discharge-coordinator"])}`;
    vi.stubEnv("NODE_ENV", "production");
    onTestFinished(() => void vi.unstubAllEnvs());
    const { url, close } = await openCountyHouse({ issuer, log: testLog().log });
    onTestFinished(close);
    const refused = await fetch(`${url}/graphql?query=${encodeURIComponent("{ __typename }")}`, {
      headers: { authorization: bearer },
    });
    expect(await refused.text()).toContain("DOCUMENT_NOT_TRUSTED");
    const given = await fetch(`${url}/fhir/Task`, { headers: { authorization: bearer } });
    expect([given.status, ((await given.json()) as Bundle).entry?.length]).toEqual([200, 2]);
  });

  it("nothing but Tasks is read", async () => {
    for (const path of [`Patient/${maria}`, "Task/", `Task/${handoff}/_history`, "toString"])
      expect(codeOf(await read("discharge-coordinator", path))).toEqual([404, "NOT_FOUND"]);
  });
});

describe("a handoff to a substance use program", () => {
  it("is read by its ends; to its coordinator it is absent, and so is every trace of it", async () => {
    const referral = await county.tell("discharge-coordinator", "referPerson", "ReferPersonInput", {
      personId: walter,
      service: "canary medication-assisted treatment",
    });
    const boundary = await county.tell(
      "hospital-executive",
      "agreeInterface",
      "AgreeInterfaceInput",
      {
        kind: "COMPLEX_TRANSITION",
        name: "Alder General and Harbor Recovery",
        partyIds: [hospital.id, recovery.id, humanServices.id],
        contacts: [hospital, recovery, humanServices].map(({ id }) => ({
          agencyId: id,
          name: "Dana Whitfield",
          cover: "Joel Park",
        })),
      },
    );
    const offered = await county.tell(
      "discharge-coordinator",
      "offerHandoff",
      "OfferHandoffInput",
      {
        referralId: referral.id,
        receiverId: recovery.id,
        interfaceId: boundary.id,
        coordinatorId: humanServices.id,
      },
    );
    for (const as of ["discharge-coordinator", "recovery-counselor"] as const) {
      const { status, body } = await read<Task>(as, `Task/${offered.id}`);
      expect([status, body.status]).toEqual([200, "draft"]);
    }
    const hidden = await read("county-case-worker", `Task/${offered.id}`);
    expect(codeOf(hidden)).toEqual([404, "NOT_FOUND"]);
    expect(hidden.text).toBe((await read("county-case-worker", `Task/${UNKNOWN}`)).text);

    const owned = await read<Bundle>("county-case-worker", `Task?owner=${recovery.id}`);
    const nobodys = await read<Bundle>("county-case-worker", `Task?owner=${UNKNOWN}`);
    expect(owned.text.replaceAll(recovery.id, UNKNOWN)).toBe(nobodys.text);

    const listed = await read<Bundle<Task>>("county-case-worker", `Task?patient=${walter}`);
    expect(tasksOf(listed).map((it) => it?.owner?.display)).toEqual([housing.name]);
    expect(listed.text).not.toContain(offered.id);
    const whole = await read<Bundle<Task>>("discharge-coordinator", `Task?patient=${walter}`);
    expect(tasksOf(whole)).toHaveLength(2);
  });
});
