/** HL7 v2 into the same people, stays and handoffs as FHIR: what each event does, and what is set aside. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Problem } from "#schema/problems.ts";
import type { Act } from "#platform/act.ts";
import { openIntake, takeMessage } from "../../../subgraphs/referrals/hl7v2/intake.ts";
import type { Fate } from "../../../subgraphs/referrals/hl7v2/intake.ts";
import { requesterFor, setAside } from "../../../subgraphs/referrals/hl7v2/message-store.ts";
import { split } from "../../../subgraphs/referrals/hl7v2/message.ts";
import type { Partner } from "../../../subgraphs/referrals/hl7v2/partners.ts";
import { agencies, COUNTY_PERSON_ID, HOSPITAL_MRN, personas } from "../../county/county.ts";
import { openCounty, testLog } from "../../county/house.ts";
import type { County } from "../../county/house.ts";
import { adt, partner, said, sample } from "../../county/hl7v2/messages.ts";
import type { Told } from "../../county/hl7v2/messages.ts";

const { hospital, bh } = agencies;
const NOW = new Date("2025-03-05T00:00:00Z");

let county: County;
beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

const database = () => county.house.database.of("referrals").house();
const { log, lines } = testLog();

const take = async (
  bytes: Buffer | string,
  from: Partner = partner("alder-general"),
  at: Date = NOW,
) => {
  const by = await requesterFor(database(), from);
  const act: Act = { by: by ?? personas["hospital-system"], at, requestId: randomUUID() };
  return takeMessage(database(), Buffer.from(bytes), from, act, log);
};

const code = (fate: Fate): string => (fate instanceof Problem ? fate.code : fate);

/** Takes messages in, each of which must be acknowledged. */
const taken = async (...messages: (Buffer | string)[]) => {
  for (const bytes of messages) {
    const { fate, answer } = await take(bytes);
    expect([code(fate), said(answer, "MSA-1")]).toEqual(["TAKEN", "AA"]);
  }
};

const tag = () => randomUUID().slice(0, 8);

const WHO = `query($system: String!, $value: String!) {
  personByIdentifier(system: $system, value: $value) {
    id name birthDate
    links { type since other { id encounters { edges { node { status } } } } }
    encounters { edges { node { id status class startedAt endedAt agency { name } } } }
    handoffs { edges { node {
      state origin reason cycle sender { name } receiver { name } accountable { name }
      gap { hours } occurredAt recordedAt receivedAt
      referral { status service priority }
      history { to occurredAt recordedAt }
    } } }
  }
}`;

const personOf = async (value: string, system = HOSPITAL_MRN): Promise<any> => {
  const { data, errors } = await county.ask("discharge-coordinator", WHO, { system, value });
  expect(errors).toEqual([]);
  return data.personByIdentifier;
};
const nodes = (connection: any): any[] => connection.edges.map(({ node }: any) => node);
const stayOf = async (mrn: string) => nodes((await personOf(mrn)).encounters).at(0);
/** What no question reads yet. */
const dispositionOf = async (mrn: string) =>
  (
    await county.house.database
      .sql("referrals.encounter")
      .where({ id: (await stayOf(mrn)).id })
      .first("disposition")
  ).disposition;
const handoffsOf = async (mrn: string) => nodes((await personOf(mrn)).handoffs);
const rows = async (): Promise<unknown[]> =>
  Promise.all(
    [
      "person",
      "person_identifier",
      "encounter",
      "referral",
      "handoff",
      "tie",
      "history",
      "hl7_message",
    ].map(async (table) =>
      Number((await county.house.database.sql(`referrals.${table}`).count("* as n").first())?.n),
    ),
  );
const quarantined = async () => setAside(database());

