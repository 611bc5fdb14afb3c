/** Step 4: asks a subgraph, within a deadline, and answers for it when it does not. */
import type { GraphQLDataSource } from "@apollo/gateway";
import { Kind, parse } from "graphql";
import type { SelectionSetNode } from "graphql";
import { Pool } from "undici";
import { Problem } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Log } from "#platform/log.ts";
import type { Sign } from "#platform/passport.ts";
import type { Answer, Ask, Operation } from "#platform/subgraph.ts";

/** A subgraph, wherever it runs. */
export interface Subgraph {
  answer(
    operation: Operation,
    requester: Requester,
    requestId: string,
    deadline: AbortSignal,
  ): Promise<Answer>;
  /** Goes in by a side door of the room. */
  enter(
    path: string,
    ask: Omit<Ask, "at">,
  ): Promise<{ status: number; contentType: string; body: string }>;
  close(): Promise<void>;
}

/** What the gateway passes along with an operation. */
export interface Context {
  requester: Requester;
  requestId: string;
}

/** How long a subgraph may take. A side door takes a whole bundle in, and is not asked by the planner. */
export interface Deadlines {
  readMs: number;
  mutationMs: number;
}
export const DEADLINES: Deadlines = { readMs: 800, mutationMs: 2_000 };

const SIDE_DOOR_MS = 120_000;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isAnswer = (value: unknown): value is Answer =>
  isObject(value) &&
  (isObject(value.data) || ((value.data ?? null) === null && Array.isArray(value.errors))) &&
  (value.errors === undefined || Array.isArray(value.errors));

/**
 * Where an operation's own fields stand in its answer: each root field, or each field of each entity that is asked for.
 * The planner makes places in the whole answer of them.
 */
const places = ({ query, variables }: Operation): (string | number)[][] => {
  const [operation] = parse(query, { noLocation: true }).definitions;
  const named = (set: SelectionSetNode | undefined): string[] =>
    (set?.selections ?? []).flatMap((it) =>
      it.kind === Kind.FIELD
        ? it.name.value === "__typename"
          ? []
          : (it.alias ?? it.name).value
        : it.kind === Kind.INLINE_FRAGMENT
          ? named(it.selectionSet)
          : [],
    );
  const root = operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet : undefined;
  const [first] = root?.selections ?? [];
  const representations = variables?.representations;
  if (
    first?.kind !== Kind.FIELD ||
    first.name.value !== "_entities" ||
    !Array.isArray(representations)
  )
    return named(root).map((name) => [name]);
  return representations.flatMap((_, index) =>
    named(first.selectionSet).map((name) => ["_entities", index, name]),
  );
};

/** A subgraph over HTTP, on connections that are kept. */
export const httpSubgraph = (room: string, url: string, sign: Sign): Subgraph => {
  const pool = new Pool(url, { connections: 64, connectTimeout: 1_000 });
  const post = async (
    path: string,
    body: string | Buffer,
    requester: Requester | null,
    requestId: string,
    signal: AbortSignal,
  ) => {
    const response = await pool.request({
      path,
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${await sign(room, body, requester, requestId)}`,
      },
      body,
      signal,
    });
    return { ...response, text: await response.body.text() };
  };
  return {
    answer: async (operation, requester, requestId, deadline) => {
      const { statusCode, text } = await post(
        "/graphql",
        JSON.stringify(operation),
        requester,
        requestId,
        deadline,
      );
      if (statusCode !== 200) throw new Error(`${room} answered ${statusCode}`);
      const answer = JSON.parse(text) as unknown;
      if (!isAnswer(answer)) throw new Error(`${room} answered with something else`);
      return answer;
    },
    enter: async (path, { bytes, requester, requestId }) => {
      const unavailable = (cause: unknown): never => {
        throw new Problem("SUBGRAPH_UNAVAILABLE", `\`${room}\` did not answer`, {}, { cause });
      };
      const signal = AbortSignal.timeout(SIDE_DOOR_MS);
      const { statusCode, headers, text } = await post(
        path,
        bytes,
        requester,
        requestId,
        signal,
      ).catch(unavailable);
      // A fault of the room is in its own log, under this request's id.
      if (statusCode >= 500) unavailable(new Error(`${room} answered ${statusCode}`));
      return {
        status: statusCode,
        contentType: String(headers["content-type"] ?? "application/json"),
        body: text,
      };
    },
    close: () => pool.close(),
  };
};

const within = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("the deadline passed")), {
      once: true,
    });
    work.then(resolve, reject);
  });

/** The planner's way to a subgraph: what fails or is late becomes `SUBGRAPH_UNAVAILABLE`, and the rest is still served. */
export const collect = (
  room: string,
  subgraph: Subgraph,
  deadlines: Deadlines,
  log: Log,
): GraphQLDataSource => ({
  process: async (options) => {
    const { request } = options;
    if (
      options.kind !== ("incoming operation" satisfies `${typeof options.kind}`) ||
      !request.query
    )
      throw new Error("a subgraph is asked for operations alone");
    const { requester, requestId } = options.context as Context;
    const deadline = AbortSignal.timeout(
      request.query.startsWith("mutation") ? deadlines.mutationMs : deadlines.readMs,
    );
    const operation: Operation = {
      query: request.query,
      ...(request.variables && { variables: request.variables }),
    };
    try {
      return (await within(
        deadline,
        subgraph.answer(operation, requester, requestId, deadline),
      )) as never;
    } catch (error) {
      log.warn({ err: error, room, requestId }, "subgraph unavailable");
      return {
        errors: places(operation).map((path) => ({
          message: `\`${room}\` did not answer in time`,
          path,
          extensions: { code: "SUBGRAPH_UNAVAILABLE" },
        })) as never,
      };
    }
  },
});
