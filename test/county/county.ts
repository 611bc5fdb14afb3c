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
  recovery: {
    id: "019550a0-0000-7000-8000-00000000000a",
    name: "Harbor Recovery Center",
    kind: "SUD_PROGRAM",
    npi: "1234567010",
  },
  shelter: {
    id: "019550a0-0000-7000-8000-00000000000b",
    name: "Willow House",
    kind: "VICTIM_SERVICES",
  },
  sheriff: {
    id: "019550a0-0000-7000-8000-00000000000c",
    name: "Alder County Sheriff",
    kind: "LAW",
  },
} as const satisfies Record<string, CountyAgency>;

const persona = (
  agency: keyof typeof agencies,
  role: Requester["role"],
  purpose: Requester["purpose"],
  subject: string,
  basis: Requester["basis"] = null,
): Requester => ({
  agency: agencies[agency].id,
  kind: agencies[agency].kind,
  role,
  purpose,
  basis,
  subject,
});

/** Who asks, in tests and with `npm run token -- --as NAME`. */
export const personas = {
  "discharge-coordinator": persona(
    "hospital",
    "CARE_COORDINATOR",
    "COC",
    "dana.whitfield",
    "HIPAA_506",
  ),
  "hospital-clinician": persona("hospital", "CLINICIAN", "TREAT", "dr.imani.brooks", "HIPAA_506"),
  "hospital-executive": persona("hospital", "EXECUTIVE", "HOPERAT", "gloria.hayes"),
  "hospital-system": persona("hospital", "ADMIN", "COC", "alder-general-ehr", "HIPAA_506"),
  "county-case-worker": persona("county", "CASE_WORKER", "COC", "marcus.lee", "HIPAA_508"),
  "county-executive": persona("county", "EXECUTIVE", "HOPERAT", "anita.desai"),
  "county-system": persona("county", "ADMIN", "COC", "alder-county-hub", "HIPAA_508"),
  "bh-clinician": persona("bh", "CLINICIAN", "TREAT", "dr.sofia.ramos", "HIPAA_506"),
  "bh-executive": persona("bh", "EXECUTIVE", "HOPERAT", "peter.novak"),
  "housing-worker": persona("housing", "CASE_WORKER", "COC", "tanya.orlov", "HIPAA_508"),
  "ems-responder": persona("ems", "FIRST_RESPONDER", "ETREAT", "luis.ortega", "HIPAA_506"),
  "aps-investigator": persona("aps", "APS_INVESTIGATOR", "PROTSVC", "ruth.okafor", "HIPAA_512C"),
  "hospital-biller": persona("hospital", "BILLING", "HPAYMT", "joan.webb", "HIPAA_506"),
  "plan-care-manager": persona("mco", "CARE_COORDINATOR", "HOPERAT", "priya.shah", "HIPAA_506"),
  "crisis-clinician": persona("crisis", "CLINICIAN", "BTG", "noor.haddad", "HIPAA_506"),
  "recovery-counselor": persona("recovery", "CLINICIAN", "TREAT", "ellis.grant", "HIPAA_506"),
  "commissioner-liaison": persona(
    "commissioner",
    "COMMISSIONER_LIAISON",
    "HOPERAT",
    "iris.cole",
    "HIPAA_506",
  ),
  "hospital-privacy-officer": persona("hospital", "PRIVACY_OFFICER", "HOPERAT", "rosa.lindqvist"),
  "hospital-auditor": persona("hospital", "AUDITOR", "HOPERAT", "owen.barnes"),
  "county-privacy-officer": persona("county", "PRIVACY_OFFICER", "HOPERAT", "theo.marsh"),
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
