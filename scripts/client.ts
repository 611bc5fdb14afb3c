/** How a script reaches the house: the one that runs on this data directory, or the one that HANDOFF_URL names. */
import { parseArgs } from "node:util";
import { holderOf } from "#platform/lock.ts";
import { demoIssuer } from "../gateway/demo-issuer.ts";
import type { PersonaName } from "../test/county/county.ts";
import { dataDir } from "./site.ts";

/** Where the house answers; null when none runs. */
export const houseUrl = (): string | null =>
  process.env.HANDOFF_URL ?? holderOf(dataDir())?.url ?? null;

/**
 * A token: HANDOFF_TOKEN, else one of a demo persona.
 *
 * @throws {Error} when there is no such persona, or no demo issuer in production
 */
export const tokenFor = async (name: string): Promise<string> => {
  if (process.env.HANDOFF_TOKEN) return process.env.HANDOFF_TOKEN;
  // The county is not there in production, and its personas are not needed there.
  const { personas } = await import("../test/county/county.ts");
  if (!Object.hasOwn(personas, name))
    throw new Error(`there is no persona ${name}; npm run token lists them`);
  return (await demoIssuer(dataDir())).token(personas[name as PersonaName]);
};

/** The words after the options, and the persona to be. */
export const commandLine = (persona: PersonaName): { as: string; files: string[] } => {
  const { values, positionals } = parseArgs({
    options: { as: { type: "string", default: persona } },
    allowPositionals: true,
  });
  return { as: values.as, files: positionals };
};
