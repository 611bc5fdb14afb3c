/** What the house tells the ledger, held to its contract: nothing that cannot be written gets as far as being written. */
import { validate as isUuid } from "uuid";
import { need } from "#schema/problems.ts";
import type { Disclosure, DisclosuresTold } from "#sharing/disclosure.ts";
import { isAgencyKind, isBasis, isPurpose, isRole } from "#sharing/requester.ts";
import { CATEGORIES } from "#sharing/vocabulary.ts";

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

// A text that holds half a character has no bytes, and one with a NUL has no place in PostgreSQL.
const isText = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.isWellFormed() && !value.includes("\0");

const isListOf = (value: unknown, holds: (item: unknown) => boolean): value is unknown[] =>
  Array.isArray(value) && value.every(holds);

const isVersioned = (value: unknown): boolean =>
  isObject(value) && isText(value.id) && Number.isInteger(value.version);

const isPerson = (value: unknown): boolean =>
  isObject(value) &&
  isUuid(value.id) &&
  isListOf(value.consents, isVersioned) &&
  isListOf(value.attestations, isText);

const isCategory = (value: unknown): boolean => (CATEGORIES as readonly unknown[]).includes(value);

/** An instant as JavaScript writes it: RFC 3339, UTC, of years that PostgreSQL has too. */
const isInstant = (value: unknown): boolean =>
  typeof value === "string" &&
  /^\d{4}-/.test(value) &&
  !Number.isNaN(Date.parse(value)) &&
  new Date(value).toISOString() === value;

/** What must hold of each field, and what is said when it does not. */
type Demands = Record<string, [holds: (value: unknown) => boolean, why: string]>;

const AN_ID = "must be an id";
const TEXTS: Demands[string] = [(it) => isListOf(it, isText), "must be a list of texts"];

const OF_A_DISCLOSURE: Demands = {
  source: [isUuid, AN_ID],
  persons: [
    (it) => isListOf(it, isPerson) && it.length > 0,
    "must be ids with consents and attestations, one or more",
  ],
  categories: [
    (it) => isListOf(it, isCategory) && it.length > 0,
    "must be known categories, one or more",
  ],
  rules: TEXTS,
  obligations: TEXTS,
  agreement: [(it) => it === null || isVersioned(it), "must be an id and a version"],
};

const OF_A_RECIPIENT: Demands = {
  agency: [isUuid, AN_ID],
  kind: [(it) => it === null || isAgencyKind(it), "must be a kind that is known"],
  role: [isRole, "must be a role that is known"],
  subject: [isText, "must be a text"],
};

const OF_A_REQUEST: Demands = {
  requestId: [isText, "must be a text"],
  at: [isInstant, "must be an instant in UTC"],
  recipient: [isObject, "must be told"],
  purpose: [isPurpose, "must be a purpose that is known"],
  basis: [(it) => it === null || isBasis(it), "must be a basis that is known"],
  policy: [
    (it) => typeof it === "string" && /^[0-9a-f]{64}$/.test(it),
    "must be a SHA-256, in hexadecimal",
  ],
  disclosures: [(it) => isListOf(it, isObject), "must be a list"],
};

const held = (value: Fields, to: Demands): void => {
  for (const [field, [holds, why]] of Object.entries(to)) need(holds(value[field]), field, why);
};

/**
 * Reads what was told.
 *
 * @throws {Problem} BAD_INPUT, naming the first field that is not as `sharing/disclosure.ts` says.
 */
export const readTold = (question: unknown): DisclosuresTold => {
  const told = question as Fields;
  held(told, OF_A_REQUEST);
  held(told.recipient as Fields, OF_A_RECIPIENT);
  for (const disclosure of told.disclosures as Fields[]) held(disclosure, OF_A_DISCLOSURE);
  return told as unknown as DisclosuresTold & { disclosures: Disclosure[] };
};
