/** What happened in Alder County on one Monday, as those who have a part in it see it, and as the others do not. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { schemaOf } from "#platform/subgraph.ts";
import { ROOMS } from "../../scripts/house.ts";
import { agencies, at, COUNTY_PERSON_ID, HOSPITAL_MRN, people } from "../county/county.ts";
import type { PersonaName } from "../county/county.ts";
import { openCounty } from "../county/house.ts";
import type { Answer, County } from "../county/house.ts";
import { seed } from "../county/seed.ts";

const SCHEMAS = ROOMS.map(({ name }) => schemaOf(name));

const WHERE_DO_THEY_STAND = `query($maria: ID!, $walter: ID!) {
  maria: person(id: $maria) { ...told }
  walter: person(id: $walter) { ...told }
}
fragment told on Person {
  name
  handoffs {
    edges {
      node {
        state
        sender { name } receiver { name } accountable { name } nextActionOwner { name }
        movesOpen
        gap { to hours }
        referral {
          service
          disputes { type stage coverage parties { name } }
          escalations { type rung impact }
        }
        interface { name contacts { name } sharingAgreement { status purposes with { name } } }
      }
    }
  }
}`;

let county: County;
beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

const idOf = async (mrn: string): Promise<string> => {
  const { data } = await county.ask(
    "discharge-coordinator",
    `{ personByIdentifier(system: "${HOSPITAL_MRN}", value: "${mrn}") { id } }`,
  );
  return data.personByIdentifier.id;
};

/** Where something is withheld, and which kind of information. */
const withheldIn = ({ errors }: Answer): [string, string][] =>
  errors.map(({ path, extensions }) => {
    expect(extensions.code).toBe("WITHHELD");
    return [(path ?? []).join("."), extensions.category as string];
  });

/**
 * The same question, whoever asks it. Whom they do not know of is withheld, and nothing else.
 *
 * @param mayBeShort Of whom another agency may have handoffs that they are not told of.
 */
const asSeenBy = async (as: PersonaName, ...mayBeShort: ("maria" | "walter")[]) => {
  const answer = await county.ask(as, WHERE_DO_THEY_STAND, {
    maria: await idOf(people.maria.mrn),
    walter: await idOf(people.walter.mrn),
  });
  const { data } = answer;
  const unknown = ["maria", "walter"].filter((person) => data[person] === null);
  expect(withheldIn(answer)).toEqual([
    ...mayBeShort.flatMap((person) =>
      ["DV_LOCATION", "SUD_TREATMENT"].map((kind) => [`${person}.handoffs.edges.@.node`, kind]),
    ),
    ...unknown.map((person) => [person, "REFERRAL_ADMIN"]),
  ]);
  return data;
};

const named = ({ name }: { name: string }) => ({ name });
const [hospital, bh, housing] = [agencies.hospital, agencies.bh, agencies.housing].map(named);
const contacts = ["Dana Whitfield", "Sofia Ramos", "Tanya Orlov", "Marcus Lee"].map((name) => ({
  name,
}));
const agreement = { status: "IN_FORCE", purposes: ["TREAT", "COC"], with: bh };

/** Maria is served since Tuesday afternoon, thirty and a half hours after she left the hospital. */
const marias = {
  state: "IN_SERVICE",
  sender: hospital,
  receiver: bh,
  accountable: bh,
  nextActionOwner: bh,
  gap: { to: new Date(at("15:30", 1)).toISOString(), hours: 30.5 },
  referral: { service: "Outpatient behavioral health", disputes: [], escalations: [] },
};

/** Walter waits for a decision, and the hospital still answers for him. */
const walters = {
  state: "AWAITING_DECISION",
  sender: hospital,
  receiver: housing,
  accountable: hospital,
  nextActionOwner: housing,
  gap: null,
};

const disputed = {
  type: "ELIGIBILITY",
  stage: "OPEN",
  coverage: "COVERED",
  parties: [hospital, housing],
};
const escalated = {
  type: "DISPUTED_RESPONSIBILITY",
  rung: "FRONTLINE_CONTACT",
  impact: "He stays in an acute bed that he does not need.",
};

