/** The escalation room: what must not wait, and who settles it. */
import { isMain, runAlone } from "#platform/alone.ts";
import type { Room } from "#platform/subgraph.ts";
import type { Context } from "./context.ts";
import { records } from "./records.ts";
import { resolvers } from "./resolvers.ts";
import { keeps, openIssues } from "./store.ts";

export const escalation: Room<Context> = {
  name: "escalation",
  folder: new URL("./", import.meta.url),
  resolvers,
  records,
  keeps,
  context: (database, act, neighbours, sharing) => ({
    act,
    issues: openIssues(database, act, neighbours, sharing),
  }),
};

if (isMain(import.meta.url)) await runAlone(escalation);
