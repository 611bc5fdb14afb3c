/** Asking a subgraph a question of its own: what several requests under one token ask in one turn is asked once. */
import type { Answer, Operation } from "#platform/subgraph.ts";
import type { Asker, Link } from "./link.ts";
import { copy, forAll, perTurn } from "./turn.ts";
import type { Member } from "./turn.ts";

interface Batch {
  operation: Operation;
  asker: Asker;
  members: (Member & { resolve: (answer: Answer) => void })[];
}

/** Asks a question that changes nothing. */
export type Read = (operation: Operation, asker: Asker) => Promise<Answer>;

/** Joins the reads of one subgraph. */
export const joinedReads = (link: Link): Read => {
  const join = perTurn<Batch>(({ operation, asker, members }) => {
    void forAll(members, async (gone) => {
      const answer = await link.call(operation, false, { ...asker, gone });
      // Copied before the first of them can write into it; nobody writes into what was told beside the data.
      const { data, ...rest } = answer;
      const others = members
        .slice(1)
        .map((): Answer => ({ ...rest, ...(data !== undefined && { data: copy(data) }) }));
      for (const [index, { resolve }] of members.entries()) resolve(others[index - 1] ?? answer);
    });
  });
  return (operation, asker) =>
    new Promise((resolve, reject) => {
      const question = `${operation.query}${JSON.stringify(operation.variables)}`;
      const open = () => ({ operation, asker, members: [] });
      join(asker.requester, question, open).members.push({ gone: asker.gone, resolve, reject });
    });
};
