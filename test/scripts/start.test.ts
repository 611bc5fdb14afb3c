import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { dataDirectory, run, runCommand } from "./process.ts";

const SAMPLES = fileURLToPath(new URL("../samples/", import.meta.url));
const directory = dataDirectory();
afterAll(() => directory.remove());
const env = { DATA_DIR: directory.path, PORT: "0" };

const FIRST_QUERY = "schema/operations/where-do-handoffs-stand.graphql";

const FILES = [
  "Encounter-P0522-Enc-HHA.json",
  "Encounter-P0522-Enc-HHA-Timepoint-OASIS-Day121ToDischarge.json",
  "Encounter-P0522-Enc-SNF.json",
  "Location-P0522-org-Loc-HH-Sky-Harbor-Home-Health.json",
  "Location-P0522-org-Loc-SNF-Happy-Nursing-Facility.json",
  "Organization-P0522-org-HH-Sky-Harbor-Home-Health.json",
  "Organization-P0522-org-SNF-Happy-Nursing-Facility.json",
].map((file) => join(SAMPLES, "pacio-bsj", file));
const NEURO = join(SAMPLES, "pacio-bsj", "Organization-P0522-org-Neuro-Care-Inc.json");
const SOUND = FILES.filter((file) => !file.includes("Day121"));
/** What becomes of files the first time, and the second. */
const TAKEN = "6 files, 6 resources: 6 mapped, 0 kept as received, 0 unchanged, 0 refused";
const UNCHANGED = "6 files, 6 resources: 0 mapped, 0 kept as received, 6 unchanged, 0 refused";

// One house is used for several things: to start one takes seconds.
describe("npm start", () => {
  it("brings the house up, answers the first question, and a second process on its directory does no harm", async () => {
    const house = run("start", [], env);
    const [, url] = await house.says(/^ready (http:\/\/127\.0\.0\.1:\d+)\/graphql$/m);
    const first = run("ask", ["--as", "county-case-worker", FIRST_QUERY], env);
    expect(await first.ended).toBe(0);
    expect(JSON.parse(first.out())).toMatchObject({
      data: {
        personByIdentifier: {
          handoffs: { edges: [{ node: { state: "IN_SERVICE", gap: { hours: 30.5 } } }] },
        },
      },
    });

    const second = run("start", [], env);
    expect(await second.ended).toBe(78);
    expect(second.err()).toContain(
      `another process (pid ${house.child.pid}) is using the data directory`,
    );
    expect(second.out()).toBe("");

    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    house.child.kill("SIGINT");
    expect(await house.ended).toBe(0);
    expect(house.err()).toBe("");
  });

  it("starts again on what it had, tells the story once, and takes files in in any order; killed, it has lost nothing", async () => {
    const killed = run("start", [], env);
    await killed.says(/^ready /m);
    const asked = run("ask", ["--as", "county-case-worker", FIRST_QUERY], env);
    expect(await asked.ended).toBe(0);
    expect(JSON.parse(asked.out()).data.personByIdentifier.handoffs.edges).toHaveLength(1);
    const sent = run("intake", SOUND, env);
    expect(await sent.ended).toBe(0);
    expect(sent.out()).toContain(TAKEN);
    killed.child.kill("SIGKILL");
    await killed.ended;
    expect(existsSync(join(directory.path, "lock.json"))).toBe(true);

    const house = run("start", [], env);
    await house.says(/^ready /m);
    const again = run("intake", SOUND, env);
    expect(await again.ended).toBe(0);
    expect(again.out()).toContain(UNCHANGED);
    house.child.kill("SIGTERM");
    expect(await house.ended).toBe(0);
    expect(existsSync(join(directory.path, "lock.json"))).toBe(false);
  });

  it("told to stop by a signal to npm itself, stops, and leaves nothing behind", async () => {
    const npm = runCommand("npm", ["start"], { ...env, HOME: directory.path });
    const [, url] = await npm.says(/^ready (\S+)\/graphql$/m);
    npm.child.kill("SIGTERM");
    await npm.ended;
    await expect
      .poll(() => existsSync(join(directory.path, "lock.json")), { timeout: 20_000 })
      .toBe(false);
    await expect(fetch(`${url}/livez`)).rejects.toThrow("fetch failed");
  });

  it.each([
    ["a port that is none", { PORT: "4000x" }, /PORT is "4000x"/],
    ["production without a database", { NODE_ENV: "production" }, /DATABASE_URL is not set/],
    [
      "production without an issuer",
      { NODE_ENV: "production", DATABASE_URL: "postgres://127.0.0.1:1/none" },
      /OIDC_ISSUER is not set/,
    ],
    [
      "a database that is not there",
      { DATABASE_URL: "postgres://127.0.0.1:1/none" },
      /ECONNREFUSED/,
    ],
  ])("does not start on %s, and says why", async (_, more, why) => {
    const other = dataDirectory();
    const house = run("start", [], { DATA_DIR: other.path, PORT: "0", ...more });
    expect(await house.ended).toBe(1);
    expect(house.err()).toMatch(why);
    expect(house.out()).toBe("");
    other.remove();
  });
});

