/** No field of a record is asked before the law has judged it, whichever way it is reached. */
import { readFileSync } from "node:fs";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { concatAST, parse } from "graphql";
import { beforeEach, describe, expect, it } from "vitest";
import type { AgreementTold, FactsAsked, FactsTold, PersonTold } from "#sharing/facts.ts";
import type { Category } from "#sharing/vocabulary.ts";
import { executor } from "#platform/execute.ts";
import { guard } from "#platform/guard.ts";
import { labelsOf } from "#platform/labels.ts";
import { openSharing } from "#platform/sharing.ts";
import type { About, Records, Sharing } from "#platform/sharing.ts";
import { agencies, at, personas } from "../county/county.ts";
import type { PersonaName } from "../county/county.ts";
import { testLog } from "../county/house.ts";

const { hospital, bh } = agencies;

interface Chart {
  id: string;
  person: string;
  source: string;
  raises: Category[];
  name: string;
  mood?: string;
  notes: { text: string; author: { name: string } }[];
}

const typeDefs = concatAST([
  parse(readFileSync(new URL("../../schema/sharing.graphql", import.meta.url), "utf8")),
  parse(`
    extend schema
      @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@composeDirective"])
      @link(url: "https://handoff-graph.org/sharing/v1.0", import: ["@holds"])
      @composeDirective(name: "@holds")
    type Query @holds(category: OPERATIONAL) {
      chart(id: ID! @holds(category: OPERATIONAL)): Chart @holds(category: REFERRAL_ADMIN)
      charts: [Chart!] @holds(category: REFERRAL_ADMIN)
      loose: String @holds(category: DEMOGRAPHICS)
    }
    enum Mood @holds(category: REFERRAL_ADMIN) {
      CALM
      SUICIDAL @holds(category: CRISIS_RISK)
    }
    type Chart @key(fields: "id") @holds(category: REFERRAL_ADMIN) {
      id: ID! @holds(category: OPERATIONAL)
      name: String @holds(category: DEMOGRAPHICS)
      mood: Mood
      medications: [Medication!] @holds(category: MEDICATIONS)
      prescribed: MedicationConnection @holds(category: MEDICATIONS)
      orders: [Order!] @holds(category: MEDICATIONS)
      notes: [Note!] @holds(category: CLINICAL_NOTES)
    }
    type Medication @holds(category: MEDICATIONS) {
      id: ID! @holds(category: OPERATIONAL)
      name: String
    }
    type Order @holds(category: MEDICATIONS) {
      name: String
    }
    type MedicationConnection @holds(category: OPERATIONAL) {
      edges: [MedicationEdge!]!
    }
    type MedicationEdge @holds(category: OPERATIONAL) {
      cursor: String!
      node: Medication @holds(category: MEDICATIONS)
    }
    type Note @holds(category: CLINICAL_NOTES) {
      text: String
      author: Author @holds(category: OPERATIONAL)
    }
    type Author @holds(category: CARE_TEAM) {
      name: String
    }
  `),
]);

const chart = (id: string, more: Partial<Chart> = {}): Chart => ({
  id,
  person: `person of ${id}`,
  source: hospital.id,
  raises: [],
  name: `canary name ${id}`,
  notes: [{ text: `canary note ${id}`, author: { name: `canary author ${id}` } }],
  ...more,
});

const about = ({ person, source, raises }: About & { person: string }): About => ({
  person,
  source,
  keepers: [source],
  raises,
});

const records: Records = {
  Chart: { about },
  Medication: { about, mayRaise: ["SUD_TREATMENT"] },
  Order: { about, mayRaise: ["SUD_TREATMENT"], isNeverWhole: true },
};

let charts: Chart[];
let medications: { id: string; person: string; source: string; raises: Category[]; name: string }[];
/** The fields whose resolvers were called. */
let asked: string[];

