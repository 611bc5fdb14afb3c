/** Step 2: GraphQL over HTTP, as far as it concerns the body: its method, its type, its size, its JSON. */
import { HeaderMap } from "@apollo/server";
import type { HTTPGraphQLRequest } from "@apollo/server";
import { Problem } from "#schema/problems.ts";
import type { Call } from "#platform/serve.ts";

const BODY_LIMIT = 100_000;

const read = async (call: Call): Promise<unknown> => {
  if (!/^application\/json\b/i.test(call.headers["content-type"] ?? ""))
    throw new Problem("UNSUPPORTED_MEDIA_TYPE", "`/graphql` takes application/json");
  const bytes = await call.body(BODY_LIMIT);
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new Problem("BAD_REQUEST", "the body is not JSON", {}, { cause });
  }
};

/**
 * Reads the request.
 *
 * @throws {Problem} METHOD_NOT_ALLOWED, UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE, or BAD_REQUEST when the body is no JSON
 *   or names a document by its hash alone.
 * @see https://graphql.github.io/graphql-over-http/draft/
 */
export const receive = async (call: Call): Promise<HTTPGraphQLRequest> => {
  const { method, search } = call;
  if (method !== "GET" && method !== "POST")
    throw new Problem("METHOD_NOT_ALLOWED", "`/graphql` takes GET and POST", {
      allow: "GET, POST",
    });
  const body = method === "POST" ? await read(call) : undefined;
  if ((body as { extensions?: { persistedQuery?: unknown } } | null)?.extensions?.persistedQuery)
    throw new Problem("BAD_REQUEST", "an operation must bring its document along");
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(call.headers))
    if (typeof value === "string") headers.set(name, value);
  return { method, headers, search, body };
};
