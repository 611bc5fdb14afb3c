/** What a mutation answers with: it says what was done before it in the same request, in whichever subgraph. */
import type { Context } from "./part.ts";

/** The type, as each subgraph that makes changes defines it. */
export const STEP = `
  type Step @shareable {
    number: Int!
    did: String!
    before: [String!]!
    person: Person
  }
`;

/** Does one thing, and says what was done before it. */
export const step = ({ did }: Context, what: string, person: object | null) => {
  const before = [...did];
  did.push(what);
  return { number: did.length, did: what, before, person };
};
