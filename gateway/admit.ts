/** Step 3: a document must fit the graph, and its limits; what is admitted is compiled once. */
import {
  executeSync,
  getVariableValues,
  GraphQLError,
  Kind,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
  visit,
} from "graphql";
import type {
  ASTVisitor,
  DirectiveNode,
  DocumentNode,
  OperationDefinitionNode,
  ValidationContext,
} from "graphql";
import { LRUCache } from "lru-cache";
import { Problem } from "#schema/problems.ts";
import type { ProblemCode } from "#schema/problems.ts";
import type { Category } from "#sharing/vocabulary.ts";
import { costOf, LIMITS, weigh, withinLimits } from "./limits.ts";
import { holdingsOf, holdsIn } from "./holdings.ts";
import { NONE_DENIED } from "./judge.ts";
import { normalise } from "./normalise.ts";
import type { Canonical, ClientOperation, Withheld } from "./normalise.ts";
import { shapeOf } from "./shape.ts";
import type { ApiSchema, Shape } from "./shape.ts";

type Variables = Readonly<Record<string, unknown>>;

/** An operation that may be asked. */
export interface Admitted {
  isMutation: boolean;
  /** What it could be given or ask with, of which requesters may be denied some. */
  categories: readonly Category[];
  /**
   * Takes a request's variables.
   *
   * @param denied What its requester can be given in no record.
   * @throws {AggregateError} of problems: BAD_INPUT
   * @throws {Problem} OPERATION_TOO_LARGE
   */
  take(given: Variables, denied?: ReadonlySet<Category>): Taken;
}

/** An operation with its variables. */
export interface Taken {
  /** For the planner; null when no subgraph need be asked. */
  text: string | null;
  /** Coerced, by their names in the text. */
  variables: Record<string, unknown>;
  shape: Shape;
  /** What the schema says of itself, by the response names of the text. */
  introspection: Record<string, unknown>;
  /** What was left out because it is denied. */
  withheld: readonly Withheld[];
  /** What it asks with, although its requester may be given none of it: it is to be refused. */
  askedWith: readonly Category[];
}

/** What a graph admits. @throws {AggregateError | Problem} of problems: OPERATION_INVALID, OPERATION_TOO_LARGE */
export type Admit = (document: string, operationName: string | undefined) => Admitted;

/** Each boolean that is a condition doubles what an operation may be; what is in use is little. */
const MOST_VARIANTS = 32;
const MOST_DOCUMENTS = 1_000;
/** Characters of all documents together. */
const MOST_TEXT = 5_000_000;

const notSubscribed = (context: ValidationContext): ASTVisitor => ({
  OperationDefinition: (node) => {
    if (node.operation === "subscription")
      context.reportError(new GraphQLError("there is nothing to subscribe to", { nodes: [node] }));
  },
});

const problem = (code: ProblemCode, { message, locations, extensions }: GraphQLError): Problem =>
  new Problem(extensions.limit === undefined ? code : "OPERATION_TOO_LARGE", message, {
    ...(locations && { locations }),
    ...extensions,
  });

const refuse = (code: ProblemCode, errors: readonly GraphQLError[]): never => {
  throw new AggregateError(errors.map((error) => problem(code, error)));
};

