/** Asking a subgraph for entities: what several requests under one token ask in one turn goes in one call, each thing once. */
import type { GraphQLFormattedError } from "graphql";
import type { Told } from "#platform/guard.ts";
import type { Answer } from "#platform/subgraph.ts";
import { Unavailable } from "./link.ts";
import type { Asker, Link } from "./link.ts";
import type { Thing } from "./things.ts";
import { copy, forAll, perTurn } from "./turn.ts";
import type { Member } from "./turn.ts";

/** A reference to a thing, as a subgraph takes it. */
export interface Representation {
  value: object;
  /** The same as JSON: two that are equal are one thing. */
  json: string;
}

/** What came back for one request. */
export interface Entities {
  /** One for each representation, in their order. */
  things: (Thing | null)[];
  /** `at` is the position of the representation; null for an error of the whole call. */
  errors: { at: number | null; error: GraphQLFormattedError }[];
  /** What the room gave and withheld of these, once for each call. */
  told: Told[];
}

/** One kind of question: a document, and what goes with it beside the representations. */
export interface Question {
  query: string;
  variables: Record<string, unknown>;
}

interface Asked extends Member {
  /** Where each of its representations stands in the call. */
  positions: number[];
  resolve: (entities: Entities) => void;
}

interface Batch {
  question: Question;
  asker: Asker;
  /** Positions by JSON. */
  positions: Map<string, number>;
  representations: object[];
  members: Asked[];
}

/** A call is no larger; what is more than that goes in the next one. */
const MOST_REPRESENTATIONS = 1_000;

/** What a room told of some of the things it was asked for: the rest is for others, who asked in the same call. */
const toldOf = (told: Told, positions: readonly number[], isAll: boolean): Told => {
  if (isAll) return told;
  const mine = new Set(positions);
  const isMine = ({ at }: { at: number | null }) => at === null || mine.has(at);
  return {
    withheld: told.withheld.filter(isMine),
    obligations: told.obligations.filter(isMine),
    disclosures: told.disclosures.filter(isMine),
  };
};

const deal = ({ members, representations }: Batch, answer: Answer) => {
  const found = (answer.data as { _entities?: unknown } | null | undefined)?._entities;
  const isWhole = Array.isArray(found) && found.length === representations.length;
  if (!isWhole && !answer.errors?.length) throw new Unavailable("entities are missing");
  const things = isWhole ? (found as (Thing | null)[]) : representations.map(() => null);
  const given = new Set<number>();
  const whole = answer.extensions?.sharing;
  const isAsked = (positions: readonly number[]) =>
    new Set(positions).size === representations.length;
  // Those who asked for the same things are told the same thing.
  const tellings = new Map<string, Told>();
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
    const key = positions.join();
    const told = tellings.get(key) ?? (whole && toldOf(whole, positions, isAsked(positions)));
    if (told) tellings.set(key, told);
    resolve({ things: mine, errors, told: told ? [told] : [] });
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
  const join = perTurn<Batch>((batch) => {
    const { members, question, asker, representations } = batch;
    const { query } = question;
    const variables = { ...question.variables, representations };
    void forAll(members, async (gone) => {
      deal(batch, await link.call({ query, variables }, false, { ...asker, gone }));
    });
  });

  const ask: AskForEntities = (question, representations, asker) =>
    new Promise((resolve, reject) => {
      const batch = join(
        asker.requester,
        `${question.query}${JSON.stringify(question.variables)}`,
        () => ({ question, asker, positions: new Map(), representations: [], members: [] }),
        (it) => it.representations.length + representations.length <= MOST_REPRESENTATIONS,
      );
      const positions = representations.map(({ json, value }) => {
        const there = batch.positions.get(json);
        if (there !== undefined) return there;
        const position = batch.representations.push(value) - 1;
        batch.positions.set(json, position);
        return position;
      });
      batch.members.push({ positions, gone: asker.gone, resolve, reject });
    });

  return async (question, representations, asker) => {
    if (representations.length <= MOST_REPRESENTATIONS)
      return ask(question, representations, asker);
    const starts: number[] = [];
    for (let start = 0; start < representations.length; start += MOST_REPRESENTATIONS)
      starts.push(start);
    const parts = await Promise.all(
      starts.map(async (start) => {
        const part = representations.slice(start, start + MOST_REPRESENTATIONS);
        const { things, errors, told } = await ask(question, part, asker);
        return {
          things,
          told,
          errors: errors.map(({ at, error }) => ({ at: at === null ? null : at + start, error })),
        };
      }),
    );
    return {
      things: parts.flatMap(({ things }) => things),
      errors: parts.flatMap(({ errors }) => errors),
      told: parts.flatMap(({ told }) => told),
    };
  };
};
