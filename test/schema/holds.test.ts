/** What a build refuses of a graph's labels: each time a small graph that composes and must not be built, and the one that may. */
import { readFileSync } from "node:fs";
import { composeServices } from "@apollo/composition";
import { concatAST, Kind, parse, print, visit } from "graphql";
import type { DocumentNode } from "graphql";
import { describe, expect, it } from "vitest";
import { typeDefsOf } from "#platform/type-defs.ts";
import { complaints } from "#schema/holds.ts";
import type { Part } from "#schema/holds.ts";
import { held, placesOf } from "#schema/places.ts";
import { HELD } from "#sharing/vocabulary.ts";
import { ROOM_FOLDERS } from "../../scripts/rooms.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

const SHARING = parse(read("../../schema/sharing.graphql"));

const FEDERATION =
  '@link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", "@provides", "@composeDirective", "@context", "@fromContext", "@interfaceObject"])';
const LINK = '@link(url: "https://handoff-graph.org/sharing/v1.0", import: ["@holds"])';
const COMPOSE = '@composeDirective(name: "@holds")';
const HEAD = `extend schema ${FEDERATION} ${LINK} ${COMPOSE}`;

const open = "@holds(category: OPERATIONAL)";
const names = "@holds(category: DEMOGRAPHICS)";
const medicine = "@holds(category: MEDICATIONS)";

/** Two subgraphs, each after its head. */
interface Graph {
  people: string;
  care: string;
}

const GRAPH: Graph = {
  people: `
    type Query { person(id: ID! ${open}): Person ${names} }
    type Person @key(fields: "id") ${names} { id: ID! ${open} name: String }`,
  care: `
    type Person @key(fields: "id") ${names} { id: ID! ${open} medicines: [Medicine!] ${medicine} }
    type Medicine ${medicine} { id: ID! ${open} name: String form: Form }
    enum Form ${medicine} { TABLET SYRUP }`,
};

const partsOf = (graph: Graph): Part[] =>
  Object.entries(graph).map(([name, sdl]) => ({
    name,
    typeDefs: concatAST([
      SHARING,
      parse((sdl as string).includes("extend schema") ? (sdl as string) : `${HEAD} ${sdl}`),
    ]),
  }));

const composed = (parts: readonly Part[]): DocumentNode | undefined => {
  const { supergraphSdl } = composeServices(
    parts.map((part) => ({ ...part, url: `http://${part.name}` })),
  );
  return supergraphSdl === undefined ? undefined : parse(supergraphSdl);
};

/** What composition refuses itself is looked at beside the graph that it would compose. */
const wrongWith = (graph: Graph, mended: Graph = GRAPH): string[] => {
  const parts = partsOf(graph);
  const supergraph = composed(parts) ?? composed(partsOf(mended));
  if (!supergraph) throw new Error("the mended graph does not compose");
  return complaints(parts, supergraph);
};

/** @param at The subgraph. @param from What stands in it. @param to What shall stand there instead. */
const changed = (graph: Graph, at: keyof Graph, from: string, to: string): Graph => {
  expect(graph[at]).toContain(from);
  return { ...graph, [at]: graph[at].replace(from, to) };
};

const added = (at: keyof Graph, sdl: string, graph = GRAPH): Graph => ({
  ...graph,
  [at]: `${graph[at]}\n${sdl}`,
});

it("a graph that says all is built", () => {
  expect(composed(partsOf(GRAPH))).toBeDefined();
  expect(wrongWith(GRAPH)).toEqual([]);
});

it("the categories of the directive are those of the law", () => {
  const values = SHARING.definitions.flatMap((it) =>
    it.kind === Kind.ENUM_TYPE_DEFINITION ? (it.values ?? []).map(({ name }) => name.value) : [],
  );
  expect(values).toEqual([...HELD]);
});

