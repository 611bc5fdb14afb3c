/** What goes with each call from one process of the house to another: who asks, signed for exactly that call. */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import type { JWK } from "jose";
import { Problem } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import { systemClock } from "./clock.ts";

const ALGORITHM = "EdDSA";
/** Who signs: the gateway, for requesters; a room, for what it tells and asks other rooms in the house's own name. */
export type Signatory = "gateway" | "rooms";
const SECONDS = 30;

/** A pair of keys as JSON Web Keys: the gateway has both, a subgraph the public one. */
export interface KeyPair {
  privateJwk: JWK;
  publicJwk: JWK;
}

export const newKeyPair = async (): Promise<KeyPair> => {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return { privateJwk: await exportJWK(privateKey), publicJwk: await exportJWK(publicKey) };
};

const hash = (body: string | Buffer): string =>
  createHash("sha256").update(body).digest("base64url");

const base64url = (value: object): string =>
  Buffer.from(JSON.stringify(value)).toString("base64url");

/** The one header that a passport has; any other is none of ours. */
const HEADER = base64url({ alg: ALGORITHM });

/** The claims of a passport (RFC 7519), and two of our own. */
interface Claims {
  iss: Signatory;
  aud: string;
  jti: string;
  iat: number;
  exp: number;
  requester: Requester | null;
  /** The hash of the body that it is for. */
  body: string;
}

const seconds = (): number => Math.floor(systemClock().getTime() / 1000);

/** Signs who asks (null: the house itself), for one room and one body; good for 30 seconds. */
export type Sign = (
  room: string,
  body: string | Buffer,
  requester: Requester | null,
  requestId: string,
) => string;

/**
 * Signs by Node's own Ed25519, on the spot: a library that goes by way of WebCrypto takes twice as long for each call, most of it
 * to hand the work to another thread.
 *
 * @throws {Error} when the key is none to sign with. What it holds is in no message.
 */
export const signer = async (privateJwk: JWK, signatory: Signatory): Promise<Sign> => {
  const key = keyOf(signatory, "private", () =>
    createPrivateKey({ key: privateJwk as never, format: "jwk" }),
  );
  return (room, body, requester, requestId) => {
    const iat = seconds();
    const claims: Claims = {
      iss: signatory,
      aud: room,
      jti: requestId,
      iat,
      exp: iat + SECONDS,
      requester,
      body: hash(body),
    };
    const signed = `${HEADER}.${base64url(claims)}`;
    return `${signed}.${sign(null, Buffer.from(signed), key).toString("base64url")}`;
  };
};

/** Who asks, if it was signed for this room and this very body. */
export type Check = (
  authorization: string | undefined,
  body: string | Buffer,
) => Promise<{ requester: Requester | null; requestId: string }>;

/**
 * @throws {Problem} UNAUTHENTICATED by the check, when the call was not signed for exactly this.
 */
export const checker = async (
  publicJwk: JWK,
  signatory: Signatory,
  room: string,
): Promise<Check> => {
  const key = keyOf(signatory, "public", () =>
    createPublicKey({ key: publicJwk as never, format: "jwk" }),
  );
  const claimsOf = (token: string): Claims => {
    const [header, payload = "", signature = "", ...more] = token.split(".");
    if (header !== HEADER || more.length > 0) throw new Error("no passport");
    const signed = Buffer.from(`${header}.${payload}`);
    if (!verify(null, signed, key, Buffer.from(signature, "base64url")))
      throw new Error("signed by somebody else");
    return JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Claims;
  };
  return async (authorization, body) => {
    try {
      const claims = claimsOf(authorization?.replace(/^Bearer /, "") ?? "");
      const { iss, aud, jti, exp, requester, ...rest } = claims;
      if (iss !== signatory || aud !== room) throw new Error("signed for another call");
      if (!(exp > seconds()) || "nbf" in rest) throw new Error("not good now");
      if (typeof jti !== "string") throw new Error("signed for no request");
      if (rest.body !== hash(body)) throw new Error("signed for another body");
      return { requester, requestId: jti };
    } catch (cause) {
      throw new Problem("UNAUTHENTICATED", "not a signed call of this house", {}, { cause });
    }
  };
};

const keyOf = (
  signatory: Signatory,
  half: "private" | "public",
  read: () => KeyObject,
): KeyObject => {
  try {
    const key = read();
    if (key.asymmetricKeyType === "ed25519" && key.type === half) return key;
  } catch {
    // Its message might quote the key.
  }
  throw new Error(`the ${half} key of "${signatory}" is no ${half} Ed25519 key, as a JWK`);
};