/** A stay at the hospital that has ended, and the person's arrival at behavioural health. */
const passage = (id: string): { discharge: Told; arrival: Told } => ({
  discharge: {
    event: "A03",
    mrn: `H${id}`,
    countyId: `C${id}`,
    visit: `V${id}`,
    admitted: "20250301090000-0600",
    discharged: "20250303100000-0600",
    recorded: "20250303100500-0600",
    disposition: "03",
  },
  arrival: {
    event: "A01",
    mrn: `R${id}`,
    countyId: `C${id}`,
    visit: `B${id}`,
    facility: "RIVERSIDE",
    admitted: "20250303160000-0600",
    recorded: "20250303161000-0600",
  },
});

describe("an event of a stay", () => {
  it("of two agencies shows the handoff that FHIR of the same stays shows, with its three times", async () => {
    const id = tag();
    const { discharge, arrival } = passage(id);
    await taken(adt(discharge));
    expect(code((await take(adt(arrival), partner("riverside"))).fate)).toBe("TAKEN");
    const [handoff, ...others] = await handoffsOf(`H${id}`);
    expect(others).toEqual([]);
    expect(handoff).toMatchObject({
      state: "IN_SERVICE",
      origin: "ENCOUNTERS",
      sender: { name: hospital.name },
      receiver: { name: bh.name },
      accountable: { name: bh.name },
      gap: { hours: 6 },
      occurredAt: "2025-03-03T22:00:00.000Z",
      recordedAt: "2025-03-03T22:10:00.000Z",
      receivedAt: "2025-03-05T00:00:00.000Z",
    });

    const fhirId = tag();
    const patient = (system: string, own: string) => ({
      resourceType: "Patient",
      id: own,
      identifier: [
        { system, value: own },
        { system: COUNTY_PERSON_ID, value: `C${fhirId}` },
      ],
      name: [{ family: "Ames", given: ["Lena"] }],
      birthDate: "1970-01-02",
    });
    const organization = (name: string, npi: string) => ({
      resourceType: "Organization",
      id: name,
      name,
      identifier: [{ system: "http://hl7.org/fhir/sid/us-npi", value: npi }],
    });
    const stay = (own: string, at: string, status: string, period: object) => ({
      resourceType: "Encounter",
      id: `E-${own}`,
      status,
      class: { code: "IMP" },
      subject: { reference: `Patient/${own}` },
      serviceProvider: { reference: `Organization/${at}` },
      period,
    });
    const send = (as: "hospital-system" | "bh-clinician", resources: object[]) =>
      county.send(as, {
        resourceType: "Bundle",
        type: "collection",
        entry: resources.map((resource) => ({ resource })),
      });
    await send("hospital-system", [
      organization("agh", hospital.npi),
      patient(HOSPITAL_MRN, `H${fhirId}`),
      stay(`H${fhirId}`, "agh", "finished", {
        start: "2025-03-01T09:00:00-06:00",
        end: "2025-03-03T10:00:00-06:00",
      }),
    ]);
    await send("bh-clinician", [
      organization("rbh", bh.npi),
      patient("urn:riverside", `R${fhirId}`),
      stay(`R${fhirId}`, "rbh", "in-progress", { start: "2025-03-03T16:00:00-06:00" }),
    ]);
    // FHIR says nothing of when it was recorded.
    const apart = ({ recordedAt: _recordedAt, history, ...rest }: any) => ({
      ...rest,
      history: history.map(({ to, occurredAt }: any) => ({ to, occurredAt })),
    });
    expect((await handoffsOf(`H${fhirId}`)).map(apart)).toEqual([handoff].map(apart));
  });

  it("moves a visit from its announcement to its end, and its corrections correct it", async () => {
    const id = tag();
    const told = { mrn: `H${id}`, visit: `V${id}`, recorded: "" };
    const states: string[] = [];
    const then = async (event: string, more: Partial<Told> = {}) => {
      await taken(adt({ ...told, event, ...more }));
      states.push((await stayOf(told.mrn)).status);
    };
    await then("A05", { more: [`PV2${"|".repeat(8)}20250310090000-0600`] });
    await then("A01", { admitted: "20250301090000-0600" });
    await then("A02", { ward: "WARD 2", occurred: "20250301120000-0600" });
    await then("A08", { admitted: "20250301093000-0600" });
    expect((await stayOf(told.mrn)).startedAt).toBe("2025-03-01T15:30:00.000Z");
    await then("A16");
    await then("A25");
    await then("A03", { discharged: "20250302100000-0600", disposition: "07" });
    expect(await stayOf(told.mrn)).toMatchObject({
      startedAt: "2025-03-01T15:30:00.000Z",
      endedAt: "2025-03-02T16:00:00.000Z",
    });
    expect(await dispositionOf(told.mrn)).toBe("aadvice");
    await then("A13");
    expect(await stayOf(told.mrn)).toMatchObject({ endedAt: null });
    expect(await dispositionOf(told.mrn)).toBeNull();
    await then("A11");
    expect(states).toEqual([
      "planned",
      "in-progress",
      "in-progress",
      "in-progress",
      "in-progress",
      "in-progress",
      "finished",
      "in-progress",
      "cancelled",
    ]);
  });

  it.each([
    ["A13, its discharge", { event: "A13" }, "alder-general"],
    ["A11, its admission", { event: "A11" }, "riverside"],
  ] as const)(
    "that cancels %s reverses what it showed, and the history stays",
    async (_, cancel, by) => {
      const id = tag();
      const { discharge, arrival } = passage(id);
      await taken(adt(discharge));
      await take(adt(arrival), partner("riverside"));
      const told = by === "riverside" ? arrival : discharge;
      const { discharged: _discharged, ...rest } = told;
      const { fate } = await take(
        adt({ ...rest, ...cancel, recorded: "20250303180000-0600" }),
        partner(by),
      );
      expect(code(fate)).toBe("TAKEN");
      const [handoff] = await handoffsOf(`H${id}`);
      expect(handoff).toMatchObject({
        state: "CANCELLED",
        reason: "ENTERED_IN_ERROR",
        accountable: { name: hospital.name },
        recordedAt: "2025-03-04T00:00:00.000Z",
      });
      expect(handoff.history.map(({ to }: any) => to)).toEqual([
        "ANTICIPATED",
        "IN_SERVICE",
        "CANCELLED",
      ]);
    },
  );

  it("that comes late moves nothing, and tells only what nobody has said yet", async () => {
    const id = tag();
    const told = { mrn: `H${id}`, visit: `V${id}` };
    await taken(
      adt({
        ...told,
        event: "A03",
        discharged: "20250302100000-0600",
        recorded: "20250302101000-0600",
      }),
      adt({
        ...told,
        event: "A01",
        admitted: "20250301090000-0600",
        recorded: "20250301091000-0600",
      }),
    );
    expect(await stayOf(told.mrn)).toMatchObject({
      status: "finished",
      startedAt: "2025-03-01T15:00:00.000Z",
      endedAt: "2025-03-02T16:00:00.000Z",
    });
    await taken(adt({ ...told, event: "A11", recorded: "20250301100000-0600" }));
    expect(await stayOf(told.mrn)).toMatchObject({ status: "finished" });
  });

  it("is not old news because a correction that was made after it came first", async () => {
    const id = tag();
    const told = { mrn: `H${id}`, visit: `V${id}` };
    await taken(
      adt({
        ...told,
        event: "A01",
        admitted: "20250301090000-0600",
        recorded: "20250301091000-0600",
      }),
      adt({ ...told, event: "A08", recorded: "20250302120000-0600", class: "O" }),
      adt({
        ...told,
        event: "A03",
        discharged: "20250302100000-0600",
        recorded: "20250302101000-0600",
      }),
    );
    expect(await stayOf(told.mrn)).toMatchObject({
      status: "finished",
      class: "AMB",
      endedAt: "2025-03-02T16:00:00.000Z",
    });
  });

  it("that admits without a time does not take the plan for one", async () => {
    const id = tag();
    const told = { mrn: `H${id}`, visit: `V${id}` };
    await taken(
      adt({ ...told, event: "A05", more: [`PV2${"|".repeat(8)}20250310090000-0600`] }),
      adt({ ...told, event: "A01" }),
    );
    expect(await stayOf(told.mrn)).toMatchObject({ status: "in-progress", startedAt: null });
  });

  it("of a visit is of one person for good", async () => {
    const id = tag();
    const told = { event: "A01", visit: `V${id}`, admitted: "20250301090000-0600" };
    await taken(adt({ ...told, mrn: `H${id}` }));
    const { fate, answer } = await take(adt({ ...told, mrn: `X${id}` }));
    expect([code(fate), said(answer, "ERR-2")]).toEqual(["CONTRADICTION", "PID^1^3"]);
  });

  it("of a transfer to another agency's ward ends one stay and begins the next", async () => {
    const id = tag();
    const from = partner("alder-general");
    const here = {
      ...from,
      dialect: { ...from.dialect, agencies: { RBH: bh.id, AGH: hospital.id } },
    };
    const told = { mrn: `H${id}`, visit: `V${id}` };
    await take(adt({ ...told, event: "A01", ward: "AGH", admitted: "20250301090000-0600" }), here);
    const transfer = adt({
      ...told,
      event: "A02",
      ward: "RBH",
      occurred: "20250302100000-0600",
    }).replace("|^^^RBH|||", "|^^^RBH|||^^^AGH");
    expect(code((await take(transfer, here)).fate)).toBe("TAKEN");
    expect(await handoffsOf(told.mrn)).toMatchObject([
      {
        state: "IN_SERVICE",
        sender: { name: hospital.name },
        receiver: { name: bh.name },
        gap: null,
      },
    ]);
  });

  it("is the same under a code of the partner's own, once its dialect has it", async () => {
    const id = tag();
    const message = adt({ ...passage(id).arrival, event: "A04" });
    expect(code((await take(message.replace("RIVERSIDE", "GHHSFacility"))).fate)).toBe(
      "EVENT_NOT_ACCEPTED",
    );
    expect(code((await take(message, partner("riverside"))).fate)).toBe("TAKEN");
  });
});

