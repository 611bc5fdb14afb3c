import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { v7 as uuidv7 } from "uuid";
import { Problem } from "#schema/problems.ts";
import type { Log } from "./log.ts";

/** One HTTP request, as a route sees it. */
export interface Call {
  method: string;
  /** Without the query string. */
  path: string;
  /** The query string with its question mark, or empty. */
  search: string;
  headers: IncomingHttpHeaders;
  requestId: string;
  /** Aborted when the client has gone away. */
  gone: AbortSignal;
  /**
   * Reads the body whole.
   *
   * @param limit In bytes.
   * @throws {Problem} BODY_TOO_LARGE; what was sent is not kept.
   */
  body(limit: number): Promise<Buffer>;
}

/** What goes back. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export type Route = (call: Call) => Promise<Reply>;

/** A listening server. */
export interface Server {
  /** `http://127.0.0.1:4000` */
  url: string;
  /**
   * Says at `/readyz` that it is going away, takes no more requests after `noticeMs`, lets those under way finish, and
   * closes.
   *
   * @param noticeMs How long a proxy in front needs to notice; none by default.
   */
  drain(noticeMs?: number): Promise<void>;
}

/** What is under way when the notice has passed has this long to finish. */
const DRAIN_MS = 12_000;

/** A reply of JSON. */
export const json = (value: unknown): Reply => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});

const bodyOf = (request: IncomingMessage, limit: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const tooLarge = () =>
      reject(new Problem("BODY_TOO_LARGE", `the body is over the limit of ${limit} bytes`));
    if (Number(request.headers["content-length"] ?? 0) > limit) return tooLarge();
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.removeAllListeners("data");
        return tooLarge();
      }
      chunks.push(chunk);
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
    request.on("aborted", () => reject(new Problem("BAD_REQUEST", "the client went away")));
  });

/** The headers that a problem has when it is the whole answer. */
export const problemHeaders = ({ code, details }: Problem): Record<string, string> => ({
  ...(code === "UNAUTHENTICATED" && { "www-authenticate": 'Bearer error="invalid_token"' }),
  ...(typeof details.allow === "string" && { allow: details.allow }),
  ...(typeof details.retryAfterSeconds === "number" && {
    "retry-after": String(details.retryAfterSeconds),
  }),
});

/** A problem as a whole answer: GraphQL's error form, and nothing else. */
export const problemReply = (error: unknown, requestId: string, log: Log): Reply => {
  const problem =
    error instanceof Problem ? error : new Problem("FAULT", "our mistake", { requestId });
  if (problem !== error) log.error({ err: error, requestId }, "fault");
  return {
    status: problem.status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      ...problemHeaders(problem),
    },
    body: JSON.stringify({
      errors: [
        { message: problem.message, extensions: { code: problem.code, ...problem.details } },
      ],
    }),
  };
};

/**
 * Serves routes by path over HTTP, and beside them `/livez` and `/readyz`.
 *
 * @param routes A path that is not among them is NOT_FOUND; one that ends in a slash takes every path below it.
 * @param ready What `/readyz` tells; it throws while this process cannot answer.
 */
export const serve = async (
  routes: Record<string, Route>,
  {
    port,
    host,
    log,
    ready,
  }: { port: number; host: string; log: Log; ready: () => Promise<object> },
): Promise<Server> => {
  let draining = false;
  const all: Record<string, Route> = {
    ...routes,
    "/livez": async () => json({ live: true }),
    "/readyz": async () => {
      if (draining) throw new Problem("SHUTTING_DOWN", "this process is going away");
      return json({ ready: true, ...(await ready()) });
    },
  };
  const below = Object.keys(all).filter((path) => path.endsWith("/"));
  const routeOf = (path: string): Route | undefined => {
    const known = Object.hasOwn(all, path) ? path : below.find((it) => path.startsWith(it));
    return known === undefined ? undefined : all[known];
  };
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const requestId = uuidv7();
    // By hand: `new URL` throws on targets such as `//`, which anyone may send.
    const [path = "", ...query] = (request.url ?? "/").split("?");
    const search = query.length > 0 ? `?${query.join("?")}` : "";
    const gone = new AbortController();
    response.on("close", () => {
      if (!response.writableFinished) gone.abort();
    });
    let reply: Reply;
    try {
      const route = routeOf(path);
      if (!route) throw new Problem("NOT_FOUND", "no such path");
      reply = await route({
        method: request.method ?? "GET",
        path,
        search,
        headers: request.headers,
        requestId,
        gone: gone.signal,
        body: (limit) => bodyOf(request, limit),
      });
    } catch (error) {
      reply = problemReply(error, requestId, log);
    }
    const body = reply.body ?? "";
    // A client that is still sending what will not be read must not hold the connection.
    const unread = !request.complete;
    response.writeHead(reply.status, {
      ...reply.headers,
      "x-request-id": requestId,
      "content-length": Buffer.byteLength(body),
      ...((draining || unread) && { connection: "close" }),
    });
    response.end(request.method === "HEAD" ? undefined : body);
    // Let the client read the refusal before the connection is cut: read on for a little, keeping nothing.
    if (unread) {
      request.resume();
      setTimeout(() => request.destroy(), 1000).unref();
    }
  };
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 60_000 },
    (request, response) => {
      respond(request, response).catch((error: unknown) => {
        log.error({ err: error }, "fault");
        response.destroy();
      });
    },
  );
  // Node counts a connection on which nothing was ever asked as busy.
  const unused = new Set<Socket>();
  server.on("connection", (socket) => {
    unused.add(socket);
    socket.once("close", () => unused.delete(socket));
  });
  server.on("request", ({ socket }) => unused.delete(socket));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    drain: async (noticeMs = 0) => {
      draining = true;
      if (noticeMs > 0) await delay(noticeMs);
      const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        for (const socket of unused) socket.destroy();
      });
      clearTimeout(cut);
    },
  };
};

/**
 * Calls `stop` once on the first SIGINT or SIGTERM, then exits 0; within 20 seconds in any case.
 *
 * @returns Whether it is stopping: what fails from then on fails because of that.
 */
export const stopOnSignals = (stop: () => Promise<void>, log: Log): (() => boolean) => {
  let stopping = false;
  const begin = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, "draining");
    setTimeout(() => process.exit(0), 19_000).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, "fault while stopping");
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", () => begin("SIGINT"));
  process.on("SIGTERM", () => begin("SIGTERM"));
  return () => stopping;
};