const read = (document: string): DocumentNode => {
  try {
    return parse(document, { maxTokens: LIMITS.tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const isLong = error.message.endsWith(" tokens. Parsing aborted.");
    return refuse(isLong ? "OPERATION_TOO_LARGE" : "OPERATION_INVALID", [error]);
  }
};

/** The operation that is asked for. */
const choose = (document: DocumentNode, name: string | undefined): OperationDefinitionNode => {
  const operations = document.definitions.filter((it) => it.kind === Kind.OPERATION_DEFINITION);
  const [only, another] = operations.filter((it) => name === undefined || it.name?.value === name);
  if (only && !another) return only;
  throw new Problem("OPERATION_INVALID", "`operationName` must name one operation of the document");
};

/** The variables that decide whether something is left out. */
const conditionsOf = ({ definition, fragments }: ClientOperation): string[] => {
  const found = new Set<string>();
  const Directive = ({ name, arguments: given = [] }: DirectiveNode): void => {
    if (name.value === "skip" || name.value === "include")
      for (const { value } of given) if (value.kind === Kind.VARIABLE) found.add(value.name.value);
  };
  for (const node of [definition, ...fragments.values()]) visit(node, { Directive });
  return [...found];
};

/** An operation as it is when certain conditions are met and others not. */
interface Variant extends Omit<Canonical, "names"> {
  shape: Shape;
  aboutSchema: DocumentNode;
}

const compile = (
  api: ApiSchema,
  operation: ClientOperation,
  hideSuggestions: boolean,
): Admitted => {
  const { schema } = api;
  const { definition, fragments } = operation;
  const withinCost = costOf(schema, operation);
  const conditions = conditionsOf(operation);
  const variants = new LRUCache<string, Variant>({ max: MOST_VARIANTS });

  const holdings = holdingsOf(schema, api.labels, operation);
  const holdsOf = holdsIn(api.labels);

  const variant = (coerced: Variables, denied: ReadonlySet<Category>): Variant => {
    const met = conditions.map((name) => (coerced[name] === true ? "1" : "0")).join("");
    // INVARIANT: what one requester is denied never shapes another's operation.
    const key = `${met} ${[...denied].sort().join()}`;
    const known = variants.get(key);
    if (known) return known;
    const holds = (name: string) => coerced[name] === true;
    const trim = { denied, holds: holdsOf };
    const { names, introspection, ...normal } = normalise(schema, operation, holds, trim);
    const selectionSet = { kind: Kind.SELECTION_SET, selections: introspection } as const;
    const made: Variant = {
      ...normal,
      introspection,
      shape: shapeOf(api, operation, names, holds, trim),
      aboutSchema: {
        kind: Kind.DOCUMENT,
        definitions: [{ ...definition, selectionSet }, ...fragments.values()],
      },
    };
    variants.set(key, made);
    return made;
  };

  return {
    isMutation: definition.operation === "mutation",
    categories: holdings.categories,
    take: (given, denied = NONE_DENIED) => {
      weigh(given);
      const { coerced, errors } = getVariableValues(
        schema,
        definition.variableDefinitions ?? [],
        given,
        { maxErrors: 10, hideSuggestions },
      );
      if (!coerced) return refuse("BAD_INPUT", errors);
      for (const name of conditions)
        if (coerced[name] === null)
          throw new Problem("BAD_INPUT", `\`$${name}\` is a condition, and must be true or false`);
      withinCost(coerced);
      const made = variant(coerced, denied);
      const { text, shape, variables: renamed, introspection, aboutSchema, withheld } = made;
      const askedWith =
        denied.size === 0
          ? []
          : [...holdings.askedWith(denied, coerced)].filter((it) => denied.has(it));
      const variables: Record<string, unknown> = {};
      for (const [name, canonical] of renamed)
        if (Object.hasOwn(coerced, name)) variables[canonical] = coerced[name];
      const told = () =>
        executeSync({ schema, document: aboutSchema, variableValues: given, rootValue: {} }).data;
      return {
        text,
        variables,
        shape,
        introspection: introspection.length === 0 ? {} : (told() ?? {}),
        withheld,
        askedWith,
      };
    },
  };
};

interface Read {
  document: DocumentNode;
  /** By the name that was asked for. */
  operations: Map<string | undefined, Admitted>;
}

/** What a graph admits. */
export const admission = (api: ApiSchema): Admit => {
  const { schema } = api;
  const isProduction = process.env.NODE_ENV === "production";
  const rules = isProduction
    ? [...specifiedRules, notSubscribed, NoSchemaIntrospectionCustomRule]
    : [...specifiedRules, notSubscribed];
  const documents = new LRUCache<string, Read>({
    max: MOST_DOCUMENTS,
    maxSize: MOST_TEXT,
    sizeCalculation: (_, text) => text.length,
  });
  const readOnce = (text: string): Read => {
    const known = documents.get(text);
    if (known) return known;
    const document = read(text);
    // The limits first, for some of GraphQL's own rules take long over what is too large.
    for (const pass of [[withinLimits], rules]) {
      // A name that is nearly right would be answered with those that are.
      const errors = validate(schema, document, pass, { hideSuggestions: isProduction });
      if (errors.length > 0) refuse("OPERATION_INVALID", errors);
    }
    const valid = { document, operations: new Map() };
    documents.set(text, valid);
    return valid;
  };
  return (text, operationName) => {
    const { document, operations } = readOnce(text);
    const known = operations.get(operationName);
    if (known) return known;
    const fragments = new Map(
      document.definitions.flatMap((it) =>
        it.kind === Kind.FRAGMENT_DEFINITION ? [[it.name.value, it] as const] : [],
      ),
    );
    const definition = choose(document, operationName);
    const operation = compile(api, { definition, fragments }, isProduction);
    operations.set(operationName, operation);
    return operation;
  };
};
