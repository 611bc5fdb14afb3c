/** Prints a token of a demo persona: `npm run token -- --as NAME`. */
import { parseArgs } from "node:util";
import { demoIssuer } from "../gateway/demo-issuer.ts";
import { personas } from "../test/county/county.ts";
import { dataDir } from "./site.ts";

const { values } = parseArgs({ options: { as: { type: "string" } } });
const name = values.as;
if (name === undefined || !Object.hasOwn(personas, name)) {
  if (name !== undefined) console.error(`there is no persona ${name}`);
  console.error("usage: npm run token -- --as NAME, where NAME is one of");
  for (const [known, { role, purpose, subject }] of Object.entries(personas))
    console.error(`  ${known.padEnd(24)} ${role.padEnd(16)} ${purpose.padEnd(8)} ${subject}`);
  process.exit(1);
}
try {
  const issuer = await demoIssuer(dataDir());
  process.stdout.write(`${await issuer.token(personas[name as keyof typeof personas])}\n`);
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
