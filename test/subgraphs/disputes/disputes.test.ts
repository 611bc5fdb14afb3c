/** Disputes, as agencies open and argue them through the graph. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { worksWithPeople } from "#sharing/requester.ts";
import { agencies, at, COUNTY_PERSON_ID, people, personas } from "../../county/county.ts";
import type { PersonaName } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";

const {
  hospital,
  county: countyAgency,
  bh,
  housing,
  aps,
  mco,
  ems,
  recovery,
  shelter,
  sheriff,
} = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";

let county: County;
let walter: string;
beforeAll(async () => {
  county = await openCounty();
  const { data } = await county.ask(
    "discharge-coordinator",
    `{ personByIdentifier(system: "${COUNTY_PERSON_ID}", value: "${people.walter.countyId}") { id } }`,
  );
  walter = data.personByIdentifier.id;
});
afterAll(() => county.close());

const need = async (): Promise<string> =>
  (
    await county.tell("discharge-coordinator", "referPerson", "ReferPersonInput", {
      personId: walter,
      service: "Supported housing placement",
    })
  ).id;

/** The hospital's argument with the housing authority over a need of Walter's. */
const argument = async (more: object = {}) => ({
  referralId: await need(),
  type: "CAPACITY",
  subject: "PROVIDE",
  partyIds: [hospital.id, housing.id],
  coverage: "GAP",
  statement: "A place was free on Monday.",
  ...more,
});

const open = async (
  more: object = {},
  selection?: string,
  as: PersonaName = "discharge-coordinator",
) => county.tell(as, "openDispute", "OpenDisputeInput", await argument(more), selection);

const state = (
  as: PersonaName,
  { id, version }: Record<string, any>,
  more: object = {},
  selection?: string,
) =>
  county.tell(
    as,
    "statePosition",
    "StatePositionInput",
    { id, expectedVersion: version, statement: "The place was promised before.", ...more },
    selection,
  );

const withdraw = (as: PersonaName, { id, version }: Record<string, any>, selection?: string) =>
  county.tell(
    as,
    "withdrawDispute",
    "WithdrawDisputeInput",
    { id, expectedVersion: version },
    selection,
  );

const read = async (as: PersonaName, id: string, selection: string) => {
  const { data, errors } = await county.ask(
    as,
    `query($id: ID!) { dispute(id: $id) { ${selection} } }`,
    { id },
  );
  expect(errors).toEqual([]);
  return data.dispute;
};

