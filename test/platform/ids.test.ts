/** One thing, one id, one spelling: PostgreSQL reads a UUID in several, and two spellings must never pass for two ids. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, COUNTY_PERSON_ID, people } from "../county/county.ts";
import { openCounty } from "../county/house.ts";
import type { County } from "../county/house.ts";

let county: County;
let referralId: string;

beforeAll(async () => {
  county = await openCounty();
  const { data } = await county.ask(
    "discharge-coordinator",
    `{ personByIdentifier(system: "${COUNTY_PERSON_ID}", value: "${people.maria.countyId}") {
      handoffs { edges { node { referral { id } } } }
    } }`,
  );
  referralId = data.personByIdentifier.handoffs.edges[0].node.referral.id;
});
afterAll(() => county.close());

const HOSPITAL = agencies.hospital.id;

const said = async (mutation: string, type: string, input: object): Promise<string | undefined> => {
  const { errors } = await county.ask(
    "discharge-coordinator",
    `mutation($input: ${type}!) { it: ${mutation}(input: $input) { id } }`,
    { input: { idempotencyKey: randomUUID(), referralId, ...input } },
  );
  return errors[0]?.extensions.code;
};

/** What becomes of an offer to a receiver, and of a dispute among parties: a code, or nothing when it is made. */
const offer = (receiverId: string) => said("offerHandoff", "OfferHandoffInput", { receiverId });
const dispute = (partyIds: string[]) =>
  said("openDispute", "OpenDisputeInput", {
    partyIds,
    type: "FUNDING",
    subject: "FUND",
    coverage: "GAP",
    statement: "Ours is not the budget.",
  });

describe("an id", () => {
  it("in capitals finds what it finds in small letters", async () => {
    const find = (id: string) =>
      county.ask("discharge-coordinator", "query($id: ID!) { agency(id: $id) { id name } }", {
        id,
      });
    const [small, capitals] = [await find(HOSPITAL), await find(HOSPITAL.toUpperCase())];
    expect(small.data.agency.name).toBe(agencies.hospital.name);
    expect(capitals.text).toBe(small.text);
  });

  it("in capitals is one's own all the same: nobody offers a handoff to oneself", async () => {
    await expect(offer(HOSPITAL.toUpperCase())).resolves.toBe("BAD_INPUT");
    await expect(offer(HOSPITAL)).resolves.toBe("BAD_INPUT");
  });

  it("in capitals is no second party to a dispute", async () => {
    await expect(dispute([HOSPITAL, HOSPITAL.toUpperCase()])).resolves.toBe("BAD_INPUT");
  });

  const others = [
    ["in braces", `{${HOSPITAL}}`],
    ["without hyphens", HOSPITAL.replaceAll("-", "")],
    ["with hyphens elsewhere", HOSPITAL.replaceAll("-", "").replace(/(.{4})(?=.)/g, "$1-")],
    ["with a space around it", ` ${HOSPITAL} `],
    ["as a URN", `urn:uuid:${HOSPITAL}`],
  ] as const;

  it.each(others)("%s is none: nobody offers a handoff to oneself by it", async (_, id) => {
    expect(await offer(id)).toBe("BAD_INPUT");
  });

  it.each(others)("%s is none: nobody disputes with oneself by it", async (_, id) => {
    expect(await dispute([HOSPITAL, id])).toBe("BAD_INPUT");
  });
});
