/**
 * Asking a subgraph for entities: what several requests under one token ask of it at the same time, in the same words, goes
 * in one call, and each thing is asked for once.
 *
 * INVARIANT: calls are joined for one and the same `Requester` alone, so that no answer crosses from one caller to another.
 */
import type { GraphQLFormattedError } from "graphql";
import type { Requester } from "#sharing/requester.ts";
import { Gone, Unavailable } from "./link.ts";
import type { Asker, Link } from "./link.ts";

/** A reference to a thing, as a subgraph takes it. */
export interface Representation {
  value: object;
  /** The same as JSON: two that are equal are one thing. */
  json: string;
}

/** An object of collected data. */
export type Thing = Record<string, unknown>;

/** What came back for one request. */
export interface Entities {
  /** One for each representation, in their order. */
  things: (Thing | null)[];
  /** `at` is the position of the representation; null for an error of the whole call. */
  errors: { at: number | null; error: GraphQLFormattedError }[];
}

/** One kind of question: a document, and what goes with it beside the representations. */
export interface Question {
  query: string;
  variables: Record<string, unknown>;
}

interface Member {
  /** Where each of its representations stands in the call. */
  positions: number[];
  gone: AbortSignal;
  resolve: (entities: Entities) => void;
  reject: (error: unknown) => void;
}

interface Batch {
  question: Question;
  asker: Asker;
  /** Positions by JSON. */
  positions: Map<string, number>;
  representations: object[];
  members: Member[];
}

/** A call is no larger; what comes after that goes in the next one. */
const MOST_REPRESENTATIONS = 1_000;

/** A thing for another request, so that none writes into what another one reads. */
const copy = <T>(value: T): T => {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copy) as T;
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, copy(of)])) as T;
};

/** Gone when all of the members are. */
const allGone = (members: readonly Member[]): { gone: AbortSignal; settled: () => void } => {
  const [only] = members;
  if (only && members.length === 1) return { gone: only.gone, settled: () => undefined };
  const abort = new AbortController();
  const look = () => {
    if (members.every(({ gone }) => gone.aborted)) abort.abort();
  };
  for (const { gone } of members) gone.addEventListener("abort", look, { once: true });
  look();
  return {
    gone: abort.signal,
    settled: () => {
      for (const { gone } of members) gone.removeEventListener("abort", look);
    },
  };
};

const deal = (
  { members, representations }: Batch,
  answer: { data?: unknown; errors?: GraphQLFormattedError[] },
) => {
  const found = (answer.data as { _entities?: unknown } | null | undefined)?._entities;
  const isWhole = Array.isArray(found) && found.length === representations.length;
  if (!isWhole && !answer.errors?.length) throw new Unavailable("entities are missing");
  const things = isWhole ? (found as (Thing | null)[]) : representations.map(() => null);
  const given = new Set<number>();
  for (const { positions, resolve } of members) {
    const mine = positions.map((position) => {
      const thing = things[position] ?? null;
      if (!given.has(position)) {
        given.add(position);
        return thing;
      }
      return copy(thing);
    });
    const errors = (answer.errors ?? []).flatMap((error): Entities["errors"] => {
      const position = error.path?.[0] === "_entities" ? error.path[1] : undefined;
      if (typeof position !== "number") return [{ at: null, error }];
      const at = positions.indexOf(position);
      return at < 0 ? [] : [{ at, error }];
    });
    resolve({ things: mine, errors });
  }
};

/** Asks for things, together with whoever else asks in this turn of the event loop. */
export type AskForEntities = (
  question: Question,
  representations: readonly Representation[],
  asker: Asker,
) => Promise<Entities>;

/** Joins the calls of one subgraph. */
export const joined = (link: Link): AskForEntities => {
  const open = new Map<Requester, Map<string, Batch>>();

  const send = async (batch: Batch): Promise<void> => {
    const { gone, settled } = allGone(batch.members);
    try {
      const { query, variables } = batch.question;
      const operation = {
        query,
        variables: { ...variables, representations: batch.representations },
      };
      deal(batch, await link.call(operation, false, { ...batch.asker, gone }));
    } catch (error) {
      // What cannot even be dealt out was no answer.
      const isTold = error instanceof Unavailable || error instanceof Gone;
      const reason = isTold ? error : new Unavailable("no answer", { cause: error });
      for (const { reject } of batch.members) reject(reason);
    } finally {
      settled();
    }
  };
  const flush = () => {
    const batches = [...open.values()].flatMap((of) => [...of.values()]);
    open.clear();
    for (const batch of batches) void send(batch);
  };

  return (question, representations, asker) =>
    new Promise((resolve, reject) => {
      if (open.size === 0) setImmediate(flush);
      let mine = open.get(asker.requester);
      if (!mine) {
        mine = new Map();
        open.set(asker.requester, mine);
      }
      const key = `${question.query}${JSON.stringify(question.variables)}`;
      let batch = mine.get(key);
      if (!batch || batch.representations.length + representations.length > MOST_REPRESENTATIONS) {
        if (batch) void send(batch);
        batch = { question, asker, positions: new Map(), representations: [], members: [] };
        mine.set(key, batch);
      }
      const positions: number[] = [];
      for (const { json, value } of representations) {
        let position = batch.positions.get(json);
        if (position === undefined) {
          position = batch.representations.push(value) - 1;
          batch.positions.set(json, position);
        }
        positions.push(position);
      }
      batch.members.push({ positions, gone: asker.gone, resolve, reject });
    });
};
