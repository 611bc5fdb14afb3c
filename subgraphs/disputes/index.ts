/** The disputes room: who argues with whom about what, and whether the person is served meanwhile. */
import { isMain, runAlone } from "#platform/alone.ts";
import type { Room } from "#platform/subgraph.ts";
import type { Context } from "./context.ts";
import { records } from "./records.ts";
import { resolvers } from "./resolvers.ts";
import { keeps, openDisputes } from "./store.ts";

export const disputes: Room<Context> = {
  name: "disputes",
  folder: new URL("./", import.meta.url),
  resolvers,
  records,
  keeps,
  context: (database, act, neighbours, sharing) => ({
    act,
    disputes: openDisputes(database, act, neighbours, sharing),
  }),
};

if (isMain(import.meta.url)) await runAlone(disputes);
