/** The accounting of disclosures, as an agency's privacy officer and auditor ask for it through the graph. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DisclosuresTold } from "#sharing/disclosure.ts";
import { LEDGER } from "#sharing/disclosure.ts";
import { RULES } from "#sharing/rules.ts";
import {
  accountingDocument,
  accountingPage,
} from "../../../subgraphs/information-sharing/ledger/accounting-page.ts";
import { disclosureOf } from "../../../subgraphs/information-sharing/ledger/accounting.ts";
import { readLedger } from "../../../subgraphs/information-sharing/ledger/reading-store.ts";
import { verify } from "../../../subgraphs/information-sharing/ledger/verify.ts";
import { agencies, at, people } from "../../county/county.ts";
import type { PersonaName } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";
import { told } from "./ledger-told.ts";
import type { More } from "./ledger-told.ts";

const { hospital, county: countyAgency, bh, aps, sheriff } = agencies;
/** Ids that no other test of this file is about: each has a person of its own. */
const person = (number: number) =>
  `019550a0-0000-7000-8000-0000000a${String(number).padStart(4, "0")}`;

const WHAT_MAY_I_KNOW = readFileSync(
  new URL("../../../schema/operations/what-may-i-know.graphql", import.meta.url),
  "utf8",
);

let county: County;
beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

const utc = (instant: string): string => new Date(instant).toISOString();

/** Tells the ledger, by the door that the gateway tells it by. */
const tell = async (of: More, more: Partial<DisclosuresTold> = {}) => {
  const reply = await county.house.rooms[LEDGER.room]?.sideDoors[LEDGER.path]?.({
    bytes: Buffer.from(JSON.stringify(told(more, of))),
    requester: null,
    requestId: "test",
  });
  expect(reply?.status).toBe(204);
};
const to = (agency: { id: string }) => ({ recipient: { ...told().recipient, agency: agency.id } });

const ACCOUNTING = `query($personId: ID!, $from: DateTime, $to: DateTime, $first: Int, $after: String) {
  accountingOfDisclosures(personId: $personId, from: $from, to: $to, first: $first, after: $after) {
    edges { node {
      id at recipient { name } purpose basis categories description purposeStatement isRequired isPart2
    } }
    pageInfo { hasNextPage endCursor }
    destroyedBefore
  }
}`;
const ask = (as: PersonaName, personId: string, more: object = {}) =>
  county.ask(as, ACCOUNTING, { personId, ...more });
const account = async (personId: string, more: object = {}) => {
  const { data, errors } = await ask("hospital-privacy-officer", personId, more);
  expect(errors).toEqual([]);
  const { edges, ...rest } = data.accountingOfDisclosures;
  return { nodes: edges.map(({ node }: any) => node), ...rest };
};
const recipients = async (personId: string): Promise<string[]> =>
  (await account(personId)).nodes.map((node: any) => node.recipient.name);

