/**
 * What the law of sharing costs: handoff status, asked over HTTP of the same house with it and with everything let through,
 * side by side in one run on PostgreSQL. `npm run bench -- law`.
 *
 * The county coordinates every handoff: what it is told came from the hospital and is written to the ledger, twenty people a
 * request; their names it is given by an agreement, a tie and each person's authorization. The second wall stands in both.
 * Clients ask with a token each, as people do, and all with one, as a system does: what several requests under one token ask
 * at once is asked once, so that what is left of a request is little, and the ledger is much of it.
 */
import { fileURLToPath } from "node:url";
import { SingleBar } from "cli-progress";
import { parse } from "graphql";
import { systemClock } from "../platform/clock.ts";
import { openPostgresql } from "../platform/database.ts";
import type { OpenDatabase } from "../platform/database.ts";
import { executor } from "../platform/execute.ts";
import type { Neighbours } from "../platform/neighbours.ts";
import { serve } from "../platform/serve.ts";
import type { Seeing } from "../platform/sharing.ts";
import { openRoom, schemaOf } from "../platform/subgraph.ts";
import type { OpenRoom, Room } from "../platform/subgraph.ts";
import { openLine } from "../gateway/answer.ts";
import type { Admitted } from "../gateway/answer.ts";
import { demoIssuer } from "../gateway/demo-issuer.ts";
import { directoryOf, remembered } from "../gateway/directory.ts";
import { discloseTo } from "../gateway/disclose.ts";
import { readDocuments, trusting } from "../gateway/documents.ts";
import { identify } from "../gateway/identify.ts";
import { judging, NONE_DENIED } from "../gateway/judge.ts";
import { localSubgraph } from "../gateway/subgraph.ts";
import type { Subgraph } from "../gateway/subgraph.ts";
import { supergraph as committed } from "../scripts/house.ts";
import { agencies, personas } from "../test/county/county.ts";
import { ask as askOnce, CLIENTS } from "./ask.ts";
import { benchCounty, NOW } from "./county.ts";
import { load, LOADER } from "./load.ts";
import { OPERATIONS } from "./operations.ts";
import { benchDatabase } from "./postgresql.ts";
import { log, ROOMS } from "./rooms.ts";

const OPERATION_FILES = fileURLToPath(new URL("operations", import.meta.url));
const ROUNDS = 5;
const SECONDS = 4;
/** Of the throughput, at most. */
const BAR = 0.25;

const server = process.env.TEST_DATABASE_URL || process.env.DATABASE_URL;
if (!server) throw new Error("TEST_DATABASE_URL names no PostgreSQL to measure on");
const { hospital, county } = agencies;
const body = (OPERATIONS[0] as { body: string }).body;

/** What lets the county be given names: an agreement, ties, and everyone's authorization. */
const letIn = async ({ sql }: OpenDatabase): Promise<void> => {
  const { people, interfaces } = benchCounty();
  await sql("referrals.handoff").update({ coordinator_id: county.id });
  await sql.raw("update referrals.referral set keeper_ids = keeper_ids || ?::uuid", [county.id]);
  await sql("information_sharing.sharing_agreement").insert({
    id: "019550a0-0000-7000-8009-000000000001",
    interface_id: interfaces[0]?.id,
    drafted_by_id: hospital.id,
    with_id: county.id,
    status: "IN_FORCE",
    purposes: ["COC"],
    categories: ["DEMOGRAPHICS", "REFERRAL_ADMIN"],
    from_at: new Date(0),
    created_at: NOW,
    version: 2,
  });
  const until = new Date(+NOW + 86_400_000);
  await sql.batchInsert(
    "information_sharing.known_tie",
    people.map(({ id }) => ({
      person_id: id,
      agency_id: county.id,
      kind: "REFERRAL",
      since: new Date(0),
      version: 1,
    })),
  );
  await sql.batchInsert(
    "referrals.tie",
    people.map(({ id }) => ({
      person_id: id,
      agency_id: county.id,
      kind: "REFERRAL",
      since: new Date(0),
    })),
  );
  await sql.batchInsert(
    "information_sharing.consent",
    people.map(({ id }, index) => ({
      id: `019550a0-0000-7000-800a-${index.toString(16).padStart(12, "0")}`,
      person_id: id,
      status: "ACTIVE",
      directives: ["HIPAAAuthCD"],
      grantor: JSON.stringify({ role: "PERSON", name: null }),
      recorded_by_id: hospital.id,
      party_ids: [hospital.id, county.id],
      provision: JSON.stringify({
        decision: "PERMIT",
        sources: null,
        recipients: [county.id],
        purposes: ["COC"],
        categories: null,
        from: null,
        until,
        exceptions: [],
      }),
      given_at: new Date(0),
      until_at: until,
      doubts: [],
      created_at: NOW,
      version: 1,
    })),
  );
  await sql.raw("analyze");
};

/** A room whose resolvers nothing stands before. */
const unguarded = (
  room: Room<never>,
  opened: OpenRoom,
  database: OpenDatabase,
  neighbours: Neighbours,
): OpenRoom => {
  const documents = new Map<string, ReturnType<typeof executor>>();
  const all: Partial<Seeing> = {
    knows: async (persons) => new Set(persons),
    permitted: (_type, records) => records,
    persons: () => [],
    verdict: (about) =>
      ({ about, of: () => ({ decision: { decision: "ALLOW" }, source: about.source }) }) as never,
  };
  return {
    ...opened,
    answer: async ({ query, variables, operationName }, by, requestId) => {
      const run = documents.get(query) ?? executor(opened.schema, parse(query));
      documents.set(query, run);
      const act = { by, at: NOW, requestId };
      const mine = database.of(schemaOf(room.name)).by(by.agency);
      const context = room.context(mine, act, neighbours, all as Seeing);
      const { data } = await run(context, variables ?? {}, operationName ?? null);
      return { data: data as Record<string, unknown> };
    },
  };
};

