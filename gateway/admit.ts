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
import { costOf, LIMITS, weigh, withinLimits } from "./limits.ts";
import { normalise } from "./normalise.ts";
import type { ClientOperation } from "./normalise.ts";
import { shapeOf } from "./shape.ts";
import type { ApiSchema, Shape } from "./shape.ts";

type Variables = Readonly<Record<string, unknown>>;

/** An operation that may be asked, compiled. */
export interface Admitted {
  isMutation: boolean;
  /** For the planner; null when no subgraph need be asked. */
  text: string | null;
  /**
   * Takes a request's variables.
   *
   * @throws {AggregateError} of problems: BAD_INPUT
   * @throws {Problem} OPERATION_TOO_LARGE
   */
  take(given: Variables): Taken;
}

/** An operation with its variables. */
export interface Taken {
  /** Coerced, by their names in the normalised operation. */
  variables: Record<string, unknown>;
  shape: Shape;
  /** What the schema says of itself, by the response names of the normalised operation. */
  introspection: Record<string, unknown>;
}

/** What a graph admits. @throws {AggregateError | Problem} of problems: OPERATION_INVALID, OPERATION_TOO_LARGE */
export type Admit = (document: string, operationName: string | undefined) => Admitted;

/** Each boolean that is a condition doubles the shapes that an operation may have; those in use are few. */
const MOST_SHAPES = 32;
const MOST_DOCUMENTS = 1_000;

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

const compile = (
  api: ApiSchema,
  document: DocumentNode,
  operation: ClientOperation,
  hideSuggestions: boolean,
): Admitted => {
  const { schema } = api;
  const { definition } = operation;
  const { text, names, variables: renamed, introspection } = normalise(schema, operation);
  const withinCost = costOf(schema, operation);
  const conditions = conditionsOf(operation);
  const shapes = new LRUCache<string, Shape>({ max: MOST_SHAPES });
  const aboutSchema: DocumentNode = {
    ...document,
    definitions: [
      { ...definition, selectionSet: { kind: Kind.SELECTION_SET, selections: introspection } },
      ...operation.fragments.values(),
    ],
  };

  return {
    isMutation: definition.operation === "mutation",
    text,
    take: (given) => {
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
          throw new Problem("BAD_INPUT", `\`$${name}\` is a condition, and must not be null`);
      withinCost(coerced);
      const key = conditions.map((name) => (coerced[name] === true ? "1" : "0")).join("");
      let shape = shapes.get(key);
      if (!shape) {
        shape = shapeOf(api, operation, names, (name) => coerced[name] === true);
        shapes.set(key, shape);
      }
      const variables: Record<string, unknown> = {};
      for (const [name, canonical] of renamed)
        if (Object.hasOwn(coerced, name)) variables[canonical] = coerced[name];
      return {
        variables,
        shape,
        introspection:
          introspection.length === 0
            ? {}
            : (executeSync({ schema, document: aboutSchema, variableValues: given, rootValue: {} })
                .data ?? {}),
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
  const documents = new LRUCache<string, Read>({ max: MOST_DOCUMENTS });
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
    const operation = compile(api, document, { definition, fragments }, isProduction);
    operations.set(operationName, operation);
    return operation;
  };
};
