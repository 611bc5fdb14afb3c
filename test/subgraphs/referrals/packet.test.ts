/** The discharge packet: what a sender says of a person in four parts, what each reader may be given of it, and what has arrived. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at, COUNTY_PERSON_ID, MONDAY, people, personas } from "../../county/county.ts";
import type { PersonaName } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { Asker, County } from "../../county/house.ts";

const { hospital, county: countyAgency, bh, housing } = agencies;
type Made = Record<string, any>;

const PARTS = ["MEDICATIONS", "FUNCTIONAL_STATUS", "RISKS", "FOLLOW_UP_APPOINTMENTS"] as const;
type Part = (typeof PARTS)[number];

/** What the hospital says of Maria, by the input's field. */
const WHOLE = {
  medications: ["Lisinopril 10 mg, mornings", "Buprenorphine 8 mg film, once a day"],
  functionalStatus: ["Walks with a frame"],
  risks: ["Fell twice on the ward"],
  followUpAppointments: [`Cardiology, a week after ${MONDAY}`],
};
const FIELD = {
  MEDICATIONS: "medications",
  FUNCTIONAL_STATUS: "functionalStatus",
  RISKS: "risks",
  FOLLOW_UP_APPOINTMENTS: "followUpAppointments",
} as const satisfies Record<Part, keyof typeof WHOLE>;

let county: County;
let maria: string;
let walter: string;
let discharge: string;
beforeAll(async () => {
  county = await openCounty();
  const { data } = await county.ask(
    "discharge-coordinator",
    `query($system: String!) {
      interfaces { edges { node { id } } }
      p1: personByIdentifier(system: $system, value: "${people.maria.countyId}") { id }
      p2: personByIdentifier(system: $system, value: "${people.walter.countyId}") { id }
    }`,
    { system: COUNTY_PERSON_ID },
  );
  discharge = data.interfaces.edges[0].node.id;
  maria = data.p1.id;
  walter = data.p2.id;
});
afterAll(() => county.close());

const utc = (instant: string): string => new Date(instant).toISOString();

/** Maria is offered to behavioral health, which treats her already, unless a test says otherwise. */
const offered = async (receiverId: string = bh.id, personId = maria): Promise<string> => {
  const referral = await county.tell("discharge-coordinator", "referPerson", "ReferPersonInput", {
    personId,
    service: "Aftercare",
  });
  const { id } = await county.tell(
    "discharge-coordinator",
    "offerHandoff",
    "OfferHandoffInput",
    {
      referralId: referral.id,
      receiverId,
      interfaceId: discharge,
      coordinatorId: countyAgency.id,
    },
    "id",
  );
  return id as string;
};

const ADMIN = "packet { version isComplete missingParts unconfirmedParts }";

const supply = (id: string, said: object, more: object = {}, as: Asker = "discharge-coordinator") =>
  county.tell(
    as,
    "supplyPacket",
    "SupplyPacketInput",
    { id, expectedVersion: 0, ...said, ...more },
    `id version ${ADMIN}`,
  );

const confirm = (
  id: string,
  parts: readonly Part[],
  expectedVersion = 1,
  as: Asker = "bh-clinician",
) =>
  county.tell(
    as,
    "confirmReceipt",
    "ConfirmReceiptInput",
    { id, expectedVersion, parts },
    `id version ${ADMIN}`,
  );

const reconcile = (
  id: string,
  discrepancies: number,
  expectedVersion = 1,
  as: Asker = "bh-clinician",
) =>
  county.tell(
    as,
    "reconcileMedications",
    "ReconcileMedicationsInput",
    { id, expectedVersion, discrepancies },
    "id packet { version reconciliation { reconciledBy { id } reconciledAt discrepancies } }",
  );

const CONTENTS = `contents {
  readings { medications functionalStatus risks followUpAppointments }
  medications { text } functionalStatus { text } risks { text } followUpAppointments { text }
}`;

