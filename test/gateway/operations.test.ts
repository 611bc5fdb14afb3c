/** Whatever may be asked is answered as one GraphQL server over the same data answers it; all else is refused. */
import fc from "fast-check";
import { getVariableValues, Kind, parse, validate } from "graphql";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isProblemCode } from "#schema/problems.ts";
import { ask, schema } from "./graph/monolith.ts";
import { openGraph } from "./graph/open.ts";
import type { Answer, Graph } from "./graph/open.ts";
import { operationsOver } from "./graph/operations.ts";
import type { Operation } from "./graph/operations.ts";

const SEED = 20250303;
const OPERATIONS = 10_000;
const BROKEN = 3_000;
/** As many requests are under way at a time. */
const AT_ONCE = 32;
const LONG_MS = 300_000;

let graph: Graph;
beforeAll(async () => {
  graph = await openGraph();
});
afterAll(() => graph.close());

/** Where an error shows: the null that its path leads to or through. Undefined: it leads to no null. */
const shownAt = (data: unknown, path: readonly (string | number)[] = []): string | undefined => {
  let value = data;
  for (const [depth, key] of path.entries()) {
    if (value === null) return JSON.stringify(path.slice(0, depth));
    value = (value as Record<string | number, unknown> | undefined)?.[key];
  }
  return value === null ? JSON.stringify(path) : undefined;
};

/**
 * The nulls that errors explain, and not the errors themselves: once an object is null because of one of its fields, the
 * others "may be cancelled to avoid unnecessary work", and whether their errors are told is left to the executor.
 *
 * @see https://spec.graphql.org/October2021/#sec-Executing-Selection-Sets.Errors-and-Non-Null-Fields
 */
const explained = (
  data: unknown,
  errors: readonly { path?: readonly (string | number)[] | undefined }[],
): string[] => {
  const places = errors.map(({ path }) => shownAt(data, path));
  return [...new Set(places.filter((it) => it !== undefined))].toSorted();
};

const isAnsweredAlike = async ({ query, variables }: Operation): Promise<void> => {
  const [told, truth] = await Promise.all([graph.ask(query, variables), ask(query, variables)]);
  // As text, for the order of the fields is a part of the answer.
  expect(JSON.stringify(told.data)).toBe(JSON.stringify(truth.data));
  expect(explained(told.data, told.errors)).toEqual(explained(truth.data, truth.errors ?? []));
  expect(told.status).toBe(200);
};

/**
 * Tries many at once; what does not hold is tried again alone, and made as small as it still fails.
 *
 * @returns For how many it holds.
 */
const heldAtOnce = async <Value>(
  values: fc.Arbitrary<Value>,
  count: number,
  holds: (value: Value) => Promise<void>,
): Promise<number> => {
  const all = fc.sample(values, { seed: SEED, numRuns: count });
  const failed: { index: number; error: unknown }[] = [];
  const open = all.entries();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const [index, value] of open) {
        if (failed.length > 0) return;
        await holds(value).catch((error: unknown) => void failed.push({ index, error }));
      }
    }),
  );
  const [first] = failed.toSorted((a, b) => a.index - b.index);
  if (!first) return all.length;
  await fc.assert(fc.asyncProperty(values, holds), {
    seed: SEED,
    numRuns: count,
    path: String(first.index),
  });
  throw new Error("it holds alone, and does not beside others", { cause: first.error });
};

const operations = operationsOver(schema);

it(
  `${OPERATIONS.toLocaleString("en")} operations are answered as by one server, to the order of their fields and the places of their errors (seed ${SEED})`,
  async () => {
    expect(await heldAtOnce(operations, OPERATIONS, isAnsweredAlike)).toBe(OPERATIONS);
  },
  LONG_MS,
);

/** The places of a text where words, numbers, strings and signs begin. */
const tokensOf = (text: string): string[] => text.match(/\w+|"(?:\\.|[^"\\])*"|\s+|./gsu) ?? [];

