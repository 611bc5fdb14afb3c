import type { Consent } from "fhir/r4";
import { validate as isUuid } from "uuid";
import type { ConsentKept } from "#schema/known.ts";
import type { Database, Sql } from "#platform/database.ts";
import type { Row } from "#platform/record.ts";
import type { HouseDoor } from "#platform/subgraph.ts";
import { target } from "./bundle.ts";
import { parts } from "./reading.ts";

/** Every reference in a resource, as it stands there. */
const referencesIn = (value: unknown): string[] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, part]) =>
        key === "reference" && typeof part === "string" ? [part] : referencesIn(part),
      )
    : [];

const alone = { entryByUrl: new Map<string, string>() };

/** What a resource's references to organizations mean here. One that means nothing here is left out. */
const agenciesIn = async (
  sql: Sql,
  source: string,
  resource: Consent,
): Promise<Record<string, string>> => {
  const organizations = [...new Set(referencesIn(resource))].flatMap((reference) => {
    const to = target(reference, alone);
    const at = to ? parts(to) : null;
    return at?.type === "Organization" ? [{ reference, id: at.id }] : [];
  });
  const rows = (await sql("referrals.fhir_reference")
    .where({ source_id: source, type: "Organization" })
    .whereIn(
      "logical_id",
      organizations.map(({ id }) => id),
    )) as Row[];
  const known = new Map(rows.map((row) => [row.logical_id as string, row.entity_id as string]));
  return Object.fromEntries(
    organizations.flatMap(({ reference, id }) => {
      const agency = known.get(id);
      return agency ? [[reference, agency]] : [];
    }),
  );
};

/** A consent as it was received last; null when there is none of that id. */
const kept = async (sql: Sql, id: string): Promise<ConsentKept<Consent>["consent"]> => {
  if (!isUuid(id)) return null;
  const row = (await sql("referrals.received_consent")
    .join("referrals.fhir_reference", "fhir_reference.entity_id", "received_consent.id")
    .join("referrals.fhir_resource", (on) =>
      on
        .on("fhir_resource.source_id", "fhir_reference.source_id")
        .andOn("fhir_resource.type", "fhir_reference.type")
        .andOn("fhir_resource.logical_id", "fhir_reference.logical_id"),
    )
    .where({ "received_consent.id": id, "fhir_reference.type": "Consent" })
    .orderBy("fhir_resource.received_at", "desc")
    .first("received_consent.person_id", "received_consent.source_id", "fhir_resource.body")) as
    Row | undefined;
  if (!row) return null;
  const source = row.source_id as string;
  const resource = JSON.parse(row.body as string) as Consent;
  const agencies = await agenciesIn(sql, source, resource);
  return { person: row.person_id as string, source, resource, agencies };
};

/**
 * A consent as it was received: `{"id": id}` in, a `ConsentKept` out.
 */
export const consentDoor =
  ({ sql }: Database): HouseDoor =>
  async (question) => {
    const { id } = question as { id: string };
    const told: ConsentKept<Consent> = { consent: await kept(sql, id) };
    return told;
  };