describe("an accounting of disclosures", () => {
  it("says when, to whom, what and what for, the latest first, and which of it the law asks for", async () => {
    await tell({ persons: [person(1)], categories: ["ENCOUNTERS", "MEDICATIONS"] });
    await tell(
      {
        persons: [person(1), person(2)],
        categories: ["CRISIS_RISK"],
        obligations: ["AOD", "RedisclosureProhibitionMark"],
      },
      { ...to(sheriff), at: utc(at("13:00")), purpose: "THREAT", basis: "HIPAA_512J" },
    );
    const { nodes, destroyedBefore } = await account(person(1));
    expect(destroyedBefore).toBe(null);
    expect(nodes).toEqual([
      {
        id: expect.any(String),
        at: utc(at("13:00")),
        recipient: { name: sheriff.name },
        purpose: "THREAT",
        basis: "HIPAA_512J",
        categories: ["CRISIS_RISK"],
        description: "crisis and risk",
        purposeStatement: "a serious threat to health or safety (45 CFR 164.512(j))",
        isRequired: true,
        isPart2: true,
      },
      {
        id: expect.any(String),
        at: utc(at("12:00")),
        recipient: { name: bh.name },
        purpose: "TREAT",
        basis: null,
        categories: ["ENCOUNTERS", "MEDICATIONS"],
        description: "stays and visits, medications",
        purposeStatement: "treatment",
        isRequired: false,
        isPart2: false,
      },
    ]);
  });

  it("is cut into pages, and into the time that is asked for", async () => {
    for (const hour of ["08", "09", "10"])
      await tell({ persons: [person(3)] }, { at: utc(at(`${hour}:00`)) });
    const first = await account(person(3), { first: 2 });
    expect(first.nodes).toHaveLength(2);
    expect(first.pageInfo.hasNextPage).toBe(true);
    const second = await account(person(3), { first: 2, after: first.pageInfo.endCursor });
    expect(second.nodes.map((node: any) => node.at)).toEqual([utc(at("08:00"))]);
    const between = await account(person(3), { from: at("09:00"), to: at("10:00") });
    expect(between.nodes.map((node: any) => node.at)).toEqual([utc(at("09:00"))]);
  });

  it("goes back six years, and further when it is asked", async () => {
    await tell({ persons: [person(4)] }, { at: utc(at("12:00", -6 * 366)) });
    expect((await account(person(4))).nodes).toEqual([]);
    expect((await account(person(4), { from: "2015-01-01T00:00:00Z" })).nodes).toHaveLength(1);
  });

  it("is of the asking agency's own information alone", async () => {
    await tell({ persons: [person(5)], source: countyAgency.id });
    expect((await account(person(5))).nodes).toEqual([]);
    const { data } = await ask("county-privacy-officer", person(5));
    expect(data.accountingOfDisclosures.edges).toHaveLength(1);
  });

  it("of a person who is not the agency's is the same as of one of whom nothing was given, byte for byte", async () => {
    const [others, nobody] = [
      await ask("hospital-privacy-officer", person(5)),
      await ask("hospital-privacy-officer", person(999)),
    ];
    expect(others.text).toBe(nobody.text);
  });

  it("is for a privacy officer and an auditor, and for nobody else", async () => {
    expect(
      (await ask("hospital-auditor", person(1))).data.accountingOfDisclosures.edges,
    ).toHaveLength(2);
    for (const as of [
      "hospital-executive",
      "hospital-clinician",
      "hospital-system",
      "analyst",
    ] as const) {
      const { data, errors } = await ask(as, person(1));
      expect(data?.accountingOfDisclosures ?? null).toBe(null);
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(["FORBIDDEN"]);
    }
  });
});

/** How much is found wrong with the ledger, once this has been done to it; it is undone again. */
const found = async (change: string): Promise<number> => {
  await county.house.settle();
  const tx = await county.house.database.sql.transaction();
  await tx.raw(`set local session_replication_role = replica; ${change}`);
  const verified = await readLedger({ transaction: (work) => work(tx) }, (reading) =>
    verify(reading, { isGenuine: () => true, now: county.house.clock() }),
  );
  await tx.rollback();
  return verified.found;
};

/** Maria's id in the graph. */
const mariaId = (): Promise<string> => county.personId("discharge-coordinator", people.maria);

describe("what a clinician reads of another agency's", () => {
  it("[A76] is in the ledger when the answer comes, and a row that is altered there is found", async () => {
    const id = await mariaId();
    expect((await account(id)).nodes).toEqual([]);
    await county.ask("bh-clinician", WHAT_MAY_I_KNOW);
    expect(await recipients(id)).toContain(bh.name);

    expect(await found("select 1")).toBe(0);
    expect(
      await found("update information_sharing.ledger_entry set recipient_id = source_id"),
    ).toBeGreaterThan(0);
  });
});

const EXPLAIN = `query($disclosureId: ID!) { explain(disclosureId: $disclosureId) {
    disclosure { categories } rules { id says law } agreement { id version } consents { id version }
    attestations { id version } obligations policy requestId
  } }`;

