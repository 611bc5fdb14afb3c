/**
 * Compiles `sharing/rules.cedar` into `sharing/rules.ts`, and writes `test/sharing/matrix.md`, which shows what the rules come
 * to: `npm run rules`. With `--check` it writes nothing, and exits 1 if one of them is stale.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { rulesModule } from "./compile-rules.ts";

const SHARING = new URL("../sharing/", import.meta.url);
const RULES = new URL("rules.ts", SHARING);
const MATRIX = new URL("../test/sharing/matrix.md", import.meta.url);
const isCheck = process.argv.includes("--check");

const read = (file: string) => readFileSync(new URL(file, SHARING), "utf8");

/** Writes a file that is stale, or says that it is. */
const keep = (path: URL, content: string): void => {
  if (existsSync(path) && readFileSync(path, "utf8") === content) return;
  if (isCheck) {
    console.error(`stale: ${path.pathname}; run npm run rules`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, content);
    console.log(`wrote ${path.pathname}`);
  }
};

try {
  keep(RULES, await rulesModule(read("rules.cedar"), read("rules.cedarschema")));
  // Only now, for it asks the rules that were written.
  const { matrix } = await import("./matrix.ts");
  const { POLICY } = await import("#sharing/rules.ts");
  keep(MATRIX, await matrix(POLICY));
} catch (error) {
  const { name, message } = error as Error;
  console.error(`${name}: ${message}`);
  process.exitCode = 1;
}
