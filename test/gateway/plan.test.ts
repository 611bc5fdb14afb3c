/** What is planned, how often, and what becomes of an operation that cannot be planned in time. */
import { composeServices } from "@apollo/composition";
import { ApolloGateway } from "@apollo/gateway";
import { parse } from "graphql";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { PlanNode, QueryPlan } from "@apollo/query-planner";
import { openGraph } from "../../gateway/graph.ts";
import type { Graph } from "../../gateway/graph.ts";
import { DEADLINES } from "../../gateway/link.ts";
import { openPlanner, PLANNING_MS } from "../../gateway/plan.ts";
import type { Planner } from "../../gateway/plan.ts";
import type { Subgraph } from "../../gateway/subgraph.ts";
import { ROOMS, supergraph } from "../../scripts/house.ts";
import { personas } from "../county/county.ts";
import { testLog } from "../county/house.ts";
import { supergraph as madeUp } from "./graph/graph.ts";

const LONG_MS = 60_000;

/** The subgraphs that a plan asks. */
const asked = ({ node }: QueryPlan): string[] => {
  const within = (it: PlanNode | undefined): string[] => {
    if (it?.kind === "Fetch") return [it.serviceName];
    if (it?.kind === "Flatten") return within(it.node);
    return it?.kind === "Sequence" || it?.kind === "Parallel" ? it.nodes.flatMap(within) : [];
  };
  return within(node as PlanNode | undefined);
};

const opened = async (sdl: string, limitMs?: number): Promise<Planner> => {
  const planner = await openPlanner(sdl, limitMs);
  onTestFinished(planner.close);
  return planner;
};

const AGENCIES = "{agencies{edges{node{name}}}}";
const DISPUTES = "{handoffs{edges{node{referral{disputes{stage}}}}}}";

describe("the planner", () => {
  let planner: Planner;
  beforeAll(async () => {
    planner = await openPlanner(supergraph());
  });
  afterAll(() => planner.close());

  it("plans", async () => {
    expect(asked(await planner.plan(AGENCIES))).toEqual(["referrals"]);
    expect(asked(await planner.plan(DISPUTES))).toEqual(["referrals", "disputes"]);
  });

  it("plans what is asked at the same time, each for its own asker", async () => {
    const plans = await Promise.all([AGENCIES, DISPUTES, AGENCIES].map(planner.plan));
    expect(plans.map((it) => asked(it).length)).toEqual([1, 2, 1]);
  });

  it("says what clients may ask for, and nothing of how it was composed", () => {
    expect(planner.api).toContain("type Handoff {");
    expect(planner.api).not.toMatch(/join__|inaccessible/);
  });

  it("says of what it cannot plan that it is no client's fault, and plans the next", async () => {
    const broken = [planner.plan("{nothing}"), planner.plan("{agencies{")];
    const next = planner.plan(AGENCIES);
    for (const it of broken) await expect(it).rejects.toThrow(/^the planner: /);
    for (const it of broken) await expect(it).rejects.not.toHaveProperty("code");
    expect(asked(await next)).toEqual(["referrals"]);
  });
});

// Why it takes forever stands in `graph/operations.ts`.
const ENDLESS = "{stays{service{... on Housing{advice}}}}";
const PEOPLE = "{people{name}}";