describe("a place that says nothing", () => {
  const input = added(
    "care",
    `type Mutation { order(input: OrderInput!): Medicine ${medicine} }
     input OrderInput ${medicine} { form: Form }`,
  );
  it.each<[string, Graph, keyof Graph, string, string]>([
    ["a type", GRAPH, "care", `type Medicine ${medicine}`, "Medicine"],
    ["a field of a root", GRAPH, "people", `: Person ${names}`, "Query.person"],
    ["an enum", GRAPH, "care", `enum Form ${medicine}`, "Form"],
    ["an input", input, "care", `input OrderInput ${medicine}`, "OrderInput"],
  ])("is found: %s", (_, graph, at, label, coordinate) => {
    const without = changed(graph, at, label, label.replace(/ @holds.*/, ""));
    expect(wrongWith(without)).toContain(
      `${at}: ${coordinate} does not say what it holds; write \`@holds(category: ...)\` on it${coordinate.includes(".") ? " or on what it is a part of" : ""}`,
    );
    expect(wrongWith(graph)).toEqual([]);
  });

  it("is found with what is a part of it: a field, its argument, an enum's value, an input's field", () => {
    const said = [
      [GRAPH, "people", `: Person ${names}`],
      [GRAPH, "care", `enum Form ${medicine}`],
      [GRAPH, "care", `type Medicine ${medicine}`],
      [input, "care", `input OrderInput ${medicine}`],
    ] as const;
    const found = said.flatMap(([graph, at, label]) =>
      wrongWith(changed(graph, at, label, label.replace(/ @holds.*/, ""))).map(
        (it) => it.split(" ")[1],
      ),
    );
    expect(found).toEqual(
      expect.arrayContaining(["Form.TABLET", "Form.SYRUP", "Medicine.name", "OrderInput.form"]),
    );
    const field = `note(of: ID!): String`;
    expect(wrongWith(added("care", `extend type Query { ${field} }`))).toEqual(
      ["Query.note", "Query.note(of:)"].map(
        (it) =>
          `care: ${it} does not say what it holds; write \`@holds(category: ...)\` on it or on what it is a part of`,
      ),
    );
    expect(wrongWith(added("care", `extend type Query { ${field} ${names} }`))).toEqual([]);
  });

  it("is not open because what it is a part of is", () => {
    const person = added("care", `type Visit ${open} { id: ID! ${open} reason: String ${names} }`);
    expect(wrongWith(person)).toEqual([]);
    expect(wrongWith(changed(person, "care", "reason", "bed: String reason"))).toEqual([
      "care: Visit.bed holds OPERATIONAL by default, and other parts of Visit are protected; write `@holds(category: ...)` on it",
    ]);
  });
});

it("a place has one label, in whichever subgraph it stands", () => {
  const name = `name: String @external`;
  const twice = changed(GRAPH, "care", "medicines:", `${name} ${medicine} medicines:`);
  const needed = added("care", "", twice);
  const broken = changed(
    needed,
    "care",
    `medicines: [Medicine!] ${medicine}`,
    `medicines: [Medicine!] @requires(fields: "name") ${medicine}`,
  );
  expect(wrongWith(broken)).toContain(
    "people has DEMOGRAPHICS, care has MEDICATIONS for Person.name; give it one label",
  );
  expect(
    wrongWith(
      changed(
        GRAPH,
        "care",
        `type Person @key(fields: "id") ${names}`,
        `type Person @key(fields: "id") ${medicine}`,
      ),
    ),
  ).toContain("people has DEMOGRAPHICS, care has MEDICATIONS for Person; give it one label");
});

