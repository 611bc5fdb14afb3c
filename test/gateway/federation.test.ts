/** Each feature of federation, through the gateway over HTTP, as one server over the same data would answer it. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ask } from "./graph/monolith.ts";
import { openGraph } from "./graph/open.ts";
import type { Answer, Graph } from "./graph/open.ts";

let graph: Graph;
beforeAll(async () => {
  graph = await openGraph();
});
afterAll(() => graph.close());

/** Asks the gateway, and holds its answer to the monolith's. */
const told = async (query: string, variables: Record<string, unknown> = {}): Promise<Answer> => {
  const [answer, truth] = await Promise.all([graph.ask(query, variables), ask(query, variables)]);
  // As text, for the order of the fields is a part of the answer.
  expect(JSON.stringify(answer.data)).toBe(JSON.stringify(truth.data));
  expect(answer.status).toBe(200);
  return answer;
};

const pathsOf = ({ errors }: Answer): string[] =>
  errors.map(({ path }) => path?.join(".") ?? "").toSorted();
const codesOf = ({ errors }: Answer) => errors.map(({ extensions }) => extensions.code);

/** The references by which a subgraph was asked for things. */
const references = ({ asked }: Answer, subgraph: string): unknown[] =>
  (asked[subgraph] ?? []).flatMap(
    ({ variables }) => (variables?.representations as unknown[]) ?? [],
  );

const refused = async (query: string, variables: Record<string, unknown> = {}): Promise<Answer> => {
  const answer = await graph.ask(query, variables);
  expect(codesOf(answer)).toEqual(["OPERATION_INVALID"]);
  expect(answer.asked).toEqual({});
  return answer;
};

describe("a key", () => {
  it("of one field leads from one subgraph to another", async () => {
    const answer = await told(`{ person(id: "p-1") { name diagnosis } }`);
    expect(answer.data).toEqual({ person: { name: "Wren Aldous", diagnosis: "asthma" } });
    expect(references(answer, "secrets")).toEqual([{ __typename: "Person", id: "p-1" }]);
  });

  it("of two fields tells two agencies apart that share one of them", async () => {
    const answer = await told(
      `{ a: visit(id: "v-1") { agency { kind } } b: visit(id: "v-2") { agency { town name } } }`,
    );
    expect(answer.data).toEqual({
      a: { agency: { kind: "CLINIC" } },
      b: { agency: { town: "Brook", name: "Brook Clinic" } },
    });
    expect(references(answer, "registry")).toContainEqual({
      __typename: "Agency",
      id: "a-1",
      region: "east",
    });
  });

  it("that is nested is sent as it is nested", async () => {
    const answer = await told(`{ charts { owner { name } summary } }`);
    expect(answer.data.charts[0]).toEqual({
      owner: { name: "Wren Aldous" },
      summary: "the chart of somebody whose id has 3 letters",
    });
    expect(references(answer, "care")).toContainEqual({
      __typename: "Chart",
      owner: expect.objectContaining({ id: "p-1" }),
    });
  });

  it("leads to another key, where a subgraph knows only that one", async () => {
    const answer = await told(`{ stays(first: 1) { person { diagnosis } } }`);
    expect(answer.data).toEqual({ stays: [{ person: { diagnosis: "asthma" } }] });
    expect(references(answer, "registry")).toEqual([{ __typename: "Person", number: "N-1" }]);
    expect(references(answer, "secrets")).toEqual([{ __typename: "Person", id: "p-1" }]);
  });

  it("that clients may not know of works all the same", async () => {
    const answer = await told(`{ nearby { ... on Stay { bed } } }`);
    expect(answer.data.nearby).toContainEqual({ bed: "B1" });
    expect(answer.text).not.toContain("y-1");
  });

  it("that is null leads nowhere, and is no error", async () => {
    const answer = await told(`{ person(id: "p-2") { number name phone stays { bed } } }`);
    expect(answer.data.person).toEqual({
      number: null,
      name: "Ivo Marsh",
      phone: null,
      stays: null,
    });
    expect(answer.errors).toEqual([]);
  });

  it("that is null in one of its two fields leads nowhere either", async () => {
    const answer = await told(`{ visit(id: "v-2") { rooms { keeper { id region kind } } } }`);
    expect(answer.data.visit.rooms[0][0].keeper).toEqual({
      id: "a-gone",
      region: null,
      kind: null,
    });
  });

  it("of somebody whom nobody knows leaves null what may be null", async () => {
    const answer = await told(
      `{ visit(id: "v-4") { person { id nickname alert chart { opened } } } }`,
    );
    expect(answer.data.visit.person).toEqual({
      id: "p-gone",
      nickname: null,
      alert: null,
      chart: null,
    });
    expect(answer.errors).toEqual([]);
  });

  it("of somebody whom nobody knows makes an error of what must not be null", async () => {
    const answer = await told(`{ visit(id: "v-4") { hours who: person { id called: name } } }`);
    expect(answer.data.visit).toEqual({ hours: 0, who: null });
    expect(pathsOf(answer)).toEqual(["visit.who.called"]);
  });

  it("that was found twice is asked for once", async () => {
    const answer = await told(
      `{ visit(id: "v-2") { person { name } previous { person { name } } } }`,
    );
    expect(answer.data.visit.previous.person).toEqual({ name: "Wren Aldous" });
    expect(new Set(references(answer, "registry").map((it) => JSON.stringify(it))).size).toBe(1);
  });
});

