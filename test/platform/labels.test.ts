import { readFileSync } from "node:fs";
import { parse } from "graphql";
import { describe, expect, it } from "vitest";
import { labelsOf } from "#platform/labels.ts";
import type { Labels } from "#platform/labels.ts";
import { typeDefsOf } from "#platform/type-defs.ts";
import { ROOM_FOLDERS } from "../../scripts/rooms.ts";

const LINK =
  'extend schema @link(url: "https://handoff-graph.org/sharing/v1.0", import: ["@holds"])';

const NOTHING_SAID = "does not say what it holds";

const supergraph = parse(
  readFileSync(new URL("../../schema/supergraph.graphql", import.meta.url), "utf8"),
);

const ofLabelled = (document: Parameters<typeof labelsOf>[0]): Labels => {
  const labels = labelsOf(document);
  if (!labels) throw new Error("the graph is not labelled");
  return labels;
};

describe("the labels", () => {
  it.each([
    ["the supergraph", supergraph],
    ["a room", typeDefsOf(ROOM_FOLDERS.referrals)],
  ])("of %s say what each place holds, by itself or by default", (_, document) => {
    const labels = ofLabelled(document);
    expect(labels.type("Medication")).toBe("MEDICATIONS");
    expect(labels.field("Medication", "name")).toBe("MEDICATIONS");
    expect(labels.field("Medication", "id")).toBe("OPERATIONAL");
    expect(labels.field("Person", "birthDate")).toBe("DEMOGRAPHICS");
    expect(labels.argument("Query", "handoffs", "states")).toBe("REFERRAL_ADMIN");
    expect(labels.argument("Query", "handoffs", "first")).toBe("OPERATIONAL");
    expect(labels.inputField("DeclineHandoffInput", "reason")).toBe("REFERRAL_ADMIN");
    expect(labels.inputField("DeclineHandoffInput", "id")).toBe("OPERATIONAL");
    expect(labels.enumValue("DeclineReason", "NO_CAPACITY")).toBe("REFERRAL_ADMIN");
  });

  it("say nothing of what is not labelled or not there, and nobody can go on without", () => {
    const labels = ofLabelled(parse(`${LINK} type Person { name: String }`));
    expect(() => labels.type("Person")).toThrow("Person does not say what it holds");
    expect(() => labels.field("Person", "name")).toThrow("Person.name does not say what it holds");
    const ours = ofLabelled(supergraph);
    expect(() => ours.field("Person", "secret")).toThrow(
      "Person.secret does not say what it holds",
    );
    expect(() => ours.argument("Query", "handoffs", "secret")).toThrow(NOTHING_SAID);
    expect(() => ours.inputField("SecretInput", "id")).toThrow(NOTHING_SAID);
    expect(() => ours.enumValue("HandoffState", "SECRET")).toThrow(NOTHING_SAID);
    expect(() => ours.field("__proto__", "toString")).toThrow(NOTHING_SAID);
    expect(() => ours.type("join__Graph")).toThrow(NOTHING_SAID);
  });

  it("are none of a graph that links no sharing spec, whatever its directives are called", () => {
    expect(
      labelsOf(
        parse(`directive @holds(category: String) on OBJECT
          type Person @holds(category: "LABS") { name: String }`),
      ),
    ).toBeNull();
  });

  it.each([
    [
      "of a category that nobody knows",
      `${LINK} type A @holds(category: SECRETS) { b: Int }`,
      "A holds SECRETS, which is not known",
    ],
    ["of a version that nobody knows", LINK.replace("v1.0", "v2.0"), "only version 1 is read"],
    [
      "under another name",
      LINK.replace('"@holds"', '{ name: "@holds", as: "@tells" }'),
      "imported under the name",
    ],
  ])("are refused: %s", (_, sdl, message) => {
    expect(() => labelsOf(parse(sdl))).toThrow(message);
  });
});
