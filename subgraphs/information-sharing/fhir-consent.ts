/**
 * FHIR R4 Consent, in and out. What is not understood narrows what permits and widens what denies, so that no code that is
 * unknown here opens anything.
 *
 * @see https://hl7.org/fhir/R4/consent.html
 */
import type {
  CodeableConcept,
  Coding,
  Consent as Resource,
  ConsentProvision,
  ConsentProvisionActor,
  RelatedPerson,
} from "fhir/r4";
import { CATEGORIES, CATEGORY_LABELS, DIRECTIVES, PURPOSES } from "#sharing/vocabulary.ts";
import type { Category, Directive, Purpose } from "#sharing/vocabulary.ts";
import { doubtsOf } from "./consent.ts";
import type {
  Consent,
  ConsentDoubt,
  ConsentStatus,
  Grantor,
  GrantorRole,
  Provision,
  Received,
} from "./consent.ts";

const TERMINOLOGY = "http://terminology.hl7.org/CodeSystem";
const ACT_CODE = `${TERMINOLOGY}/v3-ActCode`;
const ACT_REASON = `${TERMINOLOGY}/v3-ActReason`;
const ROLE_CODE = `${TERMINOLOGY}/v3-RoleCode`;
const CONFIDENTIALITY = `${TERMINOLOGY}/v3-Confidentiality`;
const PARTICIPATION = `${TERMINOLOGY}/v3-ParticipationType`;
const SCOPE = `${TERMINOLOGY}/consentscope`;
const POLICY = `${TERMINOLOGY}/consentpolicycodes`;
const ACTION = `${TERMINOLOGY}/consentaction`;
const RESOURCE_TYPES = "http://hl7.org/fhir/resource-types";
const LOINC = "http://loinc.org";
/** Our own codes: the values of the vocabularies of `sharing/`, where HL7 has none. */
const DIRECTIVE = "https://handoff-graph.org/CodeSystem/directive";
const CATEGORY = "https://handoff-graph.org/CodeSystem/information-category";
const PURPOSE = "https://handoff-graph.org/CodeSystem/purpose";
const ENDS_WHEN = "https://handoff-graph.org/StructureDefinition/consent-ends-when";

const HL7_DIRECTIVES: ReadonlySet<Directive> = new Set<Directive>([
  "42CFRPart2CD",
  "HIPAAAuthCD",
  "HIPAAConsentCD",
]);

const directiveOf = ({ system, code }: Coding): Directive[] => {
  if (system === POLICY && code === "hipaa-auth") return ["HIPAAAuthCD"];
  const known = DIRECTIVES.find((directive) => directive === code);
  if (!known) return [];
  return system === (HL7_DIRECTIVES.has(known) ? ACT_CODE : DIRECTIVE) ? [known] : [];
};

const codings = (concepts: readonly (CodeableConcept | undefined)[]): Coding[] =>
  concepts.flatMap((concept) => concept?.coding ?? []);

/** What a provision's code, class or label is about; null where that is not known. */
type Meaning = (coding: Coding) => readonly Category[] | null;

/** v3-ActCode, ActInformationSensitivityPolicy: each with what is below it. */
const BY_SENSITIVITY: Record<string, readonly Category[]> = {
  ETH: ["SUD_TREATMENT", "SUD_COUNSELING_NOTES"],
  SUD: ["SUD_TREATMENT", "SUD_COUNSELING_NOTES"],
  ETHUD: ["SUD_TREATMENT", "SUD_COUNSELING_NOTES"],
  OPIOIDUD: ["SUD_TREATMENT", "SUD_COUNSELING_NOTES"],
  "42CFRPart2": ["SUD_TREATMENT", "SUD_COUNSELING_NOTES"],
  PSY: ["MENTAL_HEALTH", "PSYCHOTHERAPY_NOTES"],
  MH: ["MENTAL_HEALTH", "PSYCHOTHERAPY_NOTES"],
  PSYTHPN: ["PSYCHOTHERAPY_NOTES"],
  BH: [
    "MENTAL_HEALTH",
    "PSYCHOTHERAPY_NOTES",
    "SUD_TREATMENT",
    "SUD_COUNSELING_NOTES",
    "CRISIS_RISK",
  ],
  HIV: ["HIV_STD"],
  STD: ["HIV_STD"],
  SDV: ["DV_LOCATION", "ABUSE_REPORT"],
  LOCIS: ["CONTACT_LOCATION", "DV_LOCATION", "HOUSING_STATUS"],
  DEMO: ["DEMOGRAPHICS", "CONTACT_LOCATION"],
  DRGIS: ["MEDICATIONS"],
  DIA: ["PROBLEMS"],
};