const schema = buildSubgraphSchema([
  {
    typeDefs,
    resolvers: {
      Query: {
        chart: (_: unknown, { id }: { id: string }) => charts.find((it) => it.id === id) ?? null,
        charts: async () => charts,
        loose: () => "canary loose",
      },
      Chart: {
        __resolveReference: async ({ id }: { id: string }) =>
          charts.find((it) => it.id === id) ?? null,
        name: (it: Chart) => {
          asked.push("name");
          return it.name;
        },
        medications: async ({ person }: Chart) => medications.filter((it) => it.person === person),
        orders: async ({ person }: Chart) => medications.filter((it) => it.person === person),
        // A store judges what it pages through, so that pages are full.
        prescribed: async ({ person }: Chart, _: unknown, { sharing }: { sharing: Sharing }) => {
          const all = medications.filter((it) => it.person === person);
          const permitted = await guarding.permitted(sharing, "Medication", all);
          return { edges: permitted.map((node) => ({ cursor: node.id, node })) };
        },
      },
    } as never,
  },
]);
const labels = labelsOf(typeDefs);
if (!labels) throw new Error("the schema says what it holds");
const guarding = guard(schema, labels, records);

const IN_FORCE: AgreementTold = {
  id: "an agreement",
  version: 3,
  active: true,
  purposes: ["TREAT"],
  categories: ["REFERRAL_ADMIN", "DEMOGRAPHICS", "MEDICATIONS", "SUD_TREATMENT", "CARE_TEAM"],
};
const TREATING: PersonTold = {
  ties: ["TREATING"],
  directives: [],
  restrictedBy: [],
  medicalEmergency: null,
  safetyThreat: null,
};

let facts: (question: FactsAsked) => FactsTold;
let questions: FactsAsked[];
const treatedAtBh = ({ persons }: FactsAsked): FactsTold => ({
  persons: Object.fromEntries(
    persons.filter((it) => it.startsWith("person of")).map((it) => [it, TREATING]),
  ),
  agreements: { [hospital.id]: IN_FORCE },
});

const ask = async (as: PersonaName, query: string, variables = {}) => {
  const by = personas[as];
  const act = { by, at: new Date(at("12:00")), requestId: "request" };
  const sharing = openSharing(
    act,
    async (question) => {
      questions.push(question);
      return facts(question);
    },
    testLog().log,
  );
  const run = executor(schema, parse(query), guarding);
  const { data, told, errors } = await run({ sharing }, variables, null, {
    sharing,
    agency: by.agency,
  });
  return {
    data: JSON.parse(JSON.stringify(data)) as any,
    told,
    errors,
    text: JSON.stringify(data),
  };
};

beforeEach(() => {
  charts = [chart("1"), chart("2")];
  medications = [
    { id: "m1", person: "person of 1", source: hospital.id, raises: [], name: "canary plain" },
    {
      id: "m2",
      person: "person of 1",
      source: hospital.id,
      raises: ["SUD_TREATMENT"],
      name: "canary telling",
    },
  ];
  asked = [];
  questions = [];
  facts = treatedAtBh;
});

describe("an agency's own record", () => {
  it("is read whole, and no facts are asked for", async () => {
    const { data, told } = await ask(
      "hospital-clinician",
      `{ charts { name notes { text author { name } } medications { name } } }`,
    );
    expect(data.charts[0]).toEqual({
      name: "canary name 1",
      notes: [{ text: "canary note 1", author: { name: "canary author 1" } }],
      medications: [{ name: "canary plain" }, { name: "canary telling" }],
    });
    expect(told).toEqual({ withheld: [], obligations: [], disclosures: [] });
    expect(questions).toEqual([]);
  });

  it("is not read by one who governs and works with nobody", async () => {
    const { data, told } = await ask("hospital-executive", `{ chart(id: "1") { id name } }`);
    expect(data.chart).toBeNull();
    expect(told?.withheld).toEqual([{ path: ["chart"], holds: "REFERRAL_ADMIN", at: null }]);
  });
});

