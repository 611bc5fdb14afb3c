/** HTTP as the house speaks it: bodies within limits, refusals that arrive, and an end that cuts nobody off. */
import { request } from "node:http";
import type { ClientRequest, IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Problem } from "#schema/problems.ts";
import { serve } from "#platform/serve.ts";
import type { Route, Server } from "#platform/serve.ts";
import { testLog } from "../county/house.ts";

/** A server on loopback that is drained when the test is over. */
const open = async (routes: Record<string, Route>, ready = async () => ({})) => {
  const { log, lines } = testLog();
  const server = await serve(routes, { port: 0, host: "127.0.0.1", log, ready });
  onTestFinished(() => server.drain());
  return { ...server, logged: lines };
};

/** A route that is under way until it is told to finish. */
const slow = () => {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const route: Route = async () => {
    begun.resolve();
    await finish.promise;
    return { status: 200, body: "done" };
  };
  return { route, begun: begun.promise, finish: () => finish.resolve() };
};

const echo: Route = async ({ body }) => ({ status: 200, body: await body(1_000) });

const code = async (response: Response) =>
  ((await response.json()) as { errors: { extensions: { code: string } }[] }).errors[0]?.extensions
    .code;

/** A POST whose body the test writes by hand, without saying how long it will be. */
const streamed = ({ url }: Server, path: string) => {
  const sending: ClientRequest = request(`${url}${path}`, { method: "POST" });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    sending.on("response", resolve).on("error", reject);
  });
  return { sending, answer };
};

describe("a body", () => {
  it("is read whole, up to its limit", async () => {
    const { url } = await open({ "/echo": echo });
    const body = "é".repeat(500);
    const response = await fetch(`${url}/echo`, { method: "POST", body });
    expect([response.status, await response.text()]).toEqual([200, body]);
  });

  it("that says it is longer than the limit is refused before it is sent", async () => {
    const { url } = await open({ "/echo": echo });
    const sending = request(`${url}/echo`, {
      method: "POST",
      headers: { "content-length": 1_001 },
    });
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      sending.on("response", resolve).on("error", reject);
    });
    sending.flushHeaders();
    const { statusCode } = await answer;
    expect(statusCode).toBe(413);
    sending.destroy();
  });

  it("that turns out longer than the limit is refused while it is still being sent", async () => {
    const server = await open({ "/echo": echo });
    const { sending, answer } = streamed(server, "/echo");
    sending.write("x".repeat(1_000));
    sending.write("x");
    const response = await answer;
    expect(response.statusCode).toBe(413);
    expect(response.headers.connection).toBe("close");
    expect(JSON.parse(await text(response)).errors[0].extensions.code).toBe("BODY_TOO_LARGE");
    sending.destroy();
  });

  it("that never ends is refused, and its connection is cut", async () => {
    const server = await open({ "/echo": echo });
    const { sending, answer } = streamed(server, "/echo");
    const cut = Promise.withResolvers<void>();
    sending.on("close", () => cut.resolve()).on("error", () => undefined);
    // Deaf to the answer, it goes on and on.
    const more = setInterval(() => sending.write("x".repeat(10_000)), 1);
    onTestFinished(() => clearInterval(more));
    expect((await answer).statusCode).toBe(413);
    await expect(cut.promise).resolves.toBeUndefined();
  });

  it("of a client that goes away in the middle of it is nobody's fault", async () => {
    const ended = Promise.withResolvers<unknown>();
    const server = await open({
      "/echo": (call) =>
        echo(call).catch((error: unknown) => (ended.resolve(error), Promise.reject(error))),
    });
    const { sending, answer } = streamed(server, "/echo");
    answer.catch(() => undefined);
    sending.write("x");
    setImmediate(() => sending.destroy());
    expect(await ended.promise).toMatchObject({ code: "BAD_REQUEST" });
    expect(server.logged.filter((line) => line.includes("fault"))).toEqual([]);
  });
});

