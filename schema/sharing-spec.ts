/**
 * The spec that a graph links when its fields say what they hold. In a supergraph the link is `for: SECURITY`, by which a
 * gateway that knows nothing of `@holds` refuses to serve it.
 *
 * @see https://specs.apollo.dev/link/v1.0/#Purpose
 */
import { Kind, visit } from "graphql";
import type { ConstArgumentNode, ConstDirectiveNode, DocumentNode } from "graphql";

/** The URL of every version of the spec begins with this. */
const SPEC = "https://handoff-graph.org/sharing/";
/** The versions that this house reads. */
const READ = /^v1\.\d+$/;

/** The name of the directive; a graph that imports it under another is refused. */
export const HOLDS = "holds";

/** A feature that a schema links. */
export interface Link {
  url: string;
  /** The name that it was given, where it has another than the spec's. */
  as: string | undefined;
  imports: { name: string; as: string | undefined }[];
}

const argumentOf = ({ arguments: given = [] }: ConstDirectiveNode, name: string) =>
  given.find((argument) => argument.name.value === name)?.value;

const textOf = (value: ReturnType<typeof argumentOf>): string | undefined =>
  value?.kind === Kind.STRING ? value.value : undefined;

const importOf = (value: ConstArgumentNode["value"]): Link["imports"][number] => {
  const part = (name: string) =>
    value.kind === Kind.OBJECT
      ? textOf(value.fields.find((field) => field.name.value === name)?.value)
      : undefined;
  return { name: textOf(value) ?? part("name") ?? "", as: part("as") };
};

const linkOf = (directive: ConstDirectiveNode): Link => {
  const imports = argumentOf(directive, "import");
  return {
    url: textOf(argumentOf(directive, "url")) ?? "",
    as: textOf(argumentOf(directive, "as")),
    imports: imports?.kind === Kind.LIST ? imports.values.map(importOf) : [],
  };
};

/** The directives of a document's schema. */
export const schemaDirectives = ({ definitions }: DocumentNode): readonly ConstDirectiveNode[] =>
  definitions.flatMap((it) =>
    it.kind === Kind.SCHEMA_DEFINITION || it.kind === Kind.SCHEMA_EXTENSION
      ? (it.directives ?? [])
      : [],
  );

/** What a document links. */
export const linksOf = (document: DocumentNode): Link[] =>
  schemaDirectives(document)
    .filter(({ name }) => name.value === "link")
    .map(linkOf);

/** The link of the sharing spec, of whichever version. */
export const sharingLinkOf = (document: DocumentNode): Link | undefined =>
  linksOf(document).find(({ url }) => url.startsWith(SPEC));

/**
 * What this house cannot make sense of in a link of the sharing spec; undefined when it reads it.
 *
 * A directive of another name would be looked for in vain, and every label with it be missed.
 */
export const unreadable = ({ url, as, imports }: Link): string | undefined => {
  if (!READ.test(url.slice(SPEC.length)))
    return `the sharing spec is linked as \`${url}\`, and only version 1 is read`;
  if (as !== undefined) return `the sharing spec is linked under the name \`${as}\``;
  const holds = imports.find(({ name }) => name === `@${HOLDS}`);
  if (!holds) return `\`@${HOLDS}\` is not imported`;
  return holds.as === undefined || holds.as === holds.name
    ? undefined
    : `\`@${HOLDS}\` is imported under the name \`${holds.as}\``;
};

const PURPOSE = "for";

const withPurpose = (document: DocumentNode, purpose: ConstArgumentNode[]): DocumentNode =>
  visit(document, {
    Directive: (directive) => {
      const link = linkOf(directive as ConstDirectiveNode);
      if (directive.name.value !== "link" || !link.url.startsWith(SPEC) || unreadable(link))
        return undefined;
      const rest = (directive.arguments ?? []).filter(({ name }) => name.value !== PURPOSE);
      if (rest.length + purpose.length === directive.arguments?.length) return undefined;
      const [url, ...others] = rest;
      return { ...directive, arguments: [...(url ? [url] : []), ...purpose, ...others] };
    },
  });

/** A supergraph that says that its labels must be enforced: composition leaves that unsaid of any directive but its own. */
export const marked = (supergraph: DocumentNode): DocumentNode =>
  withPurpose(supergraph, [
    {
      kind: Kind.ARGUMENT,
      name: { kind: Kind.NAME, value: PURPOSE },
      value: { kind: Kind.ENUM, value: "SECURITY" },
    },
  ]);

/** The same without, for a planner that knows nothing of it and is asked by a gateway that does. */
export const unmarked = (supergraph: DocumentNode): DocumentNode => withPurpose(supergraph, []);
