/**
 * What the law of sharing costs: handoff status, asked of the same house with it and with everything let through, side by
 * side in one run on PostgreSQL. `npm run bench -- law`.
 *
 * The county coordinates every handoff: what it is told came from the hospital and is written to the ledger, twenty people a
 * request; their names it is given by an agreement, a tie and each person's authorization. Everything runs in this process and
 * is asked without HTTP, so that nothing else is measured. The second wall stands in both.
 */
import { parse } from "graphql";
import { systemClock } from "../platform/clock.ts";
import { openPostgresql } from "../platform/database.ts";
import type { OpenDatabase } from "../platform/database.ts";
import { executor } from "../platform/execute.ts";
import type { Neighbours } from "../platform/neighbours.ts";
import type { Call } from "../platform/serve.ts";
import type { Seeing } from "../platform/sharing.ts";
import { openRoom, schemaOf } from "../platform/subgraph.ts";
import type { OpenRoom, Room } from "../platform/subgraph.ts";
import { openLine } from "../gateway/answer.ts";
import { discloseTo } from "../gateway/disclose.ts";
import { houseDocuments } from "../gateway/documents.ts";
import { judging, NONE_DENIED } from "../gateway/judge.ts";
import { localSubgraph } from "../gateway/subgraph.ts";
import type { Subgraph } from "../gateway/subgraph.ts";
import { supergraph as committed } from "../scripts/house.ts";
import type { Requester } from "../sharing/requester.ts";
import { agencies, personas } from "../test/county/county.ts";
import { benchCounty, NOW } from "./county.ts";
import { OPERATIONS } from "./operations.ts";
import { benchDatabase } from "./postgresql.ts";
import { log, ROOMS } from "./rooms.ts";

const CLIENTS = 32;
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
const neighbours: Neighbours = async (room, path, question, requestId) => {
  const bytes = Buffer.from(JSON.stringify(question));
  const reply = await rooms[room]?.sideDoors[path]?.({ bytes, requester: null, requestId });
  return JSON.parse(reply?.body ?? "null") as unknown;
};
const all = ROOMS as unknown as readonly Room<never>[];
for (const room of all)
  rooms[room.name] = openRoom(room, database, { log, clock: () => NOW, neighbours });

const lineOf = (
  subgraphs: Record<string, Subgraph>,
  requesters: () => Requester,
  sharing: Parameters<typeof openLine>[1]["sharing"],
) =>
  openLine(
    { sdl: committed(), subgraphs },
    {
      admitted: async () => requesters(),
      documents: houseDocuments(),
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

const asking = personas["county-case-worker"];
const one = () => asking;
const each = () => ({ ...asking });
const rows = [
  { name: "the law and the ledger, one token", line: await lineOf(guarded, one, lawful) },
  { name: "let through, one token", line: await lineOf(open, one, nothing) },
  { name: "the law and the ledger, a token each", line: await lineOf(guarded, each, lawful) },
  { name: "let through, a token each", line: await lineOf(open, each, nothing) },
];

const ask = (line: (typeof rows)[number]["line"], index: number) =>
  line.graphql({
    method: "POST",
    path: "/graphql",
    search: "",
    headers: { "content-type": "application/json" },
    requestId: `019550a0-0000-7000-800b-${index.toString(16).padStart(12, "0")}`,
    gone: new AbortController().signal,
    body: async () => Buffer.from(body),
  } as Call);

/** What is looked at of an answer. */
interface Answer {
  errors?: unknown;
  data?: { handoffs: { edges: { node: { person: { name: string | null } | null } }[] } };
}

let asked = 0;
const measure = async ({ line }: (typeof rows)[number], seconds: number): Promise<number> => {
  const until = performance.now() + seconds * 1000;
  let answered = 0;
  const client = async () => {
    while (performance.now() < until) {
      const { status } = await ask(line, asked++);
      if (status !== 200) throw new Error(`answered ${status}`);
      answered++;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return answered / seconds;
};

try {
  for (const { name, line } of rows) {
    const { body: text = "" } = await ask(line, asked++);
    const said = JSON.parse(String(text)) as Answer;
    const named = said.data?.handoffs.edges.filter(({ node }) => node.person?.name);
    if (said.errors || named?.length !== 20)
      throw new Error(`${name} does not answer: ${String(text).slice(0, 600)}`);
  }
  const found = new Map(rows.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round <= ROUNDS; round++)
    for (const row of rows) {
      const speed = await measure(row, round === 0 ? 2 : SECONDS);
      if (round > 0) found.get(row.name)?.push(speed);
    }
  const median = (name: string): number =>
    (found.get(name) as number[]).toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number;
  console.log(
    `Handoff status in process on PostgreSQL, ${CLIENTS} clients, medians of ${ROUNDS} rounds of ${SECONDS} s, ${systemClock().toISOString().slice(0, 10)}:\n`,
  );
  for (const { name } of rows) console.log(`- ${name}: ${Math.round(median(name))} requests/s`);
  for (const how of ["one token", "a token each"]) {
    const cost = 1 - median(`the law and the ledger, ${how}`) / median(`let through, ${how}`);
    console.log(
      `- the law costs ${(cost * 100).toFixed(0)} % of the throughput with ${how}; the bar is ${BAR * 100} %: ${cost <= BAR ? "reached" : "missed"}.`,
    );
  }
} finally {
  for (const { line } of rows) await line.close();
  await database.close();
  await drop();
}