describe("@requires", () => {
  it("gives a subgraph what another one knows", async () => {
    const answer = await told(`{ people { alert } }`);
    expect(answer.data.people.map((it: any) => it.alert)).toEqual([
      "no alert",
      "mind the gout",
      "no alert",
      "mind the asthma",
    ]);
    expect(references(answer, "care")).toContainEqual({
      __typename: "Person",
      id: "p-1",
      diagnosis: "asthma",
    });
  });

  it("tells the client nothing of what was required", async () => {
    const answer = await told(`{ person(id: "p-1") { gated } }`);
    expect(answer.data).toEqual({ person: { gated: "no entry" } });
    expect(answer.text).not.toMatch(/consent|REFUSED|p-1/);
  });

  it("goes with arguments of the field that requires", async () => {
    const answer = await told(
      `query ($scale: Int!) {
        person(id: "p-2") { risk ten: risk(scale: $scale, words: ["none", "some"]) no: risk(words: null) }
      }`,
      { scale: 3 },
    );
    expect(answer.data.person).toEqual({
      risk: "high 1981 of 10",
      ten: "some 1981 of 3",
      no: "unsaid 1981 of 10",
    });
  });

  it("goes into a union whose members are in other subgraphs", async () => {
    const answer = await told(`{ people(filter: { town: "Ashby" }) { itinerary } }`);
    expect(answer.data.people).toEqual([
      { itinerary: ["bed B2", "bed B3"] },
      { itinerary: ["2 h at Ashby", "bed B1", "5 h at Brook"] },
    ]);
  });

  it("goes into an interface, and the types below it", async () => {
    const answer = await told(`{ everybody { lodging } }`);
    expect(answer.data.everybody.map((it: any) => it.lodging)).toEqual([
      "Ashby Clinic, Ashby",
      null,
      "gout, with a friend",
      "Fire Drill, Ashby",
    ]);
  });

  it("goes in a chain through two other subgraphs, and back", async () => {
    const answer = await told(`{ person(id: "p-1") { queue } }`);
    expect(answer.data).toEqual({ person: { queue: "place 94" } });
    expect(references(answer, "care")).toEqual([
      { __typename: "Person", id: "p-1", diagnosis: "asthma" },
      { __typename: "Person", id: "p-1", priority: 94 },
    ]);
  });

  it("goes in a chain beside what it goes through", async () => {
    const answer = await told(`{ person(id: "p-1") { priority: score queue score: priority } }`);
    expect(answer.data).toEqual({ person: { priority: 6, queue: "place 94", score: 94 } });
  });

  it("holds for each kind of a service, where to its subgraph there is but one", async () => {
    const answer = await told(`{ services(first: 4) { advice loud: advice(loud: true) } }`);
    expect(answer.data.services[1]).toEqual({
      advice: "Talking Cure has no places",
      loud: "TALKING CURE HAS NO PLACES",
    });
  });

  it("gives a null where the input cannot be read, and does not name the input", async () => {
    const answer = await told(`{ someone: person(id: "p-3") { alert } }`);
    expect(answer.data).toEqual({ someone: { alert: "no alert" } });
    expect(codesOf(answer)).toEqual(["FAULT"]);
    expect(answer.errors[0]?.path?.[0]).toBe("someone");
    expect(answer.text).not.toContain("diagnosis");
  });

  it("is met beside a field that requires something else and is left out", async () => {
    const query = `query ($no: Boolean!) { person(id: "p-1") { gated score @include(if: $no) } }`;
    expect((await told(query, { no: false })).data.person).toEqual({ gated: "no entry" });
    expect((await told(query, { no: true })).data.person).toEqual({ gated: "no entry", score: 6 });
  });
});

describe("@provides", () => {
  it("spares the way to the subgraph that has the field", async () => {
    const answer = await told(`{ visit(id: "v-1") { agency { name } } }`);
    expect(answer.data).toEqual({ visit: { agency: { name: "Ashby Clinic" } } });
    expect(Object.keys(answer.asked)).toEqual(["visits"]);
  });

  it("holds on its own path alone", async () => {
    const answer = await told(`{ visit(id: "v-1") { rooms { keeper { name } } } }`);
    expect(answer.data.visit.rooms[0][0].keeper).toEqual({ name: "Brook Clinic" });
    expect(Object.keys(answer.asked).toSorted()).toEqual(["registry", "visits"]);
  });
});

describe("@shareable", () => {
  it("lets whoever is asked anyway answer", async () => {
    const answer = await told(`{ visit(id: "v-1") { agency { town } } }`);
    expect(answer.data).toEqual({ visit: { agency: { town: "Ashby" } } });
    expect(Object.keys(answer.asked)).toEqual(["visits"]);
  });
});

describe("@override", () => {
  it("takes a field away from the subgraph that still has it", async () => {
    const answer = await told(`{ person(id: "p-1") { name phone } }`);
    expect(answer.data).toEqual({ person: { name: "Wren Aldous", phone: "555-0101" } });
    expect(answer.asked.registry?.map(({ query }) => query).join()).not.toContain("phone");
  });
});

describe("@inaccessible", () => {
  it.each([
    ["a field", `{ person(id: "p-1") { sealed } }`],
    ["a field of a hidden type", `{ person(id: "p-1") { stamp { at } } }`],
    ["a type", `{ charts { latest { ... on Draft { text } } } }`],
    ["a key", `{ stays { ref } }`],
    ["an argument", `{ person(id: "p-1", sealed: true) { name } }`],
    ["a value of an enum", `{ agencies(kinds: [DRILL]) { name } }`],
    ["the type of a variable", `query ($it: Stamp) { person(id: "p-1") { extra(of: $it) } }`],
  ])("keeps %s from being asked for", async (_, query) => {
    expect((await refused(query)).data).toBeUndefined();
  });

  it.each([
    [`{ person(id: "p-1") { seale } }`, "sealed"],
    [`{ person(id: "p-1", seale: true) { name } }`, "sealed"],
    [`{ charts { latest { ... on Draf { text } } } }`, "Draft"],
    [`{ agencies(kinds: [DRIL]) { name } }`, "DRILL"],
  ])("is not given away by a suggestion: %s", async (query, hidden) => {
    const { errors } = await refused(query);
    expect(errors.map(({ message }) => message).join()).not.toContain(`"${hidden}"`);
  });

  it("is not in what the graph tells of itself", async () => {
    const answer = await told(
      `{ __schema { types { name fields { name args { name } } enumValues { name } possibleTypes { name } } } }`,
    );
    expect(answer.text).toContain("diagnosis");
    expect(answer.text).not.toMatch(/sealed|stamp|Stamp|Draft|DRILL|"ref"|_entities|_service/);
  });

  it("makes a hidden value null", async () => {
    const answer = await told(`{ agency(id: "a-3") { name kind } }`);
    expect(answer.data).toEqual({ agency: { name: "Fire Drill", kind: null } });
    expect(answer.text).not.toContain("DRILL");
  });

  it("makes a thing of a hidden type null, whatever is asked of it", async () => {
    const answer = await told(
      `{ note(id: "n-3") { id about { __typename ... on Note { text } } } }`,
    );
    expect(answer.data).toEqual({ note: { id: "n-3", about: null } });
    expect(answer.text).not.toContain("Draft");
  });
});

