import DataLoader from "dataloader";
import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import type { Requester } from "#sharing/requester.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database, Sql, Transaction } from "#platform/database.ts";
import { instant, instantOrNull, record } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import type { Seeing } from "#platform/sharing.ts";
import type { Identifier } from "./agency.ts";
import type { ReadRaisedByContent } from "./content-label-store.ts";
import type {
  Encounter,
  Medication,
  Merged,
  Particulars,
  Person,
  PersonLink,
  Reading,
  TieKind,
} from "./person.ts";
import { aboutPerson } from "./records.ts";

const fromRow = (row: Row): Merged => ({
  id: row.id as string,
  version: row.version as number,
  name: row.name as string | null,
  birthDate: row.birth_date as string | null,
});

const toRow = (person: Merged) => ({
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
  raises: row.raises as Category[],
});

const medicationFromRow = (row: Row): Omit<Medication, "raises"> => ({
  id: row.id as string,
  version: row.version as number,
  person: row.person_id as string,
  source: row.source_id as string,
  name: row.name as string,
  status: row.status as string,
  code: row.code as string | null,
});

const TIED =
  "exists (select from referrals.tie where tie.person_id = person.id and tie.agency_id = ?)";

/** The people an agency's requester may act for: those that it is tied to. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by) ? query.whereRaw(TIED, [by.agency]) : query.whereRaw("false");

/** A tie, as it is to be from now on. */
interface Tying {
  person: string;
  agencies: readonly (string | null)[];
  kind: TieKind;
  since: Date;
  /** Null while it has no end. */
  until: Date | null;
}

/** Notes why an agency may know that a person exists, and until when it works with them; saying so twice changes nothing. */
export const tie = async (
  tx: Transaction,
  { person, agencies, kind, since, until }: Tying,
  act: Act,
): Promise<void> => {
  for (const agency of new Set(agencies)) {
    if (agency === null) continue;
    const key = { person_id: person, agency_id: agency, kind };
    const before = (await tx("referrals.tie").where(key).forUpdate().first()) as Row | undefined;
    if (before && +(instantOrNull(before.until) ?? NaN) === +(until ?? NaN)) continue;
    if (before && before.until === null && until === null) continue;
    const id = (before?.id as string | undefined) ?? uuidv7();
    const version = ((before?.version as number | undefined) ?? 0) + 1;
    const after = { ...key, id, version, since: instantOrNull(before?.since) ?? since, until };
    await (before
      ? tx("referrals.tie").where(key).update({ version, until })
      : tx("referrals.tie").insert(after));
    await record(
      tx,
      "referrals",
      {
        of: "tie",
        id,
        version,
        what: "tie.changed",
        before: before ?? null,
        after,
        occurredAt: act.at,
        data: {
          person,
          agency,
          kind,
          since: after.since.toISOString(),
          until: until?.toISOString() ?? null,
        },
      },
      act,
    );
  }
};

/**
 * Everyone who bears any of these identifiers, whether this source said so itself, and whether it has said since that the record
 * is of another person too.
 */
export const bearersOf = async (
  sql: Sql,
  identifiers: Identifier[],
  source: string,
): Promise<(Merged & { fromSource: boolean; isMerged: boolean })[]> => {
  if (identifiers.length === 0) return [];
  const rows = (await sql("referrals.person_identifier")
    .join("referrals.person", "person.id", "person_identifier.person_id")
    .whereIn(
      ["system", "value"],
      identifiers.map(({ system, value }) => [system, value]),
    )
    .groupBy("person.id")
    .orderBy("person.id")
    .select(
      "person.*",
      sql.raw("bool_or(source_id = ?) as from_source", [source]),
      sql.raw(
        "exists (select from referrals.person_alias where person_id = person.id and source_id = ?) as is_merged",
        [source],
      ),
    )) as Row[];
  return rows.map((row) => ({
    ...fromRow(row),
    fromSource: row.from_source as boolean,
    isMerged: row.is_merged as boolean,
  }));
};

/**
 * Whom a source's record of a person is of by now: where the source has said that two of its records are of one person, the
 * one that remains.
 */
export const survivorOf = async (tx: Transaction, id: string, source: string): Promise<string> => {
  const { rows } = await tx.raw(
    `with recursive line as (
       select ?::uuid as id, 0 as step
       union all
       select survivor_id, step + 1 from line join referrals.person_alias on person_id = line.id and source_id = ?
     ) select id from line order by step desc limit 1`,
    [id, source],
  );
  return (rows as { id: string }[])[0]?.id ?? id;
};

/**
 * In SQL: a person, and every other who is the same one by what some agency has said. Takes the person's id. An array, for that is
 * worked out once for a query and lets it use an index.
 */
