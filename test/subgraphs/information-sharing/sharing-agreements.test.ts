/** Agreements to share, as agencies draft, sign and suspend them through the graph. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at } from "../../county/county.ts";
import type { PersonaName } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";

const { hospital, county: countyAgency, bh, housing, ems } = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";

let county: County;
let discharge: string;
beforeAll(async () => {
  county = await openCounty();
  const { data } = await county.ask("analyst", "{ interfaces { edges { node { id } } } }");
  discharge = data.interfaces.edges[0].node.id;
});
afterAll(() => county.close());

const utc = (instant: string): string => new Date(instant).toISOString();

/** What the county offers behavioural health to share about the people whom they hand over. */
const terms = {
  withAgencyId: bh.id,
  purposes: ["TREAT", "COC"],
  categories: ["DEMOGRAPHICS", "ENCOUNTERS"],
  from: at("00:00", 1),
};

const draft = (more: object = {}, selection?: string, as: PersonaName = "county-executive") =>
  county.tell(
    as,
    "draftSharingAgreement",
    "DraftSharingAgreementInput",
    { interfaceId: discharge, ...terms, ...more },
    selection,
  );

const move = (
  mutation: string,
  as: PersonaName,
  { id, version }: Record<string, any>,
  more: object = {},
) =>
  county.tell(
    as,
    mutation,
    "SharingAgreementMoveInput",
    { id, expectedVersion: version, ...more },
    "id version status",
  );
const sign = (as: PersonaName, agreement: Record<string, any>, more: object = {}) =>
  move("signSharingAgreement", as, agreement, more);
const suspend = (as: PersonaName, agreement: Record<string, any>, more: object = {}) =>
  move("suspendSharingAgreement", as, agreement, more);
const resume = (as: PersonaName, agreement: Record<string, any>) =>
  move("resumeSharingAgreement", as, agreement);
const end = (as: PersonaName, agreement: Record<string, any>) =>
  move("endSharingAgreement", as, agreement);

const amend = (
  as: PersonaName,
  { id, version }: Record<string, any>,
  more: object = {},
  selection = "id version status purposes categories amendment { purposes categories draftedBy { name } }",
) =>
  county.tell(
    as,
    "amendSharingAgreement",
    "AmendSharingAgreementInput",
    {
      id,
      expectedVersion: version,
      purposes: ["TREAT"],
      categories: ["DEMOGRAPHICS", "ENCOUNTERS", "LABS"],
      ...more,
    },
    selection,
  );
const signAmendment = (as: PersonaName, agreement: Record<string, any>) =>
  move("signSharingAmendment", as, agreement);

const read = async (as: PersonaName, id: string, selection: string) => {
  const { data, errors } = await county.ask(
    as,
    `query($id: ID!) { sharingAgreement(id: $id) { ${selection} } }`,
    { id },
  );
  expect(errors).toEqual([]);
  return data.sharingAgreement;
};

/** An interface of two agencies, so that a test has one of its own. */
const interfaceWith = async (other: { id: string }): Promise<string> =>
  (
    await county.tell("hospital-executive", "agreeInterface", "AgreeInterfaceInput", {
      kind: "COMPLEX_TRANSITION",
      name: "Long stays",
      partyIds: [hospital.id, other.id],
      contacts: [
        { agencyId: hospital.id, name: "Dana Whitfield", cover: "Joel Park" },
        { agencyId: other.id, name: "Sofia Ramos", cover: "Amir Haddad" },
      ],
    })
  ).id;

