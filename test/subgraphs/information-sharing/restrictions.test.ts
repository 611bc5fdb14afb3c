/** What a person asks an agency to keep to itself, through the graph. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at, people } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { Asker, County } from "../../county/house.ts";

const { hospital, bh, mco } = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";

let county: County;
let maria: string;
beforeAll(async () => {
  county = await openCounty();
  maria = await county.personId("discharge-coordinator", people.maria);
});
afterAll(() => county.close());

const SELECTION = `id version status person { id } agency { name } recipients { name } paidInFull
  requestedAt agreedAt terminatedAt ground`;

const request = (as: Asker, more: object = {}, selection = "id version status") =>
  county.tell(
    as,
    "requestRestriction",
    "RequestRestrictionInput",
    { personId: maria, ...more },
    selection,
  );
const move = (
  as: Asker,
  mutation: string,
  { id, version }: Record<string, any>,
  more: object = {},
  type = "RestrictionMoveInput",
) => county.tell(as, mutation, type, { id, expectedVersion: version, ...more }, SELECTION);
const agree = (as: Asker, it: Record<string, any>) => move(as, "agreeRestriction", it);
const decline = (as: Asker, it: Record<string, any>) => move(as, "declineRestriction", it);
const terminate = (as: Asker, it: Record<string, any>) =>
  move(as, "terminateRestriction", it, { ground: "PERSON_REQUESTED" }, "TerminateRestrictionInput");

describe("a restriction", () => {
  it("is written down by those who work with the person, and agreed by the agency's privacy officer", async () => {
    const asked = await request("discharge-coordinator", { recipientIds: [bh.id] });
    expect(asked.status).toBe("REQUESTED");
    await expect(agree("hospital-clinician", asked)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(agree("hospital-executive", asked)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const agreed = await agree("hospital-privacy-officer", asked);
    expect(agreed).toMatchObject({
      status: "AGREED",
      person: { id: maria },
      agency: { name: hospital.name },
      recipients: [{ name: bh.name }],
      agreedAt: new Date(at("18:00", 1)).toISOString(),
    });
    await expect(agree("hospital-privacy-officer", agreed)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "AGREED",
    });
  });

  it("may be declined, but not what the person has paid for in full", async () => {
    const asked = await request("hospital-clinician");
    expect(await decline("hospital-privacy-officer", asked)).toMatchObject({ status: "DECLINED" });
    const paid = await request("hospital-clinician", { recipientIds: [mco.id], paidInFull: true });
    await expect(decline("hospital-privacy-officer", paid)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
    expect(await agree("hospital-privacy-officer", paid)).toMatchObject({ status: "AGREED" });
  });

  it("ends on the person's word, and what was agreed stays readable", async () => {
    const asked = await request("hospital-clinician");
    await expect(terminate("hospital-privacy-officer", asked)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
    const agreed = await agree("hospital-privacy-officer", asked);
    await expect(terminate("hospital-clinician", agreed)).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    const over = await terminate("hospital-privacy-officer", agreed);
    expect(over).toMatchObject({
      status: "TERMINATED",
      recipients: null,
      agreedAt: agreed.agreedAt,
      ground: "PERSON_REQUESTED",
    });
    await expect(terminate("hospital-privacy-officer", over)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
  });

  it("is not written down by those who govern, for a person who is not known, or towards nobody", async () => {
    await expect(request("hospital-executive")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(request("hospital-privacy-officer")).rejects.toMatchObject({ code: "FORBIDDEN" });
    const refused = (as: Asker, personId: string) =>
      request(as, { personId }).catch((error: unknown) => error);
    // Emergency services have no tie to Maria: she is to them as one who does not exist.
    expect(await refused("ems-responder", maria)).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused("ems-responder", maria)).toEqual(await refused("ems-responder", UNKNOWN));
    for (const recipientIds of [[], [hospital.id], [UNKNOWN]])
      await expect(request("hospital-clinician", { recipientIds })).rejects.toMatchObject({
        code: "BAD_INPUT",
        field: "recipientIds",
      });
  });

  it("is known to the agency that was asked, and to no other", async () => {
    const asked = await request("hospital-clinician", { recipientIds: [bh.id] });
    const read = async (as: Asker) => {
      const { data } = await county.ask(
        as,
        "query($id: ID!) { restriction(id: $id) { id } restrictions { edges { node { id } } } }",
        { id: asked.id },
      );
      return [
        data.restriction?.id,
        data.restrictions.edges.map(({ node }: any) => node.id).includes(asked.id),
      ];
    };
    expect(await read("hospital-privacy-officer")).toEqual([asked.id, true]);
    expect(await read("discharge-coordinator")).toEqual([asked.id, true]);
    for (const as of [
      "bh-clinician",
      "county-privacy-officer",
      "hospital-executive",
      "hospital-auditor",
    ] as const)
      expect(await read(as), as).toEqual([undefined, false]);
    const refused = (id: string) =>
      agree("county-privacy-officer", { id, version: 1 }).catch((error: unknown) => error);
    expect(await refused(asked.id)).toEqual(await refused(UNKNOWN));
  });

  it("waits for a privacy officer among those that are requested", async () => {
    const asked = await request("hospital-clinician");
    const waiting = async () => {
      const { data } = await county.ask(
        "hospital-privacy-officer",
        "{ restrictions(status: REQUESTED, first: 100) { edges { node { id status } } } }",
      );
      return data.restrictions.edges.map(({ node }: any) => node);
    };
    expect(await waiting()).toContainEqual({ id: asked.id, status: "REQUESTED" });
    await agree("hospital-privacy-officer", asked);
    expect((await waiting()).map(({ id }: any) => id)).not.toContain(asked.id);
  });

  it("is requested once under one key, and not decided as it no longer stands", async () => {
    const key = { idempotencyKey: randomUUID() };
    const asked = await request("hospital-clinician", key);
    expect(await request("hospital-clinician", key)).toEqual(asked);
    await agree("hospital-privacy-officer", asked);
    await expect(decline("hospital-privacy-officer", asked)).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
      currentVersion: 2,
    });
  });
});
