import { readFileSync } from "node:fs";
import { parse, print } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCounty } from "../county/house.ts";
import type { County } from "../county/house.ts";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");
const README = read("README.md");
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(README)?.[1] ?? "";
const scripts = (JSON.parse(read("package.json")) as { scripts: Record<string, string> }).scripts;

describe("the README", () => {
  let county: County;
  beforeAll(async () => {
    county = await openCounty();
  });
  afterAll(() => county.close());

  it("prints the first query as the file has it, and its answer as the graph gives it", async () => {
    const query = block("graphql");
    expect(print(parse(query))).toBe(
      print(parse(read("schema/operations/where-do-handoffs-stand.graphql"))),
    );
    const { text } = await county.ask("county-case-worker", query);
    expect(JSON.parse(text)).toEqual(JSON.parse(block("json")));
  });

  it("tells the truth of the ambulance crew: to them, the person does not exist", async () => {
    const { data } = await county.ask("ems-responder", block("graphql"));
    expect(data).toEqual({ personByIdentifier: null });
  });

  it("names no command that is not there", () => {
    const named = [...README.matchAll(/npm run (?:--silent )?([a-z0-9:]+)/g)].map(
      ([, name]) => name as string,
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it("links to files that are there", () => {
    const linked = [...README.matchAll(/\]\(([^)h][^)]*)\)/g)].map(([, path]) => path as string);
    expect(linked.length).toBeGreaterThan(5);
    for (const path of linked)
      expect(() => readFileSync(new URL(path, ROOT))).not.toThrow(/ENOENT/);
  });
});