/** What one who asks reads of a packet, and at which places what is withheld. */
const read = async (as: Asker, id: string, selection = `${ADMIN} packet { ${CONTENTS} }`) => {
  const { data, errors, text } = await county.ask(
    as,
    `query($id: ID!) { handoff(id: $id) { ${selection} } }`,
    { id },
  );
  const withheld = errors.map(({ path = [], extensions }) => {
    expect(extensions.code).toBe("WITHHELD");
    return `${path.slice(2).join(".")} ${extensions.category}`;
  });
  return { packet: data.handoff?.packet as Made, withheld, text };
};

const lines = (texts: readonly string[]) => texts.map((text) => ({ text }));

describe("a packet", () => {
  it("is empty and incomplete before the sender says anything", async () => {
    expect((await read("discharge-coordinator", await offered())).packet).toEqual({
      version: 0,
      isComplete: false,
      missingParts: [...PARTS],
      unconfirmedParts: [],
      contents: {
        readings: {
          medications: "MISSING",
          functionalStatus: "MISSING",
          risks: "MISSING",
          followUpAppointments: "MISSING",
        },
        medications: [],
        functionalStatus: [],
        risks: [],
        followUpAppointments: [],
      },
    });
  });

  it.each(PARTS)(
    "[B11] is incomplete without %s, and complete once its sender says that there is none",
    async (part) => {
      const id = await offered();
      const without = await supply(id, WHOLE, { [FIELD[part]]: undefined });
      expect(without.packet).toMatchObject({ isComplete: false, missingParts: [part] });
      expect((await read("discharge-coordinator", id)).packet.contents).toMatchObject({
        readings: { [FIELD[part]]: "MISSING" },
        [FIELD[part]]: [],
      });

      const { packet } = await supply(id, { noneKnown: [part] }, { expectedVersion: 1 });
      expect(packet).toMatchObject({ version: 2, isComplete: true, missingParts: [] });
      const { contents } = (await read("discharge-coordinator", id)).packet;
      expect(contents).toMatchObject({
        readings: { [FIELD[part]]: "NONE_KNOWN" },
        [FIELD[part]]: [],
      });
      for (const other of PARTS.filter((it) => it !== part))
        expect(contents).toMatchObject({
          readings: { [FIELD[other]]: "PRESENT" },
          [FIELD[other]]: lines(WHOLE[FIELD[other]]),
        });
    },
  );

  it("[B11] is complete to a reader who may not have its parts, and each of those reads WITHHELD", async () => {
    const id = await offered();
    await supply(id, WHOLE);
    // It tracks the handoff, and is no agency that treats her.
    const { packet, withheld, text } = await read("county-case-worker", id);
    expect(packet).toEqual({
      version: 1,
      isComplete: true,
      missingParts: [],
      unconfirmedParts: [...PARTS],
      contents: {
        readings: {
          medications: "WITHHELD",
          functionalStatus: "WITHHELD",
          risks: "WITHHELD",
          followUpAppointments: "WITHHELD",
        },
        medications: null,
        functionalStatus: null,
        risks: null,
        followUpAppointments: null,
      },
    });
    expect(withheld.sort()).toEqual([
      "contents.followUpAppointments CARE_PLAN",
      "contents.functionalStatus CARE_PLAN",
      "contents.medications MEDICATIONS",
      "contents.readings.followUpAppointments CARE_PLAN",
      "contents.readings.functionalStatus CARE_PLAN",
      "contents.readings.medications MEDICATIONS",
      "contents.readings.risks CRISIS_RISK",
      "contents.risks CRISIS_RISK",
    ]);
    for (const said of Object.values(WHOLE).flat()) expect(text).not.toContain(said);
  });

  it("reads the same to whoever may not have it, whether there is something, nothing, or nobody has said", async () => {
    const said = [WHOLE, { noneKnown: [...PARTS] }, null];
    const answers = await Promise.all(
      said.map(async (it) => {
        const id = await offered();
        if (it) await supply(id, it);
        return (await read("county-case-worker", id, `packet { ${CONTENTS} }`)).text;
      }),
    );
    expect(new Set(answers).size).toBe(1);
  });

  it("is given to its receiver by the rules: what the agreement covers, and no line that tells more", async () => {
    const id = await offered();
    await supply(id, WHOLE);
    const { packet, withheld } = await read("bh-clinician", id);
    expect(packet).toMatchObject({
      isComplete: true,
      contents: {
        readings: {
          medications: "PRESENT",
          functionalStatus: "WITHHELD",
          risks: "WITHHELD",
          followUpAppointments: "WITHHELD",
        },
        medications: [{ text: "Lisinopril 10 mg, mornings" }],
        functionalStatus: null,
        risks: null,
        followUpAppointments: null,
      },
    });
    expect(withheld).toContain("contents.medications.@ SUD_TREATMENT");

    // Nothing in the answer says whether a line was left out.
    const plain = await offered();
    await supply(plain, { ...WHOLE, medications: ["Lisinopril 10 mg, mornings"] });
    expect((await read("bh-clinician", plain)).text).toBe((await read("bh-clinician", id)).text);
  });

  it("is not given to a receiver that does not treat the person yet, and is once service has begun", async () => {
    const id = await offered(bh.id, walter);
    await supply(id, WHOLE);
    const before = await read("bh-clinician", id);
    expect(before.packet).toMatchObject({
      isComplete: true,
      contents: { readings: { medications: "WITHHELD" }, medications: null },
    });
    // That it has arrived is the receiver's to say all the same: who reads it there is another question.
    expect((await confirm(id, ["MEDICATIONS"])).packet.unconfirmedParts).not.toContain(
      "MEDICATIONS",
    );
    const moves = [
      ["discharge-coordinator", "notifyHandoff"],
      ["discharge-coordinator", "presentHandoff"],
      ["bh-clinician", "acceptHandoff"],
      ["bh-clinician", "beginService"],
    ] as const;
    for (const [index, [as, mutation]] of moves.entries())
      await county.tell(as, mutation, "HandoffMoveInput", { id, expectedVersion: index + 1 });
    await county.house.settle();
    expect((await read("bh-clinician", id)).packet.contents).toMatchObject({
      readings: { medications: "PRESENT" },
      medications: [{ text: "Lisinopril 10 mg, mornings" }],
    });
  });

  it("is not known of by an agency that may not know of the handoff", async () => {
    const id = await offered();
    await supply(id, WHOLE);
    const { packet, text } = await read("ems-responder", id);
    expect(packet).toBeUndefined();
    expect(text).toBe((await read("ems-responder", randomUUID())).text);
  });

  it("is written to the ledger when a third agency reads a part of it", async () => {
    const id = await offered(housing.id);
    await supply(id, WHOLE);
    const entries = async (): Promise<Made[]> => {
      const { data } = await county.ask(
        "hospital-privacy-officer",
        `query($id: ID!) { accountingOfDisclosures(personId: $id, first: 100) {
          edges { node { id recipient { id } categories } } } }`,
        { id: maria },
      );
      return data.accountingOfDisclosures.edges.map(({ node }: Made) => node);
    };
    const before = new Set((await entries()).map((entry) => entry.id));
    const selection = "packet { contents { medications { text } } }";
    const { packet } = await read("bh-clinician", id, selection);
    expect(packet.contents.medications).toHaveLength(1);
    expect((await entries()).filter((entry) => !before.has(entry.id))).toEqual([
      {
        id: expect.any(String),
        recipient: { id: bh.id },
        categories: ["MEDICATIONS", "REFERRAL_ADMIN"],
      },
    ]);
  });
});

