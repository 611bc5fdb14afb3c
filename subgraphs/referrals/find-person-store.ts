import { validate as isUuid } from "uuid";
import type { PersonFound, PersonSought } from "#schema/known.ts";
import type { Database, Sql } from "#platform/database.ts";
import type { Row } from "#platform/record.ts";
import type { HouseDoor } from "#platform/subgraph.ts";

/** Those who answer to it; two are as many as need to be known of. */
const bearers = async (sql: Sql, sought: PersonSought): Promise<string[]> => {
  if ("id" in sought)
    return isUuid(sought.id) ? sql("referrals.person").where({ id: sought.id }).pluck("id") : [];
  const rows =
    "system" in sought
      ? sql("referrals.person_identifier").where({ system: sought.system, value: sought.value })
      : sql("referrals.person_record")
          .where({ birth_date: sought.birthDate })
          // The family name stands last, in whatever case, and may be of several words.
          .whereRaw(
            "right(lower(' ' || trim(name)), length(:family) + 1) = lower(' ' || :family)",
            {
              family: sought.family.trim(),
            },
          );
  return rows.distinct("person_id").limit(2).pluck("person_id");
};

/**
 * Finds the one person whom somebody names: a `PersonSought` in, a `PersonFound` out. For the house, which writes down who asked.
 */
export const findPersonDoor =
  ({ sql }: Database): HouseDoor =>
  async (question) => {
    const found = await bearers(sql, question as PersonSought);
    const [id] = found.length === 1 ? found : [];
    // The same two queries whether or not there is such a person.
    const rows = (await sql("referrals.tie")
      .where({ person_id: id ?? null, kind: "SOURCE" })
      .orderBy("agency_id")
      .select("agency_id")) as Row[];
    const sources = rows.map((row) => row.agency_id as string);
    const told: PersonFound = { person: id === undefined ? null : { id, sources } };
    return told;
  };
