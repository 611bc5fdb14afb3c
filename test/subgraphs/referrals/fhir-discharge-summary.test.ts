/** A hospital's discharge summary, and what of it is in the packets of the handoffs that it has open. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, HOSPITAL_MRN } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { Asker, County } from "../../county/house.ts";
import { linesOf } from "../../../subgraphs/referrals/fhir/narrative.ts";

type Made = Record<string, any>;

const LOINC = "http://loinc.org";
const EMPTY_REASON = "http://terminology.hl7.org/CodeSystem/list-empty-reason";

const div = (inner: string) => `<div xmlns="http://www.w3.org/1999/xhtml">${inner}</div>`;

const section = (code: string, inner: string) => ({
  code: { coding: [{ system: LOINC, code }] },
  text: { status: "generated", div: div(inner) },
});

const empty = (code: string, reason: string) => ({
  ...section(code, "<p>Nothing to tell</p>"),
  emptyReason: { coding: [{ system: EMPTY_REASON, code: reason }] },
});

const WHOLE = [
  section(
    "10160-0",
    "<table><thead><tr><th>Medicine</th><th>Dose</th></tr></thead><tbody>" +
      "<tr><td>Lisinopril</td><td>10 mg</td></tr><tr><td>Metformin</td><td>500 mg</td></tr></tbody></table>",
  ),
  section("47420-5", "<p>Walks with a frame</p>"),
  section("18776-5", "<ul><li>Cardiology in a week</li><li>Wound check &amp; dressing</li></ul>"),
  section("75310-3", "<p>Fell <b>twice</b> on the ward</p>"),
];

let county: County;
beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

/** Somebody at the hospital, offered to each of these agencies. */
const offered = async (...receivers: string[]) => {
  const tag = randomUUID();
  const patient = {
    resourceType: "Patient",
    id: tag,
    identifier: [{ system: HOSPITAL_MRN, value: tag }],
  };
  await county.send("hospital-system", patient);
  const { data } = await county.ask(
    "discharge-coordinator",
    `query($value: String!) { personByIdentifier(system: "${HOSPITAL_MRN}", value: $value) { id } }`,
    { value: tag },
  );
  const ids: string[] = [];
  for (const receiverId of receivers) {
    const referral = await county.tell("discharge-coordinator", "referPerson", "ReferPersonInput", {
      personId: data.personByIdentifier.id,
      service: "Aftercare",
    });
    const made = await county.tell(
      "discharge-coordinator",
      "offerHandoff",
      "OfferHandoffInput",
      { referralId: referral.id, receiverId },
      "id",
    );
    ids.push(made.id as string);
  }
  return { tag, patient, ids };
};

const summary = (
  { tag, patient }: { tag: string; patient: object },
  sections: readonly object[],
  more: object = {},
) => ({
  resourceType: "Bundle",
  type: "document",
  identifier: { system: "urn:test", value: randomUUID() },
  timestamp: "2025-03-04T12:00:00Z",
  entry: [
    {
      fullUrl: `https://hospital.example/Composition/${tag}`,
      resource: {
        resourceType: "Composition",
        id: tag,
        status: "final",
        type: { coding: [{ system: LOINC, code: "18842-5" }] },
        subject: { reference: `Patient/${tag}` },
        date: "2025-03-04T12:00:00Z",
        author: [{ display: "Ward 3" }],
        title: "Discharge summary",
        section: sections,
        ...more,
      },
    },
    { fullUrl: `https://hospital.example/Patient/${tag}`, resource: patient },
  ],
});

const codes = ({ body }: { body: any }): string[] =>
  (body.entry?.map(({ response }: any) => response.outcome) ?? [body]).flatMap(({ issue }: any) =>
    issue.map(({ details }: any) => details.coding[0].code),
  );

const send = async (bundle: object, as: Asker = "hospital-system") =>
  codes(await county.send(as, bundle));

const read = async (id: string): Promise<Made> => {
  const { data, errors } = await county.ask(
    "discharge-coordinator",
    `query($id: ID!) { handoff(id: $id) { packet {
      version isComplete missingParts unconfirmedParts
      contents {
        readings { medications functionalStatus risks followUpAppointments }
        medications { text } functionalStatus { text } risks { text } followUpAppointments { text }
      }
    } } }`,
    { id },
  );
  expect(errors).toEqual([]);
  const { contents, ...packet } = data.handoff.packet;
  const { readings, ...parts } = contents;
  const texts = Object.entries(parts).map(([part, items]) => [
    part,
    (items as Made[]).map(({ text }) => text),
  ]);
  return { ...packet, readings, ...Object.fromEntries(texts) };
};

