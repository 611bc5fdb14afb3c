/** The roll of agencies, as the room that keeps it tells it. */
import { LRUCache } from "lru-cache";
import type { AgencyKind } from "#sharing/vocabulary.ts";
import type { Directory } from "./identify.ts";
import { DEADLINES } from "./link.ts";
import type { Subgraph } from "./subgraph.ts";

/** Asks for each request. */
export const directoryOf =
  (subgraph: Subgraph): Directory =>
  async (agency) => {
    const told = await subgraph.ask("/directory", { agency }, "directory", DEADLINES.readMs);
    const { known, kind } = told as { known: boolean; kind: AgencyKind | null };
    return known ? kind : undefined;
  };

/** An agency taken off the roll, or given another kind, is seen as it was for at most this long. */
const DIRECTORY_TTL_MS = 5_000;

/** Remembers for a while what was asked, and that there was no such agency too. */
export const remembered = (directory: Directory, ttlMs = DIRECTORY_TTL_MS): Directory => {
  const seen = new LRUCache<string, { kind: AgencyKind | null | undefined }>({
    max: 10_000,
    ttl: ttlMs,
  });
  return async (agency) => {
    let entry = seen.get(agency);
    if (!entry) {
      entry = { kind: await directory(agency) };
      seen.set(agency, entry);
    }
    return entry.kind;
  };
};