describe("an interface that is an entity", () => {
  it("has its fields from the subgraph of its kinds, and from the one to which there is one kind", async () => {
    const answer = await told(
      `{ services(first: 4) { __typename id name rating reviews { stars } } }`,
    );
    expect(answer.data.services[0]).toEqual({
      __typename: "Housing",
      id: "s-1",
      name: "Elm House",
      rating: 2.5,
      reviews: [{ stars: 4 }, { stars: 1 }],
    });
    expect(answer.data.services[3]).toMatchObject({ __typename: "Transport", rating: null });
  });

  it("is told apart by kind, where it comes from a subgraph to which there is one kind", async () => {
    const answer = await told(
      `{ bestServices(first: 4) { kind: __typename rating(scale: 10) name ... on Housing { beds } ... on Transport { seats } } }`,
    );
    expect(answer.data.bestServices).toEqual([
      { kind: "Housing", rating: 5, name: "Elm House", beds: 10 },
      { kind: "Treatment", rating: 10, name: "Talking Cure" },
      { kind: "Treatment", rating: null, name: "Night Clinic" },
      { kind: "Transport", rating: null, name: "Lift", seats: [[2], [2]] },
    ]);
  });

  it("needs no other subgraph, where nobody asks for its kind", async () => {
    const answer = await told(`{ bestServices { rating } }`);
    expect(answer.data).toEqual({ bestServices: [{ rating: 2.5 }, { rating: 5 }] });
    expect(Object.keys(answer.asked)).toEqual(["care"]);
  });

  it("has its other fields on one kind too", async () => {
    const answer = await told(`{ service(id: "s-1") { ... on Housing { beds stars: rating } } }`);
    expect(answer.data).toEqual({ service: { beds: 10, stars: 2.5 } });
  });

  it("is found from a second subgraph to which there is one kind", async () => {
    const answer = await told(
      `{ stays { service { __typename name rating ... on Treatment { methods } } } }`,
    );
    expect(answer.data.stays).toEqual([
      { service: { __typename: "Housing", name: "Elm House", rating: 2.5 } },
      {
        service: {
          __typename: "Treatment",
          name: "Talking Cure",
          rating: 5,
          methods: ["talk", "walk"],
        },
      },
    ]);
  });

  it("is in a union, by the kinds that are in it", async () => {
    const answer = await told(
      `{ offers { __typename ... on Service { name rating } ... on Housing { rules } ... on Transport { seats } } }`,
    );
    expect(answer.data.offers).toEqual([
      { __typename: "Housing", name: "Elm House", rating: 2.5, rules: ["no smoke", null] },
      null,
      { __typename: "Transport", name: "Lift", rating: null, seats: [[2], [2]] },
    ]);
  });
});

describe("a union", () => {
  it("has members of several subgraphs, each with fields of several", async () => {
    const answer = await told(
      `{ person(id: "p-1") { events { ... on Visit { hours notes { text } } ... on Stay { bed nights } } } }`,
    );
    expect(answer.data.person.events).toEqual([
      { hours: 2, notes: [{ text: "slept well" }] },
      { bed: "B1", nights: 3 },
      { hours: 5, notes: [] },
    ]);
  });

  it("is another one to another subgraph", async () => {
    const answer = await told(
      `{ person(id: "p-1") { record { __typename ... on Note { text about { __typename } } ... on Visit { day } ... on Stay { bed } } } }`,
    );
    expect(answer.data.person.record).toEqual([
      { __typename: "Note", text: "slept well", about: { __typename: "Visit" } },
      { __typename: "Visit", day: "2025-03-03" },
      null,
      { __typename: "Note", text: "asked for a lift", about: { __typename: "Note" } },
    ]);
  });

  it("is narrowed by an interface that its own subgraph does not know of", async () => {
    const answer = await told(`{ person(id: "p-1") { record { ... on Located { town } } } }`);
    expect(answer.data.person.record).toEqual([{}, { town: "Ashby" }, null, {}]);
  });
});

describe("an interface", () => {
  it("has types of several subgraphs", async () => {
    const answer = await told(
      `{ nearby(town: "Brook") { __typename town ... on Visit { id } ... on Agency { kind } ... on Stay { bed } } }`,
    );
    expect(answer.data.nearby).toEqual([
      { __typename: "Visit", town: "Brook", id: "v-2" },
      { __typename: "Agency", town: "Brook", kind: "CLINIC" },
      { __typename: "Stay", town: "Brook", bed: "B3" },
    ]);
  });

  it("may promise less than its types do", async () => {
    const answer = await told(
      `{ person(id: "p-2") { record { ... on Located { where: town } } } }`,
    );
    expect(answer.data.person.record).toEqual([null]);
    expect(pathsOf(answer)).toEqual(["person.record.0.where"]);
  });
});

describe("lists of lists", () => {
  it("keep their nulls, and each thing in its place", async () => {
    const answer = await told(`{ everybody { friends { name diagnosis } } }`);
    expect(answer.data.everybody.map((it: any) => it.friends)).toEqual([
      [
        [{ name: "Ivo Marsh", diagnosis: "gout" }, null],
        null,
        [{ name: "Bram Oakes", diagnosis: null }],
      ],
      null,
      [[{ name: "Wren Aldous", diagnosis: "asthma" }], []],
      [
        [
          { name: "Wren Aldous", diagnosis: "asthma" },
          { name: "Tilda Quill", diagnosis: null },
        ],
        [{ name: "Ivo Marsh", diagnosis: "gout" }],
      ],
    ]);
    expect(pathsOf(answer)).toEqual(["everybody.3.friends.0.1.diagnosis"]);
  });

  it("become null only as far as they must", async () => {
    const answer = await told(`{ visit(id: "v-2") { floors: rooms { name rows: beds } } }`);
    expect(answer.data.visit.floors).toEqual([
      [{ name: "Cedar", rows: [null, [3]] }],
      [{ name: "Birch", rows: [[1, 2], null, []] }, null],
    ]);
    expect(pathsOf(answer)).toEqual(["visit.floors.0.0.rows.0.1", "visit.floors.1.1.name"]);
  });

  it("of what cannot be null are served", async () => {
    expect((await told(`{ calendar }`)).data.calendar).toEqual([
      ["2025-03-03", "2025-03-04"],
      [],
      ["2025-04-01"],
    ]);
  });
});