describe("another agency's record", () => {
  it("is given as far as the rules let it be, and each thing that is given is noted with its grounds", async () => {
    const { data, told, text } = await ask(
      "bh-clinician",
      `{ chart(id: "1") { name notes { text } } }`,
    );
    expect(data.chart).toEqual({ name: "canary name 1", notes: null });
    expect(text).not.toContain("canary note");
    expect(told).toEqual({
      withheld: [{ path: ["chart", "notes"], holds: "CLINICAL_NOTES", at: null }],
      obligations: [],
      disclosures: [
        {
          at: null,
          person: "person of 1",
          source: hospital.id,
          categories: ["DEMOGRAPHICS", "REFERRAL_ADMIN"],
          rules: ["P2-treatment"],
          obligations: [],
          agreement: { id: "an agreement", version: 3 },
          consents: [],
          attestations: [],
        },
      ],
    });
  });

  it("is told apart from one that is not there by nothing", async () => {
    facts = () => ({ persons: {}, agreements: { [hospital.id]: IN_FORCE } });
    const query = `query($id: ID!) { chart(id: $id) { id name } }`;
    const there = await ask("bh-clinician", query, { id: "1" });
    const absent = await ask("bh-clinician", query, { id: "none" });
    expect(absent).toEqual(there);
    expect(there.data.chart).toBeNull();
    // It took the same to find that out: one question for facts each.
    expect(questions).toHaveLength(2);
    expect(asked).toEqual([]);
  });

  it("is withheld while there are no facts", async () => {
    facts = () => {
      throw new Error("out of reach");
    };
    const { data, told } = await ask("bh-clinician", `{ charts { name } }`);
    expect(data.charts).toEqual([]);
    expect(told?.disclosures).toEqual([]);
  });

  it("is judged with facts that were asked for once, however many records there are", async () => {
    charts = Array.from({ length: 100 }, (_, index) => chart(String(index)));
    const { data } = await ask("bh-clinician", `{ charts { name mood notes { text } } }`);
    expect(data.charts).toHaveLength(100);
    expect(questions).toHaveLength(1);
    expect(questions[0]?.persons).toHaveLength(100);
  });

  it("is left out of a list, and its resolvers are never called", async () => {
    facts = ({ persons }) => ({
      persons: Object.fromEntries(
        persons.filter((it) => it === "person of 2").map((it) => [it, TREATING]),
      ),
      agreements: { [hospital.id]: IN_FORCE },
    });
    const { data } = await ask("bh-clinician", `{ charts { id name } }`);
    expect(data.charts).toEqual([{ id: "2", name: "canary name 2" }]);
    expect(asked).toEqual(["name"]);
  });

  it("counts as given when only its id was asked for, for that it is there tells something", async () => {
    const { told } = await ask("bh-clinician", `{ charts { id } }`);
    expect(told?.disclosures.map(({ person, categories }) => [person, categories])).toEqual([
      ["person of 1", ["REFERRAL_ADMIN"]],
      ["person of 2", ["REFERRAL_ADMIN"]],
    ]);
  });

  it("is judged under an alias and in a fragment as under its own name", async () => {
    const { data, text, told } = await ask(
      "bh-clinician",
      `{ chart(id: "1") { id: notes { a: text } ...more } } fragment more on Chart { name2: notes { b: text } }`,
    );
    expect(data.chart).toEqual({ id: null, name2: null });
    expect(text).not.toContain("canary");
    expect(told?.withheld.map(({ path }) => path)).toEqual([
      ["chart", "id"],
      ["chart", "name2"],
    ]);
  });
});

