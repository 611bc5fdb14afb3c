/** How a room asks another one something, as the house itself. */
import { KEEPER, vouched } from "#schema/known.ts";
import type { Claim, Known } from "#schema/known.ts";
import { Problem } from "#schema/problems.ts";
import type { Act } from "./act.ts";
import { caller } from "./caller.ts";
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
 * @returns What is known of it.
 * @throws {Problem} NOT_FOUND or BAD_INPUT when the claim does not hold.
 */
export const vouch = async (neighbours: Neighbours, claim: Claim, act: Act): Promise<Known> => {
  const question = { claim, requester: act.by };
  const known = (await neighbours(KEEPER.room, KEEPER.path, question, act.requestId)) as Known;
  vouched(claim, known);
  return known;
};

const DEADLINE_MS = 800;

/** Neighbours over HTTP, on connections that are kept. */
export const httpNeighbours = (
  urls: Record<string, string>,
  sign: Sign,
): { ask: Neighbours; close: () => Promise<void> } => {
  const callers = new Map(
    Object.entries(urls).map(([room, url]) => [room, caller(room, url, sign)]),
  );
  return {
    ask: async (room, path, question, requestId) => {
      try {
        const neighbour = callers.get(room);
        if (!neighbour) throw new Error(`NEIGHBOURS does not say where ${room} answers`);
        return await neighbour.ask(path, question, requestId, DEADLINE_MS);
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
      await Promise.all([...callers.values()].map(({ close }) => close()));
    },
  };
};