/** How many rows each table of each room has. */
const rowCounts = async (): Promise<Record<string, number>> => {
  const { sql } = county.house.database;
  const tables = (await sql("information_schema.tables")
    .whereIn("table_schema", SCHEMAS)
    .orderBy(["table_schema", "table_name"])
    .select("table_schema", "table_name")) as { table_schema: string; table_name: string }[];
  const counts: Record<string, number> = {};
  for (const { table_schema: schema, table_name: table } of tables)
    counts[`${schema}.${table}`] = Number((await sql(`${schema}.${table}`).count("* as n"))[0]?.n);
  return counts;
};

/** Everything that was said on that Monday about somebody who is looked after. */
const PRIVATE = [
  ...Object.values(people).flatMap((person) => Object.values(person)),
  "Outpatient behavioral health",
  "Supported housing placement",
  "He meets the county's criteria for supported housing, and no decision has been given.",
  "He stays in an acute bed that he does not need.",
];

const saidIn = (text: string): string[] => PRIVATE.filter((words) => text.includes(words));

describe("one Monday in Alder County", () => {
  it("is seen whole by the hospital's discharge coordinator, who argues for Walter", async () => {
    expect(await asSeenBy("discharge-coordinator")).toEqual({
      maria: {
        name: "Maria Delgado",
        handoffs: {
          edges: [
            {
              node: {
                ...marias,
                movesOpen: [],
                interface: {
                  name: "Alder General discharges",
                  contacts,
                  sharingAgreement: agreement,
                },
              },
            },
          ],
        },
      },
      walter: {
        name: "Walter Kim",
        handoffs: {
          edges: [
            {
              node: {
                ...walters,
                movesOpen: ["CANCEL"],
                referral: {
                  service: "Supported housing placement",
                  disputes: [disputed],
                  escalations: [escalated],
                },
                interface: {
                  name: "Alder General discharges",
                  contacts,
                  sharingAgreement: agreement,
                },
              },
            },
          ],
        },
      },
    });
  });

  it("is seen by the county's case worker as far as she tracks it: not what the others argue or agree", async () => {
    const discharges = {
      name: "Alder General discharges",
      contacts,
      sharingAgreement: null,
    };
    expect(await asSeenBy("county-case-worker")).toEqual({
      maria: {
        name: "Maria Delgado",
        handoffs: { edges: [{ node: { ...marias, movesOpen: [], interface: discharges } }] },
      },
      walter: {
        name: "Walter Kim",
        handoffs: {
          edges: [
            {
              node: {
                ...walters,
                movesOpen: ["REPORT_MISSING"],
                referral: {
                  service: "Supported housing placement",
                  disputes: [],
                  escalations: [],
                },
                interface: discharges,
              },
            },
          ],
        },
      },
    });
  });

  it("is seen by the behavioral health clinician for Maria, whom she serves; she does not know of Walter", async () => {
    expect(await asSeenBy("bh-clinician", "maria")).toEqual({
      maria: {
        name: "Maria Delgado",
        handoffs: {
          edges: [
            {
              node: {
                ...marias,
                movesOpen: ["COMPLETE"],
                interface: {
                  name: "Alder General discharges",
                  contacts,
                  sharingAgreement: agreement,
                },
              },
            },
          ],
        },
      },
      walter: null,
    });
  });

  it("is not seen by the ambulance crew, to whom neither of them is known", async () => {
    expect(await asSeenBy("ems-responder")).toEqual({ maria: null, walter: null });
  });

  it("leaves one thing to do, and the housing authority sees that it is theirs; for whom, nobody has let it know", async () => {
    const answer = await county.ask(
      "housing-worker",
      `{ worklist { edges { node {
        person { name } state movesOpen referral { disputes { type } escalations { impact } }
      } } } }`,
    );
    expect(answer.data.worklist.edges).toEqual([
      {
        node: {
          person: { name: null },
          state: "AWAITING_DECISION",
          movesOpen: ["REPORT_MISSING", "REQUEST_INFORMATION", "ACCEPT", "WAITLIST", "DECLINE"],
          referral: {
            disputes: [{ type: "ELIGIBILITY" }],
            escalations: [{ impact: escalated.impact }],
          },
        },
      },
    ]);
    expect(withheldIn(answer)).toEqual([["worklist.edges.@.node.person.name", "DEMOGRAPHICS"]]);
    expect(answer.errors[0]?.extensions.routes).toEqual(["AGREEMENT", "HIPAAAuthCD", "REFERRAL"]);
  });

  it("changes nothing when it is told a second time", async () => {
    // What was given so far is in the ledger, and signed for.
    await county.house.settle();
    const before = await rowCounts();
    expect(Object.keys(before).filter((table) => table.endsWith(".history"))).toHaveLength(5);
    expect(before["referrals.handoff"]).toBe(2);
    county.now(at("18:00", 8));
    await seed(county.house);
    expect(await rowCounts()).toEqual(before);
  });

  it("leaves no fact about a person in any event", async () => {
    const { sql } = county.house.database;
    const read = async (table: string, column: string): Promise<string> => {
      const rows = (await Promise.all(
        SCHEMAS.map((schema) => sql(`${schema}.${table}`).select(column)),
      )) as unknown[];
      return JSON.stringify(rows);
    };
    // What is looked for is there to be found, where it belongs.
    const kept = JSON.stringify(await sql("referrals.person_identifier").select("value"));
    expect(saidIn(kept + (await read("history", "after")))).toEqual(PRIVATE);
    const events = await read("outbox", "payload");
    expect(events).toContain("handoff.made");
    expect(events).toContain("dispute.opened");
    expect(events).toContain("issue.raised");
    expect(saidIn(events)).toEqual([]);
  });

  it("leaves no fact about a person in the log, also when what is asked is wrong", async () => {
    for (const query of [
      `{ personByIdentifier(system: "${COUNTY_PERSON_ID}", value: "${people.maria.countyId}") { id `,
      `{ personByIdentifier(system: "${COUNTY_PERSON_ID}", value: "${people.maria.countyId}") { ssn } }`,
      `{ person(id: "${people.walter.mrn}") { id } }`,
    ])
      expect((await county.ask("discharge-coordinator", query)).errors).toHaveLength(1);
    const refused = await county.send("hospital-system", {
      resourceType: "Patient",
      id: people.walter.mrn,
      identifier: [{ system: HOSPITAL_MRN, value: people.walter.mrn }],
      name: [{ family: people.walter.family, given: people.walter.given }],
      birthDate: people.walter.birthDate,
    });
    expect(refused.status).toBe(422);
    expect(county.logged.join("")).toContain("fhir intake");
    expect(saidIn(county.logged.join(""))).toEqual([]);
  });

  it("leaves no fact about a person in the log, also when a fault of ours stops what is said of them", async () => {
    const { data } = await county.ask(
      "discharge-coordinator",
      "{ handoffs(states: [AWAITING_DECISION]) { edges { node { referral { id } } } } }",
    );
    const { sql } = county.house.database;
    // PostgreSQL quotes the whole row that breaks a constraint.
    await sql.raw(
      "alter table disputes.dispute add constraint mistake check (coverage <> 'GAP') not valid",
    );
    await expect(
      county.tell("discharge-coordinator", "openDispute", "OpenDisputeInput", {
        referralId: data.handoffs.edges[0].node.referral.id,
        type: "ELIGIBILITY",
        subject: "ACCEPT",
        partyIds: [agencies.hospital.id, agencies.housing.id],
        coverage: "GAP",
        statement: `${people.walter.given} ${people.walter.family} cannot wait.`,
      }),
    ).rejects.toMatchObject({ code: "FAULT", message: "our mistake" });
    await sql.raw("alter table disputes.dispute drop constraint mistake");
    expect(county.logged.join("")).toContain("fault");
    expect(saidIn(county.logged.join(""))).toEqual([]);
  });
});