describe("a record that raises what it tells", () => {
  it("is left out without what lets the raised part through, and the list says that it may be short", async () => {
    const query = `{ chart(id: "1") { medications { name } } }`;
    const { data, told } = await ask("bh-clinician", query);
    expect(data.chart.medications).toEqual([{ name: "canary plain" }]);
    expect(told?.withheld).toEqual([
      { path: ["chart", "medications", "@"], holds: "SUD_TREATMENT", at: null },
    ]);
    // It says so too where there is none: that one was left out cannot be told from that none is there.
    medications = medications.slice(0, 1);
    expect((await ask("bh-clinician", query)).told).toEqual(told);
  });

  it("is left out of a connection too, which says so where its nodes stand, whether it is short or not", async () => {
    const query = `{ chart(id: "1") { prescribed { edges { node { name } } } } }`;
    const { data, told } = await ask("bh-clinician", query);
    expect(data.chart.prescribed.edges).toEqual([{ node: { name: "canary plain" } }]);
    expect(told?.withheld).toEqual([
      {
        path: ["chart", "prescribed", "edges", "@", "node"],
        holds: "SUD_TREATMENT",
        at: null,
      },
    ]);
    medications = medications.slice(0, 1);
    expect((await ask("bh-clinician", query)).told).toEqual(told);
    medications = [];
    expect((await ask("bh-clinician", query)).told?.withheld).toEqual(told?.withheld);
  });

  it("is told of at every name that a connection's nodes are asked by, and at its edges where only those are counted", async () => {
    const pathsOf = async (selection: string) => {
      const query = `{ chart(id: "1") { prescribed { ${selection} } } }
        fragment more on MedicationConnection { others: edges { node { id } } }`;
      const { told } = await ask("bh-clinician", query);
      return told?.withheld.map(({ path }) => path.slice(2).join("."));
    };
    expect(
      await pathsOf(
        "edges { one: node { id } ... on MedicationEdge { two: node { name } } } ...more",
      ),
    ).toEqual(["edges.@.one", "edges.@.two", "others.@.node"]);
    expect(await pathsOf("edges { cursor }")).toEqual(["edges.@"]);
  });

  it("is told of in no connection of an agency's own record", async () => {
    const query = `{ chart(id: "1") { prescribed { edges { node { name } } } } }`;
    const { data, told } = await ask("hospital-clinician", query);
    expect(data.chart.prescribed.edges).toHaveLength(2);
    expect(told?.withheld).toEqual([]);
  });

  it("is given with consent, with the notice that forbids redisclosure", async () => {
    const consent = { id: "a consent", version: 1 };
    facts = (question) => ({
      ...treatedAtBh(question),
      persons: {
        "person of 1": {
          ...TREATING,
          directives: [{ code: "42CFRPart2CD", categories: null, source: null, consent }],
        },
      },
    });
    const { data, told } = await ask("bh-clinician", `{ chart(id: "1") { medications { name } } }`);
    expect(data.chart.medications).toEqual([{ name: "canary plain" }, { name: "canary telling" }]);
    expect(told?.obligations).toEqual([
      {
        path: ["chart", "medications", "@", "name"],
        codes: ["RedisclosureProhibitionMark", "PERSISTLABEL"],
        at: null,
      },
    ]);
    expect(told?.disclosures.filter(({ consents }) => consents.length > 0)).toMatchObject([
      { categories: ["MEDICATIONS", "SUD_TREATMENT"], consents: [consent] },
    ]);
  });
});

describe("a list that nobody is to take for a whole one", () => {
  it("says so to whoever has a record of the person of its own too", async () => {
    facts = () => ({ persons: {}, agreements: {} });
    const query = `{ chart(id: "1") { orders { name } } }`;
    const { data, told } = await ask("hospital-clinician", query);
    expect(data.chart.orders).toHaveLength(2);
    expect(told?.withheld).toEqual([
      { path: ["chart", "orders", "@"], holds: "SUD_TREATMENT", at: null },
    ]);
  });
});

describe("a list of which nothing may be given", () => {
  it("is null, whether there is something in it or not", async () => {
    facts = (question) => ({
      ...treatedAtBh(question),
      agreements: { [hospital.id]: { ...IN_FORCE, categories: ["REFERRAL_ADMIN"] } },
    });
    const query = `query($id: ID!) { chart(id: $id) { medications { name } } }`;
    const some = await ask("bh-clinician", query, { id: "1" });
    const none = await ask("bh-clinician", query, { id: "2" });
    expect(some.data).toEqual({ chart: { medications: null } });
    expect({ ...none, told: none.told?.withheld }).toEqual({ ...some, told: some.told?.withheld });
  });
});

