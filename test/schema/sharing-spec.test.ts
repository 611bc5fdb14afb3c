import { parse, print } from "graphql";
import { expect, it } from "vitest";
import { marked, sharingLinkOf, unmarked, unreadable } from "#schema/sharing-spec.ts";

const linking = (link: string) =>
  parse(`schema @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION) ${link} { query: Query }
    type Query { a: Int }`);

const OURS = '@link(url: "https://handoff-graph.org/sharing/v1.0", import: ["@holds"])';

it("a supergraph demands that its labels be enforced, once, and the demand can be taken off again", () => {
  const plain = linking(OURS);
  const demanding = marked(plain);
  expect(print(demanding)).toContain(
    '@link(url: "https://handoff-graph.org/sharing/v1.0", for: SECURITY, import: ["@holds"])',
  );
  expect(print(marked(demanding))).toBe(print(demanding));
  expect(print(unmarked(demanding))).toBe(print(plain));
  expect(print(unmarked(demanding))).toContain("for: EXECUTION");
});

it.each([
  "",
  '@link(url: "https://handoff-graph.org/sharing/v2.0", for: SECURITY, import: ["@holds"])',
  '@link(url: "https://handoff-graph.org/sharing/v1.0", as: "s", for: SECURITY, import: ["@holds"])',
  '@link(url: "https://handoff-graph.org/sharing/v1.0/more", for: SECURITY, import: ["@holds"])',
  '@link(url: "https://handoff-graph.org/sharing/v1.0", for: SECURITY)',
  '@link(url: "https://handoff-graph.org.example/sharing/v1.0", for: SECURITY, import: ["@holds"])',
  '@link(url: "https://another-graph.org/sharing/v1.0", for: SECURITY, import: ["@holds"])',
])("a demand that is not understood stands: %s", (link) => {
  const document = linking(link);
  expect(print(unmarked(document))).toBe(print(document));
});

it.each([
  [OURS, undefined],
  [OURS.replace("v1.0", "v1.12"), undefined],
  [
    OURS.replace("v1.0", "v2.0"),
    "the sharing spec is linked as `https://handoff-graph.org/sharing/v2.0`, and only version 1 is read",
  ],
  [
    OURS.replace('", import', '", as: "s", import'),
    "the sharing spec is linked under the name `s`",
  ],
  [OURS.replace('["@holds"]', "[]"), "`@holds` is not imported"],
  [
    OURS.replace('"@holds"', '{ name: "@holds", as: "@tells" }'),
    "`@holds` is imported under the name `@tells`",
  ],
])("a link is read, or said to be unreadable: %s", (written, fault) => {
  const link = sharingLinkOf(linking(written));
  expect(link && unreadable(link)).toBe(fault);
});

it("somebody else's graph links no sharing spec", () => {
  expect(sharingLinkOf(linking(""))).toBeUndefined();
});
