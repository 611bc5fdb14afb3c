/** Makes the empty database that every test on PGlite begins with, once for a run: to make one takes seconds. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";

export default async (): Promise<() => void> => {
  const folder = mkdtempSync(join(tmpdir(), "handoff-graph-"));
  const file = join(folder, "template.tar");
  const lite = await PGlite.create("memory://");
  writeFileSync(file, Buffer.from(await (await lite.dumpDataDir("none")).arrayBuffer()));
  await lite.close();
  process.env.PGLITE_TEMPLATE = file;
  return () => rmSync(folder, { recursive: true });
};
