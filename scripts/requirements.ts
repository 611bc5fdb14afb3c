/**
 * Lists the requirements that no passing test of the last run shows: `npm run requirements`, after `npm test`. A test
 * shows a requirement when its id stands in the title, as in `[A27] a decision is superseded, never edited`. Never fails.
 */
import { existsSync, readFileSync } from "node:fs";
import { RESULTS } from "../test/report.ts";
import type { Results } from "../test/report.ts";

const FULL = new URL("../../shared/requirements.md", import.meta.url);
const IDS = new URL("../test/requirements.txt", import.meta.url);

/** `A01`, and what it is about where the full text is at hand. */
const requirements = existsSync(FULL)
  ? [...readFileSync(FULL, "utf8").matchAll(/^\| ([AB]\d\d) \| (.*?) \| (.*?) \|/gm)].map(
      ([, id, , capability]) => [id, capability],
    )
  : readFileSync(IDS, "utf8")
      .trim()
      .split("\n")
      .map((id) => [id, ""]);

if (!existsSync(RESULTS)) console.log("no test has run yet; npm test runs them");
else {
  const { titles } = JSON.parse(readFileSync(RESULTS, "utf8")) as Results;
  const shown = new Set(
    titles.flatMap((title) => [...title.matchAll(/\[([AB]\d\d)\]/g)].map(([, id]) => id)),
  );
  const open = requirements.filter(([id]) => !shown.has(id));
  for (const [id, capability] of open) console.log(`${id}  ${capability}`);
  console.log(
    `${requirements.length - open.length} of ${requirements.length} requirements are shown by a passing test`,
  );
}