describe("an argument", () => {
  it.each([
    ["that is not given has its default", `{ people { name } }`, {}],
    [
      "that is an empty object has the defaults of its fields",
      `{ people(filter: {}) { name } }`,
      {},
    ],
    ["may be an enum", `{ people(filter: { order: { by: BORN } }) { name } }`, {}],
    [
      "may be an enum in a variable",
      `query ($by: Rank!) { people(filter: { order: { by: $by, descending: true } }) { name } }`,
      { by: "BORN" },
    ],
    [
      "may be an object in a variable, which has the defaults of its fields",
      `query ($filter: PeopleFilter!) { people(filter: $filter) { name } }`,
      { filter: { bornAfter: "1970-01-01", order: { descending: true } } },
    ],
    [
      "may have a variable that is not given in it",
      `query ($town: String, $first: Int) { people(filter: { town: $town }, first: $first) { name } }`,
      {},
    ],
    [
      "may be a variable with a default",
      `query ($first: Int = 1, $ids: [ID!] = ["p-3", "p-4"]) { people(filter: { ids: $ids }, first: $first) { name } }`,
      {},
    ],
    [
      "may be a null in the place of a default",
      `query ($kinds: [Kind!] = null, $none: Int = 7) { agencies(kinds: $kinds) { name } stays(first: $none) { bed } }`,
      { none: null },
    ],
    [
      "may be any JSON",
      `query ($of: Json) { person(id: "p-1") { extra(of: $of) also: extra(of: { a: [1, "b", { c: null }], d: E }) } }`,
      { of: { __typename: "Agency", id: ["x", { y: 1.5 }] } },
    ],
    [
      "may be any JSON with a variable in it",
      `query ($it: Int) { person(id: "p-1") { extra(of: { deep: [$it] }) } }`,
      { it: 3 },
    ],
    [
      "may be one that is a list of one",
      `query ($ids: [ID!]) { people(filter: { ids: $ids }) { name } one: people(filter: { ids: "p-3" }) { name } }`,
      { ids: "p-2" },
    ],
    [
      "may be an id that is a number",
      `query ($id: ID!) { person(id: $id) { name } other: person(id: 7) { name } }`,
      { id: 8 },
    ],
    [
      "may hold any characters",
      `query ($v: String) { person(id: "p-1") { echo(v: $v) same: echo(v: """a "block"\n  of text""") } }`,
      { v: '"\\\u2028\u0007\ud83d\ude00' },
    ],
  ])("%s", async (_, query, variables) => {
    expect((await told(query, variables)).errors).toEqual([]);
  });

  it("may differ between two aliases of a field, at every level", async () => {
    const answer = await told(
      `query ($first: Int!) {
        some: people(first: $first) { name }
        one: people(first: 1) { name short: languages(first: 1) all: languages(first: 9) languages }
        stays { euros: fee less: fee(less: { percent: 50 }) pounds: fee(currency: GBP, less: {}) }
      }`,
      { first: 2 },
    );
    expect(answer.data).toMatchObject({
      some: [{ name: "Bram Oakes" }, { name: "Ivo Marsh" }],
      one: [{ short: ["en"], all: ["en", "de"], languages: ["en", "de"] }],
      stays: [
        { euros: 30, less: 15, pounds: 22.3125 },
        { euros: null, less: null, pounds: null },
      ],
    });
  });

  it("that is null where it must not be is an error of its field alone", async () => {
    const answer = await told(
      `query ($first: Int = 2) { ward { head } person(id: "p-1") { name few: visits(first: $first) { id } } }`,
      { first: null },
    );
    expect(answer.data).toEqual({
      ward: { head: "Matron" },
      person: { name: "Wren Aldous", few: null },
    });
    expect(pathsOf(answer)).toEqual(["person.few"]);
  });
});

describe("mutations", () => {
  it("are made one after the other, in whichever subgraph", async () => {
    const answer = await told(`mutation {
      first: admit(person: "p-1") { number before }
      place(number: "N-4") { before }
      second: admit(person: "p-2", why: "a fall", hours: null) { before }
      note(input: { about: "p-1" }) { before }
      discharge(visit: "v-1") { number before did }
    }`);
    expect(answer.data.discharge).toEqual({
      number: 5,
      did: "discharge v-1",
      before: [
        "admit p-1 walk-in 9,17",
        "place N-4 any",
        "admit p-2 a fall null",
        "note p-1 nothing to add plain",
      ],
    });
  });

  it("are made as often as they are asked for, and no oftener", async () => {
    const answer = await told(`mutation {
      a: admit(person: "p-1") { number before }
      b: admit(person: "p-1") { number }
      ...More
      place(number: "N-1") { before }
    } fragment More on Mutation { b: admit(person: "p-1") { did } c: admit(person: "p-1") { number } }`);
    expect(answer.data).toEqual({
      a: { number: 1, before: [] },
      b: { number: 2, did: "admit p-1 walk-in 9,17" },
      c: { number: 3 },
      place: { before: Array(3).fill("admit p-1 walk-in 9,17") },
    });
  });

  it("are made in the order of the document when they are in fragments, and left out when they are", async () => {
    const query = `mutation ($no: Boolean!) {
      ... on Mutation { place(number: "N-1") { before } }
      admit(person: "p-1") @include(if: $no) { before }
      ... @skip(if: $no) { note(input: { about: "p-2", text: "yes" }) { before } }
      discharge(visit: "v-2") { before }
    }`;
    expect((await told(query, { no: false })).data).toEqual({
      place: { before: [] },
      note: { before: ["place N-1 any"] },
      discharge: { before: ["place N-1 any", "note p-2 yes plain"] },
    });
    expect((await told(query, { no: true })).data.discharge.before).toHaveLength(2);
  });

  it("tell of people what other subgraphs know", async () => {
    const answer = await told(`mutation {
      admit(person: "p-1") { person { alert chart { opened } } }
      place(number: "N-4") { person { name gated } }
    }`);
    expect(answer.data).toEqual({
      admit: { person: { alert: "mind the asthma", chart: { opened: "2024-12-24" } } },
      place: { person: { name: "Bram Oakes", gated: "come in" } },
    });
  });

  it("go on after one that fails", async () => {
    const answer = await told(`mutation {
      admit(person: "p-1") { number }
      bad: discharge(visit: "v-bad") { number }
      place(number: "N-1") { number }
    }`);
    expect(answer.data).toEqual({ admit: { number: 1 }, bad: null, place: { number: 2 } });
    expect(pathsOf(answer)).toEqual(["bad"]);
  });

  it("are all null when one is that must not be", async () => {
    const answer = await told(
      `mutation { admit(person: "p-1") { number } fire: burn(what: "x") { did } }`,
    );
    expect(answer.data).toBeNull();
    expect(pathsOf(answer)).toEqual(["fire"]);
  });
});

