import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { JWK } from "jose";
import { newKeyPair } from "./passport.ts";

/** A private key that is made once and kept in a file, for its owner alone. */
export const keptKey = async (file: string): Promise<JWK> => {
  const { privateJwk } = await newKeyPair();
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, JSON.stringify(privateJwk), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return JSON.parse(readFileSync(file, "utf8")) as JWK;
};
