/** Interfaces as they are published: what agencies agree to do for each other, version by version, with nothing left open. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at, people } from "../../county/county.ts";
import type { PersonaName } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";
import { operatingRules } from "../../county/operating-rules.ts";
import { STATES } from "../../../subgraphs/referrals/handoff.ts";

const { hospital, bh, ems } = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";
type Made = Record<string, any>;

let county: County;
beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

const utc = (instant: string): string => new Date(instant).toISOString();

const dana = { agencyId: hospital.id, name: "Dana Whitfield", cover: "Joel Park" };
const sofia = { agencyId: bh.id, name: "Sofia Ramos", cover: "Amir Haddad" };
const luis = { agencyId: ems.id, name: "Luis Ortega", cover: "Mina Cole" };

/** All that the hospital and behavioral health settle between them. */
const whole = {
  kind: "HOSPITAL_DISCHARGE",
  name: "Alder General to Riverside",
  partyIds: [hospital.id, bh.id],
  contacts: [dana, sofia],
  rules: operatingRules,
};

const draft = (more: object = {}, as: PersonaName = "hospital-executive", selection?: string) =>
  county.tell(as, "draftInterface", "DraftInterfaceInput", { ...whole, ...more }, selection);

const amend = (
  { id, version }: Made,
  said: object,
  as: PersonaName = "hospital-executive",
  selection?: string,
) =>
  county.tell(
    as,
    "amendInterface",
    "AmendInterfaceInput",
    { id, expectedVersion: version, ...said },
    selection,
  );

const publish = (
  { id, version }: Made,
  more: object = {},
  as: PersonaName = "bh-executive",
  selection?: string,
) =>
  county.tell(
    as,
    "publishInterface",
    "PublishInterfaceInput",
    { id, expectedVersion: version, ...more },
    selection,
  );

const published = async (more: object = {}): Promise<Made> => publish(await draft(more));

const read = async (as: PersonaName, id: string, selection: string) => {
  const { data, errors, text } = await county.ask(
    as,
    `query($id: ID!) { interface(id: $id) { ${selection} } }`,
    { id },
  );
  expect(errors).toEqual([]);
  return { ...data.interface, text };
};

const TIME = "{ basis amount }";
const RULES = `rules {
  responseTimes { state within ${TIME} }
  noticeLeadHours
  minimumEvidence { service items { code name } }
  documentation { document by within ${TIME} }
  escalation { rung target ${TIME} breach ${TIME} }
  disputeRoute { rung target ${TIME} breach ${TIME} }
  responsibilities { step by role within ${TIME} evidence }
  timeZone weeklyHours { day opens closes } holidays { date name } sameDayCutOff
}`;

/** The rules with one time allowed written as it is answered. */
const answered = JSON.parse(
  JSON.stringify(operatingRules).replaceAll(
    '{"basis":"SAME_DAY"}',
    '{"basis":"SAME_DAY","amount":null}',
  ),
) as typeof operatingRules;

