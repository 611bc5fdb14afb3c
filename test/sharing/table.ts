/**
 * The law said a second time, to hold the rules to: who may have what by which rule, each list written out by name. The rules
 * read labels and compute; this is what a lawyer was told that they come to.
 */
import type { Question } from "#sharing/question.ts";
import { isCoveredByHipaa } from "#sharing/requester.ts";
import type { Fact } from "#sharing/rule.ts";
import { AGENCY_KINDS, BASES, CATEGORIES, ROLES } from "#sharing/vocabulary.ts";
import type { AgencyKind, Basis, Category, Purpose, Role, Tie } from "#sharing/vocabulary.ts";

const PROVIDERS: readonly AgencyKind[] = [
  "HOSPITAL",
  "CLINIC",
  "BH",
  "SUD_PROGRAM",
  "EMS",
  "CRISIS",
];
const NOTES: readonly Category[] = ["PSYCHOTHERAPY_NOTES", "SUD_COUNSELING_NOTES"];
const HEALTH = CATEGORIES.filter(
  (it) => !NOTES.includes(it) && it !== "ABUSE_REPORT" && it !== "REPORTER_IDENTITY",
);
const ANY_BASIS: readonly (Basis | null)[] = [null, ...BASES];

/** One way in: everything in it has to be so. */
export interface Opening {
  rule: string;
  purposes: readonly Purpose[];
  bases: readonly (Basis | null)[];
  kinds: readonly AgencyKind[];
  /** Null: whether or not. */
  underHipaa: true | null;
  roles: readonly Role[];
  categories: readonly Category[];
  agreement: boolean;
  /** One of them. */
  ties: readonly Tie[];
  /** All of them. */
  facts: readonly Fact[];
}

/** Every way in to another agency's information, for whom no wall keeps out. */
export const OPENINGS: readonly Opening[] = [
  {
    rule: "P2-treatment",
    purposes: ["TREAT", "COC"],
    bases: ["HIPAA_506"],
    kinds: PROVIDERS,
    underHipaa: true,
    roles: ["CLINICIAN", "CARE_COORDINATOR"],
    categories: HEALTH,
    agreement: true,
    ties: ["TREATING"],
    facts: [],
  },
  {
    rule: "P3-emergency-treatment",
    purposes: ["ETREAT", "BTG"],
    bases: ["HIPAA_506", "PART2_51"],
    kinds: PROVIDERS,
    underHipaa: true,
    roles: ["CLINICIAN", "FIRST_RESPONDER"],
    categories: HEALTH,
    agreement: false,
    ties: [],
    facts: ["medicalEmergency"],
  },
  {
    rule: "P4-payment",
    purposes: ["HPAYMT"],
    bases: ["HIPAA_506"],
    kinds: AGENCY_KINDS,
    underHipaa: true,
    roles: ROLES,
    categories: [
      "DEMOGRAPHICS",
      "CONTACT_LOCATION",
      "ENCOUNTERS",
      "PROBLEMS",
      "MEDICATIONS",
      "COVERAGE",
      "CLAIMS",
      "REFERRAL_ADMIN",
      "SUD_TREATMENT",
    ],
    agreement: true,
    ties: ["ENROLLED"],
    facts: [],
  },
  {
    rule: "P5-operations",
    purposes: ["HOPERAT"],
    bases: ["HIPAA_506"],
    kinds: AGENCY_KINDS,
    underHipaa: true,
    roles: ROLES,
    categories: [
      "DEMOGRAPHICS",
      "CARE_TEAM",
      "ENCOUNTERS",
      "PROBLEMS",
      "MEDICATIONS",
      "CARE_PLAN",
      "SOCIAL_NEEDS",
      "COVERAGE",
      "REFERRAL_ADMIN",
      "SUD_TREATMENT",
    ],
    agreement: true,
    ties: ["ENROLLED", "TREATING"],
    facts: [],
  },
  {
    rule: "P6-social-care-authorized",
    purposes: ["COC"],
    bases: ["HIPAA_508"],
    kinds: AGENCY_KINDS,
    underHipaa: null,
    roles: ROLES,
    categories: [
      "DEMOGRAPHICS",
      "CONTACT_LOCATION",
      "CARE_TEAM",
      "CARE_PLAN",
      "SOCIAL_NEEDS",
      "COVERAGE",
      "HOUSING_STATUS",
      "REFERRAL_ADMIN",
      "SUD_TREATMENT",
    ],
    agreement: true,
    ties: ["REFERRAL"],
    facts: ["HIPAAAuthCD"],
  },
  {
    rule: "P7-serious-threat",
    purposes: ["THREAT"],
    bases: ["HIPAA_512J"],
    kinds: ["CRISIS", "EMS", "LAW", "BH", "HOSPITAL"],
    underHipaa: null,
    roles: ROLES,
    categories: ["DEMOGRAPHICS", "CONTACT_LOCATION", "REFERRAL_ADMIN", "CRISIS_RISK"],
    agreement: false,
    ties: [],
    facts: ["safetyThreat"],
  },
  {
    rule: "P8-protective-services",
    purposes: ["PROTSVC"],
    bases: ["HIPAA_512C"],
    kinds: ["APS"],
    underHipaa: null,
    roles: ["APS_INVESTIGATOR"],
    categories: [
      "DEMOGRAPHICS",
      "CONTACT_LOCATION",
      "CARE_TEAM",
      "ENCOUNTERS",
      "PROBLEMS",
      "MEDICATIONS",
      "CARE_PLAN",
      "SOCIAL_NEEDS",
      "HOUSING_STATUS",
      "REFERRAL_ADMIN",
      "MENTAL_HEALTH",
      "CRISIS_RISK",
      "ABUSE_REPORT",
      "REPORTER_IDENTITY",
      "DV_LOCATION",
    ],
    agreement: false,
    ties: ["REFERRAL"],
    facts: [],
  },
  {
    rule: "P9-notes-authorized",
    purposes: ["TREAT"],
    bases: ["HIPAA_508"],
    kinds: PROVIDERS,
    underHipaa: null,
    roles: ["CLINICIAN"],
    categories: NOTES,
    agreement: true,
    ties: ["TREATING"],
    facts: [],
  },
  {
    rule: "P10-oversight-after-breach",
    purposes: ["HOPERAT"],
    bases: ANY_BASIS,
    kinds: ["COMMISSIONER", "COUNTY", "MCO"],
    underHipaa: null,
    roles: ["COMMISSIONER_LIAISON"],
    categories: ["REFERRAL_ADMIN", "CARE_TEAM"],
    agreement: false,
    ties: ["OVERSIGHT"],
    facts: [],
  },
];