describe("an alias", () => {
  const WREN = `person(id: "p-1")`;

  describe("that bears the name of what another field requires", () => {
    it.each([
      ["is harmless", `{ it: ${WREN} { diagnosis: nickname alert } }`],
      [
        "is harmless in fragments",
        `{ it: ${WREN} { ...A ...B } } fragment A on Person { diagnosis: nickname } fragment B on Person { alert }`,
      ],
      [
        "is harmless in inline fragments on an interface and a union",
        `{ it: ${WREN} { ... on Located { ... on Person { diagnosis: nickname } } ... on Found { ... on Person { alert } } } }`,
      ],
      [
        "is harmless under a condition",
        `query ($on: Boolean = true) { it: ${WREN} { diagnosis: nickname @include(if: $on) alert @skip(if: false) } }`,
      ],
      [
        "is harmless beside the true one under another name",
        `{ it: ${WREN} { diagnosis: nickname alert } other: ${WREN} { nickname: diagnosis } }`,
      ],
    ])("%s", async (_, query) => {
      const { data } = await told(query);
      expect(data.it).toEqual({ diagnosis: "gout", alert: "mind the asthma" });
    });

    it("is harmless in lists", async () => {
      const { data } = await told(
        `{ people { diagnosis: nickname alert friends { diagnosis: name alert } } }`,
      );
      expect(data.people[3]).toMatchObject({
        diagnosis: "gout",
        alert: "mind the asthma",
        friends: [
          [{ diagnosis: "Ivo Marsh", alert: "mind the gout" }, null],
          null,
          [{ alert: "no alert" }],
        ],
      });
    });

    it("is harmless where the input is nested", async () => {
      const { data } = await told(
        `{ ${WREN} { events: extra(of: [1]) itinerary place: record { __typename } lodging } }`,
      );
      expect(data.person.itinerary).toEqual(["2 h at Ashby", "bed B1", "5 h at Brook"]);
      expect(data.person.lodging).toBe("Ashby Clinic, Ashby");
    });

    it("is harmless within the nested input", async () => {
      const { data } = await told(
        `{ ${WREN} { events { ... on Visit { town: day hours: id } ... on Stay { bed: since } } itinerary } }`,
      );
      expect(data.person).toMatchObject({
        events: [{ town: "2025-03-03", hours: "v-1" }, { bed: "2025-03-10" }, { hours: "v-2" }],
        itinerary: ["2 h at Ashby", "bed B1", "5 h at Brook"],
      });
    });

    it("is harmless in each step of a chain", async () => {
      const { data } = await told(
        `{ ${WREN} { score: born priority: languages diagnosis: id queue } }`,
      );
      expect(data.person).toMatchObject({ score: "1950-02-11", queue: "place 94" });
    });
  });

  describe("that forges what another field requires", () => {
    const forged = { consent: "GRANTED", gated: "no entry" };
    it.each([
      ["is harmless", `{ it: ${WREN} { consent: echo(v: "GRANTED") gated } }`, {}],
      [
        "is harmless in a variable",
        `query ($v: String) { it: ${WREN} { consent: echo(v: $v) gated } }`,
        { v: "GRANTED" },
      ],
      [
        "is harmless in the default of a variable",
        `query ($consent: String = "GRANTED") { it: ${WREN} { gated consent: echo(v: $consent) } }`,
        {},
      ],
      [
        "is harmless in fragments of fragments",
        `{ it: ${WREN} { ...A gated } } fragment A on Found { ...B } fragment B on Person { consent: echo(v: "GRANTED") }`,
        {},
      ],
    ])("%s", async (_, query, variables) => {
      expect((await told(query, variables)).data.it).toEqual(forged);
    });

    it("is harmless in lists, and gives nobody away whose consent is another", async () => {
      const { data } = await told(`{ people { name consent: echo(v: "GRANTED") gated } }`);
      expect(data.people.map((it: any) => [it.name, it.consent, it.gated])).toEqual([
        ["Bram Oakes", "GRANTED", "come in"],
        ["Ivo Marsh", "GRANTED", "come in"],
        ["Tilda Quill", "GRANTED", "no entry"],
        ["Wren Aldous", "GRANTED", "no entry"],
      ]);
    });
  });

  describe("that bears the name of a key", () => {
    it.each([
      ["is harmless", `{ people { id: nickname diagnosis } }`],
      [
        "is harmless in fragments",
        `{ people { ...A ...B } } fragment A on Person { id: nickname } fragment B on Person { diagnosis }`,
      ],
      [
        "is harmless in fragments on an interface",
        `{ people { ... on Located { ... on Person { id: nickname } } diagnosis } }`,
      ],
      [
        "is harmless under a condition",
        `query ($on: Boolean!, $first: Int! = 4) { people(first: $first) { id: nickname @include(if: $on) diagnosis } }`,
      ],
    ])("%s, and gives no key away", async (_, query) => {
      const { data, text } = await told(query, query.includes("$on") ? { on: true } : {});
      expect(data.people).toEqual([
        { id: "GRANTED", diagnosis: null },
        { id: "asthma", diagnosis: "gout" },
        { id: null, diagnosis: null },
        { id: "gout", diagnosis: "asthma" },
      ]);
      expect(text).not.toMatch(/p-\d/);
    });

    it("leads to nobody else, though it is somebody's key", async () => {
      const { data } = await told(
        `query ($v: String) { ${WREN} { id: echo(v: $v) number: echo(v: "N-4") diagnosis badge notes { text } } }`,
        { v: "p-2" },
      );
      expect(data.person).toEqual({
        id: "p-2",
        number: "N-4",
        diagnosis: "asthma",
        badge: "blue",
        notes: [],
      });
    });

    it("is harmless in lists of lists", async () => {
      const { data, text } = await told(
        `{ ${WREN} { friends { id: name number: nickname diagnosis phone } } }`,
      );
      expect(data.person.friends[0][0]).toEqual({
        id: "Ivo Marsh",
        number: "asthma",
        diagnosis: "gout",
        phone: null,
      });
      expect(text).not.toMatch(/[pN]-\d/);
    });

    it("is harmless where the key has two fields", async () => {
      const { data } = await told(
        `{ visit(id: "v-2") { agency { id: name region: town kind parent { region: id name } } } }`,
      );
      expect(data.visit.agency).toEqual({
        id: "Brook Clinic",
        region: "Brook",
        kind: "CLINIC",
        parent: { region: "a-1", name: "Ashby Clinic" },
      });
    });

    it("is harmless where the key is nested", async () => {
      const { data } = await told(
        `{ charts { owner: latest { __typename } summary } more: charts { owner { id: name } summary } }`,
      );
      expect(data.charts[0].summary).toContain("3 letters");
      expect(data.more[0]).toMatchObject({
        owner: { id: "Wren Aldous" },
        summary: data.charts[0].summary,
      });
    });

    it("is harmless where clients may not know of the key", async () => {
      const { data } = await told(`{ nearby { ... on Stay { ref: town bed fee } } }`);
      expect(data.nearby).toContainEqual({ ref: "Ashby", bed: "B1", fee: 30 });
    });

    it("is harmless on what is of one kind to a subgraph", async () => {
      const { data } = await told(
        `{ bestServices { id: name name: rating ... on Housing { places: beds advice } } }`,
      );
      expect(data.bestServices[0]).toEqual({
        id: "Elm House",
        name: 2.5,
        places: 10,
        advice: "Elm House has 12 places",
      });
    });
  });

  it("that is `__typename` makes nothing another thing", async () => {
    const answer = await graph.ask(`{ ${WREN} { __typename: echo(v: "Agency") diagnosis } }`);
    if (answer.status === 200) expect(answer.data.person.diagnosis).toBe("asthma");
    else expect(codesOf(answer)).toEqual(["OPERATION_INVALID"]);
  });

  it.each([
    "constructor",
    "toString",
    "hasOwnProperty",
    "_entities",
    "representations",
    "v0",
    "_0_echo",
  ])("may be `%s`", async (name) => {
    const { data } = await told(
      `{ ${name}: ${WREN} { ${name}: echo(v: "a") echo(v: "b") diagnosis } }`,
    );
    expect(data).toEqual({ [name]: { [name]: "a", echo: "b", diagnosis: "asthma" } });
  });
});

