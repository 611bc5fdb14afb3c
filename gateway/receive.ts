/** Step 2: from HTTP to what is asked, and in which media type it is to be answered. */
import { Problem } from "#schema/problems.ts";
import type { Call } from "#platform/serve.ts";

/** A request, as GraphQL over HTTP has it. */
export interface Asked {
  /** The document itself, or the id of one that is trusted. */
  document: { text: string } | { id: string };
  operationName: string | undefined;
  variables: Readonly<Record<string, unknown>>;
  /** By GET: nothing may be changed. */
  isSafe: boolean;
}

/** The media types of an answer. In the older one, what a document is refused for comes with status 200. */
const MEDIA_TYPES = ["application/graphql-response+json", "application/json"] as const;

/**
 * What a client takes. One that takes either gets an answer in the older, which every client knows, and a refusal in the
 * newer, for its status.
 */
export type MediaType = (typeof MEDIA_TYPES)[number] | "*/*";

const BODY_LIMIT = 100_000;

/**
 * The media type that a client takes, its own wish first.
 *
 * @throws {Problem} NOT_ACCEPTABLE
 * @see https://graphql.github.io/graphql-over-http/draft/#sec-Accept
 */
export const mediaTypeFor = (accept: string | undefined): MediaType => {
  const listed = (accept || "*/*")
    .toLowerCase()
    .split(",")
    .map((part) => {
      const [type = "", ...parameters] = part.split(";").map((it) => it.trim());
      const quality = parameters.find((it) => it.startsWith("q="))?.slice(2);
      return { type, quality: quality === undefined ? 1 : Number(quality) };
    });
  const wished = listed
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality);
  for (const { type } of wished) {
    const named = MEDIA_TYPES.find((it) => it === type);
    if (named) return named;
    if (type !== "*/*" && type !== "application/*") continue;
    const [one, other] = MEDIA_TYPES.filter(
      (it) => !listed.some(({ type: not, quality }) => not === it && quality === 0),
    );
    if (one) return other ? "*/*" : one;
  }
  throw new Problem(
    "NOT_ACCEPTABLE",
    "`/graphql` answers in application/graphql-response+json or application/json",
  );
};

const bad = (message: string, cause?: unknown): never => {
  throw new Problem("BAD_REQUEST", message, {}, { cause });
};

const json = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return bad(`${what} is not JSON`, cause);
  }
};

/** Is it the content type of JSON in UTF-8? */
const isJson = (contentType: string): boolean => {
  const [type, ...parameters] = contentType
    .toLowerCase()
    .split(";")
    .map((it) => it.trim());
  const charset = parameters.find((it) => it.startsWith("charset="))?.slice(8) ?? "utf-8";
  return type === "application/json" && /^"?utf-?8"?$/.test(charset);
};

const posted = async (call: Call): Promise<unknown> => {
  if (!isJson(call.headers["content-type"] ?? ""))
    throw new Problem("UNSUPPORTED_MEDIA_TYPE", "`/graphql` takes application/json in UTF-8");
  // Unpacked, a small body may be any size.
  if ((call.headers["content-encoding"] ?? "identity") !== "identity")
    throw new Problem("UNSUPPORTED_MEDIA_TYPE", "`/graphql` takes a body as it is, not compressed");
  return json((await call.body(BODY_LIMIT)).toString("utf8"), "the body");
};

/** A content type that a form, or a page of another site, can send without being asked first. */
const SIMPLE = /^(application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\b/i;

/**
 * No other site's page could have sent it: a browser asks us first (and is never answered) before it sends any of these
 * headers across sites. A token is one of them, and it is never in a cookie.
 */
const isFromHere = ({ headers }: Call): boolean => {
  const type = headers["content-type"];
  return (
    headers.authorization !== undefined ||
    headers["apollo-require-preflight"] !== undefined ||
    headers["x-apollo-operation-name"] !== undefined ||
    (type !== undefined && type !== "" && !SIMPLE.test(type))
  );
};

const gotten = (call: Call): unknown => {
  if (!isFromHere(call))
    return bad("a request by GET must show that no other site sent it: `apollo-require-preflight`");
  // A browser of 2025 sends other types across sites without asking: GHSA-9q82-xgwf-vj6h.
  if (!isJson(call.headers["content-type"] ?? "application/json"))
    throw new Problem("UNSUPPORTED_MEDIA_TYPE", "a request by GET has no body but JSON");
  const parameters = new URLSearchParams(call.search);
  const text = (name: string) => {
    const [value, another] = parameters.getAll(name);
    return another === undefined ? value || undefined : bad(`\`${name}\` stands there twice`);
  };
  const object = (name: string) => {
    const value = text(name);
    return value === undefined ? undefined : json(value, `\`${name}\``);
  };
  return {
    query: text("query"),
    documentId: text("documentId"),
    operationName: text("operationName"),
    variables: object("variables"),
    extensions: object("extensions"),
  };
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads a request: `query` or `documentId`, `operationName`, `variables`.
 *
 * @throws {Problem} METHOD_NOT_ALLOWED, UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE, or BAD_REQUEST when it is none.
 * @see https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters
 */
export const receive = async (call: Call): Promise<Asked> => {
  const { method } = call;
  if (method !== "GET" && method !== "POST")
    throw new Problem("METHOD_NOT_ALLOWED", "`/graphql` takes GET and POST", {
      allow: "GET, POST",
    });
  const body = method === "POST" ? await posted(call) : gotten(call);
  if (!isObject(body)) return bad("a request is one object");
  const { query, documentId, operationName, variables, extensions } = body;
  for (const [name, value] of Object.entries({ documentId, operationName }))
    if (value !== undefined && value !== null && typeof value !== "string")
      return bad(`\`${name}\` must be a text`);
  for (const [name, value] of Object.entries({ variables, extensions }))
    if (value !== undefined && value !== null && !isObject(value))
      return bad(`\`${name}\` must be an object`);
  if (isObject(extensions) && extensions.persistedQuery)
    return bad("a stored document is asked for by `documentId`, not by `persistedQuery`");
  const asked = {
    operationName: typeof operationName === "string" ? operationName : undefined,
    variables: isObject(variables) ? variables : {},
    isSafe: method === "GET",
  };
  if (typeof documentId === "string" && documentId !== "") {
    if (query !== undefined && query !== null)
      return bad("a request has a `query` or a `documentId`, not both");
    return { document: { id: documentId }, ...asked };
  }
  if (typeof query !== "string" || query === "")
    return bad("a request needs a `query`, as text, or a `documentId`");
  return { document: { text: query }, ...asked };
};
