import { readFileSync } from "node:fs";
import { buildSchema, isEnumType, isObjectType } from "graphql";
import { describe, expect, it } from "vitest";
import { AGENCY_KINDS, PURPOSES, ROLES } from "#sharing/vocabulary.ts";
import { STATES } from "../../subgraphs/referrals/handoff.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const GLOSSARY = read("GLOSSARY.md");

describe("the glossary", () => {
  it("has every type that a client can meet", () => {
    const types = Object.values(buildSchema(read("schema/api.graphql")).getTypeMap())
      .filter((type) => isObjectType(type) || isEnumType(type))
      .map(({ name }) => name)
      .filter((name) => !/^(__|Query$|Mutation$)|(Connection|Edge)$/.test(name));
    expect(types.length).toBeGreaterThan(30);
    expect(types.filter((name) => !GLOSSARY.includes(`**${name}**`))).toEqual([]);
  });

  it("has every kind, role, purpose and state", () => {
    const words = [...AGENCY_KINDS, ...ROLES, ...PURPOSES, ...STATES];
    expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(GLOSSARY))).toEqual([]);
  });

  it("and the schema agree on every purpose and kind", () => {
    const schema = buildSchema(read("schema/api.graphql"));
    const values = (name: string) => {
      const type = schema.getType(name);
      return isEnumType(type) ? type.getValues().map(({ name: value }) => value) : [];
    };
    expect(values("PurposeOfUse")).toEqual([...PURPOSES]);
    expect(values("AgencyKind")).toEqual([...AGENCY_KINDS]);
    expect(values("HandoffState")).toEqual([...STATES]);
  });
});
