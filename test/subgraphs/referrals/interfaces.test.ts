/** Interfaces: what agencies agree on, as it stands now and as it stood before. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at } from "../../county/county.ts";
import type { PersonaName } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";

const { hospital, county: countyAgency, bh, ems } = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";

let county: County;
beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

const utc = (instant: string): string => new Date(instant).toISOString();

const dana = { agencyId: hospital.id, name: "Dana Whitfield", cover: "Joel Park" };
const luis = { agencyId: ems.id, name: "Luis Ortega", cover: "Mina Cole" };
const sofia = { agencyId: bh.id, name: "Sofia Ramos", cover: "Amir Haddad" };

/** What the hospital and EMS agree on for people in crisis. */
const terms = {
  kind: "CRISIS",
  name: "Crisis conveyance",
  partyIds: [hospital.id, ems.id],
  contacts: [dana, luis],
};

const agree = (more: object = {}, as: PersonaName = "hospital-executive", selection?: string) =>
  county.tell(as, "agreeInterface", "AgreeInterfaceInput", { ...terms, ...more }, selection);

const revise = (
  { id, version }: Record<string, any>,
  more: object = {},
  as: PersonaName = "hospital-executive",
  selection?: string,
) =>
  county.tell(
    as,
    "reviseInterface",
    "ReviseInterfaceInput",
    { id, expectedVersion: version, ...terms, ...more },
    selection,
  );

const read = async (as: PersonaName, id: string, selection: string) => {
  const { data, errors } = await county.ask(
    as,
    `query($id: ID!) { interface(id: $id) { ${selection} } }`,
    { id },
  );
  expect(errors).toEqual([]);
  return data.interface;
};

describe("an interface", () => {
  it("is agreed with its parties and who answers for each, as version 1", async () => {
    const agreed = await agree(
      {},
      "hospital-executive",
      "kind name version parties { id name } contacts { agency { id } name cover }",
    );
    expect(agreed).toEqual({
      kind: "CRISIS",
      name: "Crisis conveyance",
      version: 1,
      parties: [
        { id: hospital.id, name: hospital.name },
        { id: ems.id, name: ems.name },
      ],
      contacts: [
        { agency: { id: hospital.id }, name: "Dana Whitfield", cover: "Joel Park" },
        { agency: { id: ems.id }, name: "Luis Ortega", cover: "Mina Cole" },
      ],
    });
  });

  it("stays readable as it stood before each revision, and is nothing before it was agreed", async () => {
    county.now(at("08:00", 10));
    const first = await agree();
    county.now(at("08:00", 20));
    await revise(first, {
      kind: "COMPLEX_TRANSITION",
      name: "Crisis and return",
      partyIds: [hospital.id, ems.id, bh.id],
      contacts: [dana, luis, sofia],
    });

    const asOf = async (instant: string) =>
      (
        await read(
          "analyst",
          first.id,
          `asOf(at: "${instant}") { version kind name parties { id } since }`,
        )
      ).asOf;
    const one = {
      version: 1,
      kind: "CRISIS",
      name: "Crisis conveyance",
      parties: [{ id: hospital.id }, { id: ems.id }],
      since: utc(at("08:00", 10)),
    };
    const two = {
      version: 2,
      kind: "COMPLEX_TRANSITION",
      name: "Crisis and return",
      parties: [{ id: hospital.id }, { id: ems.id }, { id: bh.id }],
      since: utc(at("08:00", 20)),
    };
    expect(await asOf(at("07:59", 10))).toBeNull();
    expect(await asOf(at("08:00", 10))).toEqual(one);
    expect(await asOf(at("07:59", 20))).toEqual(one);
    expect(await asOf(at("08:00", 20))).toEqual(two);
    expect(await asOf(at("08:00", 99))).toEqual(two);
    expect(await read("analyst", first.id, "version name")).toEqual({
      version: 2,
      name: "Crisis and return",
    });
  });

  it("is not revised on top of a revision that its reviser has not read", async () => {
    const first = await agree();
    const second = await revise(first, { name: "Crisis conveyance by night" });
    await expect(revise(first, { name: "Crisis conveyance by day" })).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
      currentVersion: second.version,
    });
    expect(await read("analyst", first.id, "name")).toEqual({ name: "Crisis conveyance by night" });
  });

  it("is agreed once under one key, and says then what was agreed first, though it was revised", async () => {
    const key = { idempotencyKey: randomUUID() };
    const everything = "id version name parties { id } contacts { name }";
    const first = await agree(key, "hospital-executive", everything);
    await revise(first, { name: "Crisis conveyance by night" });
    expect(await agree(key, "hospital-executive", everything)).toEqual(first);
    await expect(agree({ ...key, name: "Something else" })).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
  });

  it.each([
    ["one party", { partyIds: [hospital.id], contacts: [dana] }, "partyIds"],
    [
      "one party that is named twice",
      { partyIds: [hospital.id, hospital.id], contacts: [dana] },
      "partyIds",
    ],
    [
      "one party that is named twice, once in capitals",
      {
        partyIds: [hospital.id, hospital.id.toUpperCase()],
        contacts: [dana, { ...dana, agencyId: hospital.id.toUpperCase() }],
      },
      "partyIds",
    ],
    [
      "parties among which the asking agency is not",
      { partyIds: [ems.id, bh.id], contacts: [luis, sofia] },
      "partyIds",
    ],
    [
      "a party that is not on the roll",
      { partyIds: [hospital.id, UNKNOWN], contacts: [dana, { ...luis, agencyId: UNKNOWN }] },
      "partyIds",
    ],
    ["a blank name", { name: "  " }, "name"],
  ])("is not agreed with %s", async (_, said, field) => {
    await expect(agree(said)).rejects.toMatchObject({ code: "BAD_INPUT", field });
    const standing = await agree();
    await expect(revise(standing, said)).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });

  it.each([
    "county-case-worker",
    "discharge-coordinator",
    "hospital-clinician",
    "analyst",
  ] as const)("binds an agency, so it is not for everyone to agree or revise: %s", async (as) => {
    const parties = {
      partyIds: [hospital.id, ems.id, countyAgency.id],
      contacts: [dana, luis, { agencyId: countyAgency.id, name: "Marcus Lee", cover: "Helen Cho" }],
    };
    const standing = await agree(parties);
    await expect(agree(parties, as)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(revise(standing, parties, as)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await read("analyst", standing.id, "version")).toEqual({ version: 1 });
  });

  it("is revised by its parties alone: to others it is no more there than one that does not exist", async () => {
    const standing = await agree();
    const refused = async (id: string) =>
      revise(
        { id, version: 1 },
        { partyIds: [hospital.id, ems.id, bh.id], contacts: [dana, luis, sofia] },
        "bh-executive",
      ).catch((error: unknown) => error);
    expect(await refused(standing.id)).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused(standing.id)).toEqual(await refused(UNKNOWN));
  });

  it("is on the list of all, the oldest first", async () => {
    county.now(at("08:00", 30));
    const older = await agree();
    county.now(at("08:00", 31));
    const newer = await agree();
    const { data } = await county.ask(
      "ems-responder",
      "{ interfaces(first: 100) { edges { node { id name } } } }",
    );
    const listed = data.interfaces.edges.map(({ node }: any) => node);
    expect(listed[0].name).toBe("Alder General discharges");
    expect(listed.slice(-2).map(({ id }: any) => id)).toEqual([older.id, newer.id]);
  });
});