describe("a dispute", () => {
  it("opens with what it is about, who argues, who serves the person, and the opener's position", async () => {
    county.now(at("09:00", 2));
    const opened = await open(
      {},
      `version type subject stage coverage coverageReason parties { id name } openedBy { id }
       openedAt referral { service } positions { agency { name } statement statedAt }`,
    );
    const nine = new Date(at("09:00", 2)).toISOString();
    expect(opened).toEqual({
      version: 1,
      type: "CAPACITY",
      subject: "PROVIDE",
      stage: "OPEN",
      coverage: "GAP",
      coverageReason: null,
      parties: [
        { id: hospital.id, name: hospital.name },
        { id: housing.id, name: housing.name },
      ],
      openedBy: { id: hospital.id },
      openedAt: nine,
      referral: { service: "Supported housing placement" },
      positions: [
        {
          agency: { name: hospital.name },
          statement: "A place was free on Monday.",
          statedAt: nine,
        },
      ],
    });
  });

  it.each(["ELIGIBILITY", "CAPACITY", "SAFEGUARDING_THRESHOLD", "FUNDING"])(
    "[A01] is of one of the four types: %s",
    async (type) => {
      expect(await open({ type }, "type")).toEqual({ type });
    },
  );

  it.each(["PRIORITY", "eligibility", "", null])(
    "[A01] is of no fifth type, and says so by its code: %s",
    async (type) => {
      await expect(open({ type })).rejects.toMatchObject({ code: "BAD_INPUT" });
    },
  );

  it.each(["ELIGIBILITY", "CAPACITY", "SAFEGUARDING_THRESHOLD", "FUNDING"])(
    "[A02] over who must act first is counted as one of the four types all the same: %s",
    async (type) => {
      const { id } = await open({ type, subject: "ACT_FIRST" });
      expect(await read("housing-worker", id, "type subject stage")).toEqual({
        type,
        subject: "ACT_FIRST",
        stage: "OPEN",
      });
    },
  );

  it.each(["COVERED", "INTERIM", "GAP"])(
    "[A17] says from its first instant whether the person is served: %s",
    async (coverage) => {
      const { id } = await open({ coverage });
      expect(await read("housing-worker", id, "coverage")).toEqual({ coverage });
    },
  );

  it.each([null, undefined, "UNKNOWN"])(
    "[A17] does not open while nobody says whether the person is served: %s",
    async (coverage) => {
      await expect(open({ coverage })).rejects.toMatchObject({ code: "BAD_INPUT" });
    },
  );

  it("[A17] does not say that no service is needed without a reason", async () => {
    for (const coverageReason of [undefined, null, "", "  "])
      await expect(open({ coverage: "NOT_REQUIRED", coverageReason })).rejects.toMatchObject({
        code: "BAD_INPUT",
        field: "coverageReason",
      });
    const reason = { coverage: "NOT_REQUIRED", coverageReason: "He is with his sister." };
    expect(await open(reason, "coverage coverageReason")).toEqual(reason);
  });

  it("[A17] has a known coverage in every stage that is not closed, whoever of its parties asks", async () => {
    await withdraw("discharge-coordinator", await open());
    await state("housing-worker", await open({ coverage: "INTERIM" }));
    for (const party of ["discharge-coordinator", "housing-worker"] as const) {
      const { data } = await county.ask(
        party,
        "{ disputes(first: 100, stages: [OPEN, UNDER_REVIEW]) { edges { node { coverage } } } }",
      );
      const coverages = data.disputes.edges.map(({ node }: any) => node.coverage);
      expect(coverages.length).toBeGreaterThan(1);
      for (const coverage of coverages)
        expect(["COVERED", "INTERIM", "GAP", "NOT_REQUIRED"]).toContain(coverage);
    }
  });

  it.each([
    ["one party", { partyIds: [hospital.id] }, "partyIds"],
    ["one party that is named twice", { partyIds: [hospital.id, hospital.id] }, "partyIds"],
    [
      "one party that is named twice, once in capitals",
      { partyIds: [hospital.id, hospital.id.toUpperCase()] },
      "partyIds",
    ],
    [
      "parties among which the asking agency is not",
      { partyIds: [housing.id, countyAgency.id] },
      "partyIds",
    ],
    ["a blank statement", { statement: " \n " }, "statement"],
  ])("does not open with %s", async (_, said, field) => {
    await expect(open(said)).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });

  it.each([
    ["a malformed party", { partyIds: [hospital.id, "housing"] }],
    ["a malformed referral", { referralId: "R-1" }],
    ["words that no record can hold", { statement: "A place was free\u0000 on Monday." }],
  ])("does not open with %s", async (_, said) => {
    await expect(open(said)).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it.each(["hospital-executive", "analyst"] as const)(
    "is not opened by a role that could not see it afterwards: %s",
    async (governor) => {
      const parties = { partyIds: [hospital.id, countyAgency.id] };
      await expect(open(parties, "id", governor)).rejects.toMatchObject({
        code: expect.stringMatching(/^(FORBIDDEN|NOT_FOUND)$/),
      });
    },
  );

  it("opens once under one key, and says then what was said first, though it has moved on", async () => {
    const said = { idempotencyKey: randomUUID(), ...(await argument()) };
    const tell = (more: object = {}) =>
      county.tell(
        "discharge-coordinator",
        "openDispute",
        "OpenDisputeInput",
        { ...said, ...more },
        "id version stage openedAt parties { id } positions { statement statedAt agency { id } }",
      );
    const first = await tell();
    await withdraw("discharge-coordinator", first);
    expect(await tell()).toEqual(first);
    expect(await read("discharge-coordinator", first.id, "stage")).toEqual({ stage: "WITHDRAWN" });
    await expect(tell({ coverage: "COVERED" })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
  });

  it("opens once when it is sent twice at the same time", async () => {
    const said = { idempotencyKey: randomUUID(), ...(await argument()) };
    const tell = () =>
      county.tell("discharge-coordinator", "openDispute", "OpenDisputeInput", said, "id version");
    const [one, other] = await Promise.all([tell(), tell()]);
    expect(one).toEqual(other);
  });
});

describe("positions", () => {
  it("are added by every party, the first one first, and never changed", async () => {
    const opened = await open({ partyIds: [hospital.id, housing.id, bh.id] });
    const answered = await state("housing-worker", opened);
    await state("bh-clinician", answered, { statement: "We can serve him meanwhile." });
    const { positions } = await read(
      "discharge-coordinator",
      opened.id,
      "positions { agency { id } statement }",
    );
    expect(positions).toEqual([
      { agency: { id: hospital.id }, statement: "A place was free on Monday." },
      { agency: { id: housing.id }, statement: "The place was promised before." },
      { agency: { id: bh.id }, statement: "We can serve him meanwhile." },
    ]);
  });

  it("are not blank", async () => {
    await expect(state("housing-worker", await open(), { statement: "" })).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "statement",
    });
  });

  it("are not stated in answer to what has changed meanwhile", async () => {
    const opened = await open();
    const answered = await state("housing-worker", opened);
    await expect(state("discharge-coordinator", opened)).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
      currentVersion: answered.version,
    });
  });

  it("are heard once of two that are stated at the same time", async () => {
    const opened = await open();
    const stated = await Promise.allSettled([
      state("housing-worker", opened),
      state("discharge-coordinator", opened),
    ]);
    expect(stated.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(stated.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { code: "VERSION_CONFLICT" },
    });
    const { positions } = await read("housing-worker", opened.id, "positions { statement }");
    expect(positions).toHaveLength(2);
  });
});

