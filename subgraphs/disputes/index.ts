/** The disputes room: who argues with whom about what, and whether the person is served meanwhile. */
import { isMain, runAlone } from "#platform/alone.ts";
import type { Room } from "#platform/subgraph.ts";
import type { Context } from "./context.ts";
import { resolvers } from "./resolvers.ts";
import { openDisputes } from "./store.ts";

export const disputes: Room<Context> = {
  name: "disputes",
  folder: new URL("./", import.meta.url),
  resolvers,
  context: (database, act, neighbours) => ({
    act,
    disputes: openDisputes(database, act, neighbours),
  }),
};

if (isMain(import.meta.url)) await runAlone(disputes);
