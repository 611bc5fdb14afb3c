/** The line before the made-up graph, over HTTP, with its subgraphs in this process. */
import { execute, parse, validate } from "graphql";
import type { DocumentNode, GraphQLError, GraphQLFormattedError } from "graphql";
import { Pool } from "undici";
import { openLog } from "#platform/log.ts";
import { serve } from "#platform/serve.ts";
import type { Operation } from "#platform/subgraph.ts";
import { openLine } from "../../../gateway/answer.ts";
import { demoIssuer } from "../../../gateway/demo-issuer.ts";
import { trusting } from "../../../gateway/documents.ts";
import { identify } from "../../../gateway/identify.ts";
import type { Subgraph } from "../../../gateway/subgraph.ts";
import { parts, supergraph } from "./graph.ts";
import { subgraphSchema } from "./part.ts";
import type { Context, Part } from "./part.ts";

/** What came back, and what the subgraphs were asked for it. */
export interface Answer {
  status: number;
  /** The body as it was sent. */
  text: string;
  /** Undefined when there was none in the body. */
  data: any;
  errors: (GraphQLFormattedError & { extensions: { code: string } })[];
  /** By subgraph; one that was asked nothing is not among them. */
  asked: Record<string, Operation[]>;
}

/** An open line. */
export interface Graph {
  /** Subgraphs that do not answer, by name. */
  down: Set<string>;
  ask(query: string, variables?: Record<string, unknown>): Promise<Answer>;
  /** Posts a body, whatever it is. */
  post(body: string): Promise<Answer>;
  close(): Promise<void>;
}

/** What is known of a request until it is answered. */
interface Request {
  context: Context;
  asked: Record<string, Operation[]>;
}

const wire = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

/** A subgraph that answers as over HTTP: it reads JSON, refuses what does not fit its schema, and writes JSON. */
const inProcess = (part: Part, down: Set<string>, request: (id: string) => Request): Subgraph => {
  const schema = subgraphSchema(part);
  const documents = new Map<string, DocumentNode | readonly GraphQLError[]>();
  const read = (query: string) => {
    const known = documents.get(query);
    if (known) return known;
    const document = parse(query);
    const errors = validate(schema, document);
    documents.set(query, errors.length > 0 ? errors : document);
    return errors.length > 0 ? errors : document;
  };
  return {
    answer: async (operation, _, requestId) => {
      const { context, asked } = request(requestId);
      const { query, variables } = wire(operation);
      (asked[part.name] ??= []).push(operation);
      if (down.has(part.name)) throw new Error(`${part.name} is down`);
      const document = read(query);
      if (!("kind" in document)) return { errors: document.map((error) => error.toJSON()) };
      const result = await execute({
        schema,
        document,
        rootValue: {},
        contextValue: context,
        variableValues: variables ?? {},
      });
      return wire(result) as never;
    },
    enter: (path) => Promise.reject(new Error(`no test goes in by ${path}`)),
    ask: (path) => Promise.reject(new Error(`no test asks at ${path}`)),
    close: async () => undefined,
  };
};

const LONG_MS = 20_000;

/** Opens the line before the made-up graph, which does not say what it holds. */
export const openGraph = async (): Promise<Graph> => {
  const down = new Set<string>();
  const requests = new Map<string, Request>();
  const request = (id: string): Request => {
    const known = requests.get(id) ?? { context: { did: [] }, asked: {} };
    requests.set(id, known);
    return known;
  };
  const log = openLog("silent");
  const issuer = await demoIssuer(null);
  const token = await issuer.token({
    agency: "019550a0-0000-7000-8000-000000000001",
    role: "CLINICIAN",
    purpose: "TREAT",
    basis: null,
    subject: "somebody",
  });
  const subgraphs = parts.map((part) => [part.name, inProcess(part, down, request)]);
  const line = await openLine(
    { sdl: supergraph, subgraphs: Object.fromEntries(subgraphs) },
    {
      admitted: identify(issuer, async () => null),
      documents: trusting(new Map(), true),
      log,
      // A test machine is slow and shared.
      deadlines: { readMs: LONG_MS, mutationMs: LONG_MS },
    },
  );
  const server = await serve(
    { "/graphql": line.graphql },
    { port: 0, host: "127.0.0.1", log, ready: async () => ({}) },
  );
  const pool = new Pool(server.url, { connections: 64 });
  const post = async (body: string): Promise<Answer> => {
    const {
      statusCode,
      headers,
      body: sent,
    } = await pool.request({
      path: "/graphql",
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body,
    });
    const text = await sent.text();
    const { data, errors = [] } = JSON.parse(text) as Partial<Answer>;
    const id = String(headers["x-request-id"]);
    const asked = requests.get(id)?.asked ?? {};
    requests.delete(id);
    return { status: statusCode, text, data, errors, asked };
  };
  return {
    down,
    ask: (query, variables = {}) => post(JSON.stringify({ query, variables })),
    post,
    close: async () => {
      await pool.close();
      await server.drain();
      await line.close();
    },
  };
};
