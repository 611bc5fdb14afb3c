/**
 * Consents: what a person lets be given, by whom, to whom, what for and until when; and what that comes to when the rules
 * ask. A consent that is unclear opens nothing.
 */
import { need, Problem } from "#schema/problems.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import { CATEGORIES, CATEGORY_LABELS, DIRECTIVES } from "#sharing/vocabulary.ts";
import type { Category, Directive, Purpose } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import type { Ref } from "./sharing-agreement.ts";

/** DRAFT: proposed, and not given yet. What is revoked or has ended does not come back; a person consents anew. */
export type ConsentStatus = "DRAFT" | "ACTIVE" | "REVOKED" | "ENDED";

/** Who gave it: the person, or one who may for them (45 CFR 164.502(g)). */
export type GrantorRole =
  "PERSON" | "PARENT" | "GUARDIAN" | "HEALTH_CARE_AGENT" | "PERSONAL_REPRESENTATIVE";

export interface Grantor {
  role: GrantorRole;
  /** Null when it is the person. */
  name: string | null;
}

/** Why a consent opens nothing, or less than it seems to say. */
export type ConsentDoubt =
  | "NO_DIRECTIVE"
  | "OTHER_SCOPE"
  | "COMBINED"
  | "NOT_UNDERSTOOD"
  | "NOT_VERIFIED"
  | "NO_PERMIT"
  | "NO_RECIPIENT"
  | "RECIPIENT_UNKNOWN"
  | "SOURCE_UNKNOWN"
  | "NO_PURPOSE"
  | "PURPOSE_UNKNOWN"
  | "INFORMATION_UNKNOWN"
  | "NO_END";

/** A rule of a consent, with the exceptions to it, and theirs. What is null sets no condition. */
export interface Provision {
  decision: "PERMIT" | "DENY";
  /** The agencies that may disclose. */
  sources: string[] | null;
  recipients: string[] | null;
  purposes: Purpose[] | null;
  categories: Category[] | null;
  from: Date | null;
  until: Date | null;
  exceptions: Provision[];
}

/** A person's consent. */
export interface Consent {
  id: string;
  version: number;
  person: Ref;
  status: ConsentStatus;
  directives: Directive[];
  /** FHIR Consent.scope and policyRule, as received. */
  scope: string | null;
  policy: string | null;
  grantor: Grantor;
  /** The agency that recorded it, as its witness. */
  recordedBy: Ref;
  /** The agencies that may disclose under it; null: any. */
  sources: string[] | null;
  provision: Provision;
  givenAt: Date | null;
  /** The event that ends it, in words, where it has no last day. */
  endsWhen: string | null;
  revokedAt: Date | null;
  endedAt: Date | null;
  /** Where the signed form is kept. */
  form: string | null;
  doubts: ConsentDoubt[];
}

/** What the law wants a consent of a kind to name, and what it can reach. */
interface Kind {
  reach: readonly Category[];
  recipients: boolean;
  purposes: boolean;
  /** A last day, or else an event that ends it. */
  end: "DATE" | "DATE_OR_EVENT" | null;
}

/** Notes, a reporter's name and a hiding place are each reached by what is made for it alone. */
const ORDINARY = CATEGORIES.filter((category) => CATEGORY_LABELS[category].confidentiality !== "V");

const whole = { recipients: true, purposes: true, end: "DATE_OR_EVENT" } as const;

/**
 * By directive. 42CFRPart2CD: 42 CFR 2.31(a), in which a single consent for treatment, payment and operations may name no
 * recipient and have no end. HIPAAAuthCD: 45 CFR 164.508(c)(1). HIPAAConsentCD: 45 CFR 164.506(b), which wants nothing.
 * PSYNOTES_AUTH: 45 CFR 164.508(a)(2). SUDNOTES_CD: 42 CFR 2.31(b). PART2_LEGAL_CD: 42 CFR 2.31(d). VAWA_RELEASE:
 * 34 USC 12291(b)(2)(B), written, informed and limited in time.
 */
