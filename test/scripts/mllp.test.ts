/** HL7 v2 as an operator runs it: `npm run mllp`, `npm run hl7` and `npm run quarantine`. */
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "#platform/clock.ts";
import { openPglite } from "#platform/database.ts";
import { migrateRoom } from "#platform/subgraph.ts";
import { enrolAgency } from "../../subgraphs/referrals/agency-store.ts";
import { fhirDoor } from "../../subgraphs/referrals/fhir/intake.ts";
import { referrals } from "../../subgraphs/referrals/index.ts";
import { agencies, personas } from "../county/county.ts";
import { emptyLiteIn, testLog } from "../county/house.ts";
import { adt, said, sample } from "../county/hl7v2/messages.ts";
import { dataDirectory, run } from "./process.ts";

const directory = dataDirectory();
afterAll(() => directory.remove());
const file = (name: string, text: string | Buffer): string => {
  writeFileSync(join(directory.path, name), text);
  return join(directory.path, name);
};
const of = (name: string) =>
  JSON.parse(readFileSync(new URL(`../county/hl7v2/${name}`, import.meta.url), "utf8"));

const env = { DATA_DIR: directory.path, HL7_PARTNERS: join(directory.path, "partners.json") };
const script = async (name: string, args: string[], more: Record<string, string> = {}) => {
  const it = run(name, args, { ...env, ...more });
  return { code: await it.ended, out: it.out(), err: it.err() };
};

beforeAll(async () => {
  await emptyLiteIn(directory.path);
  const database = await openPglite(directory.path);
  await migrateRoom(referrals, database);
  for (const { id, name, kind } of [agencies.hospital, agencies.bh])
    await enrolAgency(database.of("referrals").house(), { id, name, kind }, [], {
      by: personas["county-system"],
      at: systemClock(),
      requestId: "test",
    });
  await database.close();
  const { listeners } = of("partners.json");
  file(
    "partners.json",
    JSON.stringify({ listeners: listeners.map((it: object) => ({ ...it, port: 0 })) }),
  );
  file("alder-general.json", JSON.stringify(of("alder-general.json")));
  file("riverside.json", JSON.stringify(of("riverside.json")));
});

describe("npm run hl7", () => {
  it("takes files in for one partner, says what it did not believe, and takes the same ones once", async () => {
    const files = ["ADT-A01", "ADT-A03"].map((name) => file(`${name}.hl7`, sample(name)));
    expect(await script("hl7", ["--partner", "alder-general", ...files])).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^not believed {2}ADT-A01.hl7 {2}EVN-6.*\nnot believed {2}ADT-A03.hl7 {2}EVN-1 EVN-6.* PV1-36\n2 files, 2 messages: 2 taken in, 0 unchanged, 0 refused\n$/,
      ),
      err: "",
    });
    expect((await script("hl7", ["--partner", "alder-general", ...files])).out).toBe(
      "2 files, 2 messages: 0 taken in, 2 unchanged, 0 refused\n",
    );
  });

  it.each([
    [["--partner", "nobody", "x.hl7"], {}, /there is no partner nobody/],
    [["x.hl7"], {}, /^usage: npm run hl7/],
    [["--partner", "alder-general", "x.hl7"], { HL7_PARTNERS: "" }, /HL7_PARTNERS is not set/],
  ])("%j says what is missing", async (args, more, why) => {
    expect(await script("hl7", args, more)).toMatchObject({
      code: 1,
      err: expect.stringMatching(why),
    });
  });
});

describe("npm run quarantine", () => {
  it("lists what was refused without what it says, and takes it in when the dialect is mended", async () => {
    const refused = file("q.hl7", adt({ event: "A01", mrn: "Q-1", visit: "Q-1", class: "Q" }));
    expect(await script("hl7", ["--partner", "alder-general", refused])).toMatchObject({
      code: 1,
      err: "refused  q.hl7  UNKNOWN_CODE at PV1-2: `PV1-2` is a code that the dialect does not have\n",
    });
    const { out } = await script("quarantine", ["list"]);
    expect(out).toMatch(
      /^\S+ {2}\S+Z {2}alder-general {2}ADT\^A01 {2}UNKNOWN_CODE at PV1-2: .*\n$/,
    );
    expect(out).not.toContain("Q-1");
    expect(await script("quarantine", ["replay"])).toMatchObject({
      code: 1,
      out: "1 read again: 0 taken in, 1 still set aside\n",
    });
    const mended = of("alder-general.json");
    mended.classes.Q = "IMP";
    file("alder-general.json", JSON.stringify(mended));
    expect(await script("quarantine", ["replay"])).toEqual({
      code: 0,
      out: "1 read again: 1 taken in, 0 still set aside\n",
      err: "",
    });
    expect(await script("quarantine", ["list"])).toEqual({ code: 0, out: "", err: "" });
  });
});

describe("npm run quarantine, of FHIR", () => {
  it("reads it again too, once what it refers to is there", async () => {
    const send = async (resource: object) => {
      const database = await openPglite(directory.path);
      const { status } = await fhirDoor(
        database.of("referrals").house(),
        testLog().log,
      )({
        bytes: Buffer.from(JSON.stringify(resource)),
        requester: personas["hospital-system"],
        at: systemClock(),
        requestId: "test",
      });
      await database.close();
      return status;
    };
    const waiting = {
      resourceType: "Encounter",
      id: "e",
      status: "planned",
      class: { code: "IMP" },
      subject: { reference: "Patient/p" },
      serviceProvider: { reference: "Organization/o" },
    };
    expect(await send(waiting)).toBe(422);
    expect((await script("quarantine", ["list"])).out).toMatch(
      / {2}fhir {2}Encounter {2}UNKNOWN_AGENCY at /,
    );
    expect(await script("quarantine", ["replay"])).toMatchObject({ code: 1 });
    expect(await send({ resourceType: "Organization", id: "o", name: "Alder Annex" })).toBe(201);
    expect(await script("quarantine", ["replay"])).toEqual({
      code: 0,
      out: "1 read again: 1 taken in, 0 still set aside\n",
      err: "",
    });
  });
});

describe("npm run mllp", () => {
  it("opens a port for each listener, answers, and stops when it is told to", async () => {
    const it = run("mllp", [], env);
    const [, port] = await it.says(/^ready mllp (\d+) mllp \d+\n/);
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", reject).once("data", (bytes) => {
        socket.end();
        resolve(bytes.subarray(1));
      });
      socket.write(`\v${adt({ event: "A28", mrn: "M-1" })}\x1c\r`);
    });
    expect(said(answer, "MSA-1")).toBe("AA");
    it.child.kill("SIGTERM");
    expect(await it.ended).toBe(0);
    expect(it.err()).not.toContain("Ames");
  });

  it("does not start with a dialect that says what no dialect says", async () => {
    file("riverside.json", JSON.stringify({ timeZone: "America/Chicago", klasses: {} }));
    expect(await script("mllp", [])).toMatchObject({
      code: 1,
      err: "riverside.json: `klasses` is no part of a dialect\n",
    });
  });
});
