/** Whatever is sent to /fhir gets a coded answer: nothing is our fault, nothing is half-written, nothing is lost. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isProblemCode } from "#schema/problems.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";

const sample = (path: string): any =>
  JSON.parse(readFileSync(new URL(`../../samples/${path}`, import.meta.url), "utf8"));

let county: County;
beforeAll(async () => {
  county = await openCounty();
  county.now("2026-01-05T12:00:00Z");
});
afterAll(() => county.close());

const SEEDS = [
  sample("pacio-bsj/Task-P0522-SDOH-SR-Transport.json"),
  sample("pacio-bsj/Encounter-P0522-Enc-SNF.json"),
  sample("pacio-bsj/4b_TransportSDOH_PDRMessageBundle.json"),
  sample("us-core/patient-example.json"),
  sample("us-core/organization-holy-healthcare.json"),
  sample("us-core/medicationrequest-coded-oral-axid.json"),
  sample("davinci-alerts/discharge-notification-message-bundle-01.json"),
];

/** Every path in a value. */
const paths = (value: unknown, at: (string | number)[] = []): (string | number)[][] =>
  value !== null && typeof value === "object"
    ? [at, ...Object.keys(value).flatMap((key) => paths((value as any)[key], [...at, key]))]
    : [at];

const put = (value: any, [head, ...rest]: (string | number)[], what: unknown): any => {
  if (head === undefined) return what;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  copy[head] = put(copy[head], rest, what);
  return copy;
};

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    "\u0000",
    "x".repeat(5_000),
    "Patient/",
    "urn:uuid:",
    "2021-02-30",
    "9999-12-31T23:59:60Z",
    "-1",
    null,
    [],
    {},
    "",
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
);

const mutant = fc.constantFrom(...SEEDS).chain((seed) =>
  fc
    .array(fc.tuple(fc.constantFrom(...paths(seed)), anything), { minLength: 1, maxLength: 3 })
    .map((changes) =>
      changes.reduce((value, [path, what]) => {
        try {
          return put(value, path, what);
        } catch {
          return value;
        }
      }, seed),
    ),
);

it("a resource with anything in any of its places gets a coded answer, and is kept or set aside", async () => {
  await fc.assert(
    fc.asyncProperty(mutant, async (sent) => {
      const { status, body } = await county.send("county-system", JSON.stringify(sent));
      expect(status, county.logged.at(-1)).toBeLessThan(500);
      const outcomes = body.entry?.map(({ response }: any) => response.outcome) ?? [body];
      for (const { issue } of outcomes)
        for (const { details } of issue) {
          const [{ code }] = details.coding;
          expect(isProblemCode(code) || ["MAPPED", "KEPT", "UNCHANGED"].includes(code)).toBe(true);
        }
    }),
    { numRuns: 250 },
  );
});

it("bytes that are anything at all get a coded answer", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.json().map((text) => Buffer.from(text)),
      ),
      async (bytes) => {
        const { status, body } = await county.send("county-system", new Uint8Array(bytes));
        expect(status).toBeGreaterThanOrEqual(400);
        expect(status).toBeLessThan(500);
        expect(isProblemCode(body.issue[0].details.coding[0].code)).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});

it("JSON nested a hundred thousand deep is refused, and the house stands", async () => {
  const deep = `{"resourceType":"Patient","contact":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  const { status, body } = await county.send("county-system", deep);
  expect([status, body.issue[0].details.coding[0].code]).toEqual([400, "MALFORMED_JSON"]);
});

it("a bundle that holds one resource twice takes it in once", async () => {
  const organization = { resourceType: "Organization", id: "twice", name: "Twice" };
  const entry = { resource: organization, request: { method: "PUT", url: "Organization/twice" } };
  const { status } = await county.send("county-system", {
    resourceType: "Bundle",
    type: "transaction",
    entry: [entry, entry],
  });
  expect(status).toBe(200);
  expect(await county.house.database.sql("referrals.agency").where({ name: "Twice" })).toHaveLength(
    1,
  );
});
