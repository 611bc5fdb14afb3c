/** The performance room: how interfaces perform, learnt from the other rooms' events, and never about a person. */
import { isMain, runAlone } from "#platform/alone.ts";
import type { Room } from "#platform/subgraph.ts";
import type { Context } from "./context.ts";
import { resolvers } from "./resolvers.ts";
import { consume, openPerformance } from "./store.ts";

export const performance: Room<Context> = {
  name: "performance",
  folder: new URL("./", import.meta.url),
  resolvers,
  // Figures and meetings name no person.
  records: {},
  context: (database, act, neighbours) => ({
    act,
    performance: openPerformance(database, act, neighbours),
  }),
  consume,
};

if (isMain(import.meta.url)) await runAlone(performance);