describe("a contact", () => {
  it.each([
    ["a mailbox with no person's name", [dana, { ...luis, name: " ", email: "desk@ems.example" }]],
    ["nobody who covers", [dana, { ...luis, cover: " " }]],
    ["no word on who covers", [dana, { agencyId: ems.id, name: "Luis Ortega" }]],
    ["nobody at all for one of the parties", [dana]],
  ])("[B09] a mailbox without a named person and cover is no contact: %s", async (_, contacts) => {
    await expect(agree({ contacts })).rejects.toMatchObject({ code: "BAD_INPUT" });
    const standing = await agree();
    await expect(revise(standing, { contacts })).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  it("is at one of the parties", async () => {
    await expect(agree({ contacts: [dana, luis, sofia] })).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "contacts",
    });
  });

  it("is for the parties to know, and for nobody else", async () => {
    const { id } = await agree();
    const names = "contacts { name cover }";
    const parties = [
      { name: "Dana Whitfield", cover: "Joel Park" },
      { name: "Luis Ortega", cover: "Mina Cole" },
    ];
    for (const party of ["discharge-coordinator", "hospital-executive", "ems-responder"] as const)
      expect(await read(party, id, names)).toEqual({ contacts: parties });
    for (const other of ["bh-clinician", "county-case-worker", "analyst"] as const)
      expect(await read(other, id, names)).toEqual({ contacts: null });
  });

  it("is no longer for an agency that has left the interface", async () => {
    const wide = await agree({
      partyIds: [hospital.id, ems.id, bh.id],
      contacts: [dana, luis, sofia],
    });
    expect((await read("bh-clinician", wide.id, "contacts { name }")).contacts).toHaveLength(3);
    await revise(wide);
    expect(await read("bh-clinician", wide.id, "contacts { name }")).toEqual({ contacts: null });
  });
});