/** What stands in the way of the ways in, while nothing lifts it. */
export interface Wall {
  rule: string;
  stands: (it: Question) => boolean;
  /** What a person can do, or what can happen to them, that lifts it. */
  liftedBy: (category: Category) => readonly Fact[];
}

const isOwn = ({ caller, info }: Question): boolean => caller.agency === info.source;
const isEmergency = ({ purpose, medicalEmergency }: Question): boolean =>
  (purpose === "ETREAT" || purpose === "BTG") && medicalEmergency;
const holdsPart2 = ({ info }: Question): boolean =>
  info.category === "SUD_TREATMENT" || info.category === "SUD_COUNSELING_NOTES";
const isOversight = ({ caller, purpose, info }: Question): boolean =>
  ["COMMISSIONER", "COUNTY", "MCO"].includes(caller.kind ?? "") &&
  purpose === "HOPERAT" &&
  ["REFERRAL_ADMIN", "CARE_TEAM"].includes(info.category);

/** Every wall. */
export const WALLS: readonly Wall[] = [
  {
    rule: "F1-part2-wall",
    stands: (it) =>
      holdsPart2(it) && !isOwn(it) && !it.directives.includes("42CFRPart2CD") && !isEmergency(it),
    liftedBy: (category) =>
      category === "SUD_TREATMENT" || category === "SUD_COUNSELING_NOTES" ? ["42CFRPart2CD"] : [],
  },
  {
    rule: "F2-notes-wall",
    stands: (it) =>
      !isOwn(it) &&
      ((it.info.category === "PSYCHOTHERAPY_NOTES" && !it.directives.includes("PSYNOTES_AUTH")) ||
        (it.info.category === "SUD_COUNSELING_NOTES" && !it.directives.includes("SUDNOTES_CD"))),
    liftedBy: (category) =>
      category === "PSYCHOTHERAPY_NOTES"
        ? ["PSYNOTES_AUTH"]
        : category === "SUD_COUNSELING_NOTES"
          ? ["SUDNOTES_CD"]
          : [],
  },
  {
    rule: "F3-person-restriction",
    stands: (it) =>
      it.restricted &&
      !isOwn(it) &&
      !isEmergency(it) &&
      it.purpose !== "PROTSVC" &&
      it.purpose !== "THREAT",
    liftedBy: () => [],
  },
  {
    rule: "F4-reporter-identity",
    stands: (it) => it.info.category === "REPORTER_IDENTITY" && !isOwn(it),
    liftedBy: () => [],
  },
  {
    rule: "F5-dv-location",
    stands: (it) =>
      it.info.category === "DV_LOCATION" && !isOwn(it) && !it.directives.includes("VAWA_RELEASE"),
    liftedBy: (category) => (category === "DV_LOCATION" ? ["VAWA_RELEASE"] : []),
  },
  {
    rule: "F6-part2-legal",
    stands: (it) =>
      holdsPart2(it) &&
      (it.purpose === "HLEGAL" || it.caller.kind === "LAW") &&
      !it.directives.includes("PART2_LEGAL_CD"),
    liftedBy: (category) =>
      category === "SUD_TREATMENT" || category === "SUD_COUNSELING_NOTES" ? ["PART2_LEGAL_CD"] : [],
  },
  {
    rule: "F7-agreement-suspended",
    stands: (it) =>
      it.agreement !== null &&
      !it.agreement.active &&
      !isOwn(it) &&
      !isEmergency(it) &&
      it.purpose !== "THREAT",
    liftedBy: () => [],
  },
  {
    rule: "F8-admin-role",
    stands: (it) => it.caller.role === "ADMIN" && !isOwn(it),
    liftedBy: () => [],
  },
  {
    rule: "F9-governance-roles",
    stands: (it) =>
      ["EXECUTIVE", "PRIVACY_OFFICER", "AUDITOR", "ANALYST"].includes(it.caller.role) ||
      (it.caller.role === "COMMISSIONER_LIAISON" &&
        !(isOversight(it) && it.ties.includes("OVERSIGHT"))),
    liftedBy: () => [],
  },
];

