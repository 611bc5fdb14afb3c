/**
 * Stands between a room's records and its answers: no field is asked of a record before it is judged, and what is given or
 * withheld is noted for the gateway. The decision itself is made in `sharing/`.
 *
 * A field's label says what it holds, and is judged with the record that it stands in. A field that leads to records is
 * judged record by record besides: what its requester may not know of is left out of a list, and null elsewhere.
 */
import { getNamedType, isAbstractType, isEnumType, isObjectType } from "graphql";
import type { GraphQLNamedType, GraphQLOutputType, GraphQLSchema } from "graphql";
import type { DisclosedPerson, Disclosure } from "#sharing/disclosure.ts";
import type { Category, Holds } from "#sharing/vocabulary.ts";
import type { Labels } from "./labels.ts";
import { NOBODY } from "./sharing.ts";
import type { About, Records, Sharing, Verdict } from "./sharing.ts";

/** Response names from the root of an answer; `@` for a position in a list. */
export type Pattern = readonly string[];

/** What a room tells the gateway beside its data; `at` is a position in `_entities`, null for the rest. */
export interface Told {
  withheld: { path: Pattern; holds: Category; at: number | null }[];
  obligations: { path: Pattern; codes: readonly string[]; at: number | null }[];
  disclosures: (Omit<Disclosure, "persons"> &
    Omit<DisclosedPerson, "id"> & { person: string; at: number | null })[];
}

/** A field at one place of an operation. */
export interface Spot {
  readonly path: Pattern;
  /** What it holds; null for what names no person. */
  readonly holds: Category | null;
  /** Does it lead to records, by itself or as a connection? */
  readonly leads: "RECORDS" | "CONNECTION" | "VALUES" | "NOWHERE";
  /** What stands in its place when it is withheld: null, or the value of its enum that says so. */
  readonly denied: "WITHHELD" | null;
  /** Are its items at positions that mean something, so that none may be left out? */
  readonly isPositional: boolean;
  /** Where what may be left out of it would stand. */
  readonly items: readonly Pattern[];
}

/** What has been given of one record. */
export interface Tally {
  readonly verdict: Verdict;
  readonly at: number | null;
  readonly given: Set<Category>;
}

/** The guard of one execution. */
export interface Watch {
  /** May this field be asked? If not, it is noted. */
  mayAsk(spot: Spot, tally: Tally | undefined, at: number | null): boolean;
  /** What of a field's value may go on; the records among it are ready to be judged then. */
  passing(spot: Spot, given: unknown, tally: Tally | undefined, at: number | null): unknown;
  /** The tally of a record of this type; undefined for what is part of another one. */
  tally(type: string, given: unknown, at: number | null): Tally | undefined;
  /** @param failed Fields of the root that came to nothing, and have an error of their own that says why. */
  told(failed: ReadonlySet<string>): Told;
}

/** What is worked out once for a schema. */
export interface Guard {
  /** @param below Where fields that stand below this one, one in the other, are asked for. */
  spot(
    parent: string,
    field: string,
    type: GraphQLOutputType,
    path: Pattern,
    below: (fields: readonly string[]) => readonly Pattern[],
  ): Spot;
  /** @param by The agency that asks. @param variables Of the operation; the planner names the entities that it asks for in them. */
  watch(sharing: Sharing, by: string, variables: Readonly<Record<string, unknown>>): Watch;
  /** Those of a type's records that may be known of: for lists that are cut into pages before they are given. */
  permitted<T>(sharing: Sharing, type: string, records: T[]): Promise<T[]> | T[];
}

const ENTITIES = "_entities";
/** How a withheld field reads, where its type has a word for that. */
export const WITHHELD = "WITHHELD";

const categoryOf = (holds: Holds): Category | null => (holds === "OPERATIONAL" ? null : holds);

