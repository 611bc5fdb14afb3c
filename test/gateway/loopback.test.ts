/** A house reaches nobody that it was not told of: whatever it tries to connect to is written down, and looked at. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { emptyLiteIn } from "../county/house.ts";
import { dataDirectory, run } from "../scripts/process.ts";
import { ask, bearer } from "./open.ts";

const PRELOAD = new URL("./connections.js", import.meta.url).href;

/** What a watched process noted: a target, or what was found by somebody who asked whether telemetry is off. */
interface Note {
  socket?: string;
  port?: number | null;
  dns?: string;
  datagram?: string;
  telemetryDisabled?: string | null;
}

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/** A directory of a test's own, and what a watched process noted there. */
const watch = () => {
  const directory = dataDirectory();
  onTestFinished(directory.remove);
  const file = join(directory.path, "connections");
  return {
    env: { DATA_DIR: directory.path, CONNECTIONS: file, NODE_OPTIONS: `--import ${PRELOAD}` },
    notes: (): Note[] =>
      existsSync(file)
        ? readFileSync(file, "utf8")
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line) as Note)
        : [],
  };
};

const targets = (notes: Note[]) =>
  notes.flatMap(({ socket, dns, datagram }) => socket ?? dns ?? datagram ?? []);

/** Each answer that Apollo got, or anybody else, to whether its telemetry is off. */
const told = (notes: Note[]) => [
  ...new Set(notes.flatMap(({ telemetryDisabled: it }) => (it === undefined ? [] : [it]))),
];

describe("what is watched", () => {
  it.each([
    ["a socket", `require("net").connect(2, "127.0.0.1").on("error", () => {})`],
    ["a secure socket", `require("tls").connect(2, "127.0.0.1").on("error", () => {})`],
    ["http", `require("http").get("http://127.0.0.1:2/").on("error", () => {})`],
    ["fetch", `fetch("http://127.0.0.1:2/").catch(() => {})`],
    [
      "a datagram",
      `const it = require("dgram").createSocket("udp4"); it.send("x", 2, "127.0.0.1", () => it.close())`,
    ],
    ["a name's lookup", `require("dns").lookup("127.0.0.1", () => {})`],
  ])("is seen when it is %s", async (_, code) => {
    const { env, notes } = watch();
    const child = spawn(process.execPath, ["-e", code], {
      env: { ...env, PATH: process.env.PATH },
    });
    await new Promise((resolve) => child.on("close", resolve));
    expect(targets(notes())).toContain("127.0.0.1");
  });

  it("is a name that is no address, too", async () => {
    const { env, notes } = watch();
    const code = `require("net").connect({ host: "telemetry.invalid", port: 443 }).on("error", () => {})`;
    const child = spawn(process.execPath, ["-e", code], {
      env: { ...env, PATH: process.env.PATH },
    });
    await new Promise((resolve) => child.on("close", resolve));
    expect(targets(notes()).filter((it) => !LOOPBACK.has(it))).toContain("telemetry.invalid");
  });
});

describe("a house", () => {
  it(
    "answers a question, connects to nothing but loopback, and reports to nobody, whatever it is told",
    { timeout: 60_000 },
    async () => {
      const { env, notes } = watch();
      await emptyLiteIn(env.DATA_DIR);
      const house = run("start", [], {
        ...env,
        PORT: "0",
        APOLLO_TELEMETRY_DISABLED: "false",
        APOLLO_KEY: "service:alder:0123456789",
        APOLLO_GRAPH_REF: "alder@current",
      });
      const [, url] = await house.says(/^ready (http:\/\/127\.0\.0\.1:\d+)\/graphql$/m);
      const token = run("token", ["--as", "county-case-worker"], { DATA_DIR: env.DATA_DIR });
      expect(await token.ended).toBe(0);
      const { data } = await ask(
        { url: url as string },
        bearer(token.out().trim()),
        "{ worklist { edges { node { state } } } agencies(first: 1) { edges { node { name } } } }",
      );
      expect(data.agencies.edges).toHaveLength(1);
      house.child.kill("SIGTERM");
      expect(await house.ended).toBe(0);
      expect(targets(notes()).filter((it) => !LOOPBACK.has(it))).toEqual([]);
      expect(told(notes())).toEqual(["true"]);
    },
  );

  it("turns telemetry off before all else in the thread that Apollo's code runs in", () => {
    const source = (file: string) =>
      readFileSync(new URL(`../../gateway/${file}`, import.meta.url), "utf8");
    expect(source("planner.ts").match(/^import .*$/m)?.[0]).toBe(`import "./telemetry-off.ts";`);
    for (const file of ["answer.ts", "index.ts", "plan.ts", "collect.ts"])
      expect(source(file)).not.toMatch(/^import (?!type ).*@apollo/m);
  });
});
