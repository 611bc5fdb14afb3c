import { readFileSync } from "node:fs";
import { concatAST, parse } from "graphql";
import type { DocumentNode } from "graphql";

/** What labels are made of. */
const SHARING = new URL("../schema/sharing.graphql", import.meta.url);

/**
 * A room's part of the graph, as it is written, with the definition of `@holds` before it.
 *
 * @param folder Holds `schema.graphql`.
 */
export const typeDefsOf = (folder: URL): DocumentNode =>
  concatAST(
    [SHARING, new URL("schema.graphql", folder)].map((file) => parse(readFileSync(file, "utf8"))),
  );