describe("a published interface", () => {
  it("[A21] [B06] [B08] is read by its parties in the very same bytes, with all that it settles", async () => {
    const { id } = await published();
    const everything = `version kind name status parties { name } contacts { name cover } ${RULES}`;
    const asked = await Promise.all(
      (["hospital-executive", "discharge-coordinator", "bh-clinician"] as const).map((party) =>
        read(party, id, everything),
      ),
    );
    expect(new Set(asked.map(({ text }) => text)).size).toBe(1);
    expect(asked[0]).toMatchObject({
      version: 1,
      kind: "HOSPITAL_DISCHARGE",
      status: "PUBLISHED",
      contacts: [
        { name: "Dana Whitfield", cover: "Joel Park" },
        { name: "Sofia Ramos", cover: "Amir Haddad" },
      ],
      rules: answered,
    });
  });

  it.each(["HOSPITAL_DISCHARGE", "CRISIS", "SAFEGUARDING", "COMPLEX_TRANSITION", "AUTHORIZATION"])(
    "[B01] is of a kind: %s",
    async (kind) => {
      const { id } = await published({ kind });
      expect(await read("bh-clinician", id, "kind status")).toMatchObject({
        kind,
        status: "PUBLISHED",
      });
    },
  );

  it("[B07] says of each step who takes it, by when, and what shows that it was taken", async () => {
    const { id } = await published();
    const { rules } = await read("bh-clinician", id, RULES);
    expect(rules.responsibilities.map(({ step, by }: Made) => [step, by])).toEqual([
      ["NOTIFY", "SENDER"],
      ["PRESENT", "SENDER"],
      ["ACCEPT", "RECEIVER"],
      ["SCHEDULE", "RECEIVER"],
      ["BEGIN_SERVICE", "RECEIVER"],
      ["COMPLETE", "RECEIVER"],
    ]);
    expect(rules.responsibilities[3]).toEqual({
      step: "SCHEDULE",
      by: "RECEIVER",
      role: "Intake lead",
      within: { basis: "BUSINESS", amount: 1 },
      evidence: ["Appointment", "Call to the person"],
    });
  });

  it("is known of by everyone, and its rules by its parties alone", async () => {
    const { id } = await published();
    for (const other of ["ems-responder", "analyst", "county-executive"] as const)
      expect(
        await read(
          other,
          id,
          `name status rules { timeZone } contacts { name }
          asOf(at: "${at("18:00", 1)}") { publishedBy { id } rules { timeZone } contacts { name } }`,
        ),
      ).toMatchObject({
        name: whole.name,
        status: "PUBLISHED",
        rules: null,
        contacts: null,
        asOf: { publishedBy: { id: bh.id }, rules: null, contacts: null },
      });
  });

  it("hides its rules and drafts from others in the database too, and in its past; none of its rules is ever changed", async () => {
    const { id } = await published();
    const room = county.house.database.of("referrals");
    const rows = async (agency: string) => {
      const { sql } = room.by(agency);
      const all = await Promise.all([
        sql("referrals.interface_rules").where({ interface_id: id }),
        sql("referrals.interface_draft").where({ interface_id: id }),
        sql("referrals.history").whereRaw("after::text like '%noticeLeadHours%'").limit(1),
      ]);
      return all.map(({ length }) => length);
    };
    expect(await rows(hospital.id)).toEqual([1, 1, 1]);
    expect(await rows(ems.id)).toEqual([0, 0, 0]);
    await expect(
      room.by(hospital.id).sql("referrals.interface_rules").update({ rules: "{}" }),
    ).rejects.toThrow(/permission denied/);
  });

  it("[A21] has a next version, and the old one stays readable as it was on its day", async () => {
    county.now(at("08:00", 10));
    const first = await published();
    county.now(at("08:00", 20));
    const next = await draft({
      interfaceId: first.id,
      rules: { noticeLeadHours: 48 },
      contacts: [dana, { ...sofia, cover: "Ines Duarte" }],
    });
    expect(await publish(next)).toEqual({ id: first.id, version: 2 });

    const asOf = async (instant: string) =>
      (
        await read(
          "bh-clinician",
          first.id,
          `asOf(at: "${instant}") {
            version since publishedAt publishedBy { id } contacts { cover } rules { noticeLeadHours timeZone }
          }`,
        )
      ).asOf;
    const one = {
      version: 1,
      since: utc(at("08:00", 10)),
      publishedAt: utc(at("08:00", 10)),
      publishedBy: { id: bh.id },
      contacts: [{ cover: "Joel Park" }, { cover: "Amir Haddad" }],
      rules: { noticeLeadHours: 24, timeZone: "America/Chicago" },
    };
    expect(await asOf(at("07:59", 10))).toBeNull();
    expect(await asOf(at("08:00", 10))).toEqual(one);
    expect(await asOf(at("07:59", 20))).toEqual(one);
    expect(await asOf(at("08:00", 20))).toMatchObject({
      version: 2,
      contacts: [{ cover: "Joel Park" }, { cover: "Ines Duarte" }],
      // What the draft said nothing of stands as it stood.
      rules: { noticeLeadHours: 48, timeZone: "America/Chicago" },
    });
  });

  it("that is to come is read before its day, and what stands counts until then", async () => {
    county.now(at("08:00", 30));
    const { id } = await published();
    const next = await draft({
      interfaceId: id,
      name: "Alder and Riverside",
      rules: { noticeLeadHours: 48 },
    });
    await publish(next, { from: at("00:00", 40) });
    const selection = `version name rules { noticeLeadHours }
      asOf(at: "${at("00:00", 40)}") { version rules { noticeLeadHours } }`;
    const coming = { version: 2, rules: { noticeLeadHours: 48 } };
    expect(await read("bh-clinician", id, selection)).toMatchObject({
      version: 1,
      name: whole.name,
      rules: { noticeLeadHours: 24 },
      asOf: coming,
    });
    county.now(at("00:00", 40));
    expect(await read("bh-clinician", id, selection)).toMatchObject({
      ...coming,
      name: "Alder and Riverside",
      asOf: coming,
    });
  });

  it("is none before its first day: its parties are agreed, and nothing is in force", async () => {
    county.now(at("08:00", 41));
    const { id } = await publish(await draft(), { from: at("08:00", 43) });
    const selection = `status rules { timeZone } asOf(at: "${at("08:00", 42)}") { version }`;
    expect(await read("bh-clinician", id, selection)).toMatchObject({
      status: "AGREED",
      rules: null,
      asOf: null,
    });
    const { data } = await county.ask(
      "bh-clinician",
      "{ interfaces(first: 100) { edges { node { id status } } } }",
    );
    expect(data.interfaces.edges.at(-1).node).toEqual({ id, status: "AGREED" });
    county.now(at("08:00", 43));
    expect(await read("bh-clinician", id, "status rules { timeZone }")).toMatchObject({
      status: "PUBLISHED",
      rules: { timeZone: "America/Chicago" },
    });
  });

  it.each([
    ["in the past", () => ({ from: at("07:59", 50) }), {}],
    [
      "later than now, where a party joins",
      () => ({ from: at("08:00", 51) }),
      { partyIds: [hospital.id, bh.id, ems.id], contacts: [dana, sofia, luis] },
    ],
  ])("does not come into force %s", async (_, from, said) => {
    county.now(at("08:00", 50));
    const { id: interfaceId } = await published();
    const next = await draft({ interfaceId, ...said });
    await expect(publish(next, from())).rejects.toMatchObject({ code: "BAD_INPUT", field: "from" });
    expect(await publish(next)).toMatchObject({ version: 2 });
  });

  it("does not come into force before the version that it follows", async () => {
    county.now(at("08:00", 50));
    const { id: interfaceId } = await publish(await draft(), { from: at("08:00", 60) });
    const next = await draft({ interfaceId });
    await expect(publish(next)).rejects.toMatchObject({ code: "BAD_INPUT", field: "from" });
    expect(await publish(next, { from: at("08:00", 60) })).toMatchObject({ id: interfaceId });
  });

  it("opens its rules to a party that joins from then on, and those that were to one that leaves", async () => {
    county.now(at("08:00", 61));
    const { id: interfaceId } = await published();
    county.now(at("08:00", 62));
    await publish(
      await draft({
        interfaceId,
        partyIds: [hospital.id, ems.id, bh.id],
        contacts: [dana, luis, sofia],
      }),
    );
    county.now(at("08:00", 63));
    await publish(
      await draft({ interfaceId, partyIds: [hospital.id, bh.id], contacts: [dana, sofia] }),
    );
    const versions = [61, 62, 63].map(
      (day) => `v${day}: asOf(at: "${at("08:00", day)}") { rules { timeZone } }`,
    );
    expect(await read("ems-responder", interfaceId, versions.join(" "))).toMatchObject({
      v61: { rules: null },
      v62: { rules: { timeZone: "America/Chicago" } },
      v63: { rules: null },
    });
  });

  it("is not revised by one party's word", async () => {
    const { id } = await published();
    const { rules: _, ...terms } = whole;
    await expect(
      county.tell("hospital-executive", "reviseInterface", "ReviseInterfaceInput", {
        id,
        expectedVersion: 1,
        ...terms,
      }),
    ).rejects.toMatchObject({ code: "MOVE_NOT_ALLOWED" });
  });

  it("may have been agreed before: handoffs that hang on it stay where they are", async () => {
    const { rules, ...terms } = whole;
    const agreed = await county.tell(
      "hospital-executive",
      "agreeInterface",
      "AgreeInterfaceInput",
      terms,
    );
    expect(await read("bh-clinician", agreed.id, "status rules { timeZone }")).toMatchObject({
      status: "AGREED",
      rules: null,
    });
    const next = await county.tell("hospital-executive", "draftInterface", "DraftInterfaceInput", {
      interfaceId: agreed.id,
      rules,
    });
    expect(await publish(next)).toEqual({ id: agreed.id, version: 2 });
  });
});