describe("a receiver that gives no treatment", () => {
  it("reads how the person manages and what is arranged, once that is authorized, and neither medicines nor risks", async () => {
    const id = await offered(housing.id);
    await supply(id, WHOLE);
    const unauthorized = await read("housing-worker", id);
    expect(unauthorized.packet.contents.readings.functionalStatus).toBe("WITHHELD");

    const agreement = await county.tell(
      "hospital-executive",
      "draftSharingAgreement",
      "DraftSharingAgreementInput",
      {
        interfaceId: discharge,
        withAgencyId: housing.id,
        purposes: ["COC"],
        categories: ["CARE_PLAN", "MEDICATIONS", "CRISIS_RISK"],
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
    expect((await read("housing-worker", id)).packet.contents).toEqual({
      readings: {
        medications: "WITHHELD",
        functionalStatus: "PRESENT",
        risks: "WITHHELD",
        followUpAppointments: "PRESENT",
      },
      medications: null,
      functionalStatus: lines(WHOLE.functionalStatus),
      risks: null,
      followUpAppointments: lines(WHOLE.followUpAppointments),
    });
  });
});

describe("supplying a packet", () => {
  it("puts a part in the place of the one before, and what was said before is kept as it was", async () => {
    const id = await offered();
    await supply(id, WHOLE);
    await supply(id, { risks: ["Fell three times"] }, { expectedVersion: 1 });
    const { contents } = (await read("discharge-coordinator", id)).packet;
    expect(contents.risks).toEqual([{ text: "Fell three times" }]);
    expect(contents.medications).toEqual(lines(WHOLE.medications));

    const room = county.house.database.of("referrals").by(hospital.id);
    const kept = await room
      .sql("referrals.packet_part")
      .where({ handoff_id: id, part: "RISKS" })
      .orderBy("version")
      .pluck("items");
    expect(kept).toEqual([WHOLE.risks, ["Fell three times"]]);
    for (const table of ["packet_part", "packet_receipt", "medication_reconciliation"])
      await expect(
        room.sql(`referrals.${table}`).where({ handoff_id: id }).update({ version: 7 }),
      ).rejects.toThrow(/permission denied/);
  });

  it("says who supplied a part, when it was written down and when it came", async () => {
    const id = await offered();
    county.now(at("19:00", 1));
    await supply(id, { risks: WHOLE.risks }, { recordedAt: at("18:30", 1) });
    const { packet } = await read(
      "bh-clinician",
      id,
      "packet { parts { part recordedBy { id } recordedAt receivedAt receipt { confirmedAt } } }",
    );
    expect(packet.parts).toEqual([
      {
        part: "RISKS",
        recordedBy: { id: hospital.id },
        recordedAt: utc(at("18:30", 1)),
        receivedAt: utc(at("19:00", 1)),
        receipt: null,
      },
    ]);
  });

  it("has effect once for each idempotency key, with its history and its event, and no word of a person in that", async () => {
    const id = await offered();
    const input = { idempotencyKey: randomUUID() };
    const once = await supply(id, WHOLE, input);
    expect(await supply(id, WHOLE, input)).toEqual(once);
    await expect(supply(id, { risks: ["Another"] }, input)).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
    const { sql } = county.house.database;
    const of = { aggregate_type: "discharge_packet", aggregate_id: id };
    expect(await sql("referrals.history").where(of).pluck("what")).toEqual(["packet.supplied"]);
    const [event] = await sql("referrals.outbox").where({
      aggregateid: id,
      type: "packet.supplied",
    });
    expect(event.payload.data).toEqual({ version: 1, interface: discharge, missing: "" });
  });

  it("is refused on top of what the sender has not read", async () => {
    const id = await offered();
    await supply(id, WHOLE);
    await expect(supply(id, WHOLE)).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
      currentVersion: 1,
    });
  });

  it.each([
    ["nothing", "noneKnown", {}],
    [
      "an empty list, which is nobody's word that there is none",
      "medications",
      { medications: [] },
    ],
    [
      "a part that is there and is not",
      "medications",
      { medications: ["Lisinopril"], noneKnown: ["MEDICATIONS"] },
    ],
    ["a blank line", "risks", { risks: ["  "] }],
    ["a line too long", "followUpAppointments", { followUpAppointments: ["x".repeat(2_001)] }],
    [
      "what is still to be recorded",
      "recordedAt",
      { risks: ["Falls"], recordedAt: at("08:00", 400) },
    ],
  ])("is refused for %s, by the name of the field: `%s`", async (_, field, said) => {
    await expect(supply(await offered(), said)).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });

  it("is its sender's alone: refused to the others at the handoff, and to everybody else there is no such handoff", async () => {
    const id = await offered();
    for (const other of ["bh-clinician", "county-case-worker"] as const)
      await expect(supply(id, WHOLE, {}, other)).rejects.toMatchObject({
        code: "MOVE_NOT_ALLOWED",
        state: "ANTICIPATED",
      });
    for (const other of ["ems-responder", "housing-worker"] as const)
      await expect(supply(id, WHOLE, {}, other)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await read("discharge-coordinator", id)).packet.version).toBe(0);
  });

  it("is refused in the database too, in another's name and at another's handoff", async () => {
    const id = await offered();
    const row = {
      handoff_id: id,
      version: 1,
      part: "RISKS",
      items: "[]",
      recorded_at: new Date(at("08:00")),
      received_at: new Date(at("08:00")),
    };
    const insert = (by: string, source: string) =>
      county.house.database
        .of("referrals")
        .by(by)
        .sql("referrals.packet_part")
        .insert({ ...row, source_id: source });
    for (const [by, source] of [
      [bh.id, bh.id],
      [bh.id, hospital.id],
      [housing.id, housing.id],
    ] as const)
      await expect(insert(by, source)).rejects.toThrow(/row-level security/);
  });

  it.each(["cancelHandoff", "the receiver's decline"])("is too late after %s", async (end) => {
    const id = await offered();
    const move = (
      as: PersonaName,
      mutation: string,
      type: string,
      expectedVersion: number,
      more = {},
    ) => county.tell(as, mutation, type, { id, expectedVersion, ...more });
    if (end === "cancelHandoff")
      await move("discharge-coordinator", "cancelHandoff", "CancelHandoffInput", 1, {
        reason: "DISCHARGE_CANCELLED",
      });
    else {
      await move("discharge-coordinator", "notifyHandoff", "HandoffMoveInput", 1);
      await move("discharge-coordinator", "presentHandoff", "HandoffMoveInput", 2);
      await move("bh-clinician", "declineHandoff", "DeclineHandoffInput", 3, {
        reason: "PERSON_DECLINED",
      });
    }
    await expect(supply(id, WHOLE)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: end === "cancelHandoff" ? "CANCELLED" : "DECLINED",
    });
  });
});

