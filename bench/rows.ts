/** Who is measured; README.md says what each is. */
export interface Row {
  /** The file of `rows/` that runs it. */
  name: string;
  /** Where its rooms are, and on what they stand. */
  on: "HTTP" | "MEMORY" | "POSTGRESQL";
}

/** In the order in which they are shown. */
export const ROWS: readonly Row[] = [
  { name: "apollo-http", on: "HTTP" },
  { name: "mercurius-http", on: "HTTP" },
  { name: "hive-http-unshared", on: "HTTP" },
  { name: "ours-http-unshared", on: "HTTP" },
  { name: "hive-http", on: "HTTP" },
  { name: "ours-http", on: "HTTP" },
  { name: "apollo-in-process", on: "MEMORY" },
  { name: "ours-in-process-unshared", on: "MEMORY" },
  { name: "ours-in-process", on: "MEMORY" },
  { name: "floor-postgresql", on: "POSTGRESQL" },
  { name: "apollo-in-process-postgresql", on: "POSTGRESQL" },
  { name: "ours-in-process-postgresql-unshared", on: "POSTGRESQL" },
  { name: "ours-in-process-postgresql", on: "POSTGRESQL" },
];
