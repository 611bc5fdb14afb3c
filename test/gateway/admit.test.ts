/** What an operation must be like to be answered at all: over HTTP, to a whole house. */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROBLEMS } from "#schema/problems.ts";
import type { ProblemCode } from "#schema/problems.ts";
import { LIMITS } from "../../gateway/limits.ts";
import { agencies, COUNTY_PERSON_ID, people } from "../county/county.ts";
import { openCounty } from "../county/house.ts";
import type { Answer, County } from "../county/house.ts";
import { bearer, call } from "./open.ts";

let county: County;
let token: Record<string, string>;

beforeAll(async () => {
  county = await openCounty();
  token = bearer(await county.token("discharge-coordinator"));
});
afterAll(() => county.close());

const ask = (query: string, variables?: Record<string, unknown>) =>
  county.ask("discharge-coordinator", query, variables);

const BH = `agency(id: "${agencies.bh.id}")`;
const MARIA = `personByIdentifier(system: "${COUNTY_PERSON_ID}", value: "${people.maria.countyId}")`;

/** What an answer comes to, if it is a refusal: codes and a status, and nothing else. */
const outcome = ({ status, text, errors }: Answer) => ({
  codes: [...new Set(errors.map(({ extensions }) => extensions.code))],
  status,
  hasData: "data" in (JSON.parse(text) as object),
});
/** A refusal is the whole answer: one code, with that code's own status. */
const refused = (code: ProblemCode) => ({
  codes: [code],
  status: PROBLEMS[code].status,
  hasData: false,
});

const times = (count: number, one: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => one(n)).join(" ");

/** A fragment that spreads the next one twice, which spreads the next one twice: 2^levels selections of a few tokens. */
const bomb = (levels: number, twice: (next: string) => string) =>
  `{ ...F0 } ${times(levels, (n) => `fragment F${n} on Query { ${twice(`F${n + 1}`)} }`)}
   fragment F${levels} on Query { agencies { edges { node { name } } } }`;

