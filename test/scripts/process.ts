/** Runs the house's scripts as a person does: as processes of their own, in a directory of their own. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** A data directory of a test's own. */
export const dataDirectory = (): { path: string; remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), "handoff-graph-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

/** A script that runs, or has run. */
export interface Running {
  child: ChildProcess;
  /** What it has printed on standard output, and on standard error. */
  out: () => string;
  err: () => string;
  /** Waits until standard output has a match; fails when the process ends before. */
  says: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Waits for its end; the exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals | null>;
}

/** Runs a script with these variables, PATH and Node's cache, and nothing else of the test's own surroundings. */
export const run = (name: string, args: string[], env: Record<string, string>): Running =>
  runCommand(process.execPath, ["scripts/run.js", name, ...args], env);

/** Runs any command at the root of the project, as `run` does. */
export const runCommand = (
  command: string,
  args: string[],
  env: Record<string, string>,
): Running => {
  const child = spawn(command, args, {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH ?? "",
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? "",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(out);
          if (match) resolve(match);
        };
        child.stdout.on("data", look);
        look();
        void ended.then((code) =>
          reject(
            new Error(
              `${command} ${args.join(" ")} ended (${code}) before it said so: ${out}${err}`,
            ),
          ),
        );
      }),
  };
};
