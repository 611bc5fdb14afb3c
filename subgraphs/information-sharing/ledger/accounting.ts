/**
 * The accounting of disclosures that a person may have of an agency: 45 CFR 164.528, and 42 CFR 2.24 and 2.25 for substance
 * use treatment records. Made from the ledger, for the agency whose information was disclosed.
 */
import { need, Problem } from "#schema/problems.ts";
import { explain } from "#sharing/explain.ts";
import type { Basis, Category, Purpose, Role } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import type { DestructionReason, DisclosureEntry, Grounds } from "./entry.ts";

/** Something that another room owns, by its id. */
interface Ref {
  id: string;
}

/** One disclosure, as an accounting lists it. */
export interface Disclosure {
  id: string;
  at: Date;
  source: Ref;
  recipient: Ref;
  purpose: Purpose;
  basis: Basis | null;
  categories: readonly Category[];
  /** What it rested on. */
  grounds: Pick<DisclosureEntry, "rules" | "obligations" | "agreement" | "policy" | "requestId">;
}

/** A disclosure, from what the ledger says of it. */
export const disclosureOf = (entry: DisclosureEntry): Disclosure => ({
  id: entry.id,
  at: new Date(entry.at),
  source: { id: entry.source },
  recipient: { id: entry.recipient.agency },
  purpose: entry.purpose,
  basis: entry.basis,
  categories: entry.categories,
  grounds: entry,
});

/**
 * Must an accounting list it? Not what is given for treatment, payment and operations, or on the person's authorization
 * (45 CFR 164.528(a)(1)). The rules say so by an obligation.
 */
export const isRequired = ({ grounds }: Disclosure): boolean => grounds.obligations.includes("AOD");

/** Is it of records under 42 CFR part 2? Of these a person may have a list too (42 CFR 2.24, 2.25). */
export const isPart2 = ({ grounds }: Disclosure): boolean =>
  grounds.obligations.includes("RedisclosureProhibitionMark");

const CATEGORIES: Record<Category, string> = {
  DEMOGRAPHICS: "who the person is",
  CONTACT_LOCATION: "how and where to reach them",
  CARE_TEAM: "who looks after them",
  ENCOUNTERS: "stays and visits",
  PROBLEMS: "diagnoses and problems",
  MEDICATIONS: "medications",
  ALLERGIES: "allergies",
  LABS: "laboratory results",
  CLINICAL_NOTES: "clinical notes",
  CARE_PLAN: "care plans",
  SOCIAL_NEEDS: "social needs",
  COVERAGE: "insurance coverage",
  CLAIMS: "claims",
  HOUSING_STATUS: "housing",
  REFERRAL_ADMIN: "referrals and handoffs",
  MENTAL_HEALTH: "mental health",
  CRISIS_RISK: "crisis and risk",
  SUD_TREATMENT: "substance use treatment",
  HIV_STD: "HIV and sexually transmitted infections",
  ABUSE_REPORT: "reports of abuse or neglect",
  PSYCHOTHERAPY_NOTES: "psychotherapy notes",
  SUD_COUNSELING_NOTES: "substance use counseling notes",
  REPORTER_IDENTITY: "who made a report",
  DV_LOCATION: "a confidential address",
};

const PURPOSES: Record<Purpose, string> = {
  TREAT: "treatment",
  COC: "coordination of care",
  ETREAT: "emergency treatment",
  BTG: "access in an emergency, which is reviewed",
  HPAYMT: "payment",
  HOPERAT: "health care operations",
  THREAT: "a serious threat to health or safety",
  HLEGAL: "legal proceedings",
  ELIGDTRM: "determination of eligibility",
  PATRQT: "the person's own request",
  PUBHLTH: "public health",
  PROTSVC: "protective services",
};

const BASES: Record<Basis, string> = {
  HIPAA_506: "45 CFR 164.506",
  HIPAA_508: "the person's authorization, 45 CFR 164.508",
  HIPAA_512C: "45 CFR 164.512(c)",
  HIPAA_512J: "45 CFR 164.512(j)",
  PART2_31: "the person's consent, 42 CFR 2.31",
  PART2_51: "medical emergency, 42 CFR 2.51",
  COURT_ORDER: "an order of a court",
};

/** A brief description of what was disclosed: 45 CFR 164.528(b)(2)(iii). */
export const description = ({ categories }: Pick<Disclosure, "categories">): string =>
  categories.map((category) => CATEGORIES[category]).join(", ");

/** A brief statement of what for: 45 CFR 164.528(b)(2)(iv). */
export const purposeStatement = ({
  purpose,
  basis,
}: Pick<Disclosure, "purpose" | "basis">): string =>
  basis ? `${PURPOSES[purpose]} (${BASES[basis]})` : PURPOSES[purpose];

/** What a disclosure rested on, for the privacy officer who has to answer for it. */
export interface Explanation {
  disclosure: Disclosure;
  rules: { id: string; says: string; law: string }[];
  agreement: Ground | null;
  consents: readonly Ground[];
  attestations: Ground[];
  obligations: readonly string[];
  policy: string;
  requestId: string;
}

/** Something that counted, in the version that did; null for what has none. */
interface Ground {
  id: string;
  version: number | null;
}

