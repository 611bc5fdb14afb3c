/** Where a house stands, from the environment: DATA_DIR, PORT, HOST, DATABASE_URL, REDIS_URL, LEDGER_PRIVATE_KEY, OIDC_*. */
import { join, resolve } from "node:path";
import type { JWK } from "jose";
import { keptKey } from "#platform/kept-key.ts";
import type { Log } from "#platform/log.ts";
import { needed, neededKey } from "#platform/settings.ts";
import { demoIssuer } from "../gateway/demo-issuer.ts";
import { remoteIssuer } from "../gateway/identify.ts";
import type { Site } from "./house.ts";

/** The directory of the embedded database, and of keys that are kept. */
export const dataDir = (): string => resolve(process.env.DATA_DIR ?? ".data");

/** The file of the ledger's key, where no setting says it. */
export const ledgerKeyFile = (): string => join(dataDir(), "ledger-key.json");

/**
 * What the ledger's checkpoints are signed with: LEDGER_PRIVATE_KEY, or outside production a key of the data directory's. It
 * must outlive the process, as what it has signed does.
 */
export const ledgerKey = async (): Promise<JWK> =>
  isProduction() || process.env.LEDGER_PRIVATE_KEY
    ? neededKey("LEDGER_PRIVATE_KEY")
    : keptKey(ledgerKeyFile());

const isProduction = (): boolean => process.env.NODE_ENV === "production";

/**
 * Reads the site.
 *
 * @throws {Error} that names the setting: a port that is none, or in production a missing OIDC_ISSUER, OIDC_JWKS_URL,
 *   OIDC_AUDIENCE, LEDGER_PRIVATE_KEY or DATABASE_URL.
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
    ledgerKey: await ledgerKey(),
    log,
  };
};