describe("a referral", () => {
  const referral = (
    event: string,
    id: string,
    more: { to?: string; status?: string; sent?: string } = {},
  ) =>
    [
      `MSH|^~\\&|EHR|GHHSFacility|HUB|COUNTY|${more.sent ?? "20250303090000-0600"}||REF^${event}|${tag()}|P|2.5.1`,
      `RF1|${more.status ?? "P"}|A|Med^Medical|||${id}^EPIC`,
      "PRD|RP|POWELL^ROBERT||||||||GOOD HEALTH HOSPITAL",
      `PRD|RT|McWILLIAMS^PAUL||||||||${more.to ?? "RADIANT HEALTH HOSPITAL"}`,
      `PID|1||H${id}^^^AGH^MR||Ames^Lena||19700102|F`,
    ].join("\r");

  it("is a need and a handoff; when it is called off they are so too", async () => {
    const id = tag();
    await taken(referral("I12", id));
    expect(await handoffsOf(`H${id}`)).toMatchObject([
      {
        state: "AWAITING_DECISION",
        origin: "MESSAGE",
        sender: { name: hospital.name },
        receiver: { name: bh.name },
        accountable: { name: hospital.name },
        occurredAt: "2025-03-03T15:00:00.000Z",
        referral: { status: "ACTIVE", service: "Medical", priority: "ASAP" },
      },
    ]);
    await taken(
      referral("I12", id, { status: "A", sent: "20250303100000-0600" }),
      referral("I14", id, { sent: "20250303110000-0600" }),
    );
    const [handoff] = await handoffsOf(`H${id}`);
    expect(handoff).toMatchObject({ state: "CANCELLED", referral: { status: "REVOKED" } });
    expect(handoff.history.map(({ to }: any) => to)).toEqual([
      "AWAITING_DECISION",
      "ACCEPTED",
      "CANCELLED",
    ]);
  });

  it("that comes after it was called off, and was sent before, moves nothing", async () => {
    const id = tag();
    await taken(
      referral("I12", id, { sent: "20250303080000-0600" }),
      referral("I14", id, { sent: "20250303110000-0600" }),
      referral("I12", id, { status: "A", sent: "20250303090000-0600" }),
    );
    expect(await handoffsOf(`H${id}`)).toMatchObject([
      { state: "CANCELLED", referral: { status: "REVOKED" } },
    ]);
  });

  it("that nobody sent cannot be called off, and one to nobody who is known is no handoff", async () => {
    const id = tag();
    expect(code((await take(referral("I14", id))).fate)).toBe("UNKNOWN_REFERENCE");
    const { fate, answer } = await take(referral("I12", id, { to: "NOWHERE CLINIC" }));
    expect(code(fate)).toBe("UNKNOWN_AGENCY");
    expect([said(answer, "MSA-1"), said(answer, "ERR-2")]).toEqual(["AE", "PRD^1^10"]);
    const { data } = await county.ask("discharge-coordinator", WHO, {
      system: HOSPITAL_MRN,
      value: `H${id}`,
    });
    expect(data.personByIdentifier).toBeNull();
  });
});