describe("a route", () => {
  it("is found by its whole path, and without its query", async () => {
    const { url } = await open({
      "/here": async ({ path, search }) => ({ status: 200, body: path + search }),
    });
    expect(await (await fetch(`${url}/here?a=1`)).text()).toBe("/here?a=1");
    for (const path of ["/", "/here/", "/hereabouts", "/toString", "/__proto__"]) {
      const response = await fetch(`${url}${path}`);
      expect([response.status, await code(response)]).toEqual([404, "NOT_FOUND"]);
    }
  });

  it("that ends in a slash takes every path below it, and the one above is not its own", async () => {
    const { url } = await open({ "/here/": async ({ path }) => ({ status: 200, body: path }) });
    expect(await (await fetch(`${url}/here/and/there`)).text()).toBe("/here/and/there");
    expect((await fetch(`${url}/here`)).status).toBe(404);
    expect((await fetch(`${url}/elsewhere/here/`)).status).toBe(404);
  });

  it.each(["//", "//x:y/", "http://[/", "*"])(
    "is not found at %s, which is no path, and nobody is at fault",
    async (target) => {
      const { url, logged } = await open({});
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 40[04] /);
      expect(logged).toEqual([]);
    },
  );

  it("that throws a problem answers with it, and with its status", async () => {
    const { url, logged } = await open({
      "/no": async () => {
        throw new Problem("RATE_LIMITED", "later", { retryAfterSeconds: 7 });
      },
    });
    const response = await fetch(`${url}/no`);
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "7"]);
    expect(await response.json()).toEqual({
      errors: [{ message: "later", extensions: { code: "RATE_LIMITED", retryAfterSeconds: 7 } }],
    });
    expect(logged).toEqual([]);
  });

  it("that throws anything else is at fault: the answer says only where to look, and the log has it", async () => {
    const { url, logged } = await open({
      "/no": async () => {
        throw new TypeError("the password is swordfish");
      },
    });
    const response = await fetch(`${url}/no`);
    const requestId = response.headers.get("x-request-id");
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      errors: [{ message: "our mistake", extensions: { code: "FAULT", requestId } }],
    });
    expect(logged.map((line) => JSON.parse(line))).toMatchObject([{ level: 50, requestId }]);
  });

  it("answers HEAD as GET, without a body", async () => {
    const { url } = await open({ "/here": async () => ({ status: 200, body: "here" }) });
    const response = await fetch(`${url}/here`, { method: "HEAD" });
    expect([
      response.status,
      response.headers.get("content-length"),
      await response.text(),
    ]).toEqual([200, "4", ""]);
  });

  it("is told when its client has gone", async () => {
    const gone = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { url } = await open({
      "/wait": async (call) => {
        call.gone.addEventListener("abort", () => gone.resolve());
        begun.resolve();
        await gone.promise;
        return { status: 200 };
      },
    });
    const client = new AbortController();
    const asking = fetch(`${url}/wait`, { signal: client.signal });
    await begun.promise;
    client.abort();
    await expect(asking).rejects.toThrow("aborted");
    await expect(gone.promise).resolves.toBeUndefined();
  });
});

describe("a process that goes away", () => {
  it("lets what is under way finish, and takes nothing new", async () => {
    const { route, begun, finish } = slow();
    const { url, drain } = await open({ "/slow": route });
    const underWay = fetch(`${url}/slow`);
    await begun;
    let drained = false;
    const draining = drain().then(() => (drained = true));
    await vi.waitFor(() => expect(fetch(`${url}/livez`)).rejects.toThrow("fetch failed"), 10_000);
    expect(drained).toBe(false);
    finish();
    const response = await underWay;
    expect([response.status, await response.text()]).toEqual([200, "done"]);
    expect(response.headers.get("connection")).toBe("close");
    await draining;
    expect(drained).toBe(true);
  });

  it("does not wait for a connection that is kept for later questions", async () => {
    const { url, drain } = await open({});
    await (await fetch(`${url}/livez`)).text();
    await drain();
    await expect(fetch(`${url}/livez`)).rejects.toThrow("fetch failed");
  });

  it("does not wait for a connection on which nothing was ever asked", async () => {
    const { url, drain } = await open({});
    const silent = connect(Number(new URL(url).port), "127.0.0.1");
    onTestFinished(() => void silent.destroy());
    await new Promise((resolve) => silent.once("connect", resolve));
    const drained = drain().then(() => "drained");
    expect(await Promise.race([drained, pause(3_000, "still waiting")])).toBe("drained");
  });

  it("says first that it is not ready, for as long as its proxy needs to notice, and answers meanwhile", async () => {
    const { url, drain } = await open({ "/here": async () => ({ status: 200, body: "here" }) });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    const draining = drain(2_000);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await code(ready)]).toEqual([503, "SHUTTING_DOWN"]);
    expect((await fetch(`${url}/here`)).status).toBe(200);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    await draining;
    await expect(fetch(`${url}/readyz`)).rejects.toThrow("fetch failed");
  });
});

describe("readiness", () => {
  it("is what the process says of itself", async () => {
    const { url } = await open({}, async () => ({ database: { kind: "PGLITE" } }));
    expect(await (await fetch(`${url}/readyz`)).json()).toEqual({
      ready: true,
      database: { kind: "PGLITE" },
    });
  });

  it("is lost while the process cannot answer, and its life is not", async () => {
    const { url } = await open({}, async () => {
      throw new Error("the database is away");
    });
    expect((await fetch(`${url}/readyz`)).status).toBeGreaterThanOrEqual(500);
    expect(await (await fetch(`${url}/livez`)).json()).toEqual({ live: true });
  });
});
