/** What is collected: objects and lists, as subgraphs answered, put together, taken from, and walked through. */
import type { FetchDataRewrite, QueryPlanSelectionNode } from "@apollo/query-planner";
import type { Path } from "./shape.ts";

/** An object of collected data. */
export type Thing = Record<string, unknown>;

/** What is what among all types of a supergraph, those that clients do not see among them. */
export interface Types {
  /** Is an object of this type one of that type, interface or union? */
  isA(typename: string, type: string): boolean;
  isObjectType(name: string): boolean;
}

/** Lists stand in each other no deeper in any schema; what a subgraph puts deeper is not looked at. */
const MOST_NESTED = 16;

/** Things at a path of the collected data; a list at its end counts as its items. */
export const gather = (data: Thing, path: Path): Thing[] => {
  const found: Thing[] = [];
  reach(data, path, 0, found, 0);
  return found;
};

const reach = (value: unknown, path: Path, at: number, into: Thing[], nested: number): void => {
  if (typeof value !== "object" || value === null || nested > MOST_NESTED) return;
  if (Array.isArray(value)) {
    const next = path[at] === "@" ? at + 1 : at;
    for (const item of value) reach(item, path, next, into, nested + 1);
  } else if (at === path.length) into.push(value as Thing);
  else reach((value as Thing)[path[at] as string], path, at + 1, into, 0);
};

/** Where those things are, in the same order. */
export const pathsOf = (data: Thing, path: Path): Path[] => {
  const found: Path[] = [];
  follow(data, path, 0, [], found, 0);
  return found;
};

const follow = (
  value: unknown,
  path: Path,
  at: number,
  here: Path,
  into: Path[],
  nested: number,
): void => {
  if (typeof value !== "object" || value === null || nested > MOST_NESTED) return;
  if (Array.isArray(value)) {
    const next = path[at] === "@" ? at + 1 : at;
    for (const [index, item] of value.entries())
      follow(item, path, next, [...here, index], into, nested + 1);
  } else if (at === path.length) into.push(here);
  else {
    const name = path[at] as string;
    follow((value as Thing)[name], path, at + 1, [...here, name], into, 0);
  }
};

/** What is done with things, where it matters of which types they are. */
export const among = (types: Types) => {
  const isIn = (thing: Thing, type: string, otherwise: boolean): boolean => {
    const { __typename: typename } = thing;
    return typeof typename === "string"
      ? typename === type || types.isA(typename, type)
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
          key === "__typename" && typeof came === "string" && there && !types.isObjectType(came);
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

  return {
    merge,
    rewriter,
    /** Takes what a fetch requires from a thing; undefined when a part of it is not there. */
    take: (thing: Thing, selections: readonly QueryPlanSelectionNode[]) =>
      taken(thing, selections, {}),
  };
};
