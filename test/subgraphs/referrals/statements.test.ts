/** What people are told of a referral: by whom, where two agencies did not say the same, and that the person turned away. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at, HOSPITAL_MRN, people } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { Asker, County } from "../../county/house.ts";

const { hospital, county: countyAgency, bh, housing, recovery } = agencies;
type Made = Record<string, any>;

let county: County;
let maria: string;
let discharge: string;
beforeAll(async () => {
  county = await openCounty();
  const { data } = await county.ask(
    "discharge-coordinator",
    `query($system: String!, $value: String!) {
      interfaces { edges { node { id } } }
      personByIdentifier(system: $system, value: $value) { id }
    }`,
    { system: HOSPITAL_MRN, value: people.maria.mrn },
  );
  discharge = data.interfaces.edges[0].node.id;
  maria = data.personByIdentifier.id;
});
afterAll(() => county.close());

const utc = (instant: string): string => new Date(instant).toISOString();

const need = async (): Promise<string> =>
  (
    await county.tell("discharge-coordinator", "referPerson", "ReferPersonInput", {
      personId: maria,
      service: "Aftercare",
    })
  ).id;

const offer = (referralId: string, receiverId: string, more: object = {}): Promise<Made> =>
  county.tell("discharge-coordinator", "offerHandoff", "OfferHandoffInput", {
    referralId,
    receiverId,
    ...more,
  });

/** The hospital asks behavioral health, and the county tracks it. */
const tracked = async (): Promise<{ referral: string; handoff: Made }> => {
  const referral = await need();
  const handoff = await offer(referral, bh.id, {
    interfaceId: discharge,
    coordinatorId: countyAgency.id,
  });
  return { referral, handoff };
};

const STATEMENTS = "statements { by { id } about says eligibility startsOn toldTo toldAt }";
const CONTRADICTIONS =
  "contradictions { about earlier { by { id } says } later { by { id } says } since until }";

const tell = (as: Asker, referralId: string, said: object) =>
  county.tell(
    as,
    "recordStatement",
    "RecordStatementInput",
    { referralId, toldTo: "PERSON", ...said },
    `id ${STATEMENTS}`,
  );

const eligible = (toldAt: string) => ({
  about: "ELIGIBILITY",
  says: "You will get a place",
  eligibility: "ELIGIBLE",
  toldAt,
});
const notEligible = (toldAt: string) => ({
  about: "ELIGIBILITY",
  says: "You are not entitled to it",
  eligibility: "NOT_ELIGIBLE",
  toldAt,
});

const read = async (as: Asker, id: string, selection = `${STATEMENTS} ${CONTRADICTIONS}`) => {
  const { data, errors, text } = await county.ask(
    as,
    `query($id: ID!) { referral(id: $id) { ${selection} } }`,
    { id },
  );
  return { referral: data.referral as Made, errors, text };
};

