/** Laboratory results, notes and claims: what an agency has recorded of a person, of kinds that the law tells apart. */
import type { Category } from "#sharing/vocabulary.ts";

export const CLINICAL_KINDS = ["LAB", "CLINICAL_NOTE", "PSYCHOTHERAPY_NOTE", "CLAIM"] as const;
export type ClinicalKind = (typeof CLINICAL_KINDS)[number];

/** What each kind holds. */
export const HELD_BY: Record<ClinicalKind, Category> = {
  LAB: "LABS",
  CLINICAL_NOTE: "CLINICAL_NOTES",
  PSYCHOTHERAPY_NOTE: "PSYCHOTHERAPY_NOTES",
  CLAIM: "CLAIMS",
};

export interface ClinicalRecord {
  id: string;
  version: number;
  person: string;
  /** The agency that sent it. */
  source: string;
  kind: ClinicalKind;
  name: string;
  /** Of its first coding: LOINC for results and notes, where partners keep to it. */
  code: string | null;
  status: string;
  /** A result, what a note is about, or the services of a claim. */
  text: string | null;
  at: Date | null;
  /** What its words or its code tell of the person beside what its kind does. */
  raises: Category[];
}