describe("a merge", () => {
  const merge = (survivor: string, ...old: string[]) =>
    adt({ event: "A40", mrn: survivor, more: old.map((mrn) => `MRG|${mrn}^^^AGH^MR`) });

  it("of several numbers lets each be seen, and what still comes under them is of the one who remains", async () => {
    const [one, two, three] = [`H${tag()}`, `H${tag()}`, `H${tag()}`];
    for (const mrn of [one, two, three]) await taken(adt({ event: "A28", mrn }));
    const old = await personOf(two);
    await taken(merge(one, two, three));
    const survivor = await personOf(one);
    expect(survivor.links).toMatchObject([{ type: "REPLACES" }, { type: "REPLACES" }]);
    expect(survivor.links.map(({ other }: any) => other.id)).toContain(old.id);
    const { data } = await county.ask(
      "discharge-coordinator",
      "query($id: ID!) { person(id: $id) { links { type other { id } } } }",
      { id: old.id },
    );
    expect(data.person.links).toEqual([{ type: "REPLACED_BY", other: { id: survivor.id } }]);
    await taken(adt({ event: "A01", mrn: two, visit: `V${one}`, admitted: "20250301090000-0600" }));
    for (const mrn of [one, two, three]) {
      const { id, encounters } = await personOf(mrn);
      expect([id, nodes(encounters).length]).toEqual([survivor.id, 1]);
    }
  });

  it("joins what the stays under both numbers show", async () => {
    const id = tag();
    const { discharge, arrival } = passage(id);
    const old = `X${id}`;
    // The hospital's second record knows nothing of the county's number.
    const { countyId: _countyId, ...unknown } = discharge;
    await taken(
      adt({ ...unknown, mrn: old }),
      adt({ event: "A28", mrn: `H${id}`, countyId: `C${id}` }),
    );
    await take(adt(arrival), partner("riverside"));
    expect(await handoffsOf(`H${id}`)).toEqual([]);
    await taken(merge(`H${id}`, old));
    expect(await handoffsOf(`H${id}`)).toMatchObject([
      { state: "IN_SERVICE", receiver: { name: bh.name } },
    ]);
  });

  it("of a number that nobody knew is kept for what still comes under it", async () => {
    const [survivor, unknown] = [`H${tag()}`, `H${tag()}`];
    await taken(merge(survivor, unknown));
    expect((await personOf(unknown)).id).toBe((await personOf(survivor)).id);
  });

  it("said again, or the other way about, changes nothing: they are one person already", async () => {
    const [one, two] = [`H${tag()}`, `H${tag()}`];
    for (const mrn of [one, two]) await taken(adt({ event: "A28", mrn }));
    await taken(merge(one, two), merge(one, two), merge(two, one));
    expect((await personOf(one)).links).toMatchObject([{ type: "REPLACES" }]);
  });
});