describe("a document", () => {
  it.each([
    ["that does not parse", "{ agencies { edges"],
    ["that is empty of operations", "fragment F on Agency { name }"],
    [
      "that asks for a field that is not in the graph",
      "{ agencies { edges { node { secrets } } } }",
    ],
    ["that asks a subgraph's own question", "{ _service { sdl } }"],
    [
      "that asks for entities, as only the gateway may",
      `{ _entities(representations: []) { __typename } }`,
    ],
    [
      "whose fragments go round in a circle",
      "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    ],
    ["whose fragment is its own", `{ ${BH} { ...A } } fragment A on Agency { parent { ...A } }`],
    [
      "with two operations and no word which",
      "query A { agencies { edges { cursor } } } query B { agencies { edges { cursor } } }",
    ],
    ["that subscribes", "subscription { agencies { edges { cursor } } }"],
  ])("%s is refused", async (_, query) => {
    expect(outcome(await ask(query))).toEqual(refused("OPERATION_INVALID"));
  });

  it("may ask how the graph is made, outside production", async () => {
    const { data } = await ask(
      `{ __type(name: "Agency") { fields(includeDeprecated: true) { name } } }`,
    );
    expect(data.__type.fields).toContainEqual({ name: "kind" });
  });
});

describe("the limits", () => {
  it("let 1,000 tokens through, and not one more", async () => {
    const tokens = (count: number) =>
      `{ disputes(stages: [${times(count - 15, () => "CLOSED")}]) { edges { cursor } } }`;
    expect((await ask(tokens(LIMITS.tokens))).data).toEqual({ disputes: { edges: [] } });
    expect(outcome(await ask(tokens(LIMITS.tokens + 1)))).toEqual(refused("OPERATION_TOO_LARGE"));
  });

  const parents = (count: number): string =>
    count === 0 ? "id" : `parent { ${parents(count - 1)} }`;

  it("let eight fields stand in each other, and not nine", async () => {
    expect((await ask(`{ ${BH} { ${parents(6)} } }`)).errors).toEqual([]);
    const answer = await ask(`{ ${BH} { ${parents(7)} } }`);
    expect(outcome(answer)).toEqual(refused("OPERATION_TOO_LARGE"));
    expect(answer.errors[0]?.extensions.limit).toBe("depth");
  });

  it("count fields in fragments as if they stood there", async () => {
    const spread = `{ ${BH} { ...A } } fragment A on Agency { parent { ...B } } fragment B on Agency { ${parents(6)} }`;
    expect(outcome(await ask(spread))).toEqual(refused("OPERATION_TOO_LARGE"));
    const inline = `{ ${BH} { ... on Agency { parent { ... { ${parents(6)} } } } } }`;
    expect(outcome(await ask(inline))).toEqual(refused("OPERATION_TOO_LARGE"));
  });

  it("do not count a connection's own plumbing as depth", async () => {
    const { data, errors } = await ask(`{
      ${MARIA} {                                                          # 1
        handoffs { pageInfo { hasNextPage } edges { node {                # 2
          referral { handoffs { interface { parties { parent { id } } } } # 3 4 5 6 7 8
        } } }
      } }
    }`);
    expect(errors).toEqual([]);
    expect(data.personByIdentifier.handoffs.edges).toHaveLength(1);
  });

  it("let 15 aliases stand, and not 16, wherever they are", async () => {
    const aliases = (count: number) => times(count, (n) => `a${n}: name`);
    expect((await ask(`{ ${BH} { ${aliases(15)} } }`)).data.agency.a14).toBe(agencies.bh.name);
    const tooMany = [
      `{ ${BH} { ${aliases(16)} } }`,
      `{ ${BH} { ...A } } fragment A on Agency { ${aliases(16)} }`,
      `{ one: ${BH} { ${aliases(7)} } two: ${BH} { ${aliases(7)} } }`,
      `{ one: ${BH} { ...A } two: ${BH} { ...A } } fragment A on Agency { ${aliases(7)} }`,
    ];
    for (const query of tooMany)
      expect(outcome(await ask(query))).toEqual(refused("OPERATION_TOO_LARGE"));
  });

  const FIVE =
    "agencies { __typename } interfaces { __typename } handoffs { __typename } worklist { __typename } disputes { __typename }";
  const SIXTH = "sharingAgreements { __typename }";

  it("let five questions be asked at once, and not six", async () => {
    expect((await ask(`{ ${FIVE} }`)).errors).toEqual([]);
    const answer = await ask(`{ ${FIVE} ${SIXTH} }`);
    expect(outcome(answer)).toEqual(refused("OPERATION_TOO_LARGE"));
    expect(answer.errors[0]?.extensions.limit).toBe("rootFields");
  });

  it.each([
    ["a fragment", `{ ...All } fragment All on Query { ${FIVE} ${SIXTH} }`],
    ["an inline fragment", `{ ... on Query { ${FIVE} ${SIXTH} } }`],
    [
      "two fragments",
      `{ ...A ...B } fragment A on Query { ${FIVE} } fragment B on Query { ${SIXTH} }`,
    ],
  ])("count questions in %s as if they stood there", async (_, query) => {
    expect(outcome(await ask(query))).toEqual(refused("OPERATION_TOO_LARGE"));
  });

  // Doubled 14 times it takes a fifth of a second, doubled 18 times more than a minute and a half, in which nobody is
  // answered: so the larger one is asked only once the smaller is refused.
  it.each([
    ["fragments", (next: string) => `...${next} ...${next}`],
    ["inline fragments", (next: string) => `... { ...${next} } ... { ...${next} }`],
    ["conditions", (next: string) => `...${next} @skip(if: $no) ...${next} @include(if: $yes)`],
  ])("refuse a bomb of %s quickly, however far it would unfold", async (name, twice) => {
    const variables =
      name === "conditions" ? "query($no: Boolean = false, $yes: Boolean = true) " : "";
    for (const levels of [14, 22]) {
      const began = performance.now();
      expect(outcome(await ask(variables + bomb(levels, twice)))).toEqual(
        refused("OPERATION_TOO_LARGE"),
      );
      expect(performance.now() - began).toBeLessThan(2_000);
    }
  });

  it("refuse a bomb of nested fields quickly", async () => {
    const fields = times(
      22,
      (n) => `fragment F${n} on Agency { a: parent { ...F${n + 1} } b: parent { ...F${n + 1} } }`,
    );
    const query = `{ ${BH} { ...F0 } } ${fields} fragment F22 on Agency { name }`;
    expect(outcome(await ask(query))).toEqual(refused("OPERATION_TOO_LARGE"));
  });
});

describe("an alias", () => {
  it.each([
    ["its key", `{ ${BH} { id: name kind } }`, { id: agencies.bh.name, kind: "BH" }],
    ["a field that is not asked for", `{ ${BH} { kind: name } }`, { kind: agencies.bh.name }],
    ["each other", `{ ${BH} { name: kind kind: name } }`, { name: "BH", kind: agencies.bh.name }],
    ["the planner's own", `{ ${BH} { __typename: name } }`, { __typename: agencies.bh.name }],
    ["the planner's own, made up", `{ ${BH} { __fed: kind } }`, { __fed: "BH" }],
    [
      "the normalised operation's",
      `{ ${BH} { __0_agency: kind parent: name } }`,
      { __0_agency: "BH", parent: agencies.bh.name },
    ],
  ])("that bears another field's name, %s, is just a word", async (_, query, agency) => {
    const { data, errors } = await ask(query);
    expect(errors).toEqual([]);
    expect(data).toEqual({ agency });
  });

  it("meets no key of another room: what hangs on the key is the right thing's", async () => {
    const honest = await ask(
      "{ handoffs { edges { node { referral { id service disputes { stage } } } } } }",
    );
    const query = `{ handoffs { edges { node { referral {
      id: service service: id disputes { stage: type type: stage }
    } } } } }`;
    const { data } = await ask(query);
    const swapped = data.handoffs.edges.map(({ node: { referral } }: any) => ({
      id: referral.service,
      service: referral.id,
      disputes: referral.disputes.map((it: any) => ({ stage: it.type })),
    }));
    expect(swapped).toEqual(honest.data.handoffs.edges.map(({ node }: any) => node.referral));
    expect(swapped.some(({ disputes }: any) => disputes.length > 0)).toBe(true);
  });
});

describe("a request", () => {
  const post = (body: RequestInit["body"], headers: Record<string, string> = {}) =>
    call(`${county.house.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", ...token, ...headers },
      body,
    });
  const QUERY = `{ ${BH} { name } }`;
  const get = (headers: Record<string, string>, query = QUERY) =>
    call(`${county.house.url}/graphql?${new URLSearchParams({ query })}`, {
      headers: { ...token, ...headers },
    });

  it("of 100 kB is taken, and of one byte more is not", async () => {
    const sized = (bytes: number) => {
      const body = JSON.stringify({ query: QUERY, extensions: { padding: "" } });
      return body.replace('""', `"${"x".repeat(bytes - body.length)}"`);
    };
    expect((await post(sized(100_000))).data).toEqual({ agency: { name: agencies.bh.name } });
    expect(outcome(await post(sized(100_001)))).toEqual(refused("BODY_TOO_LARGE"));
  });

  it.each([
    ["is cut off", `{"query": "{ agencies`],
    ["is empty", ""],
    ["is a batch of operations", JSON.stringify([{ query: QUERY }, { query: QUERY }])],
    ["is a word", `"query"`],
    ["is null", "null"],
    ["has no query", `{"operationName": "A"}`],
    ["has a query that is no text", `{"query": 1}`],
    ["has variables that are text", JSON.stringify({ query: QUERY, variables: "{}" })],
    [
      "names a query that it does not bring along",
      JSON.stringify({
        extensions: { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } },
      }),
    ],
  ])("whose body %s is refused", async (_, body) => {
    expect(outcome(await post(body))).toEqual(refused("BAD_REQUEST"));
  });

  it.each([
    ["of the wrong type", "query($id: ID!) { agency(id: $id) { name } }", { id: { a: 1 } }],
    ["that is missing", "query($id: ID!) { agency(id: $id) { name } }", {}],
    [
      "that is no number",
      "query($first: Int) { agencies(first: $first) { edges { cursor } } }",
      { first: "ten" },
    ],
    [
      "that is too large a number",
      "query($first: Int) { agencies(first: $first) { edges { cursor } } }",
      { first: 2 ** 31 },
    ],
    [
      "that is none of an enum's",
      "query($states: [HandoffState!]) { handoffs(states: $states) { edges { cursor } } }",
      { states: ["LOST"] },
    ],
    [
      "with a field that its input has not",
      "mutation($input: HandoffMoveInput!) { acceptHandoff(input: $input) { id } }",
      { input: { idempotencyKey: "k", id: agencies.bh.id, expectedVersion: 1, by: "me" } },
    ],
  ])("with a variable %s is refused", async (_, query, variables) => {
    expect(outcome(await ask(query, variables))).toEqual(refused("BAD_INPUT"));
  });

  it("may name a variable as the planner names its own", async () => {
    const { data, errors } = await ask(
      `query($representations: String!) {
        interfaces { edges { node { handoffVolume(from: $representations, to: "2025-03") { month } } } }
      }`,
      { representations: "2025-03" },
    );
    expect(errors).toEqual([]);
    expect(data.interfaces.edges[0].node.handoffVolume).toEqual([{ month: "2025-03" }]);
  });

  it.each([
    [
      "in a variable",
      "query($at: DateTime!) { interfaces { edges { node { asOf(at: $at) { name } } } } }",
      { at: "yesterday" },
    ],
    [
      "in an input",
      "mutation($input: HandoffMoveInput!) { acceptHandoff(input: $input) { id } }",
      {
        input: {
          idempotencyKey: "k",
          id: agencies.bh.id,
          expectedVersion: 1,
          occurredAt: "yesterday",
        },
      },
    ],
    ["in its text", `{ interfaces { edges { node { asOf(at: "yesterday") { name } } } } }`, {}],
  ])("with an instant that is none %s is told so", async (_, query, variables) => {
    const { errors } = await ask(query, variables);
    // What stands in the document itself is the document's fault, and what comes beside it is an argument's.
    const code = query.includes("yesterday") ? "OPERATION_INVALID" : "BAD_INPUT";
    expect(errors.map(({ extensions }) => extensions.code)).toEqual([code]);
    expect(errors[0]?.message).toContain("RFC 3339");
  });

  it("by GET is answered: its token shows that no page of another site sent it", async () => {
    expect((await get({})).data).toEqual({ agency: { name: agencies.bh.name } });
  });

  it("by GET cannot change anything", async () => {
    const mutation = `mutation { acceptHandoff(input: { idempotencyKey: "k", id: "${agencies.bh.id}", expectedVersion: 1 }) { id } }`;
    const answer = await get({ "apollo-require-preflight": "true" }, mutation);
    expect(outcome(answer)).toEqual(refused("METHOD_NOT_ALLOWED"));
    expect(answer.headers.get("allow")).toBe("POST");
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "",
  ])("by POST of %j, as a form can send it, is refused", async (type) => {
    expect(outcome(await post(JSON.stringify({ query: QUERY }), { "content-type": type }))).toEqual(
      refused("UNSUPPORTED_MEDIA_TYPE"),
    );
  });

  it("may say the charset of its JSON", async () => {
    const answer = await post(JSON.stringify({ query: QUERY }), {
      "content-type": "Application/JSON; charset=utf-8",
    });
    expect(answer.status).toBe(200);
  });

  it.each(["PUT", "DELETE", "PATCH", "OPTIONS"])(
    "by %s is refused, and told by what it may come",
    async (method) => {
      const answer = await call(`${county.house.url}/graphql`, { method, headers: token });
      expect(outcome(answer)).toEqual(refused("METHOD_NOT_ALLOWED"));
      // RFC 9110, section 15.5.6: a 405 must say what is allowed.
      expect(answer.headers.get("allow")?.split(/, ?/).sort()).toEqual(["GET", "POST"]);
    },
  );

  it.each(["/", "/graphql/", "/GraphQL", "/directory", "/events", "/constructor"])(
    "to %s finds nothing there",
    async (path) => {
      expect(outcome(await call(`${county.house.url}${path}`, { headers: token }))).toEqual(
        refused("NOT_FOUND"),
      );
    },
  );

  it("to a target that is no path finds nothing there either", async () => {
    // fetch would tidy the target up.
    const status = await new Promise((resolve, reject) => {
      request(`${county.house.url}`, { path: "//", headers: token }, ({ statusCode }) =>
        resolve(statusCode),
      )
        .on("error", reject)
        .end();
    });
    expect([400, 404]).toContain(status);
  });

  it("over its agency's budget is told when to come again", async () => {
    county.now("2025-03-04T18:00:15-06:00");
    const { budget, clock } = county.house;
    const spend = () => budget.spend(agencies.ems.id, clock());
    while (
      await spend().then(
        () => true,
        () => false,
      )
    );
    const answer = await county.ask("ems-responder", QUERY);
    expect(outcome(answer)).toEqual(refused("RATE_LIMITED"));
    expect(answer.errors[0]?.extensions.retryAfterSeconds).toBe(45);
    expect(answer.headers.get("retry-after")).toBe("45");
    expect((await county.ask("bh-clinician", QUERY)).status).toBe(200);
    county.now("2025-03-04T18:01:00-06:00");
    expect((await county.ask("ems-responder", QUERY)).status).toBe(200);
  });
});
