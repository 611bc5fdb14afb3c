/** One effect for each idempotency key, however often a client says the same thing: over HTTP, to a whole house. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at, COUNTY_PERSON_ID, people } from "../county/county.ts";
import type { PersonaName } from "../county/county.ts";
import { openCounty } from "../county/house.ts";
import type { Answer, County } from "../county/house.ts";

let county: County;
let maria: string;

beforeAll(async () => {
  county = await openCounty();
  const { data } = await county.ask(
    "discharge-coordinator",
    `{ personByIdentifier(system: "${COUNTY_PERSON_ID}", value: "${people.maria.countyId}") { id } }`,
  );
  maria = data.personByIdentifier.id;
});
afterAll(() => county.close());

const say = (
  mutation: string,
  type: string,
  input: object,
  selection = "id version",
  as: PersonaName = "discharge-coordinator",
): Promise<Answer> =>
  county.ask(as, `mutation($input: ${type}!) { it: ${mutation}(input: $input) { ${selection} } }`, {
    input,
  });

const refer = (input: object, as?: PersonaName) =>
  say(
    "referPerson",
    "ReferPersonInput",
    { personId: maria, service: "Meals at home", ...input },
    "id version service",
    as,
  );

const notify = (input: object) =>
  say("notifyHandoff", "HandoffMoveInput", input, "id version state");

/** A new handoff of Maria's, offered and nothing more. */
const offered = async (idempotencyKey = randomUUID()) => {
  const referral = (await refer({ idempotencyKey: `need: ${idempotencyKey}` })).data.it;
  const input = { idempotencyKey, referralId: referral.id, receiverId: agencies.bh.id };
  return {
    input,
    answer: await say("offerHandoff", "OfferHandoffInput", input, "id version state"),
  };
};

const code = ({ errors }: Answer) => errors[0]?.extensions.code;
const count = async (table: string, where: object) =>
  (await county.house.database.sql(table).where(where)).length;

describe("the same key with the same input", () => {
  it("gives the first result again, even after the thing has moved on", async () => {
    const { input, answer } = await offered();
    const { id } = answer.data.it;
    const moved = await notify({ idempotencyKey: randomUUID(), id, expectedVersion: 1 });
    expect(moved.data.it).toMatchObject({ version: 2, state: "NOTIFIED" });
    const again = await say("offerHandoff", "OfferHandoffInput", input, "id version state");
    expect(again.text).toBe(answer.text);
    expect(again.data.it).toEqual({ id, version: 1, state: "ANTICIPATED" });
  });

  it("is the same whatever the order of its fields, and whatever the offset of its instants", async () => {
    const { answer } = await offered();
    const { id } = answer.data.it;
    const first = await notify({
      idempotencyKey: "n1",
      id,
      expectedVersion: 1,
      occurredAt: at("18:00", 1),
    });
    const again = await notify({
      occurredAt: "2025-03-05T00:00:00Z",
      expectedVersion: 1,
      id,
      idempotencyKey: "n1",
    });
    expect(first.errors).toEqual([]);
    expect(again.text).toBe(first.text);
  });

  it("makes one thing of ten requests at once, and answers all ten alike", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => refer({ idempotencyKey: "ten at once" })),
    );
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const id = answers[0]?.data.it.id as string;
    expect(await count("referrals.referral", { id })).toBe(1);
    expect(await count("referrals.history", { aggregate_id: id })).toBe(1);
    expect(await count("referrals.outbox", { aggregateid: id })).toBe(1);
    expect(await count("referrals.idempotency", { key: "ten at once" })).toBe(1);
  });

  it("makes one move of ten requests at once", async () => {
    const { id } = (await offered()).answer.data.it;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        notify({ idempotencyKey: "one move", id, expectedVersion: 1 }),
      ),
    );
    expect(answers.map(({ data }) => data.it)).toEqual(
      answers.map(() => ({ id, version: 2, state: "NOTIFIED" })),
    );
    expect(await count("referrals.history", { aggregate_id: id })).toBe(2);
  });
});

describe("the same key with other input", () => {
  it("is refused, and changes nothing", async () => {
    const first = await refer({ idempotencyKey: "other input" });
    const other = await refer({ idempotencyKey: "other input", service: "Transport" });
    expect(code(other)).toBe("IDEMPOTENCY_CONFLICT");
    expect(await count("referrals.referral", { service: "Transport" })).toBe(0);
    const again = await refer({ idempotencyKey: "other input" });
    expect(again.text).toBe(first.text);
  });

  it("is refused for another mutation too, though the input is the same", async () => {
    const { id } = (await offered()).answer.data.it;
    const input = { idempotencyKey: "another mutation", id, expectedVersion: 1 };
    expect(code(await notify(input))).toBeUndefined();
    expect(code(await say("presentHandoff", "HandoffMoveInput", input))).toBe(
      "IDEMPOTENCY_CONFLICT",
    );
  });

  it("is another key when another client says it, or another agency", async () => {
    const key = { idempotencyKey: "everybody's first" };
    const clients: PersonaName[] = [
      "discharge-coordinator",
      "hospital-clinician",
      "county-case-worker",
    ];
    const answers = await Promise.all(clients.map((as) => refer(key, as)));
    expect(answers.map(code)).toEqual([undefined, undefined, undefined]);
    expect(new Set(answers.map(({ data }) => data.it.id)).size).toBe(3);
  });

  it("goes to one of ten different requests at once", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        refer({ idempotencyKey: "ten unlike", service: `Service ${n}` }),
      ),
    );
    expect(answers.map(code).filter((it) => it === undefined)).toHaveLength(1);
    expect(answers.map(code).filter((it) => it === "IDEMPOTENCY_CONFLICT")).toHaveLength(9);
  });
});

