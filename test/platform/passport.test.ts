/** What goes with a call from one process of the house to another: good for that call, and for no other. */
import { createHash } from "node:crypto";
import { decodeJwt, importJWK, jwtVerify, SignJWT } from "jose";
import type { CryptoKey, JWTPayload } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { checker, newKeyPair, signer } from "#platform/passport.ts";
import type { Check, KeyPair, Sign } from "#platform/passport.ts";
import { personas } from "../county/county.ts";

const dana = personas["discharge-coordinator"];
const BODY = JSON.stringify({ query: "{ worklist { edges { cursor } } }" });
const REQUEST = "019550a0-0000-7000-8000-0000000000aa";

describe("a passport", () => {
  let keys: KeyPair;
  let sign: Sign;
  /** As the disputes room checks it. */
  let check: Check;

  beforeAll(async () => {
    keys = await newKeyPair();
    sign = await signer(keys.privateJwk, "gateway");
    check = await checker(keys.publicJwk, "gateway", "disputes");
  });

  const present = async (token: string, body: string | Buffer = BODY) =>
    check(`Bearer ${token}`, body);

  it("says who asks, under which request id", async () => {
    const token = sign("disputes", BODY, dana, REQUEST);
    expect(await present(token)).toEqual({ requester: dana, requestId: REQUEST });
  });

  it("may be the house's own, which asks for nobody", async () => {
    const token = sign("disputes", BODY, null, REQUEST);
    expect(await present(token)).toEqual({ requester: null, requestId: REQUEST });
  });

  it("is for bytes, whether they came as text or not", async () => {
    const bytes = Buffer.from([0, 0xff, 0xfe, 10]);
    expect(await present(sign("disputes", bytes, dana, REQUEST), bytes)).toMatchObject({
      requester: dana,
    });
    expect(await present(sign("disputes", BODY, dana, REQUEST), Buffer.from(BODY))).toMatchObject({
      requester: dana,
    });
  });

  it("is good for 30 seconds, and holds no more of the body than its hash", async () => {
    const { exp = 0, iat = 0, ...rest } = decodeJwt(sign("disputes", BODY, dana, REQUEST));
    expect(exp - iat).toBe(30);
    expect(rest).toEqual({
      iss: "gateway",
      aud: "disputes",
      jti: REQUEST,
      requester: dana,
      body: createHash("sha256").update(BODY).digest("base64url"),
    });
  });

  /** A passport that says what the test says, under the gateway's own key. */
  const forged = async (more: JWTPayload, header: object = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const payload = {
      iss: "gateway",
      aud: "disputes",
      jti: REQUEST,
      iat: now,
      exp: now + 30,
      requester: dana,
      body: createHash("sha256").update(BODY).digest("base64url"),
      ...more,
    };
    return new SignJWT(payload)
      .setProtectedHeader({ alg: "EdDSA", ...header })
      .sign((await importJWK(keys.privateJwk, "EdDSA")) as CryptoKey);
  };

  it("is a JSON Web Token, as any library reads it", async () => {
    const token = sign("disputes", BODY, dana, REQUEST);
    const key = (await importJWK(keys.publicJwk, "EdDSA")) as CryptoKey;
    const { payload } = await jwtVerify(token, key, { issuer: "gateway", audience: "disputes" });
    expect(payload).toMatchObject({ jti: REQUEST, requester: dana });
  });

  it("made by hand is as good, so what follows is refused for what it lacks", async () => {
    expect(await present(await forged({}))).toEqual({ requester: dana, requestId: REQUEST });
  });

  const now = () => Math.floor(Date.now() / 1000);
  const refused: [name: string, present: () => Promise<unknown>][] = [
    ["is missing", () => check(undefined, BODY)],
    ["is empty", () => check("Bearer ", BODY)],
    ["is a word", () => check("Bearer dana", BODY)],
    [
      "is signed with another key",
      async () => {
        const other = await signer((await newKeyPair()).privateJwk, "gateway");
        return present(other("disputes", BODY, dana, REQUEST));
      },
    ],
    [
      "is signed by nobody",
      async () => {
        const [, payload] = sign("disputes", BODY, dana, REQUEST).split(".");
        const header = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
        return present(`${header}.${payload}.`);
      },
    ],
    [
      "is signed with the public key as a shared secret",
      async () => {
        const secret = new TextEncoder().encode(keys.publicJwk.x);
        return present(
          await new SignJWT(decodeJwt(await forged({})))
            .setProtectedHeader({ alg: "HS256" })
            .sign(secret),
        );
      },
    ],
    ["is for another room", async () => present(sign("escalation", BODY, dana, REQUEST))],
    ["is for another body", async () => present(sign("disputes", `${BODY} `, dana, REQUEST))],
    ["is for no body", async () => present(await forged({ body: undefined }))],
    [
      "is of a room that carries events, under the very same key",
      async () =>
        present((await signer(keys.privateJwk, "rooms"))("disputes", BODY, dana, REQUEST)),
    ],
    ["has expired", async () => present(await forged({ iat: now() - 60, exp: now() - 30 }))],
    ["never expires", async () => present(await forged({ exp: undefined }))],
    ["has no request id", async () => present(await forged({ jti: undefined }))],
    ["is not good yet", async () => present(await forged({ nbf: now() + 60 }))],
    [
      "was changed to another agency's",
      async () => {
        const [header, payload, signature] = sign("disputes", BODY, dana, REQUEST).split(".");
        const changed = {
          ...decodeJwt(`${header}.${payload}.${signature}`),
          requester: personas["bh-clinician"],
        };
        return present(
          `${header}.${Buffer.from(JSON.stringify(changed)).toString("base64url")}.${signature}`,
        );
      },
    ],
  ];

  it.each(refused)("that %s is refused, and in the same words", async (_, attempt) => {
    await expect(attempt()).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: "not a signed call of this house",
    });
  });

  it("of the gateway is not taken for an event's", async () => {
    const fromRooms = await checker(keys.publicJwk, "rooms", "disputes");
    const token = sign("disputes", BODY, null, REQUEST);
    await expect(fromRooms(`Bearer ${token}`, BODY)).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
    const event = (await signer(keys.privateJwk, "rooms"))("disputes", BODY, null, REQUEST);
    expect(await fromRooms(`Bearer ${event}`, BODY)).toEqual({
      requester: null,
      requestId: REQUEST,
    });
  });
});

describe("a pair of keys", () => {
  it("is new each time, and its public half cannot sign", async () => {
    const [one, other] = [await newKeyPair(), await newKeyPair()];
    expect(one.publicJwk).not.toEqual(other.publicJwk);
    expect(one.publicJwk).not.toHaveProperty("d");
    await expect(signer(one.publicJwk, "gateway")).rejects.toThrow(
      'the private key of "gateway" is no private Ed25519 key, as a JWK',
    );
    await expect(checker({ kty: "oct", k: "c2VjcmV0" }, "gateway", "disputes")).rejects.toThrow(
      /^the public key of "gateway" is no public Ed25519 key, as a JWK$/,
    );
  });
});
