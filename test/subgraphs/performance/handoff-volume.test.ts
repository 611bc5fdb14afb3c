/** How many persons were handed over at an interface, as far as it may be said. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, COUNTY_PERSON_ID, people } from "../../county/county.ts";
import type { PersonaName } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";

const { hospital, bh, housing } = agencies;

let county: County;
let discharge: string;
beforeAll(async () => {
  county = await openCounty();
  const { data } = await county.ask("analyst", "{ interfaces { edges { node { id } } } }");
  discharge = data.interfaces.edges[0].node.id;
});
afterAll(() => county.close());

/** When the figure of a month is frozen: seven days after its end. */
const closing = (month: string): Date => {
  const [year, number] = month.split("-").map(Number) as [number, number];
  return new Date(Date.UTC(year, number, 8));
};

/**
 * The hospital's system sends that it asked behavioural health to take people on.
 *
 * @param persons One hand-over for each name; the same name again is the same person again.
 * @param on The instant of all of them.
 */
const handOver = async (persons: string[], on: string): Promise<void> => {
  const npi = "http://hl7.org/fhir/sid/us-npi";
  const resources = [
    ...Object.entries({ hospital, bh }).map(([id, { name, npi: value }]) => ({
      resourceType: "Organization",
      id,
      name,
      identifier: [{ system: npi, value }],
    })),
    ...[...new Set(persons)].map((id) => ({
      resourceType: "Patient",
      id,
      identifier: [{ system: "urn:alder:volume", value: id }],
    })),
    ...persons.flatMap((person) => {
      const id = randomUUID();
      const reference = { reference: `Patient/${person}` };
      return [
        {
          resourceType: "ServiceRequest",
          id,
          status: "active",
          intent: "order",
          subject: reference,
          requester: { reference: "Organization/hospital" },
          authoredOn: on,
        },
        {
          resourceType: "Task",
          id,
          status: "requested",
          intent: "order",
          focus: { reference: `ServiceRequest/${id}` },
          for: reference,
          requester: { reference: "Organization/hospital" },
          owner: { reference: "Organization/bh" },
          authoredOn: on,
          lastModified: on,
        },
      ];
    }),
  ];
  const { body } = await county.send("hospital-system", {
    resourceType: "Bundle",
    type: "transaction",
    entry: resources.map((resource) => ({
      request: { method: "PUT", url: `${resource.resourceType}/${resource.id}` },
      resource,
    })),
  });
  expect(body.type, JSON.stringify(body)).toBe("transaction-response");
  await county.house.settle();
};