describe("a sample", () => {
  const ORDER = [
    "A28",
    "A05",
    "A01",
    "A02",
    "A08",
    "A16",
    "A25",
    "A03",
    "A31",
    "A13",
    "A11",
    "A40",
  ];

  it("of each event goes in, whatever its EVN claims", async () => {
    for (const event of ORDER) {
      const { fate, answer, doubts } = await take(sample(`ADT-${event}`));
      expect([event, code(fate), said(answer, "MSA-1")]).toEqual([event, "TAKEN", "AA"]);
      expect(said(answer, "MSA-2")).toBe(event === "A40" ? "8919-40" : "MSG00001");
      // EVN-1 says A01 in all of them, and EVN-2 says 2029.
      if (event !== "A40") expect(doubts).toEqual(expect.arrayContaining(["EVN-2"]));
      if (event === "A03") {
        expect(doubts).toEqual(expect.arrayContaining(["EVN-1", "EVN-6", "MSH-7", "PV1-36"]));
        expect(await stayOf("PATID1234")).toMatchObject({
          status: "finished",
          class: "IMP",
          // Sent as 11:34:19, one hour and ten minutes before UTC.
          startedAt: "2015-02-08T10:24:19.000Z",
          endedAt: "2015-02-09T10:24:19.000Z",
        });
      }
    }
    expect(await personOf("PATID1234")).toMatchObject({
      // The legal name, which stands second.
      name: "stanley Josh",
      birthDate: "1988-08-18",
    });
    expect((await stayOf("PATID1234")).status).toBe("cancelled");
    expect((await take(sample("ADT-A60"))).fate).toMatchObject({ code: "EVENT_NOT_ACCEPTED" });
  });

  it("of a referral is a handoff from the one hospital to the other, and is called off", async () => {
    await taken(sample("REF-I12"));
    expect(await handoffsOf("PATID1234")).toMatchObject([
      {
        state: "AWAITING_DECISION",
        origin: "MESSAGE",
        sender: { name: hospital.name },
        receiver: { name: bh.name },
        occurredAt: "2022-01-25T16:20:00.000Z",
        recordedAt: "2022-01-25T16:20:00.000Z",
      },
    ]);
    await taken(sample("REF-I14"));
    expect(await handoffsOf("PATID1234")).toMatchObject([{ state: "CANCELLED" }]);
  });

  it("that came before, with other ends of lines too, is acknowledged and has effect once", async () => {
    const before = await rows();
    for (const bytes of [
      sample("ADT-A01"),
      sample("ADT-A01").toString().replaceAll("\n", "\r\n"),
    ]) {
      const { fate, answer } = await take(bytes);
      expect([fate, said(answer, "MSA-1")]).toEqual(["UNCHANGED", "AA"]);
    }
    expect(await rows()).toEqual(before);
  });
});

