/** Prints fresh signing keys for a deployment, as lines for its environment file. Keep them secret. */
import { newKeyPair } from "#platform/passport.ts";

for (const signatory of ["GATEWAY", "ROOMS", "LEDGER"]) {
  const { privateJwk, publicJwk } = await newKeyPair();
  console.log(`${signatory}_PRIVATE_KEY='${JSON.stringify(privateJwk)}'`);
  console.log(`${signatory}_PUBLIC_KEY='${JSON.stringify(publicJwk)}'`);
}
