/** Approved routes, as agencies approve and withdraw them through the graph. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at, personas } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { Asker, County } from "../../county/house.ts";

const { hospital, bh } = agencies;
const bhOfficer = { ...personas["bh-executive"], role: "PRIVACY_OFFICER" as const };

let county: County;
/** The agreement of the hospital and behavioral health, in force since Monday. */
let agreement: { id: string; version: number };
beforeAll(async () => {
  county = await openCounty();
  const { data } = await county.ask(
    "hospital-executive",
    "{ sharingAgreements { edges { node { id version } } } }",
  );
  agreement = data.sharingAgreements.edges[0].node;
});
afterAll(() => county.close());

const EVERYTHING = `id version status isOpen from { name } to { name } purpose basis categories channel
  agreement { id } since until`;

const approve = (as: Asker, more: object = {}, selection = "id version status isOpen") =>
  county.tell(
    as,
    "approveSharingRoute",
    "ApproveSharingRouteInput",
    {
      agreementId: agreement.id,
      purpose: "TREAT",
      basis: "HIPAA_506",
      categories: ["ENCOUNTERS", "MEDICATIONS"],
      channel: "GRAPH",
      ...more,
    },
    selection,
  );

const withdraw = (as: Asker, { id, version }: Record<string, any>) =>
  county.tell(
    as,
    "withdrawSharingRoute",
    "SharingRouteMoveInput",
    { id, expectedVersion: version },
    "id version status isOpen",
  );

const read = async (as: Asker, id: string) => {
  const { data } = await county.ask(
    as,
    `query($id: ID!) { sharingRoute(id: $id) { ${EVERYTHING} } }`,
    { id },
  );
  return data.sharingRoute;
};

const stranded = async (as: Asker): Promise<string[]> => {
  const { data } = await county.ask(
    as,
    "{ sharingRoutesWithoutAgreement { edges { node { id } } } }",
  );
  return data.sharingRoutesWithoutAgreement.edges.map(({ node }: any) => node.id);
};

const moveAgreement = async (as: Asker, mutation: string) => {
  const { data } = await county.ask(
    as,
    "query($id: ID!) { sharingAgreement(id: $id) { version } }",
    {
      id: agreement.id,
    },
  );
  await county.tell(as, mutation, "SharingAgreementMoveInput", {
    id: agreement.id,
    expectedVersion: data.sharingAgreement.version,
  });
};

