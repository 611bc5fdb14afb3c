/**
 * GraphQL over HTTP, as its specification has it and as @apollo/server does it.
 *
 * Statuses are those of the draft that the audits hold a server to. The edition of September 2026 would rather have 422 for
 * what does not fit, and 294 for a partial answer; a client that does not know them takes them for 400 and 200.
 *
 * @see https://graphql.github.io/graphql-over-http/draft/
 */
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { gzipSync } from "node:zlib";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { buildSchema } from "graphql";
import { serverAudits } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { agencies } from "../county/county.ts";
import { openCounty } from "../county/house.ts";
import type { County } from "../county/house.ts";
import { emptyHouse, lineOf, send } from "./line.ts";
import type { Got, Sent, TestLine } from "./line.ts";
import { bearer } from "./open.ts";

let county: County;
let url: string;
let token: { authorization: string };
/** Answers anybody. */
let open: TestLine;

beforeAll(async () => {
  county = await openCounty();
  url = `${county.house.url}/graphql`;
  token = bearer(await county.token("discharge-coordinator"));
  open = await lineOf(emptyHouse());
});
afterAll(async () => {
  await open.close();
  await county.close();
});

const NEWER = "application/graphql-response+json";
const OLDER = "application/json";
const JSON_TYPE = { "content-type": "application/json" };
const GZIP = { ...JSON_TYPE, "content-encoding": "gzip" };
const PREFLIGHT = { "apollo-require-preflight": "true" };
const TYPENAME = "{ __typename }";
const BH = `{ agency(id: "${agencies.bh.id}") { name } }`;

/** A POST of JSON. */
const posting = (body: object, headers: Sent["headers"] = {}): Sent => ({
  body: JSON.stringify(body),
  headers: { ...JSON_TYPE, ...headers },
});

const bodyOf = ({ text }: Got) =>
  JSON.parse(text) as { data?: any; errors?: { message: string; extensions: { code: string } }[] };

/** Status, and the code of each refusal. */
const outcome = (got: Got) => [
  got.status,
  ...(bodyOf(got).errors ?? []).map(({ extensions }) => extensions.code),
];

const typeOf = ({ headers }: Got) => headers["content-type"];

describe("the audits of graphql-http", () => {
  const audits = serverAudits({
    url: () => url,
    fetchFn: (to: string, init: RequestInit = {}) =>
      fetch(to, { ...init, headers: { ...(init.headers as Record<string, string>), ...token } }),
  });

  it.each(audits)("$name", async ({ fn }) => {
    expect(await fn()).toMatchObject({ status: "ok" });
  });
});

