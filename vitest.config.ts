import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** What stands on a database runs on PGlite, and again on PostgreSQL when there is one to run on. */
const ON_A_DATABASE = ["test/{platform,stories,subgraphs}/**/*.test.ts"];
const WITHOUT = ["test/{docs,gateway,schema,scripts,sharing}/**/*.test.ts"];

const project = (name: string, include: string[], engine?: string) => ({
  extends: true as const,
  test: { name, include, ...(engine && { env: { ENGINE: engine } }) },
});

export default defineConfig({
  resolve: {
    // Without it a second copy of graphql is loaded, whose errors are not instances of the first one's.
    alias: [
      { find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve("graphql/index.js")) },
    ],
  },
  test: {
    // A worker loads and warms up once what every file of its needs. No module of ours remembers anything that a test could miss.
    isolate: false,
    // Half of them wait for a database, a deadline or a process; vitest itself would leave a core to who watches it.
    maxWorkers: "100%",
    // A house on a cold machine takes seconds to open; a test that hangs is cut all the same.
    globalSetup: ["./test/template.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ["default", "./test/report.ts"],
    projects: [
      project("house", WITHOUT, "PGLITE"),
      project("pglite", ON_A_DATABASE, "PGLITE"),
      ...(process.env.TEST_DATABASE_URL
        ? [project("postgresql", ON_A_DATABASE, "POSTGRESQL")]
        : []),
    ],
  },
});