const BY_RESOURCE_TYPE: Record<string, readonly Category[]> = {
  Patient: ["DEMOGRAPHICS", "CONTACT_LOCATION"],
  CareTeam: ["CARE_TEAM"],
  Encounter: ["ENCOUNTERS"],
  Condition: ["PROBLEMS"],
  MedicationStatement: ["MEDICATIONS"],
  MedicationRequest: ["MEDICATIONS"],
  AllergyIntolerance: ["ALLERGIES"],
  DiagnosticReport: ["LABS"],
  CarePlan: ["CARE_PLAN"],
  Coverage: ["COVERAGE"],
  Claim: ["CLAIMS"],
  ExplanationOfBenefit: ["CLAIMS"],
  ServiceRequest: ["REFERRAL_ADMIN"],
  Task: ["REFERRAL_ADMIN"],
};

/** Sections of a transfer of care. */
const BY_LOINC: Record<string, readonly Category[]> = {
  "10160-0": ["MEDICATIONS"],
  "11450-4": ["PROBLEMS"],
  "48765-2": ["ALLERGIES"],
  "18776-5": ["CARE_PLAN"],
};

const entry = (
  table: Record<string, readonly Category[]>,
  code: string | undefined,
): readonly Category[] | null =>
  code !== undefined && Object.hasOwn(table, code) ? (table[code] ?? null) : null;

const own: Meaning = ({ code }) => {
  const known = CATEGORIES.find((category) => category === code);
  return known ? [known] : null;
};

const RANKS = ["N", "R", "V"];

/** A label of confidentiality is a high-water mark: it and all below (R4, Consent.provision.securityLabel). */
const upTo = (code: string | undefined): readonly Category[] | null =>
  code !== undefined && RANKS.includes(code)
    ? CATEGORIES.filter(
        (category) =>
          RANKS.indexOf(CATEGORY_LABELS[category].confidentiality) <= RANKS.indexOf(code),
      )
    : null;

const bySensitivity: Meaning = ({ system, code }) => {
  if (system === ACT_CODE) return entry(BY_SENSITIVITY, code);
  return system === CATEGORY ? own({ code }) : null;
};

const byClass: Meaning = ({ system, code }) => {
  if (system === RESOURCE_TYPES) return entry(BY_RESOURCE_TYPE, code);
  return system === CATEGORY ? own({ code }) : null;
};

const byCode: Meaning = ({ system, code }) => {
  if (system === LOINC) return entry(BY_LOINC, code);
  return system === CATEGORY ? own({ code }) : null;
};

/** A reading of one provision: what is known of the agencies, and what has been found to doubt. */
interface Reading {
  permits: boolean;
  agencies: Readonly<Record<string, string>>;
  doubts: Set<ConsentDoubt>;
}

/** Those of a list of alternatives that are understood; null where there is no list. */
const alternatives = <From, To>(
  list: readonly From[] | undefined,
  meaning: (item: From) => readonly To[] | null,
  doubt: () => void,
): To[] | null => {
  if (!list || list.length === 0) return null;
  const found = list.map(meaning);
  if (found.includes(null)) doubt();
  return [...new Set(found.flatMap((it) => it ?? []))];
};

/** A permit wants all its conditions to hold; a denial may be meant for what meets one of them. */
const joined = <T>(conditions: readonly (T[] | null)[], permits: boolean): T[] | null => {
  const [first, ...others] = conditions.filter((it) => it !== null);
  if (!first) return null;
  return permits
    ? first.filter((it) => others.every((other) => other.includes(it)))
    : [...new Set([first, ...others].flat())];
};

