import type { Category } from "#sharing/vocabulary.ts";
import type { Database } from "#platform/database.ts";
import type { Row } from "#platform/record.ts";
import { CLINICAL_KINDS, HELD_BY } from "./clinical-record.ts";
import type { PacketPart } from "./packet.ts";

const packetPart = (...parts: readonly PacketPart[]): string =>
  `select from referrals.packet_part where source_id = :agency and part in ('${parts.join("', '")}')`;

/** Of which categories an agency has records of its own here: by what kind of record, as its fields are labelled. */
const KEPT: readonly (readonly [Category, string])[] = [
  ["DEMOGRAPHICS", "select from referrals.person_record where source_id = :agency"],
  ["ENCOUNTERS", "select from referrals.encounter where :agency in (agency_id, source_id)"],
  [
    "MEDICATIONS",
    `select from referrals.medication where source_id = :agency
     union all ${packetPart("MEDICATIONS")}`,
  ],
  [
    "CARE_PLAN",
    `${packetPart("FUNCTIONAL_STATUS", "FOLLOW_UP_APPOINTMENTS")}
     union all select from referrals.assessment where source_id = :agency`,
  ],
  ["CRISIS_RISK", packetPart("RISKS")],
  ...CLINICAL_KINDS.map((kind): readonly [Category, string] => [
    HELD_BY[kind],
    `select from referrals.clinical_record where source_id = :agency and kind = '${kind}'`,
  ]),
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