describe("receipt of a packet", () => {
  const RECEIPTS = "packet { parts { part receipt { confirmedBy { id } confirmedAt } } }";

  it("[B14] is confirmed part by part, by whom and when, and what is not confirmed is listed", async () => {
    const id = await offered();
    await supply(id, WHOLE);
    county.now(at("20:00", 1));
    const first = await confirm(id, ["RISKS", "MEDICATIONS"]);
    expect(first.packet).toMatchObject({
      version: 2,
      unconfirmedParts: ["FUNCTIONAL_STATUS", "FOLLOW_UP_APPOINTMENTS"],
    });
    county.now(at("21:00", 1));
    await confirm(id, ["FUNCTIONAL_STATUS"], 2);

    for (const party of ["discharge-coordinator", "bh-clinician", "county-case-worker"] as const) {
      const { packet } = await read(party, id, `${ADMIN} ${RECEIPTS}`);
      expect(packet.unconfirmedParts).toEqual(["FOLLOW_UP_APPOINTMENTS"]);
      const early = { confirmedBy: { id: bh.id }, confirmedAt: utc(at("20:00", 1)) };
      const late = { confirmedBy: { id: bh.id }, confirmedAt: utc(at("21:00", 1)) };
      expect(packet.parts).toEqual([
        { part: "MEDICATIONS", receipt: early },
        { part: "FUNCTIONAL_STATUS", receipt: late },
        { part: "RISKS", receipt: early },
        { part: "FOLLOW_UP_APPOINTMENTS", receipt: null },
      ]);
    }
  });

  it("[B14] of a part is confirmed anew when the part is replaced", async () => {
    const id = await offered();
    await supply(id, WHOLE);
    await confirm(id, PARTS);
    const { packet } = await supply(id, { risks: ["None at home"] }, { expectedVersion: 2 });
    expect(packet).toMatchObject({ version: 3, unconfirmedParts: ["RISKS"] });
    expect((await confirm(id, ["RISKS"], 3)).packet.unconfirmedParts).toEqual([]);
  });

  it("is not confirmed for what was replaced meanwhile", async () => {
    const id = await offered();
    await supply(id, WHOLE);
    await supply(id, { risks: ["None at home"] }, { expectedVersion: 1 });
    await expect(confirm(id, ["RISKS"], 1)).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
      currentVersion: 2,
    });
  });

  it("is not confirmed of a part that was not supplied, twice, or of none", async () => {
    const id = await offered();
    await supply(id, { risks: WHOLE.risks });
    for (const parts of [["MEDICATIONS"], ["RISKS", "MEDICATIONS"], []] as Part[][])
      await expect(confirm(id, parts)).rejects.toMatchObject({ code: "BAD_INPUT", field: "parts" });
    await confirm(id, ["RISKS"]);
    await expect(confirm(id, ["RISKS"], 2)).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "parts",
    });
  });

  it("is the receiver's alone to confirm", async () => {
    const id = await offered();
    await supply(id, WHOLE);
    for (const other of ["discharge-coordinator", "county-case-worker"] as const)
      await expect(confirm(id, ["RISKS"], 1, other)).rejects.toMatchObject({
        code: "MOVE_NOT_ALLOWED",
      });
    for (const other of ["ems-responder", "bh-executive"] as const)
      await expect(confirm(id, ["RISKS"], 1, other)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await county.tell("discharge-coordinator", "cancelHandoff", "CancelHandoffInput", {
      id,
      expectedVersion: 1,
      reason: "NO_LONGER_NEEDED",
    });
    await expect(confirm(id, ["RISKS"])).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "CANCELLED",
    });
  });
});