describe("different keys", () => {
  it("make one move of ten requests at once, and tell the other nine how far the record has come", async () => {
    const { id } = (await offered()).answer.data.it;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        notify({ idempotencyKey: randomUUID(), id, expectedVersion: 1 }),
      ),
    );
    const refused = answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions));
    expect(refused).toEqual(
      Array.from({ length: 9 }, () => ({ code: "VERSION_CONFLICT", currentVersion: 2 })),
    );
  });
});

describe("a key", () => {
  it("that was used in vain may be used again", async () => {
    const refused = await refer({ idempotencyKey: "in vain", service: " " });
    expect(code(refused)).toBe("BAD_INPUT");
    expect(code(await refer({ idempotencyKey: "in vain" }))).toBeUndefined();
  });

  it.each([
    ["empty", ""],
    ["longer than 200 characters", "k".repeat(201)],
    ["one that no text can hold", "k\u0000"],
  ])("is refused when it is %s", async (_, idempotencyKey) => {
    expect(code(await refer({ idempotencyKey }))).toBe("BAD_INPUT");
  });
});

describe("a repeated", () => {
  const OTHERS: [
    mutation: string,
    type: string,
    as: PersonaName,
    input: () => Promise<object>,
    selection: string,
  ][] = [
    [
      "agreeInterface",
      "AgreeInterfaceInput",
      "hospital-executive",
      async () => ({
        kind: "CRISIS",
        name: "Crisis line",
        partyIds: [agencies.hospital.id, agencies.crisis.id],
        contacts: [agencies.hospital, agencies.crisis].map(({ id }) => ({
          agencyId: id,
          name: "Pat Lund",
          cover: "Jo Reyes",
        })),
      }),
      "id version kind name parties { id } contacts { name cover }",
    ],
    [
      "openDispute",
      "OpenDisputeInput",
      "discharge-coordinator",
      async () => ({
        referralId: (await offered()).input.referralId,
        type: "FUNDING",
        subject: "FUND",
        partyIds: [agencies.hospital.id, agencies.bh.id],
        coverage: "GAP",
        statement: "Ours is not the budget.",
      }),
      "id version stage coverage openedAt parties { id } positions { statement statedAt }",
    ],
    [
      "raiseIssue",
      "RaiseIssueInput",
      "discharge-coordinator",
      async () => ({
        referralId: (await offered()).input.referralId,
        type: "UNSAFE_DISCHARGE",
        impact: "She goes home to stairs.",
        withAgencyId: agencies.bh.id,
      }),
      "id version type impact rung raisedAt resolvedAt parties { id }",
    ],
    [
      "draftSharingAgreement",
      "DraftSharingAgreementInput",
      "hospital-executive",
      async () => ({
        interfaceId: (
          await county.ask("hospital-executive", "{ interfaces { edges { node { id } } } }")
        ).data.interfaces.edges[0].node.id,
        withAgencyId: agencies.housing.id,
        purposes: ["COC"],
        categories: ["HOUSING_STATUS"],
        from: at("00:00"),
      }),
      "id version status purposes categories from until with { id }",
    ],
    [
      "recordGovernanceMeeting",
      "RecordGovernanceMeetingInput",
      "hospital-executive",
      async () => ({
        interfaceId: (
          await county.ask("hospital-executive", "{ interfaces { edges { node { id } } } }")
        ).data.interfaces.edges[0].node.id,
        month: "2025-02",
        heldAt: at("10:00"),
        agencyIds: [agencies.hospital.id, agencies.housing.id],
        attendees: ["Gloria Hayes", "Tanya Orlov"],
        minutesReference: "minutes/2025-02",
      }),
      "id version month heldAt attendees minutesReference agencies { id }",
    ],
  ];

  it.each(OTHERS)(
    "%s answers as the first did, to the byte",
    async (mutation, type, as, input, selection) => {
      const said = { idempotencyKey: `repeat ${mutation}`, ...(await input()) };
      const first = await say(mutation, type, said, selection, as);
      expect(first.errors).toEqual([]);
      const again = await say(mutation, type, said, selection, as);
      expect(again.text).toBe(first.text);
    },
  );
});
