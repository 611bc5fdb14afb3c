import type { Act } from "#platform/act.ts";
import type { Agreements } from "./store.ts";

/** What every resolver of this room has at hand, for one request. */
export interface Context {
  act: Act;
  agreements: Agreements;
}
