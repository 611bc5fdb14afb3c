/** The doors by which other rooms ask this one about people and consents. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ConsentKept, PersonFound } from "#schema/known.ts";
import type { Requester } from "#sharing/requester.ts";
import { agencies, HOSPITAL_MRN, people, personas } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";

const { hospital, county: countyAgency } = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";

let county: County;
beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

const knock = async <Told>(path: string, question: object, requester: Requester | null = null) => {
  const reply = await county.house.rooms.referrals?.sideDoors[path]?.({
    bytes: Buffer.from(JSON.stringify(question)),
    requester,
    requestId: "test",
  });
  return JSON.parse(reply?.body ?? "") as Told;
};
const find = async (question: object) =>
  (await knock<PersonFound>("/find-person", question)).person;

describe("the door at which a person is found", () => {
  it("tells the one person whom an identifier or a name and a birth date is of, and whose records there are", async () => {
    const maria = await find({ system: HOSPITAL_MRN, value: people.maria.mrn });
    expect(maria?.sources).toEqual([hospital.id, countyAgency.id]);
    expect(await find({ id: maria?.id })).toEqual(maria);
    const { family, birthDate } = people.maria;
    for (const name of [family, family.toUpperCase(), ` ${family} `])
      expect(await find({ family: name, birthDate })).toEqual(maria);
  });

  it.each([
    ["an id that is none", { id: "maria" }],
    ["an id that nobody has", { id: UNKNOWN }],
    ["an identifier of another namespace", { system: "urn:nowhere", value: people.maria.mrn }],
    ["a given name", { family: people.maria.given, birthDate: people.maria.birthDate }],
    ["a part of a name", { family: "gado", birthDate: people.maria.birthDate }],
    ["no name", { family: "", birthDate: people.maria.birthDate }],
    ["another birth date", { family: people.maria.family, birthDate: "1961-07-15" }],
  ])("tells nobody for %s", async (_, question) => {
    expect(await find(question)).toBeNull();
  });

  it("is the house's alone, as the one at which consents are told is", async () => {
    for (const path of ["/find-person", "/consent"])
      await expect(
        knock(path, { id: UNKNOWN }, personas["hospital-clinician"]),
      ).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("the door at which a consent is told", () => {
  it("tells nothing of one that was never received", async () => {
    for (const id of [UNKNOWN, "no id"])
      expect((await knock<ConsentKept>("/consent", { id })).consent).toBeNull();
  });
});