describe("what cannot be taken", () => {
  const good = (id: string): Told => ({
    event: "A01",
    mrn: `H${id}`,
    visit: `V${id}`,
    admitted: "20250301090000-0600",
  });

  it.each<[string, (message: string) => string, string, string, string]>([
    [
      "without a header",
      (it) => it.slice(it.indexOf("\r") + 1),
      "MALFORMED_MESSAGE",
      "AR",
      "MSH^1^1",
    ],
    ["that is empty", () => "", "MALFORMED_MESSAGE", "AR", "MSH^1^1"],
    ["that is none", () => '{"resourceType":"Patient"}', "MALFORMED_MESSAGE", "AR", "MSH^1^1"],
    ["of two at once", (it) => `${it}\r${it}`, "MALFORMED_MESSAGE", "AR", "MSH^1"],
    [
      "of an unknown trigger",
      (it) => it.replace("ADT^A01", "ADT^A99"),
      "EVENT_NOT_ACCEPTED",
      "AR",
      "MSH^1^9",
    ],
    [
      "of an event named as a property is",
      (it) => it.replace("ADT^A01", "constructor"),
      "EVENT_NOT_ACCEPTED",
      "AR",
      "MSH^1^9",
    ],
    ["with a NUL", (it) => it.replace("Lena", "Le\0na"), "MALFORMED_MESSAGE", "AR", "MSH^1"],
    [
      "of a training",
      (it) => it.replace("|P|2.5.1", "|T|2.5.1"),
      "EVENT_NOT_ACCEPTED",
      "AR",
      "MSH^1^11",
    ],
    [
      "of another facility",
      (it) => it.replace("GHHSFacility", "ELSEWHERE"),
      "FORBIDDEN",
      "AR",
      "MSH^1^4",
    ],
    [
      "that was cut off before PV1",
      (it) => it.slice(0, it.indexOf("PV1")),
      "INVALID_MESSAGE",
      "AE",
      "PV1^1",
    ],
    [
      "that was cut off within PV1",
      (it) => it.slice(0, it.indexOf("PV1") + 12),
      "INVALID_MESSAGE",
      "AE",
      "PV1^1^19",
    ],
    [
      "of nobody",
      (it) => it.replace(/PID\|1\|\|[^|]*/, "PID|1||"),
      "NO_IDENTIFIER",
      "AE",
      "PID^1^3",
    ],
    [
      "of an unknown class",
      (it) => it.replace("PV1|1|I", "PV1|1|Q"),
      "UNKNOWN_CODE",
      "AE",
      "PV1^1^2",
    ],
    [
      "of 30 February",
      (it) => it.replace("20250301090000", "20250230090000"),
      "INVALID_MESSAGE",
      "AE",
      "PV1^1^44",
    ],
    [
      "of tomorrow",
      (it) => it.replace("20250301090000", "20250306090000"),
      "CONTRADICTION",
      "AE",
      "PV1^1^44",
    ],
  ])(
    "a message %s is answered with the place and the code, and nothing of it is written",
    async (_, wrong, problem, ack, place) => {
      const id = tag();
      const bytes = wrong(adt(good(id)));
      const before = await rows();
      const { fate, answer } = await take(bytes);
      expect([code(fate), said(answer, "MSA-1"), said(answer, "ERR-2")]).toEqual([
        problem,
        ack,
        place,
      ]);
      expect(await rows()).toEqual(before);
      const kept = (await quarantined()).at(-1);
      expect(kept).toMatchObject({ code: problem, partner: "alder-general", source: hospital.id });
      expect(kept?.bytes.equals(Buffer.from(bytes))).toBe(true);
      for (const text of [answer.toString(), lines.join()]) {
        expect(text).not.toContain("Ames");
        expect(text).not.toContain(id);
      }
    },
  );

  it("is taken in when the dialect has been mended, and is set aside no more", async () => {
    const id = tag();
    const bytes = adt({ ...good(id), class: "Q" });
    await take(bytes);
    const waiting = (await quarantined()).length;
    const from = partner("alder-general");
    from.dialect.classes.Q = "IMP";
    expect((await take(bytes, from)).fate).toBe("TAKEN");
    expect(await quarantined()).toHaveLength(waiting - 1);
    expect(await stayOf(`H${id}`)).toMatchObject({ class: "IMP" });
  });

  it("because it is of tomorrow, can be the day after", async () => {
    const id = tag();
    const bytes = adt({ ...good(id), admitted: "20250306090000-0600" });
    expect(code((await take(bytes)).fate)).toBe("CONTRADICTION");
    expect((await take(bytes, undefined, new Date("2025-03-07T00:00:00Z"))).fate).toBe("TAKEN");
  });

  it("is a second admission under a number whose stay has ended", async () => {
    const id = tag();
    await taken(adt({ ...good(id), event: "A03", discharged: "20250302100000-0600" }));
    const { fate } = await take(adt({ ...good(id), recorded: "20250304090000-0600" }));
    expect(code(fate)).toBe("CONTRADICTION");
  });

  it("of a faulty database is our mistake: the sender may send it again", async () => {
    const broken = { ...database(), transaction: () => Promise.reject(new Error("gone: Ames")) };
    const by = personas["hospital-system"];
    const { fate, answer } = await takeMessage(
      broken as never,
      Buffer.from(adt(good(tag()))),
      partner("alder-general"),
      { by, at: NOW, requestId: randomUUID() },
      log,
    );
    expect([fate, said(answer, "MSA-1"), said(answer, "ERR-3")]).toEqual([
      "FAULT",
      "AE",
      "207^Application error^HL70357",
    ]);
    expect(lines.join()).not.toContain("Ames");
  });
});