export const SAME_PEOPLE = `array(with recursive same as (
    select ?::uuid as id
    union
    select next.id from same, lateral (
      select survivor_id as id from referrals.person_alias where person_id = same.id
      union all
      select person_id from referrals.person_alias where survivor_id = same.id
    ) next
  ) select id from same)`;

/** Are these two the same person by now? */
export const isSamePerson = async (
  tx: Transaction,
  one: string,
  other: string,
): Promise<boolean> => {
  if (one === other) return true;
  const { rows } = await tx.raw(`select ?::uuid = any (${SAME_PEOPLE}) as same`, [other, one]);
  return (rows as [{ same: boolean }])[0].same;
};

/** Notes that a source's two records are of one person: what it knows the one by, it knows the other by from now on. */
export const saveAlias = async (
  tx: Transaction,
  alias: { person: string; survivor: string; source: string; occurredAt: Date; recordedAt: Date },
  act: Act,
): Promise<void> => {
  const { person, survivor, source, occurredAt } = alias;
  const after = {
    id: uuidv7(),
    person_id: person,
    survivor_id: survivor,
    source_id: source,
    occurred_at: occurredAt,
    recorded_at: alias.recordedAt,
    received_at: act.at,
  };
  await tx("referrals.person_alias").insert(after);
  await tx.raw(
    `insert into referrals.person_identifier (system, value, person_id, source_id)
       select system, value, ?, source_id from referrals.person_identifier where person_id = ? and source_id = ?
       on conflict do nothing`,
    [survivor, person, source],
  );
  await record(
    tx,
    "referrals",
    {
      of: "person_alias",
      id: after.id,
      version: 1,
      what: "person.merged",
      before: null,
      after,
      occurredAt,
      data: { person, survivor, agency: source },
    },
    act,
  );
};

const kept = aggregate<Merged>({
  schema: "referrals",
  table: "person",
  fromRow,
  toRow,
  event: (before) => (before ? "person.changed" : "person.registered"),
  told: () => ({}),
  onMaking: (act) => ({ created_at: act.at }),
});

/** Has this source said the very same of a person before, and nobody anything else since? */
export const isSaid = async (
  tx: Transaction,
  { id, name, birthDate }: Omit<Merged, "version">,
  identifiers: Identifier[],
  source: string,
): Promise<boolean> => {
  const same = { name, birth_date: birthDate };
  const [row] = (await tx("referrals.person")
    .where({ id, ...same })
    .whereExists(
      tx("referrals.person_record")
        .where({ person_id: id, source_id: source, ...same })
        .select("at"),
    )
    .select(
      tx("referrals.person_identifier")
        .where({ person_id: id, source_id: source })
        .whereIn(
          ["system", "value"],
          identifiers.map((it) => [it.system, it.value]),
        )
        .count("*")
        .as("known"),
    )) as Row[];
  const all = new Set(identifiers.map(({ system, value }) => `${system} ${value}`));
  return Number(row?.known ?? -1) === all.size;
};