export const KINDS: Readonly<Record<Directive, Kind>> = {
  "42CFRPart2CD": { reach: ORDINARY, recipients: false, purposes: true, end: null },
  HIPAAAuthCD: { reach: ORDINARY, ...whole },
  HIPAAConsentCD: { reach: ORDINARY, recipients: false, purposes: false, end: null },
  PSYNOTES_AUTH: { reach: ["PSYCHOTHERAPY_NOTES"], ...whole },
  SUDNOTES_CD: { reach: ["SUD_COUNSELING_NOTES"], ...whole },
  PART2_LEGAL_CD: { reach: ["SUD_TREATMENT"], ...whole },
  VAWA_RELEASE: { reach: ["DV_LOCATION"], ...whole, end: "DATE" },
};

/** Those that count only where they stand alone: 45 CFR 164.508(b)(3)(ii), 42 CFR 2.31(b) and (d). */
const ALONE: ReadonlySet<Directive> = new Set<Directive>([
  "PSYNOTES_AUTH",
  "SUDNOTES_CD",
  "PART2_LEGAL_CD",
]);

/** May these stand in one consent? */
export const mayStandTogether = (directives: readonly Directive[]): boolean =>
  directives.length < 2 || !directives.some((directive) => ALONE.has(directive));

/** Each of these is a consent under 42 CFR part 2 too, for what it reaches and no more. */
const IMPLIED: Partial<Record<Directive, readonly Directive[]>> = {
  SUDNOTES_CD: ["42CFRPart2CD"],
  PART2_LEGAL_CD: ["42CFRPart2CD"],
};

/** Treatment, payment and health care operations: 45 CFR 164.501; for these, recipients need no names (42 CFR 2.31(a)(4)). */
const TPO: ReadonlySet<Purpose> = new Set<Purpose>([
  "TREAT",
  "COC",
  "ETREAT",
  "BTG",
  "HPAYMT",
  "HOPERAT",
]);

/** HL7 v3 ActReason: which purpose is a part of which other one. */
const PART_OF: Partial<Record<Purpose, Purpose>> = {
  COC: "TREAT",
  ETREAT: "TREAT",
  BTG: "ETREAT",
  HLEGAL: "HOPERAT",
  ELIGDTRM: "HPAYMT",
  THREAT: "PUBHLTH",
};

/** Those that whoever lets operations, payment or public health be served has not thought of: they are permitted by name. */
const BY_NAME: ReadonlySet<Purpose> = new Set<Purpose>(["HLEGAL", "ELIGDTRM", "THREAT"]);

const isCovered = (
  said: readonly Purpose[],
  purpose: Purpose,
  by: Provision["decision"],
): boolean => {
  if (said.includes(purpose)) return true;
  const whole = PART_OF[purpose];
  if (!whole || (by === "PERMIT" && BY_NAME.has(purpose))) return false;
  return isCovered(said, whole, by);
};

/** What the rules want to know of a consent. */
export interface Asked {
  recipient: string;
  source: string;
  purpose: Purpose;
  category: Category;
  at: Date;
}

const matches = (it: Provision, asked: Asked): boolean =>
  (it.sources === null || it.sources.includes(asked.source)) &&
  (it.recipients === null || it.recipients.includes(asked.recipient)) &&
  (it.purposes === null || isCovered(it.purposes, asked.purpose, it.decision)) &&
  (it.categories === null || it.categories.includes(asked.category)) &&
  (it.from === null || it.from <= asked.at) &&
  (it.until === null || asked.at < it.until);

/** What has been named on the way to a provision. */
interface Named {
  recipients: boolean;
  purposes: boolean;
  until: boolean;
}

/**
 * What a provision says to a question: null when it is not about it. An exception goes before what it is an exception to,
 * and of several exceptions one that denies goes before all that permit; so a denial that is added opens nothing.
 */
const says = (it: Provision, asked: Asked, before: Named): { permits: Named | null } | null => {
  if (!matches(it, asked)) return null;
  const named = {
    recipients: before.recipients || it.recipients !== null,
    purposes: before.purposes || it.purposes !== null,
    until: before.until || it.until !== null,
  };
  const exceptions = it.exceptions.flatMap((exception) => says(exception, asked, named) ?? []);
  if (exceptions.length === 0) return { permits: it.decision === "PERMIT" ? named : null };
  const permits = exceptions.map((exception) => exception.permits);
  if (permits.some((permitted) => permitted === null)) return { permits: null };
  const names = (what: keyof Named): boolean => permits.some((permitted) => permitted?.[what]);
  return {
    permits: {
      recipients: names("recipients"),
      purposes: names("purposes"),
      until: names("until"),
    },
  };
};