describe("reconciliation of medicines", () => {
  it("says by whom and when the packet's medicines were compared, and how many did not agree", async () => {
    const id = await offered();
    await supply(id, WHOLE);
    county.now(at("22:00", 1));
    const { packet } = await reconcile(id, 2);
    expect(packet).toEqual({
      version: 2,
      reconciliation: {
        reconciledBy: { id: bh.id },
        reconciledAt: utc(at("22:00", 1)),
        discrepancies: 2,
      },
    });
    expect((await reconcile(id, 0, 2)).packet.reconciliation.discrepancies).toBe(0);
  });

  it("is the receiver's, and of medicines of which something was said", async () => {
    const id = await offered();
    await supply(id, { risks: WHOLE.risks });
    await expect(reconcile(id, 0)).rejects.toMatchObject({ code: "BAD_INPUT", field: "id" });
    await supply(id, { noneKnown: ["MEDICATIONS"] }, { expectedVersion: 1 });
    await expect(reconcile(id, -1, 2)).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "discrepancies",
    });
    await expect(reconcile(id, 0, 2, "discharge-coordinator")).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
    await expect(reconcile(id, 0, 2, "housing-worker")).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect((await reconcile(id, 0, 2)).packet.reconciliation.discrepancies).toBe(0);
  });
});

