/** Who sees people at all: those who work with them, and of the rest nobody, asked role by role through the house. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAgencyKind, isBasis, isPurpose, isRole, worksWithPeople } from "#sharing/requester.ts";
import type { Requester } from "#sharing/requester.ts";
import { AGENCY_KINDS, BASES, PURPOSES, ROLES } from "#sharing/vocabulary.ts";
import type { Role } from "#sharing/vocabulary.ts";
import { demoIssuer } from "../../gateway/demo-issuer.ts";
import type { DemoIssuer } from "../../gateway/demo-issuer.ts";
import type { House } from "../../scripts/house.ts";
import { agencies, COUNTY_PERSON_ID, people, personas } from "../county/county.ts";
import type { Answer } from "../county/house.ts";
import { ask, bearer, openHouseOf } from "../gateway/open.ts";

const dana = personas["discharge-coordinator"];

/** The table a lawyer signs: who works with people, and who only governs or bills. */
const WORKS_WITH_PEOPLE: Record<Role, boolean> = {
  CLINICIAN: true,
  CARE_COORDINATOR: true,
  CASE_WORKER: true,
  APS_INVESTIGATOR: true,
  FIRST_RESPONDER: true,
  ADMIN: true,
  BILLING: false,
  EXECUTIVE: false,
  COMMISSIONER_LIAISON: false,
  PRIVACY_OFFICER: false,
  AUDITOR: false,
  ANALYST: false,
};
const rolesThat = (work: boolean) => ROLES.filter((role) => WORKS_WITH_PEOPLE[role] === work);

describe("a role", () => {
  it.each(ROLES)("%s works with people, or it does not", (role) => {
    expect(worksWithPeople({ ...dana, role })).toBe(WORKS_WITH_PEOPLE[role]);
  });

  it("is all that decides it: no purpose, no basis and no kind of agency makes a governing role a caring one", () => {
    for (const role of rolesThat(false))
      for (const purpose of PURPOSES)
        for (const basis of [null, ...BASES])
          for (const kind of [null, ...AGENCY_KINDS])
            expect(worksWithPeople({ ...dana, role, purpose, basis, kind })).toBe(false);
  });
});

describe("a closed vocabulary", () => {
  it.each([
    ["roles", isRole, ROLES],
    ["purposes", isPurpose, PURPOSES],
    ["bases", isBasis, BASES],
    ["kinds of agency", isAgencyKind, AGENCY_KINDS],
  ] as const)("of %s knows its own words, and no others", (_, knows, words) => {
    for (const word of words) expect(knows(word)).toBe(true);
    expect(new Set<string>(words).size).toBe(words.length);
    for (const other of [
      "",
      words[0].toLowerCase(),
      ` ${words[0]}`,
      "toString",
      null,
      undefined,
      0,
      [words[0]],
      { 0: words[0] },
    ])
      expect(knows(other)).toBe(false);
  });
});