describe("publishing", () => {
  /** Everything that has to be said, by the path that names it where it is not. */
  const settings: [gap: string, without: () => object][] = [
    ["kind", () => ({ kind: null })],
    ["name", () => ({ name: null })],
    [`contacts.${hospital.id}`, () => ({ contacts: [sofia] })],
    [`contacts.${bh.id}`, () => ({ contacts: [dana] })],
    ...Object.keys(operatingRules).map((rule): [string, () => object] => [
      `rules.${rule}`,
      () => ({ rules: { [rule]: null } }),
    ]),
    ...(["minimumEvidence", "documentation", "weeklyHours"] as const).map(
      (rule): [string, () => object] => [`rules.${rule}`, () => ({ rules: { [rule]: [] } })],
    ),
    ...operatingRules.responseTimes.map(({ state }): [string, () => object] => [
      `rules.responseTimes.${state}`,
      () => ({
        rules: {
          responseTimes: operatingRules.responseTimes.filter((it) => it.state !== state),
        },
      }),
    ]),
    ...(["escalation", "disputeRoute"] as const).flatMap((route) =>
      operatingRules[route].map(({ rung }): [string, () => object] => [
        `rules.${route}.${rung}`,
        () => ({ rules: { [route]: operatingRules[route].filter((it) => it.rung !== rung) } }),
      ]),
    ),
    ...operatingRules.responsibilities.map(({ step }): [string, () => object] => [
      `rules.responsibilities.${step}`,
      () => ({
        rules: {
          responsibilities: operatingRules.responsibilities.filter((it) => it.step !== step),
        },
      }),
    ]),
  ];

  it("[A46] [B06] [B09] is refused while any setting is missing, and names it: each in turn", async () => {
    let made = await draft({}, "hospital-executive", "id version gaps");
    expect(made.gaps).toEqual([]);
    for (const [gap, without] of settings) {
      made = await amend(made, without(), "hospital-executive", "id version gaps");
      expect(made.gaps).toEqual([gap]);
      await expect(publish(made)).rejects.toMatchObject({
        code: "INTERFACE_INCOMPLETE",
        gaps: [gap],
      });
      made = await amend(made, whole, "hospital-executive", "id version gaps");
    }
    expect(await publish(made)).toMatchObject({ version: 1 });
  });

  it("names every gap at once, and every clock of the states in which a move is somebody's", async () => {
    const made = await county.tell(
      "hospital-executive",
      "draftInterface",
      "DraftInterfaceInput",
      { rules: { responseTimes: [] } },
      "id version gaps parties { id }",
    );
    expect(made.parties).toEqual([{ id: hospital.id }]);
    expect(made.gaps).toEqual([
      "kind",
      "name",
      "partyIds",
      `contacts.${hospital.id}`,
      ...STATES.filter((state) => state !== "CANCELLED" && state !== "COMPLETED").map(
        (state) => `rules.responseTimes.${state}`,
      ),
      ...Object.keys(operatingRules)
        .filter((rule) => rule !== "responseTimes")
        .map((rule) => `rules.${rule}`),
    ]);
  });

  it("takes a county without holidays at its word", async () => {
    expect(await published({ rules: { ...operatingRules, holidays: [] } })).toMatchObject({
      version: 1,
    });
  });

  it("is for another party than the one whose word the draft is", async () => {
    const made = await draft();
    await expect(publish(made, {}, "hospital-executive")).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
    const theirs = await amend(made, { rules: { noticeLeadHours: 36 } }, "bh-executive");
    await expect(publish(theirs)).rejects.toMatchObject({ code: "MOVE_NOT_ALLOWED" });
    const { id } = await publish(theirs, {}, "hospital-executive");
    expect(await read("bh-clinician", id, "rules { noticeLeadHours }")).toMatchObject({
      rules: { noticeLeadHours: 36 },
    });
  });

  it.each(["discharge-coordinator", "hospital-clinician", "hospital-privacy-officer"] as const)(
    "and drafting bind an agency, so they are not for everyone: %s",
    async (as) => {
      const forbidden = { code: "FORBIDDEN" };
      await expect(draft({}, as)).rejects.toMatchObject(forbidden);
      const made = await draft();
      await expect(amend(made, { name: "Ours" }, as)).rejects.toMatchObject(forbidden);
      await expect(publish(made, {}, as)).rejects.toMatchObject(forbidden);
    },
  );

  it("is done once under one key, and a draft is published once", async () => {
    const made = await draft();
    const key = { idempotencyKey: randomUUID() };
    const first = await publish(made, key);
    expect(await publish(made, key)).toEqual(first);
    await expect(publish(made)).rejects.toMatchObject({ code: "VERSION_CONFLICT" });
    const after = { ...made, version: made.version + 1 };
    await expect(publish(after)).rejects.toMatchObject({ code: "MOVE_NOT_ALLOWED" });
    await expect(amend(after, { name: "Another" })).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
  });

  it("does not undo what was published since the draft was begun", async () => {
    const { id: interfaceId } = await published();
    const [one, other] = [await draft({ interfaceId }), await draft({ interfaceId })];
    await publish(one);
    await expect(publish(other)).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
      currentVersion: 2,
    });
  });
});

