/**
 * What composition does not look at: whether every place of every subgraph says what it holds, and whether no way leads
 * around what is said. A complaint fails the build.
 *
 * One label _covers_ another when whoever may have what bears the first may have what bears the second. That is so of equal
 * labels, and of all over OPERATIONAL; of no two others, for each category has rules of its own, and they may change.
 */
import { Kind, parse } from "graphql";
import type { ConstDirectiveNode, DocumentNode, SelectionSetNode, TypeNode } from "graphql";
import { held, placesOf, typesIn } from "./places.ts";
import type { Place } from "./places.ts";
import { HOLDS, linksOf, schemaDirectives, sharingLinkOf, unreadable } from "./sharing-spec.ts";

/** A subgraph, as it goes into composition. */
export interface Part {
  name: string;
  typeDefs: DocumentNode;
}

interface Read extends Part {
  places: Place[];
  /** By coordinate, defaults filled in. */
  labels: Map<string, string>;
}

/** A complaint without its subgraph: where, and what to do. */
type Check = (part: Read) => string[];

const OPEN = "OPERATIONAL";

const isProtected = (label: string | undefined): label is string =>
  label !== undefined && label !== OPEN;

const covers = (label: string | undefined, other: string | undefined): boolean =>
  label === other || other === OPEN;

const namedType = (type: TypeNode): string =>
  type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);

const FEDERATION = "https://specs.apollo.dev/federation/";

/** What a directive of Federation is called in a document: as it was imported, or by its long name. */
const localName = (document: DocumentNode, directive: string): string => {
  const link = linksOf(document).find(({ url }) => url.startsWith(FEDERATION));
  const imported = link?.imports.find(({ name }) => name === `@${directive}`);
  return imported
    ? (imported.as ?? imported.name).slice(1)
    : `${link?.as ?? "federation"}__${directive}`;
};

const textOf = (directive: ConstDirectiveNode, argument: string): string | undefined => {
  const value = directive.arguments?.find(({ name }) => name.value === argument)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
};

const LINK = `@link(url: "https://handoff-graph.org/sharing/v1.0", import: ["@${HOLDS}"])`;
const COMPOSE = `@composeDirective(name: "@${HOLDS}")`;

const linked: Check = ({ typeDefs }) => {
  const link = sharingLinkOf(typeDefs);
  if (!link) return [`does not link the sharing spec; write \`${LINK}\` on its schema`];
  const fault = unreadable(link);
  return fault ? [`${fault}; write \`${LINK}\``] : [];
};

const composed: Check = ({ typeDefs }) => {
  const compose = localName(typeDefs, "composeDirective");
  return schemaDirectives(typeDefs).some(
    (it) => it.name.value === compose && textOf(it, "name") === `@${HOLDS}`,
  )
    ? []
    : [`its labels would be lost; write \`${COMPOSE}\` on its schema`];
};

const labelled: Check = ({ places, labels }) =>
  places
    .filter(({ coordinate }) => !labels.has(coordinate))
    .map(
      ({ kind, coordinate }) =>
        `${coordinate} does not say what it holds; write \`@${HOLDS}(category: ...)\` on it` +
        (kind === "TYPE" ? "" : " or on what it is a part of"),
    );

/**
 * A new field of a type that tells of persons must not be open because nobody thought of it, whichever subgraph it is in: of
 * a type that several have, each sees a part.
 */
const openOnPurpose = (parts: readonly Read[]): string[] => {
  const mixed = new Set(
    parts.flatMap(({ places, labels }) =>
      places.flatMap(({ kind, coordinate, within }) =>
        kind !== "ARGUMENT" && within !== undefined && isProtected(labels.get(coordinate))
          ? [within]
          : [],
      ),
    ),
  );
  return parts.flatMap(({ name, places, labels }) =>
    places
      .filter(
        ({ kind, coordinate, within = "", label }) =>
          kind !== "ARGUMENT" &&
          label === undefined &&
          labels.get(coordinate) === OPEN &&
          mixed.has(within),
      )
      .map(
        ({ coordinate, within }) =>
          `${name}: ${coordinate} holds ${OPEN} by default, and other parts of ${within} are protected; write \`@${HOLDS}(category: ...)\` on it`,
      ),
  );
};