describe("a report of what a packet lacks", () => {
  it("names no part that was supplied, and says in words what is wrong with one that was", async () => {
    const id = await offered();
    await supply(id, { medications: WHOLE.medications });
    await county.tell("discharge-coordinator", "notifyHandoff", "HandoffMoveInput", {
      id,
      expectedVersion: 1,
    });
    const report = (items: string[]) =>
      county.tell(
        "bh-clinician",
        "reportMissingItems",
        "HandoffItemsInput",
        { id, expectedVersion: 2, items },
        `state items ${ADMIN}`,
      );
    await expect(report(["MEDICATIONS"])).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "items",
    });
    const items = ["RISKS", "doses of the medicines"];
    expect(await report(items)).toMatchObject({
      state: "PACKET_INCOMPLETE",
      items,
      packet: { missingParts: ["FUNCTIONAL_STATUS", "RISKS", "FOLLOW_UP_APPOINTMENTS"] },
    });
  });
});

describe("the move that puts a handoff before its receiver", () => {
  it("is open while the packet is incomplete: what is missing is said beside it", async () => {
    const id = await offered();
    await supply(id, { risks: WHOLE.risks });
    const move = (mutation: string, expectedVersion: number) =>
      county.tell(
        "discharge-coordinator",
        mutation,
        "HandoffMoveInput",
        { id, expectedVersion },
        `state ${ADMIN}`,
      );
    await move("notifyHandoff", 1);
    expect(await move("presentHandoff", 2)).toMatchObject({
      state: "AWAITING_DECISION",
      packet: { isComplete: false, missingParts: PARTS.filter((it) => it !== "RISKS") },
    });
  });
});
