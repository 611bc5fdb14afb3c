import DataLoader from "dataloader";
import type { Database } from "#platform/database.ts";
import { instantOrNull } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import type { ClinicalKind, ClinicalRecord } from "./clinical-record.ts";
import { CLINICAL_KINDS } from "./clinical-record.ts";
import type { ReadRaisedByContent } from "./content-label-store.ts";

const fromRow = (row: Row): Omit<ClinicalRecord, "raises"> => ({
  id: row.id as string,
  version: row.version as number,
  person: row.person_id as string,
  source: row.source_id as string,
  kind: row.kind as ClinicalKind,
  name: row.name as string,
  code: row.code as string | null,
  status: row.status as string,
  text: row.text as string | null,
  at: instantOrNull(row.at),
});

/** Clinical records of people, for one request: those of a kind, the latest first. */
export const openClinicalRecords = ({ sql }: Database, raisedByContent: ReadRaisedByContent) => {
  const ofKind = (kind: ClinicalKind) =>
    new DataLoader<string, ClinicalRecord[]>(async (ids) => {
      const rows = (await sql("referrals.clinical_record")
        .whereIn("person_id", ids)
        .where({ kind })
        .orderByRaw("at desc nulls last, id")) as Row[];
      const raised = await raisedByContent();
      const all = rows.map(fromRow).map((it): ClinicalRecord => {
        const words = { ...it, name: `${it.name} ${it.text ?? ""}` };
        return { ...it, raises: raised(words) };
      });
      return ids.map((id) => all.filter(({ person }) => person === id));
    });
  const loaders = new Map(CLINICAL_KINDS.map((kind) => [kind, ofKind(kind)]));
  return {
    of: (person: string, kind: ClinicalKind): Promise<ClinicalRecord[]> =>
      (loaders.get(kind) as DataLoader<string, ClinicalRecord[]>).load(person),
  };
};

export type ClinicalRecords = ReturnType<typeof openClinicalRecords>;
