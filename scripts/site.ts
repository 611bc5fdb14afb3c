/** Where a house stands, from the environment: DATA_DIR, PORT, HOST, DATABASE_URL, REDIS_URL, OIDC_*. */
import { resolve } from "node:path";
import type { Log } from "#platform/log.ts";
import { needed } from "#platform/settings.ts";
import { demoIssuer } from "../gateway/demo-issuer.ts";
import { remoteIssuer } from "../gateway/identify.ts";
import type { Site } from "./house.ts";

/** The directory of the embedded database, and of the demo issuer's key. */
export const dataDir = (): string => resolve(process.env.DATA_DIR ?? ".data");

const isProduction = (): boolean => process.env.NODE_ENV === "production";

/**
 * Reads the site.
 *
 * @throws {Error} that names the setting: a port that is none, or in production a missing OIDC_ISSUER, OIDC_JWKS_URL,
 *   OIDC_AUDIENCE or DATABASE_URL.
 */
export const site = async (log: Log): Promise<Site & { dataDir: string; demo: boolean }> => {
  const port = Number(process.env.PORT ?? 4000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`PORT is "${process.env.PORT}", and must be 0 to 65535`);
  // An issuer of one's own may be tried outside production too; the demo issuer is then not believed.
  const demo = !isProduction() && !process.env.OIDC_ISSUER;
  return {
    demo,
    databaseUrl: isProduction() ? needed("DATABASE_URL") : process.env.DATABASE_URL,
    redisUrl: process.env.REDIS_URL,
    dataDir: dataDir(),
    port,
    host: process.env.HOST ?? "127.0.0.1",
    issuer: demo
      ? await demoIssuer(dataDir())
      : remoteIssuer(needed("OIDC_ISSUER"), needed("OIDC_JWKS_URL"), needed("OIDC_AUDIENCE")),
    log,
  };
};
