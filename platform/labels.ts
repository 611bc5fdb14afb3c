/** What each place of a graph holds, as `@holds` says: read once, from a room's schema or from a supergraph. */
import type { DocumentNode } from "graphql";
import { held, placesOf } from "#schema/places.ts";
import { sharingLinkOf, unreadable } from "#schema/sharing-spec.ts";
import { HELD } from "#sharing/vocabulary.ts";
import type { Holds } from "#sharing/vocabulary.ts";

/** The labels of a graph. Each throws where there is none, for what is not labelled is given to nobody. */
export interface Labels {
  type(type: string): Holds;
  field(type: string, field: string): Holds;
  argument(type: string, field: string, argument: string): Holds;
  inputField(type: string, field: string): Holds;
  enumValue(type: string, value: string): Holds;
}

const isHolds = (label: string): label is Holds => (HELD as readonly string[]).includes(label);

/**
 * @returns Null when the graph does not link the sharing spec: it is somebody else's, and knows no labels.
 * @throws {Error} when it links it in a way that cannot be read, or a label is of no category that is known.
 */
export const labelsOf = (document: DocumentNode): Labels | null => {
  const link = sharingLinkOf(document);
  if (!link) return null;
  const fault = unreadable(link);
  if (fault) throw new Error(fault);
  const labels = held(placesOf(document));
  for (const [coordinate, label] of labels)
    if (!isHolds(label)) throw new Error(`${coordinate} holds ${label}, which is not known`);
  const at = (coordinate: string): Holds => {
    const label = labels.get(coordinate);
    if (label === undefined) throw new Error(`${coordinate} does not say what it holds`);
    return label as Holds;
  };
  return {
    type: (type) => at(type),
    field: (type, field) => at(`${type}.${field}`),
    argument: (type, field, argument) => at(`${type}.${field}(${argument}:)`),
    inputField: (type, field) => at(`${type}.${field}`),
    enumValue: (type, value) => at(`${type}.${value}`),
  };
};