/** The protected label of a type, or of a value of an enum. */
const protectedIn = ({ places, labels }: Read, type: string): string | undefined =>
  [
    type,
    ...places.flatMap((it) =>
      it.within === type && it.kind === "ENUM_VALUE" ? [it.coordinate] : [],
    ),
  ]
    .map((coordinate) => labels.get(coordinate))
    .find(isProtected);

/** What is withheld is told as an empty field, and a field that must not be empty would take its surroundings along. */
const mayBeEmpty: Check = (part) =>
  part.places.flatMap(({ kind, coordinate, type }) => {
    if (kind !== "FIELD" || type?.kind !== Kind.NON_NULL_TYPE) return [];
    const holds = [part.labels.get(coordinate), protectedIn(part, namedType(type))].find(
      isProtected,
    );
    return holds
      ? [`${coordinate} holds ${holds} and must not be empty; take the \`!\` off its type`]
      : [];
  });

const coversItsType: Check = (part) =>
  part.places.flatMap(({ coordinate, type }) => {
    const named = type && namedType(type);
    const holds = named && part.labels.get(named);
    return isProtected(holds) && part.labels.get(coordinate) === OPEN
      ? [
          `${coordinate} holds ${OPEN}, and ${named} holds ${holds}; give it a label that is protected`,
        ]
      : [];
  });

const typesByName = (document: DocumentNode) =>
  Map.groupBy(typesIn(document), ({ name }) => name.value);

/** The fields that a field set names, however deep, with the coordinate of each. */
const selected = (
  part: Read,
  type: string,
  { selections }: SelectionSetNode,
): { coordinate: string; hasArguments: boolean }[] =>
  selections.flatMap((it) => {
    if (it.kind === Kind.FRAGMENT_SPREAD) return [];
    if (it.kind === Kind.INLINE_FRAGMENT)
      return selected(part, it.typeCondition?.name.value ?? type, it.selectionSet);
    const coordinate = `${type}.${it.name.value}`;
    const field = part.places.find((place) => place.coordinate === coordinate);
    return [
      { coordinate, hasArguments: (it.arguments ?? []).length > 0 },
      ...(it.selectionSet && field?.type
        ? selected(part, namedType(field.type), it.selectionSet)
        : []),
    ];
  });

const FIELD_SETS = ["key", "requires", "provides"] as const;

interface FieldSet {
  /** Where it is written. */
  coordinate: string;
  directive: (typeof FIELD_SETS)[number];
  fields: ReturnType<typeof selected>;
}

const fieldSetsOf = (part: Read): FieldSet[] =>
  FIELD_SETS.flatMap((directive) => {
    const written = localName(part.typeDefs, directive);
    return part.places.flatMap(({ coordinate, within, type, directives }) => {
      const from = { key: coordinate, requires: within, provides: type && namedType(type) };
      return directives
        .filter(({ name }) => name.value === written)
        .flatMap((it) => {
          const [set] = parse(`{${textOf(it, "fields") ?? ""}}`).definitions;
          if (!set || !("selectionSet" in set)) return [];
          const fields = selected(part, from[directive] ?? "", set.selectionSet);
          return [{ coordinate, directive, fields }];
        });
    });
  });

/** A router asks for what a field requires although no client did, and hands it to the subgraph of that field. */
const coversWhatItRequires: Check = (part) =>
  fieldSetsOf(part).flatMap(({ coordinate, directive, fields }) =>
    directive === "requires"
      ? fields
          .map((it) => it.coordinate)
          .filter((it) => !covers(part.labels.get(coordinate), part.labels.get(it)))
          .map(
            (it) =>
              `${coordinate} holds ${part.labels.get(coordinate)} and requires ${it}, which holds ${part.labels.get(it)}; give it that label, or do not require it`,
          )
      : [],
  );

/** A key goes from subgraph to subgraph, and anybody who has one may ask whether something goes by it. */
const openKeys: Check = (part) =>
  fieldSetsOf(part).flatMap(({ coordinate, directive, fields }) =>
    directive === "key"
      ? fields
          .filter((it) => isProtected(part.labels.get(it.coordinate)))
          .map(
            (it) =>
              `the key of ${coordinate} has ${it.coordinate}, which holds ${part.labels.get(it.coordinate)}; use an opaque id`,
          )
      : [],
  );

/** An argument may choose by what is protected, and in a field set nobody is there whose right to it could be judged. */
const noArgumentsInFieldSets: Check = (part) =>
  fieldSetsOf(part).flatMap(({ coordinate, directive, fields }) =>
    fields
      .filter(({ hasArguments }) => hasArguments)
      .map(
        (it) =>
          `\`@${directive}\` of ${coordinate} gives an argument to ${it.coordinate}; take it out`,
      ),
  );

