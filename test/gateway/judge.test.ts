/** What is never given is not asked for: who is denied what before any room is asked, and for how long that is remembered. */
import { buildSubgraphSchema } from "@apollo/subgraph";
import { graphql } from "graphql";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { KEEPS } from "#sharing/keeps.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Category } from "#sharing/vocabulary.ts";
import { typeDefsOf } from "#platform/type-defs.ts";
import { documentId, trusting } from "../../gateway/documents.ts";
import { judging } from "../../gateway/judge.ts";
import type { Judging } from "../../gateway/judge.ts";
import type { Subgraph } from "../../gateway/subgraph.ts";
import { ROOM_FOLDERS } from "../../scripts/rooms.ts";
import { agencies, personas } from "../county/county.ts";
import type { PersonaName } from "../county/county.ts";
import { testLog } from "../county/house.ts";
import { emptyHouse, lineOf, send } from "./line.ts";
import type { TestLine } from "./line.ts";

const { county } = agencies;
const worker = personas["county-case-worker"];
const MEDICINES = { categories: ["MEDICATIONS"], isMutation: false } as const;
const CHANGE = { ...MEDICINES, isMutation: true };
const DEADLINES = { readMs: 300, mutationMs: 500 };

/** Rooms that say what the county keeps in them, or do not answer. */
let kept: (readonly Category[] | Error)[];
/** How long each of them was given to say it. */
let within: (number | undefined)[];
let milliseconds: number;
let judge: Judging;

const room = (index: number): Subgraph => ({
  answer: () => Promise.reject(new Error("it is asked for nothing but what an agency keeps")),
  enter: () => Promise.reject(new Error("it is asked for nothing but what an agency keeps")),
  ask: async (path, question, _, withinMs) => {
    expect([path, question]).toEqual([KEEPS.path, { agency: county.id }]);
    within.push(withinMs);
    const categories = kept[index] ?? [];
    if (categories instanceof Error) throw categories;
    return { categories };
  },
  close: async () => undefined,
});

beforeEach(() => {
  kept = [[], []];
  within = [];
  milliseconds = 10_000;
  judge = judging([room(0), room(1)], testLog().log, DEADLINES, () => milliseconds);
});

const deniedTo = async (requester: Requester, operation = { ...MEDICINES, isMutation: false }) => [
  ...(await judge(requester, operation, "request")),
];
const timesAsked = (): number => within.length / 2;

describe("what no rule lets an agency have of another's", () => {
  it("is denied to one that keeps nothing of its kind, and not to one that does", async () => {
    expect(await deniedTo(worker)).toEqual(["MEDICATIONS"]);
    milliseconds += 60_000;
    kept[1] = ["MEDICATIONS"];
    expect(await deniedTo(worker)).toEqual([]);
  });

  it("is not asked about again while the agency is known to keep something of its kind", async () => {
    kept[1] = ["MEDICATIONS"];
    await deniedTo(worker);
    milliseconds += 60_000;
    expect(await deniedTo(worker)).toEqual([]);
    expect(timesAsked()).toBe(1);
  });

  it("is not asked about again for two seconds where the agency keeps nothing of its kind", async () => {
    await deniedTo(worker);
    milliseconds += 1_999;
    expect(await deniedTo(worker)).toEqual(["MEDICATIONS"]);
    expect(timesAsked()).toBe(1);
    milliseconds += 1;
    await deniedTo(worker);
    expect(timesAsked()).toBe(2);
  });

  it("is asked about again after a room could not say, which is denied nothing meanwhile", async () => {
    kept[1] = new Error("out of reach");
    expect(await deniedTo(worker)).toEqual([]);
    kept[1] = [];
    expect(await deniedTo(worker)).toEqual(["MEDICATIONS"]);
    expect(timesAsked()).toBe(2);
  });

  it("is asked about within the deadline of a read", async () => {
    await deniedTo(worker);
    expect(within).toEqual([300, 300]);
  });

  it("is never asked about for one who governs, and reads not even their agency's own", async () => {
    expect(await deniedTo(personas["county-executive"])).toEqual(["MEDICATIONS"]);
    expect(await deniedTo(personas["county-executive"], CHANGE)).toEqual(["MEDICATIONS"]);
    expect(timesAsked()).toBe(0);
  });
});

