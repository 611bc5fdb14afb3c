/** The escalation room: what must not wait, and who settles it. */
import { isMain, runAlone } from "#platform/alone.ts";
import type { Room } from "#platform/subgraph.ts";
import type { Context } from "./context.ts";
import { resolvers } from "./resolvers.ts";
import { openIssues } from "./store.ts";

export const escalation: Room<Context> = {
  name: "escalation",
  folder: new URL("./", import.meta.url),
  resolvers,
  context: (database, act, neighbours) => ({ act, issues: openIssues(database, act, neighbours) }),
};

if (isMain(import.meta.url)) await runAlone(escalation);