describe("what a person was told", () => {
  it("[A35] is seen by the coordinator from both agencies, and that it was two things", async () => {
    const { referral } = await tracked();
    await tell("discharge-coordinator", referral, eligible(at("09:00")));
    await tell("bh-clinician", referral, notEligible(at("15:00")));
    const seen = (await read("county-case-worker", referral)).referral;
    expect(seen).toEqual({
      statements: [
        {
          by: { id: hospital.id },
          about: "ELIGIBILITY",
          says: "You will get a place",
          eligibility: "ELIGIBLE",
          startsOn: null,
          toldTo: "PERSON",
          toldAt: utc(at("09:00")),
        },
        {
          by: { id: bh.id },
          about: "ELIGIBILITY",
          says: "You are not entitled to it",
          eligibility: "NOT_ELIGIBLE",
          startsOn: null,
          toldTo: "PERSON",
          toldAt: utc(at("15:00")),
        },
      ],
      contradictions: [
        {
          about: "ELIGIBILITY",
          earlier: { by: { id: hospital.id }, says: "You will get a place" },
          later: { by: { id: bh.id }, says: "You are not entitled to it" },
          since: utc(at("15:00")),
          until: null,
        },
      ],
    });
    for (const party of ["discharge-coordinator", "bh-clinician"] as const)
      expect((await read(party, referral)).referral).toEqual(seen);
  });

  it("is no contradiction once an agency says what the other does, and what it said before stays", async () => {
    const { referral } = await tracked();
    await tell("discharge-coordinator", referral, eligible(at("09:00")));
    await tell("bh-clinician", referral, notEligible(at("15:00")));
    await tell("bh-clinician", referral, eligible(at("09:00", 1)));
    const seen = (await read("county-case-worker", referral)).referral;
    expect(seen.statements).toHaveLength(3);
    expect(seen.contradictions).toMatchObject([
      { since: utc(at("15:00")), until: utc(at("09:00", 1)) },
    ]);
  });

  it("is none where one agency corrects itself before another one speaks", async () => {
    const { referral } = await tracked();
    await tell("discharge-coordinator", referral, eligible(at("09:00")));
    await tell("discharge-coordinator", referral, notEligible(at("10:00")));
    await tell("bh-clinician", referral, notEligible(at("15:00")));
    expect((await read("county-case-worker", referral)).referral.contradictions).toEqual([]);
  });

  it("is read in the order in which the person heard it, and not in which it was recorded", async () => {
    const { referral } = await tracked();
    await tell("bh-clinician", referral, notEligible(at("15:00")));
    await tell("discharge-coordinator", referral, eligible(at("09:00")));
    expect((await read("county-case-worker", referral)).referral.contradictions).toMatchObject([
      { earlier: { by: { id: hospital.id } }, later: { by: { id: bh.id } } },
    ]);
  });

  it("is compared by its answers: two days contradict, words alone never do, nor do answers to two questions", async () => {
    const { referral } = await tracked();
    const starts = (startsOn: string) => ({ about: "START_DATE", says: startsOn, startsOn });
    await tell("discharge-coordinator", referral, { about: "COST", says: "It costs nothing" });
    await tell("bh-clinician", referral, { about: "COST", says: "You pay 40 dollars" });
    await tell("discharge-coordinator", referral, eligible(at("09:00")));
    await tell("bh-clinician", referral, starts("2025-03-10"));
    expect((await read("county-case-worker", referral)).referral.contradictions).toEqual([]);
    await tell("discharge-coordinator", referral, starts("2025-03-06"));
    expect((await read("county-case-worker", referral)).referral.contradictions).toMatchObject([
      { about: "START_DATE", earlier: { says: "2025-03-10" }, later: { says: "2025-03-06" } },
    ]);
  });

  it("is not the coordinator's where its words tell more, and then there are not two to compare", async () => {
    const { referral } = await tracked();
    await tell("bh-clinician", referral, {
      ...notEligible(at("09:00")),
      says: "Not while you take buprenorphine",
    });
    await tell("discharge-coordinator", referral, eligible(at("15:00")));
    const { referral: seen, text } = await read("county-case-worker", referral);
    expect(seen).toMatchObject({ statements: [{ by: { id: hospital.id } }], contradictions: [] });
    expect(text).not.toContain("buprenorphine");
    expect((await read("bh-clinician", referral)).referral.contradictions).toHaveLength(1);
  });

  it("is not the coordinator's where a program for substance use said it over a handoff of its own", async () => {
    const { referral } = await tracked();
    await tell("discharge-coordinator", referral, eligible(at("09:00")));
    await offer(referral, recovery.id);
    await tell("recovery-counselor", referral, notEligible(at("15:00")));
    const { referral: seen, text } = await read("county-case-worker", referral);
    expect(seen).toMatchObject({ statements: [{ by: { id: hospital.id } }], contradictions: [] });
    expect(text).not.toContain("You are not entitled to it");
    expect(text).not.toContain(recovery.id);
    const own = (await read("recovery-counselor", referral)).referral;
    expect(own.statements.map(({ by }: Made) => by.id)).toContain(recovery.id);
  });

  it("is such a program's alone where it tracks a handoff of others, for that it speaks to her tells what it is", async () => {
    const parties = [hospital, bh, recovery];
    const { id: interfaceId } = await county.tell(
      "hospital-executive",
      "agreeInterface",
      "AgreeInterfaceInput",
      {
        kind: "COMPLEX_TRANSITION",
        name: "Three in one",
        partyIds: parties.map(({ id }) => id),
        contacts: parties.map(({ id }) => ({ agencyId: id, name: "Dana", cover: "Joel" })),
      },
    );
    const referral = await need();
    await offer(referral, bh.id, { interfaceId, coordinatorId: recovery.id });
    await tell("recovery-counselor", referral, eligible(at("09:00")));
    expect((await read("recovery-counselor", referral)).referral.statements).toHaveLength(1);
    for (const party of ["bh-clinician", "discharge-coordinator"] as const)
      expect((await read(party, referral)).text).not.toContain("You will get a place");
  });

  it("is not known of by an agency that may not know of the referral", async () => {
    const { referral } = await tracked();
    await tell("discharge-coordinator", referral, eligible(at("09:00")));
    const { referral: seen, text } = await read("ems-responder", referral);
    expect(seen).toBeNull();
    expect(text).toBe((await read("ems-responder", randomUUID())).text);
  });

  it("is written to the ledger when another agency reads it under a rule", async () => {
    const referral = await need();
    await offer(referral, housing.id);
    await tell("discharge-coordinator", referral, eligible(at("09:00")));
    const entries = async (): Promise<Made[]> => {
      const { data } = await county.ask(
        "hospital-privacy-officer",
        `query($id: ID!) { accountingOfDisclosures(personId: $id, first: 100) {
          edges { node { id recipient { id } categories } } } }`,
        { id: maria },
      );
      return data.accountingOfDisclosures.edges.map(({ node }: Made) => node);
    };
    const before = new Set((await entries()).map(({ id }) => id));
    // It treats her, and is no party to this.
    const { referral: seen } = await read("bh-clinician", referral, "statements { says }");
    expect(seen.statements).toEqual([{ says: "You will get a place" }]);
    expect((await entries()).filter(({ id }) => !before.has(id))).toEqual([
      { id: expect.any(String), recipient: { id: bh.id }, categories: ["REFERRAL_ADMIN"] },
    ]);
  });
});

