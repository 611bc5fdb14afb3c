import type { Requester } from "#sharing/requester.ts";

/** One request's doing: by whom, when, and under which request id. Made once, at the edge. */
export interface Act {
  readonly by: Requester;
  /** The request's instant: every rule and every row of the request uses this one. */
  readonly at: Date;
  readonly requestId: string;
}
