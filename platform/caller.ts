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
  return {
    post: async (path, body, requester, requestId, signal) => {
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
    },
    close: () => pool.close(),
  };
};