describe("an operation that takes too long to plan", () => {
  const LIMIT_MS = 500;
  /** Enough to plan what is simple; a thread takes longer than this to come. */
  const SHORT_MS = 250;

  it("is refused, and the next one is planned all the same", async () => {
    const planner = await opened(madeUp, LIMIT_MS);
    for (let times = 0; times < 2; times++) {
      await expect(planner.plan(ENDLESS)).rejects.toMatchObject({
        code: "OPERATION_TOO_LARGE",
        details: { limit: "planning" },
      });
      expect(asked(await planner.plan(PEOPLE))).toEqual(["registry"]);
    }
  });

  it("takes none along of those that wait behind it", async () => {
    const planner = await opened(madeUp, LIMIT_MS);
    const endless = planner.plan(ENDLESS);
    const behind = [PEOPLE, "{people{id}}"].map(planner.plan);
    await expect(endless).rejects.toMatchObject({ code: "OPERATION_TOO_LARGE" });
    expect((await Promise.all(behind)).flatMap(asked)).toEqual(["registry", "registry"]);
  });

  it("is not what is asked while the next thread comes, however long that takes", async () => {
    const planner = await opened(madeUp, SHORT_MS);
    await expect(planner.plan(ENDLESS)).rejects.toMatchObject({ code: "OPERATION_TOO_LARGE" });
    expect(asked(await planner.plan(PEOPLE))).toEqual(["registry"]);
  });

  it("is refused too when it takes too much memory", { timeout: LONG_MS }, async () => {
    const planner = await opened(madeUp, LONG_MS);
    await expect(planner.plan(ENDLESS)).rejects.toMatchObject({ code: "OPERATION_TOO_LARGE" });
    expect(asked(await planner.plan(PEOPLE))).toEqual(["registry"]);
  });

  it("takes seconds, where most take milliseconds", () => {
    expect(PLANNING_MS).toBe(3_000);
  });
});

describe("a supergraph that is none", () => {
  it.each([
    ["no SDL", "this is no schema {"],
    ["a schema that was not composed", "type Query { agencies: [String!] }"],
    ["of a specification that nobody knows", supergraph().replaceAll("join/v0.5", "join/v9.9")],
    ["empty", ""],
  ])("is refused when it is opened: %s", async (_, sdl) => {
    await expect(openPlanner(sdl)).rejects.toThrow(/^the supergraph is not usable: ./);
  });
});

describe("a supergraph whose labels must be enforced", () => {
  const LINK = 'https://handoff-graph.org/sharing/v1.0", for: SECURITY';
  const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

  it("is refused by a gateway that knows nothing of them", async () => {
    const gateway = new ApolloGateway({ supergraphSdl: supergraph(), logger: silent });
    await expect(gateway.load()).rejects.toMatchObject({
      causes: [
        {
          message:
            "feature https://handoff-graph.org/sharing/v1.0 is for: SECURITY but is unsupported",
        },
      ],
    });
  });

  it("is planned here, also in a later minor version", async () => {
    expect(supergraph()).toContain(LINK);
    const later = await opened(supergraph().replace(LINK, LINK.replace("v1.0", "v1.7")));
    expect(asked(await later.plan(AGENCIES))).toEqual(["referrals"]);
  });

  it.each([
    ["another major version", LINK.replace("v1.0", "v2.0")],
    ["another name", `${LINK}, as: "sharing2"`],
    ["another feature that must be enforced", LINK.replace("handoff-graph", "another-graph")],
    [
      "another feature that must be executed",
      LINK.replace("sharing", "other").replace("SECURITY", "EXECUTION"),
    ],
    [
      "another feature beside it",
      `${LINK}, import: ["@holds"]) @link(url: "https://another-graph.org/vault/v1.0", for: SECURITY`,
    ],
  ])("is refused here for what is not known here: %s", async (_, link) => {
    const sdl = supergraph().replace(
      `${LINK}, import: ["@holds"]`,
      link.includes("import") ? link : `${link}, import: ["@holds"]`,
    );
    expect(sdl).not.toBe(supergraph());
    await expect(openPlanner(sdl)).rejects.toThrow(
      /^the supergraph is not usable: (.|\n)*is for: (SECURITY|EXECUTION) but is unsupported/,
    );
  });
});

describe("a planner that is closed", () => {
  it("refuses what waited for it, and what comes", async () => {
    const planner = await openPlanner(madeUp);
    const waiting = [ENDLESS, PEOPLE].map((text) =>
      planner.plan(text).catch(({ message }: Error) => message),
    );
    await planner.close();
    for (const it of waiting) expect(await it).toContain("has been closed");
    await expect(planner.plan(PEOPLE)).rejects.toThrow("has been closed");
  });

  it("while its next thread comes stays closed", async () => {
    const planner = await openPlanner(madeUp, 20);
    await expect(planner.plan(ENDLESS)).rejects.toMatchObject({ code: "OPERATION_TOO_LARGE" });
    const waiting = planner.plan(PEOPLE).catch(({ message }: Error) => message);
    await planner.close();
    expect(await waiting).toContain("has been closed");
    await expect(planner.plan(PEOPLE)).rejects.toThrow("has been closed");
  });
});

