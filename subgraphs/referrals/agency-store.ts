import DataLoader from "dataloader";
import { validate as isUuid } from "uuid";
import type { AgencyKind } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database, Sql, Transaction } from "#platform/database.ts";
import type { Row } from "#platform/record.ts";
import type { HouseDoor } from "#platform/subgraph.ts";
import type { Agency, Contact, Identifier } from "./agency.ts";

const fromRow = (row: Row): Agency => ({
  id: row.id as string,
  version: row.version as number,
  name: row.name as string,
  kind: row.kind as Agency["kind"],
  parent: row.parent_id as string | null,
  contacts: row.contacts as Contact[],
});

const toRow = (agency: Agency) => ({
  id: agency.id,
  version: agency.version,
  name: agency.name,
  kind: agency.kind,
  parent_id: agency.parent,
  contacts: JSON.stringify(agency.contacts),
});

/** The agencies that bear one of these identifiers; more than one is a contradiction that the caller refuses. */
export const agenciesByIdentifiers = async (
  sql: Sql,
  identifiers: Identifier[],
): Promise<string[]> => {
  if (identifiers.length === 0) return [];
  const rows = (await sql("referrals.agency_identifier")
    .distinct("agency_id")
    .whereIn(
      ["system", "value"],
      identifiers.map(({ system, value }) => [system, value]),
    )) as Row[];
  return rows.map((row) => row.agency_id as string);
};

const kept = aggregate<Agency>({
  schema: "referrals",
  table: "agency",
  fromRow,
  toRow,
  event: (before) => (before ? "agency.changed" : "agency.enrolled"),
  told: () => ({}),
  onMaking: (act) => ({ created_at: act.at }),
});

/** Is there such an agency? */
export const isOnRoll = async (sql: Sql, id: string): Promise<boolean> =>
  (await sql(kept.name).where({ id }).first("id")) !== undefined;

/** What an agency is; null while nobody has said, or for none. */
export const kindOf = async (sql: Sql, id: string | null): Promise<AgencyKind | null> =>
  id === null
    ? null
    : ((((await sql(kept.name).where({ id }).first("kind")) as Row | undefined)
        ?.kind as AgencyKind | null) ?? null);

/** Writes what is now known of an agency, with its identifiers. What it is, an operator says; if not now, it stays. */
export const saveAgency = async (
  tx: Transaction,
  agency: Omit<Agency, "version" | "kind"> & { kind?: AgencyKind },
  identifiers: Identifier[],
  act: Act,
): Promise<Agency> => {
  const saved = await kept.put(tx, agency.id, act, (before) => ({
    ...agency,
    kind: agency.kind ?? before?.kind ?? null,
    version: 0,
  }));
  if (identifiers.length > 0)
    await tx("referrals.agency_identifier")
      .insert(identifiers.map(({ system, value }) => ({ system, value, agency_id: agency.id })))
      .onConflict(["system", "value"])
      .ignore();
  return saved;
};

/** Puts an agency on the roll: what an operator does before its systems can call. */
export const enrolAgency = (
  database: Database,
  agency: { id: string; name: string; kind: AgencyKind },
  identifiers: Identifier[],
  act: Act,
): Promise<Agency> =>
  database.transaction((tx) =>
    saveAgency(tx, { ...agency, parent: null, contacts: [] }, identifiers, act),
  );

/**
 * The directory of agencies, for the gateway alone: `{"agency": id}` in; `{"known": boolean, "kind": kind | null}` out.
 */
export const directoryDoor =
  (database: Database): HouseDoor =>
  async (question) => {
    const { agency } = question as { agency: string };
    const row = isUuid(agency)
      ? await database.sql("referrals.agency").where({ id: agency }).first("kind")
      : undefined;
    return { known: row !== undefined, kind: (row?.kind as string | undefined) ?? null };
  };

/** The roll of agencies, for one request. It names no person, so every known requester may read it. */
export const openAgencies = (database: Database) => {
  const byId = kept.finder(database, (query) => query);
  const identifiers = new DataLoader<string, Identifier[]>(async (ids) => {
    const rows = (await database
      .sql("referrals.agency_identifier")
      .whereIn("agency_id", ids)
      .orderBy("system")) as Row[];
    return ids.map((id) => rows.filter((row) => row.agency_id === id) as unknown as Identifier[]);
  });
  return {
    find: (id: string) => byId.load(id),
    /** Those of the ids that are on the roll; a foreign key keeps every stored one there. */
    findAll: async (ids: readonly string[]) =>
      (await Promise.all(ids.map((id) => byId.load(id)))).filter((agency) => agency !== null),
    identifiers: (id: string) => identifiers.load(id),
    list: (page: Page) =>
      connect(
        database.sql("referrals.agency"),
        { column: "created_at", direction: "asc" },
        page,
        fromRow,
      ),
  };
};

export type Agencies = ReturnType<typeof openAgencies>;
