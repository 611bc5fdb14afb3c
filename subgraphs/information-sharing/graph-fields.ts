/** The fields of the graph by what they hold, so that words about a kind of information can name its fields. */
import { readFileSync } from "node:fs";
import { parse } from "graphql";
import { held, placesOf } from "#schema/places.ts";
import type { Category } from "#sharing/vocabulary.ts";

const SUPERGRAPH = new URL("../../schema/supergraph.graphql", import.meta.url);

const read = (): Map<string, string[]> => {
  const places = placesOf(parse(readFileSync(SUPERGRAPH, "utf8")));
  const labels = held(places);
  const fields = places
    .filter(({ kind, within }) => kind === "FIELD" && within !== "Query" && within !== "Mutation")
    .map(({ coordinate }) => coordinate)
    .sort();
  return Map.groupBy(fields, (coordinate) => labels.get(coordinate) ?? "");
};

let known: Map<string, string[]> | undefined;

/** The coordinates of the fields that hold it, as `Person.name`. Read once, when somebody first asks. */
export const fieldsOf = (category: Category): string[] => (known ??= read()).get(category) ?? [];