describe("an agency that changes something", () => {
  it("is denied nothing that it may itself be making, and its rooms are not asked", async () => {
    expect(await deniedTo(worker)).toEqual(["MEDICATIONS"]);
    expect(await deniedTo(worker, CHANGE)).toEqual([]);
    expect(timesAsked()).toBe(1);
  });

  it("is asked about at each read for as long as its change may take, so that it sees at once what it made", async () => {
    await deniedTo(worker);
    await deniedTo(worker, CHANGE);
    expect(await deniedTo(worker)).toEqual(["MEDICATIONS"]);
    kept[0] = ["MEDICATIONS"];
    milliseconds += 499;
    expect(await deniedTo(worker)).toEqual([]);
  });

  it("is not taken to keep nothing by what was asked before it", async () => {
    const before = deniedTo(worker);
    await deniedTo(worker, CHANGE);
    expect(await before).toEqual(["MEDICATIONS"]);
    kept[0] = ["MEDICATIONS"];
    expect(await deniedTo(worker)).toEqual([]);
  });

  it("by another way than the graph is asked about for as long as that may take", async () => {
    await deniedTo(worker);
    judge.changing(county.id, 60_000);
    await deniedTo(worker);
    milliseconds += 59_999;
    await deniedTo(worker);
    kept[0] = ["MEDICATIONS"];
    expect(await deniedTo(worker)).toEqual([]);
  });
});

describe("an argument that asks with what is withheld", () => {
  const QUERY =
    'query Found($value: String!) { it: personByIdentifier(system: "urn:x", value: $value) { id } }';
  const ID = documentId(QUERY);
  const found = buildSubgraphSchema([
    {
      typeDefs: typeDefsOf(ROOM_FOLDERS.referrals),
      resolvers: {
        Query: {
          personByIdentifier: (_: unknown, { value }: { value: string }) => {
            asked.push(value);
            return { id: "p-1" };
          },
        },
      },
    },
  ]);
  /** The values by which somebody was looked for. */
  let asked: string[];
  let anything: TestLine;
  let trusted: TestLine;
  beforeAll(async () => {
    const house = emptyHouse();
    const referrals: Subgraph = {
      answer: async ({ query, variables }) =>
        (await graphql({
          schema: found,
          source: query,
          ...(variables && { variableValues: variables }),
        })) as never,
      enter: () => Promise.reject(new Error("nobody goes in")),
      ask: () => Promise.reject(new Error("nobody says what is kept")),
      close: async () => undefined,
    };
    const of = { ...house, subgraphs: { ...house.subgraphs, referrals } };
    const admitted = async (authorization: string | undefined) =>
      personas[authorization as PersonaName];
    anything = await lineOf(of, { admitted });
    trusted = await lineOf(of, {
      admitted,
      documents: trusting(new Map([[ID, QUERY]]), false),
    });
  });
  afterAll(async () => {
    await anything.close();
    await trusted.close();
  });
  beforeEach(() => {
    asked = [];
  });

  const ask = async ({ url }: TestLine, as: PersonaName, body: object) => {
    const { status, text } = await send(url, {
      headers: { "content-type": "application/json", authorization: as },
      body: JSON.stringify({ variables: { value: "canary 7" }, ...body }),
    });
    return { status, text, ...(JSON.parse(text) as { data?: unknown; errors?: any[] }) };
  };

  it.each([
    ["in the request", () => anything, { query: QUERY }],
    ["that is trusted, by its id", () => trusted, { documentId: ID }],
    ["that is trusted, by its text", () => trusted, { query: QUERY }],
  ])(
    "is refused for a document %s, which is decided anew for each caller",
    async (_, line, document) => {
      for (let time = 0; time < 3; time++) {
        const refused = await ask(line(), "commissioner-liaison", document);
        expect([refused.status, refused.data, refused.errors]).toEqual([
          403,
          undefined,
          [
            {
              message: "an argument asks with what is withheld",
              extensions: {
                code: "WITHHELD",
                category: "DEMOGRAPHICS",
                purpose: "HOPERAT",
                because: expect.arrayContaining([expect.any(String)]),
                routes: [],
              },
            },
          ],
        ]);
        expect(refused.text).not.toContain("canary");
        const given = await ask(line(), "county-case-worker", document);
        expect([given.status, given.data, given.errors]).toEqual([
          200,
          { it: { id: "p-1" } },
          undefined,
        ]);
      }
      // Nobody was looked for in the name of who was refused.
      expect(asked).toEqual(["canary 7", "canary 7", "canary 7"]);
    },
  );

  it("is refused in the same words whatever its value", async () => {
    const [one, another] = await Promise.all(
      ["canary 7", ""].map((value) =>
        ask(anything, "commissioner-liaison", { query: QUERY, variables: { value } }),
      ),
    );
    expect(another?.text).toBe(one?.text);
  });
});
