/** Who asks: from a token to a requester, and nothing else that a client sends. */
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
} from "jose";
import type { CryptoKey, JWK, JWTPayload } from "jose";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { demoIssuer } from "../../gateway/demo-issuer.ts";
import { identify, remoteIssuer } from "../../gateway/identify.ts";
import type { Issuer } from "../../gateway/identify.ts";
import type { House } from "../../scripts/house.ts";
import { agencies, personas } from "../county/county.ts";
import { dataDirectory, run } from "../scripts/process.ts";
import { AUDIENCE, openProvider, signingKey } from "./county-provider.ts";
import type { CountyProvider } from "./county-provider.ts";
import { ask, bearer, openHouseOf } from "./open.ts";

const ISSUER = "https://login.alder.example";
const dana = personas["discharge-coordinator"];

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

/** What a good token of Dana's says. */
const claims = (): JWTPayload => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: dana.subject,
  exp: inSeconds(60),
  agency: dana.agency,
  role: dana.role,
  purpose_of_use: dana.purpose,
});

const WORKLIST = "{ worklist { edges { node { state receiver { name } } } } }";

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

describe("a token", () => {
  let house: House;
  let key: CryptoKey;
  let publicKey: CryptoKey;
  let issuer: Issuer;

  beforeAll(async () => {
    ({ privateKey: key, publicKey } = await generateKeyPair("ES256", { extractable: true }));
    const keys = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), alg: "ES256" }] });
    issuer = { issuer: ISSUER, audience: AUDIENCE, keys };
    ({ house } = await openHouseOf(issuer));
  });
  afterAll(() => house.close());

  const sign = (payload: JWTPayload, by = key) =>
    new SignJWT(payload).setProtectedHeader({ alg: "ES256" }).sign(by);

  it("that says who asks is taken, whatever the case of its scheme", async () => {
    const { status, data } = await ask(
      house,
      { authorization: `bearer ${await sign(claims())}` },
      `{ agency(id: "${agencies.bh.id}") { name } }`,
    );
    expect([status, data]).toEqual([200, { agency: { name: agencies.bh.name } }]);
  });

  /** Each is good but for what its name says. */
  const refused: [name: string, headers: () => Promise<Record<string, string>>][] = [
    ["is missing", async () => ({})],
    [
      "stands under another scheme",
      async () => ({ authorization: `Basic ${await sign(claims())}` }),
    ],
    ["stands under no scheme", async () => ({ authorization: await sign(claims()) })],
    ["is empty", async () => ({ authorization: "Bearer " })],
    ["is two", async () => ({ authorization: `Bearer a.b.c ${await sign(claims())}` })],
    ["is no JSON Web Token", async () => bearer("dana.whitfield")],
    ["has expired", async () => bearer(await sign({ ...claims(), exp: inSeconds(-60) }))],
    ["never expires", async () => bearer(await sign({ ...claims(), exp: undefined }))],
    ["is not good yet", async () => bearer(await sign({ ...claims(), nbf: inSeconds(60) }))],
    [
      "is signed by nobody (`alg: none`)",
      async () => bearer(`${base64url({ alg: "none" })}.${base64url(claims())}.`),
    ],
    [
      "is signed with the public key as a shared secret (HS256)",
      async () => {
        const secret = new TextEncoder().encode(await exportSPKI(publicKey));
        return bearer(
          await new SignJWT(claims()).setProtectedHeader({ alg: "HS256" }).sign(secret),
        );
      },
    ],
    [
      "is signed with a key of its own, which it brings along",
      async () => {
        const own = await generateKeyPair("ES256", { extractable: true });
        const header = { alg: "ES256", jwk: await exportJWK(own.publicKey) };
        return bearer(await new SignJWT(claims()).setProtectedHeader(header).sign(own.privateKey));
      },
    ],
    [
      "was changed after it was signed",
      async () => {
        const [header, , signature] = (await sign(claims())).split(".");
        const agency = agencies.county.id;
        return bearer(`${header}.${base64url({ ...claims(), agency })}.${signature}`);
      },
    ],
    [
      "is for another audience",
      async () => bearer(await sign({ ...claims(), aud: "https://mail.alder.example" })),
    ],
    ["is of another issuer", async () => bearer(await sign({ ...claims(), iss: `${ISSUER}/` }))],
    ["names no subject", async () => bearer(await sign({ ...claims(), sub: undefined }))],
    [
      "has a subject that is null",
      async () => bearer(await sign({ ...claims(), sub: null as never })),
    ],
    ["has a blank subject", async () => bearer(await sign({ ...claims(), sub: "" }))],
    [
      "is of an agency that is not on the roll",
      async () =>
        bearer(await sign({ ...claims(), agency: "019550a0-0000-7000-8000-0000000000ff" })),
    ],
    [
      "is of an agency whose id is no UUID",
      async () => bearer(await sign({ ...claims(), agency: "hospital" })),
    ],
    ["is of no agency", async () => bearer(await sign({ ...claims(), agency: undefined }))],
    [
      "is of two agencies",
      async () => bearer(await sign({ ...claims(), agency: [dana.agency, agencies.bh.id] })),
    ],
    [
      "has a role that is not known",
      async () => bearer(await sign({ ...claims(), role: "SUPERUSER" })),
    ],
    [
      "has two roles",
      async () => bearer(await sign({ ...claims(), role: ["CLINICIAN", "ADMIN"] })),
    ],
    [
      "has a purpose that is not known",
      async () => bearer(await sign({ ...claims(), purpose_of_use: "RESEARCH" })),
    ],
    [
      "has two purposes",
      async () => bearer(await sign({ ...claims(), purpose_of_use: ["TREAT", "COC"] })),
    ],
    [
      "has one purpose, in a list",
      async () => bearer(await sign({ ...claims(), purpose_of_use: ["COC"] })),
    ],
    ["has no purpose", async () => bearer(await sign({ ...claims(), purpose_of_use: undefined }))],
    [
      "has a basis that is not known",
      async () => bearer(await sign({ ...claims(), basis: "BECAUSE" })),
    ],
  ];

  it.each(refused)("that %s is refused", async (_, headers) => {
    const answer = await ask(house, await headers(), "{ agencies { edges { node { id } } } }");
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer\b/);
    expect(JSON.parse(answer.text)).toEqual({
      errors: [{ message: expect.any(String), extensions: { code: "UNAUTHENTICATED" } }],
    });
  });

  it("is refused before the operation is looked at", async () => {
    const { status, errors } = await ask(house, {}, "{ this does not even parse");
    expect([status, errors[0]?.extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
  });

  it("alone says who asks: what other headers say is not believed", async () => {
    const token = bearer(await sign(claims()));
    const plain = await ask(house, token, WORKLIST);
    const dressed = await ask(
      house,
      {
        ...token,
        "x-agency": agencies.housing.id,
        "x-role": "ANALYST",
        "x-purpose-of-use": "PUBHLTH",
        "x-requester": JSON.stringify(personas["housing-worker"]),
        "x-forwarded-user": "tanya.orlov",
      },
      WORKLIST,
    );
    expect(dressed.text).toBe(plain.text);
    const other = await ask(
      house,
      bearer(await sign({ ...claims(), agency: agencies.housing.id })),
      WORKLIST,
    );
    // The next move for Walter is the housing authority's, so the two agencies' worklists do differ.
    expect(other.data.worklist.edges).toHaveLength(1);
    expect(other.text).not.toBe(plain.text);
  });

  it("does not say what kind of agency asks: that comes from the roll", async () => {
    const directory = async (agency: string) => {
      const door = house.rooms.referrals?.sideDoors["/directory"];
      const bytes = Buffer.from(JSON.stringify({ agency }));
      const { body = "" } = (await door?.({ bytes, requester: null, requestId: "test" })) ?? {};
      return (JSON.parse(body) as { kind: (typeof agencies.bh)["kind"] }).kind;
    };
    const token = await sign({ ...claims(), agency: agencies.bh.id, kind: "HOSPITAL" });
    expect(await identify(issuer, directory)(`Bearer ${token}`)).toEqual({
      agency: agencies.bh.id,
      kind: "BH",
      role: dana.role,
      purpose: dana.purpose,
      basis: null,
      subject: dana.subject,
    });
  });

  it("may spell its agency's id in capitals, and is the same agency's all the same", async () => {
    const capitals = { ...claims(), agency: agencies.housing.id.toUpperCase() };
    const OWNER = "{ worklist { edges { node { nextActionOwner { id } movesOpen } } } }";
    const [small, large] = await Promise.all(
      [{ ...claims(), agency: agencies.housing.id }, capitals].map(async (it) =>
        ask(house, bearer(await sign(it)), OWNER),
      ),
    );
    expect(small?.data.worklist.edges[0].node.movesOpen).toContain("ACCEPT");
    expect(large?.text).toBe(small?.text);
  });
});