describe("npm run ask and token", () => {
  it("say that no house is running", async () => {
    const asked = run("ask", [FIRST_QUERY], env);
    expect(await asked.ended).toBe(1);
    expect(asked.err()).toContain("npm start starts one");
  });

  it("list the personas to whoever names none", async () => {
    const token = run("token", ["--as", "nobody"], env);
    expect(await token.ended).toBe(1);
    expect(token.err()).toContain("there is no persona nobody");
    expect(token.err()).toContain("county-case-worker");
  });

  it("print a token alone, so that it can stand in a command", async () => {
    const token = run("token", ["--as", "analyst"], env);
    expect(await token.ended).toBe(0);
    expect(token.out()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });
});

describe("npm run intake", () => {
  it("takes files in without a house too, names what it refused, and exits 1 for it", async () => {
    const bad = join(directory.path, "bad.json");
    writeFileSync(bad, "<Patient/>");
    const absent = join(directory.path, "absent.json");
    const intake = run("intake", [bad, absent, ...FILES, NEURO], env);
    expect(await intake.ended).toBe(1);
    expect(intake.out()).toContain("1 mapped, 0 kept as received, 6 unchanged, 3 refused");
    expect(intake.err()).toMatch(/bad\.json {2}MALFORMED_JSON/);
    expect(intake.err()).toMatch(/absent\.json {2}UNREADABLE: ENOENT/);
    expect(intake.err()).toContain(
      "Encounter-P0522-Enc-HHA-Timepoint-OASIS-Day121ToDischarge.json  CONTRADICTION at Encounter.period: `Encounter.period` ends before it starts",
    );
  });

  it("takes a hospital's notifications in, and whoever asks reads the stay and its end", async () => {
    const notices = ["admit", "discharge"].map((event) =>
      join(SAMPLES, "davinci-alerts", `${event}-notification-message-bundle-01.json`),
    );
    const house = run("start", [], env);
    await house.says(/^ready /m);
    const intake = run("intake", notices, env);
    expect(await intake.ended, intake.err()).toBe(0);
    expect(intake.out()).toContain("2 files, 18 resources");
    const query = join(directory.path, "stays.graphql");
    writeFileSync(
      query,
      `{ personByIdentifier(system: "http://example.org/fhir/mrn", value: "06e1f0dd-5fbe-4480-9bb4-6b54ec02d31b") {
        encounters { edges { node { status endedAt agency { name } } } }
      } }`,
    );
    const ask = run("ask", ["--as", "county-system", query], env);
    expect(await ask.ended, ask.err()).toBe(0);
    expect(JSON.parse(ask.out()).data.personByIdentifier.encounters.edges).toEqual([
      {
        node: {
          status: "finished",
          endedAt: "2018-10-24T05:22:15.000Z",
          agency: { name: "HOLY FAMILY HOSPITAL" },
        },
      },
    ]);
    house.child.kill("SIGINT");
    expect(await house.ended).toBe(0);
  });
});

describe("an old Node", () => {
  it("is told which one is needed, in a sentence", () => {
    // The guard with an old Node's version written in; all else that it uses, an old Node has too.
    const guard = readFileSync(new URL("../../scripts/run.js", import.meta.url), "utf8");
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--input-type=module", "-e", guard.replaceAll("process.versions.node", '"20.20.2"')],
      { encoding: "utf8" },
    );
    expect(status).toBe(1);
    expect(stderr).toContain("Handoff Graph needs Node 24 or later, and this is Node 20.20.2");
  });
});