/** Does it end, as the law wants of its kind? */
const ends = (end: Kind["end"], hasLastDay: boolean, endsWhen: string | null): boolean =>
  end === null || hasLastDay || (end === "DATE_OR_EVENT" && endsWhen !== null);

const isEnough = (
  directive: Directive,
  named: Named,
  purpose: Purpose,
  endsWhen: string | null,
): boolean => {
  const { recipients, purposes, end: wanted } = KINDS[directive];
  if (directive === "42CFRPart2CD" && !named.recipients && !TPO.has(purpose)) return false;
  return (
    (named.recipients || !recipients) &&
    (named.purposes || !purposes) &&
    ends(wanted, named.until, endsWhen)
  );
};

/** Is it in force at this instant? What was revoked is not, from the instant of its revocation on. */
export const isInForce = ({ status, revokedAt, endedAt }: Consent, at: Date): boolean =>
  status !== "DRAFT" &&
  (revokedAt === null || at < revokedAt) &&
  (endedAt === null || at < endedAt) &&
  (status === "ACTIVE" || revokedAt !== null || endedAt !== null);

/** May it open anything at all to such a question, whatever it is about? */
const mayOpen = (consent: Consent, { source, at }: Omit<Asked, "category">): boolean =>
  isInForce(consent, at) &&
  mayStandTogether(consent.directives) &&
  (consent.sources === null || consent.sources.includes(source));

const NOTHING_NAMED: Named = { recipients: false, purposes: false, until: false };

/** Does the consent permit it, with enough named for such a directive? */
const permits = (consent: Consent, directive: Directive, asked: Asked): boolean => {
  const named = says(consent.provision, asked, NOTHING_NAMED)?.permits;
  return !!named && isEnough(directive, named, asked.purpose, consent.endsWhen);
};

const namesCategories = (it: Provision): boolean =>
  it.categories !== null || it.exceptions.some(namesCategories);

/** What a consent opens to a question, by the directives that it puts in force; none of which it opens nothing. */
export const opened = (
  consent: Consent,
  asked: Omit<Asked, "category">,
): Map<Directive, readonly Category[]> => {
  const found = new Map<Directive, readonly Category[]>();
  if (!mayOpen(consent, asked)) return found;
  // Facts are read for each request: rules that name no category are asked once for all of them.
  const varies = namesCategories(consent.provision);
  for (const directive of consent.directives) {
    const { reach } = KINDS[directive];
    const asking = varies ? reach : reach.slice(0, 1);
    const open = asking.filter((category) => permits(consent, directive, { ...asked, category }));
    if (open.length === 0) continue;
    const all = varies ? open : reach;
    for (const code of [directive, ...(IMPLIED[directive] ?? [])])
      found.set(code, [...new Set([...(found.get(code) ?? []), ...all])]);
  }
  return found;
};

/** The directives that a consent puts in force for one kind of information, each once. */
export const directives = (consent: Consent, { category, ...asked }: Asked): Directive[] =>
  [...opened(consent, asked)].flatMap(([code, categories]) =>
    categories.includes(category) ? [code] : [],
  );

const within = (it: Provision, pick: (provision: Provision) => readonly string[]): string[] => [
  ...pick(it),
  ...it.exceptions.flatMap((exception) => within(exception, pick)),
];

/** The agencies that it is a record of: the one that recorded it, and those that it lets give or be given. */
export const partiesOf = ({
  recordedBy,
  sources,
  provision,
}: Pick<Consent, "recordedBy" | "sources" | "provision">): string[] => [
  ...new Set([
    recordedBy.id,
    ...(sources ?? []),
    ...within(provision, (it) =>
      it.decision === "PERMIT" ? [...(it.sources ?? []), ...(it.recipients ?? [])] : [],
    ),
  ]),
];

const permitting = (it: Provision): Provision[] => [
  ...(it.decision === "PERMIT" ? [it] : []),
  ...it.exceptions.flatMap(permitting),
];

const earlier = (one: Date | null, other: Date | null): Date | null => {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
};

