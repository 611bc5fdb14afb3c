/** Beside the graph: what an identified requester sends on to a side door of a room, such as FHIR. */
import { outcome, problemIssue } from "#schema/outcome.ts";
import { Problem } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import { problemReply } from "#platform/serve.ts";
import type { Reply, Route } from "#platform/serve.ts";
import type { Log } from "#platform/log.ts";
import { SIDE_DOOR_LIMIT } from "#platform/subgraph.ts";
import type { Subgraph } from "./subgraph.ts";

/** A path that is passed on. */
export interface Way {
  path: string;
  /** Media types that are taken. */
  accepts: readonly string[];
  limitBytes: number;
}

/** FHIR's own path: what it refuses, it refuses as FHIR does. */
export const FHIR: Way = {
  path: "/fhir",
  accepts: ["application/fhir+json", "application/json"],
  limitBytes: SIDE_DOOR_LIMIT,
};

/** A resource as a whole answer: it tells of a person, so nobody on the way may keep it. */
export const fhirReply = (resource: object): Reply => ({
  status: 200,
  headers: { "content-type": "application/fhir+json", "cache-control": "no-store" },
  body: JSON.stringify(resource),
});

/** A problem as an OperationOutcome, with the status and the headers that it has elsewhere. */
export const fhirRefusal = (error: unknown, requestId: string, log: Log): Reply => {
  const { status, headers } = problemReply(error, requestId, log);
  const problem = error instanceof Problem ? error : new Problem("FAULT", "our mistake");
  return {
    status,
    headers: { ...headers, "content-type": "application/fhir+json" },
    body: JSON.stringify(outcome([problemIssue(problem)])),
  };
};

/** Passes a request on to a room, under the requester of its token. */
export const forward =
  (
    way: Way,
    subgraph: Subgraph,
    admitted: (authorization: string | undefined) => Promise<Requester>,
    log: Log,
  ): Route =>
  async ({ method, headers, body, requestId }) => {
    try {
      const requester = await admitted(headers.authorization);
      if (method !== "POST")
        throw new Problem("METHOD_NOT_ALLOWED", `\`${way.path}\` takes POST`, { allow: "POST" });
      const [type = "", ...parameters] = (headers["content-type"] ?? "")
        .split(";")
        .map((part) => part.trim());
      if (!way.accepts.includes(type.toLowerCase()))
        throw new Problem(
          "UNSUPPORTED_MEDIA_TYPE",
          `\`${way.path}\` takes ${way.accepts.join(" or ")}`,
        );
      const version = /^fhirVersion="?([\d.]+)"?$/i.exec(
        parameters.find((it) => /^fhirVersion=/i.test(it)) ?? "",
      )?.[1];
      if (version && !version.startsWith("4.0"))
        throw new Problem("NOT_R4", "`fhirVersion` must be 4.0", { element: "Content-Type" });
      const bytes = await body(way.limitBytes);
      const reply = await subgraph.enter(way.path, { bytes, requester, requestId });
      return {
        status: reply.status,
        headers: { "content-type": reply.contentType },
        body: reply.body,
      };
    } catch (error) {
      return fhirRefusal(error, requestId, log);
    }
  };