describe("a control id that comes again with another message", () => {
  it("is no reason to think that it is the same one", async () => {
    const id = tag();
    const told = { mrn: `H${id}`, visit: `V${id}`, controlId: "SAME" };
    await taken(
      adt({ ...told, event: "A01", admitted: "20250301090000-0600" }),
      adt({ ...told, event: "A03", discharged: "20250302090000-0600" }),
    );
    expect(await stayOf(told.mrn)).toMatchObject({ status: "finished" });
  });
});

describe("messages that come at the same time", () => {
  it("go in together, in their order, and one that cannot be taken holds up none of the others", async () => {
    const id = tag();
    const from = partner("alder-general");
    const by = (await requesterFor(database(), from)) ?? personas["hospital-system"];
    const intake = openIntake(database(), from, log);
    const told = { mrn: `H${id}`, visit: `V${id}` };
    const messages = [
      adt({ ...told, event: "A01", admitted: "20250301090000-0600" }),
      adt({ ...told, event: "A01", class: "Q" }),
      "no message",
      adt({ ...told, event: "A03", discharged: "20250302090000-0600" }),
    ];
    const all = await Promise.all(
      [...messages, messages[0] as string].map((it) =>
        intake(Buffer.from(it), { by, at: NOW, requestId: randomUUID() }),
      ),
    );
    expect(all.map(({ fate, answer }) => [code(fate), said(answer, "MSA-1")])).toEqual([
      ["TAKEN", "AA"],
      ["UNKNOWN_CODE", "AE"],
      ["MALFORMED_MESSAGE", "AR"],
      ["TAKEN", "AA"],
      ["UNCHANGED", "AA"],
    ]);
    expect(await stayOf(told.mrn)).toMatchObject({ status: "finished" });
  });
});

