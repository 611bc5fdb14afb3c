/** Where a subgraph answers: in this process, or over HTTP. */
import { Pool } from "undici";
import { Problem } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
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

const SIDE_DOOR_MS = 120_000;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isAnswer = (value: unknown): value is Answer =>
  isObject(value) &&
  (isObject(value.data) || ((value.data ?? null) === null && Array.isArray(value.errors))) &&
  (value.errors === undefined || Array.isArray(value.errors));

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
