/** Step 5: a query plan, compiled once, carried out for each request against the subgraphs. */
import type {
  FetchDataRewrite,
  FetchNode,
  PlanNode,
  QueryPlan,
  QueryPlanSelectionNode,
} from "@apollo/query-planner";
import { Kind, parse } from "graphql";
import type { GraphQLFormattedError, SelectionSetNode } from "graphql";
import { Problem } from "#schema/problems.ts";
import type { AskForEntities, Representation, Thing } from "./entities.ts";
import { Gone, Unavailable } from "./link.ts";
import type { Asker, Link } from "./link.ts";
import type { Read } from "./reads.ts";
import type { Path } from "./shape.ts";

/** Something that went wrong while a plan was carried out. */
export interface Failure {
  /** In the collected data; null when it is of no one place. */
  path: Path | null;
  /** As the subgraph tells it, or `SUBGRAPH_UNAVAILABLE`. */
  error: Pick<GraphQLFormattedError, "message" | "extensions">;
}

/** One request's collecting: who asks, with which variables, and what has been collected. */
export interface Collecting extends Asker {
  /** By their names in the normalised operation. */
  variables: Readonly<Record<string, unknown>>;
  data: Thing;
  failures: Failure[];
}

/** Carries a plan out. What fails is noted, and the rest goes on. */
export type Collect = (collecting: Collecting) => Promise<void>;

/** What a plan is compiled against. */
export interface Floor {
  link(subgraph: string): Link;
  read(subgraph: string): Read;
  entities(subgraph: string): AskForEntities;
  /** Is an object of this type one of that type, interface or union? Of all types of the supergraph. */
  isA(typename: string, type: string): boolean;
  isObjectType(name: string): boolean;
}

/** Lists stand in each other no deeper in any schema; what a subgraph puts deeper is not looked at. */
const MOST_NESTED = 16;

/** Things at a path of the collected data; a list at its end counts as its items. */
const gather = (value: unknown, path: Path, at: number, into: Thing[], nested = 0): void => {
  if (typeof value !== "object" || value === null || nested > MOST_NESTED) return;
  if (Array.isArray(value)) {
    const next = path[at] === "@" ? at + 1 : at;
    for (const item of value) gather(item, path, next, into, nested + 1);
  } else if (at === path.length) into.push(value as Thing);
  else gather((value as Thing)[path[at] as string], path, at + 1, into);
};

/** Where those things are, in the same order. */
const pathsOf = (
  value: unknown,
  path: Path,
  at: number,
  here: Path,
  into: Path[],
  nested = 0,
): void => {
  if (typeof value !== "object" || value === null || nested > MOST_NESTED) return;
  if (Array.isArray(value)) {
    const next = path[at] === "@" ? at + 1 : at;
    for (const [index, item] of value.entries())
      pathsOf(item, path, next, [...here, index], into, nested + 1);
  } else if (at === path.length) into.push(here);
  else {
    const name = path[at] as string;
    pathsOf((value as Thing)[name], path, at + 1, [...here, name], into);
  }
};

/** Undefined for what is deeper than can be written. */
const asJson = (value: object): string | undefined => {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
};

const isWithin = (path: Path, thing: Path): boolean =>
  thing.every((step, index) => path[index] === step);