describe("a file", () => {
  it("may hold many messages within a batch, with a byte order mark and bare line feeds", async () => {
    const [one, two] = [tag(), tag()];
    const messages = [one, two].map((id) =>
      adt({ event: "A28", mrn: `H${id}` }).replaceAll("\r", "\n"),
    );
    const file = `\ufeffFHS|^~\\&\nBHS|^~\\&\n${messages.join("\n")}\nBTS|2\nFTS|1\n`;
    const all = split(Buffer.from(file));
    expect(all).toHaveLength(2);
    await taken(...all);
    expect(await personOf(`H${two}`)).not.toBeNull();
  });

  it.each([
    ["a byte order mark", (it: string) => `\ufeff${it}`],
    ["bare line feeds", (it: string) => it.replaceAll("\r", "\n")],
    ["segments of its own", (it: string) => `${it}\rZPD|1|anything^at~all`],
    ["a line feed in a note", (it: string) => `${it}\rNTE|1||one line\nand another`],
    [
      "Latin-1 that it names",
      (it: string) =>
        Buffer.from(it.replace("|2.5.1", "|2.5.1||||||8859/1").replace("Ames", "Åmes"), "latin1"),
    ],
    [
      "delimiters of its own",
      (it: string) => it.replaceAll("|", "#").replaceAll("^", "@").replaceAll("~", "!"),
    ],
  ])("whose message has %s says the same", async (_, as) => {
    const id = tag();
    const { discharge } = passage(id);
    await taken(as(adt(discharge)));
    expect(await stayOf(`H${id}`)).toMatchObject({ status: "finished" });
    expect(await dispositionOf(`H${id}`)).toBe("snf");
  });
});
