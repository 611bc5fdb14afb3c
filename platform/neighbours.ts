/** How a room asks another one something, as the house itself. */
import { Pool } from "undici";
import { KEEPER, vouched } from "#schema/known.ts";
import type { Claim, Known } from "#schema/known.ts";
import { Problem } from "#schema/problems.ts";
import type { Act } from "./act.ts";
import type { Sign } from "./passport.ts";

/**
 * Asks a room, by one of its side doors.
 *
 * @throws {Problem} SUBGRAPH_UNAVAILABLE when it does not answer; nothing has been written then.
 */
export type Neighbours = (
  room: string,
  path: string,
  question: object,
  requestId: string,
) => Promise<unknown>;

/**
 * Lets the room that keeps them vouch for what an input names. Ask before a transaction is opened: none may wait for
 * another room.
 *
 * @throws {Problem} NOT_FOUND or BAD_INPUT when the claim does not hold.
 */
export const vouch = async (neighbours: Neighbours, claim: Claim, act: Act): Promise<void> => {
  const question = { claim, requester: act.by };
  vouched(claim, (await neighbours(KEEPER.room, KEEPER.path, question, act.requestId)) as Known);
};

const DEADLINE_MS = 800;

/** Neighbours over HTTP, on connections that are kept. */
export const httpNeighbours = (
  urls: Record<string, string>,
  sign: Sign,
): { ask: Neighbours; close: () => Promise<void> } => {
  const pools = new Map(Object.entries(urls).map(([room, url]) => [room, new Pool(url)]));
  return {
    ask: async (room, path, question, requestId) => {
      const body = JSON.stringify(question);
      try {
        const pool = pools.get(room);
        if (!pool) throw new Error(`NEIGHBOURS does not say where ${room} answers`);
        const response = await pool.request({
          path,
          method: "POST",
          headers: { authorization: `Bearer ${await sign(room, body, null, requestId)}` },
          body,
          signal: AbortSignal.timeout(DEADLINE_MS),
        });
        const text = await response.body.text();
        if (response.statusCode !== 200)
          throw new Error(`${room} answered ${response.statusCode} at ${path}`);
        return JSON.parse(text) as unknown;
      } catch (cause) {
        throw new Problem(
          "SUBGRAPH_UNAVAILABLE",
          `\`${room}\` did not answer in time`,
          {},
          { cause },
        );
      }
    },
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
};
