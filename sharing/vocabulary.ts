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

/** What a field holds: a category, or what names no person (`OPERATIONAL`). */
export const HELD = [...CATEGORIES, "OPERATIONAL"] as const;
/** The value of a field's `@holds`. */
export type Holds = (typeof HELD)[number];

/** Marks of a category that the rules read, instead of naming categories one by one. */
export const LABELS = [
  "PHI",
  "PAY_MIN",
  "OPS_MIN",
  "SOCIAL_MIN",
  "THREAT_MIN",
  "APS_MIN",
  "PART2",
  "NOTES",
  "REPORTER",
  "DV_LOC",
] as const;
/** A mark of a category. */
export type Label = (typeof LABELS)[number];

/** How a person and an agency belong together; OVERSIGHT: a threshold was breached, and is not resolved. */
export const TIES = ["TREATING", "ENROLLED", "REFERRAL", "OVERSIGHT"] as const;
/** What ties an agency to a person, for a period. */
export type Tie = (typeof TIES)[number];

/** What a person's consents come to: HL7 v3 ActCode where it has one. */
export const DIRECTIVES = [
  "42CFRPart2CD",
  "HIPAAAuthCD",
  "HIPAAConsentCD",
  "PSYNOTES_AUTH",
  "SUDNOTES_CD",
  "PART2_LEGAL_CD",
  "VAWA_RELEASE",
] as const;
/** A consent directive that is in force. */
export type Directive = (typeof DIRECTIVES)[number];

/** HL7 v3 Confidentiality: normal, restricted, very restricted. */
export type Confidentiality = "N" | "R" | "V";

/** What the rules know of each category: an entry's labels decide which rules can reach it. */
// prettier-ignore
export const CATEGORY_LABELS: Readonly<Record<Category, { confidentiality: Confidentiality; labels: readonly Label[] }>> = {
  DEMOGRAPHICS:         { confidentiality: "N", labels: ["PHI", "PAY_MIN", "OPS_MIN", "SOCIAL_MIN", "THREAT_MIN", "APS_MIN"] },
  CONTACT_LOCATION:     { confidentiality: "N", labels: ["PHI", "PAY_MIN", "SOCIAL_MIN", "THREAT_MIN", "APS_MIN"] },
  CARE_TEAM:            { confidentiality: "N", labels: ["PHI", "OPS_MIN", "SOCIAL_MIN", "APS_MIN"] },
  ENCOUNTERS:           { confidentiality: "N", labels: ["PHI", "PAY_MIN", "OPS_MIN", "APS_MIN"] },
  PROBLEMS:             { confidentiality: "N", labels: ["PHI", "PAY_MIN", "OPS_MIN", "APS_MIN"] },
  MEDICATIONS:          { confidentiality: "N", labels: ["PHI", "PAY_MIN", "OPS_MIN", "APS_MIN"] },
  ALLERGIES:            { confidentiality: "N", labels: ["PHI"] },
  LABS:                 { confidentiality: "N", labels: ["PHI"] },
  CLINICAL_NOTES:       { confidentiality: "N", labels: ["PHI"] },
  CARE_PLAN:            { confidentiality: "N", labels: ["PHI", "OPS_MIN", "SOCIAL_MIN", "APS_MIN"] },
  SOCIAL_NEEDS:         { confidentiality: "N", labels: ["PHI", "OPS_MIN", "SOCIAL_MIN", "APS_MIN"] },
  COVERAGE:             { confidentiality: "N", labels: ["PHI", "PAY_MIN", "OPS_MIN", "SOCIAL_MIN"] },
  CLAIMS:               { confidentiality: "N", labels: ["PHI", "PAY_MIN"] },
  HOUSING_STATUS:       { confidentiality: "N", labels: ["PHI", "SOCIAL_MIN", "APS_MIN"] },
  REFERRAL_ADMIN:       { confidentiality: "N", labels: ["PHI", "PAY_MIN", "OPS_MIN", "SOCIAL_MIN", "THREAT_MIN", "APS_MIN"] },
  MENTAL_HEALTH:        { confidentiality: "R", labels: ["PHI", "APS_MIN"] },
  CRISIS_RISK:          { confidentiality: "R", labels: ["PHI", "THREAT_MIN", "APS_MIN"] },
  SUD_TREATMENT:        { confidentiality: "R", labels: ["PHI", "PAY_MIN", "OPS_MIN", "SOCIAL_MIN", "PART2"] },
  HIV_STD:              { confidentiality: "R", labels: ["PHI"] },
  ABUSE_REPORT:         { confidentiality: "R", labels: ["APS_MIN"] },
  PSYCHOTHERAPY_NOTES:  { confidentiality: "V", labels: ["NOTES"] },
  SUD_COUNSELING_NOTES: { confidentiality: "V", labels: ["NOTES", "PART2"] },
  REPORTER_IDENTITY:    { confidentiality: "V", labels: ["REPORTER", "APS_MIN"] },
  DV_LOCATION:          { confidentiality: "V", labels: ["PHI", "DV_LOC", "APS_MIN"] },
};