describe("an explanation", () => {
  const ground = (number: number) => person(7000 + number);

  it("says what a disclosure rested on, and what its rules say", async () => {
    const known = RULES[0] as (typeof RULES)[number];
    await tell(
      {
        persons: [
          {
            id: person(6),
            consents: [{ id: ground(2), version: 1 }],
            attestations: [ground(3)],
          },
        ],
        rules: [known.id, "a-rule-of-before"],
        obligations: ["AOD"],
        agreement: { id: ground(1), version: 4 },
      },
      { requestId: "the request" },
    );
    const [{ id }] = (await account(person(6))).nodes;
    const { data, errors } = await county.ask("hospital-privacy-officer", EXPLAIN, {
      disclosureId: id,
    });
    expect(errors).toEqual([]);
    expect(data.explain).toEqual({
      disclosure: { categories: ["ENCOUNTERS", "MEDICATIONS"] },
      rules: [
        { id: known.id, says: known.says, law: known.law },
        {
          id: "a-rule-of-before",
          says: "none of the rules of today has this name",
          law: "unknown",
        },
      ],
      agreement: { id: ground(1), version: 4 },
      consents: [{ id: ground(2), version: 1 }],
      attestations: [{ id: ground(3), version: null }],
      obligations: ["AOD"],
      policy: told().policy,
      requestId: "the request",
    });
  });

  it("of what a clinician read names the rules that gave it, and the agreement that counted", async () => {
    const { headers } = await county.ask("bh-clinician", WHAT_MAY_I_KNOW);
    const [{ id }] = (await account(await mariaId())).nodes;
    const { data } = await county.ask("hospital-privacy-officer", EXPLAIN, { disclosureId: id });
    const { rules, agreement, requestId } = data.explain;
    expect(requestId).toBe(headers.get("x-request-id"));
    expect(rules.length).toBeGreaterThan(0);
    for (const rule of rules) expect(RULES).toContainEqual(expect.objectContaining(rule));
    // Its first version was the draft.
    expect(agreement).toEqual({ id: expect.any(String), version: 2 });
  });

  it("is for the privacy officer of the agency whose information it was", async () => {
    const [{ id }] = (await account(person(6))).nodes;
    const explain = (as: PersonaName) => county.ask(as, EXPLAIN, { disclosureId: id });
    const other = await explain("county-privacy-officer");
    expect([other.data.explain, other.errors]).toEqual([null, []]);
    for (const as of ["hospital-auditor", "hospital-executive"] as const)
      expect((await explain(as)).errors[0]?.extensions.code).toBe("FORBIDDEN");
  });
});

