/** A process of the bench: begun, asked what it has taken, and ended. */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Ground, Taken } from "./child.ts";

const READY_WITHIN_MS = 60_000;
const STDERR_KEPT = 4_000;

/** One that answers. */
export interface Running<Said> {
  said: Said;
  taken(): Promise<Taken>;
}

const children = new Set<ChildProcess>();

/** Ends every process that was begun. They keep nothing, so nothing is lost. */
export const endAll = (): void => {
  for (const child of children) child.kill("SIGKILL");
};

/**
 * Begins a process, and waits until it says that it is ready.
 *
 * @param file Beside this one.
 * @throws {Error} with what it wrote on standard error, when it ends or is not ready in a minute.
 */
export const begin = async <Said>(file: string, ground: Ground): Promise<Running<Said>> => {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(ground)], {
    // What is measured is what would run in production, and nothing tells its maker of it.
    env: {
      PATH: process.env.PATH ?? "",
      NODE_ENV: "production",
      APOLLO_TELEMETRY_DISABLED: "true",
    },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  children.add(child);
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  const ended = new Promise<never>((_, reject) => {
    child.once("close", (code, signal) =>
      reject(new Error(`${file} ended with ${signal ?? code}: ${stderr}`)),
    );
  });
  // Whoever waits for a message hears of it; at the end nobody does.
  ended.catch(() => undefined);
  const next = async <T>(name: string): Promise<T> => {
    const message = new Promise<T>((resolve) => {
      child.once("message", (told) => resolve((told as Record<string, T>)[name] as T));
    });
    return Promise.race([message, ended]);
  };
  const slow = setTimeout(() => child.kill("SIGKILL"), READY_WITHIN_MS);
  const said = await next<Said>("ready").finally(() => clearTimeout(slow));
  return {
    said,
    taken: () => {
      const taken = next<Taken>("taken");
      child.send("taken");
      return taken;
    },
  };
};
