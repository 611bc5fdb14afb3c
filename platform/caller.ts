/** A signed call from one process of the house to a room in another, on connections that are kept. */
import { Pool } from "undici";
import type { Requester } from "#sharing/requester.ts";
import type { Sign } from "./passport.ts";

/** What a room answered. */
export interface Called {
  status: number;
  contentType: string;
  text: string;
}

/** Calls one room. */
export interface Caller {
  /** @param requester Null for the house itself. */
  post(
    path: string,
    body: string | Buffer,
    requester: Requester | null,
    requestId: string,
    signal?: AbortSignal,
  ): Promise<Called>;
  /**
   * Asks, as the house itself, by a door that is for the house alone.
   *
   * @returns What it told; null when it had nothing to say.
   * @throws when it does not answer within that time, or refuses.
   */
  ask(path: string, question: object, requestId: string, withinMs: number): Promise<unknown>;
  close(): Promise<void>;
}

/**
 * @param room Whom the signature is for.
 * @param url Where it answers; of a path that it has, callers say what is to be asked.
 * @param sign Null for one that is not of the house, and knows no signatures.
 */
export const caller = (
  room: string,
  url: string,
  sign: Sign | null,
  options: Pool.Options = {},
): Caller => {
  const pool = new Pool(new URL(url).origin, options);
  const post: Caller["post"] = async (path, body, requester, requestId, signal) => {
    const response = await pool.request({
      path,
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json",
        ...(sign && {
          authorization: `Bearer ${sign(room, body, requester, requestId)}`,
        }),
      },
      body,
      ...(signal && { signal }),
    });
    return {
      status: response.statusCode,
      contentType: String(response.headers["content-type"] ?? "application/json"),
      text: await response.body.text(),
    };
  };
  return {
    post,
    ask: async (path, question, requestId, withinMs) => {
      const signal = AbortSignal.timeout(withinMs);
      const { status, text } = await post(path, JSON.stringify(question), null, requestId, signal);
      if (status === 204) return null;
      if (status !== 200) throw new Error(`${room} answered ${status} at ${path}`);
      return JSON.parse(text) as unknown;
    },
    close: () => pool.close(),
  };
};