const categoriesOf = (it: ConsentProvision, { permits, doubts }: Reading): Category[] | null => {
  const read = (list: readonly Coding[] | undefined, meaning: Meaning) =>
    alternatives(list, meaning, () => doubts.add("INFORMATION_UNKNOWN"));
  const isLevel = ({ system }: Coding): boolean => system === CONFIDENTIALITY;
  const { levels = [], others } = Object.groupBy(it.securityLabel ?? [], (label) =>
    isLevel(label) ? "levels" : "others",
  );
  // Some deny by a level what is below it, as R4 has it, and some what is above.
  if (!permits && levels.length > 0) return null;
  return joined(
    [
      read(levels, ({ code }) => upTo(code)),
      read(others, bySensitivity),
      read(it.class, byClass),
      read(codings(it.code ?? []), byCode),
    ],
    permits,
  );
};

/** HL7's wholes of which several of our purposes are parts, and none of them is ours. */
const WHOLES: ReadonlySet<string> = new Set(["PurposeOfUse", "COVERAGE"]);

const purposesOf = (it: ConsentProvision, { doubts }: Reading): Purpose[] | null =>
  alternatives(
    it.purpose,
    ({ system, code }) => {
      const known = PURPOSES.find((purpose) => purpose === code);
      if (known && system === (known === "PROTSVC" ? PURPOSE : ACT_REASON)) return [known];
      // Research or marketing, say: a purpose for which nobody can ask here.
      return system === ACT_REASON && code && !known && !WHOLES.has(code) ? [] : null;
    },
    () => doubts.add("PURPOSE_UNKNOWN"),
  );

const RECIPIENT_ROLES: ReadonlySet<string> = new Set(["IRCP", "PRCP", "GRANTEE"]);
const SOURCE_ROLES: ReadonlySet<string> = new Set(["CST", "SOURCE"]);

const playsOne = (roles: ReadonlySet<string>, { role }: ConsentProvisionActor): boolean =>
  codings([role]).some(({ code }) => code !== undefined && roles.has(code));

const agencyOf = (
  { reference: { reference } }: ConsentProvisionActor,
  { agencies }: Reading,
): string[] | null => {
  const known = reference === undefined ? undefined : agencies[reference];
  return known === undefined ? null : [known];
};

const sourcesOf = (it: ConsentProvision, reading: Reading): string[] | null =>
  alternatives(
    it.actor?.filter((actor) => playsOne(SOURCE_ROLES, actor)),
    (actor) => agencyOf(actor, reading),
    () => reading.doubts.add("SOURCE_UNKNOWN"),
  );

/** Whoever a denial names is denied, as whatever; a permit must name its recipients as such. */
const recipientsOf = (it: ConsentProvision, reading: Reading): string[] | null =>
  alternatives(
    it.actor?.filter((actor) => !playsOne(SOURCE_ROLES, actor)),
    (actor) =>
      reading.permits && !playsOne(RECIPIENT_ROLES, actor) ? null : agencyOf(actor, reading),
    () => reading.doubts.add("RECIPIENT_UNKNOWN"),
  );

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const HOUR_MS = 3_600_000;
/** Before anything that is asked of a consent. */
const NEVER = new Date(0);

/** A date as a beginning and as an end: at the earliest and at the latest that it can mean anywhere. */
interface Bounds {
  begins: { earliest: Date; latest: Date };
  ends: { earliest: Date; latest: Date };
}

const boundsOf = (value: string): Bounds | null => {
  const isInstant = INSTANT.test(value);
  const from = Date.parse(value);
  if ((!isInstant && !DAY.test(value)) || Number.isNaN(from)) return null;
  const at = (hours: number): Date => new Date(from + hours * HOUR_MS);
  // A day has begun somewhere at UTC+14, and is over everywhere at UTC-12.
  return isInstant
    ? { begins: { earliest: at(0), latest: at(0) }, ends: { earliest: at(0), latest: at(0) } }
    : {
        begins: { earliest: at(-14), latest: at(12) },
        ends: { earliest: at(24 - 14), latest: at(24 + 12) },
      };
};

