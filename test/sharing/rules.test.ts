/** The rules as they are written: valid, compiled, and nothing compiled that was not thought of. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { POLICY, RULES } from "#sharing/rules.ts";
import { compileRule, readRules, rulesModule } from "../../scripts/compile-rules.ts";
import { run } from "../scripts/process.ts";
import { CEDAR, POLICIES, SCHEMA } from "./cedar.ts";

const rule = (
  condition: string,
  annotations = `@id("P0-rule") @law("a law") @says("It says so.")`,
) => `${annotations} permit (principal, action, resource) when { ${condition} };`;
const compiled = (text: string) => readRules(text, SCHEMA).map(compileRule);

describe("the rules", () => {
  it("fit their schema, and the module is what they compile to", async () => {
    const module = readFileSync(new URL("../../sharing/rules.ts", import.meta.url), "utf8");
    expect(await rulesModule(CEDAR, SCHEMA)).toBe(module);
  });

  it("are known by the hash of their text", () => {
    expect(POLICY).toBe(createHash("sha256").update(CEDAR).digest("hex"));
  });

  it("keep the order of the text, permits first", () => {
    expect(RULES.map(({ id }) => id.replace(/-.*/, ""))).toEqual([
      ..."P1 P2 P3 P4 P5 P6 P7 P8 P9 P10".split(" "),
      ..."F1 F2 F3 F4 F5 F6 F7 F8 F9".split(" "),
    ]);
    expect(POLICIES).toHaveLength(RULES.length);
  });

  it("and the matrix that shows what they come to are as they are committed", async () => {
    const check = run("rules", ["--check"], {});
    expect(await check.ended, check.err()).toBe(0);
    expect(check.out()).toBe("");
  }, 60_000);
});

describe("a rule that is changed", () => {
  it("is compiled when it speaks of what the rules have spoken of", () => {
    const [it] = compiled(
      rule(
        `!context.restricted && context.ties.contains(Share::Tie::"TREATING") && principal.kind == Share::Kind::"BH"`,
      ),
    );
    expect(it?.when).toEqual([
      { reads: ["restricted"], holds: "!(it.restricted)" },
      { reads: ["TREATING"], holds: `it.ties.includes("TREATING")` },
      { reads: ["KIND"], holds: `it.caller.kind === "BH"` },
    ]);
  });

  it.each([
    ["an agency by name", `principal.agency == "northside"`],
    [
      "an agreement that covers another purpose",
      `context has agreement && context.agreement.purposes.contains(Share::Purpose::"TREAT")`,
    ],
    ["an agreement by its id", `context has agreement && context.agreement.id == "one"`],
    ["a pattern", `principal.agency like "north*"`],
    ["a choice", `if principal.hipaa then true else context.restricted`],
    ["an inequality", `principal.role != Share::Role::"ADMIN"`],
    ["several at once", `context.ties.containsAll([Share::Tie::"TREATING"])`],
  ])("is refused by name when it asks for %s", (_, condition) => {
    expect(() => compiled(rule(condition))).toThrow(
      expect.objectContaining({
        name: "UnsupportedConstruct",
        message: expect.stringMatching(/^P0-rule: not supported: /),
      }),
    );
  });

  it("is refused when its scope names anyone", () => {
    const scoped = rule("context.restricted").replace("principal,", "principal is Share::Caller,");
    expect(() => compiled(scoped)).toThrow("P0-rule: not supported: a scope of principal");
  });

  it.each([
    ["does not parse", "permit (", "InvalidCedar"],
    ["breaks the schema", rule(`principal.kind == Share::Kind::"SHELTER"`), "RulesNotValid"],
    ["reads what is not there", rule("context.friendly"), "RulesNotValid"],
    ["reads an agreement that may not be there", rule("context.agreement.active"), "RulesNotValid"],
    ["can never hold", rule("context.restricted && !context.restricted && false"), "RulesNotValid"],
    [
      "has the name of another",
      `${rule("context.restricted")}\n${rule("principal.hipaa")}`,
      "RulesNotValid",
    ],
    ["has no name", rule("principal.hipaa", `@law("a law") @says("It.")`), "InvalidAnnotation"],
    [
      "has a name that is none",
      rule("principal.hipaa", `@id("P1") @law("a law") @says("It.")`),
      "InvalidAnnotation",
    ],
    ["names no law", rule("principal.hipaa", `@id("P0-rule") @says("It.")`), "InvalidAnnotation"],
    ["says nothing", rule("principal.hipaa", `@id("P0-rule") @law("a law")`), "InvalidAnnotation"],
    [
      "shows a way that is none",
      rule("principal.hipaa", `@id("P0-rule") @law("a law") @says("It.") @route("PRAYER")`),
      "InvalidAnnotation",
    ],
  ])("is refused when it %s", (_, text, name) => {
    expect(() => compiled(text)).toThrow(expect.objectContaining({ name }));
  });

  it("is refused when the schema has another vocabulary than the code", () => {
    expect(() => readRules(CEDAR, SCHEMA.replace(`"VICTIM_SERVICES"`, `"SHELTER"`))).toThrow(
      "the schema's Kind is not that of sharing/vocabulary.ts",
    );
  });
});
