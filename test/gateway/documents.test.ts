/** Documents that are trusted: which there are, how they are asked for, and that in production nothing else is answered. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSchema, Kind, parse, specifiedRules, validate } from "graphql";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { houseDocuments, readDocuments, trusting } from "../../gateway/documents.ts";
import { costOf, LIMITS, withinLimits } from "../../gateway/limits.ts";
import { dataDirectory, run } from "../scripts/process.ts";
import { emptyHouse, lineOf, send } from "./line.ts";
import type { Sent, TestLine } from "./line.ts";

const OPERATIONS = fileURLToPath(new URL("../../schema/operations/", import.meta.url));
const operations = readdirSync(OPERATIONS);

/** What the tool that comes with every system prints. */
const sha256sum = (file: string) => execFileSync("sha256sum", [file]).toString().slice(0, 64);

/** A folder of a test's own with these files in it. */
const folder = (files: Record<string, string>): string => {
  const { path, remove } = dataDirectory();
  onTestFinished(remove);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
};

describe("every operation of the house", () => {
  const schema = buildSchema(
    readFileSync(new URL("../../schema/api.graphql", import.meta.url), "utf8"),
  );

  it.each(operations)("fits the graph and its limits: %s", (name) => {
    const document = parse(readFileSync(join(OPERATIONS, name), "utf8"), {
      maxTokens: LIMITS.tokens,
    });
    expect(validate(schema, document, [...specifiedRules, withinLimits])).toEqual([]);
    const fragments = new Map(
      document.definitions.flatMap((it) =>
        it.kind === Kind.FRAGMENT_DEFINITION ? [[it.name.value, it] as const] : [],
      ),
    );
    const definitions = document.definitions.filter((it) => it.kind === Kind.OPERATION_DEFINITION);
    expect(definitions).not.toEqual([]);
    for (const definition of definitions)
      expect(() => costOf(schema, { definition, fragments })({})).not.toThrow();
  });

  it.each(operations)("is known by what sha256sum prints: %s", (name) => {
    const known = readDocuments([OPERATIONS]);
    const file = join(OPERATIONS, name);
    expect(known.get(`sha256:${sha256sum(file)}`)).toBe(readFileSync(file, "utf8"));
  });
});

const TWO = "query A { __typename } query B { kind: __typename }";
const CHANGE = "mutation Nothing { __typename }";