/** When a provision holds: a permit when it surely does, a denial when it may. */
const periodOf = (
  { period: { start, end } = {} }: ConsentProvision,
  { permits, doubts }: Reading,
): Pick<Provision, "from" | "until"> => {
  const [began, ended] = [start, end].map((value) =>
    value === undefined ? undefined : boundsOf(value),
  );
  if (began === null || ended === null) {
    doubts.add("NOT_UNDERSTOOD");
    return { from: NEVER, until: NEVER };
  }
  return permits
    ? { from: began?.begins.latest ?? null, until: ended?.ends.earliest ?? null }
    : { from: began?.begins.earliest ?? null, until: ended?.ends.latest ?? null };
};

/** A permit must let be disclosed or accessed; a denial of nothing but correction is about something else. */
const isAboutSharing = ({ action = [] }: ConsentProvision, permits: boolean): boolean => {
  const codes = codings(action).map(({ system, code }) => (system === ACTION ? code : undefined));
  if (action.length === 0) return true;
  return permits
    ? codes.includes("disclose") || codes.includes("access")
    : codes.length < action.length || codes.some((code) => code !== "correct");
};

/** Sets no condition, and so denies all. */
const CLOSED: Provision = {
  decision: "DENY",
  sources: null,
  recipients: null,
  purposes: null,
  categories: null,
  from: null,
  until: null,
  exceptions: [],
};

const NOBODY = { sources: [], recipients: [] };

/**
 * One provision. A root without a type permits nothing by itself: R4 leaves the type out there, and what it stands for is
 * the law, which without a consent opens nothing. A denial that is not understood denies all, what stands within it too.
 */
const provisionOf = (
  it: ConsentProvision,
  agencies: Reading["agencies"],
  doubts: Set<ConsentDoubt>,
): Provision => {
  const permits = it.type === "permit";
  const reading: Reading = { permits, agencies, doubts: new Set() };
  const read: Omit<Provision, "exceptions"> = {
    decision: permits ? "PERMIT" : "DENY",
    sources: sourcesOf(it, reading),
    recipients: recipientsOf(it, reading),
    purposes: purposesOf(it, reading),
    categories: categoriesOf(it, reading),
    ...periodOf(it, reading),
  };
  // Records that are picked one by one, or by their date, are not told apart here.
  const isPartial = it.dataPeriod !== undefined || (it.data?.length ?? 0) > 0;
  if (isPartial) reading.doubts.add("INFORMATION_UNKNOWN");
  for (const doubt of reading.doubts) doubts.add(doubt);
  if (!permits && reading.doubts.size > 0) return CLOSED;
  return {
    ...read,
    ...((!isAboutSharing(it, permits) || isPartial) && NOBODY),
    exceptions: (it.provision ?? []).map((inner) => provisionOf(inner, agencies, doubts)),
  };
};

/** No form that a person signs has so many rules; facts are read for each request, and every rule of a consent with them. */
const MOST_PROVISIONS = 100;

const count = (it: ConsentProvision): number =>
  (it.provision ?? []).reduce((sum, inner) => sum + count(inner), 1);

/** Does anything in it change the meaning of the rest in a way that is not known here? */
const isModified = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  Object.entries(value).some(([key, part]) => key === "modifierExtension" || isModified(part));

const STATUS: Record<Resource["status"], ConsentStatus> = {
  draft: "DRAFT",
  proposed: "DRAFT",
  active: "ACTIVE",
  rejected: "ENDED",
  inactive: "ENDED",
  "entered-in-error": "ENDED",
};

/** v3-RoleCode. */
const BY_ROLE_CODE: Record<string, GrantorRole> = {
  GUARD: "GUARDIAN",
  PRN: "PARENT",
  MTH: "PARENT",
  FTH: "PARENT",
  HPOWATT: "HEALTH_CARE_AGENT",
};