const knows = (it: Question, fact: Fact): boolean =>
  fact === "restricted" || fact === "medicalEmergency" || fact === "safetyThreat"
    ? it[fact]
    : [...it.ties, ...it.directives].some((one) => one === fact);

const opens = (opening: Opening, it: Question): boolean =>
  opening.purposes.includes(it.purpose) &&
  opening.bases.includes(it.basis) &&
  it.caller.kind !== null &&
  opening.kinds.includes(it.caller.kind) &&
  (opening.underHipaa === null || it.caller.hipaa) &&
  opening.roles.includes(it.caller.role) &&
  opening.categories.includes(it.info.category) &&
  (opening.ties.length === 0 || opening.ties.some((tie) => it.ties.includes(tie))) &&
  opening.facts.every((fact) => knows(it, fact)) &&
  (!opening.agreement ||
    (it.agreement !== null &&
      it.agreement.active &&
      it.agreement.purposes.includes(it.purpose) &&
      it.agreement.categories.includes(it.info.category)));

/** What must be the answer, and by which rules. */
export const expected = (it: Question): { decision: "ALLOW" | "DENY"; rules: string[] } => {
  const walls = WALLS.filter(({ stands }) => stands(it)).map(({ rule }) => rule);
  if (walls.length > 0) return { decision: "DENY", rules: walls };
  const ways = OPENINGS.filter((opening) => opens(opening, it)).map(({ rule }) => rule);
  const rules = [...(isOwn(it) ? ["P1-own-records"] : []), ...ways];
  return { decision: rules.length > 0 ? "ALLOW" : "DENY", rules };
};

/** A question with nothing known of the person and no agreement, but for what is said. */
export const asks = (
  kind: AgencyKind,
  role: Role,
  purpose: Purpose,
  basis: Basis | null,
  category: Category,
  more: Partial<Question> = {},
): Question => ({
  caller: { agency: "asking", kind, role, hipaa: isCoveredByHipaa(kind) },
  purpose,
  basis,
  info: { category, source: "keeping" },
  agreement: null,
  ties: [],
  directives: [],
  restricted: false,
  medicalEmergency: false,
  safetyThreat: false,
  ...more,
});
