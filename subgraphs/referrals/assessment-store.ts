import { v7 as uuidv7 } from "uuid";
import { notFound } from "#schema/problems.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { Database } from "#platform/database.ts";
import { instant } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import type { Seeing } from "#platform/sharing.ts";
import { kindOf } from "./agency-store.ts";
import { asAssessed, assessed } from "./assessment.ts";
import type { Assessment, AssessmentSaid } from "./assessment.ts";
import type { ReadRaisedByContent } from "./content-label-store.ts";
import { isKnownTo } from "./person-store.ts";
import { raisedBy } from "./records.ts";

const fromRow = (row: Row): Assessment => ({
  id: row.id as string,
  version: row.version as number,
  person: row.person_id as string,
  source: row.source_id as string,
  code: row.code as string,
  assessedAt: instant(row.assessed_at),
  receivedAt: instant(row.received_at),
  raises: row.raises as Category[],
});

const toRow = (assessment: Assessment) => ({
  id: assessment.id,
  version: assessment.version,
  person_id: assessment.person,
  source_id: assessment.source,
  code: assessment.code,
  assessed_at: assessment.assessedAt,
  received_at: assessment.receivedAt,
  raises: assessment.raises,
});

const kept = aggregate<Assessment>({
  schema: "referrals",
  table: "assessment",
  fromRow,
  toRow,
  event: () => "assessment.recorded",
  told: () => ({}),
  occurredAt: ({ assessedAt }) => assessedAt,
});

/** Assessments of people, as one requester may see and add to them. */
export const openAssessments = (
  database: Database,
  act: Act,
  sharing: Seeing,
  raisedByContent: ReadRaisedByContent,
) => {
  const ofPerson = kept.gatherer(
    database,
    (query) => query,
    "person_id",
    ({ person }) => person,
    sharing,
  );
  const of = async (person: string): Promise<Assessment[]> => {
    const all = await ofPerson.load(person);
    const raised = await raisedByContent();
    return asAssessed(all).map((it) => ({
      ...it,
      raises: raised({ source: it.source, name: it.code, code: it.code }, it.raises),
    }));
  };
  return {
    of,
    /** Those that the requester may be given; for what is told of them together. */
    permitted: async (person: string): Promise<Assessment[]> =>
      sharing.permitted("Assessment", await of(person)),
    record: (input: AssessmentSaid & { idempotencyKey: string }) =>
      kept.make(database, act, "recordAssessment", input, async (tx) => {
        if (!(await isKnownTo(tx, act.by, input.personId))) notFound();
        return assessed(uuidv7(), raisedBy([await kindOf(tx, act.by.agency)]), input, act);
      }),
  };
};

export type Assessments = ReturnType<typeof openAssessments>;
