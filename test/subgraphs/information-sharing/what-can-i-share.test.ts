/** What staff are shown before they share, and that it is what then happens. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CATEGORIES } from "#sharing/vocabulary.ts";
import { agencies, at, people, personas } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { Asker, County } from "../../county/house.ts";

const { hospital, bh, housing } = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";

let county: County;
let maria: string;
beforeAll(async () => {
  county = await openCounty();
  maria = await county.personId("discharge-coordinator", people.maria);
});
afterAll(() => county.close());

interface Shown {
  category: string;
  decision: string;
  rules: { id: string; says: string; law: string }[];
  because: string[];
  routes: string[];
  obligations: string[];
  fields: string[];
}

const preview = async (as: Asker, more: object = {}): Promise<Map<string, Shown>> => {
  const { data, errors } = await county.ask(
    as,
    `query($person: ID!, $recipient: ID!, $purpose: PurposeOfUse!, $basis: Basis, $role: Role!) {
      whatCanIShare(personId: $person, recipientId: $recipient, purpose: $purpose, basis: $basis, role: $role) {
        category decision rules { id says law } because routes obligations fields } }`,
    {
      person: maria,
      recipient: bh.id,
      purpose: "TREAT",
      basis: "HIPAA_506",
      role: "CLINICIAN",
      ...more,
    },
  );
  if (errors[0]) throw Object.assign(new Error(errors[0].message), errors[0].extensions);
  return new Map(data.whatCanIShare.map((it: Shown) => [it.category, it]));
};

const tell = (as: Asker, mutation: string, type: string, input: object) =>
  county.tell(as, mutation, type, input);

describe("what can be shared", () => {
  it("[B24] is shown for each kind of information, with its rule in plain words, its law and its fields", async () => {
    const shown = await preview("discharge-coordinator");
    expect([...shown.keys()]).toEqual([...CATEGORIES]);
    expect(shown.get("MEDICATIONS")).toMatchObject({
      decision: "SHAREABLE",
      rules: [{ id: "P2-treatment", law: "45 CFR 164.506(c)(1)-(2)" }],
      because: [],
      routes: [],
    });
    expect(shown.get("MEDICATIONS")?.rules[0]?.says).toMatch(/^Clinicians and care coordinators/);
    expect(shown.get("MEDICATIONS")?.fields).toEqual(
      expect.arrayContaining(["Medication.name", "Person.medications"]),
    );
    expect(shown.get("DEMOGRAPHICS")?.fields).toContain("Person.birthDate");
  });

  it("[B26] says why what is withheld is, and what would open it", async () => {
    const shown = await preview("discharge-coordinator");
    expect(shown.get("LABS")).toMatchObject({
      decision: "WITHHELD",
      because: expect.arrayContaining(["no-agreement"]) as string[],
      routes: expect.arrayContaining(["AGREEMENT"]) as string[],
      obligations: [],
    });
    expect(shown.get("SUD_TREATMENT")).toMatchObject({
      decision: "WITHHELD",
      rules: [{ id: "F1-part2-wall" }],
      routes: expect.arrayContaining(["42CFRPart2CD"]) as string[],
    });
    for (const { decision, because } of shown.values())
      if (decision === "WITHHELD") expect(because).not.toEqual([]);
  });

  it("follows a restriction, to everyone, at once", async () => {
    const asked = await tell(
      "hospital-clinician",
      "requestRestriction",
      "RequestRestrictionInput",
      {
        personId: maria,
      },
    );
    expect((await preview("discharge-coordinator")).get("MEDICATIONS")?.decision).toBe("SHAREABLE");
    const agreed = await tell(
      "hospital-privacy-officer",
      "agreeRestriction",
      "RestrictionMoveInput",
      {
        id: asked.id,
        expectedVersion: asked.version,
      },
    );
    expect((await preview("discharge-coordinator")).get("MEDICATIONS")).toMatchObject({
      decision: "WITHHELD",
      rules: [{ id: "F3-person-restriction" }],
    });
    await tell("hospital-privacy-officer", "terminateRestriction", "TerminateRestrictionInput", {
      id: agreed.id,
      expectedVersion: agreed.version,
      ground: "PERSON_REQUESTED",
    });
    expect((await preview("discharge-coordinator")).get("MEDICATIONS")?.decision).toBe("SHAREABLE");
  });

  it("is for those who work with the person at an agency that knows them, about an agency on the roll", async () => {
    for (const as of ["hospital-executive", "hospital-privacy-officer", "hospital-biller"] as const)
      await expect(preview(as), as).rejects.toMatchObject({ code: "FORBIDDEN" });
    const refused = (person: string) =>
      preview("ems-responder", { person }).catch((error: unknown) => error);
    expect(await refused(maria)).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused(maria)).toEqual(await refused(UNKNOWN));
    for (const recipient of [UNKNOWN, hospital.id])
      await expect(preview("discharge-coordinator", { recipient })).rejects.toMatchObject({
        code: "BAD_INPUT",
        field: "recipientId",
      });
  });

  it("is what the recipient is then given, whoever asks and what for", async () => {
    const roles = [
      "CLINICIAN",
      "CARE_COORDINATOR",
      "CASE_WORKER",
      "ADMIN",
      "PRIVACY_OFFICER",
    ] as const;
    const seen = new Set<string>();
    for (const { id: agency, kind } of [bh, housing])
      for (const role of roles)
        for (const purpose of ["TREAT", "COC", "HOPERAT"] as const)
          for (const basis of ["HIPAA_506", "HIPAA_508"] as const) {
            const who = { agency, kind, role, purpose, basis, subject: "someone" };
            const shown = await preview("discharge-coordinator", {
              recipient: agency,
              purpose,
              basis,
              role,
            });
            const { data } = await county.ask(
              who,
              `query($id: ID!) { person(id: $id) {
                name birthDate medications { name } encounters { edges { node { status } } }
                handoffs { edges { node { state } } } readings { demographics encounters medications }
              } }`,
              { id: maria },
            );
            const {
              name = null,
              birthDate = null,
              medications = null,
              encounters = null,
              handoffs = null,
              readings = null,
            } = data.person ?? {};
            const isRead = (reading: string | undefined) =>
              reading !== undefined && reading !== "WITHHELD";
            const given = [
              ["DEMOGRAPHICS", name !== null && birthDate !== null],
              ["DEMOGRAPHICS", isRead(readings?.demographics)],
              ["MEDICATIONS", medications !== null && medications.length > 0],
              ["MEDICATIONS", isRead(readings?.medications)],
              ["ENCOUNTERS", encounters !== null],
              ["ENCOUNTERS", isRead(readings?.encounters)],
              // The handoff is behavioral health's own record too, whatever the hospital may give.
              ...(agency === bh.id ? [] : [["REFERRAL_ADMIN", handoffs !== null] as const]),
            ] as const;
            for (const [category, isGiven] of given) {
              const decision = shown.get(category)?.decision;
              expect(isGiven, `${kind} ${role} ${purpose} ${basis} ${category}`).toBe(
                decision === "SHAREABLE",
              );
              seen.add(`${category} ${decision}`);
            }
          }
    expect([...seen].sort()).toEqual([
      "DEMOGRAPHICS SHAREABLE",
      "DEMOGRAPHICS WITHHELD",
      "ENCOUNTERS SHAREABLE",
      "ENCOUNTERS WITHHELD",
      "MEDICATIONS SHAREABLE",
      "MEDICATIONS WITHHELD",
      "REFERRAL_ADMIN WITHHELD",
    ]);
  });

  it("changes with an attested emergency, as what is given does", async () => {
    county.now(at("09:00", 3));
    const { agency: recipient, purpose, basis, role } = personas["ems-responder"];
    const asEms = { recipient, purpose, basis, role };
    expect((await preview("discharge-coordinator", asEms)).get("MEDICATIONS")).toMatchObject({
      decision: "WITHHELD",
      routes: ["EMERGENCY"],
    });
    await tell("ems-responder", "attestEmergency", "AttestInput", {
      person: { id: maria },
      reason: "OVERDOSE",
      words: "Found without consciousness.",
      minutes: 30,
    });
    const shown = await preview("discharge-coordinator", asEms);
    expect(shown.get("MEDICATIONS")).toMatchObject({
      decision: "SHAREABLE",
      rules: [{ id: "P3-emergency-treatment" }],
      obligations: expect.arrayContaining(["REVIEW"]) as string[],
    });
    expect(shown.get("PSYCHOTHERAPY_NOTES")?.decision).toBe("WITHHELD");
    const given = async () =>
      (
        await county.ask(
          "ems-responder",
          "query($id: ID!) { person(id: $id) { medications { name } } }",
          { id: maria },
        )
      ).data.person?.medications ?? [];
    expect((await given()).length).toBeGreaterThan(0);
    county.now(at("09:30", 3));
    expect(await given()).toEqual([]);
    expect((await preview("discharge-coordinator", asEms)).get("MEDICATIONS")?.decision).toBe(
      "WITHHELD",
    );
  });
});