describe("what is protected", () => {
  it("may be empty", () => {
    expect(wrongWith(changed(GRAPH, "people", "name: String", "name: String!"))).toEqual([
      "people: Person.name holds DEMOGRAPHICS and must not be empty; take the `!` off its type",
    ]);
    // A list is shortened by what may not be seen; it holds no nulls.
    expect(wrongWith(changed(GRAPH, "care", "[Medicine!]", "[Medicine!]!"))).toEqual([
      "care: Person.medicines holds MEDICATIONS and must not be empty; take the `!` off its type",
    ]);
  });

  it("may be empty where only one of its values is protected", () => {
    const bed = `type Bed ${open} { id: ID! ${open} kind: Kind! ${open} }`;
    const kinds = `enum Kind ${open} { ACUTE ${open} DETOX @holds(category: SUD_TREATMENT) }`;
    expect(wrongWith(added("care", `${bed} ${kinds}`))).toEqual([
      "care: Bed.kind holds SUD_TREATMENT and must not be empty; take the `!` off its type",
    ]);
    expect(
      wrongWith(added("care", `${bed.replace("!: Kind!", "")} ${kinds}`.replace("Kind!", "Kind"))),
    ).toEqual([]);
  });

  it("is not reached by what is open", () => {
    const bed = (label: string) => `type Bed ${open} { id: ID! ${open} given: Medicine ${label} }`;
    expect(wrongWith(added("care", bed(open)))).toEqual([
      "care: Bed.given holds OPERATIONAL, and Medicine holds MEDICATIONS; give it a label that is protected",
    ]);
    expect(wrongWith(added("care", bed(medicine)))).toEqual([]);
    const asked = (label: string) =>
      `extend type Query { medicines(form: Form ${label}): [Medicine!] ${medicine} }`;
    expect(wrongWith(added("care", asked(open)))).toEqual([
      "care: Query.medicines(form:) holds OPERATIONAL, and Form holds MEDICATIONS; give it a label that is protected",
    ]);
    expect(wrongWith(added("care", asked("")))).toEqual([]);
  });

  it("is in no key", () => {
    const twoKeys = changed(
      GRAPH,
      "people",
      `@key(fields: "id")`,
      `@key(fields: "id") @key(fields: "name")`,
    );
    expect(wrongWith(twoKeys)).toEqual([
      "people: the key of Person has Person.name, which holds DEMOGRAPHICS; use an opaque id",
    ]);
  });
});

describe("an interface and a union", () => {
  const named = (label: string) =>
    changed(
      added("people", `interface Named ${label} { name: String }`),
      "people",
      "type Person",
      "type Person implements Named",
    );

  it("are had for no less than what they stand for", () => {
    expect(wrongWith(named(names))).toEqual([]);
    expect(wrongWith(named(open))).toEqual([
      "people: Named holds OPERATIONAL, and Person holds DEMOGRAPHICS; give both the same label",
      "people: Named.name holds OPERATIONAL, and Person.name holds DEMOGRAPHICS; give both the same label",
    ]);
    const found = (label: string) => added("people", `union Found ${label} = Person`);
    expect(wrongWith(found(names))).toEqual([]);
    expect(wrongWith(found(open))).toEqual([
      "people: Found holds OPERATIONAL, and Person holds DEMOGRAPHICS; give both the same label",
    ]);
  });

  it("cover no category with another one", () => {
    expect(wrongWith(added("people", `union Found ${medicine} = Person`))).toEqual([
      "people: Found holds MEDICATIONS, and Person holds DEMOGRAPHICS; give both the same label",
    ]);
  });
});

describe("a field that requires another", () => {
  const warned = (label: string, fields = "name") =>
    changed(
      GRAPH,
      "care",
      "medicines:",
      `name: String @external warning: String @requires(fields: "${fields}") ${label} medicines:`,
    );

  it("holds what that one holds", () => {
    expect(wrongWith(warned(names))).toEqual([]);
    for (const label of [open, medicine])
      expect(wrongWith(warned(label))).toEqual([
        `care: Person.warning holds ${/: (\w+)/.exec(label)?.[1]} and requires Person.name, which holds DEMOGRAPHICS; give it that label, or do not require it`,
      ]);
  });

  it("holds what stands deep in that one", () => {
    const address = `type Address ${names} { town: String }`;
    const deep = (label: string) => ({
      people: `${GRAPH.people.replace("name: String", "name: String address: Address")} ${address}`,
      care: `${GRAPH.care.replace(
        "medicines:",
        `address: Address @external ${names} zone: String @requires(fields: "address { ... on Address { town } }") ${label} medicines:`,
      )} ${address.replace("String", "String @external")}`,
    });
    expect(wrongWith(deep(names))).toEqual([]);
    expect(wrongWith(deep(open))).toEqual(
      ["Person.address", "Address.town"].map(
        (it) =>
          `care: Person.zone holds OPERATIONAL and requires ${it}, which holds DEMOGRAPHICS; give it that label, or do not require it`,
      ),
    );
  });
});