describe("a dispute is withdrawn", () => {
  it("by the agency that opened it, and argued no more", async () => {
    const withdrawn = await withdraw("discharge-coordinator", await open(), "id version stage");
    expect(withdrawn.stage).toBe("WITHDRAWN");
    await expect(state("housing-worker", withdrawn)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "WITHDRAWN",
    });
    await expect(withdraw("discharge-coordinator", withdrawn)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
  });

  it("by no other party", async () => {
    const opened = await open();
    await expect(withdraw("housing-worker", opened)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "OPEN",
    });
    expect(await read("housing-worker", opened.id, "stage version")).toEqual({
      stage: "OPEN",
      version: 1,
    });
  });
});

describe("to everybody who is no party, or governs", () => {
  it.each([
    "county-case-worker",
    "bh-clinician",
    "ems-responder",
    "hospital-executive",
    "analyst",
  ] as const)("a dispute is as one that does not exist, byte for byte: %s", async (outsider) => {
    const { id } = await open();
    const query = "query($id: ID!) { dispute(id: $id) { id type positions { statement } } }";
    const there = await county.ask(outsider, query, { id });
    expect(there.data).toEqual({ dispute: null });
    expect(there.errors).toMatchObject([{ path: ["dispute"], extensions: { code: "WITHHELD" } }]);
    expect(there.text).toBe((await county.ask(outsider, query, { id: UNKNOWN })).text);

    for (const step of [state, withdraw]) {
      const refused = (dispute: string) =>
        step(outsider, { id: dispute, version: 1 }).catch((error: unknown) => error);
      expect(await refused(id)).toMatchObject({ code: "NOT_FOUND" });
      expect(await refused(id)).toEqual(await refused(UNKNOWN));
    }
    const { data } = await county.ask(
      outsider,
      "{ disputes(first: 100) { edges { node { id } } } }",
    );
    if (worksWithPeople(personas[outsider]))
      expect(data.disputes.edges.map(({ node }: any) => node.id)).not.toContain(id);
    else expect(data.disputes).toBeNull();
  });

  it("a party that does not know the need reads the dispute, and nothing of the need", async () => {
    const { id } = await open({ partyIds: [hospital.id, ems.id] });
    const { data } = await county.ask(
      "ems-responder",
      "query($id: ID!) { dispute(id: $id) { stage referral { service person { name } } } }",
      { id },
    );
    expect(data.dispute).toEqual({ stage: "OPEN", referral: { service: null, person: null } });
  });
});

