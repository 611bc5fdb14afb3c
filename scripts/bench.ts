/**
 * Measures the gateway beside others: `npm run bench`. What it is measured beside is installed when it is first run.
 * `npm run bench -- NAME` measures something of ours by itself, and installs nothing.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const BENCH = new URL("../bench/", import.meta.url);

/** What is measured by itself: files of `bench/`. */
const OWN = ["sharing", "law", "ledger", "second-wall", "hl7"];
const own = OWN.find((name) => name === process.argv[2]);
// npm writes it when all else is there.
if (!own && !existsSync(new URL("node_modules/.package-lock.json", BENCH))) {
  console.error("installing what is measured beside ours, into bench/node_modules");
  const { status } = spawnSync("npm", ["ci"], { cwd: fileURLToPath(BENCH), stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
// A package of its own, which no check of this one looks into.
await import(new URL(own ? `${own}.ts` : "index.ts", BENCH).href);
