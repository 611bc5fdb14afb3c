/** What a subgraph of the made-up graph is made of, and what its types say of their fields. */
import { buildSubgraphSchema } from "@apollo/subgraph";
import { Kind, parse } from "graphql";
import type {
  DocumentNode,
  FieldDefinitionNode,
  GraphQLFieldResolver,
  GraphQLSchema,
  ObjectTypeDefinitionNode,
} from "graphql";

/** Lives as long as a request: what its mutations have done so far, wherever they were done. */
export interface Context {
  did: string[];
}

/** A subgraph. */
export interface Part {
  name: string;
  typeDefs: DocumentNode;
  /** By type and field. A parent is a record of `data.ts`, or what is left of it after a way through the gateway. */
  resolvers: Record<string, Record<string, GraphQLFieldResolver<any, Context>>>;
  /** The entities that it knows, each found by any of the keys that it has here. */
  finds: Record<string, (reference: any) => object | null>;
}

/** Schemas of the made-up graph, with all of federation's directives at hand. */
export const federated = (sdl: string): DocumentNode =>
  parse(`
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
      "@key" "@requires" "@provides" "@external" "@shareable" "@override" "@inaccessible" "@interfaceObject"
    ])
    ${sdl}
  `);

/** A part's own definition of an object type. */
export const typeIn = (part: Part, type: string): ObjectTypeDefinitionNode | undefined =>
  part.typeDefs.definitions.find(
    (it): it is ObjectTypeDefinitionNode =>
      it.kind === Kind.OBJECT_TYPE_DEFINITION && it.name.value === type,
  );

/** The text that a directive is given, as in `@requires(fields: "diagnosis")`. */
export const told = (
  node: FieldDefinitionNode | ObjectTypeDefinitionNode,
  directive: string,
): string[] =>
  (node.directives ?? [])
    .filter(({ name }) => name.value === directive)
    .map(({ arguments: [first] = [] }) =>
      first?.value.kind === Kind.STRING ? first.value.value : "",
    );

/** The fields of a type that another subgraph resolves. */
const externals = (part: Part, type: string): Set<string> =>
  new Set(
    (typeIn(part, type)?.fields ?? [])
      .filter((field) => told(field, "external").length > 0)
      .map(({ name }) => name.value),
  );

/**
 * The part as a subgraph.
 *
 * A reference finds what the part itself holds, and never what it has from others: the inputs that it requires are those
 * that the gateway sent, true or not.
 */
export const subgraphSchema = (part: Part): GraphQLSchema => {
  const references = Object.entries(part.finds).map(([type, find]) => {
    const others = externals(part, type);
    const __resolveReference = (reference: object) => {
      const found = find(reference);
      if (!found) return null;
      const own = Object.entries(found).filter(([key]) => !others.has(key));
      return { ...reference, ...Object.fromEntries(own) };
    };
    return [type, { ...part.resolvers[type], __resolveReference }] as const;
  });
  return buildSubgraphSchema([
    {
      typeDefs: part.typeDefs,
      resolvers: { ...part.resolvers, ...Object.fromEntries(references) } as never,
    },
  ]);
};
