/** `npm run gateway`: any supergraph over its own subgraphs, as a process of its own. */
import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { checker, newKeyPair } from "#platform/passport.ts";
import type { KeyPair } from "#platform/passport.ts";
import { personas } from "../county/county.ts";
import { dataDirectory, run } from "../scripts/process.ts";
import type { Running } from "../scripts/process.ts";
import { AUDIENCE, openProvider, signingKey } from "./county-provider.ts";
import type { CountyProvider } from "./county-provider.ts";
import { bearer, call } from "./open.ts";
import { openShelters } from "./shelters.ts";
import type { Shelters } from "./shelters.ts";

let shelters: Shelters;
let keys: KeyPair;
let directory: ReturnType<typeof dataDirectory>;
/** The supergraph's. */
let file: string;
beforeAll(async () => {
  shelters = await openShelters();
  keys = await newKeyPair();
  directory = dataDirectory();
  file = join(directory.path, "supergraph.graphql");
  writeFileSync(file, shelters.sdl);
});
afterAll(async () => {
  await shelters.close();
  directory.remove();
});

/** Runs it for as long as the test at most. */
const gatewayWith = (args: string[], env: Record<string, string> = {}): Running => {
  const gateway = run("gateway", args, env);
  onTestFinished(async () => {
    gateway.child.kill("SIGKILL");
    await gateway.ended;
  });
  return gateway;
};

/** A gateway that answers. */
const started = async (args: string[], env: Record<string, string> = {}) => {
  const gateway = gatewayWith(["--supergraph", file, "--port", "0", ...args], env);
  const [, url = ""] = await gateway.says(/^ready (\S+)$/m);
  return { ...gateway, url };
};

/** What a gateway says that does not start. */
const refused = async (args: string[], env?: Record<string, string>) => {
  const gateway = gatewayWith(args, env);
  expect(await gateway.ended).toBe(1);
  expect(gateway.out()).toBe("");
  return gateway.err();
};

const FREE = "{ shelters { name free } }";
const ANSWER = {
  shelters: [
    { name: "Alder Family Shelter", free: 3 },
    { name: "Riverside Night Shelter", free: 0 },
  ],
};

const ask = (url: string, headers: Record<string, string> = {}) =>
  call(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query: FREE }),
  });

/** A port that is free now. */
const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

