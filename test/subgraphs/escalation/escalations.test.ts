/** Escalation issues, as agencies raise and settle them through the graph. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { worksWithPeople } from "#sharing/requester.ts";
import { agencies, at, COUNTY_PERSON_ID, people, personas } from "../../county/county.ts";
import type { PersonaName } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";

const { hospital, county: countyAgency, housing, aps, ems, recovery, shelter } = agencies;
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

/** What the hospital raises with the housing authority over a need of Walter's. */
const grievance = async (more: object = {}) => ({
  referralId: await need(),
  type: "MISSED_VISITS",
  impact: "He has waited for three visits that did not come.",
  withAgencyId: housing.id,
  ...more,
});

const raise = async (
  more: object = {},
  selection?: string,
  as: PersonaName = "discharge-coordinator",
) => county.tell(as, "raiseIssue", "RaiseIssueInput", await grievance(more), selection);

const resolve = (
  as: PersonaName,
  { id, version }: Record<string, any>,
  more: object = {},
  selection?: string,
) =>
  county.tell(
    as,
    "resolveIssue",
    "ResolveIssueInput",
    { id, expectedVersion: version, resolution: "Visits are on Tuesdays now.", ...more },
    selection,
  );

const read = async (as: PersonaName, id: string, selection: string) => {
  const { data, errors } = await county.ask(
    as,
    `query($id: ID!) { escalationIssue(id: $id) { ${selection} } }`,
    { id },
  );
  expect(errors).toEqual([]);
  return data.escalationIssue;
};