describe("an answer", () => {
  it("has the client's names in the client's order, at every level", async () => {
    const { text } = await told(
      `{
        z: person(id: "p-1") { y: diagnosis x: name ...F w: chart { v: summary u: opened t: owner { s: nickname r: id } } x: name }
        a: ward { b: head }
      }
      fragment F on Person { q: badge y: diagnosis p: number }`,
    );
    expect(JSON.parse(text).data).toBeTypeOf("object");
    expect(text.slice(0, text.indexOf("}}}"))).toBe(
      `{"data":{"z":{"y":"asthma","x":"Wren Aldous","q":"blue","p":"N-1","w":{"v":"the chart of somebody whose id has 3 letters","u":"2024-12-24","t":{"s":"gout","r":"p-1"`,
    );
  });

  it("has a field that is asked for several times once, with all that was asked of it", async () => {
    const { data } = await told(
      `{ person(id: "p-1") { chart { opened } chart { summary } ...F } person(id: "p-1") { chart { opened } } }
       fragment F on Person { chart { notes { id } notes { text } } }`,
    );
    expect(Object.keys(data.person.chart)).toEqual(["opened", "summary", "notes"]);
    expect(data.person.chart.notes[0]).toEqual({ id: "n-1", text: "slept well" });
  });

  it("has the same thing under two names, each with what was asked under it", async () => {
    const { data } = await told(
      `{ a: person(id: "p-1") { name } b: person(id: "p-1") { alert x: visits { id } y: visits { day hours } } }`,
    );
    expect(data.a).toEqual({ name: "Wren Aldous" });
    expect(data.b.x).toEqual([{ id: "v-1" }, { id: "v-2" }]);
    expect(data.b.y[0]).toEqual({ day: "2025-03-03", hours: 2 });
  });

  it("has different fields under one name, in objects of different types", async () => {
    const { data } = await told(
      `{ nearby { ... on Visit { it: reason } ... on Agency { it: town } ... on Stay { it: town } } }`,
    );
    expect(data.nearby.map((it: any) => it.it)).toEqual([
      "a check of her breath",
      null,
      "nobody came",
      "Ashby",
      "Ashby",
      "Ashby",
    ]);
  });

  it("says of what type a thing is, under any name, at the root and below", async () => {
    const { data } = await told(
      `{ root: __typename __typename ...F person(id: "p-1") { kind: __typename place { __typename } events { id: __typename } } }
       fragment F on Query { again: __typename }`,
    );
    expect(data).toEqual({
      root: "Query",
      __typename: "Query",
      again: "Query",
      person: {
        kind: "Person",
        place: { __typename: "Agency" },
        events: [{ id: "Visit" }, { id: "Stay" }, { id: "Visit" }],
      },
    });
  });

  it("asks nobody for what the gateway knows", async () => {
    const answer = await told(`{ it: __typename __type(name: "Ward") { name kind } }`);
    expect(answer.data).toEqual({ it: "Query", __type: { name: "Ward", kind: "OBJECT" } });
    expect(answer.asked).toEqual({});
  });

  it("says of what type a mutation is", async () => {
    const answer = await told(`mutation { __typename admit(person: "p-1") { it: __typename } }`);
    expect(answer.data).toEqual({ __typename: "Mutation", admit: { it: "Step" } });
  });

  it("says of what kind a service is, where it comes from a subgraph to which there is one", async () => {
    const { data } = await told(
      `{ bestServices(first: 3) { id: __typename } stays { service { __typename } } }`,
    );
    expect(data).toEqual({
      bestServices: [{ id: "Housing" }, { id: "Treatment" }, { id: "Treatment" }],
      stays: [{ service: { __typename: "Housing" } }, { service: { __typename: "Treatment" } }],
    });
  });
});