describe("what stands in a record without being one", () => {
  it("is judged with the record, by its own label", async () => {
    facts = (question) => ({
      ...treatedAtBh(question),
      agreements: {
        [hospital.id]: { ...IN_FORCE, categories: ["REFERRAL_ADMIN", "CLINICAL_NOTES"] },
      },
    });
    const { data } = await ask(
      "bh-clinician",
      `{ chart(id: "1") { notes { text author { name } } } }`,
    );
    expect(data.chart.notes).toEqual([{ text: "canary note 1", author: { name: null } }]);
  });

  it("is withheld where it stands in no record at all", async () => {
    const { data } = await ask("hospital-clinician", `{ loose }`);
    expect(data.loose).toBeNull();
  });
});

describe("a value that tells more than its field", () => {
  it("is withheld by itself, and that it may be is told whatever the value", async () => {
    charts = [chart("1", { mood: "SUICIDAL" }), chart("2", { mood: "CALM" })];
    const query = `query($id: ID!) { chart(id: $id) { mood } }`;
    const restricted = await ask("bh-clinician", query, { id: "1" });
    const plain = await ask("bh-clinician", query, { id: "2" });
    expect(restricted.data.chart.mood).toBeNull();
    expect(plain.data.chart.mood).toBe("CALM");
    expect(restricted.told?.withheld).toEqual([
      { path: ["chart", "mood"], holds: "CRISIS_RISK", at: null },
    ]);
    expect(plain.told?.withheld).toEqual(restricted.told?.withheld);
  });
});

describe("a field that failed", () => {
  it("has withheld nothing below it: it says why it is null by its own error", async () => {
    charts = [chart("1"), { ...chart("2"), id: null as never }];
    const { data, told, errors } = await ask(
      "bh-clinician",
      `{ charts { notes { text } id } loose }`,
    );
    expect(data).toEqual({ charts: null, loose: null });
    expect(errors?.map(({ path }) => path)).toEqual([["charts", 1, "id"]]);
    expect(told?.withheld).toEqual([{ path: ["loose"], holds: "DEMOGRAPHICS", at: null }]);
  });
});

describe("an entity that another subgraph asks for", () => {
  const query = `query($representations: [_Any!]!) { _entities(representations: $representations) { ... on Chart { id name notes { text } } } }`;
  const representations = ["1", "none", "2"].map((id) => ({ __typename: "Chart", id }));

  it("is judged like any other record, each for itself, and keeps its position", async () => {
    facts = ({ persons }) => ({
      persons: Object.fromEntries(
        persons.filter((it) => it === "person of 2").map((it) => [it, TREATING]),
      ),
      agreements: { [hospital.id]: IN_FORCE },
    });
    const { data, told, text } = await ask("bh-clinician", query, { representations });
    expect(data._entities).toEqual([null, null, { id: "2", name: "canary name 2", notes: null }]);
    expect(text).not.toContain("canary name 1");
    expect(told?.withheld).toEqual([
      { path: ["_entities", "@"], holds: "REFERRAL_ADMIN", at: 0 },
      { path: ["_entities", "@"], holds: "REFERRAL_ADMIN", at: 1 },
      { path: ["_entities", "@", "notes"], holds: "CLINICAL_NOTES", at: 2 },
    ]);
    expect(told?.disclosures.map(({ at: position, person }) => [position, person])).toEqual([
      [2, "person of 2"],
    ]);
  });
});

describe("what an agency keeps together with others", () => {
  it("is its own to read, and is noted as given by the one whose information it is", async () => {
    const kept = guard(schema, labels, {
      Chart: {
        about: (it: Chart) => ({ ...about(it as never), keepers: [hospital.id, bh.id] }),
      },
    } as Records);
    const by = personas["bh-clinician"];
    const act = { by, at: new Date(at("12:00")), requestId: "request" };
    const sharing = openSharing(act, async () => ({ persons: {}, agreements: {} }), testLog().log);
    const run = executor(schema, parse(`{ chart(id: "1") { name } }`), kept);
    const { data, told } = await run({}, {}, null, { sharing, agency: by.agency });
    expect(data).toMatchObject({ chart: { name: "canary name 1" } });
    expect(told?.disclosures).toMatchObject([
      { source: hospital.id, person: "person of 1", rules: ["P1-own-records"], agreement: null },
    ]);
  });
});
