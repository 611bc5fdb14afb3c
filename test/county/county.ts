/**
 * Alder County: the one world that tests, the demonstration and the README share. A handful of agencies and people, and
 * what happened to them from Monday, 3 March 2025. Everyone in it is made up.
 */
import type { Requester } from "#sharing/requester.ts";
import type { AgencyKind } from "#sharing/vocabulary.ts";

/** An agency of the county; the ids are fixed, so that tokens and tests can name them. */
export interface CountyAgency {
  id: string;
  name: string;
  kind: AgencyKind;
  npi?: string;
}

export const agencies = {
  hospital: {
    id: "019550a0-0000-7000-8000-000000000001",
    name: "Alder General Hospital",
    kind: "HOSPITAL",
    npi: "1234567001",
  },
  county: {
    id: "019550a0-0000-7000-8000-000000000002",
    name: "Alder County Human Services",
    kind: "COUNTY",
  },
  bh: {
    id: "019550a0-0000-7000-8000-000000000003",
    name: "Riverside Behavioral Health",
    kind: "BH",
    npi: "1234567003",
  },
  housing: {
    id: "019550a0-0000-7000-8000-000000000004",
    name: "Alder Housing Authority",
    kind: "HOUSING",
  },
  aps: {
    id: "019550a0-0000-7000-8000-000000000005",
    name: "Alder Adult Protective Services",
    kind: "APS",
  },
  mco: { id: "019550a0-0000-7000-8000-000000000006", name: "Meridian Health Plan", kind: "MCO" },
  ems: { id: "019550a0-0000-7000-8000-000000000007", name: "Alder County EMS", kind: "EMS" },
  crisis: {
    id: "019550a0-0000-7000-8000-000000000008",
    name: "Alder Mobile Crisis Team",
    kind: "CRISIS",
  },
  commissioner: {
    id: "019550a0-0000-7000-8000-000000000009",
    name: "State Medicaid Agency",
    kind: "COMMISSIONER",
  },
} as const satisfies Record<string, CountyAgency>;

const persona = (
  agency: keyof typeof agencies,
  role: Requester["role"],
  purpose: Requester["purpose"],
  subject: string,
): Requester => ({
  agency: agencies[agency].id,
  kind: agencies[agency].kind,
  role,
  purpose,
  basis: null,
  subject,
});

/** Who asks, in tests and with `npm run token -- --as NAME`. */
export const personas = {
  "discharge-coordinator": persona("hospital", "CARE_COORDINATOR", "COC", "dana.whitfield"),
  "hospital-clinician": persona("hospital", "CLINICIAN", "TREAT", "dr.imani.brooks"),
  "hospital-executive": persona("hospital", "EXECUTIVE", "HOPERAT", "gloria.hayes"),
  "hospital-system": persona("hospital", "ADMIN", "COC", "alder-general-ehr"),
  "county-case-worker": persona("county", "CASE_WORKER", "COC", "marcus.lee"),
  "county-executive": persona("county", "EXECUTIVE", "HOPERAT", "anita.desai"),
  "county-system": persona("county", "ADMIN", "COC", "alder-county-hub"),
  "bh-clinician": persona("bh", "CLINICIAN", "TREAT", "dr.sofia.ramos"),
  "bh-executive": persona("bh", "EXECUTIVE", "HOPERAT", "peter.novak"),
  "housing-worker": persona("housing", "CASE_WORKER", "COC", "tanya.orlov"),
  "ems-responder": persona("ems", "FIRST_RESPONDER", "ETREAT", "luis.ortega"),
  "aps-investigator": persona("aps", "APS_INVESTIGATOR", "PROTSVC", "ruth.okafor"),
  analyst: persona("county", "ANALYST", "HOPERAT", "wei.zhang"),
} as const;

export type PersonaName = keyof typeof personas;

/** Namespaces of identifiers in this county. */
export const HOSPITAL_MRN = "urn:alder:general-hospital-mrn";
export const COUNTY_PERSON_ID = "urn:alder:county-person-id";

/** People who are looked after. The hospital knows them by a record number, the county by its own. */
export const people = {
  maria: {
    given: "Maria",
    family: "Delgado",
    birthDate: "1961-07-14",
    mrn: "H-2001",
    countyId: "C-1001",
  },
  walter: {
    given: "Walter",
    family: "Kim",
    birthDate: "1948-02-29",
    mrn: "H-2002",
    countyId: "C-1002",
  },
} as const;

/** The one Monday. */
export const MONDAY = "2025-03-03";

/** An instant on that Monday or on a day after it, county time (UTC-6 until 9 March). */
export const at = (time: string, day = 0): string => {
  const date = new Date(`${MONDAY}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + day);
  return `${date.toISOString().slice(0, 10)}T${time}:00-06:00`;
};
