/** Step 5: a query plan, compiled once, carried out for each request against the subgraphs. */
import type { FetchNode, PlanNode, QueryPlan } from "@apollo/query-planner";
import { Kind, parse } from "graphql";
import type { GraphQLFormattedError, SelectionSetNode } from "graphql";
import { Problem } from "#schema/problems.ts";
import type { Told } from "#platform/guard.ts";
import type { AskForEntities, Representation } from "./entities.ts";
import { Gone, Unavailable } from "./link.ts";
import type { Asker, Link } from "./link.ts";
import type { Read } from "./reads.ts";
import type { Path } from "./shape.ts";
import { among, gather, pathsOf } from "./things.ts";
import type { Thing, Types } from "./things.ts";
import { hearing } from "./told.ts";
import type { Heard } from "./told.ts";

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
  /** What rooms gave and withheld: one for each call. */
  heard: Heard[];
}

/** Carries a plan out. What fails is noted, and the rest goes on. */
export type Collect = (collecting: Collecting) => Promise<void>;

/** What a plan is compiled against. */
export interface Floor extends Types {
  /** Does the graph say what its fields hold? */
  isLabelled: boolean;
  link(subgraph: string): Link;
  read(subgraph: string): Read;
  entities(subgraph: string): AskForEntities;
}

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
  const { merge, rewriter, take } = among(floor);

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
    const places = ({ data }: Collecting): Path[] => pathsOf(data, path);
    const note = (
      collecting: Collecting,
      things: readonly Path[],
      error: Failure["error"],
    ): void => {
      for (const thing of things)
        for (const field of fields) collecting.failures.push({ path: [...thing, field], error });
    };
    const here = path.map(String);
    // A room's own path begins where the fetch does: at `_entities` and a position, or at the root.
    const heardIn = hearing((inAnswer) => {
      if (!requires) return [[...here, ...inAnswer]];
      const below = inAnswer.slice(2);
      return below.length > 0 ? [[...here, ...below]] : fields.map((field) => [...here, field]);
    });
    const hear = ({ heard }: Collecting, told: Told | undefined): void => {
      // What others' subgraphs call by the same name is not for us.
      if (told && floor.isLabelled) heard.push(heardIn(told));
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
      const targets = gather(collecting.data, path);
      const operation = { query, variables: variablesOf(collecting) };
      try {
        const {
          data,
          errors = [],
          extensions,
        } = await (node.operationKind === "mutation"
          ? link.call(operation, true, collecting)
          : read(operation, collecting));
        hear(collecting, extensions?.sharing);
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
      const candidates = gather(collecting.data, path);
      const representations: Representation[] = [];
      const positions = new Map<string, number>();
      /** The things that each representation stands for, by their positions among the candidates. */
      const targets: number[][] = [];
      const incomplete: number[] = [];
      for (const [index, candidate] of candidates.entries()) {
        const value = take(candidate, requires ?? []);
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
        const answered = await askForEntities(question, representations, collecting);
        const { things, errors } = answered;
        for (const told of answered.told) hear(collecting, told);
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
  const { definitions } = parse(query, { noLocation: true });
  const [operation] = definitions;
  const fragments = new Map(
    definitions.flatMap((it) =>
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
