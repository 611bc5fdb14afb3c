/** What was measured, and what is said of it. */
import { cpus, release, totalmem, type } from "node:os";
import { CLIENTS } from "./ask.ts";
import { bars } from "./bars.ts";
import { LOADER } from "./load.ts";
import type { Row } from "./rows.ts";

/** One row, asked one operation for some seconds; or the medians of several such rounds. */
export interface Figures {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Processor time of the row's own process, for each request. */
  cpuMs: number;
  /** Processor time of the rooms' process, for each request; null where the rooms are in the row's own. */
  roomsCpuMs: number | null;
  /** Requests to the rooms, for each request; null as above. */
  calls: number | null;
}

/** One operation, asked of every row. */
export interface Measured {
  operation: string;
  answerBytes: number;
  rows: { row: Row; figures: Figures }[];
}

/** A whole run. */
export interface Results {
  /** YYYY-MM-DD */
  on: string;
  machine: string;
  how: string;
  operations: Measured[];
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
};

const medianOrNull = (values: readonly (number | null)[]): number | null =>
  values.some((value) => value === null) ? null : median(values as number[]);

/** The medians of several rounds, each by itself. */
export const medians = (rounds: readonly Figures[]): Figures => ({
  requestsPerSecond: median(rounds.map((it) => it.requestsPerSecond)),
  p50Ms: median(rounds.map((it) => it.p50Ms)),
  p99Ms: median(rounds.map((it) => it.p99Ms)),
  cpuMs: median(rounds.map((it) => it.cpuMs)),
  roomsCpuMs: medianOrNull(rounds.map((it) => it.roomsCpuMs)),
  calls: medianOrNull(rounds.map((it) => it.calls)),
});

/** The machine, in words. */
export const machine = (): string => {
  const [cpu] = cpus();
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  return `${cpus().length} cores (${cpu?.model.trim()}), ${gigabytes} GB, ${type()} ${release()}, Node ${process.versions.node}`;
};

/** How it was measured, in words. */
export const how = ({ rounds, seconds }: { rounds: number; seconds: number }): string =>
  `${LOADER}, ${CLIENTS} clients, medians of ${rounds} ${rounds === 1 ? "round" : "rounds"} of ${seconds} s`;

/** A number with as many digits as it deserves. */
export const shown = (value: number | null): string =>
  value === null
    ? ""
    : value >= 100
      ? Math.round(value).toLocaleString("en")
      : value.toFixed(value >= 10 ? 1 : 2);

const HEADS = ["", "requests/s", "p50 ms", "p99 ms", "CPU ms", "rooms' CPU ms", "rooms' calls"];

/** A table of Markdown, as Prettier would write it. */
const table = ({ rows }: Measured): string => {
  const lines = rows.map(({ row, figures: it }) => [
    `\`${row.name}\``,
    ...[it.requestsPerSecond, it.p50Ms, it.p99Ms, it.cpuMs, it.roomsCpuMs].map(shown),
    it.calls === null ? "" : it.calls.toFixed(1),
  ]);
  const widths = HEADS.map((head, column) =>
    Math.max(3, head.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const padded = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  const written = (cells: readonly string[]) => `| ${cells.map(padded).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [written(HEADS), written(rule), ...lines.map(written)].join("\n");
};

/** Every operation's table under its name, and the bars. */
export const tables = (results: Results): string => {
  const { on, machine: of, how: by, operations } = results;
  const reached = bars(results);
  return [
    `${on}: ${by}, on ${of}.`,
    ...operations.map(
      (measured) =>
        `### ${measured.operation}\n\n${shown(measured.answerBytes)} bytes\n\n${table(measured)}`,
    ),
    ...(reached.length > 0 ? [`### The bars, for handoff-status\n\n${reached.join("\n")}`] : []),
  ].join("\n\n");
};