describe("a field set", () => {
  const spelled = (fields: string, directive: "requires" | "provides" | "key") => {
    const people = GRAPH.people.replace(
      "name: String",
      `name: String called(short: Boolean): String`,
    );
    if (directive === "key")
      return {
        people: people.replace(`"id"`, `"${fields}"`).replace(`: String }`, `: String ${open} }`),
        care: GRAPH.care,
      };
    const called = `called(short: Boolean): String @external`;
    return {
      people,
      care:
        directive === "requires"
          ? GRAPH.care.replace(
              "medicines:",
              `${called} ${names} tag: String @requires(fields: "${fields}") ${names} medicines:`,
            )
          : `${GRAPH.care.replace("medicines:", `${called} ${names} medicines:`)}
             extend type Query { anyone: Person @provides(fields: "${fields}") ${names} }`,
    };
  };
  it.each([
    ["requires", "Person.tag"],
    ["provides", "Query.anyone"],
    ["key", "Person"],
  ] as const)("gives no argument: @%s", (directive, coordinate) => {
    const says = new RegExp(
      `^(care|people): \`@${directive}\` of ${coordinate} gives an argument to Person.called; take it out$`,
    );
    const broken = wrongWith(spelled("called(short: true)", directive));
    expect(broken.filter((it) => says.test(it))).toHaveLength(1);
    const mended = wrongWith(spelled(directive === "key" ? "id" : "called", directive));
    expect(mended.filter((it) => it.includes("gives an argument"))).toEqual([]);
  });
});

describe("a way round the labels", () => {
  it("is not taken: a context", () => {
    const ward = `
      type Ward @key(fields: "id") @context(name: "ward") ${names} { id: ID! ${open} name: String beds: [Bed!] }
      type Bed @key(fields: "id") ${names} { id: ID! ${open} label(ward: String @fromContext(field: "$ward { name }")): String }
      extend type Query { wards: [Ward!] ${names} }`;
    expect(wrongWith(added("people", ward))).toContain(
      "people: `@fromContext` on Bed.label(ward:) hands on a value that no requester asked for; do without it",
    );
    const without = ward.replace(/ @fromContext\([^)]*\)/, "");
    expect(wrongWith(added("people", without))).toEqual([]);
  });

  it("is not taken: an interface's field that the types behind it do not label", () => {
    const graph: Graph = {
      people: `${GRAPH.people.replace("type Person", "type Person implements Known")}
        interface Known @key(fields: "id") ${names} { id: ID! ${open} }`,
      care: `
        type Known @key(fields: "id") @interfaceObject ${names} { id: ID! ${open} allergy: String }`,
    };
    expect(wrongWith(graph)).toContain(
      "care: `@interfaceObject` on Known gives other subgraphs' types a field that they do not label; do without it",
    );
  });
});

describe("a subgraph whose labels would be lost", () => {
  const headed = (head: string, rename = (sdl: string) => sdl): Graph => ({
    ...GRAPH,
    care: `${head} ${rename(GRAPH.care)}`,
  });

  it("links the spec", () => {
    expect(wrongWith(headed(`extend schema ${FEDERATION}`))).toContain(
      `care: does not link the sharing spec; write \`${LINK}\` on its schema`,
    );
  });

  it("links a version that is read", () => {
    const later = LINK.replace("v1.0", "v2.0");
    expect(wrongWith(headed(`extend schema ${FEDERATION} ${later} ${COMPOSE}`))).toContain(
      `care: the sharing spec is linked as \`https://handoff-graph.org/sharing/v2.0\`, and only version 1 is read; write \`${LINK}\``,
    );
    expect(
      wrongWith(headed(`extend schema ${FEDERATION} ${LINK.replace("v1.0", "v1.1")} ${COMPOSE}`)),
    ).toEqual([]);
  });

  it("has its labels composed", () => {
    const found = wrongWith(headed(`extend schema ${FEDERATION} ${LINK}`));
    expect(found).toContain(`care: its labels would be lost; write \`${COMPOSE}\` on its schema`);
    // And what was lost is found in what came of it.
    expect(found).toContain(
      "care: Medicine holds MEDICATIONS, and in the supergraph nothing; compose again, and look at what composition says",
    );
  });

  it.each([
    [
      `import: [{ name: "@holds", as: "@tells" }]`,
      "`@holds` is imported under the name `@tells`",
      "@tells",
    ],
    [
      `as: "secrets", import: ["@holds"]`,
      "the sharing spec is linked under the name `secrets`",
      "@holds",
    ],
    [`import: ["sharing__Category"]`, "`@holds` is not imported", "@sharing__holds"],
  ])("calls the directive by its name: %s", (how, fault, name) => {
    const link = `@link(url: "https://handoff-graph.org/sharing/v1.0", ${how})`;
    const head = `extend schema ${FEDERATION} ${link} ${COMPOSE.replace("@holds", name)}`;
    const graph = headed(head, (sdl) => sdl.replaceAll("@holds", name));
    expect(wrongWith(graph)).toContain(`care: ${fault}; write \`${LINK}\``);
  });
});

