/**
 * Puts an agency on the roll of DATABASE_URL, so that its systems may call: the first thing an operator does.
 *
 *   npm run enrol -- --name "Alder General Hospital" --kind HOSPITAL [--identifier http://hl7.org/fhir/sid/us-npi=1234567001]
 */
import { parseArgs } from "node:util";
import { v7 as uuidv7 } from "uuid";
import { isAgencyKind } from "#sharing/requester.ts";
import { AGENCY_KINDS } from "#sharing/vocabulary.ts";
import { openPostgresql } from "#platform/database.ts";
import { systemClock } from "#platform/clock.ts";
import { needed } from "#platform/settings.ts";
import { enrolAgency } from "../subgraphs/referrals/agency-store.ts";

const { values } = parseArgs({
  options: {
    name: { type: "string" },
    kind: { type: "string" },
    identifier: { type: "string", multiple: true, default: [] },
  },
});

try {
  const { name, kind } = values;
  if (!name?.trim() || !isAgencyKind(kind))
    throw new Error(
      `usage: npm run enrol -- --name NAME --kind KIND, where KIND is one of ${AGENCY_KINDS.join(" ")}`,
    );
  const identifiers = values.identifier.map((it) => {
    const [, system, value] = /^(\S+)=([^=]+)$/.exec(it) ?? [];
    if (!system || !value)
      throw new Error(
        `"${it}" is not an identifier, as in http://hl7.org/fhir/sid/us-npi=1234567001`,
      );
    return { system, value };
  });
  const database = await openPostgresql(needed("DATABASE_URL"));
  try {
    const id = uuidv7();
    // Nobody is enrolled before the first: the operator acts as the agency that is being enrolled.
    const by = {
      agency: id,
      kind,
      role: "ADMIN",
      purpose: "HOPERAT",
      basis: null,
      subject: "operator",
    } as const;
    const agency = await enrolAgency(
      database.of("referrals").house(),
      { id, name, kind },
      identifiers,
      {
        by,
        at: systemClock(),
        requestId: uuidv7(),
      },
    );
    console.log(`${agency.id}  ${agency.name}`);
  } finally {
    await database.close();
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
