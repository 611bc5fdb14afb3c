/** What may be read of the graph by FHIR: which paths, with which parameters, and how the graph's answer is told. */
import type { Bundle, CapabilityStatement, FhirResource } from "fhir/r4";
import { validate as isUuid } from "uuid";
import { need, notFound, Problem } from "../problems.ts";
import { taskOf } from "./task.ts";
import type { HandoffAsked } from "./task.ts";
import { statesToldBy, TASK_STATUSES } from "./task-status.ts";

/** The file of `schema/operations` that every read asks by. */
export const DOCUMENT = "handoffs-as-tasks.graphql";

/** What the graph answered: its data, and what is withheld and owed at each path of it. */
export interface GraphAnswer {
  data: Record<string, unknown>;
  withheld: readonly { path: readonly (string | number)[]; problem: Problem }[];
  obligations: readonly { path: readonly string[]; codes: readonly string[] }[];
}

/** A read: what the graph is asked, and what its answer is in FHIR. */
export interface Read {
  operationName: string;
  variables: Readonly<Record<string, unknown>>;
  /** @throws {Problem} NOT_FOUND, or WITHHELD when nothing of the kind is given to whoever asks. */
  tell(answer: GraphAnswer): FhirResource;
}

/** The fields at a place of an answer that are withheld, and what is owed for what is given there or within. */
const termsAt = ({ withheld, obligations }: GraphAnswer, place: readonly string[]) => {
  const isWithin = (path: readonly (string | number)[]) =>
    place.every((step, index) => String(path[index]) === step);
  return {
    withheld: new Set(
      withheld.flatMap(({ path }) =>
        isWithin(path) && path.length > place.length ? [String(path[place.length])] : [],
      ),
    ),
    obligations: [
      ...new Set(obligations.filter(({ path }) => isWithin(path)).flatMap(({ codes }) => codes)),
    ].sort(),
  };
};

const read = (id: string): Read => ({
  operationName: "HandoffAsTask",
  variables: { id },
  tell: (answer) => {
    const handoff = answer.data.handoff as HandoffAsked | null;
    return handoff ? taskOf(handoff, termsAt(answer, ["handoff"])) : notFound();
  },
});

/** FHIR lets a server give fewer than are asked for. */
const MOST_IN_A_PAGE = 50;
const NODE = ["handoffs", "edges", "@", "node"];

const idOf = (name: string, type: string, value: string): string => {
  const [, id] = new RegExp(`^(?:${type}/)?([A-Za-z0-9.-]{1,64})$`).exec(value) ?? [];
  need(id !== undefined, name, `must be an id, or \`${type}/\` and an id`);
  return id as string;
};

/** Several with commas between: any of them. */
const statesOf = (value: string): string[] => {
  const statuses = value.split(",").map((it) => it.replace("http://hl7.org/fhir/task-status|", ""));
  need(
    statuses.every((it) => (TASK_STATUSES as readonly string[]).includes(it)),
    "status",
    "must be statuses of a Task",
  );
  return statesToldBy(statuses);
};

const countOf = (value: string): number => {
  need(/^[1-9]\d{0,8}$/.test(value), "_count", "must be a whole number from 1");
  return Math.min(Number(value), MOST_IN_A_PAGE);
};

/** What a search may ask with: the graph's argument for it, and its value there. */
const PARAMETERS: Record<string, (value: string) => Record<string, unknown>> = {
  patient: (value) => ({ patient: idOf("patient", "Patient", value) }),
  owner: (value) => ({ owner: idOf("owner", "Organization", value) }),
  status: (value) => ({ states: statesOf(value) }),
  _count: (value) => ({ first: countOf(value) }),
  after: (value) => ({ after: value }),
};

interface Connection {
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  edges: { node: HandoffAsked | null }[];
}

const search = (asked: URLSearchParams): Read => {
  const variables: Record<string, unknown> = {};
  for (const [name, value] of asked) {
    const parameter = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
    // One that was passed over would make the answer wider than was asked.
    if (!parameter) throw new Problem("BAD_INPUT", "a parameter is none that is known here");
    need(asked.getAll(name).length === 1, name, "stands there twice");
    Object.assign(variables, parameter(value));
  }
  /** From the root of this server: which host and scheme a client came by, only its proxy knows. */
  const link = (more: Record<string, string>) => {
    const parameters = new URLSearchParams({ ...Object.fromEntries(asked), ...more });
    return parameters.size > 0 ? `/fhir/Task?${parameters}` : "/fhir/Task";
  };
  return {
    operationName: "HandoffsAsTasks",
    variables,
    tell: (answer): Bundle => {
      const handoffs = answer.data.handoffs as Connection | null;
      if (!handoffs) throw answer.withheld[0]?.problem ?? new Error("no list, and no reason");
      const terms = termsAt(answer, NODE);
      const { hasNextPage, endCursor } = handoffs.pageInfo;
      return {
        resourceType: "Bundle",
        type: "searchset",
        // Without a total: over persons, a count is a disclosure.
        link: [
          { relation: "self", url: link({}) },
          ...(hasNextPage && endCursor
            ? [{ relation: "next", url: link({ after: endCursor }) }]
            : []),
        ],
        ...(handoffs.edges.length > 0 && {
          entry: handoffs.edges.flatMap(({ node }) =>
            node ? [{ resource: taskOf(node, terms), search: { mode: "match" as const } }] : [],
          ),
        }),
      };
    },
  };
};

/** What this server does by FHIR, for whoever has no token yet: it names nobody. */
export const CAPABILITIES: CapabilityStatement = {
  resourceType: "CapabilityStatement",
  status: "active",
  date: "2026-11-24",
  kind: "instance",
  software: { name: "Handoff Graph" },
  implementation: { description: "Handoff Graph: handoffs between agencies, lawfully shared" },
  fhirVersion: "4.0.1",
  format: ["application/fhir+json"],
  rest: [
    {
      mode: "server",
      security: {
        description:
          "A bearer token with `agency`, `role` and one `purpose_of_use`. What the law of sharing withholds is left out and labelled REDACTED; what may not be known of is not found.",
      },
      resource: [
        {
          type: "Task",
          documentation:
            "A handoff. Without `patient`, a search finds those that the asking agency is a party to.",
          interaction: [{ code: "read" }, { code: "search-type" }],
          versioning: "versioned",
          searchParam: [
            { name: "patient", type: "reference" },
            { name: "owner", type: "reference" },
            { name: "status", type: "token" },
          ],
        },
      ],
      interaction: [{ code: "transaction" }, { code: "batch" }],
    },
  ],
};

/**
 * What is read at a path.
 *
 * @param path Below FHIR's own, as in `Task/1`.
 * @throws {Problem} NOT_FOUND, or BAD_INPUT when a parameter is not acceptable.
 */
export const readAt = (path: string, parameters: URLSearchParams): Read => {
  const [type, id, ...more] = path.split("/");
  if (type !== "Task" || id === "" || more.length > 0)
    throw new Problem("NOT_FOUND", "no such path");
  if (id === undefined) return search(parameters);
  // A malformed id is one of nothing that there is.
  if (!isUuid(id)) return notFound();
  if (parameters.size > 0) throw new Problem("BAD_INPUT", "a read takes no parameters");
  return read(id);
};