describe("an approved route", () => {
  it("[B23] names from, to, purpose, basis, categories, channel and dates, under an agreement in force", async () => {
    const { id } = await approve("hospital-privacy-officer", { until: at("00:00", 30) });
    expect(await read("bh-clinician", id)).toEqual({
      id,
      version: 1,
      status: "APPROVED",
      isOpen: true,
      from: { name: hospital.name },
      to: { name: bh.name },
      purpose: "TREAT",
      basis: "HIPAA_506",
      categories: ["ENCOUNTERS", "MEDICATIONS"],
      channel: "GRAPH",
      agreement: { id: agreement.id },
      since: new Date(at("18:00", 1)).toISOString(),
      until: new Date(at("00:00", 30)).toISOString(),
    });
  });

  it("leads from whichever party approves it to the other one", async () => {
    const { id } = await approve(bhOfficer);
    expect(await read("hospital-executive", id)).toMatchObject({
      from: { name: bh.name },
      to: { name: hospital.name },
    });
  });

  it("is approved by privacy officers and executives, and by nobody else", async () => {
    for (const as of ["hospital-clinician", "hospital-system", "discharge-coordinator"] as const)
      await expect(approve(as)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect(await approve("hospital-executive")).toMatchObject({ status: "APPROVED" });
  });

  it.each([
    ["for a purpose that is not the agreement's", { purpose: "HPAYMT" }, "purpose"],
    [
      "of a category that is not the agreement's",
      { categories: ["ENCOUNTERS", "LABS"] },
      "categories",
    ],
    ["of no category", { categories: [] }, "categories"],
    ["that ends before it starts", { since: at("00:00", 9), until: at("00:00", 8) }, "until"],
  ])("is not approved %s", async (_, said, field) => {
    await expect(approve("hospital-privacy-officer", said)).rejects.toMatchObject({
      code: "BAD_INPUT",
      field,
    });
  });

  it("is withdrawn by the agency that it leads from alone, and once", async () => {
    const route = await approve("hospital-privacy-officer");
    await expect(withdraw(bhOfficer, route)).rejects.toMatchObject({ code: "MOVE_NOT_ALLOWED" });
    await expect(withdraw("hospital-clinician", route)).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    const withdrawn = await withdraw("hospital-executive", route);
    expect(withdrawn).toMatchObject({ status: "WITHDRAWN", isOpen: false });
    await expect(withdraw("hospital-executive", withdrawn)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
  });

  it("is to an agency at neither end as one that does not exist", async () => {
    const route = await approve("hospital-privacy-officer");
    expect(await read("county-privacy-officer", route.id)).toBeNull();
    const refused = (id: string) =>
      withdraw("county-privacy-officer", { id, version: 1 }).catch((error: unknown) => error);
    expect(await refused(route.id)).toEqual(await refused(randomUUID()));
    const elsewhere = (id: string) =>
      approve("county-privacy-officer", { agreementId: id }).catch((error: unknown) => error);
    expect(await elsewhere(agreement.id)).toMatchObject({ code: "NOT_FOUND" });
    expect(await elsewhere(agreement.id)).toEqual(await elsewhere(randomUUID()));
  });

  it("is approved once under one key, and says then what was said first", async () => {
    const key = { idempotencyKey: randomUUID() };
    const route = await approve("hospital-privacy-officer", key, EVERYTHING);
    await withdraw("hospital-privacy-officer", route);
    expect(await approve("hospital-privacy-officer", key, "id status")).toEqual({
      id: route.id,
      status: "APPROVED",
    });
  });

  it("is listed with its agreement, and to both ends", async () => {
    const route = await approve("hospital-privacy-officer");
    for (const as of ["hospital-auditor", "bh-clinician"] as const) {
      const { data } = await county.ask(
        as,
        `query($id: ID!) { sharingRoutes(first: 1) { edges { node { id } } }
          sharingAgreement(id: $id) { routes { id } } }`,
        { id: agreement.id },
      );
      expect(data.sharingRoutes.edges[0].node.id).toBe(route.id);
      expect(data.sharingAgreement.routes).toContainEqual({ id: route.id });
    }
  });

  it("counts only while its agreement does: suspended, the route is shut, and a privacy officer sees it", async () => {
    const route = await approve("hospital-privacy-officer");
    expect(await stranded("hospital-privacy-officer")).toEqual([]);
    await moveAgreement("bh-executive", "suspendSharingAgreement");
    expect(await read("hospital-privacy-officer", route.id)).toMatchObject({
      status: "APPROVED",
      isOpen: false,
    });
    expect(await stranded("hospital-privacy-officer")).toContain(route.id);
    await expect(approve("hospital-privacy-officer")).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "SUSPENDED",
    });
    await moveAgreement("bh-executive", "resumeSharingAgreement");
    expect(await read("hospital-privacy-officer", route.id)).toMatchObject({ isOpen: true });
    expect(await stranded("hospital-privacy-officer")).toEqual([]);
  });

  it("is shut after its last day", async () => {
    const route = await approve("hospital-privacy-officer", { until: at("12:00", 9) });
    county.now(at("11:59", 9));
    expect(await read("bh-clinician", route.id)).toMatchObject({ isOpen: true });
    county.now(at("12:00", 9));
    expect(await read("bh-clinician", route.id)).toMatchObject({ isOpen: false });
  });
});