/** Writes what is now known of a person, with what identifies them. What is not said now stays. */
export const savePerson = async (
  tx: Transaction,
  person: Omit<Merged, "version">,
  identifiers: Identifier[],
  act: Act,
): Promise<void> => {
  await kept.put(tx, person.id, act, (before) => ({
    id: person.id,
    version: 0,
    name: person.name ?? before?.name ?? null,
    birthDate: person.birthDate ?? before?.birthDate ?? null,
  }));
  await tx("referrals.person_record")
    .insert({
      person_id: person.id,
      source_id: act.by.agency,
      name: person.name,
      birth_date: person.birthDate,
      at: act.at,
    })
    .onConflict(["person_id", "source_id"])
    .merge({
      name: tx.raw("coalesce(excluded.name, person_record.name)"),
      birth_date: tx.raw("coalesce(excluded.birth_date, person_record.birth_date)"),
      at: act.at,
    });
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

const reads = (isPresent: boolean): Reading => (isPresent ? "PRESENT" : "MISSING");

const personFromRow = (row: Row): Person => ({
  id: row.id as string,
  version: row.version as number,
  records: row.records as Person["records"],
});

/** People and their records, as one requester may see them. */
export const openPeople = (
  database: Database,
  { by }: Act,
  sharing: Seeing,
  raisedByContent: ReadRaisedByContent,
) => {
  const { sql } = database;
  const read = async (ids: readonly string[]): Promise<Row[]> =>
    (await sql("referrals.person")
      .whereIn("id", ids)
      .select(
        "id",
        "version",
        sql.raw(`${TIED} as tied`, [by.agency]),
        sql.raw(`coalesce((
          select json_agg(json_build_object('source', source_id, 'name', name, 'birthDate', birth_date) order by at desc, source_id)
          from referrals.person_record where person_record.person_id = person.id), '[]') as records`),
      )) as Row[];
  /** To an agency without a tie to the person, the person does not exist, unless facts of the moment say otherwise. */
  const byId = new DataLoader<string, Person | null>(async (ids) => {
    const tied = (await read(ids)).filter((row) => row.tied === true);
    const found = new Map(tied.map((row) => [row.id as string, row]));
    const untied = ids.filter((id) => !found.has(id));
    const known = untied.length > 0 ? await sharing.knows(untied) : new Set<string>();
    if (known.size > 0) for (const row of await read([...known])) found.set(row.id as string, row);
    return ids.map((id) => {
      const row = found.get(id);
      return row ? personFromRow(row) : null;
    });
  });
  const identifiers = new DataLoader<string, (Identifier & { source: string })[]>(async (ids) => {
    const rows = (await sql("referrals.person_identifier")
      .whereIn("person_id", ids)
      .orderBy("system")
      .select("person_id", "system", "value", { source: "source_id" })) as Row[];
    return ids.map((id) => rows.filter((row) => row.person_id === id) as never);
  });
  const aliases = new DataLoader<string, Row[]>(async (ids) => {
    const rows = (await sql("referrals.person_alias")
      .whereIn("person_id", ids)
      .orWhereIn("survivor_id", ids)
      .orderBy("id")) as Row[];
    return ids.map((id) => rows.filter((row) => row.person_id === id || row.survivor_id === id));
  });
  const medications = new DataLoader<string, Medication[]>(async (ids) => {
    const rows = (await sql("referrals.medication")
      .whereIn("person_id", ids)
      .orderBy("id")) as Row[];
    const raised = await raisedByContent();
    const all = rows.map(medicationFromRow).map((it) => ({ ...it, raises: raised(it) }));
    return ids.map((id) => all.filter(({ person }) => person === id));
  });
  /** Whose record of a person the requester is given: its own, or the latest of those that the rules let it have. */
  const sourceFor = (person: Person): string =>
    sharing.verdict(aboutPerson(person)).of("DEMOGRAPHICS").source;
  const particularsOf = (person: Person): Particulars | undefined =>
    person.records.find(({ source }) => source === sourceFor(person));
  const encounters = (person: string, page: Page) =>
    connect(
      sql("referrals.encounter").where({ person_id: person }),
      { column: "began_at", direction: "asc" },
      page,
      encounterFromRow,
      (all) => sharing.permitted("Encounter", all),
    );
  /** The agencies that say of a person that they take no medicine. */
  const noMedications = new DataLoader<string, string[]>(async (ids) => {
    const rows = (await sql("referrals.none_known").whereIn("person_id", ids)) as Row[];
    return ids.map((id) =>
      rows.filter((row) => row.person_id === id).map((row) => row.source_id as string),
    );
  });
  return {
    find: (id: string) => byId.load(id),
    findByIdentifier: async ({ system, value }: Identifier) => {
      const row = (await sql("referrals.person_identifier")
        .where({ system, value, source_id: by.agency })
        // Where its records were merged, the one that remains.
        .whereRaw(
          `not exists (select from referrals.person_alias
             where person_alias.person_id = person_identifier.person_id and person_alias.source_id = ?)`,
          [by.agency],
        )
        .first("person_id")) as Row | undefined;
      // The same two queries whether or not there is such a person, so that the time taken does not tell.
      return byId.load((row?.person_id as string | undefined) ?? uuidv7());
    },
    particulars: particularsOf,
    identifiers: async (person: Person) =>
      (await identifiers.load(person.id)).filter(({ source }) => source === sourceFor(person)),
    /** As the agency says whose record of the person is read. */
    links: async (person: Person): Promise<PersonLink[]> =>
      (await aliases.load(person.id))
        .filter((row) => row.source_id === sourceFor(person))
        .map((row) => ({
          type: row.person_id === person.id ? "REPLACED_BY" : "REPLACES",
          other: (row.person_id === person.id ? row.survivor_id : row.person_id) as string,
          since: instant(row.occurred_at),
        })),
    medications: (id: string) => medications.load(id),
    encounters,
    readings: (person: Person) => ({
      demographics: reads((particularsOf(person)?.name ?? null) !== null),
      encounters: async () => reads((await encounters(person.id, { first: 1 })).edges.length > 0),
      medications: async (): Promise<Reading> => {
        const all = await sharing.permitted("Medication", await medications.load(person.id));
        if (all.length > 0) return "PRESENT";
        const { source } = sharing.verdict(aboutPerson(person)).of("MEDICATIONS");
        return (await noMedications.load(person.id)).includes(source) ? "NONE_KNOWN" : "MISSING";
      },
    }),
  };
};

export type People = ReturnType<typeof openPeople>;