describe("recording what a person was told", () => {
  it.each([
    ["blank words", { says: " " }, "says"],
    ["words without end", { says: "x".repeat(2001) }, "says"],
    ["a time to come", { toldAt: at("09:00", 9) }, "toldAt"],
    ["a day that is none", { about: "START_DATE", startsOn: "2025-02-30" }, "startsOn"],
    ["a day about the cost", { about: "COST", startsOn: "2025-03-06" }, "startsOn"],
    ["an eligibility about the cost", { about: "COST", eligibility: "ELIGIBLE" }, "eligibility"],
  ])("is refused with %s", async (_, said, field) => {
    const { referral } = await tracked();
    await expect(
      tell("discharge-coordinator", referral, { about: "OTHER", says: "Wait", ...said }),
    ).rejects.toMatchObject({ code: "BAD_INPUT", field });
    expect((await read("discharge-coordinator", referral)).referral.statements).toEqual([]);
  });

  it("is not open to an agency that is no party, nor to a need for which nobody was asked", async () => {
    const { referral } = await tracked();
    const said = { about: "OTHER", says: "Wait" };
    await expect(tell("housing-worker", referral, said)).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(tell("analyst", referral, said)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(tell("discharge-coordinator", await need(), said)).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "referralId",
    });
  });

  it("has effect once for each idempotency key, and nobody changes what was recorded", async () => {
    const { referral } = await tracked();
    const said = { ...eligible(at("09:00")), idempotencyKey: randomUUID() };
    const once = await tell("discharge-coordinator", referral, said);
    expect(once.statements).toHaveLength(1);
    expect(await tell("discharge-coordinator", referral, said)).toEqual(once);
    await expect(
      tell("discharge-coordinator", referral, { ...said, says: "Another" }),
    ).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    const { sql } = county.house.database.of("referrals").by(hospital.id);
    const rows = sql("referrals.person_statement").where({ referral_id: referral });
    expect(await rows.clone().pluck("says")).toEqual(["You will get a place"]);
    await expect(rows.clone().update({ says: "ours" })).rejects.toThrow(/permission denied/);
    const [row] = await rows.clone();
    await expect(
      county.house.database
        .of("referrals")
        .by(housing.id)
        .sql("referrals.person_statement")
        .insert({ ...row, id: randomUUID(), source_id: housing.id }),
    ).rejects.toThrow(/row-level security/);
  });
});