describe("an open gateway", () => {
  it("answers anybody from its subgraphs, each at the path of its URL, and signs nothing", async () => {
    const { url, out } = await started(["--open"]);
    const before = shelters.received.length;
    expect((await ask(url)).data).toEqual(ANSWER);
    const received = shelters.received.slice(before);
    expect(received.map(({ subgraph }) => subgraph)).toEqual(["shelters", "beds"]);
    expect(received.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
    expect(out()).toContain("it answers anybody");
  });

  it("passes no token of its client on", async () => {
    const { url } = await started(["--open"]);
    const before = shelters.received.length;
    expect((await ask(url, bearer("of the client's own"))).data).toEqual(ANSWER);
    expect(shelters.received.slice(before).map(({ authorization }) => authorization)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it("says that it lives and is ready, on a port for that alone too", async () => {
    const port = await freePort();
    const { url } = await started(["--open", "--health-port", String(port)]);
    for (const at of [new URL(url).origin, `http://127.0.0.1:${port}`]) {
      expect(await (await fetch(`${at}/livez`)).json()).toEqual({ live: true });
      expect(await (await fetch(`${at}/readyz`)).json()).toEqual({ ready: true });
    }
    expect((await ask(`http://127.0.0.1:${port}/graphql`)).status).toBe(404);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends at %s with an exit code of 0", async (signal) => {
    const { url, child, ended, err } = await started(["--open"]);
    expect((await ask(url)).data).toEqual(ANSWER);
    child.kill(signal);
    expect(await ended).toBe(0);
    expect(err()).toBe("");
  });

  it("is refused in production", async () => {
    expect(
      await refused(["--supergraph", file, "--port", "0", "--open"], { NODE_ENV: "production" }),
    ).toBe("--open is refused in production: it would answer anybody\n");
  });
});

describe("a gateway before an OpenID provider", () => {
  let provider: CountyProvider;
  beforeAll(async () => {
    // It warns that it is on plain HTTP, and has no store; on loopback neither matters.
    vi.spyOn(console, "warn").mockReturnValue();
    vi.spyOn(console, "info").mockReturnValue();
    provider = await openProvider([await signingKey()]);
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await provider.close();
  });

  const settings = () => ({
    OIDC_ISSUER: provider.issuer,
    OIDC_JWKS_URL: provider.jwksUrl,
    OIDC_AUDIENCE: AUDIENCE,
    GATEWAY_PRIVATE_KEY: JSON.stringify(keys.privateJwk),
  });

  it("takes its tokens, and no request without one", async () => {
    const { url } = await started([], settings());
    expect((await ask(url, bearer(await provider.token("housing-worker")))).data).toEqual(ANSWER);
    for (const headers of [{}, bearer("of nobody"), { authorization: "Basic eDp5" }]) {
      const { status, errors } = await ask(url, headers);
      expect([status, errors[0]?.extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
    }
  });

  it("signs each call for its subgraph and its body, and says in it who asks", async () => {
    const { url } = await started([], settings());
    const before = shelters.received.length;
    await ask(url, bearer(await provider.token("housing-worker")));
    const received = shelters.received.slice(before);
    expect(received.map(({ subgraph }) => subgraph)).toEqual(["shelters", "beds"]);
    for (const { subgraph, authorization, body } of received) {
      const check = await checker(keys.publicJwk, "gateway", subgraph);
      const { agency, role, purpose } = personas["housing-worker"];
      expect((await check(authorization, body)).requester).toEqual({
        agency,
        role,
        purpose,
        kind: null,
        basis: null,
        subject: "housing-worker",
      });
      await expect(check(authorization, `${body} `)).rejects.toThrow("not a signed call");
      const another = await checker(keys.publicJwk, "gateway", "another");
      await expect(another(authorization, body)).rejects.toThrow("not a signed call");
    }
  });

  it("answers registered documents alone in production", async () => {
    const documents = join(directory.path, "free.graphql");
    writeFileSync(documents, FREE);
    const { url } = await started([], {
      ...settings(),
      NODE_ENV: "production",
      TRUSTED_DOCUMENTS: documents,
    });
    const token = bearer(await provider.token("housing-worker"));
    expect((await ask(url, token)).data).toEqual(ANSWER);
    const { status, errors } = await call(`${url}?query={__typename}`, { headers: token });
    expect([status, errors[0]?.extensions.code]).toEqual([400, "DOCUMENT_NOT_TRUSTED"]);
  });

  it.each(["OIDC_ISSUER", "OIDC_JWKS_URL", "OIDC_AUDIENCE", "GATEWAY_PRIVATE_KEY"])(
    "does not start without %s, and says so",
    async (missing) => {
      const { [missing as "OIDC_ISSUER"]: _, ...others } = settings();
      expect(await refused(["--supergraph", file, "--port", "0"], others)).toBe(
        `${missing} is not set\n`,
      );
    },
  );

  it.each([
    ["half a key", () => JSON.stringify(keys.privateJwk).slice(0, -10)],
    ["a word", () => "correct-horse"],
    ["null", () => "null"],
    ["a key of another kind", () => JSON.stringify({ kty: "oct", k: "Y29ycmVjdC1ob3JzZQ" })],
    ["the public key", () => JSON.stringify(keys.publicJwk)],
  ])("does not start with %s to sign with, and quotes nothing of it", async (_, key) => {
    const env = { ...settings(), GATEWAY_PRIVATE_KEY: key() };
    expect(await refused(["--supergraph", file, "--port", "0"], env)).toMatch(
      /^(GATEWAY_PRIVATE_KEY is no JSON Web Key|the private key of "gateway" is no private Ed25519 key, as a JWK)\n$/,
    );
  });
});

describe("npm run gateway", () => {
  it("hands its words on to the command", () => {
    const { status, stderr } = spawnSync(
      "npm",
      ["run", "--silent", "gateway", "--", "--supergraph", "nothing.graphql", "--port", "0"],
      {
        cwd: fileURLToPath(new URL("../../", import.meta.url)),
        env: { PATH: process.env.PATH, NODE_ENV: "production" },
        encoding: "utf8",
      },
    );
    expect([status, stderr]).toEqual([1, "GATEWAY_PRIVATE_KEY is not set\n"]);
  });

  const USAGE = "usage: npm run gateway -- --supergraph FILE --port N [--health-port M] [--open]\n";

  it.each([
    ["nothing", []],
    ["no supergraph", ["--port", "0", "--open"]],
    ["no port", ["--supergraph", "schema/supergraph.graphql", "--open"]],
    ["an empty supergraph", ["--supergraph=", "--port", "0"]],
    ["an option that it does not have", ["--supergraph", "x", "--port", "0", "--opne"]],
    ["an option without its value", ["--port", "0", "--supergraph"]],
    ["one word more", ["--supergraph", "x", "--port", "0", "y"]],
  ])("says how it is used when it is given %s", async (_, args) => {
    expect(await refused(args)).toBe(USAGE);
  });

  it.each([
    ["port", "http"],
    ["port", ""],
    ["port", "0x50"],
    ["health-port", "-1"],
    ["health-port", "65536"],
  ])("says which port is none: --%s=%s", async (name, text) => {
    const args = ["--supergraph", file, "--open", "--port=0", `--${name}=${text}`];
    expect(await refused(args)).toBe(`--${name} is "${text}", and must be 0 to 65535\n`);
  });

  it.each<[what: string, content: () => string | null, why: RegExp]>([
    ["is not there", () => null, /^ENOENT: .*nothing\.graphql'$/],
    ["is empty", () => "", /nothing\.graphql is not served: Syntax Error: Unexpected <EOF>\.$/],
    ["is a page", () => "<html>", /nothing\.graphql is not served: Syntax Error: /],
    ["is cut off", () => shelters.sdl.slice(0, -3), /nothing\.graphql is not served: Syntax Error/],
    [
      "is a schema, but no supergraph",
      () => "type Query { shelters: [String] }",
      /nothing\.graphql is not served: the supergraph is not usable: .*core schema$/,
    ],
    [
      "has a subgraph that is nowhere",
      () => shelters.with("meals", "meals.internal/graphql"),
      /nothing\.graphql is not served: "meals\.internal\/graphql" is no URL of its subgraph meals$/,
    ],
  ])("says in one line that its supergraph %s", async (_, content, why) => {
    const own = dataDirectory();
    onTestFinished(own.remove);
    const path = join(own.path, "nothing.graphql");
    const text = content();
    if (text !== null) writeFileSync(path, text);
    const said = await refused(["--supergraph", path, "--port", "0", "--open"]);
    expect(said).toMatch(/^[^\n]+\n$/);
    expect(said.trimEnd()).toMatch(why);
  });

  it("says that a port is taken", async () => {
    const { port } = new URL((await started(["--open"])).url);
    expect(await refused(["--supergraph", file, "--port", port, "--open"])).toBe(
      `listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`,
    );
  });
});
