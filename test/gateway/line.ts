/** A line that is open to anybody, over HTTP, before subgraphs of a test's own. */
import { request } from "node:http";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { LEDGER } from "#sharing/disclosure.ts";
import type { Log } from "#platform/log.ts";
import { serve } from "#platform/serve.ts";
import { openLine } from "../../gateway/answer.ts";
import type { Admitted, Line } from "../../gateway/answer.ts";
import { discloseTo } from "../../gateway/disclose.ts";
import { trusting } from "../../gateway/documents.ts";
import type { Supergraph } from "../../gateway/graph.ts";
import { judging } from "../../gateway/judge.ts";
import type { Subgraph } from "../../gateway/subgraph.ts";
import { ROOMS, supergraph } from "../../scripts/house.ts";
import { personas } from "../county/county.ts";
import { testLog } from "../county/house.ts";
import { DEADLINES } from "./gateway.ts";

/** A line, and what it has logged. */
export interface TestLine {
  url: string;
  log: Log;
  logged: string[];
  change: Line["change"];
  close(): Promise<void>;
}

const absent: Subgraph = {
  answer: () => Promise.reject(new Error("nobody is there")),
  enter: () => Promise.reject(new Error("nobody is there")),
  ask: () => Promise.reject(new Error("nobody is there")),
  close: async () => undefined,
};

const asOne: Admitted = async () => personas["discharge-coordinator"];

/** Opens a line, by default one that answers any document, and takes everybody for one and the same. */
export const lineOf = async (
  of: Supergraph,
  { documents = trusting(new Map(), true), deadlines = DEADLINES, admitted = asOne } = {},
): Promise<TestLine> => {
  const { log, lines } = testLog();
  const line = await openLine(of, {
    admitted,
    documents,
    log,
    deadlines,
    sharing: {
      judge: judging(Object.values(of.subgraphs), log, deadlines),
      disclose: discloseTo(of.subgraphs[LEDGER.room] ?? absent, log),
    },
  });
  const server = await serve(
    { "/graphql": line.graphql },
    { port: 0, host: "127.0.0.1", log, ready: async () => ({}) },
  );
  return {
    url: `${server.url}/graphql`,
    log,
    logged: lines,
    change: line.change,
    close: async () => {
      await server.drain();
      await line.close();
    },
  };
};

/** The house's own graph, and in none of its rooms is anybody. */
export const emptyHouse = (): Supergraph => ({
  sdl: supergraph(),
  subgraphs: Object.fromEntries(ROOMS.map(({ name }) => [name, absent])),
});

/** One HTTP request, with the headers that it is given and no others. */
export interface Sent {
  method?: string;
  /** Of the URL, after its question mark. */
  search?: Record<string, string> | string;
  headers?: OutgoingHttpHeaders;
  body?: string | Buffer;
}

/** What came back. */
export interface Got {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Sends a request: by POST if it has a body, and by GET if not. */
export const send = (
  url: string,
  { search, headers = {}, body, method = body === undefined ? "GET" : "POST" }: Sent,
): Promise<Got> =>
  new Promise((resolve, reject) => {
    const query = new URLSearchParams(search).toString();
    const sending = request(
      `${url}${query && `?${query}`}`,
      {
        method,
        headers: {
          ...headers,
          ...(body !== undefined && { "content-length": Buffer.byteLength(body) }),
        },
      },
      (response) => {
        text(response).then(
          (it) =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text: it }),
          reject,
        );
      },
    );
    sending.on("error", reject).end(body);
  });
