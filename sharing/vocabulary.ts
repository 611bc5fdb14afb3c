/**
 * The closed vocabularies that lawful sharing is decided in. HL7's own codes wherever HL7 has one.
 * A value that is not listed here is not known, and what is not known is refused.
 */

/** Purposes of use: HL7 v3 ActReason, and the local `PROTSVC` (protective services). */
export const PURPOSES = [
  "TREAT",
  "COC",
  "ETREAT",
  "BTG",
  "HPAYMT",
  "HOPERAT",
  "THREAT",
  "HLEGAL",
  "ELIGDTRM",
  "PATRQT",
  "PUBHLTH",
  "PROTSVC",
] as const;
/** Why a requester asks. Exactly one for each request, from the signed token. */
export type Purpose = (typeof PURPOSES)[number];

/** The legal footing a requester may state beside the purpose (45 CFR 164, 42 CFR 2). */
export const BASES = [
  "HIPAA_506",
  "HIPAA_508",
  "HIPAA_512C",
  "HIPAA_512J",
  "PART2_31",
  "PART2_51",
  "COURT_ORDER",
] as const;
/** The provision of law that a request rests on. */
export type Basis = (typeof BASES)[number];

/** Kinds of agency, each under a regime of its own. An agency without a kind is given nothing by rule. */
export const AGENCY_KINDS = [
  "HOSPITAL",
  "CLINIC",
  "BH",
  "SUD_PROGRAM",
  "COUNTY",
  "HOUSING",
  "APS",
  "MCO",
  "EMS",
  "CRISIS",
  "LAW",
  "COMMISSIONER",
  "VICTIM_SERVICES",
] as const;
/** What an agency is, as far as the law of sharing tells agencies apart. */
export type AgencyKind = (typeof AGENCY_KINDS)[number];

/** Roles of people and systems in an agency: first those who work with a person, then those who govern. */
export const ROLES = [
  "CLINICIAN",
  "CARE_COORDINATOR",
  "CASE_WORKER",
  "BILLING",
  "APS_INVESTIGATOR",
  "FIRST_RESPONDER",
  "ADMIN",
  "EXECUTIVE",
  "COMMISSIONER_LIAISON",
  "PRIVACY_OFFICER",
  "AUDITOR",
  "ANALYST",
] as const;
/** What someone does in their agency. Governance roles see no person's record by default. */
export type Role = (typeof ROLES)[number];

/** Kinds of information about a person. A field says which one it holds, and each has rules of its own. */
export const CATEGORIES = [
  "DEMOGRAPHICS",
  "CONTACT_LOCATION",
  "CARE_TEAM",
  "ENCOUNTERS",
  "PROBLEMS",
  "MEDICATIONS",
  "ALLERGIES",
  "LABS",
  "CLINICAL_NOTES",
  "CARE_PLAN",
  "SOCIAL_NEEDS",
  "COVERAGE",
  "CLAIMS",
  "HOUSING_STATUS",
  "REFERRAL_ADMIN",
  "MENTAL_HEALTH",
  "CRISIS_RISK",
  "SUD_TREATMENT",
  "HIV_STD",
  "ABUSE_REPORT",
  "PSYCHOTHERAPY_NOTES",
  "SUD_COUNSELING_NOTES",
  "REPORTER_IDENTITY",
  "DV_LOCATION",
] as const;
/** What kind of information a field holds. */
export type Category = (typeof CATEGORIES)[number];