describe("an answer", () => {
  it.each<[accept: string | undefined, answered: string, refused: string, status: number]>([
    // To whoever takes anything: an answer as every client reads it, and a refusal whose status says so.
    [undefined, OLDER, NEWER, 400],
    ["", OLDER, NEWER, 400],
    ["*/*", OLDER, NEWER, 400],
    ["application/*", OLDER, NEWER, 400],
    ["text/html, */*;q=0.8", OLDER, NEWER, 400],
    [NEWER, NEWER, NEWER, 400],
    [`${NEWER}; charset=utf-8, ${OLDER}; charset=utf-8`, NEWER, NEWER, 400],
    [`${NEWER}, ${OLDER};q=0.9`, NEWER, NEWER, 400],
    [`${OLDER};q=0.9, ${NEWER}`, NEWER, NEWER, 400],
    [`${OLDER};q=0, */*`, NEWER, NEWER, 400],
    [OLDER, OLDER, OLDER, 200],
    ["Application/JSON", OLDER, OLDER, 200],
    ["application/json, text/plain, */*", OLDER, OLDER, 200],
    [`text/html, ${OLDER};q=0.5`, OLDER, OLDER, 200],
    [`${NEWER};q=0.5, ${OLDER}`, OLDER, OLDER, 200],
    [`${NEWER};q=0, */*`, OLDER, OLDER, 200],
  ])("to who accepts %j is in a media type that they take", async (accept, good, bad, status) => {
    const headers = accept === undefined ? {} : { accept };
    const answered = await send(open.url, posting({ query: TYPENAME }, headers));
    expect([answered.status, typeOf(answered)]).toEqual([200, `${good}; charset=utf-8`]);
    const refused = await send(open.url, posting({ query: "{" }, headers));
    expect([refused.status, typeOf(refused)]).toEqual([status, `${bad}; charset=utf-8`]);
  });

  it.each([
    "text/html",
    "image/*",
    "application/xml",
    `${OLDER};q=0`,
    "*/*;q=0",
    "application/jso",
  ])("to who accepts %j alone there is none", async (accept) => {
    const got = await send(open.url, posting({ query: TYPENAME }, { accept }));
    expect(outcome(got)).toEqual([406, "NOT_ACCEPTABLE"]);
  });

  const LARGE = JSON.stringify({ query: TYPENAME, extensions: { padding: "x".repeat(100_000) } });

  it.each<[what: string, sent: () => Sent, newer: number, older: number, code?: string]>([
    ["whole", () => posting({ query: BH }, token), 200, 200],
    [
      "partial",
      () => posting({ query: `{ handoff(id: "H-2002") { state } }` }, token),
      200,
      200,
      "BAD_INPUT",
    ],
    [
      "to a document that does not parse",
      () => posting({ query: "{" }, token),
      400,
      200,
      "OPERATION_INVALID",
    ],
    [
      "to a document that does not fit",
      () => posting({ query: "{ secrets }" }, token),
      400,
      200,
      "OPERATION_INVALID",
    ],
    [
      "to a document of two operations and no word which",
      () => posting({ query: "query A { __typename } query B { __typename }" }, token),
      400,
      200,
      "OPERATION_INVALID",
    ],
    [
      "to a document over a limit",
      () => posting({ query: `{ agencies(first: 5000) { edges { cursor node { id } } } }` }, token),
      400,
      200,
      "OPERATION_TOO_LARGE",
    ],
    [
      "to variables that do not fit",
      () => posting({ query: "query($id: ID!) { agency(id: $id) { name } }" }, token),
      400,
      200,
      "BAD_INPUT",
    ],
    ["to no query", () => posting({ qeury: BH }, token), 400, 400, "BAD_REQUEST"],
    [
      "to what is not JSON",
      () => ({ body: "{", headers: { ...JSON_TYPE, ...token } }),
      400,
      400,
      "BAD_REQUEST",
    ],
    [
      "to a document that nobody knows",
      () => posting({ documentId: "sha256:0" }, token),
      400,
      400,
      "DOCUMENT_NOT_TRUSTED",
    ],
    ["to no token", () => posting({ query: BH }), 401, 401, "UNAUTHENTICATED"],
    ["to no token by GET", () => ({ search: { query: BH } }), 401, 401, "UNAUTHENTICATED"],
    ["by PUT", () => ({ method: "PUT", headers: token }), 405, 405, "METHOD_NOT_ALLOWED"],
    [
      "to a change by GET",
      () => ({ search: { query: "mutation { __typename }" }, headers: token }),
      405,
      405,
      "METHOD_NOT_ALLOWED",
    ],
    [
      "to a body that is too large",
      () => ({ body: LARGE, headers: { ...JSON_TYPE, ...token } }),
      413,
      413,
      "BODY_TOO_LARGE",
    ],
    [
      "to a form",
      () => ({ body: "query=x", headers: { "content-type": "text/plain", ...token } }),
      415,
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    [
      "to a body that is compressed",
      () => ({
        body: gzipSync(JSON.stringify({ query: BH })),
        headers: { ...GZIP, ...token },
      }),
      415,
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
  ])("%s has a status of its own in each media type", async (_, sent, newer, older, code) => {
    for (const [accept, status] of [
      [NEWER, newer],
      [OLDER, older],
    ] as const) {
      const it = sent();
      const got = await send(url, { ...it, headers: { ...it.headers, accept } });
      expect(outcome(got)).toEqual(code ? [status, code] : [status]);
      expect(typeOf(got)).toBe(`${accept}; charset=utf-8`);
      expect("data" in bodyOf(got)).toBe(newer === 200);
    }
  });

  it("to a compressed body does not wait for it: nothing of a bomb is unpacked", async () => {
    const sending = request(url, {
      method: "POST",
      headers: { ...GZIP, ...token, "content-length": 99_000 },
    });
    sending.flushHeaders();
    const status = await new Promise((resolve, reject) => {
      sending.on("response", ({ statusCode }) => resolve(statusCode)).on("error", reject);
    });
    sending.destroy();
    expect(status).toBe(415);
  });

  it("to a body that is said not to be compressed is the same as to any other", async () => {
    const got = await send(
      open.url,
      posting({ query: TYPENAME }, { "content-encoding": "identity" }),
    );
    expect(outcome(got)).toEqual([200]);
  });

  it("to a body in UTF-8 that was sent in parts of a letter is whole", async () => {
    const query = `query($name: String!) { __type(name: $name) { name } } # ${"é🏃".repeat(10_000)}`;
    const got = await send(open.url, posting({ query, variables: { name: "Agency" } }));
    expect(bodyOf(got).data).toEqual({ __type: { name: "Agency" } });
  });
});

describe("a request by GET", () => {
  const get = (search: Sent["search"], headers: Sent["headers"] = PREFLIGHT) =>
    send(open.url, { search, headers });

  it("has its variables and the operation's name in its URL", async () => {
    const got = await get({
      query: `query Other { __typename } query Agency($name: String!) { __type(name: $name) { name } }`,
      operationName: "Agency",
      variables: JSON.stringify({ name: "Agency" }),
      extensions: "{}",
    });
    expect(bodyOf(got).data).toEqual({ __type: { name: "Agency" } });
  });

  it("may leave empty what it has not", async () => {
    const got = await get({ query: TYPENAME, operationName: "", variables: "", extensions: "" });
    expect(bodyOf(got)).toEqual({ data: { __typename: "Query" } });
  });

  it.each([
    ["variables that are not JSON", { query: TYPENAME, variables: "{" }],
    ["variables that are no object", { query: TYPENAME, variables: "[]" }],
    ["extensions that are not JSON", { query: TYPENAME, extensions: "x" }],
    ["no query", { qeury: TYPENAME }],
    ["two queries", "query={__typename}&query={__schema{__typename}}"],
  ])("with %s is refused", async (_, search) => {
    expect(outcome(await get(search))).toEqual([400, "BAD_REQUEST"]);
  });

  it("of another site is refused: none of its headers made the browser ask", async () => {
    expect(outcome(await get({ query: TYPENAME }, {}))).toEqual([400, "BAD_REQUEST"]);
  });

  it.each([
    "text/plain",
    "text/plain; charset=utf-8",
    "Text/Plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "",
  ])("of another site is refused, as a form sends it: %j", async (type) => {
    const got = await get({ query: TYPENAME }, { "content-type": type });
    expect(outcome(got)).toEqual([400, "BAD_REQUEST"]);
  });

  it.each([
    ["a token", { authorization: "Bearer x" }],
    ["apollo-require-preflight", PREFLIGHT],
    ["an operation's name, as Apollo's clients send it", { "x-apollo-operation-name": "Agencies" }],
    ["the content type of JSON", JSON_TYPE],
  ])("that shows by %s that no other site sent it is answered", async (_, headers) => {
    expect(bodyOf(await get({ query: TYPENAME }, headers))).toEqual({
      data: { __typename: "Query" },
    });
  });

  // Some browsers send these across sites without asking.
  it.each(["application/graphql", "application/xml", "message/ad-auction-bidding", "x"])(
    "of a content type that is none of ours, %j, is refused",
    async (type) => {
      const got = await get({ query: TYPENAME }, { "content-type": type });
      expect(outcome(got)).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
    },
  );
});

describe("the schema", () => {
  /** In production, where this line answers any document all the same. */
  let production: TestLine;
  beforeAll(async () => {
    vi.stubEnv("NODE_ENV", "production");
    production = await lineOf(emptyHouse());
    vi.unstubAllEnvs();
  });
  afterAll(() => production.close());

  const INTROSPECTION = `{ __schema { queryType { name } } __type(name: "Agency") { name } }`;

  it("is told to who asks, outside production", async () => {
    expect(bodyOf(await send(open.url, posting({ query: INTROSPECTION }))).data).toEqual({
      __schema: { queryType: { name: "Query" } },
      __type: { name: "Agency" },
    });
  });

  it("is not told in production, however it is asked for", async () => {
    for (const query of [
      INTROSPECTION,
      "{ __schema { types { name } } }",
      "{ ...A } fragment A on Query { it: __schema { queryType { name } } }",
      `query($no: Boolean = false) { __typename __type(name: "Agency") @include(if: $no) { name } }`,
    ]) {
      const got = await send(production.url, posting({ query }));
      expect(got.status).toBe(400);
      expect(new Set(outcome(got).slice(1))).toEqual(new Set(["OPERATION_INVALID"]));
      expect("data" in bodyOf(got)).toBe(false);
    }
    expect(bodyOf(await send(production.url, posting({ query: TYPENAME })))).toEqual({
      data: { __typename: "Query" },
    });
  });

  /** Each has a name that is nearly right. */
  const misspelled: [what: string, body: object][] = [
    ["a field", { query: "{ agencie { edges { cursor } } }" }],
    ["a type", { query: "{ ...A } fragment A on Agenci { name }" }],
    ["an argument", { query: "{ agencies(frist: 1) { edges { cursor } } }" }],
    ["a value", { query: "{ disputes(stages: [CLOSD]) { edges { cursor } } }" }],
    [
      "a variable's type",
      { query: "query($it: DisputeStag) { disputes(stages: [$it]) { edges { cursor } } }" },
    ],
    [
      "a variable's value",
      {
        query: "query($it: DisputeStage!) { disputes(stages: [$it]) { edges { cursor } } }",
        variables: { it: "CLOSD" },
      },
    ],
    [
      "a variable's field",
      {
        query: "mutation($it: HandoffMoveInput!) { acceptHandoff(input: $it) { id } }",
        variables: { it: { idempotencyKey: "k", id: "i", expectedVersion: 1, occuredAt: null } },
      },
    ],
  ];

  it.each(misspelled)(
    "is guessed at for who misspells %s, outside production alone",
    async (_, body) => {
      const guess = /did you mean/i;
      expect((await send(open.url, posting(body))).text).toMatch(guess);
      const got = await send(production.url, posting(body));
      expect(got.status).toBe(400);
      expect(got.text).not.toMatch(guess);
    },
  );
});

describe("what is not supported", () => {
  it.each([
    ["`@defer`", "{ agencies { ... @defer { edges { cursor } } } }", `Unknown directive "@defer".`],
    ["`@stream`", "{ agencies { edges @stream { cursor } } }", `Unknown directive "@stream".`],
    ["a subscription", "subscription { __typename }", "there is nothing to subscribe to"],
  ])("is said: %s", async (_, query, message) => {
    const got = await send(open.url, posting({ query }));
    expect(outcome(got)).toEqual([400, "OPERATION_INVALID"]);
    expect(bodyOf(got).errors?.[0]?.message).toBe(message);
  });
});

describe("beside @apollo/server", () => {
  let apollo: ApolloServer;
  let apolloUrl: string;

  beforeAll(async () => {
    const api = new URL("../../schema/api.graphql", import.meta.url);
    apollo = new ApolloServer({
      schema: buildSchema(readFileSync(api, "utf8")),
      stopOnTerminationSignals: false,
    });
    ({ url: apolloUrl } = await startStandaloneServer(apollo, {
      listen: { port: 0, host: "127.0.0.1" },
    }));
  });
  afterAll(() => apollo.stop());

  /** Apollo's codes and ours, by what is wrong. */
  const KINDS: Record<string, string> = {
    GRAPHQL_PARSE_FAILED: "document",
    GRAPHQL_VALIDATION_FAILED: "document",
    OPERATION_RESOLUTION_FAILURE: "document",
    OPERATION_INVALID: "document",
    BAD_USER_INPUT: "variables",
    BAD_INPUT: "variables",
    OPERATION_TOO_LARGE: "document",
  };
  type Verdict = [status: number, kind: string | null];

  const comesTo = async (to: string, sent: Sent) => {
    const got = await send(to, sent);
    // What Apollo's parser of bodies refuses, it refuses in HTML; and an answer to HEAD has no body.
    const isJson = typeOf(got)?.includes("json") && got.text !== "";
    const { data, errors } = isJson ? bodyOf(got) : { errors: [undefined] };
    const [first] = errors ?? [];
    return {
      status: got.status,
      data: data ?? null,
      kind: errors ? (KINDS[first?.extensions.code ?? ""] ?? "request") : null,
    };
  };
  const both = async (sent: Sent) => {
    const [ours, apollos] = await Promise.all([comesTo(open.url, sent), comesTo(apolloUrl, sent)]);
    return { ours, apollos };
  };

  const QUERY = { query: TYPENAME };
  const get = (search: Record<string, string>, headers: Sent["headers"] = PREFLIGHT): Sent => ({
    search,
    headers,
  });

  it.each<[what: string, sent: Sent]>([
    ["a good one", posting(QUERY)],
    ["a good one in the newer media type", posting(QUERY, { accept: NEWER })],
    ["a good one in the older media type", posting(QUERY, { accept: OLDER })],
    ["an operation by its name", posting({ query: `query A ${TYPENAME}`, operationName: "A" })],
    ["what is null", posting({ ...QUERY, variables: null, operationName: null, extensions: null })],
    ["extensions", posting({ ...QUERY, extensions: { some: "thing" } })],
    ["what nobody knows", posting({ ...QUERY, another: "thing" })],
    ["an alias", posting({ query: "{ a: __typename b: __typename }" })],
    ["a directive", posting({ query: "{ a: __typename b: __typename @skip(if: true) }" })],
    ["introspection", posting({ query: `{ __type(name: "Agency") { kind name } }` })],
    ["a GET", get(QUERY)],
    ["a GET with variables", get({ ...QUERY, variables: `{"a":1}` })],
    ["a GET with JSON's content type", get(QUERY, JSON_TYPE)],
    ["a GET with an operation's name of Apollo's", get(QUERY, { "x-apollo-operation-name": "A" })],
    ["a GET of another site", get(QUERY, {})],
    ["a GET as a form sends it", get(QUERY, { "content-type": "text/plain" })],
    ["a GET of another type", get(QUERY, { "content-type": "application/graphql" })],
    [
      "a GET of another type that shows where it comes from",
      get(QUERY, { ...PREFLIGHT, "content-type": "text/plain" }),
    ],
    ["a GET without a query", get({})],
    ["a GET with two queries", { search: "query={a}&query={b}", headers: PREFLIGHT }],
    ["a GET with variables that are not JSON", get({ ...QUERY, variables: "{" })],
    ["a GET with variables that are no object", get({ ...QUERY, variables: "[]" })],
    ["a GET with extensions that are not JSON", get({ ...QUERY, extensions: "{" })],
    ["a GET that would change something", get({ query: "mutation { __typename }" })],
    ["a GET that does not parse", get({ query: "{" })],
    ["a PUT", { method: "PUT", headers: PREFLIGHT }],
    ["a DELETE", { method: "DELETE", headers: PREFLIGHT }],
    ["a HEAD", { method: "HEAD", headers: PREFLIGHT }],
    ["no body", { method: "POST", headers: { ...JSON_TYPE, "content-length": 0 } }],
    ["a body that is cut off", { body: `{"query":`, headers: JSON_TYPE }],
    ["a body that is a word", { body: `"query"`, headers: JSON_TYPE }],
    ["a body that is null", { body: "null", headers: JSON_TYPE }],
    ["an empty body", posting({})],
    ["a batch", posting([QUERY, QUERY])],
    [
      "another charset",
      { ...posting(QUERY), headers: { "content-type": "application/json; charset=latin1" } },
    ],
    ["no query", posting({ qeury: TYPENAME })],
    ["an empty query", posting({ query: "" })],
    ["a query that is no text", posting({ query: 1 })],
    ["a query that is an object", posting({ query: { kind: "Document" } })],
    ["a name that is no text", posting({ ...QUERY, operationName: 1 })],
    ["variables that are text", posting({ ...QUERY, variables: "{}" })],
    ["variables that are a list", posting({ ...QUERY, variables: [] })],
    ["extensions that are text", posting({ ...QUERY, extensions: "{}" })],
    ["extensions that are a list", posting({ ...QUERY, extensions: [] })],
    ["a document that does not parse", posting({ query: "{ agencies {" })],
    ["a document of spaces", posting({ query: " " })],
    ["a document of types", posting({ query: "type Query { a: Int }" })],
    ["a document without an operation", posting({ query: "fragment A on Agency { name }" })],
    ["a field that is not there", posting({ query: "{ secrets }" })],
    ["a field without the selection that it needs", posting({ query: "{ agencies }" })],
    ["an argument that is missing", posting({ query: "{ agency { name } }" })],
    ["a fragment in a circle", posting({ query: "{ ...A } fragment A on Query { ...A }" })],
    ["a variable that is not declared", posting({ query: "{ agency(id: $id) { name } }" })],
    ["`@defer`", posting({ query: "{ ... @defer { __typename } }" })],
    ["a name that no operation has", posting({ ...QUERY, operationName: "A" })],
    [
      "two operations and no word which",
      posting({ query: "query A { __typename } query B { __typename }" }),
    ],
    [
      "a variable that is missing",
      posting({ query: "query($id: ID!) { agency(id: $id) { name } }" }),
    ],
    [
      "a variable that does not fit",
      posting({
        query: "query($id: ID!) { agency(id: $id) { name } }",
        variables: { id: { a: 1 } },
      }),
    ],
    ["who takes HTML alone", posting(QUERY, { accept: "text/html" })],
  ])("%s comes to the same", async (_, sent) => {
    const { ours, apollos } = await both(sent);
    expect(ours).toEqual(apollos);
  });

  it.each<[what: string, why: string, sent: Sent, ours: Verdict, apollos: Verdict]>([
    [
      "a document that does not parse, to who takes the older media type alone",
      "there it is status 200, in the editions that have that media type",
      posting({ query: "{" }, { accept: OLDER }),
      [200, "document"],
      [400, "document"],
    ],
    [
      "a document that does not fit, to who takes the older media type alone",
      "there it is status 200",
      posting({ query: "{ secrets }" }, { accept: OLDER }),
      [200, "document"],
      [400, "document"],
    ],
    [
      "a variable that is missing, to who takes the older media type alone",
      "there it is status 200",
      posting({ query: "query($id: ID!) { agency(id: $id) { name } }" }, { accept: OLDER }),
      [200, "variables"],
      [400, "variables"],
    ],
    [
      "a form",
      "a content type that is not taken is status 415",
      { body: "query=x", headers: { "content-type": "application/x-www-form-urlencoded" } },
      [415, "request"],
      [400, "request"],
    ],
    [
      "a body of no content type",
      "a content type that is not taken is status 415",
      { body: JSON.stringify(QUERY) },
      [415, "request"],
      [400, "request"],
    ],
    [
      "a body of another content type",
      "a content type that is not taken is status 415",
      { body: TYPENAME, headers: { "content-type": "application/graphql" } },
      [415, "request"],
      [400, "request"],
    ],
    [
      "a body over 100 kB",
      "no operation within the limits is as large",
      posting({ ...QUERY, extensions: { padding: "x".repeat(100_000) } }),
      [413, "request"],
      [200, null],
    ],
    [
      "a compressed body",
      "unpacked it may be of any size",
      { body: gzipSync(JSON.stringify(QUERY)), headers: GZIP },
      [415, "request"],
      [200, null],
    ],
    [
      "a subscription",
      "it is refused as any document is that does not fit",
      posting({ query: "subscription { __typename }" }),
      [400, "document"],
      [200, "request"],
    ],
    [
      "a document over a limit",
      "there are limits",
      posting({ query: `{ ${"a: __typename ".repeat(400)} }` }),
      [400, "document"],
      [200, null],
    ],
    [
      "a document that is registered when it is first asked",
      "documents are registered before anybody asks them",
      posting({ extensions: { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } } }),
      [400, "request"],
      [200, "request"],
    ],
    [
      "a browser that comes to look",
      "there is no page to look at",
      get({}, { accept: "text/html" }),
      [406, "request"],
      [200, "request"],
    ],
    [
      "another site's page that asks whether it may ask",
      "it may not",
      { method: "OPTIONS", headers: { origin: "https://alder.example" } },
      [405, "request"],
      [204, "request"],
    ],
  ])("%s does not, for %s", async (_what, _why, sent, ours, apollos) => {
    const came = await both(sent);
    expect([came.ours.status, came.ours.kind]).toEqual(ours);
    expect([came.apollos.status, came.apollos.kind]).toEqual(apollos);
  });
});
