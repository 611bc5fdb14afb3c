import DataLoader from "dataloader";
import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import type { Requester } from "#sharing/requester.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database, Sql, Transaction } from "#platform/database.ts";
import { instant, instantOrNull } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import type { Identifier } from "./agency.ts";
import type { Consent, Encounter, Medication, Person, TieKind } from "./person.ts";

const fromRow = (row: Row): Person => ({
  id: row.id as string,
  version: row.version as number,
  name: row.name as string | null,
  birthDate: row.birth_date as string | null,
});

const toRow = (person: Person) => ({
  id: person.id,
  version: person.version,
  name: person.name,
  birth_date: person.birthDate,
});

export const encounterFromRow = (row: Row): Encounter => ({
  id: row.id as string,
  version: row.version as number,
  person: row.person_id as string,
  agency: row.agency_id as string | null,
  source: row.source_id as string,
  partOf: row.part_of_id as string | null,
  class: row.class as string,
  status: row.status as string,
  disposition: row.disposition as string | null,
  startedAt: instantOrNull(row.started_at),
  endedAt: instantOrNull(row.ended_at),
  beganAt: instant(row.began_at),
});

const medicationFromRow = (row: Row): Medication => ({
  id: row.id as string,
  version: row.version as number,
  person: row.person_id as string,
  source: row.source_id as string,
  name: row.name as string,
  status: row.status as string,
  code: row.code as string | null,
});

const consentFromRow = (row: Row): Consent => ({
  id: row.id as string,
  version: row.version as number,
  person: row.person_id as string,
  source: row.source_id as string,
  status: row.status as string,
  scope: row.scope as string | null,
  policy: row.policy as string | null,
  givenAt: instantOrNull(row.given_at),
});

/** To an agency without a tie to the person, the person does not exist. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by)
    ? query.whereExists(function () {
        void this.select("*")
          .from("referrals.tie")
          .whereRaw("tie.person_id = person.id")
          .where("tie.agency_id", by.agency);
      })
    : query.whereRaw("false");

/** What an agency reads of a person's record until a rule of sharing lets it read more: what it sent itself. */
const sentBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by) ? query.where({ source_id: by.agency }) : query.whereRaw("false");

/** Notes why an agency may know that a person exists; saying so twice changes nothing. */
export const tie = async (
  tx: Transaction,
  person: string,
  agencies: readonly (string | null)[],
  kind: TieKind,
  since: Date,
): Promise<void> => {
  const known = [...new Set(agencies)].filter((agency) => agency !== null);
  if (known.length > 0)
    await tx("referrals.tie")
      .insert(known.map((agency) => ({ person_id: person, agency_id: agency, kind, since })))
      .onConflict(["person_id", "agency_id", "kind"])
      .ignore();
};

/** Everyone who bears any of these identifiers, and whether this source said so itself. */
export const bearersOf = async (
  sql: Sql,
  identifiers: Identifier[],
  source: string,
): Promise<(Person & { fromSource: boolean })[]> => {
  if (identifiers.length === 0) return [];
  const rows = (await sql("referrals.person_identifier")
    .join("referrals.person", "person.id", "person_identifier.person_id")
    .whereIn(
      ["system", "value"],
      identifiers.map(({ system, value }) => [system, value]),
    )
    .groupBy("person.id")
    .orderBy("person.id")
    .select("person.*", sql.raw("bool_or(source_id = ?) as from_source", [source]))) as Row[];
  return rows.map((row) => ({ ...fromRow(row), fromSource: row.from_source as boolean }));
};

const kept = aggregate<Person>({
  schema: "referrals",
  table: "person",
  fromRow,
  toRow,
  event: (before) => (before ? "person.changed" : "person.registered"),
  told: () => ({}),
  onMaking: (act) => ({ created_at: act.at }),
});

/** Writes what is now known of a person, with what identifies them. What is not said now stays. */
export const savePerson = async (
  tx: Transaction,
  person: Omit<Person, "version">,
  identifiers: Identifier[],
  act: Act,
): Promise<void> => {
  await kept.put(tx, person.id, act, (before) => ({
    id: person.id,
    version: 0,
    name: person.name ?? before?.name ?? null,
    birthDate: person.birthDate ?? before?.birthDate ?? null,
  }));
  if (identifiers.length > 0)
    await tx("referrals.person_identifier")
      .insert(
        identifiers.map(({ system, value }) => ({
          system,
          value,
          person_id: person.id,
          source_id: act.by.agency,
        })),
      )
      .onConflict(["system", "value", "source_id", "person_id"])
      .ignore();
};

/** Is this person one that the requester may know of? */
export const isKnownTo = async (sql: Sql, by: Requester, person: string): Promise<boolean> =>
  (await seenBy(by, sql("referrals.person").where({ id: person })).first("id")) !== undefined;

/** People and their records, as one requester may see them. */
export const openPeople = (database: Database, { by }: Act) => {
  const { sql } = database;
  const byId = kept.finder(sql, (query) => seenBy(by, query));
  const ofPerson = <T extends { person: string }>(
    table: string,
    toThing: (row: Row) => T,
    mayRead = true,
  ) =>
    new DataLoader<string, T[]>(async (ids) => {
      const rows = mayRead
        ? ((await sentBy(by, sql(table).whereIn("person_id", ids)).orderBy("id")) as Row[])
        : [];
      const things = rows.map(toThing);
      return ids.map((id) => things.filter(({ person }) => person === id));
    });
  const medications = ofPerson("referrals.medication", medicationFromRow, by.role === "CLINICIAN");
  const consents = ofPerson("referrals.consent", consentFromRow);
  const identifiers = new DataLoader<string, Identifier[]>(async (ids) => {
    const rows = (await sentBy(
      by,
      sql("referrals.person_identifier").whereIn("person_id", ids),
    ).orderBy("system")) as Row[];
    return ids.map((id) => rows.filter((row) => row.person_id === id) as unknown as Identifier[]);
  });
  return {
    find: (id: string) => byId.load(id),
    findByIdentifier: async ({ system, value }: Identifier) => {
      const row = (await sentBy(
        by,
        sql("referrals.person_identifier").where({ system, value }),
      ).first("person_id")) as Row | undefined;
      // The same two queries whether or not there is such a person, so that the time taken does not tell.
      return byId.load((row?.person_id as string | undefined) ?? uuidv7());
    },
    identifiers: (id: string) => identifiers.load(id),
    medications: (id: string) => medications.load(id),
    consents: (id: string) => consents.load(id),
    encounters: (person: string, page: Page) => {
      const query = sql("referrals.encounter").where({ person_id: person });
      const seen = worksWithPeople(by)
        ? query.whereRaw("? in (agency_id, source_id)", [by.agency])
        : query.whereRaw("false");
      return connect(seen, { column: "began_at", direction: "asc" }, page, encounterFromRow);
    },
  };
};

export type People = ReturnType<typeof openPeople>;
