import type { Act } from "#platform/act.ts";
import type { Performance } from "./store.ts";

/** What every resolver of this room has at hand, for one request. */
export interface Context {
  act: Act;
  performance: Performance;
}