describe("through the house", () => {
  let house: House;
  let issuer: DemoIssuer;
  /** What Dana, who works with Walter, knows of. */
  let known: Record<"handoff" | "referral" | "person" | "dispute" | "escalationIssue", string>;

  beforeAll(async () => {
    issuer = await demoIssuer(null);
    ({ house } = await openHouseOf(issuer));
    const { data } = await asks(
      dana,
      `{ handoffs(states: [AWAITING_DECISION]) { edges { node { id person { id } referral { id disputes { id } escalations { id } } } } } }`,
    );
    const [{ node }] = data.handoffs.edges;
    known = {
      handoff: node.id,
      referral: node.referral.id,
      person: node.person.id,
      dispute: node.referral.disputes[0].id,
      escalationIssue: node.referral.escalations[0].id,
    };
  });
  afterAll(() => house.close());

  const asks = async (as: Requester, query: string, variables: object = {}): Promise<Answer> =>
    ask(house, bearer(await issuer.token(as)), query, { ...variables });

  const ONE = {
    handoff: "id state sender { name }",
    referral: "id service",
    person: "id name",
    dispute: "id stage",
    escalationIssue: "id impact",
  } as const;
  type Thing = keyof typeof ONE;
  const things = Object.keys(ONE) as Thing[];

  const find = (as: Requester, thing: Thing, id: string) =>
    asks(as, `query($id: ID!) { it: ${thing}(id: $id) { ${ONE[thing]} } }`, { id });

  it.each(rolesThat(true))(
    "a %s of an agency that is a party sees Walter's handoff",
    async (role) => {
      const { data } = await find({ ...dana, role }, "handoff", known.handoff);
      expect(data.it).toMatchObject({ id: known.handoff, state: "AWAITING_DECISION" });
    },
  );

  /** Roles that work with nobody and govern; billing uses its own agency's records, and moves none. */
  const governing = rolesThat(false).filter((role) => role !== "BILLING");
  const table = governing.flatMap((role) => things.map((thing) => ({ role, thing })));

  it.each(table)(
    "$role asks for a known $thing and for an unknown one, and gets the same bytes",
    async ({ role, thing }) => {
      const as = { ...dana, role };
      const [seen, unknown] = [
        await find(as, thing, known[thing]),
        await find(as, thing, randomUUID()),
      ];
      expect(seen.data).toEqual({ it: null });
      expect([seen.status, seen.text]).toEqual([unknown.status, unknown.text]);
    },
  );

  it.each(things)(
    "a carer of an agency that is no party gets the same bytes for a known %s and an unknown one",
    async (thing) => {
      const ems = personas["ems-responder"];
      const [seen, unknown] = [
        await find(ems, thing, known[thing]),
        await find(ems, thing, randomUUID()),
      ];
      expect(seen.data).toEqual({ it: null });
      expect([seen.status, seen.text]).toEqual([unknown.status, unknown.text]);
    },
  );

  it.each(things)("billing reads a %s of its own agency's, for that is use", async (thing) => {
    const { data } = await find({ ...dana, role: "BILLING" }, thing, known[thing]);
    expect(data.it.id).toBe(known[thing]);
  });

  it.each(governing)("a %s finds nobody in any list, nor by a record number", async (role) => {
    const { data, errors } = await asks(
      { ...dana, role },
      `{
        personByIdentifier(system: "${COUNTY_PERSON_ID}", value: "${people.walter.countyId}") { id }
        handoffs { edges { cursor } }
        worklist { edges { cursor } }
        disputes { edges { cursor } }
        openEscalationIssues { edges { cursor } }
      }`,
    );
    expect(data).toEqual({
      personByIdentifier: null,
      handoffs: null,
      worklist: null,
      disputes: null,
      openEscalationIssues: null,
    });
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(["WITHHELD"]));
    expect(errors).toHaveLength(5);
  });

  /** Every change to a record of a person, and what it takes beside an id. */
  const MOVES = [
    ["notifyHandoff", "HandoffMoveInput", "handoff", {}],
    ["acceptHandoff", "HandoffMoveInput", "handoff", {}],
    ["beginService", "HandoffMoveInput", "handoff", {}],
    ["reopenHandoff", "HandoffMoveInput", "handoff", {}],
    [
      "declineHandoff",
      "DeclineHandoffInput",
      "handoff",
      { reason: "NO_CAPACITY", redirectToId: agencies.county.id },
    ],
    ["cancelHandoff", "CancelHandoffInput", "handoff", { reason: "DUPLICATE" }],
    ["completeHandoff", "CompleteHandoffInput", "handoff", { reason: "SERVICES_RECEIVED" }],
    ["requestInformation", "HandoffItemsInput", "handoff", { items: ["medication list"] }],
    ["statePosition", "StatePositionInput", "dispute", { statement: "Ours is not the budget." }],
    ["withdrawDispute", "WithdrawDisputeInput", "dispute", {}],
    ["resolveIssue", "ResolveIssueInput", "escalationIssue", { resolution: "A bed was found." }],
  ] as const;
  const moves = rolesThat(false).flatMap((role) =>
    MOVES.map(([mutation, type, thing, more]) => ({ role, mutation, type, thing, more })),
  );

  it.each(moves)(
    "$role can do no $mutation, and is told the same of a record that is there and of one that is not",
    async ({ role, mutation, type, thing, more }) => {
      const move = (id: string) =>
        asks(
          { ...dana, role },
          `mutation($input: ${type}!) { it: ${mutation}(input: $input) { id } }`,
          { input: { idempotencyKey: randomUUID(), id, expectedVersion: 1, ...more } },
        );
      const [there, absent] = [await move(known[thing]), await move(randomUUID())];
      expect(there.errors.map(({ extensions }) => extensions.code)).toEqual(["NOT_FOUND"]);
      expect(there.text).toBe(absent.text);
    },
  );

  it.each(rolesThat(false))("a %s can begin nothing about a person either", async (role) => {
    const as = { ...dana, role };
    const begin = async (mutation: string, type: string, input: object) => {
      const { data, errors } = await asks(
        as,
        `mutation($input: ${type}!) { it: ${mutation}(input: $input) { id } }`,
        {
          input: { idempotencyKey: randomUUID(), ...input },
        },
      );
      return [mutation, data?.it, errors[0]?.extensions.code];
    };
    const begun = [
      await begin("referPerson", "ReferPersonInput", { personId: known.person, service: "Meals" }),
      await begin("offerHandoff", "OfferHandoffInput", {
        referralId: known.referral,
        receiverId: agencies.housing.id,
      }),
      await begin("openDispute", "OpenDisputeInput", {
        referralId: known.referral,
        type: "FUNDING",
        subject: "FUND",
        partyIds: [agencies.hospital.id, agencies.housing.id],
        coverage: "GAP",
        statement: "Ours is not the budget.",
      }),
      await begin("raiseIssue", "RaiseIssueInput", {
        referralId: known.referral,
        type: "UNSAFE_DISCHARGE",
        impact: "He waits.",
        withAgencyId: agencies.housing.id,
      }),
    ];
    // Whether it is FORBIDDEN or NOT_FOUND is each room's own; a dispute's is the same for every referral.
    for (const [mutation, record, code] of begun)
      expect([mutation, record, ["FORBIDDEN", "NOT_FOUND"].includes(code as string)]).toEqual([
        mutation,
        null,
        true,
      ]);
  });

  it("who has seen a record in one role does not see it again in another, by saying the same thing again", async () => {
    const input = {
      idempotencyKey: "said by the same person",
      personId: known.person,
      service: "Meals at home",
    };
    const SAY =
      "mutation($input: ReferPersonInput!) { it: referPerson(input: $input) { id service } }";
    expect((await asks(dana, SAY, { input })).data.it.service).toBe("Meals at home");
    const again = await asks({ ...dana, role: "ANALYST" }, SAY, { input });
    expect(again.data.it).toBeNull();
  });

  it.each(rolesThat(false))("a %s may send no records of people", async (role) => {
    const response = await fetch(`${house.url}/fhir`, {
      method: "POST",
      headers: {
        "content-type": "application/fhir+json",
        ...bearer(await issuer.token({ ...dana, role })),
      },
      body: JSON.stringify({
        resourceType: "Patient",
        identifier: [{ system: COUNTY_PERSON_ID, value: "C-9" }],
      }),
    });
    expect(response.status).toBe(403);
  });
});
