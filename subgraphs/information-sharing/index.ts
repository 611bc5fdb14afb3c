/** The information-sharing room: what agencies have agreed to share. */
import { isMain, runAlone } from "#platform/alone.ts";
import type { Room } from "#platform/subgraph.ts";
import type { Context } from "./context.ts";
import { resolvers } from "./resolvers.ts";
import { openAgreements } from "./store.ts";

export const informationSharing: Room<Context> = {
  name: "information-sharing",
  folder: new URL("./", import.meta.url),
  resolvers,
  context: (database, act, neighbours) => ({
    act,
    agreements: openAgreements(database, act, neighbours),
  }),
};

if (isMain(import.meta.url)) await runAlone(informationSharing);
