/**
 * The house as separate processes on this machine, without Docker: what docker-compose.yml starts from our own image,
 * by the same commands with the same variables. PostgreSQL and Redis are the caller's, and there is no proxy: a proxy
 * would only choose between gateways that each answer by themselves.
 *
 * Environment, or `.env`: DATABASE_URL, REDIS_URL (optional), PORT_OFFSET (added to every port), and what
 * docker-compose.yml asks for. Signing keys that are not set are made for this run; the ledger's is kept in DATA_DIR,
 * for what it has signed is there in the next run too.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { newKeyPair } from "#platform/passport.ts";
import { plan, readComposeFile } from "./compose-file.ts";
import type { Process, Variables } from "./compose-file.ts";
import { ledgerKey } from "./site.ts";

const READY_WITHIN_SECONDS = 60;
const ASK_EVERY_MS = 100;
const ANSWER_WITHIN_MS = 1_000;
/** Each process drains within 19 seconds by itself; one that does not is cut off, so that all is over within 20. */
const CUT_OFF_MS = 19_500;
const FRONT = "gateway-1";
const HOUSE = new URL("../", import.meta.url);
const ENV_FILE = new URL(".env", HOUSE);

/** Pairs that are not set at all. Of half a pair the plan asks for the other half: a fresh one would not fit it. */
const missingKeys = async (): Promise<Variables> => {
  const fresh: Record<string, string> = {};
  for (const signatory of ["GATEWAY", "ROOMS"]) {
    if (process.env[`${signatory}_PRIVATE_KEY`] || process.env[`${signatory}_PUBLIC_KEY`]) continue;
    const { privateJwk, publicJwk } = await newKeyPair();
    fresh[`${signatory}_PRIVATE_KEY`] = JSON.stringify(privateJwk);
    fresh[`${signatory}_PUBLIC_KEY`] = JSON.stringify(publicJwk);
  }
  if (!process.env.LEDGER_PRIVATE_KEY) fresh.LEDGER_PRIVATE_KEY = JSON.stringify(await ledgerKey());
  return fresh;
};

/** Each process that was started, with how it will have ended: null for well. */
const started = new Map<ChildProcess, Promise<string | null>>();
let leaving = false;

/** Stops every process, waits for them all, and exits. */
const leave = async (code: 0 | 1, reason?: string): Promise<void> => {
  if (leaving) return;
  leaving = true;
  if (reason) console.error(reason);
  for (const child of started.keys()) child.kill("SIGTERM");
  setTimeout(() => {
    for (const child of started.keys()) child.kill("SIGKILL");
  }, CUT_OFF_MS);
  await Promise.all(started.values());
  process.exit(code);
};

const begin = ({
  command: [program = "", ...args],
  environment,
}: Process): Promise<string | null> => {
  const child = spawn(program === "node" ? process.execPath : program, args, {
    cwd: fileURLToPath(HOUSE),
    env: environment,
    // The logs, and what a migration has to say, go to standard error: standard output says what is ready.
    stdio: ["ignore", process.stderr, process.stderr],
  });
  const end = new Promise<string | null>((resolve) => {
    child.once("error", ({ message }) => resolve(message));
    child.once("exit", (code, signal) =>
      resolve(code === 0 ? null : (signal ?? `exit code ${code}`)),
    );
  });
  started.set(child, end);
  return end;
};

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );

/** Starts a process, and waits until it is ready or, if it is one that ends, has ended well. */
const open = async (it: Process): Promise<void> => {
  if (leaving) return;
  const end = begin(it);
  if (it.url === null) {
    const fault = await end;
    if (fault) throw new Error(`${it.name} ended with ${fault}`);
    console.log(`${it.name} is done`);
    return;
  }
  void end.then((fault) => leave(1, `${it.name} ended by itself: ${fault ?? "exit code 0"}`));
  const until = performance.now() + READY_WITHIN_SECONDS * 1000;
  while (!(await isReady(it.url))) {
    if (leaving) return;
    if (performance.now() > until)
      throw new Error(`${it.name} was not ready in ${READY_WITHIN_SECONDS} s`);
    await pause(ASK_EVERY_MS);
  }
  if (!leaving) console.log(`${it.name} is ready at ${it.url}`);
};

const openAll = async (): Promise<void> => {
  // As Compose does: what the environment has already is not replaced.
  if (existsSync(ENV_FILE)) process.loadEnvFile(ENV_FILE);
  const portOffset = Number(process.env.PORT_OFFSET || 0);
  if (!Number.isInteger(portOffset)) throw new Error("PORT_OFFSET is not a whole number");
  const file = readComposeFile(readFileSync(new URL("docker-compose.yml", HOUSE), "utf8"));
  const processes = plan(file, { ...process.env, ...(await missingKeys()) }, portOffset);

  const opened = new Map<string, Promise<void>>();
  const openOnce = (it: Process): Promise<void> => {
    const before = processes.filter(({ name }) => it.after.includes(name));
    const opening = opened.get(it.name) ?? Promise.all(before.map(openOnce)).then(() => open(it));
    opened.set(it.name, opening);
    return opening;
  };
  await Promise.all(processes.map(openOnce));
  const front = processes.find(({ name }) => name === FRONT);
  if (!leaving) console.log(`ready ${front?.url}/graphql`);
};

process.on("SIGINT", () => void leave(0));
process.on("SIGTERM", () => void leave(0));
await openAll().catch((error: unknown) =>
  leave(1, error instanceof Error ? error.message : String(error)),
);