describe("@skip and @include", () => {
  const both = [true, false].flatMap((a) => [true, false].map((b) => ({ a, b })));
  it.each([
    [
      "a field",
      `query ($a: Boolean!, $b: Boolean!) { person(id: "p-1") { name @skip(if: $a) diagnosis @include(if: $b) } }`,
    ],
    [
      "one field under both",
      `query ($a: Boolean!, $b: Boolean!) { person(id: "p-1") { name alert @skip(if: $a) @include(if: $b) } }`,
    ],
    [
      "a field that is asked for otherwise too",
      `query ($a: Boolean!, $b: Boolean!) { person(id: "p-1") { name @skip(if: $a) name @include(if: $b) chart @include(if: $a) { opened } chart { summary @skip(if: $b) } } }`,
    ],
    [
      "a fragment",
      `query ($a: Boolean!, $b: Boolean!) { person(id: "p-1") { ...F @skip(if: $a) ...G @include(if: $b) } }
       fragment F on Person { nickname ...G } fragment G on Person { gated name @skip(if: $a) }`,
    ],
    [
      "an inline fragment on an interface",
      `query ($a: Boolean!, $b: Boolean!) { nearby { town ... on Located @skip(if: $a) { town ... on Visit @include(if: $b) { hours } } } }`,
    ],
    [
      "an inline fragment without a type",
      `query ($a: Boolean!, $b: Boolean!) { ... @skip(if: $a) { ward { head } } ... @include(if: $b) { person(id: "p-1") { badge } } __typename }`,
    ],
    [
      "all of an object",
      `query ($a: Boolean!, $b: Boolean!) { person(id: "p-1") { name @skip(if: $a) ... @include(if: $b) { alert } } other: person(id: "p-2") { diagnosis @include(if: $a) } }`,
    ],
    [
      "an object by the condition that leaves out all of it otherwise",
      `query ($a: Boolean!, $b: Boolean!) { nearby @skip(if: $a) { town @include(if: $a) } charts @include(if: $b) { summary @skip(if: $b) } }`,
    ],
    [
      "everything",
      `query ($a: Boolean!, $b: Boolean!) { ward @skip(if: $a) @include(if: $b) { head } }`,
    ],
    [
      "what another field requires",
      `query ($a: Boolean!, $b: Boolean!) { person(id: "p-1") { diagnosis @skip(if: $a) alert score @include(if: $b) gated @skip(if: $b) queue @include(if: $a) } }`,
    ],
    [
      "one alias of two",
      `query ($a: Boolean!, $b: Boolean!) { person(id: "p-1") { x: languages(first: 1) @skip(if: $a) y: languages(first: 1) @include(if: $b) } }`,
    ],
  ])("leave out %s by variables", async (_, query) => {
    for (const variables of both) expect((await told(query, variables)).errors).toEqual([]);
  });

  it("leave out by literals, and nobody is asked for what is left out", async () => {
    const answer = await told(
      `{ person(id: "p-1") { name @skip(if: false) diagnosis @skip(if: true) alert @include(if: false) badge @include(if: true) @skip(if: true) } }`,
    );
    expect(answer.data).toEqual({ person: { name: "Wren Aldous" } });
    expect(Object.keys(answer.asked)).toEqual(["registry"]);
  });

  it("leave out by variables, and nobody is asked for what is left out", async () => {
    const answer = await told(
      `query ($no: Boolean = false) { person(id: "p-1") { name ... @include(if: $no) { diagnosis } } }`,
    );
    expect(Object.keys(answer.asked)).toEqual(["registry"]);
  });

  it("leave out by a default, and by what is given in its place", async () => {
    const query = `query ($no: Boolean = true) { person(id: "p-1") { name @skip(if: $no) number } }`;
    expect((await told(query)).data.person).toEqual({ number: "N-1" });
    expect((await told(query, { no: false })).data.person).toEqual({
      name: "Wren Aldous",
      number: "N-1",
    });
  });
});

describe("a null where there must be none", () => {
  it.each([
    [
      "makes an item of a list null",
      `{ all: people(filter: { ids: ["p-1", "p-4"] }) { mine: name b: badge } }`,
      { all: [null, { mine: "Wren Aldous", b: "blue" }] },
      "all.0.b",
    ],
    ["makes an object null", `{ x: person(id: "p-4") { n: name b: badge } }`, { x: null }, "x.b"],
    [
      "in a list of none makes what the list stands in null",
      `{ p: person(id: "p-3") { n: name c: chart { o: opened l: notes { t: text } } } }`,
      { p: { n: "Tilda Quill", c: null } },
      "p.c.l.0.t",
    ],
    [
      "in a fragment is told by the alias there",
      `{ p: person(id: "p-3") { ...F } } fragment F on Person { ... on Found { ... on Person { c: chart { l: notes { t: text } } } } }`,
      { p: { c: null } },
      "p.c.l.0.t",
    ],
    [
      "makes a list null, in lists of lists",
      `{ v: visit(id: "v-2") { r: rooms { b: beds } } }`,
      { v: { r: [[{ b: [null, [3]] }], [{ b: [[1, 2], null, []] }, { b: [[4]] }]] } },
      "v.r.0.0.b.0.1",
    ],
    [
      "makes all of it null, if it must",
      `{ __typename w: ward { v: visits { id } h: head(strict: true) } }`,
      null,
      "w.h",
    ],
    [
      "makes all of it null, from deep within a service of one kind",
      `{ best: bestServices(first: 3) { ... on Treatment { m: methods } } }`,
      null,
      "best.2.m.1",
    ],
  ] as const)("%s", async (_, query, data, path) => {
    const answer = await told(query);
    expect(answer.data).toEqual(data);
    expect(pathsOf(answer)).toEqual([path]);
  });

  it("is told under each alias at which it stands", async () => {
    const answer = await told(
      `{ p: person(id: "p-4") { name b: badge } q: person(id: "p-4") { c: badge } }`,
    );
    expect(answer.data).toEqual({ p: null, q: null });
    expect(pathsOf(answer)).toEqual(["p.b", "q.c"]);
  });

  it("is none to an alias under which it was not asked for", async () => {
    const answer = await told(`{ visit(id: "v-4") { a: rooms { beds } b: rooms { n: name } } }`);
    expect(answer.data.visit).toEqual({ a: [[{ beds: [[4]] }]], b: [[null]] });
    expect(pathsOf(answer)).toEqual(["visit.b.0.0.n"]);
  });

  it("is told, though something else failed in the same object", async () => {
    const answer = await told(
      `{ p: person(id: "p-3") { score s: service { a: agency { n: name } } } }`,
    );
    expect(answer.data).toEqual({ p: { score: 0, s: { a: null } } });
    expect(pathsOf(answer)).toContain("p.s.a.n");
  });

  it("is told of each thing of a list that has it", async () => {
    const answer = await told(`{ a: people { f: friends { b: badge } } }`);
    expect(pathsOf(answer)).toEqual(["a.0.f.1.0.b", "a.3.f.0.0.b", "a.3.f.2.0.b"]);
  });
});