describe("a person who turns away", () => {
  const DISENGAGEMENT = `reason disengagement { at statements { says } ${CONTRADICTIONS} }`;

  const disengaged = async (as: Asker, id: string) => {
    const { data } = await county.ask(
      as,
      `query($id: ID!) { handoff(id: $id) { ${DISENGAGEMENT} } }`,
      { id },
    );
    return data.handoff as Made;
  };

  it("[A35] is seen to have done so after contradictory statements", async () => {
    const { referral, handoff } = await tracked();
    await tell("discharge-coordinator", referral, eligible(at("09:00")));
    await tell("bh-clinician", referral, notEligible(at("15:00")));
    expect(await disengaged("county-case-worker", handoff.id)).toEqual({
      reason: null,
      disengagement: null,
    });
    await county.tell("discharge-coordinator", "cancelHandoff", "CancelHandoffInput", {
      id: handoff.id,
      expectedVersion: handoff.version,
      reason: "DISENGAGED",
    });
    // What is said once they are gone is not why they went.
    county.now(at("19:00", 1));
    await tell("bh-clinician", referral, eligible(at("18:30", 1)));
    expect(await disengaged("county-case-worker", handoff.id)).toEqual({
      reason: "DISENGAGED",
      disengagement: {
        at: utc(at("18:00", 1)),
        statements: [{ says: "You will get a place" }, { says: "You are not entitled to it" }],
        contradictions: [
          {
            about: "ELIGIBILITY",
            earlier: { by: { id: hospital.id }, says: "You will get a place" },
            later: { by: { id: bh.id }, says: "You are not entitled to it" },
            since: utc(at("15:00")),
            until: null,
          },
        ],
      },
    });
  });

  it("is told from one who was served, and from one who said that they withdraw", async () => {
    const { handoff } = await tracked();
    await county.tell("discharge-coordinator", "cancelHandoff", "CancelHandoffInput", {
      id: handoff.id,
      expectedVersion: handoff.version,
      reason: "WITHDRAWN_BY_PERSON",
    });
    expect(await disengaged("county-case-worker", handoff.id)).toEqual({
      reason: "WITHDRAWN_BY_PERSON",
      disengagement: null,
    });
  });

  it("may do so from a service that has begun", async () => {
    const { handoff } = await tracked();
    const moves = [
      ["discharge-coordinator", "notifyHandoff"],
      ["discharge-coordinator", "presentHandoff"],
      ["bh-clinician", "acceptHandoff"],
      ["bh-clinician", "beginService"],
    ] as const;
    for (const [index, [as, mutation]] of moves.entries())
      await county.tell(as, mutation, "HandoffMoveInput", {
        id: handoff.id,
        expectedVersion: index + 1,
      });
    await county.tell("bh-clinician", "completeHandoff", "CompleteHandoffInput", {
      id: handoff.id,
      expectedVersion: 5,
      reason: "DISENGAGED",
    });
    expect(await disengaged("county-case-worker", handoff.id)).toMatchObject({
      reason: "DISENGAGED",
      disengagement: { statements: [], contradictions: [] },
    });
  });
});
