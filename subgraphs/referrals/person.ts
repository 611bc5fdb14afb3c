/** People whom agencies look after, and what their records say. */

/** Someone whom agencies look after. The id is opaque. */
export interface Person {
  id: string;
  version: number;
  name: string | null;
  /** As received: YYYY, YYYY-MM or YYYY-MM-DD. */
  birthDate: string | null;
}

/** Why an agency may know that a person exists. SOURCE: its own system sent the person's record. */
export type TieKind = "SOURCE" | "TREATING" | "ENROLLED" | "REFERRAL";

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
}

export interface Medication {
  id: string;
  version: number;
  person: string;
  source: string;
  name: string;
  status: string;
  code: string | null;
}

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
