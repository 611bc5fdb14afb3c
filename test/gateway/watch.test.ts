/** Another supergraph, while the gateway runs: it is served soon, or the one before is served still; and nobody notices. */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { watch } from "../../gateway/watch.ts";
import { httpSubgraph } from "../../gateway/subgraph.ts";
import { testLog } from "../county/house.ts";
import { dataDirectory, run } from "../scripts/process.ts";
import type { Running } from "../scripts/process.ts";
import { lineOf, send } from "./line.ts";
import { openShelters } from "./shelters.ts";
import type { Shelters } from "./shelters.ts";

let shelters: Shelters;
beforeAll(async () => {
  shelters = await openShelters();
});
afterAll(() => shelters.close());

const LONG_MS = 20_000;
/** On a machine that is slow and shared. */
const soon = <T>(look: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(look, { timeout: LONG_MS, interval: 50 });

const ask = async (url: string, query: string) => {
  const { text } = await send(url, {
    body: JSON.stringify({ query }),
    headers: { "content-type": "application/json" },
  });
  return JSON.parse(text) as { data?: any; errors?: unknown[] };
};

const FREE = "{ shelters { name free } }";
const ANSWER = {
  data: {
    shelters: [
      { name: "Alder Family Shelter", free: 3 },
      { name: "Riverside Night Shelter", free: 0 },
    ],
  },
};
const WAITING = "{ shelters { waiting } }";
const NEWER_ANSWER = { data: { shelters: [{ waiting: 0 }, { waiting: 7 }] } };

/** A file of a test's own. */
const fileWith = (content: string) => {
  const { path, remove } = dataDirectory();
  const file = join(path, "supergraph.graphql");
  writeFileSync(file, content);
  return {
    file,
    write: (next: string) => writeFileSync(file, next),
    /** As what puts files in place does it: another file under the same name. */
    replace: (next: string) => {
      writeFileSync(`${file}.next`, next);
      renameSync(`${file}.next`, file);
    },
    remove: () => rmSync(file),
    removeAll: remove,
  };
};

describe("a gateway's supergraph", () => {
  let file: ReturnType<typeof fileWith>;
  let gateway: Running;
  let url: string;

  beforeAll(async () => {
    file = fileWith(shelters.sdl);
    gateway = run("gateway", ["--supergraph", file.file, "--port", "0", "--open"], {});
    [, url = ""] = await gateway.says(/^ready (\S+)$/m);
  });
  afterAll(async () => {
    gateway.child.kill("SIGTERM");
    expect(await gateway.ended).toBe(0);
    file.removeAll();
  });

  const givenTheFirst = async () => {
    file.replace(shelters.sdl);
    await soon(async () => expect((await ask(url, WAITING)).errors).toHaveLength(1));
  };

  it.each(["write", "replace"] as const)(
    "that has a field more is served soon, and so is the one before again (%s)",
    async (way) => {
      await givenTheFirst();
      expect(await ask(url, FREE)).toEqual(ANSWER);
      file[way](shelters.newerSdl);
      await soon(async () => expect(await ask(url, WAITING)).toEqual(NEWER_ANSWER));
      file[way](shelters.sdl);
      await soon(async () => expect((await ask(url, WAITING)).errors).toHaveLength(1));
      expect(await ask(url, FREE)).toEqual(ANSWER);
    },
  );

  it.each<[what: string, change: () => void, why: string]>([
    ["is garbage", () => file.replace("<html>502</html>"), "Syntax Error"],
    ["is empty", () => file.replace(""), "Syntax Error"],
    [
      "is cut off",
      () => file.replace(shelters.newerSdl.slice(0, shelters.newerSdl.lastIndexOf("}"))),
      "Syntax Error",
    ],
    [
      "is half there",
      () => file.replace(shelters.newerSdl.slice(0, shelters.newerSdl.indexOf("\ntype Query"))),
      `Unknown type: "Query"`,
    ],
    [
      "is a schema, but no supergraph",
      () => file.replace("type Query { shelters: [String!]! }"),
      "the supergraph is not usable",
    ],
    [
      "is of a kind that is not known yet",
      () => file.replace(shelters.newerSdl.replace("/join/v0.5", "/join/v9.0")),
      "unsupported join spec version",
    ],
    [
      "has a subgraph that is nowhere",
      () => file.replace(shelters.with("meals", "nowhere")),
      `"nowhere" is no URL of its subgraph meals`,
    ],
    ["is gone", () => file.remove(), "ENOENT"],
  ])("that %s leaves the one before in service, and the log says why", async (_, change, why) => {
    await givenTheFirst();
    const before = gateway.err().length;
    change();
    const [line = ""] = await soon(() => {
      const lines = gateway.err().slice(before).split("\n").slice(0, -1);
      expect(lines).not.toEqual([]);
      return lines;
    });
    expect(JSON.parse(line)).toMatchObject({
      level: 50,
      msg: "the supergraph in the file is not served; the one before still is",
      why: expect.stringContaining(why),
    });
    expect(await ask(url, FREE)).toEqual(ANSWER);
  });

  it("that is good after one that was not is served", async () => {
    await givenTheFirst();
    const before = gateway.err().length;
    file.replace("type Query {");
    await soon(() => expect(gateway.err().slice(before)).toContain("Syntax Error"));
    file.replace(shelters.newerSdl);
    await soon(async () => expect(await ask(url, WAITING)).toEqual(NEWER_ANSWER));
  });
});

/** A gateway in this process, whose subgraphs are those that it was told of when it was opened. */
const openHere = async () => {
  const subgraphs = Object.fromEntries(
    (["shelters", "beds"] as const).map((name) => [
      name,
      httpSubgraph(name, shelters.urls[name], null),
    ]),
  );
  const file = fileWith(shelters.sdl);
  const deadlines = { readMs: LONG_MS, mutationMs: LONG_MS };
  const line = await lineOf({ sdl: shelters.sdl, subgraphs }, { deadlines });
  const changes: string[] = [];
  const change = (sdl: string) => {
    changes.push(sdl);
    return line.change({ sdl, subgraphs });
  };
  const watching = watch(file.file, shelters.sdl, change, line.log);
  onTestFinished(async () => {
    watching.stop();
    await line.close();
    await Promise.all(Object.values(subgraphs).map((it) => it.close()));
    file.removeAll();
  });
  const told = () => line.logged.map((it) => JSON.parse(it) as { msg: string; why?: string });
  return {
    ...line,
    ...file,
    changes,
    told,
    /** Waits until as many have been served, after the first. */
    served: (count: number) =>
      soon(() =>
        expect(told().filter(({ msg }) => msg === "another supergraph is served")).toHaveLength(
          count,
        ),
      ),
  };
};

describe("a change of the supergraph", () => {
  it("to one with a subgraph that the house does not know of is not made", async () => {
    const here = await openHere();
    here.replace(shelters.with("meals", "http://127.0.0.1:1/graphql"));
    await soon(() => expect(here.logged).toHaveLength(1));
    expect(here.told()).toMatchObject([
      { why: "the supergraph has a subgraph meals, and nothing says where it answers" },
    ]);
    expect(await ask(here.url, FREE)).toEqual(ANSWER);
  });

  it("is not noticed by who is being answered at that moment", async () => {
    const here = await openHere();
    const { asked, release } = shelters.hold();
    onTestFinished(release);
    const underWay = ask(here.url, FREE);
    await asked;
    const ended = vi.spyOn(Worker.prototype, "terminate");
    onTestFinished(() => ended.mockRestore());
    here.replace(shelters.newerSdl);
    await here.served(1);
    // The newer one answers, while the one before still waits for its subgraph.
    const { data } = await ask(here.url, `{ __type(name: "Shelter") { fields { name } } }`);
    expect(data.__type.fields).toContainEqual({ name: "waiting" });
    expect(ended).not.toHaveBeenCalled();
    release();
    expect(await underWay).toEqual(ANSWER);
    // The one before is let go with its last answer, and its planner's thread with it.
    expect(ended).toHaveBeenCalledOnce();
    expect(await ask(here.url, WAITING)).toEqual(NEWER_ANSWER);
  });

  it("is not noticed by who asks again and again, four changes long", async () => {
    const here = await openHere();
    let isOver = false;
    const answers: string[] = [];
    const asking = [1, 2, 3, 4].map(async () => {
      while (!isOver) answers.push(JSON.stringify(await ask(here.url, FREE)));
    });
    for (let change = 1; change <= 4; change++) {
      here.replace(change % 2 === 1 ? shelters.newerSdl : shelters.sdl);
      await here.served(change);
    }
    isOver = true;
    await Promise.all(asking);
    expect(answers.length).toBeGreaterThan(10);
    expect(new Set(answers)).toEqual(new Set([JSON.stringify(ANSWER)]));
  });

  it("that was made while the gateway opened is served too", async () => {
    const { file, removeAll } = fileWith(shelters.newerSdl);
    const changes: string[] = [];
    const change = async (sdl: string) => void changes.push(sdl);
    const watching = watch(file, shelters.sdl, change, testLog().log);
    onTestFinished(() => {
      watching.stop();
      removeAll();
    });
    await soon(() => expect(changes).toEqual([shelters.newerSdl]));
  });

  it("to the same again is none", async () => {
    const here = await openHere();
    here.replace(shelters.sdl);
    here.replace(shelters.newerSdl);
    await here.served(1);
    expect(here.changes).toEqual([shelters.newerSdl]);
  });
});