const each = <T>(all: readonly T[], key: (it: T) => string): T[] => [
  ...new Map(all.map((it) => [key(it), it])).values(),
];

/**
 * Explains a disclosure. The ledger has the names of its rules; what they say is read from those of today.
 *
 * @param ofPersons What it rested on that was some person's own; of persons whose facts were destroyed nothing is known.
 */
export const explained = (disclosure: Disclosure, ofPersons: readonly Grounds[]): Explanation => {
  const { rules, agreement, obligations, policy, requestId } = disclosure.grounds;
  const attestations = ofPersons.flatMap((it) => it.attestations);
  return {
    agreement,
    obligations,
    policy,
    requestId,
    disclosure,
    consents: each(
      ofPersons.flatMap((it) => it.consents),
      ({ id }) => id,
    ),
    rules: explain(rules).map(({ id, says, law }) => ({
      id,
      says: says ?? "none of the rules of today has this name",
      law: law ?? "unknown",
    })),
    attestations: [...new Set(attestations)].map((id) => ({ id, version: null })),
  };
};

/** How far back a person may ask (45 CFR 164.528(a)(1)), and how long what it takes is kept (45 CFR 164.530(j)). */
const YEARS = 6;

/** The earliest instant of which an accounting must tell. */
export const accountedSince = (at: Date): Date => {
  const since = new Date(at);
  since.setUTCFullYear(at.getUTCFullYear() - YEARS);
  return since;
};

const ACCOUNTANTS: ReadonlySet<Role> = new Set<Role>(["PRIVACY_OFFICER", "AUDITOR"]);

/** @throws {Problem} FORBIDDEN to all but an agency's privacy officer and its auditor. */
export const mayAccount = (act: Act): void => {
  if (!ACCOUNTANTS.has(act.by.role))
    throw new Problem(
      "FORBIDDEN",
      "disclosures are accounted for to a privacy officer or an auditor",
    );
};

/** @throws {Problem} FORBIDDEN to all but an agency's privacy officer. */
export const mustBeOfficer = (act: Act): void => {
  if (act.by.role !== "PRIVACY_OFFICER")
    throw new Problem("FORBIDDEN", "this is for a privacy officer");
};

/** Disclosures to an agency that are kept out of a person's accounting for a while (45 CFR 164.528(a)(2)). */
export interface AccountingSuspension {
  id: string;
  version: number;
  source: Ref;
  person: Ref;
  /** The agency that said that an accounting would impede it. */
  recipient: Ref;
  /** Where its statement is kept; nobody's name. */
  statement: string;
  isOral: boolean;
  from: Date;
  until: Date;
}

/** What is asked for. */
export interface SuspensionAsked {
  personId: string;
  recipientId: string;
  statement: string;
  isOral: boolean;
  until: Date;
}

const DAY_MS = 86_400_000;
/** 45 CFR 164.528(a)(2)(ii)(C). */
const MOST_DAYS_ORAL = 30;
const LONGEST_STATEMENT = 200;

/**
 * Suspends.
 *
 * @throws {Problem} FORBIDDEN to all but privacy officers; BAD_INPUT when it names no statement, the agency itself, or an end
 *   that is past, or later than the statement can carry.
 */
export const suspended = (id: string, said: SuspensionAsked, act: Act): AccountingSuspension => {
  mustBeOfficer(act);
  const statement = said.statement.trim();
  const longest = new Date(act.at.getTime() + MOST_DAYS_ORAL * DAY_MS);
  need(
    statement !== "" && statement.length <= LONGEST_STATEMENT,
    "statement",
    `must be 1 to ${LONGEST_STATEMENT} characters`,
  );
  need(said.recipientId !== act.by.agency, "recipientId", "must be another agency");
  need(said.until > act.at, "until", "must be in the future");
  need(
    !said.isOral || said.until <= longest,
    "until",
    `must be ${MOST_DAYS_ORAL} days away at most when the statement was oral`,
  );
  return {
    id,
    version: 1,
    source: { id: act.by.agency },
    person: { id: said.personId },
    recipient: { id: said.recipientId },
    statement,
    isOral: said.isOral,
    from: act.at,
    until: said.until,
  };
};

/** That what the ledger's commitments about a person stand for was destroyed. */
export interface FactDestruction {
  id: string;
  version: number;
  source: Ref;
  person: Ref;
  /** Of disclosures before this instant. */
  before: Date;
  reason: DestructionReason;
  destroyedAt: Date;
}

/** What is asked for. */
export interface DestructionAsked {
  personId: string;
  before: Date;
  reason: DestructionReason;
}

/**
 * Destroys what is old enough. The entries remain, with whom they were about no more to be found out.
 *
 * @throws {Problem} FORBIDDEN to all but privacy officers; BAD_INPUT for what an accounting must still tell of.
 */
export const destroyed = (id: string, said: DestructionAsked, act: Act): FactDestruction => {
  mustBeOfficer(act);
  need(said.before <= accountedSince(act.at), "before", `must be ${YEARS} years ago or longer`);
  return {
    id,
    version: 1,
    source: { id: act.by.agency },
    person: { id: said.personId },
    before: said.before,
    reason: said.reason,
    destroyedAt: act.at,
  };
};
