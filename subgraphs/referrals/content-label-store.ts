import { v7 as uuidv7 } from "uuid";
import type { Category } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { ChangeInput } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database } from "#platform/database.ts";
import { instantOrNull } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { contentRaises, labelled, withdrawn } from "./content-label.ts";
import type { ContentLabel, Labelling, Raised } from "./content-label.ts";

const fromRow = (row: Row): ContentLabel => ({
  id: row.id as string,
  version: row.version as number,
  agency: row.agency_id as string | null,
  code: row.code as string | null,
  words: row.words as string | null,
  category: row.category as Raised,
  why: row.why as string,
  withdrawnAt: instantOrNull(row.withdrawn_at),
});

const toRow = (label: ContentLabel) => ({
  id: label.id,
  version: label.version,
  agency_id: label.agency,
  code: label.code,
  words: label.words,
  category: label.category,
  why: label.why,
  withdrawn_at: label.withdrawnAt,
});

const kept = aggregate<ContentLabel>({
  schema: "referrals",
  table: "content_label",
  fromRow,
  toRow,
  event: (before) => (before ? "content-label.withdrawn" : "content-label.made"),
  told: () => ({}),
  onMaking: (act) => ({ created_at: act.at }),
});

/** Tells what content raises, with what a record raises beside it; each once, sorted. */
export type RaisedByContent = (
  content: { source: string; name: string; code: string | null },
  beside?: readonly Category[],
) => Category[];

/** By the lines in use, which are read once for a request, when the first record needs them. */
export const openRaisedByContent = ({ sql }: Database): (() => Promise<RaisedByContent>) => {
  const read = async (): Promise<RaisedByContent> => {
    const lines = (await sql(kept.name).whereNull("withdrawn_at")) as Row[];
    const raised = contentRaises(lines.map(fromRow));
    return (content, beside = []) => [...new Set([...beside, ...raised(content)])].sort();
  };
  let reading: Promise<RaisedByContent> | undefined;
  return () => (reading ??= read());
};

export type ReadRaisedByContent = ReturnType<typeof openRaisedByContent>;

/** What content tells, for one request: an agency's own lines, and everyone's. */
export const openContentLabels = (database: Database, act: Act) => ({
  list: (page: Page) =>
    connect(
      database
        .sql(kept.name)
        .where(
          (either) => void either.whereNull("agency_id").orWhere({ agency_id: act.by.agency }),
        ),
      { column: "created_at", direction: "desc" },
      page,
      fromRow,
    ),
  label: (input: Labelling & { idempotencyKey: string }) =>
    kept.make(database, act, "labelContent", input, () => labelled(uuidv7(), input, act)),
  withdraw: (input: ChangeInput) =>
    kept.change(
      database,
      act,
      "withdrawContentLabel",
      input,
      (query) => query.where({ agency_id: act.by.agency }),
      (label) => withdrawn(label, act),
    ),
});

export type ContentLabels = ReturnType<typeof openContentLabels>;
