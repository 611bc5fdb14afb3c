/** What rooms that keep records are told before they give anything: ties, directives, restrictions, attestations, agreements. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { FactsAsked, FactsTold } from "#sharing/facts.ts";
import { agencies, at, people, personas } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { Asker, County } from "../../county/house.ts";

const { hospital, county: countyAgency, bh, housing, mco, commissioner } = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";
const bhOfficer = { ...personas["bh-executive"], role: "PRIVACY_OFFICER" as const };

let county: County;
let maria: string;
let walter: string;
beforeAll(async () => {
  county = await openCounty();
  maria = await county.personId("discharge-coordinator", people.maria);
  walter = await county.personId("discharge-coordinator", people.walter);
});
afterAll(() => county.close());
beforeEach(() => county.now(at("18:00", 1)));

const knock = async (
  body: unknown,
  requester: Asker | null = null,
  requestId: string = randomUUID(),
) =>
  county.house.rooms["information-sharing"]?.sideDoors["/facts"]?.({
    bytes: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
    requester: requester as never,
    requestId,
  });
const asked = (more: Partial<FactsAsked> = {}): FactsAsked => ({
  recipient: bh.id,
  purpose: "TREAT",
  at: new Date(at("18:00", 1)).toISOString(),
  persons: [maria],
  sources: [hospital.id],
  ...more,
});
const facts = async (more: Partial<FactsAsked> = {}): Promise<FactsTold> =>
  JSON.parse((await knock(asked(more)))?.body ?? "") as FactsTold;

const event = (type: string, subject: string, when: string, data: object) => ({
  specversion: "1.0" as const,
  id: randomUUID(),
  source: "/referrals",
  type,
  subject,
  time: new Date(when).toISOString(),
  data: data as never,
});
const hear = (it: ReturnType<typeof event>) =>
  county.house.rooms["information-sharing"]?.consume(it);

describe("the facts about a person and an agency", () => {
  it("are the ties that events of the referrals room made, but not that it is a source", async () => {
    const { persons } = await facts({ persons: [maria, walter], recipient: housing.id });
    expect(persons[maria]).toBeUndefined();
    expect(persons[walter]).toEqual({
      ties: ["REFERRAL"],
      directives: [],
      restrictedBy: [],
      medicalEmergency: null,
      safetyThreat: null,
    });
    const told = (await facts({ recipient: hospital.id })).persons[maria]?.ties;
    expect(told).not.toContain("SOURCE");
  });

  it("are ties that have begun and are not over", async () => {
    const tie = (version: number, until: string | null) =>
      hear(
        event("tie.changed", UNKNOWN, at("09:00", 5), {
          version,
          person: maria,
          agency: mco.id,
          kind: "ENROLLED",
          since: new Date(at("09:00", 5)).toISOString(),
          until: until && new Date(until).toISOString(),
        }),
      );
    const ties = async (when: string) =>
      (await facts({ recipient: mco.id, at: new Date(when).toISOString() })).persons[maria]?.ties;
    await tie(1, null);
    expect(await ties(at("08:59", 5))).toBeUndefined();
    expect(await ties(at("09:00", 5))).toEqual(["ENROLLED"]);
    await tie(3, at("12:00", 6));
    expect(await ties(at("11:59", 6))).toEqual(["ENROLLED"]);
    expect(await ties(at("12:00", 6))).toBeUndefined();
    // What was true before comes late, and changes nothing.
    await tie(2, null);
    expect(await ties(at("12:00", 6))).toBeUndefined();
  });

  it("are oversight while any threshold is breached, and no longer", async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const data = (version: number) => ({ version, person: walter, agency: commissioner.id });
    const ties = async (when: string) =>
      (
        await facts({
          recipient: commissioner.id,
          persons: [walter],
          at: new Date(when).toISOString(),
        })
      ).persons[walter]?.ties;
    await hear(event("threshold.breached", first, at("09:00", 7), data(1)));
    await hear(event("threshold.breached", second, at("10:00", 7), data(1)));
    expect(await ties(at("08:59", 7))).toBeUndefined();
    expect(await ties(at("09:00", 7))).toEqual(["OVERSIGHT"]);
    await hear(event("threshold.resolved", first, at("11:00", 7), data(2)));
    expect(await ties(at("11:00", 7))).toEqual(["OVERSIGHT"]);
    await hear(event("threshold.resolved", second, at("12:00", 7), data(2)));
    expect(await ties(at("11:59", 7))).toEqual(["OVERSIGHT"]);
    expect(await ties(at("12:00", 7))).toBeUndefined();
    await hear(event("threshold.breached", second, at("13:00", 7), data(1)));
    expect(await ties(at("13:00", 7))).toBeUndefined();
  });

  it("are heard once, however often they are told", async () => {
    const breach = event("threshold.breached", randomUUID(), at("09:00", 8), {
      version: 1,
      person: maria,
      agency: commissioner.id,
    });
    await Promise.all([hear(breach), hear(breach)]);
    await hear(breach);
    const { persons } = await facts({
      recipient: commissioner.id,
      at: new Date(at("09:00", 8)).toISOString(),
    });
    expect(persons[maria]?.ties).toEqual(["OVERSIGHT"]);
  });

  it("are the same for all the rooms of one request, and fresh for the next one and a second later", async () => {
    const when = at("09:00", 20);
    const later = (ms: number) => new Date(Date.parse(when) + ms).toISOString();
    const ties = async (requestId: string, more: Partial<FactsAsked> = {}) => {
      const reply = await knock(
        asked({ recipient: mco.id, at: later(0), ...more }),
        null,
        requestId,
      );
      return (JSON.parse(reply?.body ?? "") as FactsTold).persons[walter]?.ties;
    };
    const [one, other] = [randomUUID(), randomUUID()];
    expect(await ties(one, { persons: [maria, walter] })).toBeUndefined();
    await hear(
      event("tie.changed", UNKNOWN, when, {
        version: 1,
        person: walter,
        agency: mco.id,
        kind: "ENROLLED",
        since: later(0),
        until: null,
      }),
    );
    expect(await ties(one, { persons: [walter], at: later(999) })).toBeUndefined();
    expect(await ties(other, { persons: [walter] })).toEqual(["ENROLLED"]);
    expect(await ties(one, { persons: [walter], at: later(1_000) })).toEqual(["ENROLLED"]);
    // What another agency would be told is not told.
    expect(await ties(one, { persons: [walter], recipient: hospital.id })).not.toContain(
      "ENROLLED",
    );
  });

  it("are an agency's restrictions under each record that it says is of the same person, and under no other agency's", async () => {
    const [old, middle, now] = [randomUUID(), randomUUID(), randomUUID()] as const;
    const restriction = (agency: { id: string }) => ({
      id: randomUUID(),
      version: 2,
      person_id: old,
      agency_id: agency.id,
      status: "AGREED",
      recipient_ids: null,
      paid_in_full: false,
      requested_at: new Date(at("08:00", 1)),
      agreed_at: new Date(at("09:00", 1)),
    });
    const { sql } = county.house.database;
    await sql("information_sharing.restriction").insert([restriction(hospital), restriction(mco)]);
    const merge = (person: string, survivor: string) =>
      hear(
        event("person.merged", randomUUID(), at("10:00", 1), {
          person,
          survivor,
          agency: hospital.id,
        }),
      );
    const restrictedBy = async (person: string) =>
      (await facts({ persons: [person], sources: [hospital.id, mco.id] })).persons[person]
        ?.restrictedBy ?? [];
    expect(await restrictedBy(now)).toEqual([]);
    await merge(old, middle);
    await merge(middle, now);
    for (const person of [middle, now]) expect(await restrictedBy(person)).toEqual([hospital.id]);
    expect(new Set(await restrictedBy(old))).toEqual(new Set([hospital.id, mco.id]));
  });

  it("are restrictions that their source has agreed to, towards the recipient, from then until they end", async () => {
    const request = async (recipientIds?: string[]) =>
      county.tell("discharge-coordinator", "requestRestriction", "RequestRestrictionInput", {
        personId: walter,
        ...(recipientIds && { recipientIds }),
      });
    const move = (
      mutation: string,
      { id, version }: Record<string, any>,
      more: object = {},
      type = "RestrictionMoveInput",
    ) =>
      county.tell("hospital-privacy-officer", mutation, type, {
        id,
        expectedVersion: version,
        ...more,
      });
    const towards = async (
      recipient: string,
      when: string,
      sources = [hospital.id, countyAgency.id],
    ) =>
      (await facts({ recipient, persons: [walter], sources, at: new Date(when).toISOString() }))
        .persons[walter]?.restrictedBy;
    county.now(at("09:00", 9));
    const narrow = await request([housing.id]);
    expect(await towards(housing.id, at("09:00", 9))).toEqual([]);
    county.now(at("10:00", 9));
    const agreed = await move("agreeRestriction", narrow);
    expect(await towards(housing.id, at("09:59", 9))).toEqual([]);
    expect(await towards(housing.id, at("10:00", 9))).toEqual([hospital.id]);
    expect(await towards(housing.id, at("10:00", 9), [countyAgency.id])).toEqual([]);
    expect(await towards(bh.id, at("10:00", 9))).toBeUndefined();
    county.now(at("11:00", 9));
    await move(
      "terminateRestriction",
      agreed,
      { ground: "PERSON_AGREED" },
      "TerminateRestrictionInput",
    );
    expect(await towards(housing.id, at("10:59", 9))).toEqual([hospital.id]);
    expect(await towards(housing.id, at("11:00", 9))).toEqual([]);
    const wide = await move("agreeRestriction", await request());
    expect(await towards(bh.id, at("11:00", 9))).toEqual([hospital.id]);
    await move(
      "terminateRestriction",
      wide,
      { ground: "PERSON_AGREED" },
      "TerminateRestrictionInput",
    );
    await move("declineRestriction", await request());
    expect(await towards(bh.id, at("11:00", 9))).toBeUndefined();
  });
});

describe("the agreement that is told", () => {
  const agree = async (more: object = {}) => {
    const { data } = await county.ask("analyst", "{ interfaces { edges { node { id } } } }");
    return county.tell("county-executive", "draftSharingAgreement", "DraftSharingAgreementInput", {
      interfaceId: data.interfaces.edges[0].node.id,
      withAgencyId: bh.id,
      purposes: ["TREAT"],
      categories: ["LABS"],
      from: at("00:00", 1),
      ...more,
    });
  };
  const move = (as: Asker, mutation: string, { id, version }: Record<string, any>) =>
    county.tell(as, mutation, "SharingAgreementMoveInput", { id, expectedVersion: version });
  const between = async (when: string, purpose: FactsAsked["purpose"] = "TREAT") =>
    (await facts({ sources: [countyAgency.id], purpose, at: new Date(when).toISOString() }))
      .agreements[countyAgency.id];

  it("is the one in force, whichever of the two drafted it", async () => {
    const { agreements } = await facts();
    expect(agreements).toEqual({
      [hospital.id]: {
        id: expect.any(String) as string,
        version: 2,
        active: true,
        purposes: ["TREAT", "COC"],
        categories: expect.arrayContaining(["MEDICATIONS"]) as string[],
      },
    });
    const other = await facts({ recipient: hospital.id, sources: [bh.id] });
    expect(other.agreements[bh.id]).toEqual(agreements[hospital.id]);
  });

  it("is none while there is a draft alone, one that has not begun, or one that is over", async () => {
    const drafted = await agree({ until: at("00:00", 20), from: at("00:00", 10) });
    expect(await between(at("12:00", 15))).toBeUndefined();
    await move("bh-executive", "signSharingAgreement", drafted);
    expect(await between(at("23:59", 9))).toBeUndefined();
    expect(await between(at("00:00", 10))).toMatchObject({ id: drafted.id, active: true });
    expect(await between(at("00:00", 20))).toBeUndefined();
  });

  it("is one that is suspended, as not active, where none is in force", async () => {
    const signed = await move("bh-executive", "signSharingAgreement", await agree());
    const suspended = await move(bhOfficer, "suspendSharingAgreement", signed);
    expect(await between(at("18:00", 1))).toMatchObject({
      id: signed.id,
      version: 3,
      active: false,
    });
    const other = await move("bh-executive", "signSharingAgreement", await agree());
    expect(await between(at("18:00", 1))).toMatchObject({ id: other.id, active: true });
    await move("bh-executive", "endSharingAgreement", suspended);
    await move("bh-executive", "endSharingAgreement", other);
    expect(await between(at("18:00", 1))).toBeUndefined();
  });

  it("is of several in force the one that is for the purpose, and then the one that covers most", async () => {
    const sign = async (more: object) =>
      move("bh-executive", "signSharingAgreement", await agree(more));
    const narrow = await sign({ purposes: ["TREAT"], categories: ["LABS", "ALLERGIES"] });
    const wide = await sign({ purposes: ["COC"], categories: ["LABS", "ALLERGIES", "PROBLEMS"] });
    const later = await sign({ purposes: ["COC"], categories: ["LABS"] });
    expect(await between(at("18:00", 1), "TREAT")).toMatchObject({ id: narrow.id });
    expect(await between(at("18:00", 1), "COC")).toMatchObject({ id: wide.id });
    for (const one of [narrow, wide, later]) await move("bh-executive", "endSharingAgreement", one);
  });
});

describe("who asks for facts", () => {
  it("is the house: to everyone else the door does not exist", async () => {
    await expect(knock(asked(), personas["hospital-clinician"])).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it.each([
    ["no JSON", "{", undefined],
    ["no object", "null", undefined],
    ["no recipient", { ...asked({ persons: [] }), recipient: "hospital" }, "recipient"],
    ["a purpose that nobody knows", { ...asked({ persons: [] }), purpose: "MARKETING" }, "purpose"],
    ["a day instead of an instant", { ...asked({ persons: [] }), at: "2025-03-03" }, "at"],
    ["persons that are no ids", { ...asked({ persons: [] }), persons: ["maria"] }, "persons"],
    ["no list of sources", { ...asked({ persons: [] }), sources: hospital.id }, "sources"],
  ])("is refused with %s", async (_, body, field) => {
    await expect(knock(body)).rejects.toMatchObject({
      code: "BAD_INPUT",
      details: field ? { field } : {},
    });
  });

  it("is answered in one statement, however many persons and sources there are", async () => {
    const statements: string[] = [];
    const listen = ({ sql }: { sql: string }) => void statements.push(sql);
    const { sql } = county.house.database;
    sql.on("query", listen);
    const persons = [maria, walter, ...Array.from({ length: 100 }, () => randomUUID())];
    await facts({ persons, sources: Object.values(agencies).map(({ id }) => id) });
    sql.off("query", listen);
    expect(statements.filter((it) => it.includes("information_sharing.consent"))).toHaveLength(1);
  });
});
