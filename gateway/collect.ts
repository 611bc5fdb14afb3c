/** Step 5: asks a subgraph, within a deadline, and answers for it when it does not. */
import type { GraphQLDataSource } from "@apollo/gateway";
import { Kind, parse } from "graphql";
import type { SelectionSetNode } from "graphql";
import type { Requester } from "#sharing/requester.ts";
import type { Log } from "#platform/log.ts";
import type { Operation } from "#platform/subgraph.ts";
import type { Subgraph } from "./subgraph.ts";

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
