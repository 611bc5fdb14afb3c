/** What is true between one agency and some persons and sources at an instant: what is kept here, as the rules want it. */
import { need } from "#schema/problems.ts";
import type { AgreementTold, DirectiveInForce, FactsAsked } from "#sharing/facts.ts";
import { isPurpose } from "#sharing/requester.ts";
import type { Purpose } from "#sharing/vocabulary.ts";
import { validate as isUuid } from "uuid";
import { isForAnySource, opened } from "./consent.ts";
import type { Consent } from "./consent.ts";
import { isActive } from "./sharing-agreement.ts";
import type { SharingAgreement } from "./sharing-agreement.ts";

/** More than any page of any list holds. */
const MOST_IDS = 10_000;

const areIds = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length <= MOST_IDS && value.every((id) => isUuid(id));

const isInstant = (value: unknown): value is string =>
  typeof value === "string" &&
  /^\d{4}-\d{2}-\d{2}T/.test(value) &&
  !Number.isNaN(Date.parse(value)) &&
  new Date(value).toISOString() === value;

/**
 * Reads what is asked.
 *
 * @throws {Problem} BAD_INPUT, naming the first field that is not as `sharing/facts.ts` says.
 */
export const factsAsked = (question: unknown): FactsAsked => {
  const asked = question as Partial<Record<keyof FactsAsked, unknown>>;
  const { recipient, purpose, at, persons, sources } = asked;
  need(isUuid(recipient), "recipient", "must be an id");
  need(isPurpose(purpose), "purpose", "must be a purpose that is known");
  need(isInstant(at), "at", "must be an instant in UTC");
  need(areIds(persons), "persons", "must be ids");
  need(areIds(sources), "sources", "must be ids");
  return asked as FactsAsked;
};

/**
 * The agreement that counts of those between two agencies: one that is active before one that is suspended; one that is for
 * the purpose before another; of these, the one that covers most, and at last the one that was made last.
 *
 * @param agreements Between the two, none of them a draft or ended; the latest first.
 */
export const agreementTold = (
  agreements: readonly SharingAgreement[],
  purpose: Purpose,
  at: Date,
): AgreementTold | null => {
  const rank = (it: SharingAgreement): number[] => [
    isActive(it, at) ? 1 : 0,
    it.purposes.includes(purpose) ? 1 : 0,
    it.categories.length,
  ];
  const [first] = agreements
    .filter((it) => it.from <= at && (it.until === null || at < it.until))
    .map((it) => ({ it, ranks: rank(it) }))
    .sort((a, b) => {
      const at1 = a.ranks.findIndex((value, index) => value !== b.ranks[index]);
      return at1 === -1 ? 0 : (b.ranks[at1] as number) - (a.ranks[at1] as number);
    });
  if (!first) return null;
  const { id, version, purposes, categories } = first.it;
  return { id, version, active: isActive(first.it, at), purposes, categories };
};

/** The directives that a consent puts in force towards a recipient, at each of these sources. */
export const directivesTold = (
  consent: Consent,
  recipient: string,
  purpose: Purpose,
  at: Date,
  sources: readonly string[],
): DirectiveInForce[] => {
  const { id, version } = consent;
  // What is so for any source is told once.
  const isForAny = isForAnySource(consent);
  return sources.slice(0, isForAny ? 1 : sources.length).flatMap((source) =>
    [...opened(consent, { recipient, source, purpose, at })].map(([code, categories]) => ({
      code,
      categories,
      source: isForAny ? null : source,
      consent: { id, version },
    })),
  );
};
