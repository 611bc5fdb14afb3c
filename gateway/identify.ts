/** Step 1: from a token to a requester. Nothing else that a client sends is believed. */
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import type { JWTVerifyGetKey } from "jose";
import { LRUCache } from "lru-cache";
import { Problem } from "#schema/problems.ts";
import { isBasis, isPurpose, isRole } from "#sharing/requester.ts";
import type { Requester } from "#sharing/requester.ts";
import type { AgencyKind } from "#sharing/vocabulary.ts";
import { systemClock } from "#platform/clock.ts";

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

/** A token that was good is taken for good this long, and never after it has expired. */
const REMEMBERED_MS = 30_000;
const MOST_TOKENS = 10_000;

/** What is remembered of a token: all but its agency's kind, which an operator may change. */
interface Known {
  expiresAt: number;
  requester: Requester;
}

/**
 * Who asks. One token that is used again and again is verified now and then, and names one and the same requester.
 *
 * Claims: `sub`; `agency`, its id on the roll; `role`; `purpose_of_use`, exactly one (HL7 v3 ActReason); `basis`,
 * optional. The agency's kind comes from the roll.
 *
 * @param authorization The header: `Bearer <token>`.
 * @throws {Problem} UNAUTHENTICATED
 */
export const identify = ({ issuer, audience, keys }: Issuer, directory: Directory) => {
  const tokens = new LRUCache<string, Known>({ max: MOST_TOKENS, ttl: REMEMBERED_MS });
  let latestKey: string | undefined;

  const verified = async (token: string): Promise<Known> => {
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
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
    // The issuer may have taken back a key as it began to use this one.
    if (protectedHeader.kid !== latestKey) tokens.clear();
    latestKey = protectedHeader.kid;
    const { sub, agency, role, purpose_of_use: purpose, basis = null } = payload;
    if (typeof sub !== "string" || sub.trim() === "")
      return unauthenticated("the token's `sub` must name somebody");
    if (!isRole(role)) return unauthenticated("the token's `role` is not known");
    if (!isPurpose(purpose))
      return unauthenticated("the token's `purpose_of_use` must be exactly one that is known");
    if (basis !== null && !isBasis(basis))
      return unauthenticated("the token's `basis` is not known");
    const id = typeof agency === "string" ? agency.toLowerCase() : "";
    const requester = { agency: id, kind: null, role, purpose, basis, subject: sub };
    return { requester, expiresAt: Number(payload.exp) * 1000 };
  };

  return async (authorization: string | undefined): Promise<Requester> => {
    const [, token = ""] =
      /^Bearer ([^\s]+)$/i.exec(authorization ?? "") ?? unauthenticated("a bearer token is needed");
    const remembered = tokens.get(token);
    const known =
      remembered && systemClock().getTime() < remembered.expiresAt
        ? remembered
        : await verified(token);
    const { agency } = known.requester;
    const kind = agency ? await directory(agency) : undefined;
    if (kind === undefined) return unauthenticated("the token's `agency` is not on the roll");
    if (known.requester.kind !== kind) known.requester = { ...known.requester, kind };
    if (known !== remembered) tokens.set(token, known);
    return known.requester;
  };
};