describe("a sharing agreement", () => {
  it("is drafted with what is shared, what for, from when and until when; a draft is not in force", async () => {
    const drafted = await draft(
      { until: at("00:00", 365) },
      `version status interface { name } draftedBy { name } with { name } purposes categories
       from until`,
    );
    expect(drafted).toEqual({
      version: 1,
      status: "DRAFT",
      interface: { name: "Alder General discharges" },
      draftedBy: { name: countyAgency.name },
      with: { name: bh.name },
      purposes: ["TREAT", "COC"],
      categories: ["DEMOGRAPHICS", "ENCOUNTERS"],
      from: utc(at("00:00", 1)),
      until: utc(at("00:00", 365)),
    });
  });

  it("names each purpose and each category once", async () => {
    expect(
      await draft(
        { purposes: ["TREAT", "TREAT"], categories: ["LABS", "ALLERGIES", "LABS"] },
        "purposes categories",
      ),
    ).toEqual({ purposes: ["TREAT"], categories: ["LABS", "ALLERGIES"] });
  });

  it("is put in force by the signature of the other agency alone", async () => {
    const drafted = await draft();
    await expect(sign("county-executive", drafted)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "DRAFT",
    });
    await expect(sign("county-system", drafted)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
    const signed = await sign("bh-executive", drafted);
    expect(signed.status).toBe("IN_FORCE");
    await expect(sign("bh-executive", signed)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "IN_FORCE",
    });
  });

  it.each(["county-executive", "bh-executive"] as const)(
    "is suspended by either agency, once it is in force: %s",
    async (either) => {
      const drafted = await draft();
      await expect(suspend(either, drafted)).rejects.toMatchObject({
        code: "MOVE_NOT_ALLOWED",
        state: "DRAFT",
      });
      const suspended = await suspend(either, await sign("bh-executive", drafted));
      expect(suspended.status).toBe("SUSPENDED");
      await expect(suspend(either, suspended)).rejects.toMatchObject({
        code: "MOVE_NOT_ALLOWED",
        state: "SUSPENDED",
      });
      await expect(sign("bh-executive", suspended)).rejects.toMatchObject({
        code: "MOVE_NOT_ALLOWED",
        state: "SUSPENDED",
      });
    },
  );

  it("lets nothing be shared before its first day, though both have signed it", async () => {
    const signed = await sign("bh-executive", await draft({ from: at("00:00", 90) }));
    county.now(at("23:59", 89));
    expect(await read("bh-executive", signed.id, "status isActive")).toEqual({
      status: "IN_FORCE",
      isActive: false,
    });
    county.now(at("00:00", 90));
    expect(await read("bh-executive", signed.id, "isActive")).toEqual({ isActive: true });
  });

  it("is resumed by the agency that suspended it, and by no other", async () => {
    const signed = await sign("bh-executive", await draft());
    await expect(resume("bh-executive", signed)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "IN_FORCE",
    });
    const suspended = await suspend("bh-executive", signed);
    expect(await read("county-executive", signed.id, "suspendedBy { name } isActive")).toEqual({
      suspendedBy: { name: bh.name },
      isActive: false,
    });
    await expect(resume("county-executive", suspended)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "SUSPENDED",
    });
    const resumed = await resume("bh-executive", suspended);
    expect(resumed.status).toBe("IN_FORCE");
    expect(await read("bh-executive", signed.id, "suspendedBy { name } isActive")).toEqual({
      suspendedBy: null,
      isActive: true,
    });
  });

  it.each(["county-executive", "bh-executive"] as const)(
    "is ended for good by either agency, as a draft or later: %s",
    async (either) => {
      const drafted = await draft();
      expect(await end(either, drafted)).toMatchObject({ status: "ENDED" });
      const suspended = await suspend("bh-executive", await sign("bh-executive", await draft()));
      const ended = await end(either, suspended);
      expect(ended.status).toBe("ENDED");
      for (const step of [sign, suspend, resume, end])
        await expect(step("bh-executive", ended)).rejects.toMatchObject({
          code: "MOVE_NOT_ALLOWED",
          state: "ENDED",
        });
    },
  );

  it("keeps what was agreed while an amendment waits, until the other agency signs it", async () => {
    const signed = await sign("bh-executive", await draft());
    const amended = await amend("bh-executive", signed);
    expect(amended).toMatchObject({
      status: "IN_FORCE",
      purposes: ["TREAT", "COC"],
      categories: ["DEMOGRAPHICS", "ENCOUNTERS"],
      amendment: {
        categories: ["DEMOGRAPHICS", "ENCOUNTERS", "LABS"],
        draftedBy: { name: bh.name },
      },
    });
    await expect(signAmendment("bh-executive", amended)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
    await signAmendment("county-executive", amended);
    expect(
      await read("bh-executive", signed.id, "status purposes categories amendment { draftedAt }"),
    ).toEqual({
      status: "IN_FORCE",
      purposes: ["TREAT"],
      categories: ["DEMOGRAPHICS", "ENCOUNTERS", "LABS"],
      amendment: null,
    });
  });

  it("is amended by a counter-draft too, which takes the first one's place", async () => {
    const signed = await sign("bh-executive", await draft());
    const first = await amend("bh-executive", signed);
    const second = await amend("county-executive", first, { purposes: ["COC"] });
    expect(second.amendment).toMatchObject({
      purposes: ["COC"],
      draftedBy: { name: countyAgency.name },
    });
    await expect(signAmendment("bh-executive", first)).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
    });
    await signAmendment("bh-executive", second);
    expect(await read("bh-executive", signed.id, "purposes")).toEqual({ purposes: ["COC"] });
  });

  it("is not amended while it is a draft, nor without a purpose or a category, nor so that it is over already", async () => {
    await expect(amend("county-executive", await draft())).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "DRAFT",
    });
    const signed = await sign("bh-executive", await draft());
    for (const [said, field] of [
      [{ purposes: [] }, "purposes"],
      [{ categories: [] }, "categories"],
      [{ until: at("12:00", 1) }, "until"],
    ] as const)
      await expect(amend("bh-executive", signed, said)).rejects.toMatchObject({
        code: "BAD_INPUT",
        field,
      });
    await expect(amend("bh-clinician", signed)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("is readable as it stood at every version, to both agencies", async () => {
    const signed = await sign("bh-executive", await draft());
    const amended = await amend("county-executive", signed);
    await signAmendment("bh-executive", amended);
    const { versions } = await read(
      "county-case-worker",
      signed.id,
      "versions { version status categories by { name } }",
    );
    const before = ["DEMOGRAPHICS", "ENCOUNTERS"];
    expect(versions).toEqual([
      { version: 1, status: "DRAFT", categories: before, by: { name: countyAgency.name } },
      { version: 2, status: "IN_FORCE", categories: before, by: { name: bh.name } },
      { version: 3, status: "IN_FORCE", categories: before, by: { name: countyAgency.name } },
      { version: 4, status: "IN_FORCE", categories: [...before, "LABS"], by: { name: bh.name } },
    ]);
  });

  it("is found among those whose last day comes soon", async () => {
    county.now(at("12:00", 92));
    const soon = await sign("bh-executive", await draft({ until: at("12:00", 110) }));
    const later = await sign("bh-executive", await draft({ until: at("12:00", 170) }));
    const never = await sign("bh-executive", await draft());
    await draft({ until: at("12:00", 105) });
    const within = async (days: number) => {
      const { data, errors } = await county.ask(
        "county-privacy-officer",
        "query($days: Int) { sharingAgreements(endingWithinDays: $days) { edges { node { id } } } }",
        { days },
      );
      if (errors[0]) throw Object.assign(new Error(), errors[0].extensions);
      return data.sharingAgreements.edges.map(({ node }: any) => node.id);
    };
    expect(await within(30)).toEqual([soon.id]);
    expect(await within(90)).toEqual([later.id, soon.id]);
    expect(await within(90)).not.toContain(never.id);
    await expect(within(0)).rejects.toMatchObject({ code: "BAD_INPUT", field: "endingWithinDays" });
    await expect(within(367)).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it("is over once the day until which it was made has come", async () => {
    const signed = await sign("bh-executive", await draft({ until: at("00:00", 100) }));
    county.now(at("23:59", 99));
    expect(await read("county-executive", signed.id, "status")).toEqual({ status: "IN_FORCE" });
    county.now(at("00:00", 100));
    expect(await read("county-executive", signed.id, "status")).toEqual({ status: "ENDED" });
  });

  it.each(["county-case-worker", "analyst"] as const)(
    "binds an agency, so it is not for everyone to draft or suspend: %s",
    async (as) => {
      await expect(draft({}, "id", as)).rejects.toMatchObject({ code: "FORBIDDEN" });
      const signed = await sign("bh-executive", await draft());
      await expect(suspend(as, signed)).rejects.toMatchObject({ code: "FORBIDDEN" });
    },
  );

  it("is not for a clinician to sign", async () => {
    const drafted = await draft();
    await expect(sign("bh-clinician", drafted)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await read("bh-clinician", drafted.id, "status")).toEqual({ status: "DRAFT" });
  });

  it.each([
    ["without a purpose", { purposes: [] }, "purposes"],
    ["without a category", { categories: [] }, "categories"],
    ["that ends before it starts", { until: at("23:59") }, "until"],
    ["that ends the moment it starts", { until: terms.from }, "until"],
    ["with the agency that drafts it", { withAgencyId: countyAgency.id }, "withAgencyId"],
    [
      "with the agency that drafts it, in capitals",
      { withAgencyId: countyAgency.id.toUpperCase() },
      "withAgencyId",
    ],
  ])("is not drafted %s", async (_, said, field) => {
    await expect(draft(said)).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });

  it.each([
    ["for a purpose that nobody knows", { purposes: ["TREAT", "MARKETING"] }],
    ["of a category that nobody knows", { categories: ["EVERYTHING"] }],
    ["at a malformed interface", { interfaceId: "discharge" }],
    ["from a day without a time", { from: "2025-03-03" }],
  ])("is not drafted %s", async (_, said) => {
    await expect(draft(said)).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it("is not signed as it no longer stands", async () => {
    const drafted = await draft();
    const signed = await sign("bh-executive", drafted);
    await expect(suspend("county-executive", drafted)).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
      currentVersion: signed.version,
    });
  });

  it("is drafted and signed once under one key, and says then what was said first, though it is suspended", async () => {
    const key = { idempotencyKey: randomUUID() };
    const everything = "id version status purposes categories from until with { id }";
    const drafted = await draft(key, everything);
    const signed = await sign("bh-executive", drafted, key);
    await suspend("county-executive", signed);
    expect(await draft(key, everything)).toEqual(drafted);
    expect(await sign("bh-executive", drafted, key)).toEqual(signed);
    expect(await read("bh-executive", drafted.id, "status")).toEqual({ status: "SUSPENDED" });
    await expect(draft({ ...key, purposes: ["TREAT"] })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
  });

  it.each(["housing-worker", "hospital-executive", "hospital-system"] as const)(
    "is to an agency that is no party as one that does not exist, byte for byte: %s",
    async (outsider) => {
      const { id } = await draft();
      const query = "query($id: ID!) { sharingAgreement(id: $id) { id status purposes } }";
      const there = await county.ask(outsider, query, { id });
      expect(there.data).toEqual({ sharingAgreement: null });
      expect(there.text).toBe((await county.ask(outsider, query, { id: UNKNOWN })).text);

      for (const step of [sign, suspend]) {
        const refused = (agreement: string) =>
          step(outsider, { id: agreement, version: 1 }).catch((error: unknown) => error);
        expect(await refused(id)).toMatchObject({ code: "NOT_FOUND" });
        expect(await refused(id)).toEqual(await refused(UNKNOWN));
      }
      const { data } = await county.ask(
        outsider,
        "{ sharingAgreements(first: 100) { edges { node { id } } } }",
      );
      expect(data.sharingAgreements.edges.map(({ node }: any) => node.id)).not.toContain(id);
    },
  );

  it("is listed to both agencies, whoever drafted it, the latest first", async () => {
    county.now(at("08:00", 200));
    const older = await draft();
    county.now(at("08:00", 201));
    const newer = await draft();
    for (const party of ["county-case-worker", "bh-executive"] as const) {
      const { data } = await county.ask(party, "{ sharingAgreements { edges { node { id } } } }");
      const ids = data.sharingAgreements.edges.map(({ node }: any) => node.id);
      expect(ids.slice(0, 2)).toEqual([newer.id, older.id]);
    }
  });
});

describe("the sharing agreement of an interface", () => {
  const asSeenBy = async (as: PersonaName, id: string) => {
    const { data, errors } = await county.ask(
      as,
      `query($id: ID!) { interface(id: $id) {
        sharingAgreement { id status draftedBy { name } with { name } }
      } }`,
      { id },
    );
    expect(errors).toEqual([]);
    return data.interface.sharingAgreement;
  };

  it("is the asking agency's own, and null to an agency that has none there", async () => {
    const id = await interfaceWith(housing);
    const drafted = await draft(
      { interfaceId: id, withAgencyId: housing.id },
      "id",
      "hospital-executive",
    );
    const agreement = {
      id: drafted.id,
      status: "DRAFT",
      draftedBy: { name: hospital.name },
      with: { name: housing.name },
    };
    expect(await asSeenBy("discharge-coordinator", id)).toEqual(agreement);
    expect(await asSeenBy("housing-worker", id)).toEqual(agreement);
    for (const other of ["bh-executive", "county-executive", "ems-responder", "analyst"] as const)
      expect(await asSeenBy(other, id)).toBeNull();
  });

  it("is the one in force before a newer draft, and then one that is suspended", async () => {
    const id = await interfaceWith(bh);
    county.now(at("08:00", 210));
    const more = { interfaceId: id, withAgencyId: bh.id };
    const older = await draft(more, "id version", "hospital-executive");
    county.now(at("08:00", 211));
    const first = await sign("bh-executive", await draft(more, "id version", "hospital-executive"));
    county.now(at("08:00", 212));
    const newer = await draft(more, "id version", "hospital-executive");
    expect(await asSeenBy("bh-clinician", id)).toMatchObject({ id: first.id, status: "IN_FORCE" });
    const suspended = await suspend("bh-executive", first);
    expect(await asSeenBy("bh-clinician", id)).toMatchObject({ id: first.id, status: "SUSPENDED" });
    await end("bh-executive", suspended);
    expect(await asSeenBy("bh-clinician", id)).toMatchObject({ id: newer.id, status: "DRAFT" });
    await end("bh-executive", newer);
    expect(await asSeenBy("bh-clinician", id)).toMatchObject({ id: older.id, status: "DRAFT" });
  });

  it("is none once it is over", async () => {
    const id = await interfaceWith(bh);
    county.now(at("08:00", 220));
    const drafted = await draft(
      { interfaceId: id, until: at("08:00", 230) },
      "id version",
      "hospital-executive",
    );
    await sign("bh-executive", drafted);
    expect(await asSeenBy("discharge-coordinator", id)).toMatchObject({ status: "IN_FORCE" });
    county.now(at("08:00", 230));
    expect(await asSeenBy("discharge-coordinator", id)).toBeNull();
  });

  it("is fetched at once for many interfaces", async () => {
    for (let n = 1; n <= 5; n++)
      await draft(
        { interfaceId: await interfaceWith(bh), withAgencyId: bh.id },
        "id",
        "hospital-executive",
      );
    const asked: string[] = [];
    const listen = ({ sql }: { sql: string }) => {
      if (/^select .* from "information_sharing"\."sharing_agreement"/.test(sql)) asked.push(sql);
    };
    const { sql } = county.house.database;
    sql.on("query", listen);
    const { data } = await county.ask(
      "discharge-coordinator",
      "{ interfaces(first: 100) { edges { node { sharingAgreement { id interface { id } } } } } }",
    );
    sql.off("query", listen);

    const agreements = data.interfaces.edges.map(({ node }: any) => node.sharingAgreement);
    expect(agreements.filter((it: unknown) => it !== null).length).toBeGreaterThanOrEqual(6);
    expect(asked).toHaveLength(1);
  });
});

describe("a sharing agreement over what another room keeps", () => {
  it.each([
    ["with an agency that is not on the roll", { withAgencyId: UNKNOWN }, "withAgencyId"],
    ["at an interface that does not exist", { interfaceId: UNKNOWN }, "interfaceId"],
    ["with an agency that is no party to the interface", { withAgencyId: ems.id }, "withAgencyId"],
  ])("is not drafted %s", async (_, said, field) => {
    await expect(draft(said)).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });
});
