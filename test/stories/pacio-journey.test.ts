/**
 * One person's way from primary care to hospital to skilled nursing to home health to transport, as the PACIO project's
 * connectathon files tell it (`test/samples/MANIFEST.json` has their source and licence), sent by the county's hub.
 */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCounty } from "../county/house.ts";
import type { County } from "../county/house.ts";

const FOLDER = new URL("../samples/pacio-bsj/", import.meta.url);

const WHERE = `query($patient: String!) {
  personByIdentifier(system: "urn:handoff-graph:fhir:Patient", value: $patient) {
    id
    encounters(first: 20) { edges { node { class agency { name } startedAt endedAt } } }
    consents { status policy }
    medications { name code }
    handoffs {
      edges {
        node {
          id state origin
          sender { name } receiver { name } coordinator { name } accountable { name } nextActionOwner { name }
          gap { from to hours }
          referral { service priority }
          history { to accountable { name } occurredAt receivedAt }
        }
      }
    }
  }
}`;

describe("the PACIO journey", () => {
  let county: County;
  const refused: string[] = [];

  beforeAll(async () => {
    county = await openCounty();
    county.now("2026-01-05T12:00:00Z");
    const files = readdirSync(FOLDER).sort();
    // As a folder is read: an encounter comes before the organization it is at, and is sent again.
    for (let waiting = files; waiting.length > 0;) {
      const again: string[] = [];
      for (const file of waiting) {
        const { body } = await county.send("county-system", readFileSync(new URL(file, FOLDER)));
        const outcomes = body.entry?.map((entry: any) => entry.response.outcome) ?? [body];
        const codes = outcomes.flatMap(({ issue }: any) =>
          issue.map((it: any) => it.details.coding[0].code),
        );
        if (codes.some((code: string) => code.startsWith("UNKNOWN_"))) again.push(file);
        else
          refused.push(
            ...codes
              .filter((code: string) => !["MAPPED", "KEPT", "UNCHANGED"].includes(code))
              .map((code: string) => `${file} ${code}`),
          );
      }
      expect(again.length).toBeLessThan(waiting.length);
      waiting = again;
    }
  });
  afterAll(() => county.close());

  const handoffs = async (patient = "P0522-patientBSJ1", as = "county-system" as const) => {
    const { data, errors } = await county.ask(as, WHERE, { patient });
    // Others may keep medicines that the county is not given.
    expect(errors.map(({ path, extensions }) => [path?.join("."), extensions.category])).toEqual(
      ["HIV_STD", "MENTAL_HEALTH", "SUD_TREATMENT"].map((it) => [
        "personByIdentifier.medications.@",
        it,
      ]),
    );
    return data.personByIdentifier.handoffs.edges.map(({ node }: any) => node);
  };

  it("shows where the person's handoffs stand, and who answers for the person", async () => {
    const shown = (await handoffs()).map(
      ({ sender, receiver, accountable, state, origin }: any) => [
        sender.name,
        receiver.name,
        accountable.name,
        state,
        origin,
      ],
    );
    expect(shown).toEqual([
      [
        "Sky Harbor Home Health Services",
        "Support Planner Services LLC",
        "Support Planner Services LLC",
        "COMPLETED",
        "TASK",
      ],
      [
        "Happy Nursing Facility",
        "Sky Harbor Home Health Services",
        "Sky Harbor Home Health Services",
        "COMPLETED",
        "ENCOUNTERS",
      ],
      [
        "San Antonio General Hospital",
        "Happy Nursing Facility",
        "Happy Nursing Facility",
        "COMPLETED",
        "ENCOUNTERS",
      ],
    ]);
  });

  it("answers how long nobody had the person in care: 28.5 hours before nursing, 4.5 before home health", async () => {
    const gaps = (await handoffs()).map(({ gap }: any) => gap);
    expect(gaps).toEqual([
      null,
      { from: "2021-04-07T15:30:00.000Z", to: "2021-04-07T20:00:00.000Z", hours: 4.5 },
      { from: "2021-02-25T15:30:00.000Z", to: "2021-02-26T20:00:00.000Z", hours: 28.5 },
    ]);
  });

  it("keeps the hospital accountable through the gap, and tells when each fact happened from when it came", async () => {
    const [, , toNursing] = await handoffs();
    expect(toNursing.history).toEqual([
      {
        to: "ANTICIPATED",
        accountable: { name: "San Antonio General Hospital" },
        occurredAt: "2021-02-25T15:30:00.000Z",
        receivedAt: "2026-01-05T12:00:00.000Z",
      },
      {
        to: "IN_SERVICE",
        accountable: { name: "Happy Nursing Facility" },
        occurredAt: "2021-02-26T20:00:00.000Z",
        receivedAt: "2026-01-05T12:00:00.000Z",
      },
      {
        to: "COMPLETED",
        accountable: { name: "Happy Nursing Facility" },
        occurredAt: "2021-04-07T15:30:00.000Z",
        receivedAt: "2026-01-05T12:00:00.000Z",
      },
    ]);
  });

  it("takes assessment timepoints for parts of a stay, and not for stays", async () => {
    const { data } = await county.ask("county-system", WHERE, { patient: "P0522-patientBSJ1" });
    const encounters = data.personByIdentifier.encounters.edges.map(({ node }: any) => node);
    expect(encounters.map((it: any) => it.class)).toEqual([
      "AMB",
      "IMP",
      "SNF",
      "SNF",
      "SNF",
      "HH",
      "HH",
      "HH",
    ]);
    // A bare date is not guessed into an instant.
    expect(encounters.filter((it: any) => it.startedAt === null)).toHaveLength(4);
  });

  it("sets the encounter that ends before it starts aside, with its bytes, and guesses nothing", async () => {
    expect(refused).toEqual([
      "Encounter-P0522-Enc-HHA-Timepoint-OASIS-Day121ToDischarge.json CONTRADICTION",
    ]);
    const [row, ...more] = await county.house.database
      .sql("referrals.quarantine")
      .whereNull("released_at");
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      code: "CONTRADICTION",
      element: "Encounter.period",
      type: "Encounter",
    });
    expect(JSON.parse(row.bytes.toString()).period).toEqual({
      start: "2021-08-04",
      end: "2020-08-24",
    });
  });

  it("keeps a record sent under other ids apart, for nothing says that it is the same person", async () => {
    const [transport, ...others] = await handoffs("P0522-v5-patientBSJ1");
    expect(others).toEqual([]);
    expect(transport).toMatchObject({
      referral: { service: "Transportation request (procedure)", priority: "URGENT" },
    });
  });

  it("gives back consents and medications to the agency that sent them", async () => {
    await county.house.settle();
    const { data } = await county.ask("county-system", WHERE, { patient: "P0522-patientBSJ1" });
    expect(data.personByIdentifier).toMatchObject({
      consents: [{ status: "ACTIVE", policy: "hipaa-auth" }],
      medications: [{ name: "Sertraline 25mg", code: "312940" }],
    });
  });

  it("changes nothing when it is sent a second time", async () => {
    const { sql } = county.house.database;
    const count = async () =>
      Promise.all(
        [
          "fhir_resource",
          "fhir_reference",
          "quarantine",
          "person",
          "agency",
          "encounter",
          "referral",
          "handoff",
          "history",
          "outbox",
          "tie",
        ].map(async (table) => [
          table,
          Number((await sql(`referrals.${table}`).count("* as n").first())?.n),
        ]),
      );
    const before = await count();
    county.now("2026-01-06T12:00:00Z");
    for (const file of readdirSync(FOLDER))
      await county.send("county-system", readFileSync(new URL(file, FOLDER)));
    expect(await count()).toEqual(before);
  });

  it("is unknown to an agency that has no part in it, byte for byte as a person who does not exist", async () => {
    const there = await county.ask("hospital-clinician", WHERE, { patient: "P0522-patientBSJ1" });
    const nowhere = await county.ask("hospital-clinician", WHERE, { patient: "nobody-at-all" });
    expect(there.text).toBe(nowhere.text);
    expect(there.data).toEqual({ personByIdentifier: null });
  });
});