/** @param records Whom the records of this room tell of. */
export const guard = (schema: GraphQLSchema, labels: Labels, records: Records): Guard => {
  const recordOf = (type: string) =>
    Object.hasOwn(records, type) ? (records[type] as Records[string]) : undefined;
  const gates = new Map(Object.keys(records).map((type) => [type, categoryOf(labels.type(type))]));
  const members = (type: GraphQLNamedType): readonly GraphQLNamedType[] =>
    isAbstractType(type) ? schema.getPossibleTypes(type) : [type];

  /** What a value tells that its enum as a whole does not. */
  const valueOf = (type: GraphQLNamedType, value: unknown): Category | null => {
    if (!isEnumType(type) || typeof value !== "string" || !type.getValue(value)) return null;
    const holds = labels.enumValue(type.name, value);
    return holds === labels.type(type.name) ? null : categoryOf(holds);
  };
  /** What the edges of a connection lead to. */
  const nodeOf = (type: GraphQLNamedType): GraphQLNamedType | undefined => {
    const edge = isObjectType(type) && getNamedType(type.getFields().edges?.type);
    const node = isObjectType(edge) ? edge.getFields().node : undefined;
    return node && getNamedType(node.type);
  };
  const leadsTo = (type: GraphQLNamedType): Spot["leads"] => {
    if (isEnumType(type))
      return type.getValues().some(({ name }) => valueOf(type, name)) ? "VALUES" : "NOWHERE";
    if (members(type).some(({ name }) => recordOf(name))) return "RECORDS";
    const node = nodeOf(type);
    return node && leadsTo(node) === "RECORDS" ? "CONNECTION" : "NOWHERE";
  };
  // Of a field that leads to records, each record's type is seen when it comes.
  const typeOf = (given: unknown, spotted: GraphQLNamedType): string | undefined =>
    isAbstractType(spotted) ? (given as { __typename?: string }).__typename : spotted.name;
  /** By the spot; of a connection, that of its nodes. */
  const types = new WeakMap<Spot, GraphQLNamedType>();

  return {
    spot: (parent, field, type, path, below) => {
      const named = getNamedType(type);
      const isPositional = field === ENTITIES;
      const isOurs = !field.startsWith("_");
      const holds = isOurs ? categoryOf(labels.field(parent, field)) : null;
      const denied = isEnumType(named) && named.getValue(WITHHELD) ? WITHHELD : null;
      const leads = leadsTo(named);
      const items = leads === "CONNECTION" ? below(["edges", "node"]) : [[...path, "@"]];
      const made: Spot = { path, holds, leads, denied, isPositional, items };
      types.set(made, (leads === "CONNECTION" && nodeOf(named)) || named);
      return made;
    },

    permitted: (sharing, type, all) => {
      const gate = gates.get(type) ?? null;
      const about = (recordOf(type) as Records[string]).about as (record: unknown) => About;
      const left = () =>
        all.filter(
          (record) =>
            gate === null || sharing.verdict(about(record)).of(gate).decision.decision === "ALLOW",
        );
      const waiting = gate === null ? undefined : sharing.ready(all.map(about));
      return waiting ? waiting.then(left) : left();
    },

    watch: (sharing, by, { representations }) => {
      /** The gate of an entity that was asked for, by its reference. */
      const gateAt = (at: number): Category | null => {
        const reference: unknown = Array.isArray(representations) ? representations[at] : null;
        const type = (reference as { __typename?: string } | null)?.__typename;
        return type === undefined ? null : (gates.get(type) ?? null);
      };
      const withheld = new Map<string, Told["withheld"][number]>();
      /** By the place, and by the codes: which positions. They are the same lists for all records of which the same is decided. */
      const obliged = new Map<Pattern, Map<readonly string[], Set<number | null>>>();
      const tallies: Tally[] = [];
      const withhold = (path: Pattern, holds: Category, at: number | null): void => {
        const key = `${path.join("\n")}\n${holds}\n${at}`;
        if (!withheld.has(key)) withheld.set(key, { path, holds, at });
      };
      const oblige = (path: Pattern, codes: readonly string[], at: number | null): void => {
        if (codes.length === 0) return;
        const here = obliged.get(path) ?? new Map<readonly string[], Set<number | null>>();
        obliged.set(path, here);
        const positions = here.get(codes) ?? new Set();
        here.set(codes, positions.add(at));
      };
      const isGiven = (verdict: Verdict, category: Category): boolean =>
        verdict.of(category).decision.decision === "ALLOW";
      // A record is asked about where it passes, and again where its fields are asked.
      const abouts = new WeakMap<object, About>();
      const aboutOf = (record: Records[string], given: unknown): About => {
        const known = abouts.get(given as object) ?? record.about(given as never);
        abouts.set(given as object, known);
        return known;
      };
      const gateOf = (
        spot: Spot,
        given: unknown,
      ): { about: About; gate: Category | null } | null => {
        const type = typeOf(given, types.get(spot) as GraphQLNamedType);
        const record = type === undefined ? undefined : recordOf(type);
        return record
          ? { about: aboutOf(record, given), gate: gates.get(type as string) ?? null }
          : null;
      };
      const passes = (spot: Spot, given: unknown): boolean => {
        const at = gateOf(spot, given);
        return !at || at.gate === null || isGiven(sharing.verdict(at.about), at.gate);
      };
      const isThere = (given: unknown): boolean =>
        given !== null && given !== undefined && !(given instanceof Error);
      const ready = (spot: Spot, all: readonly unknown[]): Promise<void> | undefined =>
        sharing.ready(
          all.flatMap((given) => (isThere(given) ? (gateOf(spot, given)?.about ?? []) : [])),
        );
      /** What a list of such records may be short of, whether it is or not. */
      const noteShort = (spot: Spot, tally: Tally | undefined, at: number | null): void => {
        const { name } = types.get(spot) as GraphQLNamedType;
        const { mayRaise = [], isNeverWhole = false } = recordOf(name) ?? {};
        for (const raised of mayRaise) {
          if (!tally) continue;
          const { decision, source } = tally.verdict.of(raised);
          if (decision.decision === "DENY" || (isNeverWhole && source === by))
            for (const item of spot.items) withhold(item, raised, at);
        }
      };

      const passingOne = (spot: Spot, given: unknown, at: number | null): unknown => {
        const finish = () => {
          if (isThere(given) && passes(spot, given)) return given;
          // What is not there and what may not be known of are told alike.
          if (spot.holds !== null) withhold(spot.path, spot.holds, at);
          return null;
        };
        if (given instanceof Error) return given;
        const waiting = isThere(given)
          ? ready(spot, [given])
          : spot.holds === null
            ? undefined
            : sharing.absent();
        return waiting ? waiting.then(finish) : finish();
      };
      const passingMany = (
        spot: Spot,
        all: readonly unknown[],
        tally: Tally | undefined,
        at: number | null,
      ): unknown => {
        const finish = () => {
          const left = all.filter((given) => !isThere(given) || passes(spot, given));
          const mayHaveAny =
            !tally || spot.holds === null || isGiven(tally.verdict, spot.holds) || left.length > 0;
          if (!mayHaveAny && spot.holds !== null) {
            withhold(spot.path, spot.holds, at);
            return null;
          }
          noteShort(spot, tally, at);
          return left;
        };
        const waiting = ready(spot, all);
        return waiting ? waiting.then(finish) : finish();
      };
      const passingAt = async (spot: Spot, all: readonly unknown[]): Promise<unknown> => {
        const settled = await Promise.allSettled(all);
        const given = settled.map((it) =>
          it.status === "fulfilled" ? it.value : toError(it.reason),
        );
        await ready(spot, given);
        if (given.some((it) => !isThere(it))) await sharing.absent();
        return given.map((it, at) => {
          if (it instanceof Error) return it;
          if (isThere(it) && passes(spot, it)) return it;
          const gate = gateAt(at);
          if (gate) withhold([...spot.path, "@"], gate, at);
          return null;
        });
      };
      const passingConnection = (
        spot: Spot,
        given: unknown,
        tally: Tally | undefined,
        at: number | null,
      ): unknown => {
        const { edges } = (given ?? { edges: [] }) as { edges?: readonly unknown[] };
        if (!tally || spot.holds === null || isGiven(tally.verdict, spot.holds) || edges?.length) {
          noteShort(spot, tally, at);
          return given;
        }
        withhold(spot.path, spot.holds, at);
        return null;
      };

      const passingValues = (
        spot: Spot,
        given: unknown,
        tally: Tally | undefined,
        at: number | null,
      ): unknown => {
        const type = types.get(spot) as GraphQLNamedType;
        const verdict = tally?.verdict ?? sharing.verdict(NOBODY);
        const isTold = (value: unknown): boolean => {
          const holds = valueOf(type, value);
          if (holds === null) return true;
          if (isGiven(verdict, holds)) {
            tally?.given.add(holds);
            return true;
          }
          return false;
        };
        // Whether it is this value or another, that one may be kept back is told alike.
        const enumType = isEnumType(type) ? type.getValues() : [];
        for (const { name } of enumType) {
          const holds = valueOf(type, name);
          if (holds && !isGiven(verdict, holds)) withhold(spot.path, holds, at);
        }
        if (Array.isArray(given)) return given.filter(isTold);
        return isTold(given) ? given : null;
      };

      const passing = (
        spot: Spot,
        given: unknown,
        tally: Tally | undefined,
        at: number | null,
      ): unknown => {
        if (spot.leads === "CONNECTION") return passingConnection(spot, given, tally, at);
        if (spot.leads === "VALUES") return passingValues(spot, given, tally, at);
        if (spot.isPositional) return passingAt(spot, given as readonly unknown[]);
        return Array.isArray(given)
          ? passingMany(spot, given, tally, at)
          : passingOne(spot, given, at);
      };

      return {
        mayAsk: (spot, tally, at) => {
          if (spot.holds === null || spot.leads === "RECORDS" || spot.leads === "CONNECTION")
            return true;
          const verdict = tally?.verdict ?? sharing.verdict(NOBODY);
          const { decision } = verdict.of(spot.holds);
          if (decision.decision === "DENY") {
            withhold(spot.path, spot.holds, at);
            return false;
          }
          tally?.given.add(spot.holds);
          oblige(spot.path, decision.obligations, at);
          return true;
        },
        passing,
        tally: (type, given, at) => {
          const record = recordOf(type);
          if (!record) return undefined;
          const verdict = sharing.verdict(aboutOf(record, given));
          const gate = gates.get(type) ?? null;
          const made: Tally = { verdict, at, given: new Set(gate ? [gate] : []) };
          tallies.push(made);
          return made;
        },
        told: (failed) => ({
          withheld: [...withheld.values()].filter(
            ({ path: [root] }) => !failed.has(root as string),
          ),
          obligations: obligationsOf(obliged),
          disclosures: disclosuresOf(tallies, by),
        }),
      };
    },
  };
};

