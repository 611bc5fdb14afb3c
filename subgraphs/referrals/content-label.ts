/**
 * Content that tells more than its field does: a medicine's name can disclose what it is taken for. An agency adds to the lines that
 * are everyone's, for its own records; nobody's officer can open another agency's.
 */
import { need, Problem } from "#schema/problems.ts";
import type { Act } from "#platform/act.ts";
import { RAISED_BY_CONTENT } from "./records.ts";

/** What content may raise. */
export type Raised = (typeof RAISED_BY_CONTENT)[number];

/** One line of the table that says what raises what. */
export interface ContentLabel {
  id: string;
  version: number;
  /** Whose records it is about; null for everyone's. */
  agency: string | null;
  /** An RxNorm code; null when words are matched. */
  code: string | null;
  /** Words that stand in the name, whatever their case; null when a code is matched. */
  words: string | null;
  category: Raised;
  why: string;
  withdrawnAt: Date | null;
}

/** What a new line says. */
export interface Labelling {
  code?: string | null;
  words?: string | null;
  category: string;
  why: string;
}

const officer = (act: Act): void => {
  if (act.by.role !== "PRIVACY_OFFICER")
    throw new Problem("FORBIDDEN", "what content tells is said by a privacy officer");
};

const MOST_CHARACTERS = 200;

/**
 * Adds a line.
 *
 * @throws {Problem} FORBIDDEN to all but privacy officers; BAD_INPUT unless it names a code or words, a category that content
 *   may raise, and a reason.
 */
export const labelled = (id: string, said: Labelling, act: Act): ContentLabel => {
  officer(act);
  const [code, words, why] = [said.code, said.words, said.why].map((it) => it?.trim() || null);
  need((code == null) !== (words == null), "words", "or `code` must be given, and not both");
  need((words ?? code ?? "").length <= MOST_CHARACTERS, "words", "must be 200 characters or fewer");
  need((words ?? "   ").length >= 3, "words", "must be 3 characters or more");
  const category = RAISED_BY_CONTENT.find((it) => it === said.category);
  need(category !== undefined, "category", `must be one of ${RAISED_BY_CONTENT.join(", ")}`);
  need(why !== null, "why", "must not be blank");
  return {
    id,
    version: 1,
    agency: act.by.agency,
    code: code ?? null,
    words: words?.toLowerCase() ?? null,
    category: category as Raised,
    why: why as string,
    withdrawnAt: null,
  };
};

/**
 * Takes a line out of use; it stays readable.
 *
 * @throws {Problem} FORBIDDEN to all but privacy officers; MOVE_NOT_ALLOWED when it is withdrawn already.
 */
export const withdrawn = (label: ContentLabel, act: Act): ContentLabel => {
  officer(act);
  if (label.withdrawnAt)
    throw new Problem("MOVE_NOT_ALLOWED", "the label is withdrawn already", { state: "WITHDRAWN" });
  return { ...label, version: label.version + 1, withdrawnAt: act.at };
};

/** Tells what a record's name and code raise. */
export const contentRaises =
  (labels: readonly Pick<ContentLabel, "agency" | "code" | "words" | "category">[]) =>
  ({ source, name, code }: { source: string; name: string; code: string | null }): Raised[] => {
    const text = name.toLowerCase();
    return [
      ...new Set(
        labels
          .filter((it) => it.agency === null || it.agency === source)
          .filter((it) => (it.words === null ? it.code === code : text.includes(it.words)))
          .map(({ category }) => category),
      ),
    ].sort();
  };
