import { createHash } from "node:crypto";
import { v7 as uuidv7 } from "uuid";
import type { Problem } from "#schema/problems.ts";
import type { Act } from "#platform/act.ts";
import type { Transaction } from "#platform/database.ts";
import { record } from "#platform/record.ts";
import type { ClinicalRecord } from "../clinical-record.ts";
import type { Row } from "#platform/record.ts";
import type { Handoff } from "../handoff.ts";
import { handoffFromRow } from "../handoff-store.ts";
import type { Consent, Encounter, Medication } from "../person.ts";
import { encounterFromRow, SAME_PEOPLE } from "../person-store.ts";

/** A resource's type and logical id at its source. */
export interface At {
  type: string;
  id: string;
}

export const sha256 = (bytes: string | Buffer): string =>
  createHash("sha256").update(bytes).digest("hex");

/**
 * Lets one intake of a source follow another: two at once could both find that a thing is new. A large bundle takes
 * its time, so those behind it wait longer than a transaction otherwise may.
 */
export const inTurn = async (tx: Transaction, source: string): Promise<void> => {
  await tx.raw("set local lock_timeout = '60s'");
  await tx.raw("select pg_advisory_xact_lock(hashtextextended(?, 0))", [source]);
};

/** The hash of each resource as it was last received, by `Type/id`. */
export const lastReceived = async (
  tx: Transaction,
  source: string,
  ats: At[],
): Promise<Map<string, string>> => {
  if (ats.length === 0) return new Map();
  const rows = (await tx("referrals.fhir_resource")
    .where({ source_id: source })
    .whereIn(
      ["type", "logical_id"],
      ats.map(({ type, id }) => [type, id]),
    )
    .orderBy("received_at")
    .select("type", "logical_id", "sha256")) as Row[];
  return new Map(rows.map((row) => [`${row.type}/${row.logical_id}`, row.sha256 as string]));
};

/** Those of these versions that were received before, latest or not, by `Type/id hash`. */
export const receivedBefore = async (
  tx: Transaction,
  source: string,
  versions: (At & { sha256: string })[],
): Promise<ReadonlySet<string>> => {
  if (versions.length === 0) return new Set();
  const rows = (await tx("referrals.fhir_resource")
    .where({ source_id: source })
    .whereIn(
      ["type", "logical_id", "sha256"],
      versions.map(({ type, id, sha256: hash }) => [type, id, hash]),
    )
    .select("type", "logical_id", "sha256")) as Row[];
  return new Set(rows.map((row) => `${row.type}/${row.logical_id} ${row.sha256}`));
};

/** A resource to keep as it was received. */
export interface Kept extends At {
  body: string;
  /** Of the body. */
  sha256: string;
  mapped: boolean;
}

const CHUNK = 500;

/** Keeps resources as received; one that comes back to an earlier version is the latest again. */
export const keep = async (
  tx: Transaction,
  source: string,
  received: Kept[],
  act: Act,
): Promise<void> => {
  // A bundle may hold the very same resource twice, and one statement may not write one row twice.
  const resources = [
    ...new Map(received.map((it) => [`${it.type}/${it.id} ${it.sha256}`, it])).values(),
  ];
  for (let from = 0; from < resources.length; from += CHUNK)
    await tx("referrals.fhir_resource")
      .insert(
        resources.slice(from, from + CHUNK).map(({ type, id, body, sha256: hash, mapped }) => ({
          source_id: source,
          type,
          logical_id: id,
          sha256: hash,
          body,
          mapped,
          received_at: act.at,
        })),
      )
      .onConflict(["source_id", "type", "logical_id", "sha256"])
      .merge(["received_at"]);
};

/** Under a stay's id here: the handoff that its discharge was the notice of. */
export const DESTINATION = "Encounter.destination";

/** What a resource at a source means here. */
export const meaning = async (
  tx: Transaction,
  source: string,
  { type, id }: At,
): Promise<string | null> =>
  ((
    await tx("referrals.fhir_reference")
      .where({ source_id: source, type, logical_id: id })
      .first("entity_id")
  )?.entity_id as string | undefined) ?? null;

/** Notes what a resource at a source means here. */
export const means = async (
  tx: Transaction,
  source: string,
  { type, id }: At,
  entity: string,
): Promise<void> =>
  void (await tx("referrals.fhir_reference")
    .insert({ source_id: source, type, logical_id: id, entity_id: entity })
    .onConflict(["source_id", "type", "logical_id"])
    .ignore());

/** Is the agency known from this source alone, and from no operator? Then this source may say what it is called. */
export const isOurs = async (tx: Transaction, source: string, agency: string): Promise<boolean> => {
  const enrolled = await tx("referrals.agency")
    .where({ id: agency })
    .whereNotNull("kind")
    .first("id");
  const others = await tx("referrals.fhir_reference")
    .where({ type: "Organization", entity_id: agency })
    .whereNot({ source_id: source })
    .first("entity_id");
  return !enrolled && !others;
};