describe("an OpenID provider", () => {
  let house: House;
  let logged: string[];
  let county: CountyProvider;
  let keys: JWK[];

  beforeAll(async () => {
    // It warns that it is on plain HTTP, and has no store; on loopback neither matters.
    vi.spyOn(console, "warn").mockReturnValue();
    vi.spyOn(console, "info").mockReturnValue();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    keys = [await signingKey(), await signingKey()];
    county = await openProvider(keys.slice(0, 1));
    ({ house, logged } = await openHouseOf(remoteIssuer(county.issuer, county.jwksUrl, AUDIENCE)));
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    vi.useRealTimers();
    await house.close();
    await county.close();
  });

  /** Turns on the clock that tokens and key sets are read by. */
  const later = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

  const asks = async (token: string) => (await ask(house, bearer(token), WORKLIST)).status;

  it("says who asks", async () => {
    const token = await county.token("housing-worker");
    const { status, data } = await ask(house, bearer(token), WORKLIST);
    expect(status).toBe(200);
    expect(data.worklist.edges).toEqual([
      { node: { state: "AWAITING_DECISION", receiver: { name: agencies.housing.name } } },
    ]);
  });

  it("that is another one is not believed, even under the county's name and key id", async () => {
    const kid = keys[0]?.kid as string;
    const stranger = await openProvider([await signingKey()]);
    const impostor = await openProvider([{ ...(await signingKey()), kid }], county.issuer);
    onTestFinished(() => Promise.all([stranger.close(), impostor.close()]).then(() => undefined));
    const token = await impostor.token("housing-worker");
    expect([decodeJwt(token).iss, decodeProtectedHeader(token).kid]).toEqual([county.issuer, kid]);
    expect(await asks(await stranger.token("housing-worker"))).toBe(401);
    expect(await asks(token)).toBe(401);
  });

  it("may change its key: the new key's tokens are taken, and those of a key it took back are not", async () => {
    const [old, next] = keys as [JWK, JWK];
    const before = await county.token("housing-worker");
    expect(await asks(before)).toBe(200);
    county.rotate([next, old]);
    const after = await county.token("housing-worker");
    expect(decodeProtectedHeader(after).kid).toBe(next.kid);
    // A token with an unknown key id makes the key set be fetched again, but not more often than every 30 seconds.
    later(31);
    expect(await asks(after)).toBe(200);
    expect(await asks(before)).toBe(200);
    county.rotate([next]);
    later(11 * 60);
    expect(await asks(await county.token("housing-worker"))).toBe(200);
    expect(await asks(before)).toBe(401);
  });

  it("that cannot be reached lets nobody in, and the operator is told why", async () => {
    const token = await county.token("housing-worker");
    await county.close();
    // The key set is kept for ten minutes.
    later(11 * 60);
    const status = await asks(token);
    expect([401, 500, 503]).toContain(status);
    expect(logged.filter((line) => line.includes("ECONNREFUSED"))).toHaveLength(1);
  });
});

describe("the demo issuer", () => {
  it("does not exist in production", async () => {
    vi.stubEnv("NODE_ENV", "production");
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(demoIssuer(null)).rejects.toThrow("the demo issuer does not exist in production");
  });

  it("makes no token in production, and says what to set instead", async () => {
    const directory = dataDirectory();
    onTestFinished(directory.remove);
    const env = { DATA_DIR: directory.path };
    // The key that it made before the house went into production is of no use either.
    const demo = run("token", ["--as", "county-case-worker"], env);
    expect(await demo.ended).toBe(0);
    const token = run("token", ["--as", "county-case-worker"], { ...env, NODE_ENV: "production" });
    expect(await token.ended).toBe(1);
    expect(token.out()).toBe("");
    expect(token.err()).toBe(
      "the demo issuer does not exist in production; set OIDC_ISSUER, OIDC_JWKS_URL and OIDC_AUDIENCE\n",
    );
  });

  it("is believed only with its own key", async () => {
    const [here, elsewhere] = await Promise.all([demoIssuer(null), demoIssuer(null)]);
    const token = await elsewhere.token(dana);
    await expect(identify(here, async () => "HOSPITAL")(`Bearer ${token}`)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});