describe("an issue", () => {
  it.each([
    "DELAYED_CRISIS_RESPONSE",
    "DISPUTED_RESPONSIBILITY",
    "UNSAFE_DISCHARGE",
    "MISSED_VISITS",
    "RESTRICTIVE_PRACTICES",
  ])("[B41] is of one of five types: %s", async (type) => {
    expect(await raise({ type }, "type typeText")).toEqual({ type, typeText: null });
  });

  it("[B41] is of another type only in words", async () => {
    for (const typeText of [undefined, null, "", "  "])
      await expect(raise({ type: "OTHER", typeText })).rejects.toMatchObject({
        code: "BAD_INPUT",
        field: "typeText",
      });
    const other = { type: "OTHER", typeText: "No interpreter was sent." };
    expect(await raise(other, "type typeText")).toEqual(other);
    for (const type of ["MISSED_CALLS", "other", null])
      await expect(raise({ type })).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it("[B48] says what it does to the person, or is not raised", async () => {
    for (const impact of [undefined, null])
      await expect(raise({ impact })).rejects.toMatchObject({ code: "BAD_INPUT" });
    for (const impact of ["", " \t "])
      await expect(raise({ impact })).rejects.toMatchObject({ code: "BAD_INPUT", field: "impact" });
  });

  it("[B48] keeps its time stamps, its type and its impact on the person, also once it is resolved", async () => {
    county.now(at("09:00", 2));
    const raised = await raise({ type: "UNSAFE_DISCHARGE", impact: "He fell on the first night." });
    county.now(at("16:30", 3));
    await resolve("housing-worker", raised);
    for (const party of ["discharge-coordinator", "housing-worker"] as const)
      expect(
        await read(
          party,
          raised.id,
          `type impact rung raisedAt resolvedAt resolution raisedBy { id } parties { name }
           referral { id }`,
        ),
      ).toMatchObject({
        type: "UNSAFE_DISCHARGE",
        impact: "He fell on the first night.",
        rung: "FRONTLINE_CONTACT",
        raisedAt: new Date(at("09:00", 2)).toISOString(),
        resolvedAt: new Date(at("16:30", 3)).toISOString(),
        resolution: "Visits are on Tuesdays now.",
        raisedBy: { id: hospital.id },
        parties: [{ name: hospital.name }, { name: housing.name }],
      });
  });

  it.each([
    ["with the agency that raises it", { withAgencyId: hospital.id }, "withAgencyId"],
    [
      "with the agency that raises it, in capitals",
      { withAgencyId: hospital.id.toUpperCase() },
      "withAgencyId",
    ],
  ])("is not raised %s", async (_, said, field) => {
    await expect(raise(said)).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });

  it.each([
    ["with a malformed agency", { withAgencyId: "housing" }],
    ["over a malformed referral", { referralId: "R-1" }],
    ["in words that no record can hold", { impact: "He has\u0000 waited." }],
  ])("is not raised %s", async (_, said) => {
    await expect(raise(said)).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it.each(["hospital-executive", "analyst"] as const)(
    "is not raised by a role that could not see it afterwards: %s",
    async (governor) => {
      await expect(raise({}, "id", governor)).rejects.toMatchObject({
        code: expect.stringMatching(/^(FORBIDDEN|NOT_FOUND)$/),
      });
    },
  );

  it("is raised once under one key, and says then what was said first, though it is resolved", async () => {
    const said = { idempotencyKey: randomUUID(), ...(await grievance()) };
    const tell = (more: object = {}) =>
      county.tell(
        "discharge-coordinator",
        "raiseIssue",
        "RaiseIssueInput",
        { ...said, ...more },
        "id version impact raisedAt resolvedAt resolution parties { id }",
      );
    const first = await tell();
    await resolve("discharge-coordinator", first);
    expect(await tell()).toEqual(first);
    await expect(tell({ impact: "He has waited for four." })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
  });
});

describe("an issue is resolved", () => {
  it("by either side, and once", async () => {
    for (const side of ["discharge-coordinator", "housing-worker"] as const) {
      const resolved = await resolve(side, await raise());
      await expect(resolve("housing-worker", resolved)).rejects.toMatchObject({
        code: "MOVE_NOT_ALLOWED",
        state: "RESOLVED",
      });
    }
  });

  it("by one alone of two who do so at the same time", async () => {
    const raised = await raise();
    const resolutions = await Promise.allSettled([
      resolve(
        "discharge-coordinator",
        raised,
        { resolution: "We agreed by telephone." },
        "resolution",
      ),
      resolve("housing-worker", raised, {}, "resolution"),
    ]);
    const made = resolutions.flatMap((it) => (it.status === "fulfilled" ? [it.value] : []));
    expect(made).toHaveLength(1);
    expect(resolutions.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { code: "VERSION_CONFLICT", currentVersion: 2 },
    });
    expect(await read("housing-worker", raised.id, "resolution")).toEqual(made[0]);
  });

  it("in words", async () => {
    const raised = await raise();
    await expect(resolve("housing-worker", raised, { resolution: " " })).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "resolution",
    });
    expect(await read("housing-worker", raised.id, "resolvedAt")).toEqual({ resolvedAt: null });
  });

  it("and is then no more among the open ones, which are listed the oldest first", async () => {
    county.now(at("09:00", 30));
    const older = await raise({ withAgencyId: aps.id });
    county.now(at("10:00", 30));
    const settled = await raise({ withAgencyId: aps.id });
    county.now(at("11:00", 30));
    const newer = await raise({ withAgencyId: aps.id });
    await resolve("aps-investigator", settled);
    const { data } = await county.ask(
      "aps-investigator",
      "{ openEscalationIssues { edges { node { id } } } }",
    );
    expect(data.openEscalationIssues.edges.map(({ node }: any) => node.id)).toEqual([
      older.id,
      newer.id,
    ]);
  });
});

describe("to everybody who is no party, or governs", () => {
  it.each([
    "county-case-worker",
    "bh-clinician",
    "ems-responder",
    "hospital-executive",
    "analyst",
  ] as const)("an issue is as one that does not exist, byte for byte: %s", async (outsider) => {
    const { id } = await raise();
    const query = "query($id: ID!) { escalationIssue(id: $id) { id type impact } }";
    const there = await county.ask(outsider, query, { id });
    expect(there.data).toEqual({ escalationIssue: null });
    expect(there.errors).toMatchObject([
      { path: ["escalationIssue"], extensions: { code: "WITHHELD" } },
    ]);
    expect(there.text).toBe((await county.ask(outsider, query, { id: UNKNOWN })).text);

    const refused = (issue: string) =>
      resolve(outsider, { id: issue, version: 1 }).catch((error: unknown) => error);
    expect(await refused(id)).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused(id)).toEqual(await refused(UNKNOWN));

    const { data } = await county.ask(
      outsider,
      "{ openEscalationIssues(first: 100) { edges { node { id } } } }",
    );
    if (worksWithPeople(personas[outsider]))
      expect(data.openEscalationIssues.edges.map(({ node }: any) => node.id)).not.toContain(id);
    else expect(data.openEscalationIssues).toBeNull();
  });
});

describe("the escalations of a referral", () => {
  it("are seen on the referral by the parties alone, among all who see the referral", async () => {
    const query = `query($person: ID!) {
      handoffs(person: $person, states: [AWAITING_DECISION]) {
        edges { node { referral { service escalations { type rung } } } }
      }
    }`;
    const asSeenBy = async (as: PersonaName) => {
      const { data, errors } = await county.ask(as, query, { person: walter });
      expect(errors).toEqual([]);
      return data.handoffs.edges.map(({ node }: any) => node.referral);
    };
    const service = "Supported housing placement";
    const escalations = [{ type: "DISPUTED_RESPONSIBILITY", rung: "FRONTLINE_CONTACT" }];
    expect(await asSeenBy("discharge-coordinator")).toEqual([{ service, escalations }]);
    expect(await asSeenBy("housing-worker")).toEqual([{ service, escalations }]);
    expect(await asSeenBy("county-case-worker")).toEqual([{ service, escalations: [] }]);
    expect(await asSeenBy("bh-clinician")).toEqual([]);
  });

  it("are fetched at once for fifty referrals", async () => {
    for (let n = 1; n <= 50; n++) {
      const { referral } = await raise({}, "referral { id }");
      await county.tell("discharge-coordinator", "offerHandoff", "OfferHandoffInput", {
        referralId: referral.id,
        receiverId: n % 2 ? ems.id : countyAgency.id,
      });
    }
    const asked: string[] = [];
    const listen = ({ sql }: { sql: string }) => {
      if (/^select .* from "escalation"\."escalation_issue"/.test(sql)) asked.push(sql);
    };
    const { sql } = county.house.database;
    sql.on("query", listen);
    const { data } = await county.ask(
      "discharge-coordinator",
      `{ handoffs(first: 100, states: [ANTICIPATED]) {
        edges { node { referral { id escalations { impact referral { id } } } } }
      } }`,
    );
    sql.off("query", listen);

    const referrals = data.handoffs.edges.map(({ node }: any) => node.referral);
    expect(referrals).toHaveLength(50);
    expect(referrals.map(({ escalations }: any) => escalations)).toEqual(
      referrals.map(({ id }: any) => [
        { impact: "He has waited for three visits that did not come.", referral: { id } },
      ]),
    );
    // The agency's, and beside it the house's, which looks whom those tell of that the agency does not see.
    expect(asked).toHaveLength(2);
  });
});

describe("an issue over a referral to a substance use program", () => {
  it("is not there for a party that keeps no record of the referral: it neither reads nor settles it", async () => {
    const referralId = await need();
    await county.tell("discharge-coordinator", "offerHandoff", "OfferHandoffInput", {
      referralId,
      receiverId: recovery.id,
    });
    const raised = await raise({ referralId, withAgencyId: ems.id });
    const query = "query($id: ID!) { escalationIssue(id: $id) { id rung } }";
    const there = await county.ask("ems-responder", query, { id: raised.id });
    expect(there.data).toEqual({ escalationIssue: null });
    expect(there.text).toBe((await county.ask("ems-responder", query, { id: UNKNOWN })).text);

    for (const version of [1, 2])
      await expect(resolve("ems-responder", { id: raised.id, version })).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
    expect(await resolve("discharge-coordinator", raised, {}, "version")).toEqual({ version: 2 });
  });
});

describe("an issue over a referral to a program for victims", () => {
  it("is not raised with an agency that could never be given a record of it", async () => {
    const referralId = await need();
    await county.tell("discharge-coordinator", "offerHandoff", "OfferHandoffInput", {
      referralId,
      receiverId: shelter.id,
    });
    await expect(raise({ referralId, withAgencyId: housing.id })).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "withAgencyId",
    });
    for (const { id } of [ems, shelter])
      expect(await raise({ referralId, withAgencyId: id }, "version")).toEqual({ version: 1 });
  });
});

describe("an issue over what another room keeps", () => {
  it("is not raised over a need that does not exist", async () => {
    await expect(raise({ referralId: UNKNOWN })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("is not raised over a need that the agency does not know of", async () => {
    await expect(raise({}, "id", "ems-responder")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("is not raised with an agency that is not on the roll", async () => {
    await expect(raise({ withAgencyId: UNKNOWN })).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "withAgencyId",
    });
  });
});