const endsWithin = (it: Provision, bound: Date | null): (Date | null)[] => {
  const until = earlier(it.until, bound);
  return [
    ...(it.decision === "PERMIT" ? [until] : []),
    ...it.exceptions.flatMap((exception) => endsWithin(exception, until)),
  ];
};

/** When the last of what it permits is over; null when some of that has no end, or it permits nothing. */
export const lastDay = (it: Provision): Date | null => {
  const all = endsWithin(it, null);
  const known = all.flatMap((end) => (end ? [end.getTime()] : []));
  return known.length === 0 || known.length < all.length ? null : new Date(Math.max(...known));
};

const lacking = (named: readonly Provision[], of: "recipients" | "purposes"): boolean =>
  !named.some((it) => it[of] !== null);

/** Does it say of none of its rules whose information they are about? */
export const isForAnySource = ({ sources, provision }: Consent): boolean =>
  sources === null && within(provision, (it) => it.sources ?? []).length === 0;

/** What a consent lacks of what the law wants of its kind, so far as that shows without a question. */
export const doubtsOf = (
  consent: Pick<Consent, "directives" | "provision" | "endsWhen">,
): ConsentDoubt[] => {
  const { directives: kinds, provision, endsWhen } = consent;
  const wants = (what: "recipients" | "purposes"): boolean =>
    kinds.some((directive) => KINDS[directive][what]);
  const isEndless = kinds.some(
    (directive) => !ends(KINDS[directive].end, lastDay(provision) !== null, endsWhen),
  );
  const conditions = [provision, ...permitting(provision)];
  return [
    ...(kinds.length === 0 ? (["NO_DIRECTIVE"] as const) : []),
    ...(mayStandTogether(kinds) ? [] : (["COMBINED"] as const)),
    ...(permitting(provision).length === 0 ? (["NO_PERMIT"] as const) : []),
    ...(wants("recipients") && lacking(conditions, "recipients")
      ? (["NO_RECIPIENT"] as const)
      : []),
    ...(wants("purposes") && lacking(conditions, "purposes") ? (["NO_PURPOSE"] as const) : []),
    ...(isEndless ? (["NO_END"] as const) : []),
  ];
};

/** What an exception takes out again. */
export interface Exception {
  recipientIds?: string[] | null;
  purposes?: Purpose[] | null;
  categories?: Category[] | null;
}

/** What is said when a consent is recorded. */
export interface Recording {
  personId: string;
  directive: string;
  grantor: { role: GrantorRole; name?: string | null };
  sourceIds?: string[] | null;
  recipientIds?: string[] | null;
  purposes?: Purpose[] | null;
  categories?: Category[] | null;
  exceptions?: Exception[] | null;
  from?: Date | null;
  until?: Date | null;
  endsWhen?: string | null;
  form: string;
}

const listed = <T>(list: readonly T[] | null | undefined): T[] | null =>
  list ? [...new Set(list)] : null;

const excepted = (said: Exception): Omit<Provision, "decision"> => {
  const { recipientIds, purposes, categories } = said;
  const lists = [recipientIds, purposes, categories].flatMap((list) => (list ? [list] : []));
  need(
    lists.length > 0 && lists.every((list) => list.length > 0),
    "exceptions",
    "must each say what they take out",
  );
  return {
    ...unconditional,
    recipients: listed(recipientIds),
    purposes: listed(purposes),
    categories: listed(categories),
  };
};

const unconditional = { sources: null, from: null, until: null, exceptions: [] };

/**
 * Records what a person has consented to, as its witness.
 *
 * @throws {Problem} FORBIDDEN to roles that do not work with people; BAD_INPUT when it lacks what the law wants of its
 *   kind, reaches for what that kind does not reach, ends before it begins, or comes without its form.
 */
