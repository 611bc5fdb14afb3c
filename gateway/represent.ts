/** The graph, told as FHIR: a read of FHIR asks the line one document of the house, under its own token, as any client does. */
import { readFileSync } from "node:fs";
import { CAPABILITIES, DOCUMENT, readAt } from "#schema/fhir/reads.ts";
import { isProblemCode, Problem } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Log } from "#platform/log.ts";
import type { Call, Reply, Route } from "#platform/serve.ts";
import { fhirReply, fhirRefusal } from "./forward.ts";

const QUERY = readFileSync(new URL(`../schema/operations/${DOCUMENT}`, import.meta.url), "utf8");

/** An answer of the line. */
interface Answered {
  data?: Record<string, unknown> | null;
  errors?: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[];
  extensions?: { obligations?: { path: string[]; codes: string[] }[] };
}

const problemOf = ({ message, extensions }: NonNullable<Answered["errors"]>[number]): Problem => {
  const { code, ...details } = extensions;
  return new Problem(isProblemCode(code) ? code : "FAULT", message, details);
};

/** What the line answers to one operation of the document. @throws {Problem} with which it refuses, or a part of it fails */
const askLine = async (
  line: Route,
  call: Call,
  operationName: string,
  variables: Readonly<Record<string, unknown>>,
) => {
  const body = Buffer.from(JSON.stringify({ query: QUERY, operationName, variables }));
  const { body: text = "" } = await line({
    ...call,
    method: "POST",
    search: "",
    headers: { authorization: call.headers.authorization, "content-type": "application/json" },
    body: async () => body,
  });
  const { data, errors = [], extensions } = JSON.parse(String(text)) as Answered;
  const told = errors.map((error) => ({ path: error.path ?? [], problem: problemOf(error) }));
  const withheld = told.filter(({ problem }) => problem.code === "WITHHELD");
  // A Task of which a part did not come would read as one that has no such part.
  const failed = told.find(({ problem }) => problem.code !== "WITHHELD") ?? (data ? null : told[0]);
  if (failed) throw failed.problem;
  return { data: data ?? {}, withheld, obligations: extensions?.obligations ?? [] };
};

/**
 * Answers the reads of FHIR below a path.
 *
 * @param known Who asks, before it is told what is wrong with what they ask; the line spends their budget.
 */
export const represent =
  (
    path: string,
    line: Route,
    known: (authorization: string | undefined) => Promise<Requester>,
    log: Log,
  ): Route =>
  async (call): Promise<Reply> => {
    try {
      const isOpen = call.path === `${path}/metadata`;
      if (!isOpen) await known(call.headers.authorization);
      if (call.method !== "GET")
        throw new Problem("METHOD_NOT_ALLOWED", `what is below \`${path}\` takes GET`, {
          allow: "GET",
        });
      if (isOpen) return fhirReply(CAPABILITIES);
      const below = call.path.slice(path.length + 1);
      const { operationName, variables, tell } = readAt(below, new URLSearchParams(call.search));
      return fhirReply(tell(await askLine(line, call, operationName, variables)));
    } catch (error) {
      return fhirRefusal(error, call.requestId, log);
    }
  };
