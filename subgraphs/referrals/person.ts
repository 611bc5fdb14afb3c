/** People whom agencies look after, and what their records say. */
import type { Category } from "#sharing/vocabulary.ts";

/** What identifies a person to those who look after them. */
export interface Particulars {
  name: string | null;
  /** As received: YYYY, YYYY-MM or YYYY-MM-DD. */
  birthDate: string | null;
}

/** Someone whom agencies look after. The id is opaque. */
export interface Person {
  id: string;
  version: number;
  /** What each agency's own system says of them, the latest first. */
  records: (Particulars & { source: string })[];
}

/** Another record that is of the same person by what an agency says: FHIR Patient.link. */
export interface PersonLink {
  type: "REPLACED_BY" | "REPLACES";
  other: string;
  since: Date;
}

/** How a part of a person's record reads; what is withheld never comes as far as here. */
export type Reading = "PRESENT" | "NONE_KNOWN" | "MISSING";

/** All that is known of a person, whoever said it: for telling whether two records are of one person, and never shown. */
export interface Merged extends Particulars {
  id: string;
  version: number;
}

/** Why an agency may know that a person exists. SOURCE: its own system sent the person's record. */
export type TieKind = "SOURCE" | "TREATING" | "ENROLLED" | "REFERRAL";

/**
 * How long an agency goes on treating a person after their care there has ended: the window in which a return to hospital
 * counts as a readmission (42 CFR 412.152).
 */
const FOLLOW_UP_DAYS = 30;
const DAY_MS = 86_400_000;

/** When a tie of treatment ends, by when the care ended. */
export const followedUpTo = (endedAt: Date): Date => new Date(+endedAt + FOLLOW_UP_DAYS * DAY_MS);

/** A stay or a visit. */
export interface Encounter {
  id: string;
  version: number;
  person: string;
  agency: string | null;
  source: string;
  partOf: string | null;
  class: string;
  status: string;
  /** FHIR discharge-disposition code. */
  disposition: string | null;
  startedAt: Date | null;
  endedAt: Date | null;
  /** For order alone; see the migration. */
  beganAt: Date;
  /** What it tells of the person by being there. */
  raises: Category[];
}

export interface Medication {
  id: string;
  version: number;
  person: string;
  source: string;
  name: string;
  status: string;
  code: string | null;
  /** What it tells of the person beside that they take something. */
  raises: Category[];
}

/** A consent as it was received: that it is there. What it comes to is known in the information-sharing room. */
export interface Consent {
  id: string;
  version: number;
  person: string;
  source: string;
  status: string;
  scope: string | null;
  policy: string | null;
  givenAt: Date | null;
}
