import { readFileSync, writeFileSync } from "node:fs";
import { chart } from "./chart.ts";
import { tables } from "./results.ts";
import type { Results } from "./results.ts";

const README = new URL("README.md", import.meta.url);
const BETWEEN = /(?<=<!-- results -->\n).*(?=<!-- end of results -->)/s;

/** Writes the results down: as JSON, as a chart, and into README.md. */
export const write = (results: Results): void => {
  writeFileSync(new URL("results.json", import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(new URL("results.svg", import.meta.url), chart(results));
  writeFileSync(
    README,
    readFileSync(README, "utf8").replace(BETWEEN, () => `\n${tables(results)}\n\n`),
  );
};
