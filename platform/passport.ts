/** What goes with each call from one process of the house to another: who asks, signed for exactly that call. */
import { createHash } from "node:crypto";
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from "jose";
import type { CryptoKey, JWK } from "jose";
import { Problem } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";

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

/** Signs who asks (null: the house itself), for one room and one body; good for 30 seconds. */
export type Sign = (
  room: string,
  body: string | Buffer,
  requester: Requester | null,
  requestId: string,
) => Promise<string>;

export const signer = async (privateJwk: JWK, signatory: Signatory): Promise<Sign> => {
  const key = (await importJWK(privateJwk, ALGORITHM)) as CryptoKey;
  return (room, body, requester, requestId) =>
    new SignJWT({ requester, body: hash(body) })
      .setProtectedHeader({ alg: ALGORITHM })
      .setIssuer(signatory)
      .setAudience(room)
      .setJti(requestId)
      .setIssuedAt()
      .setExpirationTime(`${SECONDS} s`)
      .sign(key);
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
  const key = await importJWK(publicJwk, ALGORITHM);
  return async (authorization, body) => {
    try {
      const { payload } = await jwtVerify(authorization?.replace(/^Bearer /, "") ?? "", key, {
        algorithms: [ALGORITHM],
        issuer: signatory,
        audience: room,
        requiredClaims: ["exp", "jti"],
      });
      if (payload.body !== hash(body)) throw new Error("signed for another body");
      return { requester: payload.requester as Requester | null, requestId: payload.jti as string };
    } catch (cause) {
      throw new Problem("UNAUTHENTICATED", "not a signed call of this house", {}, { cause });
    }
  };
};