/**
 * The agency without any identifier that this source calls by the very same name. Feeds send one organization under
 * several logical ids; where nothing at all tells two apart, they are one.
 */
export const namesake = async (
  tx: Transaction,
  source: string,
  name: string,
): Promise<string | null> => {
  const rows = (await tx("referrals.fhir_reference")
    .join("referrals.agency", "agency.id", "fhir_reference.entity_id")
    .where({
      "fhir_reference.source_id": source,
      "fhir_reference.type": "Organization",
      "agency.name": name,
    })
    .whereNotExists(function () {
      void this.select("*")
        .from("referrals.agency_identifier")
        .whereRaw("agency_identifier.agency_id = agency.id");
    })
    .distinct("agency.id")) as Row[];
  return rows.length === 1 ? (rows[0]?.id as string) : null;
};

/** What could not be taken in, to be kept with its bytes. */
export interface Refused {
  bytes: Buffer;
  at: At | null;
  problem: Problem;
  /** The partner by whose dialect an HL7 v2 message is read again; FHIR has none. */
  partner?: string;
}

/** Puts what was refused aside. The same bytes again change nothing but the reason. */
export const quarantine = async (
  tx: Transaction,
  source: string,
  refused: Refused[],
  act: Act,
): Promise<void> => {
  for (const { bytes, at, problem, partner } of refused)
    await tx("referrals.quarantine")
      .insert({
        id: uuidv7(),
        source_id: source,
        sha256: sha256(bytes),
        code: problem.code,
        message: problem.message,
        element: (problem.details.element as string | undefined) ?? null,
        type: at?.type ?? null,
        logical_id: at?.id ?? null,
        bytes,
        partner: partner ?? null,
        received_at: act.at,
        released_at: null,
      })
      .onConflict(["source_id", "sha256"])
      .merge(["code", "message", "element", "released_at"]);
};

/** Marks as released what was set aside before and has now been taken in. */
export const release = async (
  tx: Transaction,
  source: string,
  hashes: string[],
  act: Act,
): Promise<void> => {
  for (let from = 0; from < hashes.length; from += CHUNK)
    await tx("referrals.quarantine")
      .where({ source_id: source, released_at: null })
      .whereIn("sha256", hashes.slice(from, from + CHUNK))
      .update({ released_at: act.at });
};

export const saveLocation = async (
  tx: Transaction,
  source: string,
  location: { id: string; name: string | null; agency: string | null },
): Promise<void> =>
  void (await tx("referrals.location")
    .insert({ id: location.id, source_id: source, name: location.name, agency_id: location.agency })
    .onConflict("id")
    .merge());

/**
 * The agency that a place belongs to: the one it names, else the only organization of the same source that bears the
 * very same name. Many feeds send a hospital as both, and leave out the link.
 */
export const agencyOfLocation = async (
  tx: Transaction,
  location: string,
): Promise<string | null> => {
  const row = (await tx("referrals.location").where({ id: location }).first()) as Row | undefined;
  if (!row || row.agency_id || !row.name) return (row?.agency_id as string | undefined) ?? null;
  const namesakes = (await tx("referrals.fhir_reference")
    .join("referrals.agency", "agency.id", "fhir_reference.entity_id")
    .where({
      "fhir_reference.source_id": row.source_id,
      "fhir_reference.type": "Organization",
      "agency.name": row.name,
    })
    .distinct("agency.id")) as Row[];
  return namesakes.length === 1 ? (namesakes[0]?.id as string) : null;
};

export const savePractitioner = async (
  tx: Transaction,
  practitioner: { id: string; name: string | null; npi: string | null },
): Promise<void> =>
  void (await tx("referrals.practitioner").insert(practitioner).onConflict("id").merge());

export const savePractitionerRole = async (
  tx: Transaction,
  role: { id: string; practitioner: string | null; agency: string | null; code: string | null },
): Promise<void> =>
  void (await tx("referrals.practitioner_role")
    .insert({
      id: role.id,
      practitioner_id: role.practitioner,
      agency_id: role.agency,
      code: role.code,
    })
    .onConflict("id")
    .merge());

export const agencyOfRole = async (tx: Transaction, role: string): Promise<string | null> =>
  ((await tx("referrals.practitioner_role").where({ id: role }).first("agency_id"))?.agency_id as
    string | undefined) ?? null;

/** Writes a record of which only the latest version is kept here; its earlier ones stand in `fhir_resource`. */
const saveRecord = async (tx: Transaction, table: string, row: Row): Promise<void> =>
  void (await tx(table)
    .insert({ ...row, version: 1 })
    .onConflict("id")
    .merge({
      ...row,
      version: tx.raw("excluded.version + ??", [`${table.split(".")[1]}.version`]),
    }));

