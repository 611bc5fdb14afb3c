import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cruise } from "dependency-cruiser";
import type { ICruiseResult } from "dependency-cruiser";
import extractConfig from "dependency-cruiser/config-utl/extract-depcruise-options";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDERS = ["schema", "sharing", "gateway", "subgraphs", "platform", "scripts"];

describe("the arrows of ARCHITECTURE.md", () => {
  it("are the only ones there are", async () => {
    const options = await extractConfig(`${ROOT}.dependency-cruiser.cjs`);
    const { output } = await cruise(
      FOLDERS,
      { ...options, validate: true, baseDir: ROOT },
      undefined,
      { tsConfig: extractTSConfig(`${ROOT}tsconfig.json`) },
    );
    const { modules, summary } = output as ICruiseResult;
    // With a compiler that it cannot read, the cruiser sees no module at all, and no violation either.
    expect(modules.length).toBeGreaterThan(60);
    expect(
      modules.find(({ source }) => source === "platform/alone.ts")?.dependencies.length,
    ).toBeGreaterThan(5);
    expect(
      summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
    ).toEqual([]);
  });
});

describe("the source", () => {
  const files = globSync("{schema,sharing,gateway,subgraphs,platform,scripts}/**/*.ts", {
    cwd: ROOT,
  });
  const source = (file: string) => readFileSync(`${ROOT}${file}`, "utf8");

  it("reads the clock in one place", () => {
    expect(files.length).toBeGreaterThan(60);
    expect(files.filter((file) => /new Date\(\)|Date\.now\(\)/.test(source(file)))).toEqual([
      "platform/clock.ts",
    ]);
  });

  it("queries in stores alone", () => {
    const queries = files.filter(
      (file) =>
        file.startsWith("subgraphs/") &&
        !file.endsWith("store.ts") &&
        /\b(tx|sql)\((["'`]|kept\.name)/.test(source(file)),
    );
    expect(queries).toEqual([]);
  });

  it("names another room's tables in no store", () => {
    const schemas = ["referrals", "disputes", "escalation", "information_sharing", "performance"];
    const crossings = files
      .filter((file) => file.startsWith("subgraphs/"))
      .flatMap((file) => {
        const own = (file.split("/")[1] ?? "").replaceAll("-", "_");
        return schemas
          .filter(
            (schema) =>
              schema !== own &&
              new RegExp(`["\`\\s]${schema}\\.[a-z_]+["\`\\s]`).test(source(file)),
          )
          .map((schema) => `${file} -> ${schema}`);
      });
    expect(crossings).toEqual([]);
  });

  it("is composed into the supergraph that is committed", () => {
    expect(() =>
      execFileSync(process.execPath, ["scripts/run.js", "compose", "--check"], {
        cwd: ROOT,
        stdio: "pipe",
      }),
    ).not.toThrow();
  });
});