const WAYS_ROUND = {
  fromContext: "hands on a value that no requester asked for",
  interfaceObject: "gives other subgraphs' types a field that they do not label",
};

const noWayRound: Check = ({ typeDefs, places }) =>
  Object.entries(WAYS_ROUND).flatMap(([directive, does]) => {
    const written = localName(typeDefs, directive);
    return places
      .filter(({ directives }) => directives.some(({ name }) => name.value === written))
      .map(({ coordinate }) => `\`@${directive}\` on ${coordinate} ${does}; do without it`);
  });

const OF_A_PART: Check[] = [
  linked,
  composed,
  labelled,
  mayBeEmpty,
  coversItsType,
  coversWhatItRequires,
  openKeys,
  noArgumentsInFieldSets,
  noWayRound,
];

const read = (part: Part): Read => {
  const places = placesOf(part.typeDefs);
  return { ...part, places, labels: held(places) };
};

/** A coordinate means the same thing wherever it stands. */
const agreeing = (parts: readonly Read[]): string[] => {
  const said = Map.groupBy(
    parts.flatMap(({ name, labels }) =>
      [...labels].map(([coordinate, label]) => ({ name, coordinate, label })),
    ),
    ({ coordinate }) => coordinate,
  );
  return [...said].flatMap(([coordinate, all]) =>
    new Set(all.map(({ label }) => label)).size > 1
      ? [
          `${all.map(({ name, label }) => `${name} has ${label}`).join(", ")} for ${coordinate}; give it one label`,
        ]
      : [],
  );
};

/** Composition keeps one label where there are two, and none where it knows of none. */
const kept = (parts: readonly Read[], supergraph: Read): string[] =>
  parts.flatMap(({ name, labels }) =>
    [...labels]
      .filter(([coordinate, label]) => supergraph.labels.get(coordinate) !== label)
      .map(
        ([coordinate, label]) =>
          `${name}: ${coordinate} holds ${label}, and in the supergraph ${supergraph.labels.get(coordinate) ?? "nothing"}; compose again, and look at what composition says`,
      ),
  );

/** Asked by the name of an interface or a union, a thing must not be had for less. */
const coveredByTheirKinds = (parts: readonly Read[], supergraph: Read): string[] => {
  const whereIs = (coordinate: string): string =>
    parts
      .filter(({ places }) => places.some((it) => it.coordinate === coordinate))
      .map(({ name }) => name)
      .join(", ");
  const { labels, places } = supergraph;
  const types = typesByName(supergraph.typeDefs);
  const pairs = [...types].flatMap(([name, nodes]) =>
    nodes.flatMap((node) => [
      ...("interfaces" in node
        ? (node.interfaces ?? []).map((it): [string, string] => [it.name.value, name])
        : []),
      ...("types" in node
        ? (node.types ?? []).map((it): [string, string] => [name, it.name.value])
        : []),
    ]),
  );
  return pairs.flatMap(([kind, one]) =>
    places
      .filter(({ coordinate }) => coordinate === kind || /^(\w+)\./.exec(coordinate)?.[1] === kind)
      .map(({ coordinate }): [string, string] => [coordinate, one + coordinate.slice(kind.length)])
      .filter(([wider, own]) => labels.has(own) && !covers(labels.get(wider), labels.get(own)))
      .map(
        ([wider, own]) =>
          `${whereIs(wider)}: ${wider} holds ${labels.get(wider)}, and ${own} holds ${labels.get(own)}; give both the same label`,
      ),
  );
};

/**
 * Looks a graph's labels over.
 *
 * @param subgraphs As they went into composition.
 * @param supergraph As it came out of it.
 * @returns What is wrong, each with its subgraph, its coordinate and what to do; empty when the graph may be built.
 */
export const complaints = (subgraphs: readonly Part[], supergraph: DocumentNode): string[] => {
  const parts = subgraphs.map(read);
  const whole = read({ name: "", typeDefs: supergraph });
  return [
    ...parts.flatMap((part) =>
      OF_A_PART.flatMap((check) => check(part)).map((complaint) => `${part.name}: ${complaint}`),
    ),
    ...openOnPurpose(parts),
    ...agreeing(parts),
    ...coveredByTheirKinds(parts, whole),
    ...kept(parts, whole),
  ];
};