export const saveEncounter = (
  tx: Transaction,
  encounter: Omit<Encounter, "version">,
): Promise<void> =>
  saveRecord(tx, "referrals.encounter", {
    id: encounter.id,
    person_id: encounter.person,
    agency_id: encounter.agency,
    source_id: encounter.source,
    part_of_id: encounter.partOf,
    class: encounter.class,
    status: encounter.status,
    disposition: encounter.disposition,
    started_at: encounter.startedAt,
    ended_at: encounter.endedAt,
    began_at: encounter.beganAt,
    raises: encounter.raises,
  });

/** The status under which an encounter is known here; null while it is not known. */
export const encounterStatus = async (tx: Transaction, id: string): Promise<string | null> =>
  ((await tx("referrals.encounter").where({ id }).first("status"))?.status as string | undefined) ??
  null;

/** The stays and visits of a person, under all the records that are of the same one. */
export const encountersOf = async (tx: Transaction, person: string): Promise<Encounter[]> =>
  (
    (await tx("referrals.encounter").whereRaw(`person_id = any (${SAME_PEOPLE})`, [
      person,
    ])) as Row[]
  ).map(encounterFromRow);

/** The encounter that a thing at a source means here; null while it means none. */
export const encounterAt = async (
  tx: Transaction,
  source: string,
  { type, id }: At,
): Promise<Encounter | null> => {
  const row = (await tx("referrals.fhir_reference")
    .join("referrals.encounter", "encounter.id", "fhir_reference.entity_id")
    .where({
      "fhir_reference.source_id": source,
      "fhir_reference.type": type,
      "fhir_reference.logical_id": id,
    })
    .first("encounter.*")) as Row | undefined;
  return row ? encounterFromRow(row) : null;
};

export const saveNoneKnown = async (
  tx: Transaction,
  person: string,
  source: string,
  at: Date,
): Promise<void> =>
  void (await tx("referrals.none_known")
    .insert({ person_id: person, source_id: source, at })
    .onConflict(["person_id", "source_id"])
    .merge());

export const saveMedication = (
  tx: Transaction,
  medication: Omit<Medication, "version" | "raises">,
): Promise<void> =>
  saveRecord(tx, "referrals.medication", {
    id: medication.id,
    person_id: medication.person,
    source_id: medication.source,
    name: medication.name,
    status: medication.status,
    code: medication.code,
  });

export const saveClinicalRecord = (
  tx: Transaction,
  record: Omit<ClinicalRecord, "version" | "raises">,
): Promise<void> =>
  saveRecord(tx, "referrals.clinical_record", {
    id: record.id,
    person_id: record.person,
    source_id: record.source,
    kind: record.kind,
    name: record.name,
    code: record.code,
    status: record.status,
    text: record.text,
    at: record.at,
  });

/** Writes a consent, and tells that it was received to those who know what it comes to. */
export const saveConsent = async (
  tx: Transaction,
  consent: Omit<Consent, "version">,
  act: Act,
): Promise<void> => {
  const { id, person, source } = consent;
  const before = (await tx("referrals.received_consent").where({ id }).forUpdate().first()) as
    Row | undefined;
  const after = {
    id,
    person_id: person,
    source_id: source,
    status: consent.status,
    scope: consent.scope,
    policy: consent.policy,
    given_at: consent.givenAt,
  };
  await saveRecord(tx, "referrals.received_consent", after);
  await record(
    tx,
    "referrals",
    {
      of: "received_consent",
      id,
      version: ((before?.version as number | undefined) ?? 0) + 1,
      what: "consent.received",
      before: before ?? null,
      after,
      occurredAt: act.at,
      data: { person, agency: source },
    },
    act,
  );
};

/** The handoffs that a person's stays have shown so far. */
export const inferredHandoffs = async (
  tx: Transaction,
  person: string,
): Promise<{ from: string; to: string; handoff: Handoff }[]> =>
  (
    (await tx("referrals.inferred_handoff")
      .join("referrals.handoff", "handoff.id", "inferred_handoff.handoff_id")
      .whereRaw(`handoff.person_id = any (${SAME_PEOPLE})`, [person])
      .select("handoff.*", "from_encounter_id", "to_encounter_id")) as Row[]
  ).map(({ from_encounter_id: from, to_encounter_id: to, ...handoff }) => ({
    from: from as string,
    to: to as string,
    handoff: handoffFromRow(handoff),
  }));

export const noteInferred = async (
  tx: Transaction,
  from: string,
  to: string,
  handoff: string,
): Promise<void> =>
  void (await tx("referrals.inferred_handoff")
    .insert({ from_encounter_id: from, to_encounter_id: to, handoff_id: handoff })
    .onConflict(["from_encounter_id", "to_encounter_id"])
    .merge());
