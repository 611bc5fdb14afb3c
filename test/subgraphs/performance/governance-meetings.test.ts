/** Monthly reviews of an interface, as those who were there record and read them. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at } from "../../county/county.ts";
import type { PersonaName } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";

const { hospital, bh, housing } = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";

let county: County;
let discharge: string;
beforeAll(async () => {
  county = await openCounty();
  const { data } = await county.ask("analyst", "{ interfaces { edges { node { id } } } }");
  discharge = data.interfaces.edges[0].node.id;
});
afterAll(() => county.close());

/** The review of February, held on Tuesday afternoon. */
const minutes = () => ({
  interfaceId: discharge,
  month: "2025-02",
  heldAt: at("15:00", 1),
  agencyIds: [hospital.id, bh.id],
  attendees: ["Gloria Hayes", "Peter Novak"],
  minutesReference: "Minute book 2025, page 12",
});

const hold = (more: object = {}, selection?: string, as: PersonaName = "hospital-executive") =>
  county.tell(
    as,
    "recordGovernanceMeeting",
    "RecordGovernanceMeetingInput",
    { ...minutes(), ...more },
    selection,
  );

describe("a governance meeting", () => {
  it("is recorded with what was reviewed, when, by whom, and where the minutes are", async () => {
    expect(
      await hold(
        {},
        "version month heldAt interface { name } agencies { name } attendees minutesReference",
      ),
    ).toEqual({
      version: 1,
      month: "2025-02",
      heldAt: new Date(at("15:00", 1)).toISOString(),
      interface: { name: "Alder General discharges" },
      agencies: [{ name: hospital.name }, { name: bh.name }],
      attendees: ["Gloria Hayes", "Peter Novak"],
      minutesReference: "Minute book 2025, page 12",
    });
  });

  it.each(["hospital-executive", "hospital-system"] as const)(
    "is recorded by who governs: %s",
    async (as) => {
      expect(await hold({}, "version", as)).toEqual({ version: 1 });
    },
  );

  it.each(["discharge-coordinator", "hospital-clinician"] as const)(
    "is not recorded by who does not: %s",
    async (as) => {
      await expect(hold({}, "id", as)).rejects.toMatchObject({ code: "FORBIDDEN" });
    },
  );

  it.each([
    ["one agency", { agencyIds: [hospital.id] }, "agencyIds"],
    ["one agency that is named twice", { agencyIds: [hospital.id, hospital.id] }, "agencyIds"],
    [
      "one agency that is named twice, once in capitals",
      { agencyIds: [hospital.id, hospital.id.toUpperCase()] },
      "agencyIds",
    ],
    ["agencies among which the asking one is not", { agencyIds: [bh.id, housing.id] }, "agencyIds"],
    ["nobody there", { attendees: [] }, "attendees"],
    ["nobody there but a blank", { attendees: [" "] }, "attendees"],
    ["no minutes", { minutesReference: "" }, "minutesReference"],
    ["a month that is none", { month: "2025-00" }, "month"],
    ["an hour that has not come", { heldAt: "2099-01-01T00:00:00Z" }, "heldAt"],
  ])("is not recorded with %s", async (_, said, field) => {
    await expect(hold(said)).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });

  it("is not recorded at a malformed hour", async () => {
    await expect(hold({ heldAt: "Tuesday" })).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it("is recorded once under one key", async () => {
    const key = { idempotencyKey: randomUUID() };
    const everything = "id version month heldAt agencies { id } attendees minutesReference";
    const first = await hold(key, everything);
    expect(await hold(key, everything)).toEqual(first);
    await expect(hold({ ...key, month: "2025-01" })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
  });

  it("is seen by the agencies that were there, and to the others is as one that does not exist", async () => {
    const { id } = await hold();
    const query = "query($id: ID!) { governanceMeeting(id: $id) { id attendees } }";
    const listed = async (as: PersonaName) => {
      const { data } = await county.ask(
        as,
        "{ governanceMeetings(first: 100) { edges { node { id } } } }",
      );
      return data.governanceMeetings.edges.map(({ node }: any) => node.id);
    };
    for (const there of ["hospital-executive", "bh-executive", "bh-clinician"] as const) {
      const { data } = await county.ask(there, query, { id });
      expect(data.governanceMeeting).toEqual({ id, attendees: ["Gloria Hayes", "Peter Novak"] });
      expect(await listed(there)).toContain(id);
    }
    for (const elsewhere of ["housing-worker", "county-executive", "analyst"] as const) {
      const meeting = await county.ask(elsewhere, query, { id });
      expect(meeting.data).toEqual({ governanceMeeting: null });
      expect(meeting.text).toBe((await county.ask(elsewhere, query, { id: UNKNOWN })).text);
      expect(await listed(elsewhere)).toEqual([]);
    }
  });

  it("is listed the latest first", async () => {
    county.now(at("18:00", 60));
    const earlier = await hold({ heldAt: at("15:00", 30) });
    const later = await hold({ heldAt: at("15:00", 59), month: "2025-03" });
    const { data } = await county.ask(
      "bh-executive",
      "{ governanceMeetings(first: 2) { edges { node { id month } } pageInfo { hasNextPage } } }",
    );
    expect(data.governanceMeetings).toEqual({
      edges: [
        { node: { id: later.id, month: "2025-03" } },
        { node: { id: earlier.id, month: "2025-02" } },
      ],
      pageInfo: { hasNextPage: true },
    });
  });
});

describe("a governance meeting over what another room keeps", () => {
  it.each([
    ["at an interface that does not exist", { interfaceId: UNKNOWN }, "interfaceId"],
    ["with an agency that is not on the roll", { agencyIds: [hospital.id, UNKNOWN] }, "agencyIds"],
  ])("is not recorded %s", async (_, said, field) => {
    await expect(hold(said)).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });
});
