import type { Category } from "#sharing/vocabulary.ts";
import type { Database } from "#platform/database.ts";
import type { Row } from "#platform/record.ts";

/** Of which categories an agency has records of its own here: by what kind of record, as its fields are labelled. */
const KEPT: readonly (readonly [Category, string])[] = [
  ["DEMOGRAPHICS", "select from referrals.person_record where source_id = :agency"],
  ["ENCOUNTERS", "select from referrals.encounter where :agency in (agency_id, source_id)"],
  ["MEDICATIONS", "select from referrals.medication where source_id = :agency"],
  // That it knows a person is told as a referral is.
  [
    "REFERRAL_ADMIN",
    `select from referrals.referral where keeper_ids @> array[:agency]::uuid[]
     union all select from referrals.person_record where source_id = :agency`,
  ],
];

/** Of which categories an agency has records of its own here. */
export const keeps = async (database: Database, agency: string): Promise<Category[]> => {
  const columns = KEPT.map(([category, rows]) => `exists (${rows}) as "${category}"`).join(", ");
  const { rows } = (await database.sql.raw(`select ${columns}`, { agency })) as { rows: [Row] };
  return KEPT.map(([category]) => category).filter((category) => rows[0][category] === true);
};