describe("a document", () => {
  let line: TestLine;
  let directory: ReturnType<typeof dataDirectory>;
  const ids: Record<"two" | "change", string> = { two: "", change: "" };
  beforeAll(async () => {
    directory = dataDirectory();
    for (const [name, text] of [
      ["two", TWO],
      ["change", CHANGE],
    ] as const) {
      const file = join(directory.path, `${name}.graphql`);
      writeFileSync(file, text);
      ids[name] = sha256sum(file);
    }
    vi.stubEnv("NODE_ENV", "production");
    vi.stubEnv("TRUSTED_DOCUMENTS", directory.path);
    line = await lineOf(emptyHouse(), { documents: houseDocuments() });
    vi.unstubAllEnvs();
  });
  afterAll(async () => {
    await line.close();
    directory.remove();
  });

  const ask = async (sent: Sent) => {
    const { status, text } = await send(line.url, sent);
    const { data, errors = [] } = JSON.parse(text) as {
      data?: unknown;
      errors?: { extensions: { code: string } }[];
    };
    return { status, data, codes: errors.map(({ extensions }) => extensions.code) };
  };
  const post = (body: object) =>
    ask({ body: JSON.stringify(body), headers: { "content-type": "application/json" } });
  const get = (search: Record<string, string>) =>
    ask({ search, headers: { authorization: "Bearer x" } });

  const ANSWERED = { status: 200, data: { kind: "Query" }, codes: [] };
  const NOT_TRUSTED = { status: 400, data: undefined, codes: ["DOCUMENT_NOT_TRUSTED"] };
  const BAD = { status: 400, data: undefined, codes: ["BAD_REQUEST"] };

  it("is asked for by its id, with the word for its hash and without, by POST and by GET", async () => {
    for (const documentId of [ids.two, `sha256:${ids.two}`]) {
      expect(await post({ documentId, operationName: "B" })).toEqual(ANSWERED);
      expect(await post({ documentId, operationName: "B", query: null })).toEqual(ANSWERED);
      expect(await get({ documentId, operationName: "B" })).toEqual(ANSWERED);
      expect(await get({ documentId, operationName: "B", query: "" })).toEqual(ANSWERED);
    }
  });

  it("of several operations is no answer until one is named", async () => {
    const { codes } = await post({ documentId: ids.two });
    expect(codes).toEqual(["OPERATION_INVALID"]);
  });

  it("that changes something is not asked for by GET", async () => {
    expect((await post({ documentId: ids.change })).data).toEqual({ __typename: "Mutation" });
    expect(await get({ documentId: ids.change })).toMatchObject({
      status: 405,
      codes: ["METHOD_NOT_ALLOWED"],
    });
  });

  it("of the house is among them", async () => {
    const documentId = sha256sum(join(OPERATIONS, "where-do-handoffs-stand.graphql"));
    // Nobody is in its rooms.
    expect(await post({ documentId })).toEqual({
      status: 200,
      data: { personByIdentifier: null },
      codes: ["SUBGRAPH_UNAVAILABLE"],
    });
  });

  it.each([
    ["that nobody registered", "0".repeat(64)],
    ["under another word", "md5:d41d8cd98f00b204e9800998ecf8427e"],
    ["that is a name of every object", "constructor"],
    ["that is a path", "../schema/api.graphql"],
  ])("under an id %s is not answered", async (_, documentId) => {
    expect(await post({ documentId })).toEqual(NOT_TRUSTED);
    expect(await get({ documentId })).toEqual(NOT_TRUSTED);
  });

  it("under an id in capitals is not answered", async () => {
    expect(await post({ documentId: ids.two.toUpperCase(), operationName: "B" })).toEqual(
      NOT_TRUSTED,
    );
  });

  it("is asked for by its id or as text, not as both", async () => {
    expect(await post({ documentId: ids.two, query: TWO, operationName: "B" })).toEqual(BAD);
    expect(await get({ documentId: ids.two, query: TWO, operationName: "B" })).toEqual(BAD);
  });

  it.each([[1], [{}], [true], [["sha256"]]])(
    "is found by no id that is no text: %j",
    async (documentId) => {
      expect(await post({ documentId })).toEqual(BAD);
      expect(await post({ documentId, query: TWO })).toEqual(BAD);
    },
  );

  it("that a client brings along is answered in production if it is a registered one", async () => {
    expect(await post({ query: TWO, operationName: "B" })).toEqual(ANSWERED);
    expect(await get({ query: TWO, operationName: "B" })).toEqual(ANSWERED);
  });

  it.each([
    ["another one", "{ __typename }"],
    ["a registered one with a space more", `${TWO} `],
    ["one that does not parse", "{"],
    ["a question about the schema", "{ __schema { queryType { name } } }"],
  ])("that a client brings along is not answered in production if it is %s", async (_, query) => {
    expect(await post({ query })).toEqual(NOT_TRUSTED);
    expect(await get({ query })).toEqual(NOT_TRUSTED);
  });
});

describe("outside production", () => {
  it("any document is answered, and a registered one by its id too", () => {
    const [id, text] = ["sha256:x", "{ __typename }"];
    const documents = trusting(new Map([[id, text]]), true);
    expect(documents({ text: "{ agencies { edges { cursor } } }" })).toContain("agencies");
    expect(documents({ id })).toBe(text);
    expect(() => documents({ id: "sha256:y" })).toThrow("none that is registered");
  });
});

