/** Asks a row one operation over and over, from a process of its own: `wrk` where there is one, else autocannon. */
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { CLIENTS } from "./ask.ts";
import type { Door } from "./ask.ts";

/** What clients met with. */
export interface Load {
  requests: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  /** Answers that did not come, or were not the one expected. */
  failed: number;
}

export const LOADER = spawnSync("wrk", ["-v"]).error ? "autocannon" : "wrk";
const OVERDUE_MS = 15_000;

const beside = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** Both take what to ask from their environment, and print a `Load` as the last line. */
const command = (url: string, seconds: number): [string, ...string[]] =>
  LOADER === "wrk"
    ? [
        "wrk",
        "-t1",
        `-c${CLIENTS}`,
        `-d${seconds}s`,
        "--timeout",
        "10s",
        "-s",
        beside("load.lua"),
        url,
      ]
    : [process.execPath, beside("autocannon.ts"), url, String(seconds)];

/**
 * Asks for some seconds.
 *
 * @param answer What each answer must be.
 * @throws {Error} when an answer failed, or `stop` says so.
 */
export const load = async (
  { url, authorization = "", others = [] }: Door,
  body: string,
  answer: string,
  seconds: number,
  stop: AbortSignal,
): Promise<Load> => {
  const [program, ...args] = command(url, seconds);
  const child = spawn(program, args, {
    env: {
      PATH: process.env.PATH ?? "",
      BODY: body,
      ANSWER_BYTES: String(Buffer.byteLength(answer)),
      AUTHORIZATIONS: [authorization, ...others].join("\n"),
    },
    stdio: ["ignore", "pipe", "pipe"],
    signal: AbortSignal.any([stop, AbortSignal.timeout(seconds * 1000 + OVERDUE_MS)]),
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${LOADER} ended with ${code}: ${err}`)),
    );
  });
  const met = JSON.parse(out.trim().split("\n").at(-1) ?? "") as Load;
  if (met.failed > 0 || met.requests === 0)
    throw new Error(`${met.failed} of ${met.requests} answers failed at ${url}`);
  return met;
};
