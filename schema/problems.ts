/**
 * Every error code a client can meet, what it means, and the HTTP status it has when it is the whole answer.
 * A published code keeps its meaning for ever. `docs/problems.md` is generated from this table.
 */
export const PROBLEMS = {
  UNAUTHENTICATED: {
    status: 401,
    means: "no valid token, or its agency is not known here",
    issue: "login",
  },
  FORBIDDEN: { status: 403, means: "the requester's role may not do this", issue: "forbidden" },
  NOT_FOUND: {
    status: 404,
    means: "no such thing, or none that the requester may know of",
    issue: "not-found",
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    means: "the path does not answer this HTTP method",
    issue: "not-supported",
  },
  BODY_TOO_LARGE: {
    status: 413,
    means: "the request's body is over the limit; nothing of it was kept",
  },
  NOT_ACCEPTABLE: { status: 406, means: "no media type that the client takes is answered here" },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, means: "the body's content type is not accepted here" },
  BAD_REQUEST: { status: 400, means: "the request is not GraphQL over HTTP" },
  OPERATION_INVALID: {
    status: 400,
    means: "the document does not parse or does not fit the schema",
  },
  OPERATION_TOO_LARGE: {
    status: 400,
    means:
      "the operation is over a limit on tokens, depth, aliases, fields, cost, values or planning",
  },
  DOCUMENT_NOT_TRUSTED: {
    status: 400,
    means: "the document is none of those that are registered here, and only those are answered",
  },
  BAD_INPUT: {
    status: 400,
    means: "an argument's value is not acceptable; the message names it",
    issue: "value",
  },
  MOVE_NOT_ALLOWED: {
    status: 409,
    means: "the record's state, or the requester's part in it, does not allow this move",
  },
  VERSION_CONFLICT: {
    status: 409,
    means: "the record has changed since `expectedVersion`; the current version is attached",
  },
  IDEMPOTENCY_CONFLICT: {
    status: 409,
    means: "the idempotency key was used before with different input",
  },
  INTERFACE_INCOMPLETE: {
    status: 409,
    means:
      "an interface is not published while a setting is missing; `gaps` names each by its path",
  },
  RATE_LIMITED: {
    status: 429,
    means: "the agency's budget of requests is spent; try again when told",
    issue: "throttled",
  },
  SUBGRAPH_UNAVAILABLE: {
    status: 503,
    means: "a part of the graph did not answer in time; its fields are null",
    issue: "transient",
  },
  ANSWER_INVALID: {
    status: 502,
    means:
      "a part of the graph answered with what the schema does not allow; the field, or what it stands in, is null",
  },
  SHUTTING_DOWN: { status: 503, means: "this process is going away; ask again" },
  WITHHELD: {
    status: 403,
    means:
      "the law of sharing does not let this be given; `because` says why, and `routes` what could open it",
    issue: "suppressed",
  },
  DISCLOSURE_NOT_RECORDED: {
    status: 503,
    means: "what would be given could not be written down first, so nothing is given; try again",
    issue: "transient",
  },
  FAULT: {
    status: 500,
    means: "our mistake; the request id finds it in the log",
    issue: "exception",
  },

  MALFORMED_JSON: { status: 400, means: "FHIR intake: the bytes are not JSON", issue: "structure" },
  UNKNOWN_RESOURCE_TYPE: {
    status: 422,
    means: "FHIR intake: no such resource type in R4",
    issue: "not-supported",
  },
  NOT_R4: {
    status: 422,
    means: "FHIR intake: the resource is of another FHIR release",
    issue: "not-supported",
  },
  INVALID_RESOURCE: {
    status: 422,
    means: "FHIR intake: the resource breaks its R4 definition",
    issue: "invalid",
  },
  NO_IDENTIFIER: {
    status: 422,
    means: "intake: a patient without an identifier",
    issue: "required",
  },
  UNKNOWN_AGENCY: {
    status: 422,
    means: "intake: an organization that was never sent",
    issue: "not-found",
  },
  UNKNOWN_REFERENCE: {
    status: 422,
    means: "intake: a reference to something that was never sent",
    issue: "not-found",
  },
  UNKNOWN_CODE: {
    status: 422,
    means: "HL7 v2 intake: a code that the partner's dialect does not have",
    issue: "code-invalid",
  },
  MALFORMED_MESSAGE: {
    status: 400,
    means: "HL7 v2 intake: the bytes are no HL7 v2 message",
    issue: "structure",
  },
  INVALID_MESSAGE: {
    status: 422,
    means: "HL7 v2 intake: a field that is needed is missing, or breaks its definition",
    issue: "invalid",
  },
  EVENT_NOT_ACCEPTED: {
    status: 422,
    means: "HL7 v2 intake: a message or event that is not taken in",
    issue: "not-supported",
  },
  CONTRADICTION: {
    status: 422,
    means: "intake: facts that cannot all be true",
    issue: "business-rule",
  },
  AMBIGUOUS_STATUS: {
    status: 422,
    means: "FHIR intake: a status that stands for several states",
    issue: "business-rule",
  },
  BUNDLE_NOT_ACCEPTED: {
    status: 422,
    means: "FHIR intake: a bundle type or request that is not taken in",
    issue: "not-supported",
  },
} as const satisfies Record<string, { status: number; means: string; issue?: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/**
 * Something the client can act on. Everything else that is thrown is a fault, and is shown as `FAULT` alone.
 *
 * Messages: lower case, no full stop, input in backticks, no person's words.
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  /** Goes into `extensions` beside the code; ids and versions, never facts about a person. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ProblemCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "Problem";
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/**
 * Refuses an input in which something does not hold.
 *
 * @param field The input field that is wrong; it stands in the message and in the details.
 * @param why What it must be, as in `must not be blank`.
 * @throws {Problem} BAD_INPUT unless it holds
 */
export const need = (holds: boolean, field: string, why: string): void => {
  if (!holds) throw new Problem("BAD_INPUT", `\`${field}\` ${why}`, { field });
};

/** One message for what does not exist and for what the requester may not know of: the bytes must not differ. */
export const notFound = (): never => {
  throw new Problem("NOT_FOUND", "no such record, or none that you may see");
};

export const isProblemCode = (value: unknown): value is ProblemCode =>
  typeof value === "string" && Object.hasOwn(PROBLEMS, value);
