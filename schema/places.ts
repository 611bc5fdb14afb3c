/** The places of a graph that must say what they hold, and what they say. */
import { Kind } from "graphql";
import type {
  ConstDirectiveNode,
  DocumentNode,
  FieldDefinitionNode,
  InputValueDefinitionNode,
  TypeDefinitionNode,
  TypeExtensionNode,
  TypeNode,
} from "graphql";
import { HOLDS, linksOf } from "./sharing-spec.ts";

/** A type, or a part of one. */
export interface Place {
  kind: "TYPE" | "FIELD" | "ARGUMENT" | "INPUT_FIELD" | "ENUM_VALUE";
  /** `Person`, `Person.name`, `Query.person(id:)`. */
  coordinate: string;
  /** Whose label it has when it bears none: a field its type's, an argument its field's. */
  within: string | undefined;
  /** Its own label. */
  label: string | undefined;
  /** Of a field, an argument or an input field. */
  type: TypeNode | undefined;
  directives: readonly ConstDirectiveNode[];
}

type TypeNodes = TypeDefinitionNode | TypeExtensionNode;

const isType = (node: DocumentNode["definitions"][number]): node is TypeNodes =>
  /^(Object|Interface|Union|Enum|Scalar|InputObject)Type(Definition|Extension)$/.test(node.kind);

/** The last part of a link's URL but the version: the name that a feature's own types begin with. */
const featureOf = (url: string): string => url.split("/").at(-2) ?? "";

/** The types that are the domain's, and not of a feature: `join__Graph`. */
export const typesIn = (document: DocumentNode): TypeNodes[] => {
  const features = new Set([
    "link",
    ...linksOf(document).map(({ url, as }) => as ?? featureOf(url)),
  ]);
  return document.definitions.filter(isType).filter(({ name: { value: name } }) => {
    const [prefix = "", rest] = name.split("__");
    return rest === undefined || !features.has(prefix);
  });
};

/** A field cannot be reached but by these, and they hold nothing themselves. */
const ROOTS: ReadonlySet<string> = new Set(["Query", "Mutation", "Subscription"]);

const labelOf = (directives: readonly ConstDirectiveNode[]): string | undefined => {
  const value = directives
    .find(({ name }) => name.value === HOLDS)
    ?.arguments?.find(({ name }) => name.value === "category")?.value;
  return value?.kind === Kind.ENUM ? value.value : undefined;
};

const placeOf = (
  kind: Place["kind"],
  coordinate: string,
  within: string | undefined,
  node: { directives?: readonly ConstDirectiveNode[] | undefined; type?: TypeNode },
): Place => {
  const directives = node.directives ?? [];
  return { kind, coordinate, within, label: labelOf(directives), type: node.type, directives };
};

const fieldPlaces = (type: string, field: FieldDefinitionNode): Place[] => {
  const coordinate = `${type}.${field.name.value}`;
  return [
    placeOf("FIELD", coordinate, type, field),
    ...(field.arguments ?? []).map((it) =>
      placeOf("ARGUMENT", `${coordinate}(${it.name.value}:)`, coordinate, it),
    ),
  ];
};

const partsOf = (type: TypeNodes): Place[] => {
  const name = type.name.value;
  if ("values" in type)
    return (type.values ?? []).map((it) =>
      placeOf("ENUM_VALUE", `${name}.${it.name.value}`, name, it),
    );
  if (!("fields" in type)) return [];
  if (
    type.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION ||
    type.kind === Kind.INPUT_OBJECT_TYPE_EXTENSION
  )
    return (type.fields as readonly InputValueDefinitionNode[]).map((it) =>
      placeOf("INPUT_FIELD", `${name}.${it.name.value}`, name, it),
    );
  return (type.fields as readonly FieldDefinitionNode[]).flatMap((it) => fieldPlaces(name, it));
};

/** The places of a room's schema or of a supergraph, what they are within first. */
export const placesOf = (document: DocumentNode): Place[] => {
  const types = typesIn(document);
  const names = [...new Set(types.map(({ name }) => name.value))];
  return names.flatMap((name) => {
    const nodes = types.filter((it) => it.name.value === name);
    const directives = nodes.flatMap((it) => it.directives ?? []);
    return [
      ...(ROOTS.has(name) ? [] : [placeOf("TYPE", name, undefined, { directives })]),
      ...nodes.flatMap(partsOf),
    ];
  });
};

/**
 * What the places hold, by coordinate; those without a label, their own or by default, are left out.
 *
 * @param places In the order of `placesOf`.
 */
export const held = (places: readonly Place[]): Map<string, string> => {
  const found = new Map<string, string>();
  for (const { coordinate, within, label } of places) {
    const holds = label ?? (within === undefined ? undefined : found.get(within));
    if (holds !== undefined) found.set(coordinate, holds);
  }
  return found;
};