const several = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}-${n + 1}`);

/** One cell for each month, from one month to another. */
const volume = async (from: string, to = from, as: PersonaName = "analyst", id = discharge) => {
  const { data, errors } = await county.ask(
    as,
    `query($id: ID!, $from: String!, $to: String!) {
      interface(id: $id) { handoffVolume(from: $from, to: $to) { month persons state } }
    }`,
    { id, from, to },
  );
  expect(errors).toEqual([]);
  return data.interface.handoffVolume;
};

describe("the volume of a month", () => {
  it("is open until a week after the month's end, and then said for good", async () => {
    county.now("2026-01-20T12:00:00Z");
    await handOver(several(11, "january"), "2026-01-15T12:00:00Z");
    const open = [{ month: "2026-01", persons: null, state: "OPEN" }];
    expect(await volume("2026-01")).toEqual(open);
    county.now("2026-02-07T23:59:59Z");
    expect(await volume("2026-01")).toEqual(open);
    county.now("2026-02-08T00:00:00Z");
    expect(await volume("2026-01")).toEqual([
      { month: "2026-01", persons: 11, state: "PUBLISHED" },
    ]);
  });

  it.each([
    [0, { persons: 0, state: "PUBLISHED" }, "2026-02"],
    [1, { persons: null, state: "SUPPRESSED" }, "2026-03"],
    [10, { persons: null, state: "SUPPRESSED" }, "2026-04"],
    [11, { persons: 11, state: "PUBLISHED" }, "2026-05"],
    [12, { persons: 12, state: "PUBLISHED" }, "2026-06"],
  ])("of %i persons reads %o", async (count, said, month) => {
    county.now(closing(month));
    if (count > 0) await handOver(several(count, month), `${month}-28T12:00:00Z`);
    expect(await volume(month)).toEqual([{ month, ...said }]);
  });

  it("counts persons and not handoffs", async () => {
    county.now(closing("2026-07"));
    const ten = several(10, "july");
    await handOver([...ten, ...ten, "july-1", "july-1"], "2026-07-10T12:00:00Z");
    expect(await volume("2026-07")).toMatchObject([{ persons: null, state: "SUPPRESSED" }]);
    county.now(closing("2026-08"));
    await handOver([...ten, ...ten, "august-11"], "2026-08-10T12:00:00Z");
    expect(await volume("2026-08")).toMatchObject([{ persons: 11, state: "PUBLISHED" }]);
  });

  it("counts a person in the month in which the handoff was made, by UTC", async () => {
    county.now(closing("2026-10"));
    await handOver(several(11, "september"), "2026-09-30T23:59:59Z");
    await handOver(several(12, "october"), "2026-09-30T18:00:00-06:00");
    expect(await volume("2026-09", "2026-10")).toMatchObject([{ persons: 11 }, { persons: 12 }]);
  });

  it("counts what came late but within the week, and stays as it was said when more comes after", async () => {
    county.now("2026-11-20T12:00:00Z");
    await handOver(several(10, "november"), "2026-11-15T12:00:00Z");
    county.now("2026-12-07T12:00:00Z");
    await handOver(["november-11"], "2026-11-30T12:00:00Z");
    county.now(closing("2026-11"));
    expect(await volume("2026-11")).toMatchObject([{ persons: 11, state: "PUBLISHED" }]);
    await handOver(several(5, "late"), "2026-11-29T12:00:00Z");
    expect(await volume("2026-11")).toMatchObject([{ persons: 11, state: "PUBLISHED" }]);
  });

  it("stays as it was said when what was nobody or a few becomes more", async () => {
    county.now(closing("2027-02"));
    await handOver(several(2, "february"), "2027-02-15T12:00:00Z");
    const said = await volume("2027-01", "2027-02");
    expect(said).toMatchObject([
      { persons: 0, state: "PUBLISHED" },
      { persons: null, state: "SUPPRESSED" },
    ]);
    await handOver(several(20, "late"), "2027-01-15T12:00:00Z");
    await handOver(several(20, "late"), "2027-02-15T12:00:00Z");
    expect(await volume("2027-01", "2027-02")).toEqual(said);
  });

  it("counts once what is delivered twice", async () => {
    county.now(closing("2027-03"));
    await handOver(several(11, "march"), "2027-03-15T12:00:00Z");
    const { sql } = county.house.database;
    const facts = async () => (await sql("performance.handoff_fact").count("* as n").first())?.n;
    const before = await facts();
    await sql("referrals.outbox").update({ delivered_at: null });
    await county.house.settle();
    expect(await facts()).toBe(before);
    expect(await volume("2027-03")).toMatchObject([{ persons: 11, state: "PUBLISHED" }]);
  });

  it("counts offers made through the graph, and none that were made at no interface", async () => {
    county.now("2027-04-20T12:00:00Z");
    await handOver(several(9, "april"), "2027-04-15T12:00:00Z");
    const offer = async (countyId: string, receiverId: string) => {
      const { data } = await county.ask(
        "discharge-coordinator",
        `{ personByIdentifier(system: "${COUNTY_PERSON_ID}", value: "${countyId}") { id } }`,
      );
      const referral = await county.tell(
        "discharge-coordinator",
        "referPerson",
        "ReferPersonInput",
        { personId: data.personByIdentifier.id, service: "Day program" },
      );
      await county.tell("discharge-coordinator", "offerHandoff", "OfferHandoffInput", {
        referralId: referral.id,
        receiverId,
      });
    };
    await offer(people.maria.countyId, bh.id);
    await offer(people.maria.countyId, housing.id);
    await offer(people.walter.countyId, agencies.aps.id);
    await offer(people.walter.countyId, bh.id);
    await county.house.settle();
    county.now(closing("2027-04"));
    expect(await volume("2027-04")).toMatchObject([{ persons: 11, state: "PUBLISHED" }]);
  });

  it("is the same to everybody who asks", async () => {
    county.now(closing("2027-05"));
    await handOver(several(11, "may"), "2027-05-15T12:00:00Z");
    const [first, ...others] = await Promise.all(
      (["analyst", "bh-executive", "ems-responder", "hospital-clinician"] as const).map((as) =>
        volume("2027-01", "2027-05", as),
      ),
    );
    expect(first).toHaveLength(5);
    for (const other of others) expect(other).toEqual(first);
  });

  it.each([
    ["2026-13", "2026-12", "from"],
    ["2026-1", "2026-12", "from"],
    ["January 2026", "2026-12", "from"],
    ["2026-01-01", "2026-12", "from"],
    ["2026-01", "soon", "to"],
    ["2026-02", "2026-01", "to"],
    ["2024-01", "2026-01", "to"],
  ])("is not told from %s to %s", async (from, to, field) => {
    const { data, errors } = await county.ask(
      "analyst",
      `query($id: ID!, $from: String!, $to: String!) {
        interface(id: $id) { name handoffVolume(from: $from, to: $to) { month } }
      }`,
      { id: discharge, from, to },
    );
    expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT", field } }]);
    expect(data.interface).toEqual({ name: "Alder General discharges", handoffVolume: null });
  });

  it("is told for as many as 24 months, one cell each, with those to come open", async () => {
    county.now("2029-01-20T12:00:00Z");
    const cells = await volume("2027-03", "2029-02");
    expect(cells).toHaveLength(24);
    expect(cells.at(0)).toMatchObject({ month: "2027-03" });
    expect(cells.slice(-3)).toEqual([
      { month: "2028-12", persons: 0, state: "PUBLISHED" },
      { month: "2029-01", persons: null, state: "OPEN" },
      { month: "2029-02", persons: null, state: "OPEN" },
    ]);
  });
});

describe("the volumes of several interfaces", () => {
  it("are told apart, and fetched at once", async () => {
    county.now(closing("2030-02"));
    await handOver(several(11, "both"), "2030-01-15T12:00:00Z");
    for (const other of [housing, bh])
      await county.tell("hospital-executive", "agreeInterface", "AgreeInterfaceInput", {
        kind: "COMPLEX_TRANSITION",
        name: `Long stays, ${other.name}`,
        partyIds: [hospital.id, other.id],
        contacts: [hospital, other].map(({ id }) => ({
          agencyId: id,
          name: "Dana Whitfield",
          cover: "Joel Park",
        })),
      });
    const asked: string[] = [];
    const listen = ({ sql }: { sql: string }) => {
      if (/"?performance"?\."?volume_snapshot"?/.test(sql)) asked.push(sql);
    };
    const { sql } = county.house.database;
    sql.on("query", listen);
    const { data } = await county.ask(
      "analyst",
      `{ interfaces { edges { node {
        name handoffVolume(from: "2030-01", to: "2030-02") { persons state }
      } } } }`,
    );
    sql.off("query", listen);

    const nobody = { persons: 0, state: "PUBLISHED" };
    expect(data.interfaces.edges.map(({ node }: any) => node)).toEqual([
      {
        name: "Alder General discharges",
        handoffVolume: [{ persons: 11, state: "PUBLISHED" }, nobody],
      },
      { name: `Long stays, ${housing.name}`, handoffVolume: [nobody, nobody] },
      { name: `Long stays, ${bh.name}`, handoffVolume: [nobody, nobody] },
    ]);
    // One statement freezes what nobody asked about before, one reads.
    expect(asked.map((it) => it.trim().split(" ")[0])).toEqual(["insert", "select"]);
  });
});
