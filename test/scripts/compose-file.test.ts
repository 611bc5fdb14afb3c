import { existsSync, readFileSync } from "node:fs";
import Ajv from "ajv";
import { describe, expect, it } from "vitest";
import { urlsByRoom } from "#platform/settings.ts";
import { interpolate, ourServices, plan, readComposeFile } from "../../scripts/compose-file.ts";
import { ROOM_FOLDERS } from "../../scripts/rooms.ts";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

const text = read("docker-compose.yml");
const file = readComposeFile(text);
const ours = ourServices(file);
const gateways = ours.filter(([name]) => name.startsWith("gateway-"));
const rooms = Object.keys(ROOM_FOLDERS);

/** All that a caller of `npm run start:split` can be asked for. */
const caller: Record<string, string> = {
  DATABASE_URL: "postgres://caseworker@127.0.0.1:5432/house",
  REDIS_URL: "redis://127.0.0.1:6379",
  GATEWAY_PRIVATE_KEY: '{"kty":"OKP","d":"gateway"}',
  GATEWAY_PUBLIC_KEY: '{"kty":"OKP","x":"gateway"}',
  ROOMS_PRIVATE_KEY: '{"kty":"OKP","d":"events"}',
  ROOMS_PUBLIC_KEY: '{"kty":"OKP","x":"events"}',
  LEDGER_PRIVATE_KEY: '{"kty":"OKP","d":"ledger"}',
  OIDC_ISSUER: "http://referrals:4001/the-county-may-call-it-so",
  OIDC_JWKS_URL: "https://login.county.example/keys",
  OIDC_AUDIENCE: "handoff-graph",
};
const without = (name: string) =>
  Object.fromEntries(Object.entries(caller).filter(([key]) => key !== name));

