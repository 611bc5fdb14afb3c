/** Where a subgraph answers: in this process, or over HTTP. */
import { Problem } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import { caller } from "#platform/caller.ts";
import type { Sign } from "#platform/passport.ts";
import type { Answer, Ask, OpenRoom, Operation } from "#platform/subgraph.ts";

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
  /**
   * Asks, as the house itself, by a door that is for the house alone.
   *
   * @returns What it told; null when it had nothing to say.
   * @throws when it does not answer within that time, or refuses.
   */
  ask(path: string, question: object, requestId: string, withinMs: number): Promise<unknown>;
  close(): Promise<void>;
}

/** How long a side door may take. */
export const SIDE_DOOR_MS = 120_000;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isStep = (value: unknown): boolean => typeof value === "string" || typeof value === "number";

const isError = (value: unknown): boolean =>
  isObject(value) &&
  typeof value.message === "string" &&
  ((value.path ?? null) === null || (Array.isArray(value.path) && value.path.every(isStep))) &&
  ((value.extensions ?? null) === null || isObject(value.extensions));

const isAnswer = (value: unknown): value is Answer =>
  isObject(value) &&
  (isObject(value.data) || ((value.data ?? null) === null && Array.isArray(value.errors))) &&
  (value.errors === undefined || (Array.isArray(value.errors) && value.errors.every(isError)));

/** The most bytes that an operation is answered with: far more than the things that it may cost come to. */
const ANSWER_LIMIT = 4_000_000;

/**
 * A subgraph over HTTP, on connections that are kept.
 *
 * @param url Where it answers operations; its side doors are at paths of their own on the same host.
 * @param sign Null for a subgraph that is not of the house.
 */
export const httpSubgraph = (room: string, url: string, sign: Sign | null): Subgraph => {
  const { pathname, search } = new URL(url);
  const { post, ask, close } = caller(room, url, sign, {
    connections: 64,
    connectTimeout: 1_000,
    maxResponseSize: ANSWER_LIMIT,
  });
  return {
    answer: async (operation, requester, requestId, deadline) => {
      const { status, text } = await post(
        `${pathname}${search}`,
        JSON.stringify(operation),
        requester,
        requestId,
        deadline,
      );
      if (status !== 200) throw new Error(`${room} answered ${status}`);
      const answer = JSON.parse(text) as unknown;
      if (!isAnswer(answer)) throw new Error(`${room} answered with something else`);
      return answer;
    },
    enter: async (path, { bytes, requester, requestId }) => {
      const unavailable = (cause: unknown): never => {
        throw new Problem("SUBGRAPH_UNAVAILABLE", `\`${room}\` did not answer`, {}, { cause });
      };
      const signal = AbortSignal.timeout(SIDE_DOOR_MS);
      const { status, contentType, text } = await post(
        path,
        bytes,
        requester,
        requestId,
        signal,
      ).catch(unavailable);
      // A fault of the room is in its own log, under this request's id.
      if (status >= 500) unavailable(new Error(`${room} answered ${status}`));
      return { status, contentType, body: text };
    },
    ask,
    close,
  };
};

/** A room of this process. */
export const localSubgraph = (room: OpenRoom): Subgraph => ({
  answer: (operation, requester, requestId) => room.answer(operation, requester, requestId),
  enter: (path, ask) => {
    const door = room.sideDoors[path];
    if (!door) throw new Error(`${room.name} has no side door ${path}`);
    return door(ask);
  },
  ask: (path, question, requestId) => room.ask(path, question, requestId),
  close: async () => undefined,
});
