/** `npm run decide`: questions in, answers out, line by line. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { decide } from "#sharing/decide.ts";
import type { Question } from "#sharing/question.ts";
import { questionsFrom } from "./random.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const begin = () =>
  spawn(process.execPath, ["scripts/run.js", "decide"], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? "" },
  });

const deciding = async (input: string) => {
  const child = begin();
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { lines: out.split("\n").slice(0, -1), err, code: code as number };
};

const questions = questionsFrom(11);
const some = (count: number): Question[] =>
  Array.from({ length: count }, () => questions.next().value as Question);

describe("npm run decide", () => {
  it("answers each line as the law does, in order", async () => {
    const asked = some(3_000);
    const { lines, err, code } = await deciding(
      asked.map((question) => `${JSON.stringify(question)}\n`).join(""),
    );
    expect(lines).toEqual(asked.map((question) => JSON.stringify(decide(question))));
    expect([err, code]).toEqual(["", 0]);
  });

  it("takes a last line without an end, other fields, and the ends of lines of other systems", async () => {
    const [one, other] = some(2);
    const { lines, code } = await deciding(
      `${JSON.stringify({ ...one, note: "é" })}\r\n${JSON.stringify(other)}`,
    );
    expect(lines).toEqual([one, other].map((it) => JSON.stringify(decide(it as Question))));
    expect(code).toBe(0);
  });

  it("says nothing when nothing is asked", async () => {
    expect(await deciding("")).toEqual({ lines: [], err: "", code: 0 });
  });

  it("denies what it does not know, and that is no error", async () => {
    const [question] = some(1);
    const { lines, code } = await deciding(
      `${JSON.stringify({ ...question, purpose: "MARKETING" })}\n`,
    );
    expect(lines).toEqual(['{"decision":"DENY","rules":[],"obligations":[],"routes":[]}']);
    expect(code).toBe(0);
  });

  it("names what is wrong with a line, goes on, and ends with 1", async () => {
    const [good] = some(1) as [Question];
    const bad = [
      "not JSON",
      "",
      "[]",
      { ...good, caller: "northside" },
      { ...good, caller: { ...good.caller, agency: "" } },
      { ...good, caller: { ...good.caller, hipaa: "yes" } },
      { ...good, purpose: undefined },
      { ...good, info: { category: "LABS" } },
      { ...good, agreement: { active: true, purposes: "TREAT", categories: [] } },
      { ...good, agreement: undefined },
      { ...good, ties: [1] },
      { ...good, restricted: 0 },
    ].map((it) => (typeof it === "string" ? it : JSON.stringify(it)));
    const { lines, code } = await deciding(`${[...bad, JSON.stringify(good)].join("\n")}\n`);
    const answers = lines.map((line) => JSON.parse(line));
    expect(answers.slice(0, -1).map(({ error }) => error)).toEqual(
      [
        "the line is not JSON",
        "the line is not JSON",
        "the line must be an object",
        "`caller` must be an object",
        "`caller.agency` must be a string that is not empty",
        "`caller.hipaa` must be true or false",
        "`purpose` must be a string",
        "`info.source` must be a string that is not empty",
        "`agreement.purposes` must be a list of strings",
        "`agreement` must be an object, or no value",
        "`ties` must be a list of strings",
        "`restricted` must be true or false",
      ].map((message, index) => ({ code: "BAD_INPUT", line: index + 1, message })),
    );
    expect(answers.at(-1)).toEqual(decide(good));
    expect(code).toBe(1);
  });

  it("ends quietly when whoever reads has enough", async () => {
    const child = begin();
    // It closes the pipe as soon as it can, and so do we.
    child.stdin.on("error", () => undefined);
    child.stdin.end(
      some(20_000)
        .map((question) => `${JSON.stringify(question)}\n`)
        .join(""),
    );
    const err = text(child.stderr);
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [code] = await once(child, "close");
    expect([await err, code]).toEqual(["", 0]);
  });
});
