import { readFileSync } from "node:fs";
import { parse, print } from "graphql";
import { unmarked } from "../schema/sharing-spec.ts";

/** The committed supergraph, as SDL, with the rooms where they answer now, and for peers that know nothing of labels. */
export const supergraph = (rooms: Record<string, string>): string =>
  print(
    unmarked(parse(readFileSync(new URL("../schema/supergraph.graphql", import.meta.url), "utf8"))),
  ).replace(
    /(@join__graph\(name: "([^"]+)", url: )"[^"]*"/g,
    (written, before: string, name: string) =>
      rooms[name] ? `${before}"${rooms[name]}/graphql"` : written,
  );