export const recorded = (id: string, said: Recording, act: Act): Consent => {
  if (!worksWithPeople(act.by))
    throw new Problem("FORBIDDEN", "a consent is recorded by those who work with the person");
  const directive = DIRECTIVES.find((it) => it === said.directive) as Directive;
  need(directive !== undefined, "directive", "is none that is known");
  const kind = KINDS[directive];
  const [recipients, purposes, categories] = [
    listed(said.recipientIds),
    listed(said.purposes),
    listed(said.categories),
  ];
  const isTpo = purposes?.every((purpose) => TPO.has(purpose)) ?? false;
  const mustName = kind.recipients || (directive === "42CFRPart2CD" && !isTpo);
  need(recipients === null || recipients.length > 0, "recipientIds", "must name at least one");
  need(!mustName || recipients !== null, "recipientIds", "must name who may be given it");
  need(purposes === null || purposes.length > 0, "purposes", "must name at least one");
  need(!kind.purposes || purposes !== null, "purposes", "must say what for");
  need(categories === null || categories.length > 0, "categories", "must name at least one");
  need(
    categories?.every((category) => kind.reach.includes(category)) ?? true,
    "categories",
    "names one that needs a consent of its own kind",
  );
  const from = said.from ?? act.at;
  const endsWhen = said.endsWhen?.trim() || null;
  need(!said.until || said.until > from, "until", "must be after `from`");
  need(ends(kind.end, !!said.until, endsWhen), "until", "must say when it ends");
  const { role, name } = said.grantor;
  need(role === "PERSON" || !!name?.trim(), "grantor", "must name who gave it for the person");
  need(said.form.trim() !== "", "form", "must not be blank");
  return {
    id,
    version: 1,
    person: { id: said.personId },
    status: "ACTIVE",
    directives: [directive],
    scope: "patient-privacy",
    policy: directive,
    grantor: { role, name: role === "PERSON" ? null : (name?.trim() ?? null) },
    recordedBy: { id: act.by.agency },
    sources: listed(said.sourceIds),
    provision: {
      ...unconditional,
      decision: "PERMIT",
      recipients,
      purposes,
      categories,
      from,
      until: said.until ?? null,
      exceptions: (said.exceptions ?? []).map((it) => ({ ...excepted(it), decision: "DENY" })),
    },
    givenAt: from,
    endsWhen,
    revokedAt: null,
    endedAt: null,
    form: said.form.trim(),
    doubts: [],
  };
};

/** May this requester end a consent that their agency recorded? */
const ending = (consent: Consent, act: Act): void => {
  if (!worksWithPeople(act.by) && act.by.role !== "PRIVACY_OFFICER")
    throw new Problem(
      "FORBIDDEN",
      "a consent is revoked or ended by those who work with the person, or by a privacy officer",
    );
  if (consent.recordedBy.id !== act.by.agency)
    throw new Problem("MOVE_NOT_ALLOWED", "only the agency that recorded a consent may end it", {
      state: consent.status,
    });
  if (consent.status === "REVOKED" || consent.status === "ENDED")
    throw new Problem("MOVE_NOT_ALLOWED", `not open once the consent is ${consent.status}`, {
      state: consent.status,
    });
};

/**
 * The person takes it back; from this instant on it opens nothing (45 CFR 164.508(b)(5), 42 CFR 2.31(a)(6)).
 *
 * @throws {Problem} FORBIDDEN to roles that neither work with people nor guard privacy; MOVE_NOT_ALLOWED to an agency that
 *   did not record it, and once it is revoked or has ended.
 */
export const revoke = (consent: Consent, act: Act): Consent => {
  ending(consent, act);
  return { ...consent, version: consent.version + 1, status: "REVOKED", revokedAt: act.at };
};

/**
 * What it was given for has come to its end.
 *
 * @throws {Problem} as `revoke` does.
 */
export const end = (consent: Consent, act: Act): Consent => {
  ending(consent, act);
  return { ...consent, version: consent.version + 1, status: "ENDED", endedAt: act.at };
};

/** What is read of a consent that another system keeps. */
export type Received = Omit<Consent, "id" | "version" | "revokedAt" | "endedAt">;

/** What is now known of a consent, by what its source sends; one that was revoked or has ended stays so. */
export const receive = (
  before: Consent | null,
  id: string,
  received: Received,
  at: Date,
): Consent => {
  const over = before && (before.status === "REVOKED" || before.status === "ENDED");
  const ended = received.status === "ENDED" ? at : null;
  return {
    ...received,
    id,
    version: 0,
    status: over ? before.status : received.status,
    revokedAt: before?.revokedAt ?? null,
    endedAt: before?.endedAt ?? ended,
  };
};