const toError = (reason: unknown): Error =>
  reason instanceof Error ? reason : new Error("a record could not be read", { cause: reason });

const sorted = <T extends string>(list: Iterable<T>): T[] => [...new Set(list)].sort();

const obligationsOf = (
  obliged: ReadonlyMap<Pattern, ReadonlyMap<readonly string[], ReadonlySet<number | null>>>,
): Told["obligations"] => {
  const found = new Map<string, Told["obligations"][number]>();
  for (const [path, lists] of obliged) {
    const place = path.join("\n");
    for (const [codes, positions] of lists) {
      const key = `${place}\n${codes.join()}`;
      for (const at of positions) found.set(`${key}\n${at}`, { path, codes, at });
    }
  }
  return [...found.values()];
};

/** What was given of another agency's information: one for each person, source and grounds. */
const disclosuresOf = (tallies: readonly Tally[], by: string): Told["disclosures"] => {
  const found = new Map<string, { given: Told["disclosures"][number]; all: Set<Category> }>();
  // Records of which the same is decided are many.
  const parts = new Map<Verdict, Map<Category, Part | null>>();
  const partOf = (verdict: Verdict, category: Category): Part | null => {
    const its = parts.get(verdict) ?? new Map<Category, Part | null>();
    parts.set(verdict, its);
    let part = its.get(category);
    if (part === undefined) {
      part = partFor(verdict, category, by);
      its.set(category, part);
    }
    return part;
  };
  for (const { verdict, at, given } of tallies) {
    const { person, raises } = verdict.about;
    if (person === null) continue;
    for (const category of given) {
      const part = partOf(verdict, category);
      if (!part) continue;
      const key = `${at} ${person} ${part.key}`;
      let there = found.get(key);
      if (!there) {
        there = { given: { at, person, categories: [], ...part.what }, all: new Set() };
        found.set(key, there);
      }
      there.all.add(category);
      for (const it of raises) there.all.add(it);
    }
  }
  return [...found.values()].map(({ given, all }) => ({ ...given, categories: sorted(all) }));
};

/** Of what kind of information was given, whose it was and what that rested on. */
interface Part {
  what: Omit<Told["disclosures"][number], "at" | "person" | "categories">;
  key: string;
}

/** Null for what is the asking agency's own. */
const partFor = (verdict: Verdict, category: Category, by: string): Part | null => {
  const judged = verdict.of(category);
  // What an agency keeps together with others came to it from the one whose information it is.
  const source = judged.source === by ? verdict.about.source : judged.source;
  if (source === by) return null;
  const [rules, obligations] = [sorted(judged.decision.rules), sorted(judged.decision.obligations)];
  const grounds = verdict.grounds(category);
  const { agreement, consents, attestations } = grounds;
  return {
    what: { source, rules, obligations, ...grounds },
    key: `${source} ${rules.join()} ${obligations.join()} ${agreement?.id} ${consents.map(({ id }) => id).join()} ${attestations.join()}`,
  };
};
