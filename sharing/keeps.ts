/** What the gateway asks each room that keeps records (side door `/keeps`): of which categories an agency has its own there. */
import type { Category } from "./vocabulary.ts";

/** Where it is asked. */
export const KEEPS = { path: "/keeps" } as const;

/** Asked of `/keeps`. */
export interface KeepsAsked {
  agency: string;
}

/** The answer: no person can be told from it. */
export interface KeepsTold {
  categories: readonly Category[];
}
