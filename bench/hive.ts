import { createGatewayRuntime } from "@graphql-hive/gateway";
import { unifiedGraphHandler } from "@graphql-hive/router-runtime";
import { ground, ready } from "./child.ts";
import { listen } from "./http.ts";
import { supergraph } from "./supergraph.ts";

/**
 * Hive Gateway on its router runtime, which is its faster one.
 *
 * @param sharesFetches Whether clients that wait for the same fetch are given the same answer; its default.
 */
export const serveHive = async ({ sharesFetches }: { sharesFetches: boolean }): Promise<void> => {
  const gateway = createGatewayRuntime({
    supergraph: supergraph(ground.rooms),
    unifiedGraphHandler,
    transportEntries: { "*.http": { options: { deduplicateInflightRequests: sharesFetches } } },
  });
  ready({ url: await listen(gateway) });
};
