/** Step 6: the answer as HTTP, with errors from the closed list, and nothing that a subgraph or a library says besides. */
import { isProblemCode, Problem, PROBLEMS } from "#schema/problems.ts";
import type { ProblemCode } from "#schema/problems.ts";
import { refusal as reasons } from "#sharing/refusal.ts";
import { callerOf } from "#sharing/requester.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Log } from "#platform/log.ts";
import type { Reply } from "#platform/serve.ts";
import { problemHeaders } from "#platform/serve.ts";
import type { Collecting, Failure } from "./collect.ts";
import type { Withheld } from "./normalise.ts";
import type { MediaType } from "./receive.ts";
import type { Misfit, Path, Shape } from "./shape.ts";
import { madeOnce } from "./told.ts";
import type { Heard, Obliged } from "./told.ts";

/** An error as a client sees it. */
interface Shown {
  message: string;
  locations?: unknown;
  path?: Path;
  extensions: Record<string, unknown>;
}

/** What may stand in `extensions` beside a code. */
const DETAILS = [
  "because",
  "category",
  "purpose",
  "routes",
  "currentVersion",
  "field",
  "gaps",
  "limit",
  "movesOpen",
  "requestId",
  "retryAfterSeconds",
  "state",
] as const;

/** A subgraph of somebody else's may put anything there. */
const isDetail = (value: unknown): boolean =>
  typeof value === "string" ||
  typeof value === "number" ||
  (Array.isArray(value) && value.every((it) => typeof it === "string"));

const detailsOf = (extensions: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    DETAILS.filter((key) => isDetail(extensions[key])).map((key) => [key, extensions[key]]),
  );

/** What is withheld, as its requester is told: by who asks, what for and what kind of field, and by nothing else. */
const withheldOf = (withheld: readonly Withheld[], requester: Requester): Shown[] => {
  const caller = callerOf(requester);
  const { purpose, basis } = requester;
  const told = new Map<string, Shown>();
  for (const { path, holds } of withheld)
    told.set(`${path.join("\n")}\n${holds}`, {
      message: "withheld",
      path,
      extensions: {
        code: "WITHHELD",
        category: holds,
        purpose,
        ...reasons(caller, purpose, basis, holds, null),
      },
    });
  // In an order that tells nothing of what was found.
  return [...told].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, shown]) => shown);
};

/** A client learns no more from more of them. */
const MOST_ERRORS = 1_000;

const MISFITS: Record<Misfit["why"], string> = {
  NULL: "there is no value where the schema promises one",
  VALUE: "the value is none that the schema allows",
};

const starts = (path: Path): string[] =>
  [...path, 0].map((_, index) => JSON.stringify(path.slice(0, index)));

/** Tells of a place whether it is one of these, or within one of them, or around one of them. */
const around = (paths: readonly Path[]): ((path: Path) => boolean) => {
  const these = new Set(paths.map((path) => JSON.stringify(path)));
  const outside = new Set(paths.flatMap(starts));
  return (path) => outside.has(JSON.stringify(path)) || starts(path).some((it) => these.has(it));
};

/** What a subgraph says, as a client may see it. */
const shownFailure = (
  { message, extensions: told }: Failure["error"],
  requestId: string,
): Omit<Shown, "path"> => {
  // Some servers say null for none.
  const extensions = told ?? {};
  const { code } = extensions;
  if (isProblemCode(code) && code !== "FAULT")
    return { message, extensions: { code, ...detailsOf(extensions) } };
  const { requestId: its } = detailsOf(extensions);
  return { message: "our mistake", extensions: { code: "FAULT", requestId: its ?? requestId } };
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
  // A fault of one of our rooms is in its own log; what others say is in nobody's but this one.
  const others = failures.filter(({ error }) => !isProblemCode(error.extensions?.code)).length;
  if (others > 0)
    log.error({ err: new Error("a subgraph's own errors"), count: others, requestId }, "fault");
  const errors: Shown[] = [];
  const explaining: Path[] = [];
  const told = new Set<string>();
  for (const { error, paths, whole } of placed) {
    if (!whole && isTold.has(error)) continue;
    if (whole) explaining.push(...paths);
    for (const path of paths.length > 0 ? paths : [[]]) {
      const { message, extensions } = shownFailure(error, requestId);
      const it = { message, ...(path.length > 0 && { path }), extensions };
      const key = JSON.stringify(it);
      if (!told.has(key)) errors.push(it);
      told.add(key);
    }
  }
  const isExplained = misfits.length > 0 ? around(explaining) : () => false;
  for (const { path, why } of misfits)
    if (!isExplained(path))
      errors.push({ message: MISFITS[why], path, extensions: { code: "ANSWER_INVALID" } });
  return errors;
};

const contentType = (type: Exclude<MediaType, "*/*">) => ({
  "content-type": `${type}; charset=utf-8`,
  "cache-control": "no-store",
});

/** In the client's words; nothing of what it did not ask for. */
const inItsWords = <T extends { path: readonly string[] }>(all: readonly T[], shape: Shape): T[] =>
  all.flatMap((it) => {
    const { paths, whole } = shape.places(it.path);
    return whole ? paths.map((path) => ({ ...it, path: path.map(String) })) : [];
  });

/** Notices and duties that travel with what is given, one for each place. */
const obligationsOf = (all: readonly Obliged[]): Obliged[] => {
  const found = new Map<string, { path: readonly string[]; codes: Set<string> }>();
  for (const { path, codes } of all) {
    const key = path.join("\n");
    const there = found.get(key) ?? { path, codes: new Set<string>() };
    for (const code of codes) there.codes.add(code);
    found.set(key, there);
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { path, codes }]) => ({ path, codes: [...codes].sort() }));
};

/** What rooms told, in the words of one shape. */
const toldIn = (shape: Shape) =>
  madeOnce((heard) => {
    const of = <T extends { path: readonly string[] }>(pick: (it: Heard) => readonly T[]): T[] =>
      inItsWords(heard.flatMap(pick), shape);
    const obligations = obligationsOf(of((it) => it.obligations));
    return {
      withheld: of((it) => it.withheld),
      extensions: obligations.length > 0 ? `,"extensions":${JSON.stringify({ obligations })}` : "",
    };
  });
const tellers = new WeakMap<Shape, ReturnType<typeof toldIn>>();

/**
 * What a request came to.
 *
 * @param leftOut What was not asked for at all, in the client's words.
 */
export const respond = (
  { data, failures, heard, requester, requestId }: Collecting,
  leftOut: readonly Withheld[],
  shape: Shape,
  type: MediaType,
  log: Log,
): Reply => {
  const misfits: Misfit[] = [];
  const text = shape.write(data, misfits);
  const tell = tellers.get(shape) ?? toldIn(shape);
  tellers.set(shape, tell);
  const told = tell(heard);
  const withheld = withheldOf([...leftOut, ...told.withheld], requester);
  const hasErrors = failures.length > 0 || misfits.length > 0 || withheld.length > 0;
  const errors = hasErrors
    ? [...withheld, ...errorsOf(failures, misfits, shape, requestId, log)].slice(0, MOST_ERRORS)
    : [];
  return {
    status: 200,
    headers: contentType(type === "*/*" ? "application/json" : type),
    body: hasErrors
      ? `{"errors":${JSON.stringify(errors)},"data":${text}${told.extensions}}`
      : `{"data":${text}${told.extensions}}`,
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