const grantorOf = ({ performer, contained }: Resource): Grantor => {
  const [who] = performer ?? [];
  if (!who || /(^|\/)Patient\//.test(who.reference ?? "")) return { role: "PERSON", name: null };
  const related = contained?.find(({ id }) => who.reference === `#${id}`) as
    RelatedPerson | undefined;
  const name = related?.name?.[0]?.text ?? who.display;
  const role = codings(related?.relationship ?? [])
    .map(({ code = "" }) => (Object.hasOwn(BY_ROLE_CODE, code) ? BY_ROLE_CODE[code] : undefined))
    .find((known) => known !== undefined);
  return { role: role ?? "PERSONAL_REPRESENTATIVE", name: name ?? null };
};

const formOf = ({ sourceAttachment, sourceReference }: Resource): string | null =>
  sourceAttachment?.title ??
  sourceAttachment?.url ??
  sourceReference?.display ??
  sourceReference?.reference ??
  null;

/** What one agency's system has sent, and what is known of those whom it names. */
export interface Sent {
  person: string;
  /** The agency whose system sent it. */
  source: string;
  resource: Resource;
  /** Agencies, by the reference that names them in the resource. */
  agencies: Readonly<Record<string, string>>;
}

/** Reads a FHIR Consent that is sound R4. What it says and is not understood here opens nothing. */
export const received = ({ person, source, resource, agencies }: Sent): Received => {
  const doubts = new Set<ConsentDoubt>();
  const isPrivacy = codings([resource.scope]).some(
    ({ system, code }) => system === SCOPE && code === "patient-privacy",
  );
  if (!isPrivacy) doubts.add("OTHER_SCOPE");
  const isTooLong = resource.provision !== undefined && count(resource.provision) > MOST_PROVISIONS;
  if (isModified(resource) || resource.implicitRules || isTooLong) doubts.add("NOT_UNDERSTOOD");
  const { verification = [] } = resource;
  if (verification.length > 0 && !verification.some(({ verified }) => verified))
    doubts.add("NOT_VERIFIED");
  const isClosed = doubts.size > 0;
  const provision = resource.provision ? provisionOf(resource.provision, agencies, doubts) : CLOSED;
  const found = codings([...resource.category, resource.policyRule]).flatMap(directiveOf);
  // Whoever manages a consent may disclose under it, and whoever it names as the keeper of records (42 CFR 2.31(a)(2)).
  const managers = (resource.organization ?? []).flatMap(({ reference }) =>
    reference && agencies[reference] ? [agencies[reference]] : [],
  );
  const read = {
    directives: [...new Set(found)],
    provision: isClosed ? CLOSED : provision,
    endsWhen: resource.extension?.find(({ url }) => url === ENDS_WHEN)?.valueString ?? null,
  };
  const sources = [...managers, ...sourcesIn(provision)];
  const { dateTime = "" } = resource;
  return {
    ...read,
    person: { id: person },
    status: STATUS[resource.status],
    scope: resource.scope.coding?.[0]?.code ?? resource.scope.text ?? null,
    policy: resource.policyRule?.coding?.[0]?.code ?? resource.policyRule?.text ?? null,
    grantor: grantorOf(resource),
    recordedBy: { id: source },
    sources: [...new Set(sources.length > 0 ? sources : [source])],
    // A bare date is not guessed into an instant.
    givenAt: INSTANT.test(dateTime) ? (boundsOf(dateTime)?.begins.latest ?? null) : null,
    form: formOf(resource),
    doubts: [...new Set([...doubts, ...doubtsOf(read)])],
  };
};

const sourcesIn = (it: Provision): string[] => [
  ...(it.decision === "PERMIT" ? (it.sources ?? []) : []),
  ...it.exceptions.flatMap(sourcesIn),
];

const coding = (system: string, code: string): Coding => ({ system, code });

const directiveCoding = (directive: Directive): Coding =>
  coding(HL7_DIRECTIVES.has(directive) ? ACT_CODE : DIRECTIVE, directive);

const actors = (role: string, agencies: readonly string[] | null): ConsentProvisionActor[] =>
  (agencies ?? []).map((id) => ({
    role: { coding: [coding(PARTICIPATION, role)] },
    reference: { reference: `Organization/${id}` },
  }));

const periodAs = (from: Date | null, until: Date | null): ConsentProvision["period"] => ({
  ...(from && { start: from.toISOString() }),
  ...(until && { end: until.toISOString() }),
});

const list = <T>(key: string, items: readonly T[]): object =>
  items.length > 0 ? { [key]: items } : {};

/** Has a list that nothing is on; in FHIR, that would set no condition. */
const isAboutNothing = (it: Provision): boolean =>
  [it.sources, it.recipients, it.purposes, it.categories].some((all) => all?.length === 0) ||
  (it.until !== null && it.until <= NEVER);

const conditionsAs = (it: Provision): ConsentProvision => ({
  ...((it.from ?? it.until) && { period: periodAs(it.from, it.until) }),
  ...list("actor", [...actors("CST", it.sources), ...actors("IRCP", it.recipients)]),
  ...list(
    "purpose",
    (it.purposes ?? []).map((purpose) =>
      coding(purpose === "PROTSVC" ? PURPOSE : ACT_REASON, purpose),
    ),
  ),
  ...list(
    "class",
    (it.categories ?? []).map((category) => coding(CATEGORY, category)),
  ),
  ...list("provision", provisionsAs(it.exceptions)),
});

const provisionsAs = (all: readonly Provision[]): ConsentProvision[] =>
  all
    .filter((it) => !isAboutNothing(it))
    .map((it) => ({
      type: it.decision === "PERMIT" ? "permit" : "deny",
      ...conditionsAs(it),
    }));

/** R4 wants a root rule without a type: what is permitted stands within it. */
const rootAs = (it: Provision): ConsentProvision | undefined => {
  const root =
    it.decision === "DENY" && !isAboutNothing(it)
      ? conditionsAs(it)
      : { ...list("provision", provisionsAs([it])) };
  return Object.keys(root).length > 0 ? root : undefined;
};

const AS_FHIR: Record<ConsentStatus, Resource["status"]> = {
  DRAFT: "proposed",
  ACTIVE: "active",
  REVOKED: "inactive",
  ENDED: "inactive",
};

const AS_ROLE_CODE: Partial<Record<GrantorRole, string>> = {
  PARENT: "PRN",
  GUARDIAN: "GUARD",
  HEALTH_CARE_AGENT: "HPOWATT",
};

const grantorAs = ({ role, name }: Grantor, person: string): Partial<Resource> => {
  if (role === "PERSON") return { performer: [{ reference: `Patient/${person}` }] };
  const code = AS_ROLE_CODE[role];
  const representative: RelatedPerson = {
    resourceType: "RelatedPerson",
    id: "grantor",
    patient: { reference: `Patient/${person}` },
    ...(code && { relationship: [{ coding: [coding(ROLE_CODE, code)] }] }),
    ...(name && { name: [{ text: name }] }),
  };
  return {
    contained: [representative],
    performer: [{ reference: "#grantor" }],
  };
};

/** A consent as FHIR R4, with this graph's ids. */
export const asFhir = (consent: Consent): Resource => {
  const { id, person, status, directives, grantor, recordedBy, sources, provision } = consent;
  const policies = directives.map(directiveCoding);
  const root = rootAs(provision);
  return {
    resourceType: "Consent",
    id,
    ...(consent.endsWhen && {
      extension: [{ url: ENDS_WHEN, valueString: consent.endsWhen }],
    }),
    status: AS_FHIR[status],
    scope: { coding: [coding(SCOPE, consent.scope ?? "patient-privacy")] },
    category: [
      { coding: [coding(ACT_CODE, "IDSCL")] },
      ...policies.map((policy) => ({ coding: [policy] })),
    ],
    patient: { reference: `Patient/${person.id}` },
    ...(consent.givenAt && { dateTime: consent.givenAt.toISOString() }),
    ...grantorAs(grantor, person.id),
    organization: (sources ?? [recordedBy.id]).map((agency) => ({
      reference: `Organization/${agency}`,
    })),
    ...(consent.form && { sourceReference: { display: consent.form } }),
    policyRule: policies[0] ? { coding: [policies[0]] } : { text: consent.policy ?? "unknown" },
    ...(root && { provision: root }),
  };
};
