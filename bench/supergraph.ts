import { readFileSync } from "node:fs";

/** The committed supergraph, as SDL, with the rooms where they answer now. */
export const supergraph = (rooms: Record<string, string>): string =>
  readFileSync(new URL("../schema/supergraph.graphql", import.meta.url), "utf8").replace(
    /(@join__graph\(name: "([^"]+)", url: )"[^"]*"/g,
    (written, before: string, name: string) =>
      rooms[name] ? `${before}"${rooms[name]}/graphql"` : written,
  );
