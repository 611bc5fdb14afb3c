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
  /** What is wrong with it as an entry of its bundle; null when nothing is. */
  problem: Problem | null;
}

/** What one request or one file holds. */
export interface Submission {
  /** All or nothing. */
  atomic: boolean;
  /** The bundle's; null for a resource sent alone. */
  type: keyof typeof ANSWERED_BY | null;
  /** When the bundle was put together, as it says. */
  timestamp: string | undefined;
  /** The type of bundle that answers it; null for a resource sent alone. */
  answeredBy: "transaction-response" | "batch-response" | null;
  sent: Sent[];
  /** From a fullUrl to `Type/id`, for references between entries. */
  entryByUrl: ReadonlyMap<string, string>;
}

const URN_UUID = /^urn:uuid:(.+)$/i;
const ID = /^[A-Za-z0-9\-.]{1,64}$/;

/** No R4 resource comes near it, and what walks through one need not fear for its stack. */
const DEEPEST = 100;

/** How deep a JSON value is nested, found without recursion. */
const depth = (value: unknown): number => {
  let deepest = 0;
  const open: [unknown, number][] = [[value, 0]];
  for (let next = open.pop(); next && deepest <= DEEPEST; next = open.pop()) {
    const [part, at] = next;
    deepest = Math.max(deepest, at);
    if (part !== null && typeof part === "object")
      for (const inner of Object.values(part)) open.push([inner, at + 1]);
  }
  return deepest;
};

const contentHash = (resource: unknown): string =>
  createHash("sha256").update(JSON.stringify(resource)).digest("hex").slice(0, 32);

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
  document: "batch-response",
} as const;

const takenIn = (type: unknown): type is keyof typeof ANSWERED_BY =>
  typeof type === "string" && Object.hasOwn(ANSWERED_BY, type);

const idOf = (fullUrl: unknown, resource: FhirResource): string =>
  resource.id ??
  (typeof fullUrl === "string" ? URN_UUID.exec(fullUrl)?.[1]?.toLowerCase() : undefined) ??
  contentHash(resource);

const isId = (id: unknown): boolean => typeof id === "string" && ID.test(id);

/** An entry, and what is wrong with it as an entry. Nothing is taken for granted: this is before validation. */
const entered = (entry: BundleEntry | null, index: number): Sent => {
  const element = `Bundle.entry[${index}]`;
  const { fullUrl, request, resource } = entry ?? {};
  const wrong = (
    code: "BUNDLE_NOT_ACCEPTED" | "INVALID_RESOURCE",
    why: string,
    at: string,
  ): Sent => ({
    // What was sent in its place is kept as it is.
    resource: (resource ?? entry) as FhirResource,
    id: contentHash(entry),
    entry: index,
    problem: new Problem(code, why, { element: `${element}.${at}` }),
  });
  const method = request?.method ?? "PUT";
  if (method !== "POST" && method !== "PUT")
    return wrong("BUNDLE_NOT_ACCEPTED", "an entry is taken in by POST or PUT", "request.method");
  if (!isResource(resource) || resource.resourceType === "Bundle")
    return wrong("BUNDLE_NOT_ACCEPTED", "an entry must hold a resource, and no bundle", "resource");
  const id = idOf(fullUrl, resource);
  if (!isId(id)) return wrong("INVALID_RESOURCE", "an id breaks its R4 definition", "resource.id");
  return { resource, id, entry: index, problem: null };
};

const unpack = (bundle: Bundle): Submission => {
  const entries = bundle.entry ?? [];
  if (!takenIn(bundle.type) || !Array.isArray(entries))
    throw new Problem(
      "BUNDLE_NOT_ACCEPTED",
      "a bundle is taken in as transaction, batch, collection, message or document, with entries",
      { element: takenIn(bundle.type) ? "Bundle.entry" : "Bundle.type" },
    );
  const sent = entries.map(entered);
  if (bundle.type === "document" && sent[0]?.resource?.resourceType !== "Composition")
    throw new Problem("BUNDLE_NOT_ACCEPTED", "a document begins with its `Composition`", {
      element: "Bundle.entry[0].resource",
    });
  return {
    atomic: bundle.type === "transaction",
    type: bundle.type,
    timestamp: typeof bundle.timestamp === "string" ? bundle.timestamp : undefined,
    answeredBy: ANSWERED_BY[bundle.type],
    sent,
    entryByUrl: new Map(
      sent.flatMap(({ resource, id, problem }, index) => {
        const url = entries[index]?.fullUrl;
        return url && !problem ? [[url, `${resource.resourceType}/${id}`]] : [];
      }),
    ),
  };
};

/**
 * Reads a bundle, or one resource.
 *
 * @throws {Problem} MALFORMED_JSON, UNKNOWN_RESOURCE_TYPE when it is no resource at all, BUNDLE_NOT_ACCEPTED, or
 *   INVALID_RESOURCE for the id of a resource sent alone: the whole of it is then refused.
 */
export const read = (bytes: Buffer): Submission => {
  let value: unknown;
  try {
    // Some senders put a byte order mark before the JSON.
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Problem("MALFORMED_JSON", "the bytes are not JSON in UTF-8", {}, { cause });
  }
  if (depth(value) > DEEPEST)
    throw new Problem("MALFORMED_JSON", `the JSON is nested deeper than ${DEEPEST}`);
  if (!isResource(value))
    throw new Problem("UNKNOWN_RESOURCE_TYPE", "there is no `resourceType`", {
      element: "resourceType",
    });
  if (value.resourceType === "Bundle") return unpack(value);
  const id = idOf(undefined, value);
  if (!isId(id))
    throw new Problem("INVALID_RESOURCE", "an id breaks its R4 definition", { element: "id" });
  return {
    atomic: false,
    type: null,
    timestamp: undefined,
    answeredBy: null,
    sent: [{ resource: value, id, entry: null, problem: null }],
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
