/** Step 6: the answer as HTTP, with errors from the closed list, and nothing that a subgraph or a library says besides. */
import { isProblemCode, Problem, PROBLEMS } from "#schema/problems.ts";
import type { ProblemCode } from "#schema/problems.ts";
import type { Log } from "#platform/log.ts";
import type { Reply } from "#platform/serve.ts";
import { problemHeaders } from "#platform/serve.ts";
import type { Failure } from "./collect.ts";
import type { MediaType } from "./receive.ts";
import type { Misfit, Path, Shape } from "./shape.ts";

/** An error as a client sees it. */
interface Shown {
  message: string;
  locations?: unknown;
  path?: Path;
  extensions: Record<string, unknown>;
}

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

const detailsOf = (extensions: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    DETAILS.filter((key) => extensions[key] !== undefined).map((key) => [key, extensions[key]]),
  );

const MISFITS: Record<Misfit["why"], string> = {
  NULL: "there is no value where the schema promises one",
  VALUE: "the value is none that the schema allows",
};

const startsWith = (path: Path, start: Path): boolean =>
  start.every((step, index) => path[index] === step);

/** What a subgraph says, as a client may see it. */
const shownFailure = (
  { message, extensions = {} }: Failure["error"],
  requestId: string,
  log: Log,
): Omit<Shown, "path"> => {
  const { code } = extensions;
  if (isProblemCode(code) && code !== "FAULT")
    return { message, extensions: { code, ...detailsOf(extensions) } };
  // A fault of one of our rooms is in its own log; what others say is in nobody's but this one.
  if (code !== "FAULT") log.error({ err: new Error("a subgraph's own error"), requestId }, "fault");
  return {
    message: "our mistake",
    extensions: { code: "FAULT", requestId: extensions.requestId ?? requestId },
  };
};

/**
 * The errors of an answer, each where the client can see it: one for every alias, and one for each null that the schema
 * does not allow and that no other error explains. What was only fetched for something else is told where that is missing,
 * or else at the thing that both are of.
 */
const errorsOf = (
  failures: readonly Failure[],
  misfits: readonly Misfit[],
  shape: Shape,
  requestId: string,
  log: Log,
): Shown[] => {
  const placed = failures.map(({ path, error }) => ({
    error,
    ...(path ? shape.places(path) : { paths: [], whole: false }),
  }));
  const isTold = new Set(placed.filter(({ whole }) => whole).map(({ error }) => error));
  const errors: Shown[] = [];
  const explaining: Path[] = [];
  const told = new Set<string>();
  for (const { error, paths, whole } of placed) {
    if (!whole && isTold.has(error)) continue;
    if (whole) explaining.push(...paths);
    for (const path of paths.length > 0 ? paths : [[]]) {
      const { message, extensions } = shownFailure(error, requestId, log);
      const it = { message, ...(path.length > 0 && { path }), extensions };
      const key = JSON.stringify(it);
      if (!told.has(key)) errors.push(it);
      told.add(key);
    }
  }
  for (const { path, why } of misfits)
    if (!explaining.some((other) => startsWith(path, other) || startsWith(other, path)))
      errors.push({ message: MISFITS[why], path, extensions: { code: "ANSWER_INVALID" } });
  return errors;
};

const contentType = (type: Exclude<MediaType, "*/*">) => ({
  "content-type": `${type}; charset=utf-8`,
  "cache-control": "no-store",
});

/** What a request came to. */
export const respond = (
  data: Record<string, unknown>,
  failures: readonly Failure[],
  shape: Shape,
  type: MediaType,
  requestId: string,
  log: Log,
): Reply => {
  const misfits: Misfit[] = [];
  const text = shape.write(data, misfits);
  const hasErrors = failures.length > 0 || misfits.length > 0;
  const errors = hasErrors ? errorsOf(failures, misfits, shape, requestId, log) : [];
  return {
    status: 200,
    headers: contentType(type === "*/*" ? "application/json" : type),
    body: hasErrors ? `{"errors":${JSON.stringify(errors)},"data":${text}}` : `{"data":${text}}`,
  };
};

/** Codes of a request that is well formed, and asks for what cannot be asked. */
const OF_THE_DOCUMENT: ReadonlySet<ProblemCode> = new Set([
  "BAD_INPUT",
  "OPERATION_INVALID",
  "OPERATION_TOO_LARGE",
]);

/**
 * What a request is refused with: problems, or a fault. The older media type has a status of its own for none of what is
 * wrong with a document.
 */
export const refusal = (error: unknown, type: MediaType, requestId: string, log: Log): Reply => {
  const all: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const problems = all.map((it) => {
    if (it instanceof Problem) return it;
    log.error({ err: it, requestId }, "fault");
    return new Problem("FAULT", "our mistake", { requestId });
  });
  const [first = new Problem("FAULT", "our mistake", { requestId })] = problems;
  const errors = problems.map(({ code, message, details }): Shown => ({
    message,
    ...(details.locations !== undefined && { locations: details.locations }),
    extensions: { code, ...detailsOf(details) },
  }));
  return {
    status:
      type === "application/json" && OF_THE_DOCUMENT.has(first.code)
        ? 200
        : PROBLEMS[first.code].status,
    headers: {
      ...problemHeaders(first),
      ...contentType(type === "*/*" ? "application/graphql-response+json" : type),
    },
    body: JSON.stringify({ errors }),
  };
};
