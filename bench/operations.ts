import { readFileSync } from "node:fs";
import { ASKED_OFTEN } from "./county.ts";

const written = (name: string, variables: object = {}): { name: string; body: string } => {
  const query = readFileSync(new URL(`operations/${name}.graphql`, import.meta.url), "utf8");
  return { name, body: JSON.stringify({ query, variables }) };
};

/** What is asked, and the body that asks it: the same bytes of every row. */
export const OPERATIONS = [
  written("handoff-status"),
  written("whole-referral", { id: ASKED_OFTEN }),
  written("flat-list"),
];

export type Operation = (typeof OPERATIONS)[number];