describe("a partner's documents", () => {
  const [A, B] = ["query A { __typename }", "query B { __typename }"];

  /** The documents of a house in production, to which a partner's are named. */
  const withPartners = (...paths: string[]) => {
    vi.stubEnv("NODE_ENV", "production");
    vi.stubEnv("TRUSTED_DOCUMENTS", paths.join(","));
    onTestFinished(() => void vi.unstubAllEnvs());
    return houseDocuments();
  };

  it("are those of a folder, and of no folder within it", () => {
    const path = folder({ "a.graphql": A, "README.md": "Ours." });
    mkdirSync(join(path, "drafts"));
    writeFileSync(join(path, "drafts", "b.graphql"), B);
    const documents = withPartners(path);
    expect(documents({ id: sha256sum(join(path, "a.graphql")) })).toBe(A);
    expect(() => documents({ text: B })).toThrow("only documents that are registered");
  });

  it("are those of files, beside those of the house", () => {
    const path = folder({ "a.graphql": A, "b.graphql": B });
    const documents = withPartners(join(path, "a.graphql"), join(path, "b.graphql"));
    for (const text of [A, B]) expect(documents({ text })).toBe(text);
    for (const name of operations) {
      const text = readFileSync(join(OPERATIONS, name), "utf8");
      expect(documents({ text })).toBe(text);
    }
  });

  it("are those of a map of ids to texts, as code generators write it", () => {
    const path = folder({ "documents.json": JSON.stringify({ a1: A, "x-alder:b": B }) });
    const documents = withPartners(join(path, "documents.json"));
    expect(documents({ id: "a1" })).toBe(A);
    expect(documents({ id: "sha256:a1" })).toBe(A);
    expect(documents({ id: "x-alder:b" })).toBe(B);
    expect(() => documents({ id: "b" })).toThrow("none that is registered");
  });

  it("are known by the hash of their bytes, whatever begins or ends them", () => {
    const text = `\uFEFF# Walter’s\r\n${A}\r\n\n`;
    const path = folder({ "a.graphql": text });
    expect(withPartners(path)({ id: sha256sum(join(path, "a.graphql")) })).toBe(text);
  });

  it("may be the same in two files", () => {
    const path = folder({ "a.graphql": A, "again.graphql": A });
    expect(withPartners(path)({ text: A })).toBe(A);
  });

  it.each<[what: string, name: string, content: string, why: RegExp]>([
    ["does not parse", "a.graphql", "query A {", /Syntax Error/],
    ["is empty", "a.graphql", "", /Syntax Error/],
    ["is a map that is cut off", "a.json", `{"a1": "query`, /JSON/],
    ["is a map with a text that does not parse", "a.json", `{"a1": "query A {"}`, /Syntax Error/],
    ["is a map with a text that is none", "a.json", `{"a1": {"query": ""}}`, /"a1" is no document/],
    ["is a list", "a.json", `["query A { __typename }"]`, /it must map ids to texts/],
    ["is null", "a.json", "null", /it must map ids to texts/],
    ["is of another kind", "a.gql", A, /JSON/],
  ])("in a file that %s stop the start, and the file is named", (_, name, content, why) => {
    const file = join(folder({ [name]: content }), name);
    expect(() => withPartners(file)).toThrow(why);
    expect(() => withPartners(file)).toThrow(file);
  });

  it("that are not there stop the start, and the file is named", () => {
    const file = join(folder({}), "documents.json");
    expect(() => withPartners(file)).toThrow(file);
  });

  it("that have another text for an id that is taken stop the start", () => {
    const path = folder({
      "a.json": JSON.stringify({ a1: A }),
      "b.json": JSON.stringify({ "sha256:a1": B }),
    });
    expect(() => withPartners(path)).toThrow(
      /b\.json is not read: "sha256:a1" is another document/,
    );
  });

  it("that are broken keep a gateway from starting, which says so in one line", async () => {
    const path = folder({ "a.graphql": "query A {" });
    const gateway = run(
      "gateway",
      ["--supergraph", "schema/supergraph.graphql", "--port", "0", "--open"],
      { TRUSTED_DOCUMENTS: path },
    );
    expect(await gateway.ended).toBe(1);
    expect(gateway.out()).toBe("");
    expect(gateway.err()).toMatch(/^.*a\.graphql is not read: Syntax Error: .*\n$/);
  });
});