describe("a field that fails", () => {
  it("is null, with one error at its alias, and not a word of why", async () => {
    const answer = await told(`{ v: visit(id: "v-2") { d: day r: reason } }`);
    expect(answer.data).toEqual({ v: { d: "2025-03-04", r: null } });
    expect(answer.errors).toMatchObject([{ path: ["v", "r"], extensions: { code: "FAULT" } }]);
    expect(answer.text).not.toContain("cannot be read");
  });

  it("has an error under each of its aliases", async () => {
    const answer = await told(
      `{ v: visit(id: "v-2") { r: reason s: reason l: reason(style: LONG) } }`,
    );
    expect(pathsOf(answer)).toEqual(["v.l", "v.r", "v.s"]);
  });

  it("has an error in each place, where the same thing stands in several", async () => {
    const answer = await told(
      `{ person(id: "p-1") { friends { friends { d: diagnosis } } } charts { o: owner { e: diagnosis } } }`,
    );
    expect(pathsOf(answer)).toEqual(["charts.1.o.e", "person.friends.2.0.friends.0.1.d"]);
  });
});

describe("while a subgraph is down", () => {
  /** A graph of a test's own, for a subgraph that fails is left alone for a while. */
  const without = async (...names: string[]): Promise<Graph> => {
    const opened = await openGraph();
    onTestFinished(() => opened.close());
    for (const name of names) opened.down.add(name);
    return opened;
  };

  it("its fields are said to be missing, and the rest is served", async () => {
    const answer = await (
      await without("secrets")
    ).ask(`{ p: person(id: "p-1") { n: nickname d: diagnosis b: badge c: chart { o: opened } } }`);
    expect(answer.data).toEqual({
      p: { n: "gout", d: null, b: "blue", c: { o: "2024-12-24" } },
    });
    expect(codesOf(answer)).toEqual(["SUBGRAPH_UNAVAILABLE"]);
    expect(pathsOf(answer)).toEqual(["p.d"]);
  });

  it("the fields that require it are said to be missing too, and its own name is not told", async () => {
    const answer = await (
      await without("secrets")
    ).ask(
      `{ p: person(id: "p-1") { n: nickname a: alert } all: people(first: 2) { g: gated q: queue } }`,
    );
    expect(answer.data).toEqual({
      p: { n: "gout", a: null },
      all: [
        { g: null, q: null },
        { g: null, q: null },
      ],
    });
    expect(new Set(codesOf(answer))).toEqual(new Set(["SUBGRAPH_UNAVAILABLE"]));
    expect(pathsOf(answer)).toEqual(["all.0.g", "all.0.q", "all.1.g", "all.1.q", "p.a"]);
    expect(answer.text).not.toMatch(/diagnosis|consent/);
  });

  it("a field that requires it is not computed from nothing", async () => {
    const answer = await (
      await without("secrets")
    ).ask(`{ person(id: "p-2") { consent: nickname gated } }`);
    expect(answer.data).toEqual({ person: { consent: "asthma", gated: null } });
    expect(answer.asked.care).toBeUndefined();
  });

  it("its root fields are null, and others are not", async () => {
    const answer = await (
      await without("visits")
    ).ask(`{ v: visit(id: "v-1") { day } n: note(id: "n-1") { text } }`);
    expect(answer.data).toEqual({ v: null, n: { text: "slept well" } });
    expect(codesOf(answer)).toEqual(["SUBGRAPH_UNAVAILABLE"]);
    expect(pathsOf(answer)).toEqual(["v"]);
  });

  it("what must not be null makes null what it stands in, and says why", async () => {
    const answer = await (
      await without("placements")
    ).ask(`{ a: people(first: 2) { n: name b: badge } c: person(id: "p-1") { d: diagnosis } }`);
    expect(answer.data).toEqual({ a: [null, null], c: { d: "asthma" } });
    expect(new Set(codesOf(answer))).toEqual(new Set(["SUBGRAPH_UNAVAILABLE"]));
    expect(pathsOf(answer)).toEqual(["a.0.b", "a.1.b"]);
  });

  it("all is null, if it must be", async () => {
    const answer = await (
      await without("visits")
    ).ask(`{ w: ward { head } person(id: "p-1") { name } }`);
    expect(answer.data).toBeNull();
    expect(codesOf(answer)).toEqual(["SUBGRAPH_UNAVAILABLE"]);
    expect(pathsOf(answer)).toEqual(["w"]);
  });

  it("the mutations after its own are made", async () => {
    const answer = await (
      await without("notes")
    ).ask(`mutation {
      admit(person: "p-1") { number }
      n: note(input: { about: "p-1" }) { number }
      place(number: "N-1") { before }
    }`);
    expect(answer.data).toEqual({
      admit: { number: 1 },
      n: null,
      place: { before: ["admit p-1 walk-in 9,17"] },
    });
    expect(codesOf(answer)).toEqual(["SUBGRAPH_UNAVAILABLE"]);
    expect(pathsOf(answer)).toEqual(["n"]);
  });

  it("what concerns it not is answered in full, and it is not asked", async () => {
    const opened = await without("secrets");
    const answer = await opened.ask(`{ people { name chart { opened } } }`);
    expect(answer.errors).toEqual([]);
    expect(answer.asked.secrets).toBeUndefined();
  });
});