describe("a draft of an interface", () => {
  it("is read by the parties that it names, and to others it is no more there than one that does not exist", async () => {
    const { id } = await draft();
    const ask = (as: PersonaName, it: string) =>
      county.ask(as, "query($id: ID!) { interfaceDraft(id: $id) { name proposedBy { id } } }", {
        id: it,
      });
    expect((await ask("bh-clinician", id)).data.interfaceDraft).toEqual({
      name: whole.name,
      proposedBy: { id: hospital.id },
    });
    expect((await ask("ems-responder", id)).text).toBe((await ask("ems-responder", UNKNOWN)).text);
    for (const [as, step] of [
      ["county-executive", (it: Made) => amend(it, { name: "Ours" }, "county-executive")],
      ["county-executive", (it: Made) => publish(it, {}, "county-executive")],
    ] as const) {
      const refused = (it: string) => step({ id: it, version: 1 }).catch((error: unknown) => error);
      expect([as, await refused(id)]).toMatchObject([as, { code: "NOT_FOUND" }]);
      expect(await refused(id)).toEqual(await refused(UNKNOWN));
    }
  });

  it("is of one's own interface alone", async () => {
    const { id: interfaceId } = await published();
    const refused = (it: string) =>
      county
        .tell("county-executive", "draftInterface", "DraftInterfaceInput", { interfaceId: it })
        .catch((error: unknown) => error);
    expect(await refused(interfaceId)).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused(interfaceId)).toEqual(await refused(UNKNOWN));
  });

  it("waits on its parties' lists until it is published", async () => {
    const made = await draft({ name: "Waiting" });
    const waiting = async (as: PersonaName) =>
      (
        await county.ask(as, "{ interfaceDrafts(first: 100) { edges { node { id } } } }")
      ).data.interfaceDrafts.edges.map(({ node }: Made) => node.id);
    expect(await waiting("bh-clinician")).toContain(made.id);
    expect(await waiting("ems-responder")).not.toContain(made.id);
    await publish(made);
    expect(await waiting("bh-clinician")).not.toContain(made.id);
  });

  it("says which interface and version it began from, and what stands there", async () => {
    const { id: interfaceId } = await published();
    const { data } = await county.ask(
      "hospital-executive",
      `mutation($input: DraftInterfaceInput!) {
        draftInterface(input: $input) { basedOn interface { id } name contacts { name } ${RULES} }
      }`,
      { input: { idempotencyKey: randomUUID(), interfaceId } },
    );
    expect(data.draftInterface).toEqual({
      basedOn: 1,
      interface: { id: interfaceId },
      name: whole.name,
      contacts: [{ name: "Dana Whitfield" }, { name: "Sofia Ramos" }],
      rules: answered,
    });
  });

  it("is not amended on top of what its reader has not read", async () => {
    const made = await draft();
    await amend(made, { name: "One" });
    await expect(amend(made, { name: "Two" })).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
      currentVersion: 2,
    });
  });

  it.each([
    ["a mailbox", { ...sofia, name: "intake@riverside.example" }],
    ["a mailbox as cover", { ...sofia, cover: "intake@riverside.example" }],
    ["nobody who covers", { ...sofia, cover: " " }],
    ["one who covers for themselves", { ...sofia, cover: "Sofia Ramos" }],
    ["somebody of another agency", luis],
  ])(
    "[B09] takes a named person with cover for a contact, and no other: %s",
    async (_, contact) => {
      await expect(draft({ contacts: [dana, contact] })).rejects.toMatchObject({
        code: "BAD_INPUT",
        field: "contacts",
      });
    },
  );

  const within = { basis: "ELAPSED", amount: 4 };
  const duty = operatingRules.responsibilities[0];
  it.each<[string, string, object]>([
    ["a name that is blank", "name", { name: " " }],
    ["parties without the asking agency", "partyIds", { partyIds: [bh.id], contacts: [] }],
    ["a party that is not on the roll", "partyIds", { partyIds: [hospital.id, bh.id, UNKNOWN] }],
    [
      "a clock of a state in which nothing is left to do",
      "rules.responseTimes.COMPLETED",
      { rules: { responseTimes: [{ state: "COMPLETED", within }] } },
    ],
    [
      "two clocks of one state",
      "rules.responseTimes",
      {
        rules: {
          responseTimes: [
            { state: "NOTIFIED", within },
            { state: "NOTIFIED", within: { basis: "BUSINESS", amount: 1 } },
          ],
        },
      },
    ],
    ...[0, -1, null].map((amount): [string, string, object] => [
      `${amount} hours`,
      "rules.responseTimes.NOTIFIED",
      { rules: { responseTimes: [{ state: "NOTIFIED", within: { basis: "ELAPSED", amount } }] } },
    ]),
    [
      "an amount of the same day",
      "rules.responseTimes.NOTIFIED",
      {
        rules: { responseTimes: [{ state: "NOTIFIED", within: { basis: "SAME_DAY", amount: 1 } }] },
      },
    ],
    ["no lead of notice", "rules.noticeLeadHours", { rules: { noticeLeadHours: 0 } }],
    [
      "a service without evidence",
      "rules.minimumEvidence.0",
      { rules: { minimumEvidence: [{ service: "Day program", items: [] }] } },
    ],
    [
      "evidence that is asked for twice",
      "rules.minimumEvidence.0",
      {
        rules: {
          minimumEvidence: [
            {
              service: "Day program",
              items: [
                { code: "MEDICATION_LIST", name: "Medication list" },
                { code: "MEDICATION_LIST", name: "List of medication" },
              ],
            },
          ],
        },
      },
    ],
    [
      "evidence without a code",
      "rules.minimumEvidence.0",
      {
        rules: { minimumEvidence: [{ service: "Day program", items: [{ code: "", name: "A" }] }] },
      },
    ],
    [
      "one service twice",
      "rules.minimumEvidence",
      {
        rules: {
          minimumEvidence: ["Day program", "day program "].map((service) => ({
            service,
            items: [{ code: "A", name: "A" }],
          })),
        },
      },
    ],
    [
      "a document without a name",
      "rules.documentation.0",
      { rules: { documentation: [{ document: "", by: "SENDER", within }] } },
    ],
    [
      "a rung that is breached before its target",
      "rules.escalation.MANAGERS.breach",
      {
        rules: {
          escalation: [{ rung: "MANAGERS", target: within, breach: { ...within, amount: 3 } }],
        },
      },
    ],
    [
      "a rung of disputes twice",
      "rules.disputeRoute",
      {
        rules: {
          disputeRoute: [1, 2].map(() => ({
            rung: "SENIOR_LEADERS",
            target: within,
            breach: within,
          })),
        },
      },
    ],
    [
      "a step that is not for that part to take",
      "rules.responsibilities.ACCEPT",
      { rules: { responsibilities: [{ ...duty, step: "ACCEPT", by: "SENDER" }] } },
    ],
    [
      "a step that nobody takes",
      "rules.responsibilities.REPORT",
      { rules: { responsibilities: [{ ...duty, step: "REPORT" }] } },
    ],
    [
      "a step that nothing shows",
      "rules.responsibilities.NOTIFY",
      { rules: { responsibilities: [{ ...duty, evidence: [] }] } },
    ],
    ["a zone that is none", "rules.timeZone", { rules: { timeZone: "America/Alder" } }],
    ["an offset for a zone", "rules.timeZone", { rules: { timeZone: "-06:00" } }],
    [
      "hours that end before they begin",
      "rules.weeklyHours.MONDAY",
      { rules: { weeklyHours: [{ day: "MONDAY", opens: "17:00", closes: "08:00" }] } },
    ],
    [
      "hours that are none",
      "rules.weeklyHours.MONDAY",
      { rules: { weeklyHours: [{ day: "MONDAY", opens: "8 am", closes: "17:00" }] } },
    ],
    [
      "a holiday that is no date",
      "rules.holidays",
      { rules: { holidays: [{ date: "2025-02-29", name: "Leap day" }] } },
    ],
    [
      "one holiday twice",
      "rules.holidays",
      { rules: { holidays: [1, 2].map(() => ({ date: "2025-12-25", name: "Christmas Day" })) } },
    ],
    ["a cut-off that is no time", "rules.sameDayCutOff", { rules: { sameDayCutOff: "24:00" } }],
  ])("does not say what cannot be: %s", async (_, field, said) => {
    await expect(draft(said)).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });

  it("may say that a crisis line never closes, and is wherever there is a zone", async () => {
    const rules = {
      weeklyHours: [{ day: "SUNDAY", opens: "00:00", closes: "24:00" }],
      timeZone: "Pacific/Honolulu",
    };
    expect(
      await draft(
        { rules },
        "hospital-executive",
        "rules { timeZone weeklyHours { day opens closes } noticeLeadHours }",
      ),
    ).toEqual({ rules: { ...rules, noticeLeadHours: null } });
  });
});

