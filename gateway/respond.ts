/** Step 6: errors from the closed list, and nothing that a subgraph or a library says besides. */
import type { GraphQLFormattedError } from "graphql";
import { isProblemCode } from "#schema/problems.ts";
import type { ProblemCode } from "#schema/problems.ts";
import type { Log } from "#platform/log.ts";

/** Apollo Server's own codes, in our words. */
const APOLLO: Record<string, ProblemCode> = {
  BAD_REQUEST: "BAD_REQUEST",
  BAD_USER_INPUT: "BAD_INPUT",
  GRAPHQL_PARSE_FAILED: "OPERATION_INVALID",
  GRAPHQL_VALIDATION_FAILED: "OPERATION_INVALID",
  OPERATION_RESOLUTION_FAILURE: "OPERATION_INVALID",
  PERSISTED_QUERY_NOT_FOUND: "BAD_REQUEST",
  PERSISTED_QUERY_NOT_SUPPORTED: "BAD_REQUEST",
};

/** What may stand in `extensions` beside a code. */
const DETAILS = [
  "currentVersion",
  "field",
  "limit",
  "movesOpen",
  "requestId",
  "retryAfterSeconds",
  "state",
] as const;

const codeOf = ({ message, extensions = {} }: GraphQLFormattedError): ProblemCode => {
  if (extensions.limit !== undefined || message.endsWith(" tokens. Parsing aborted."))
    return "OPERATION_TOO_LARGE";
  const code = String(extensions.code);
  return APOLLO[code] ?? (isProblemCode(code) ? code : "FAULT");
};

/** An error as a client may see it. */
export const shownError =
  (log: Log) =>
  (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const code = codeOf(formatted);
    const { extensions = {}, path, locations } = formatted;
    const details = Object.fromEntries(
      DETAILS.filter((key) => key in extensions).map((key) => [key, extensions[key]]),
    );
    if (code === "FAULT" && extensions.code !== "FAULT") log.error({ err: error }, "fault");
    return {
      message: code === "FAULT" ? "our mistake" : formatted.message,
      ...(locations && code.startsWith("OPERATION") && { locations }),
      ...(path && { path }),
      extensions: { code, ...details },
    };
  };
