/** From bytes to the resources in them, each with the id it has at its source. */
import { createHash } from "node:crypto";
import { Problem } from "#schema/problems.ts";
import type { Bundle, BundleEntry, FhirResource } from "fhir/r4";

/** One resource as it was sent, before anything is known of it but that it is JSON. */
export interface Sent {
  resource: FhirResource;
  /** The logical id at the source. One that was sent without an id gets it from its fullUrl or its content. */
  id: string;
  /** The place in the bundle; null when it was sent alone. */
  entry: number | null;
}

/** What one request or one file holds. */
export interface Submission {
  /** All or nothing. */
  atomic: boolean;
  /** The type of bundle that answers it; null for a resource sent alone. */
  answeredBy: "transaction-response" | "batch-response" | null;
  sent: Sent[];
  /** From a fullUrl to `Type/id`, for references between entries. */
  entryByUrl: ReadonlyMap<string, string>;
}

const URN_UUID = /^urn:uuid:(.+)$/i;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;

const contentHash = (resource: unknown): string =>
  createHash("sha256").update(JSON.stringify(resource)).digest("hex").slice(0, 32);

const idOf = ({ fullUrl, resource }: BundleEntry): string =>
  resource?.id ?? URN_UUID.exec(fullUrl ?? "")?.[1]?.toLowerCase() ?? contentHash(resource);

const isResource = (value: unknown): value is FhirResource =>
  value !== null &&
  typeof value === "object" &&
  !Array.isArray(value) &&
  typeof (value as { resourceType?: unknown }).resourceType === "string";

const ANSWERED_BY = {
  transaction: "transaction-response",
  batch: "batch-response",
  collection: "batch-response",
  message: "batch-response",
} as const;

const takenIn = (type: string): type is keyof typeof ANSWERED_BY =>
  Object.hasOwn(ANSWERED_BY, type);

const unpack = (bundle: Bundle): Submission => {
  if (!takenIn(bundle.type))
    throw new Problem(
      "BUNDLE_NOT_ACCEPTED",
      "a bundle is taken in as transaction, batch, collection or message",
      {
        element: "Bundle.type",
      },
    );
  const entries = bundle.entry ?? [];
  const sent = entries.map((entry, index): Sent => {
    const element = `Bundle.entry[${index}]`;
    const method = entry.request?.method;
    if (method && method !== "POST" && method !== "PUT")
      throw new Problem("BUNDLE_NOT_ACCEPTED", "an entry is taken in by POST or PUT", {
        element: `${element}.request.method`,
      });
    if (!isResource(entry.resource) || entry.resource.resourceType === "Bundle")
      throw new Problem("BUNDLE_NOT_ACCEPTED", "an entry must hold a resource, and no bundle", {
        element: `${element}.resource`,
      });
    const id = idOf(entry);
    if (!ID.test(id))
      throw new Problem("INVALID_RESOURCE", "an id breaks its R4 definition", {
        element: `${element}.resource.id`,
      });
    return { resource: entry.resource, id, entry: index };
  });
  return {
    atomic: bundle.type === "transaction",
    answeredBy: ANSWERED_BY[bundle.type],
    sent,
    entryByUrl: new Map(
      entries.flatMap(({ fullUrl }, index) => {
        const it = sent[index] as Sent;
        return fullUrl ? [[fullUrl, `${it.resource.resourceType}/${it.id}`]] : [];
      }),
    ),
  };
};

/**
 * Reads a bundle, or one resource.
 *
 * @throws {Problem} MALFORMED_JSON, UNKNOWN_RESOURCE_TYPE when it is no resource at all, BUNDLE_NOT_ACCEPTED or
 *   INVALID_RESOURCE: the whole of it is then refused.
 */
export const read = (bytes: Buffer): Submission => {
  let value: unknown;
  try {
    // Some senders put a byte order mark before the JSON.
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Problem("MALFORMED_JSON", "the bytes are not JSON in UTF-8", {}, { cause });
  }
  if (!isResource(value))
    throw new Problem("UNKNOWN_RESOURCE_TYPE", "there is no `resourceType`", {
      element: "resourceType",
    });
  if (value.resourceType === "Bundle") return unpack(value);
  const id = value.id ?? contentHash(value);
  if (!ID.test(id))
    throw new Problem("INVALID_RESOURCE", "an id breaks its R4 definition", { element: "id" });
  return {
    atomic: false,
    answeredBy: null,
    sent: [{ resource: value, id, entry: null }],
    entryByUrl: new Map(),
  };
};

/**
 * A literal reference as `Type/id` at its source; null when it is contained, logical or absent.
 *
 * @param reference As sent: `Patient/1`, `https://server/fhir/Patient/1/_history/2`, `urn:uuid:...`.
 */
export const target = (
  reference: string | undefined,
  { entryByUrl }: Pick<Submission, "entryByUrl">,
): string | null => {
  if (!reference || reference.startsWith("#")) return null;
  const inBundle = entryByUrl.get(reference);
  if (inBundle) return inBundle;
  const [, type, id] =
    /(?:^|\/)([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[^/]+)?$/.exec(reference) ?? [];
  return type && id ? `${type}/${id}` : null;
};
