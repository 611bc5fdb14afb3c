/** What the line has set out to reach beside its peers, and by how much it does or does not. */
import type { Measured, Results } from "./results.ts";

/** Requests a second of one row, as a multiple of another's. */
interface Bar {
  ours: string;
  theirs: string;
  atLeast: number;
}

const OPERATION = "handoff-status";

const BARS: readonly Bar[] = [
  { ours: "ours-http", theirs: "apollo-http", atLeast: 6 },
  { ours: "ours-http", theirs: "hive-http", atLeast: 6 },
  { ours: "ours-http", theirs: "mercurius-http", atLeast: 2.5 },
  { ours: "ours-in-process-postgresql", theirs: "apollo-in-process-postgresql", atLeast: 3 },
  { ours: "ours-in-process-postgresql", theirs: "floor-postgresql", atLeast: 0.8 },
];

const speedOf = ({ rows }: Measured, name: string): number | undefined =>
  rows.find(({ row }) => row.name === name)?.figures.requestsPerSecond;

/** A line for each bar whose rows were measured. */
export const bars = ({ operations }: Results): string[] => {
  const measured = operations.find(({ operation }) => operation === OPERATION);
  return BARS.flatMap(({ ours, theirs, atLeast }) => {
    const [one, other] = measured ? [speedOf(measured, ours), speedOf(measured, theirs)] : [];
    if (!one || !other) return [];
    const times = one / other;
    const verdict = times >= atLeast ? "reached" : `missed by ${(atLeast - times).toFixed(1)}`;
    return `- \`${ours}\` answers ${times.toFixed(1)} times as many as \`${theirs}\`; the bar is ${atLeast}: ${verdict}.`;
  });
};
