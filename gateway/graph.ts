/** A supergraph that is being served: what may be asked of it, how, and where. */
import { createHash } from "node:crypto";
import {
  buildASTSchema,
  buildSchema,
  isAbstractType,
  isEnumType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
} from "graphql";
import type { DocumentNode, GraphQLEnumValue, GraphQLObjectType, GraphQLSchema } from "graphql";
import { LRUCache } from "lru-cache";
import { Problem } from "#schema/problems.ts";
import { labelsOf } from "#platform/labels.ts";
import type { Log } from "#platform/log.ts";
import { admission } from "./admit.ts";
import type { Admit } from "./admit.ts";
import { compile } from "./collect.ts";
import type { Collect, Floor } from "./collect.ts";
import { joined } from "./entities.ts";
import { openLink } from "./link.ts";
import type { Deadlines } from "./link.ts";
import { openPlanner } from "./plan.ts";
import { joinedReads } from "./reads.ts";
import type { ApiSchema } from "./shape.ts";
import type { Subgraph } from "./subgraph.ts";
import type { Types } from "./things.ts";

/** A supergraph, and who answers for its subgraphs, by the names that it has for them. */
export interface Supergraph {
  /** SDL, as composition writes it. */
  sdl: string;
  subgraphs: Readonly<Record<string, Subgraph>>;
}

/** A graph that can be asked. */
export interface Graph {
  /** Does it say what its fields hold? */
  isLabelled: boolean;
  admit: Admit;
  /** The compiled plan of a normalised operation; made once. */
  planned(text: string): Promise<Collect>;
  close(): Promise<void>;
}

const MOST_PLANS = 1_000;
/** How long it is remembered that an operation cannot be planned. */
const REFUSED_MS = 60_000;

/**
 * The subgraphs of a supergraph, with the URLs that it has for them.
 *
 * @see https://specs.apollo.dev/join/v0.5
 */
export const subgraphsOf = (supergraph: DocumentNode): Map<string, string> =>
  new Map(
    supergraph.definitions.flatMap((it) =>
      it.kind === Kind.ENUM_TYPE_DEFINITION && it.name.value === "join__Graph"
        ? (it.values ?? []).flatMap(({ directives = [] }) =>
            directives.map(({ arguments: given = [] }): [string, string] => {
              const [name = "", url = ""] = ["name", "url"].map((wanted) => {
                const value = given.find((argument) => argument.name.value === wanted)?.value;
                return value?.kind === Kind.STRING ? value.value : "";
              });
              return [name, url];
            }),
          )
        : [],
    ),
  );

const typesOf = (schema: GraphQLSchema): Types => ({
  isA: (typename, type) => {
    const [one, wider] = [schema.getType(typename), schema.getType(type)];
    return (
      isAbstractType(wider) &&
      (isObjectType(one) || isInterfaceType(one)) &&
      schema.isSubType(wider, one)
    );
  },
  isObjectType: (name) => isObjectType(schema.getType(name)),
});

/** Whatever the supergraph has and clients do not see. */
const hiddenIn =
  (whole: GraphQLSchema): ApiSchema["isHidden"] =>
  (name, member) => {
    const type = whole.getType(name);
    if (isEnumType(type)) return type.getValues().some((it) => it.name === member && isKept(it));
    return (
      isAbstractType(type) &&
      whole.getPossibleTypes(type).some((it) => it.name === member && isKept(it))
    );
  };

const isKept = ({ astNode }: GraphQLEnumValue | GraphQLObjectType): boolean =>
  astNode?.directives?.some(({ name }) => name.value === "inaccessible") ?? false;

/**
 * Opens a graph.
 *
 * @throws {Error} when the SDL is no supergraph that can be served, or nobody answers for one of its subgraphs.
 */
export const openGraph = async (
  { sdl, subgraphs }: Supergraph,
  deadlines: Deadlines,
  log: Log,
): Promise<Graph> => {
  const document = parse(sdl);
  const links = new Map(
    [...subgraphsOf(document).keys()].map((name) => {
      const subgraph = subgraphs[name];
      if (!subgraph)
        throw new Error(`the supergraph has a subgraph ${name}, and nothing says where it answers`);
      const link = openLink(name, subgraph, deadlines, log);
      return [name, { link, read: joinedReads(link), entities: joined(link) }];
    }),
  );
  const to = (name: string) => {
    const known = links.get(name);
    if (!known) throw new Error(`a plan asks ${name}, which the supergraph has not`);
    return known;
  };
  const labels = labelsOf(document);
  const whole = buildASTSchema(document, { assumeValid: true, assumeValidSDL: true });
  const floor: Floor = {
    link: (name) => to(name).link,
    read: (name) => to(name).read,
    entities: (name) => to(name).entities,
    isLabelled: labels !== null,
    ...typesOf(whole),
  };
  const planner = await openPlanner(sdl);
  const plans = new LRUCache<string, Promise<Collect>>({ max: MOST_PLANS });
  const ofGraph = createHash("sha256").update(sdl).digest();
  return {
    isLabelled: labels !== null,
    admit: admission({
      schema: buildSchema(planner.api, { assumeValidSDL: true }),
      isHidden: hiddenIn(whole),
      labels,
    }),
    planned: (text) => {
      const key = createHash("sha256").update(ofGraph).update(text).digest("base64");
      const known = plans.get(key);
      if (known) return known;
      const plan = planner.plan(text).then((it) => compile(it, floor));
      plans.set(key, plan);
      plan.catch((error: unknown) => {
        // What is too large stays so, and must not take the planner's time again at once.
        if (error instanceof Problem) plans.set(key, plan, { ttl: REFUSED_MS });
        else plans.delete(key);
      });
      return plan;
    },
    close: () => planner.close(),
  };
};
