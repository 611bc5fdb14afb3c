/** Step 1: from a token to a requester. Nothing else that a client sends is believed. */
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import type { JWTVerifyGetKey } from "jose";
import { Problem } from "#schema/problems.ts";
import { isBasis, isPurpose, isRole } from "#sharing/requester.ts";
import type { Requester } from "#sharing/requester.ts";
import type { AgencyKind } from "#sharing/vocabulary.ts";

/** Whose tokens are taken. */
export interface Issuer {
  issuer: string;
  audience: string;
  keys: JWTVerifyGetKey;
}

/** The kind of an agency that is on the roll; undefined for one that is not. */
export type Directory = (agency: string) => Promise<AgencyKind | null | undefined>;

/** Asymmetric algorithms alone: `none` and shared secrets are never taken. */
const ALGORITHMS = ["EdDSA", "ES256", "ES384", "PS256", "PS384", "RS256", "RS384"];

/** What jose throws when a key set did not come, or was none. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  "ERR_JWKS_TIMEOUT",
  "ERR_JWKS_INVALID",
  "ERR_JOSE_GENERIC",
]);

/** The issuer of an agency or a county: OpenID Connect, keys by URL. */
export const remoteIssuer = (issuer: string, jwksUrl: string, audience: string): Issuer => ({
  issuer,
  audience,
  keys: createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 3000 }),
});

const unauthenticated = (message: string, cause?: unknown): never => {
  throw new Problem("UNAUTHENTICATED", message, {}, { cause });
};

/**
 * Who asks.
 *
 * Claims: `sub`; `agency`, its id on the roll; `role`; `purpose_of_use`, exactly one (HL7 v3 ActReason); `basis`,
 * optional. The agency's kind comes from the roll.
 *
 * @param authorization The header: `Bearer <token>`.
 * @throws {Problem} UNAUTHENTICATED
 */
export const identify =
  ({ issuer, audience, keys }: Issuer, directory: Directory) =>
  async (authorization: string | undefined): Promise<Requester> => {
    const [, token] =
      /^Bearer ([^\s]+)$/i.exec(authorization ?? "") ?? unauthenticated("a bearer token is needed");
    const { payload } = await jwtVerify(token as string, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      requiredClaims: ["exp", "sub"],
      clockTolerance: 5,
    }).catch((cause: unknown) => {
      // Keys that cannot be fetched are the world's fault, and no fault of the token.
      if (!(cause instanceof errors.JOSEError) || UNREACHABLE.has(cause.code)) throw cause;
      return unauthenticated("the token is not valid here", cause);
    });
    const { sub, agency, role, purpose_of_use: purpose, basis = null } = payload;
    if (typeof sub !== "string" || sub.trim() === "")
      return unauthenticated("the token's `sub` must name somebody");
    if (!isRole(role)) return unauthenticated("the token's `role` is not known");
    if (!isPurpose(purpose))
      return unauthenticated("the token's `purpose_of_use` must be exactly one that is known");
    if (basis !== null && !isBasis(basis))
      return unauthenticated("the token's `basis` is not known");
    const id = typeof agency === "string" ? agency.toLowerCase() : "";
    const kind = id ? await directory(id) : undefined;
    if (kind === undefined) return unauthenticated("the token's `agency` is not on the roll");
    return { agency: id, kind, role, purpose, basis, subject: sub };
  };