const { url, drop } = await benchDatabase(server);
const database = await openPostgresql(url);
await letIn(database);

const rooms: Record<string, OpenRoom> = {};
const neighbours: Neighbours = async (room, path, question, requestId) =>
  rooms[room]?.ask(path, question, requestId);
const all = ROOMS as unknown as readonly Room<never>[];
for (const room of all)
  rooms[room.name] = openRoom(room, database, { log, clock: () => NOW, neighbours });

const lineOf = (
  subgraphs: Record<string, Subgraph>,
  admitted: Admitted,
  sharing: Parameters<typeof openLine>[1]["sharing"],
) =>
  openLine(
    { sdl: committed(), subgraphs },
    {
      admitted,
      documents: trusting(readDocuments([OPERATION_FILES]), false),
      log,
      clock: () => NOW,
      // Nothing else is measured: what takes long is to take long, and not to be given up.
      deadlines: { readMs: 60_000, mutationMs: 60_000 },
      ...(sharing && { sharing }),
    },
  );

const guarded = Object.fromEntries(
  Object.entries(rooms).map(([name, room]) => [name, localSubgraph(room)]),
);
const open = Object.fromEntries(
  all.map((room) => [
    room.name,
    localSubgraph(unguarded(room, rooms[room.name] as OpenRoom, database, neighbours)),
  ]),
);
const keeper = guarded["information-sharing"] as Subgraph;
const lawful = { judge: judging(Object.values(guarded), log), disclose: discloseTo(keeper, log) };
const nothing = { judge: async () => NONE_DENIED, disclose: async () => undefined };

// The demonstration's issuer does not exist in production, as which everything is measured.
delete process.env.NODE_ENV;
const issuer = await demoIssuer(null);
process.env.NODE_ENV = "production";
const tokens = await Promise.all(
  Array.from(
    { length: CLIENTS },
    async (_, index) =>
      `Bearer ${await issuer.token({ ...personas["county-case-worker"], subject: `case.worker.${index}` })}`,
  ),
);
const known = identify(issuer, remembered(directoryOf(guarded.referrals as Subgraph)));

const houses = [
  { name: "the law and the ledger", line: await lineOf(guarded, known, lawful) },
  { name: "let through", line: await lineOf(open, known, nothing) },
];
const servers = await Promise.all(
  houses.map(({ line }) =>
    serve(
      { "/graphql": line.graphql },
      { port: 0, host: "127.0.0.1", log, ready: async () => ({}) },
    ),
  ),
);
const [authorization = "", ...others] = tokens;
const rows = houses.flatMap(({ name }, index) => {
  const url = `${servers[index]?.url}/graphql`;
  return [
    { name: `${name}, a token each`, door: { url, authorization, others } },
    { name: `${name}, one token`, door: { url, authorization } },
  ];
});

/** What is looked at of an answer. */
interface Answer {
  errors?: unknown;
  data?: { handoffs: { edges: { node: { person: { name: string | null } | null } }[] } };
}

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const bar = new SingleBar({ format: "{bar} {value}/{total} {name}" });
try {
  const answers = new Map<string, string>();
  for (const { name, door } of rows) {
    const text = await askOnce(door, body);
    const said = JSON.parse(text) as Answer;
    const named = said.data?.handoffs.edges.filter(({ node }) => node.person?.name);
    if (said.errors || named?.length !== 20)
      throw new Error(`${name} does not answer: ${text.slice(0, 600)}`);
    answers.set(name, text);
  }
  const found = new Map(rows.map(({ name }) => [name, [] as number[]]));
  bar.start((ROUNDS + 1) * rows.length, 0, { name: "" });
  for (let round = 0; round <= ROUNDS; round++)
    for (const { name, door } of rows) {
      bar.update({ name });
      const length = round === 0 ? 2 : SECONDS;
      const { requests, seconds, failed } = await load(
        door,
        body,
        answers.get(name) as string,
        length,
        stop.signal,
      );
      if (failed > 0) throw new Error(`${name}: ${failed} answers were wrong`);
      if (round > 0) found.get(name)?.push(requests / seconds);
      bar.increment();
    }
  bar.stop();
  const median = (name: string): number =>
    (found.get(name) as number[]).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number;
  console.log(
    `Handoff status on PostgreSQL, ${LOADER}, ${CLIENTS} clients, medians of ${ROUNDS} rounds of ${SECONDS} s, ${systemClock().toISOString().slice(0, 10)}:\n`,
  );
  for (const { name } of rows) console.log(`- ${name}: ${Math.round(median(name))} requests/s`);
  for (const how of ["a token each", "one token"]) {
    const cost = 1 - median(`the law and the ledger, ${how}`) / median(`let through, ${how}`);
    console.log(
      `- the law costs ${(cost * 100).toFixed(0)} % of the throughput with ${how}; the bar is ${BAR * 100} %: ${cost <= BAR ? "reached" : "missed"}.`,
    );
  }
} finally {
  bar.stop();
  for (const server of servers) await server.drain();
  for (const { line } of houses) await line.close();
  await database.close();
  await drop();
}
