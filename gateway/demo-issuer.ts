/** A token issuer for demonstrations: named personas, a key of its own. It does not exist in production. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
} from "jose";
import type { JWK } from "jose";
import type { Requester } from "#sharing/requester.ts";
import type { Issuer } from "./identify.ts";

/** What a token of a persona says. */
export type Persona = Pick<Requester, "agency" | "role" | "purpose" | "basis" | "subject">;

const ISSUER = "urn:handoff-graph:demo";
const AUDIENCE = "handoff-graph";
const ALGORITHM = "ES256";

/** Issues tokens, and is the issuer that the gateway believes. */
export interface DemoIssuer extends Issuer {
  /** @param lasts As jose has it: `8h`. */
  token(persona: Persona, lasts?: string): Promise<string>;
}

/**
 * Opens the demo issuer of a data directory; its key is made once and kept there.
 *
 * @param dataDir Null for a key that lives as long as the process.
 * @throws {Error} when NODE_ENV is production
 */
export const demoIssuer = async (dataDir: string | null): Promise<DemoIssuer> => {
  if (process.env.NODE_ENV === "production")
    throw new Error(
      "the demo issuer does not exist in production; set OIDC_ISSUER, OIDC_JWKS_URL and OIDC_AUDIENCE",
    );
  const file = dataDir && join(dataDir, "demo-issuer.json");
  let jwk: JWK;
  if (file && existsSync(file)) jwk = JSON.parse(readFileSync(file, "utf8")) as JWK;
  else {
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    jwk = await exportJWK(privateKey);
    jwk.kid = await calculateJwkThumbprint(jwk);
    if (file && dataDir) {
      mkdirSync(dataDir, { recursive: true });
      writeFileSync(file, JSON.stringify(jwk), { mode: 0o600 });
    }
  }
  const key = await importJWK(jwk, ALGORITHM);
  const { kty, crv, x, y, kid } = jwk;
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    keys: createLocalJWKSet({
      keys: [{ kty: kty as "EC", crv, x, y, kid, alg: ALGORITHM, use: "sig" }],
    }),
    token: ({ agency, role, purpose, basis, subject }, lasts = "8h") =>
      new SignJWT({ agency, role, purpose_of_use: purpose, ...(basis && { basis }) })
        .setProtectedHeader({ alg: ALGORITHM, ...(kid && { kid }) })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime(lasts)
        .sign(key),
  };
};