describe("evidence", () => {
  const refer = async (more: object = {}, selection?: string): Promise<Made> => {
    const personId = await county.personId("discharge-coordinator", people.maria);
    return county.tell(
      "discharge-coordinator",
      "referPerson",
      "ReferPersonInput",
      { personId, service: "outpatient behavioral health", ...more },
      selection,
    );
  };
  const supply = (
    { id, version }: Made,
    evidence: string[],
    as: PersonaName = "discharge-coordinator",
  ) =>
    county.tell(
      as,
      "supplyEvidence",
      "SupplyEvidenceInput",
      { id, expectedVersion: version, evidence },
      "id version evidence",
    );
  const missing = async (as: PersonaName, { id }: Made, interfaceId: string) => {
    const { data, errors } = await county.ask(
      as,
      "query($id: ID!, $at: ID!) { referral(id: $id) { missingEvidence(interface: $at) { code } } }",
      { id, at: interfaceId },
    );
    expect(errors).toEqual([]);
    return data.referral.missingEvidence?.map(({ code }: Made) => code) ?? null;
  };

  it("[A23] that a service asks for and a referral lacks is listed, until all of it has come", async () => {
    county.now(at("08:00", 70));
    const { id: at1 } = await published();
    const referral = await refer({ evidence: ["RISK_ASSESSMENT"] });
    expect(await missing("discharge-coordinator", referral, at1)).toEqual(["MEDICATION_LIST"]);
    const offered = await county.tell(
      "discharge-coordinator",
      "offerHandoff",
      "OfferHandoffInput",
      { referralId: referral.id, receiverId: bh.id, interfaceId: at1 },
      "id version missingEvidence { code name }",
    );
    expect(offered.missingEvidence).toEqual([{ code: "MEDICATION_LIST", name: "Medication list" }]);
    const complete = await supply(referral, ["MEDICATION_LIST", "MEDICATION_LIST"]);
    expect(complete).toMatchObject({
      version: 2,
      evidence: ["RISK_ASSESSMENT", "MEDICATION_LIST"],
    });
    expect(await missing("bh-clinician", referral, at1)).toEqual([]);
    const { data } = await county.ask(
      "bh-clinician",
      "query($id: ID!) { handoff(id: $id) { missingEvidence { code } } }",
      { id: offered.id },
    );
    expect(data.handoff.missingEvidence).toEqual([]);
  });

  it("is asked for by the version that is in force", async () => {
    county.now(at("08:00", 71));
    const { id: interfaceId } = await published();
    const referral = await refer({ evidence: ["MEDICATION_LIST", "RISK_ASSESSMENT"] });
    expect(await missing("discharge-coordinator", referral, interfaceId)).toEqual([]);
    const service = "Outpatient behavioral health";
    const items = [{ code: "CONSENT_FORM", name: "Consent form" }];
    await publish(await draft({ interfaceId, rules: { minimumEvidence: [{ service, items }] } }), {
      from: at("08:00", 72),
    });
    expect(await missing("discharge-coordinator", referral, interfaceId)).toEqual([]);
    county.now(at("08:00", 72));
    expect(await missing("discharge-coordinator", referral, interfaceId)).toEqual(["CONSENT_FORM"]);
  });

  it("is not known to be missing where nothing is published of the service, or not to whoever asks", async () => {
    const { id } = await published();
    const other = await refer({ service: "A ride home" });
    expect(await missing("discharge-coordinator", other, id)).toBeNull();
    expect(await missing("discharge-coordinator", other, UNKNOWN)).toBeNull();
    const elsewhere = await published({
      partyIds: [hospital.id, bh.id],
      kind: "COMPLEX_TRANSITION",
    });
    await county.tell("discharge-coordinator", "offerHandoff", "OfferHandoffInput", {
      referralId: other.id,
      receiverId: ems.id,
    });
    expect(await missing("ems-responder", other, elsewhere.id)).toBeNull();
  });

  it("is supplied by those whose referral it is, and in codes", async () => {
    const referral = await refer();
    await expect(supply(referral, ["A"], "ems-responder")).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(supply(referral, [" "])).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "evidence",
    });
    await expect(refer({ evidence: [""] })).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "evidence",
    });
  });
});