describe("a discharge summary", () => {
  it("supplies the four parts from its sections, line by line and without markup", async () => {
    const someone = await offered(agencies.bh.id);
    expect(await send(summary(someone, WHOLE))).toEqual(["MAPPED", "UNCHANGED"]);
    expect(await read(someone.ids[0] as string)).toMatchObject({
      version: 1,
      isComplete: true,
      medications: ["Lisinopril, 10 mg", "Metformin, 500 mg"],
      functionalStatus: ["Walks with a frame"],
      risks: ["Fell twice on the ward"],
      followUpAppointments: ["Cardiology in a week", "Wound check & dressing"],
    });
  });

  it("that says that nothing is known says so, and of what it leaves out or does not tell it says nothing", async () => {
    const someone = await offered(agencies.bh.id);
    await send(
      summary(someone, [
        empty("10160-0", "nilknown"),
        empty("47420-5", "withheld"),
        section("75310-3", "<p> </p>"),
      ]),
    );
    expect(await read(someone.ids[0] as string)).toMatchObject({
      isComplete: false,
      missingParts: ["FUNCTIONAL_STATUS", "RISKS", "FOLLOW_UP_APPOINTMENTS"],
      readings: {
        medications: "NONE_KNOWN",
        functionalStatus: "MISSING",
        risks: "MISSING",
        followUpAppointments: "MISSING",
      },
    });
  });

  it("tells of the medicines to take from here on, where it tells of those before as well", async () => {
    const someone = await offered(agencies.bh.id);
    await send(
      summary(someone, [
        section("10160-0", "<p>Warfarin</p>"),
        { ...section("10183-2", "<p>Apixaban</p>") },
      ]),
    );
    expect(await read(someone.ids[0] as string)).toMatchObject({ medications: ["Apixaban"] });
  });

  it("is in the packet of each handoff that its sender has open, and in none that is over", async () => {
    const someone = await offered(agencies.bh.id, agencies.housing.id, agencies.county.id);
    const [first, second, over] = someone.ids as [string, string, string];
    await county.tell("discharge-coordinator", "cancelHandoff", "CancelHandoffInput", {
      id: over,
      expectedVersion: 1,
      reason: "OTHER",
      reasonText: "No longer needed",
    });
    await send(summary(someone, WHOLE));
    for (const id of [first, second]) expect(await read(id)).toMatchObject({ version: 1 });
    expect(await read(over)).toMatchObject({ version: 0 });
  });

  it("sent again changes nothing; one that is amended changes what it amends, and the rest stays confirmed", async () => {
    const someone = await offered(agencies.bh.id);
    const [id] = someone.ids as [string];
    await send(summary(someone, WHOLE));
    await county.tell(
      "bh-clinician",
      "confirmReceipt",
      "ConfirmReceiptInput",
      { id, expectedVersion: 1, parts: ["MEDICATIONS", "RISKS"] },
      "id",
    );
    expect(await send(summary(someone, WHOLE))).toEqual(["UNCHANGED", "UNCHANGED"]);
    const [, ...others] = WHOLE;
    const amended = [section("10160-0", "<p>Lisinopril 20 mg</p>"), ...others];
    const later = { status: "amended", date: "2025-03-04T13:00:00Z" };
    expect(await send(summary(someone, amended, later))).toEqual(["MAPPED", "UNCHANGED"]);
    const now = {
      version: 3,
      medications: ["Lisinopril 20 mg"],
      unconfirmedParts: ["MEDICATIONS", "FUNCTIONAL_STATUS", "FOLLOW_UP_APPOINTMENTS"],
    };
    expect(await read(id)).toMatchObject(now);
    // The first one, late.
    await send(summary(someone, WHOLE));
    expect(await read(id)).toMatchObject(now);
  });

  it("that comes before its handoff is set aside, and taken in when it is sent again", async () => {
    const someone = await offered();
    expect(await send(summary(someone, WHOLE))).toEqual(["UNKNOWN_REFERENCE", "UNCHANGED"]);
    const { data } = await county.ask(
      "discharge-coordinator",
      `query($value: String!) { personByIdentifier(system: "${HOSPITAL_MRN}", value: $value) { id } }`,
      { value: someone.tag },
    );
    const referral = await county.tell("discharge-coordinator", "referPerson", "ReferPersonInput", {
      personId: data.personByIdentifier.id,
      service: "Aftercare",
    });
    const { id } = await county.tell(
      "discharge-coordinator",
      "offerHandoff",
      "OfferHandoffInput",
      { referralId: referral.id, receiverId: agencies.bh.id },
      "id",
    );
    expect(await send(summary(someone, WHOLE))).toEqual(["MAPPED", "UNCHANGED"]);
    expect(await read(id as string)).toMatchObject({ isComplete: true });
  });

  it("of another agency than the sender supplies nothing", async () => {
    const someone = await offered(agencies.bh.id);
    const [refused] = await send(summary(someone, WHOLE), "bh-clinician");
    expect(refused).toBe("UNKNOWN_REFERENCE");
    expect(await read(someone.ids[0] as string)).toMatchObject({ version: 0 });
  });

  it("that was entered in error, or is of another kind, is kept as received", async () => {
    const someone = await offered(agencies.bh.id);
    for (const more of [
      { status: "entered-in-error" },
      { type: { coding: [{ system: LOINC, code: "34133-9" }] } },
    ])
      expect(await send(summary(someone, WHOLE, more))).toEqual(["KEPT", "UNCHANGED"]);
    expect(await read(someone.ids[0] as string)).toMatchObject({ version: 0 });
  });
});

describe("the lines of a narrative", () => {
  it.each([
    ["a <b>bold</b> word<br/>and a line", ["a bold word", "and a line"]],
    ["<ul><li>one<ul><li>two</li></ul></li></ul>", ["one", "two"]],
    ["<script>alert(1)</script>seen<style>p{}</style>", ["seen"]],
    [
      "&lt;script&gt; 5 &lt; 6 &#x41;&#66;&nbsp;&bogus;&#x110000;",
      ["<script> 5 < 6 AB &bogus;&#x110000;"],
    ],
    ["a<!-- <p>hidden</p> -->b", ["ab"]],
    ['<p title="a > b">kept</p>', ["kept"]],
    ["5 < 6 and <", ["5 < 6 and <"]],
    ["&#0;x", ["x"]],
  ] as const)("of `%s`", (xhtml, lines) => {
    expect(linesOf(xhtml)).toEqual(lines);
  });

  it("of a megabyte that was made to be slow are read in a moment", () => {
    for (const hostile of ["<a", '<a "', "<a '", "<!--", "&#", "<script ", "a".repeat(9) + "<"]) {
      const xhtml = hostile.repeat(1_000_000 / hostile.length);
      const started = performance.now();
      linesOf(xhtml);
      linesOf(`<${"a".repeat(1_000_000)}`);
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });
});