describe("a suspension", () => {
  const suspend = (more: object = {}, as: PersonaName = "hospital-privacy-officer") =>
    county.tell(
      as,
      "suspendAccounting",
      "SuspendAccountingInput",
      {
        personId: person(8),
        recipientId: sheriff.id,
        statement: "Letter 24-1188, in the safe",
        isOral: false,
        until: at("12:00", 90),
        ...more,
      },
      "id version person { id } recipient { name } statement isOral from until",
    );

  it("keeps what was given to one agency out of one person's accounting, until its day has come", async () => {
    for (const id of [person(8), person(9)])
      for (const agency of [sheriff, aps]) await tell({ persons: [id] }, to(agency));
    const suspension = await suspend();
    expect(suspension).toMatchObject({
      version: 1,
      person: { id: person(8) },
      recipient: { name: sheriff.name },
      statement: "Letter 24-1188, in the safe",
      isOral: false,
      until: utc(at("12:00", 90)),
    });
    expect(await recipients(person(8))).toEqual([aps.name]);
    expect((await recipients(person(9))).sort()).toEqual([aps.name, sheriff.name].sort());
    county.now(at("12:00", 90));
    expect((await recipients(person(8))).sort()).toEqual([aps.name, sheriff.name].sort());
    county.now(at("18:00", 1));
  });

  it("is itself on record", async () => {
    const { data } = await county.ask(
      "hospital-auditor",
      "{ accountingSuspensions { edges { node { person { id } statement } } } }",
    );
    expect(data.accountingSuspensions.edges.map(({ node }: any) => node)).toContainEqual({
      person: { id: person(8) },
      statement: "Letter 24-1188, in the safe",
    });
    const other = await county.ask(
      "county-privacy-officer",
      "{ accountingSuspensions { edges { node { id } } } }",
    );
    expect(other.data.accountingSuspensions.edges).toEqual([]);
  });

  it.each([
    ["until", { until: at("17:00", 1) }],
    ["until", { until: at("18:01", 31), isOral: true }],
    ["statement", { statement: "  " }],
    ["statement", { statement: "x".repeat(201) }],
    ["recipientId", { recipientId: hospital.id }],
    ["recipientId", { recipientId: person(1) }],
  ])("is refused where the law does not have it: %s %j", async (field, more) => {
    await expect(suspend(more)).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });

  it("on an oral statement lasts thirty days at most", async () => {
    expect(await suspend({ isOral: true, until: at("17:59", 31) })).toMatchObject({ isOral: true });
  });

  it("is the privacy officer's alone", async () => {
    for (const as of ["hospital-auditor", "hospital-executive", "hospital-system"] as const)
      await expect(suspend({}, as)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("what old disclosures were about", () => {
  const OLD = "2015-01-01T00:00:00Z";
  const destroy = (
    personId: string,
    more: object = {},
    as: PersonaName = "hospital-privacy-officer",
  ) =>
    county.tell(
      as,
      "destroyDisclosureFacts",
      "DestroyDisclosureFactsInput",
      { personId, before: "2019-01-01T00:00:00Z", reason: "RETENTION_ENDED", ...more },
      "version person { id } before reason destroyedAt",
    );

  it("is destroyed when it is six years old, and the accounting says so; what is younger stays", async () => {
    for (const [id, when] of [
      [person(10), "2018-05-01T12:00:00.000Z"],
      [person(10), utc(at("12:00"))],
      [person(11), "2018-05-01T12:00:00.000Z"],
    ] as const)
      await tell({ persons: [id] }, { at: when });
    expect(await destroy(person(10))).toEqual({
      version: 1,
      person: { id: person(10) },
      before: "2019-01-01T00:00:00.000Z",
      reason: "RETENTION_ENDED",
      destroyedAt: utc(at("18:00", 1)),
    });
    const { nodes, destroyedBefore } = await account(person(10), { from: OLD });
    expect(nodes.map((node: any) => node.at)).toEqual([utc(at("12:00"))]);
    expect(destroyedBefore).toBe("2019-01-01T00:00:00.000Z");
    const other = await account(person(11), { from: OLD });
    expect([other.nodes.length, other.destroyedBefore]).toEqual([1, null]);
  });

  it("leaves every entry and its proofs where they are, to be explained without what was the person's own", async () => {
    await tell(
      {
        persons: [
          { id: person(14), consents: [{ id: person(7002), version: 1 }], attestations: [] },
        ],
      },
      { at: "2018-05-01T12:00:00.000Z" },
    );
    const [{ id }] = (await account(person(14), { from: OLD })).nodes;
    const explanation = async () =>
      (await county.ask("hospital-privacy-officer", EXPLAIN, { disclosureId: id })).data.explain;
    const before = await explanation();
    expect(before.consents).toHaveLength(1);
    await destroy(person(14));
    expect(await explanation()).toEqual({ ...before, consents: [] });
    expect(await found("select 1")).toBe(0);
  });

  it("of another agency's disclosures is not this one's to destroy", async () => {
    await tell(
      { persons: [person(12)], source: countyAgency.id },
      { at: "2018-05-01T12:00:00.000Z" },
    );
    await destroy(person(12));
    const { data } = await ask("county-privacy-officer", person(12), { from: OLD });
    expect(data.accountingOfDisclosures).toMatchObject({
      edges: [{ node: { at: "2018-05-01T12:00:00.000Z" } }],
      destroyedBefore: null,
    });
  });

  it("is not destroyed before six years are over, nor by anybody but the privacy officer", async () => {
    await expect(destroy(person(10), { before: at("19:00", -6 * 365) })).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "before",
    });
    for (const as of ["hospital-auditor", "hospital-executive", "hospital-system"] as const)
      await expect(destroy(person(10), {}, as)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("is destroyed once for one key, and that is in the ledger, which names nobody", async () => {
    const key = { idempotencyKey: "once" };
    await tell({ persons: [person(13)] }, { at: "2018-05-01T12:00:00.000Z" });
    expect(await destroy(person(13), key)).toEqual(await destroy(person(13), key));
    const rows = await county.house.database
      .sql("information_sharing.ledger_entry")
      .orderBy("position");
    const texts: string[] = rows.map(({ bytes }: { bytes: Buffer }) => bytes.toString("utf8"));
    const entries = texts.map((it) => JSON.parse(it)).filter(({ kind }) => kind === "DESTRUCTION");
    expect(entries.map(({ persons }) => persons)).toEqual([1, 1, 0, 1]);
    expect(texts.some((it) => it.includes(person(13)))).toBe(false);
  });

  it("and what is suspended goes out in no event", async () => {
    const payloads = await county.house.database
      .sql("information_sharing.outbox")
      .whereIn("type", ["accounting.suspended", "accounting.facts-destroyed"])
      .pluck("payload");
    expect(payloads.length).toBeGreaterThan(2);
    expect(payloads.map(({ data }: any) => data)).toEqual(payloads.map(() => ({ version: 1 })));
  });
});

describe("an accounting to hand over", () => {
  const document = accountingDocument({
    person: person(1),
    source: hospital.id,
    madeAt: new Date(at("18:00", 1)),
    from: new Date(at("00:00", -100)),
    to: new Date(at("18:00", 1)),
    destroyedBefore: new Date("2019-01-01T00:00:00Z"),
    disclosures: [
      disclosureOf({
        ...told(),
        kind: "DISCLOSURE",
        id: person(2),
        persons: ["a commitment"],
        recipient: { ...told().recipient, subject: "a commitment" },
        source: hospital.id,
        categories: ["MEDICATIONS"],
        rules: [],
        obligations: ["AOD"],
        agreement: null,
      }),
    ],
    names: new Map([
      [hospital.id, hospital.name],
      [bh.id, "Riverside <b>Behavioral</b> & Sons"],
    ]),
  });
  const page = accountingPage(document);

  it("is a document that a system can read", () => {
    expect(document).toEqual({
      person: person(1),
      source: { id: hospital.id, name: hospital.name },
      madeAt: utc(at("18:00", 1)),
      from: utc(at("00:00", -100)),
      to: utc(at("18:00", 1)),
      destroyedBefore: "2019-01-01T00:00:00.000Z",
      disclosures: [
        {
          at: utc(at("12:00")),
          recipient: { id: bh.id, name: "Riverside <b>Behavioral</b> & Sons" },
          description: "medications",
          purpose: "treatment",
          isRequired: true,
          isPart2: false,
        },
      ],
    });
  });

  it("is a page that can be printed, and read aloud: with a language, a title, and headings of its table", () => {
    for (const part of [
      '<html lang="en">',
      "<title>Accounting of disclosures, Alder General Hospital</title>",
      "<caption>",
      '<th scope="col">Given to</th>',
      `<th scope="row"><time datetime="${utc(at("12:00"))}">March 3, 2025 at 6:00 PM UTC</time></th>`,
      "@media print",
      "has been destroyed",
    ])
      expect(page).toContain(part);
    expect(page).not.toContain("<script");
    expect(page).not.toMatch(/(src|href)=/);
  });

  it("does not take a name for markup", () => {
    expect(page).toContain("Riverside &lt;b&gt;Behavioral&lt;/b&gt; &amp; Sons");
  });

  it("says so when there was nothing", () => {
    const none = accountingPage({ ...document, disclosures: [], destroyedBefore: null });
    expect(none).toContain("No disclosures.");
    expect(none).not.toContain("<table>");
    expect(none).not.toContain("destroyed");
  });
});