/** Compiles a plan. */
export const compile = (plan: QueryPlan, floor: Floor): Collect => {
  const isIn = (thing: Thing, type: string, otherwise: boolean): boolean => {
    const { __typename: typename } = thing;
    return typeof typename === "string"
      ? typename === type || floor.isA(typename, type)
      : otherwise;
  };

  /** Adds what came to what is there: objects and lists item by item, and no null in the place of a value. */
  const merge = (into: Thing, from: Thing): void => {
    for (const key of Object.keys(from)) {
      // It would reach the prototype of every object.
      if (key === "__proto__") continue;
      const [there, came] = [into[key], from[key]];
      if (came === null || came === undefined) into[key] ??= null;
      else if (typeof came !== "object" || typeof there !== "object" || there === null) {
        // A subgraph with an `@interfaceObject` knows a thing by its interface alone.
        const isLess =
          key === "__typename" && typeof came === "string" && there && !floor.isObjectType(came);
        if (!isLess) into[key] = came;
      } else if (!Array.isArray(came)) merge(there as Thing, came as Thing);
      else if (Array.isArray(there))
        for (const [index, item] of came.entries()) {
          const its: unknown = there[index];
          if (index >= there.length || its === null) there[index] = item;
          else if (typeof item === "object" && item !== null && typeof its === "object")
            merge({ list: its } as Thing, { list: item as unknown } as Thing);
        }
    }
  };

  /** Applies what the planner wants changed in data that goes to a subgraph, or that came from one. */
  const rewriter = (rewrites: readonly FetchDataRewrite[] = []): ((data: unknown) => void) => {
    const rewrite = (value: unknown, { path, ...change }: FetchDataRewrite, at: number): void => {
      if (typeof value !== "object" || value === null) return;
      if (Array.isArray(value)) {
        for (const item of value) rewrite(item, { path, ...change } as FetchDataRewrite, at);
        return;
      }
      const thing = value as Thing;
      const step = path[at] ?? "";
      const [, type] = /^\.\.\. on (.*)$/.exec(step) ?? [];
      if (type !== undefined) {
        if (isIn(thing, type, true))
          rewrite(thing, { path, ...change } as FetchDataRewrite, at + 1);
      } else if (at < path.length - 1)
        rewrite(thing[step], { path, ...change } as FetchDataRewrite, at + 1);
      else if (change.kind === "ValueSetter") thing[step] = change.setValueTo;
      else if (thing[step] !== undefined) {
        thing[change.renameKeyTo] = thing[step];
        delete thing[step];
      }
    };
    return (data) => {
      for (const it of rewrites) rewrite(data, it, 0);
    };
  };

  /** Takes what a fetch requires from a thing; undefined when a part of it is not there. */
  const taken = (
    thing: Thing,
    selections: readonly QueryPlanSelectionNode[],
    into: Thing,
  ): Thing | undefined => {
    for (const selection of selections) {
      if (selection.kind === "InlineFragment") {
        const { typeCondition: type } = selection;
        if (type !== undefined && !isIn(thing, type, false)) continue;
        if (!taken(thing, selection.selections, into)) return undefined;
        continue;
      }
      const name = selection.alias ?? selection.name;
      const value = part(thing[name], selection.selections);
      if (value === undefined) return undefined;
      const there = into[name];
      if (typeof value === "object" && typeof there === "object" && value && there)
        merge(there as Thing, value as Thing);
      else into[name] = value;
    }
    return into;
  };
  const part = (
    value: unknown,
    selections: readonly QueryPlanSelectionNode[] | undefined,
  ): unknown => {
    if (!selections || typeof value !== "object" || value === null) return value;
    if (!Array.isArray(value)) return taken(value as Thing, selections, {});
    const items = value.map((item) => part(item, selections));
    return items.includes(undefined) ? undefined : items;
  };

  const fetch = (node: FetchNode, path: Path): Collect => {
    const { serviceName: room, operation: query, requires } = node;
    if (node.contextRewrites?.length) throw new Error("`@fromContext` is not supported");
    const [link, read] = [floor.link(room), floor.read(room)];
    const askForEntities = floor.entities(room);
    const fields = fieldsOf(query, requires !== undefined);
    const rewriteInput = rewriter(node.inputRewrites);
    const rewriteOutput = rewriter(node.outputRewrites);

    const variablesOf = ({ variables }: Collecting): Record<string, unknown> =>
      Object.fromEntries(
        (node.variableUsages ?? [])
          .filter((name) => Object.hasOwn(variables, name))
          .map((name) => [name, variables[name]]),
      );
    const places = ({ data }: Collecting): Path[] => {
      const paths: Path[] = [];
      pathsOf(data, path, 0, [], paths);
      return paths;
    };
    const note = (
      collecting: Collecting,
      things: readonly Path[],
      error: Failure["error"],
    ): void => {
      for (const thing of things)
        for (const field of fields) collecting.failures.push({ path: [...thing, field], error });
    };
    /** What could not be asked for, for want of what it requires: it is missing for the same reason. */
    const noteMissing = (collecting: Collecting, incomplete: readonly number[]): void => {
      const all = places(collecting);
      const before = [...collecting.failures];
      for (const thing of incomplete.map((index) => all[index] as Path)) {
        const cause = before.find(
          ({ path: at }) => at && (isWithin(at, thing) || isWithin(thing, at)),
        );
        if (cause) note(collecting, [thing], cause.error);
      }
    };
    /** What is to be said of a call that brought nothing. */
    const unavailable = (error: unknown): Failure["error"] => {
      if (!(error instanceof Unavailable)) throw error;
      return {
        message: `\`${room}\` did not answer in time`,
        extensions: { code: "SUBGRAPH_UNAVAILABLE" },
      };
    };

    const askRoot: Collect = async (collecting) => {
      const targets: Thing[] = [];
      gather(collecting.data, path, 0, targets);
      const operation = { query, variables: variablesOf(collecting) };
      try {
        const { data, errors = [] } = await (node.operationKind === "mutation"
          ? link.call(operation, true, collecting)
          : read(operation, collecting));
        for (const { path: at, message, extensions } of errors)
          if (at)
            for (const place of places(collecting))
              collecting.failures.push({ path: [...place, ...at], error: { message, extensions } });
          else if (data) collecting.failures.push({ path: null, error: { message, extensions } });
          else note(collecting, places(collecting), { message, extensions });
        if (!data) return;
        rewriteOutput(data);
        for (const target of targets) merge(target, data);
      } catch (error) {
        note(collecting, places(collecting), unavailable(error));
      }
    };

    const askEntities: Collect = async (collecting) => {
      const candidates: Thing[] = [];
      gather(collecting.data, path, 0, candidates);
      const representations: Representation[] = [];
      const positions = new Map<string, number>();
      /** The things that each representation stands for, by their positions among the candidates. */
      const targets: number[][] = [];
      const incomplete: number[] = [];
      for (const [index, candidate] of candidates.entries()) {
        const value = taken(candidate, requires ?? [], {});
        if (!value) incomplete.push(index);
        if (value?.__typename === undefined) continue;
        rewriteInput(value);
        const json = asJson(value);
        if (json === undefined) {
          collecting.failures.push({ path: null, error: unavailable(new Unavailable(room)) });
          continue;
        }
        const position = positions.get(json);
        if (position !== undefined) targets[position]?.push(index);
        else {
          positions.set(json, representations.push({ value, json }) - 1);
          targets.push([index]);
        }
      }
      if (incomplete.length > 0) noteMissing(collecting, incomplete);
      if (representations.length === 0) return;
      const pathsAt = (position: number | null): Path[] => {
        const all = places(collecting);
        return (position === null ? targets.flat() : (targets[position] ?? [])).map(
          (index) => all[index] as Path,
        );
      };
      try {
        const question = { query, variables: variablesOf(collecting) };
        const { things, errors } = await askForEntities(question, representations, collecting);
        for (const { at, error } of errors) {
          const { path: inAnswer, message, extensions } = error;
          const told = { message, extensions };
          const below = inAnswer?.slice(2) ?? [];
          if (at === null && things.some((thing) => thing !== null))
            collecting.failures.push({ path: null, error: told });
          else if (below.length === 0) note(collecting, pathsAt(at), told);
          else
            for (const place of pathsAt(at))
              collecting.failures.push({ path: [...place, ...below], error: told });
        }
        for (const [position, thing] of things.entries()) {
          if (!thing) continue;
          rewriteOutput(thing);
          for (const index of targets[position] ?? []) merge(candidates[index] as Thing, thing);
        }
      } catch (error) {
        note(collecting, pathsAt(null), unavailable(error));
      }
    };
    return requires ? askEntities : askRoot;
  };

  const step = (node: PlanNode, path: Path): Collect => {
    switch (node.kind) {
      case "Fetch":
        return fetch(node, path);
      case "Flatten":
        return step(node.node, [...path, ...node.path]);
      case "Sequence": {
        const steps = node.nodes.map((it) => step(it, path));
        return async (collecting) => {
          for (const it of steps) await it(collecting);
        };
      }
      case "Parallel": {
        const steps = node.nodes.map((it) => step(it, path));
        return async (collecting) => {
          await Promise.all(steps.map((it) => it(collecting)));
        };
      }
      case "Condition": {
        const [ifTrue, ifFalse] = [node.ifClause, node.elseClause].map(
          (clause) => clause && step(clause, path),
        );
        return async (collecting) => {
          await (collecting.variables[node.condition] === true ? ifTrue : ifFalse)?.(collecting);
        };
      }
      case "Defer":
        throw new Problem("OPERATION_INVALID", "`@defer` is not supported");
    }
  };

  const { node } = plan;
  if (node?.kind === "Subscription")
    throw new Problem("OPERATION_INVALID", "there is nothing to subscribe to");
  const whole = node && step(node, []);
  return async (collecting) => {
    try {
      await whole?.(collecting);
    } catch (error) {
      // The plan is left where it is: there is nobody to answer.
      if (!(error instanceof Gone)) throw error;
    }
  };
};

/** The fields that a fetch is for: those of the root, or those of the entities. */
const fieldsOf = (query: string, areEntities: boolean): string[] => {
  const [operation] = parse(query, { noLocation: true }).definitions;
  const fragments = new Map(
    parse(query, { noLocation: true }).definitions.flatMap((it) =>
      it.kind === Kind.FRAGMENT_DEFINITION ? [[it.name.value, it.selectionSet] as const] : [],
    ),
  );
  const named = (set: SelectionSetNode | undefined): string[] =>
    (set?.selections ?? []).flatMap((it) => {
      if (it.kind === Kind.INLINE_FRAGMENT) return named(it.selectionSet);
      if (it.kind === Kind.FRAGMENT_SPREAD) return named(fragments.get(it.name.value));
      return it.name.value === "__typename" ? [] : (it.alias ?? it.name).value;
    });
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error("a fetch is an operation");
  const [first] = operation.selectionSet.selections;
  return [
    ...new Set(
      named(
        areEntities && first?.kind === Kind.FIELD ? first.selectionSet : operation.selectionSet,
      ),
    ),
  ];
};