describe("docker-compose.yml", () => {
  it("keeps to the Compose specification", () => {
    // The schema says `id` for `$id` and names a draft by an address that no validator knows; neither bears on a file.
    const { $schema: _, ...schema } = JSON.parse(read("test/scripts/compose-spec.json")) as {
      $schema: string;
    };
    const ajv = new Ajv({ allErrors: true, strict: false });
    ajv.removeKeyword("id").addKeyword("id");
    ajv.addFormat("duration", /^(\d+(us|ms|s|m|h))+$/);
    ajv.addFormat("ports", /^\d+:\d+$/);
    ajv.addFormat("expose", true);
    ajv.addFormat("subnet_ip_address", true);
    const keepsTo = ajv.compile(schema);

    keepsTo(file);
    expect(keepsTo.errors).toBe(null);
    expect(keepsTo({ services: { proxy: { prots: ["4000:4000"] } } })).toBe(false);
  });

  it("has a service for every room, under the room's name", () => {
    for (const room of rooms)
      expect(file.services[room]?.command).toEqual(["node", `subgraphs/${room}/index.ts`]);
  });

  it("runs only scripts that exist, and that the image holds", () => {
    const copied = [...read("Dockerfile").matchAll(/^COPY (\S+) \1$/gm)].map(
      ([, folder]) => folder,
    );
    const letIn = [...read(".dockerignore").matchAll(/^!(\S+)$/gm)].map(([, path]) => path);
    expect(letIn).toEqual(["package.json", "package-lock.json", ...copied]);
    for (const [, { command = [] }] of ours) {
      const [program, script = "", ...rest] = command;
      expect([program, rest]).toEqual(["node", []]);
      expect(existsSync(new URL(script, ROOT)), script).toBe(true);
      expect(copied).toContain(script.split("/")[0]);
    }
  });

  it("gives every process a port of its own", () => {
    const ports = ours.flatMap(([, { environment }]) => environment?.PORT ?? []);
    expect(ports).toHaveLength(ours.length - 1); // migrate has none
    expect(new Set(ports).size).toBe(ports.length);
  });

  it("lets the outside in by the proxy alone", () => {
    const published = Object.entries(file.services).filter(([, { ports }]) => ports);
    expect(published.map(([name, { ports }]) => [name, ports])).toEqual([["proxy", ["4000:4000"]]]);
  });

  it("tells the proxy where each gateway answers", () => {
    const servers = [...read("proxy/haproxy.cfg").matchAll(/^ *server (\S+) (\S+)$/gm)].map(
      ([, name, address]) => [name, address],
    );
    expect(servers).toEqual(
      gateways.map(([name, { environment }]) => [name, `${name}:${environment?.PORT}`]),
    );
  });

  it("tells each gateway where every room answers", () => {
    const where = Object.fromEntries(
      rooms.map((room) => [room, `http://${room}:${file.services[room]?.environment?.PORT}`]),
    );
    for (const [, { environment }] of gateways)
      expect(urlsByRoom(environment?.SUBGRAPHS ?? "")).toEqual(where);
  });

  it("carries each room's events to the rooms that hear them in one process, too", async () => {
    const { LISTENERS } = await import("../../scripts/house.ts");
    for (const room of rooms)
      expect(
        Object.keys(urlsByRoom(file.services[room]?.environment?.LISTENERS ?? "")),
        room,
      ).toEqual(LISTENERS[room] ?? []);
  });

  it("tells every room whom it asks", () => {
    for (const room of rooms) {
      const asked = urlsByRoom(file.services[room]?.environment?.NEIGHBOURS ?? "");
      expect(Object.keys(asked), room).toEqual(
        room === "referrals" ? ["information-sharing"] : ["referrals", "information-sharing"],
      );
    }
  });

  it("has no default for a secret", () => {
    const secrets = [...text.matchAll(/\$\{(\w*(?:KEY|PASSWORD)\w*)(.{2})/g)];
    expect(new Set(secrets.map(([, name]) => name))).toEqual(
      new Set([
        "POSTGRES_PASSWORD",
        "GATEWAY_PRIVATE_KEY",
        "GATEWAY_PUBLIC_KEY",
        "ROOMS_PRIVATE_KEY",
        "ROOMS_PUBLIC_KEY",
        "LEDGER_PRIVATE_KEY",
      ]),
    );
    for (const [, , otherwise] of secrets) expect(otherwise).toBe(":?");
  });

  it("gives a room no key to sign as the gateway, and the gateway none to sign as a room", () => {
    for (const [name, { environment = {} }] of ours) {
      const held = Object.keys(environment).filter((key) => key.endsWith("_PRIVATE_KEY"));
      expect(held, name).toEqual(
        name === "migrate"
          ? []
          : name.startsWith("gateway-")
            ? ["GATEWAY_PRIVATE_KEY"]
            : [
                "ROOMS_PRIVATE_KEY",
                ...(name === "information-sharing" ? ["LEDGER_PRIVATE_KEY"] : []),
              ],
      );
    }
  });
});

describe("the same house without Docker", () => {
  it("starts the very commands of the compose file, with variables of the very same names", () => {
    expect(
      plan(file, caller).map(({ name, command, environment }) => [
        name,
        command,
        Object.keys(environment),
      ]),
    ).toEqual(
      ours.map(([name, { command, environment }]) => [
        name,
        command,
        Object.keys(environment ?? {}),
      ]),
    );
  });

  it("migrates first, then opens the rooms, then the gateways", () => {
    const after = Object.fromEntries(plan(file, caller).map((it) => [it.name, it.after]));
    expect(after.migrate).toEqual([]);
    for (const room of rooms) expect(after[room]).toEqual(["migrate"]);
    for (const [name] of gateways) expect(after[name]).toEqual(rooms);
  });

  it("stands on this machine alone, on the caller's PostgreSQL and Redis", () => {
    const [, referrals] = plan(file, caller);
    expect(referrals).toMatchObject({
      name: "referrals",
      url: "http://127.0.0.1:4001",
      environment: {
        HOST: "127.0.0.1",
        PORT: "4001",
        DATABASE_URL: "postgres://caseworker@127.0.0.1:5432/house",
        LISTENERS: "performance=http://127.0.0.1:4005,information-sharing=http://127.0.0.1:4004",
      },
    });
    const gateway = plan(file, caller).find(({ name }) => name === "gateway-2");
    expect(gateway?.environment).toMatchObject({
      PORT: "4102",
      REDIS_URL: "redis://127.0.0.1:6379",
      SUBGRAPHS:
        "referrals=http://127.0.0.1:4001,disputes=http://127.0.0.1:4002,escalation=http://127.0.0.1:4003," +
        "information-sharing=http://127.0.0.1:4004,performance=http://127.0.0.1:4005",
    });
  });

  it("moves every port of its own by the offset, and nothing of the caller's", () => {
    const moved = plan(file, caller, 1000);
    expect(moved.map(({ url }) => url)).toEqual([
      null,
      ...[5001, 5002, 5003, 5004, 5005, 5101, 5102].map((port) => `http://127.0.0.1:${port}`),
    ]);
    for (const { environment, url } of moved)
      if (url) expect(url).toBe(`http://127.0.0.1:${environment.PORT}`);
    expect(moved.find(({ name }) => name === "referrals")?.environment).toMatchObject({
      DATABASE_URL: caller.DATABASE_URL,
      LISTENERS: "performance=http://127.0.0.1:5005,information-sharing=http://127.0.0.1:5004",
    });
    expect(moved.find(({ name }) => name === "gateway-1")?.environment).toMatchObject({
      SUBGRAPHS: expect.stringContaining("disputes=http://127.0.0.1:5002,") as string,
      OIDC_ISSUER: "http://referrals:4001/the-county-may-call-it-so",
    });
  });

  it.each(Object.keys(caller).filter((name) => name !== "REDIS_URL"))(
    "does not start without %s, and says so",
    (name) => {
      expect(() => plan(file, without(name))).toThrow(`${name} is not set`);
    },
  );

  it("does without Redis when the caller has none", () => {
    const gateway = plan(file, without("REDIS_URL")).find(({ name }) => name === "gateway-1");
    expect(gateway?.environment.REDIS_URL).toBe("");
  });
});

describe("a variable in the compose file", () => {
  it("is filled in", () => {
    expect(interpolate("postgres://${USER}@${HOST}/house", { USER: "amy", HOST: "db" })).toBe(
      "postgres://amy@db/house",
    );
  });

  it("is empty when it is not set", () => {
    expect(interpolate("<${LEVEL}>", {})).toBe("<>");
  });

  it("takes its default when it is not set or empty", () => {
    expect(interpolate("${LEVEL:-info} ${LEVEL:-info}", { LEVEL: "" })).toBe("info info");
    expect(interpolate("${LEVEL:-info}", { LEVEL: "warn" })).toBe("warn");
  });

  it("stops everything when it is needed and empty, with its name and the message", () => {
    expect(() => interpolate("${KEY:?ask the county}", { KEY: "" })).toThrow(
      "KEY is not set: ask the county",
    );
  });

  it("is filled in once: what it holds is not read again", () => {
    expect(interpolate("${KEY}", { KEY: "$${OTHER} $&", OTHER: "never" })).toBe("$${OTHER} $&");
  });

  it("is none after a doubled dollar sign", () => {
    expect(interpolate("$${KEY}", { KEY: "never" })).toBe("${KEY}");
  });

  it.each(["$KEY", "${KEY", "${KEY:+other}", "costs 5$"])(
    "is refused in a form that is not known here: %s",
    (template) => {
      expect(() => interpolate(template, { KEY: "held" })).toThrow(
        "no variable of a form that is known here",
      );
    },
  );
});