/** A subgraph that answers every question so, and counts them. */
const saying = (answer: Record<string, unknown>) => {
  const it = { count: 0 };
  const subgraph: Subgraph = {
    answer: async () => {
      it.count++;
      return { data: { ...answer } };
    },
    enter: (path) => Promise.reject(new Error(`no test goes in by ${path}`)),
    ask: (path) => Promise.reject(new Error(`no test asks at ${path}`)),
    close: async () => undefined,
  };
  return Object.assign(it, { subgraph });
};

const graphOf = async (sdl: string, subgraphs: Record<string, Subgraph>): Promise<Graph> => {
  const graph = await openGraph({ sdl, subgraphs }, DEADLINES, testLog().log);
  onTestFinished(graph.close);
  return graph;
};

describe("a graph's plans", () => {
  const { subgraph } = saying({});
  const rooms = Object.fromEntries(ROOMS.map(({ name }) => [name, subgraph]));

  it("are made once, for all who ask the same at the same time and afterwards", async () => {
    const { planned } = await graphOf(supergraph(), rooms);
    const [one, other] = [planned(AGENCIES), planned(AGENCIES)];
    expect(one).toBe(other);
    const plan = await one;
    expect(await planned(AGENCIES)).toBe(plan);
    expect(await planned(DISPUTES)).not.toBe(plan);
  });

  it("are not kept when there is none: the next one asks again", async () => {
    const { planned } = await graphOf(supergraph(), rooms);
    const one = planned("{nothing}");
    await expect(one).rejects.toThrow(/^the planner: /);
    const other = planned("{nothing}");
    expect(other).not.toBe(one);
    await expect(other).rejects.toThrow(/^the planner: /);
  });

  it("are no more than 1,000: the one that was not used the longest goes", async () => {
    const { planned } = await graphOf(supergraph(), rooms);
    const numbered = (first: number) => `{agencies(first:${first}){edges{cursor}}}`;
    const [first, second] = [await planned(numbered(1)), await planned(numbered(2))];
    await Promise.all(Array.from({ length: 998 }, (_, n) => planned(numbered(n + 3))));
    expect(await planned(numbered(1))).toBe(first);
    await planned(numbered(1_001));
    expect(await planned(numbered(1))).toBe(first);
    expect(await planned(numbered(2))).not.toBe(second);
  });

  it("are those of its own supergraph: the same words go where they belong in each", async () => {
    const compose = (owner: string): string => {
      const parts = ["one", "other"].map((name) => ({
        name,
        typeDefs: parse(`type Query { ${name === owner ? "motto" : name}: String }`),
      }));
      const { supergraphSdl, errors } = composeServices(parts);
      if (!supergraphSdl) throw new AggregateError(errors ?? []);
      return supergraphSdl;
    };
    const [one, other] = [saying({ motto: "one's" }), saying({ motto: "other's" })];
    const subgraphs = { one: one.subgraph, other: other.subgraph };
    const mottos: unknown[] = [];
    for (const owner of ["one", "other"]) {
      const { planned } = await graphOf(compose(owner), subgraphs);
      const data = {};
      await (
        await planned("{motto}")
      )({
        requester: personas["county-case-worker"],
        requestId: "request",
        gone: new AbortController().signal,
        variables: {},
        data,
        failures: [],
        heard: [],
      });
      mottos.push(data);
    }
    expect(mottos).toEqual([{ motto: "one's" }, { motto: "other's" }]);
    expect([one.count, other.count]).toEqual([1, 1]);
  });

  it("need somebody to answer for each of its subgraphs", async () => {
    const { disputes: _, ...others } = rooms;
    const opening = openGraph({ sdl: supergraph(), subgraphs: others }, DEADLINES, testLog().log);
    await expect(opening).rejects.toThrow("nothing says where it answers");
  });
});