describe("the disputes of a referral", () => {
  it("are seen on the referral by the parties alone, among all who see the referral", async () => {
    const query = `query($person: ID!) {
      handoffs(person: $person, states: [AWAITING_DECISION]) {
        edges { node { referral { service disputes { type stage } } } }
      }
    }`;
    const asSeenBy = async (as: PersonaName) => {
      const { data, errors } = await county.ask(as, query, { person: walter });
      expect(errors).toEqual([]);
      return data.handoffs.edges.map(({ node }: any) => node.referral);
    };
    const service = "Supported housing placement";
    const disputes = [{ type: "ELIGIBILITY", stage: "OPEN" }];
    expect(await asSeenBy("discharge-coordinator")).toEqual([{ service, disputes }]);
    expect(await asSeenBy("housing-worker")).toEqual([{ service, disputes }]);
    expect(await asSeenBy("county-case-worker")).toEqual([{ service, disputes: [] }]);
    expect(await asSeenBy("bh-clinician")).toEqual([]);
  });

  it("are fetched at once for fifty referrals", async () => {
    for (let n = 1; n <= 50; n++) {
      const { referral } = await open({}, "referral { id }");
      await county.tell("discharge-coordinator", "offerHandoff", "OfferHandoffInput", {
        referralId: referral.id,
        receiverId: ems.id,
      });
    }
    const asked: string[] = [];
    const listen = ({ sql }: { sql: string }) => {
      if (/^select .* from "disputes"\."dispute"/.test(sql)) asked.push(sql);
    };
    const { sql } = county.house.database;
    sql.on("query", listen);
    const { data } = await county.ask(
      "discharge-coordinator",
      `{ handoffs(first: 100, states: [ANTICIPATED]) {
        edges { node { referral { id disputes { stage referral { id } } } } }
      } }`,
    );
    sql.off("query", listen);

    const referrals = data.handoffs.edges.map(({ node }: any) => node.referral);
    expect(referrals).toHaveLength(50);
    expect(referrals.map(({ disputes }: any) => disputes)).toEqual(
      referrals.map(({ id }: any) => [{ stage: "OPEN", referral: { id } }]),
    );
    // The agency's, and beside it the house's, which looks whom those tell of that the agency does not see.
    expect(asked).toHaveLength(2);
  });
});

describe("a dispute over a referral to a substance use program", () => {
  it("is not there for a party that keeps no record of the referral: it neither reads nor argues it", async () => {
    const referralId = await need();
    await county.tell("discharge-coordinator", "offerHandoff", "OfferHandoffInput", {
      referralId,
      receiverId: recovery.id,
    });
    const opened = await open({ referralId, partyIds: [hospital.id, recovery.id, ems.id] });
    const query = "query($id: ID!) { dispute(id: $id) { id stage } }";
    const there = await county.ask("ems-responder", query, { id: opened.id });
    expect(there.data).toEqual({ dispute: null });
    expect(there.text).toBe((await county.ask("ems-responder", query, { id: UNKNOWN })).text);

    for (const version of [1, 2])
      await expect(state("ems-responder", { id: opened.id, version })).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
    expect(await state("recovery-counselor", opened, {}, "version stage")).toEqual({
      version: 2,
      stage: "OPEN",
    });
  });
});

describe("a dispute over a referral to a program for victims", () => {
  const offer = (as: PersonaName, referralId: string, receiverId: string) =>
    county.tell(as, "offerHandoff", "OfferHandoffInput", { referralId, receiverId });
  const CLOSED = { code: "BAD_INPUT", field: "partyIds" };

  it("does not name a party that could never be given a record of it: that party would never see it", async () => {
    const referralId = await need();
    await offer("discharge-coordinator", referralId, shelter.id);
    for (const { id } of [countyAgency, housing, mco, sheriff])
      await expect(
        open({ referralId, partyIds: [hospital.id, shelter.id, id] }).then(() => "opened"),
      ).rejects.toMatchObject(CLOSED);
    // To these the law has a way, and the program keeps the referral itself.
    const partyIds = [hospital.id, shelter.id, ems.id, bh.id, aps.id];
    expect(await open({ referralId, partyIds }, "version")).toEqual({ version: 1 });
  });

  it("is refused by what its opener can see: whom others have handed the person to is not told by it", async () => {
    const referralId = await need();
    await offer("discharge-coordinator", referralId, bh.id);
    await offer("discharge-coordinator", referralId, housing.id);
    await offer("bh-clinician", referralId, shelter.id);
    const as = (persona: PersonaName, partyIds: string[]) =>
      open({ referralId, partyIds }, "version", persona);
    // To the hospital it is a referral like any other.
    for (const { id } of [countyAgency, housing, shelter])
      expect(await as("discharge-coordinator", [hospital.id, id])).toEqual({ version: 1 });
    // Behavioral health knows where it leads; that the housing authority keeps the referral too, it does not.
    for (const { id } of [countyAgency, housing])
      await expect(as("bh-clinician", [bh.id, id])).rejects.toMatchObject(CLOSED);
    expect(await as("bh-clinician", [bh.id, hospital.id, shelter.id])).toEqual({ version: 1 });
  });
});

describe("a dispute over what another room keeps", () => {
  it("does not open over a need that does not exist", async () => {
    await expect(open({ referralId: UNKNOWN })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("does not open over a need that its opener does not know of", async () => {
    const parties = { partyIds: [ems.id, hospital.id] };
    await expect(open(parties, "id", "ems-responder")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("does not open with a party that is not on the roll", async () => {
    await expect(open({ partyIds: [hospital.id, UNKNOWN] })).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "partyIds",
    });
  });
});