const JUNK = [
  "{ } ( ) [ ] ! $ @ : ... = | & # ,",
  "on query mutation subscription fragment null true -0 1e999 007",
  "nothing __schema _entities _service __proto__ @defer @skip @include(if:1) $nobody",
  '" """ \\ \u0000 \ufeff \ud800 \u202e',
].flatMap((line) => line.split(" "));

/** Damages a list: some of it is taken out, put in, or changes places. */
const damaged = (list: string[]): fc.Arbitrary<string> => {
  const place = fc.nat({ max: Math.max(list.length - 1, 0) });
  return fc
    .oneof(
      fc
        .tuple(place, fc.integer({ min: 1, max: 8 }))
        .map(([at, count]) => list.toSpliced(at, count)),
      fc.tuple(place, fc.constantFrom(...JUNK)).map(([at, junk]) => list.toSpliced(at, 0, junk)),
      fc.tuple(place, fc.constantFrom(...JUNK)).map(([at, junk]) => list.with(at, junk)),
      fc.tuple(place, place).map(([a, b]) => list.with(a, list[b] ?? "").with(b, list[a] ?? "")),
      fc.tuple(place, place).map(([a, b]) => list.toSpliced(a, 0, ...list.slice(b, b + 20))),
    )
    .map((it) => it.join(""));
};

const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(null, "", -1, 1e21, 2 ** 31, [[]], {}, ["p-1"], { id: "p-1" }, "\u0000"),
);

const brokenBodies: fc.Arbitrary<string> = operations.chain((operation) => {
  const { query, variables } = operation;
  const body = JSON.stringify(operation);
  const withVariables = (them: unknown) => JSON.stringify({ query, variables: them });
  const names = fc.constantFrom(...Object.keys(variables), "nobody", "representations");
  return fc.oneof(
    damaged(query.split("")).map((it) => JSON.stringify({ query: it, variables })),
    damaged(tokensOf(query)).map((it) => JSON.stringify({ query: it, variables })),
    fc.tuple(names, anything).map(([name, it]) => withVariables({ ...variables, [name]: it })),
    names.map((name) =>
      withVariables(Object.fromEntries(Object.entries(variables).filter(([it]) => it !== name))),
    ),
    anything.map(withVariables),
    anything.map((it) => JSON.stringify({ query: it, variables })),
    anything.map((it) => JSON.stringify({ ...operation, operationName: it })),
    anything.map((it) => JSON.stringify({ ...operation, extensions: it })),
    anything.map((it) => JSON.stringify(it)),
    damaged(body.split("")),
  );
});

/** Would a GraphQL server answer it with more than a refusal? */
const isOperation = (body: string): boolean => {
  try {
    const { query, variables, operationName } = JSON.parse(body) as Record<string, any>;
    const document = parse(query as string);
    if (validate(schema, document).length > 0) return false;
    const all = document.definitions.filter((it) => it.kind === Kind.OPERATION_DEFINITION);
    const named = all.filter((it) => operationName == null || it.name?.value === operationName);
    const [operation] = named;
    return (
      named.length === 1 &&
      !getVariableValues(schema, operation?.variableDefinitions ?? [], variables ?? {}).errors
    );
  } catch {
    return false;
  }
};

const codesOf = ({ errors }: Answer): string[] => errors.map(({ extensions }) => extensions.code);

it(
  `${BROKEN.toLocaleString("en")} requests that are broken somewhere are refused with a code, and none is our fault (seed ${SEED})`,
  async () => {
    const held = await heldAtOnce(brokenBodies, BROKEN, async (body) => {
      const answer = await graph.post(body);
      expect(answer.status).toBeLessThan(500);
      expect(codesOf(answer).filter((code) => !isProblemCode(code))).toEqual([]);
      if (isOperation(body)) return;
      expect(answer.data ?? null).toBeNull();
      expect(answer.errors).not.toEqual([]);
      expect(codesOf(answer)).not.toContain("FAULT");
    });
    expect(held).toBe(BROKEN);
  },
  LONG_MS,
);