describe("the notice of a discharge", () => {
  const lead = "noticeLead { hours required isLate }";
  /** A handoff that leaves at noon on the 90th day, of which there is notice at an instant. */
  const notified = async (noticeAt: string, more: object = {}) => {
    county.now(at("08:00", 80));
    const { id: interfaceId } = await published(more);
    const personId = await county.personId("discharge-coordinator", people.maria);
    const { id: referralId } = await county.tell(
      "discharge-coordinator",
      "referPerson",
      "ReferPersonInput",
      { personId, service: "Outpatient behavioral health" },
    );
    const offered = await county.tell(
      "discharge-coordinator",
      "offerHandoff",
      "OfferHandoffInput",
      { referralId, receiverId: bh.id, interfaceId, leavesAt: at("12:00", 90) },
      `id version ${lead}`,
    );
    expect(offered.noticeLead).toBeNull();
    county.now(noticeAt);
    return county.tell(
      "discharge-coordinator",
      "notifyHandoff",
      "HandoffMoveInput",
      { id: offered.id, expectedVersion: offered.version },
      lead,
    );
  };

  it.each([
    ["24 hours before is in time", at("12:00", 89), { hours: 24, isLate: false }],
    ["23 hours before is late", at("13:00", 89), { hours: 23, isLate: true }],
    ["an hour after is late", at("13:00", 90), { hours: -1, isLate: true }],
  ])("[B10] against a rule of 24 hours: %s", async (_, noticeAt, said) => {
    expect(await notified(noticeAt)).toEqual({ noticeLead: { ...said, required: 24 } });
  });

  it("is measured at an interface for hospital discharges alone", async () => {
    expect(await notified(at("12:00", 89), { kind: "CRISIS" })).toEqual({ noticeLead: null });
  });
});