it("a label that composition did not keep is missed", () => {
  const parts = partsOf(GRAPH);
  const supergraph = composed(parts) as DocumentNode;
  const without = parse(
    print(supergraph).replace(/enum Form.*\n?.*@holds\(category: MEDICATIONS\)/, "enum Form"),
  );
  expect(complaints(parts, without)).toEqual(
    ["Form", "Form.TABLET", "Form.SYRUP"].map(
      (it) =>
        `care: ${it} holds MEDICATIONS, and in the supergraph nothing; compose again, and look at what composition says`,
    ),
  );
});

describe("the house's own graph", () => {
  const rooms: Part[] = Object.entries(ROOM_FOLDERS).map(([name, folder]) => ({
    name,
    typeDefs: typeDefsOf(folder),
  }));
  const supergraph = parse(read("../../schema/supergraph.graphql"));

  /** A room without one of its labels, for each that it has. */
  const withoutOne = ({ name, typeDefs }: Part): Part[] => {
    const labels: unknown[] = [];
    visit(typeDefs, {
      Directive: (it) => void (it.name.value === "holds" && labels.push(it)),
    });
    return labels.map((label) => ({
      name,
      typeDefs: visit(typeDefs, { Directive: (it) => (it === label ? null : undefined) }),
    }));
  };

  it("says all", () => {
    expect(complaints(rooms, supergraph)).toEqual([]);
  });

  it("has its labels in the supergraph: on types, fields, arguments, inputs and their fields, enums and their values", () => {
    const places = placesOf(supergraph);
    const labels = held(places);
    expect(places.filter(({ coordinate }) => !labels.has(coordinate))).toEqual([]);
    const labelled = places.filter(({ label }) => label !== undefined).map((it) => it.kind);
    expect(new Set(labelled)).toEqual(new Set(["TYPE", "FIELD", "ARGUMENT", "INPUT_FIELD"]));
  });

  it("says nothing of its labels to clients, nor to resolvers", () => {
    const api = read("../../schema/api.graphql");
    expect(api).not.toMatch(/sharing__|@holds/);
    for (const folder of Object.values(ROOM_FOLDERS))
      expect(readFileSync(new URL("resolvers.types.ts", folder), "utf8")).not.toMatch(
        /sharing__|@holds|HoldsDirective/i,
      );
  });

  it("misses any label that is taken out, and what stands without it is protected or is not built", () => {
    for (const room of rooms) {
      const before = held(placesOf(room.typeDefs));
      for (const without of withoutOne(room)) {
        const found = complaints(
          rooms.map((it) => (it === room ? without : it)),
          supergraph,
        );
        expect(found).not.toEqual([]);
        // The rest is found before it is composed; these, by the file being stale.
        if (found.some((it) => !it.includes("in the supergraph"))) continue;
        const after = held(placesOf(without.typeDefs));
        const other = [...before.keys()].filter((it) => after.get(it) !== before.get(it));
        expect(other).not.toEqual([]);
        expect(other.filter((it) => after.get(it) === "OPERATIONAL")).toEqual([]);
      }
    }
  }, 60_000);
});
