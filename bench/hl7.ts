/**
 * How many HL7 v2 messages are taken in a second: `npm run bench -- hl7`, with TEST_DATABASE_URL or DATABASE_URL naming a PostgreSQL on
 * which databases may be made. Hospitals send over MLLP on connections of their own; each waits for the AA of a message before it
 * sends the next, and every AA is of a message that is durable. Each person is admitted, corrected and discharged.
 */
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { parseArgs } from "node:util";
import { systemClock } from "../platform/clock.ts";
import type { OpenDatabase } from "../platform/database.ts";
import { openLog } from "../platform/log.ts";
import { openMllp } from "../scripts/hl7-partners.ts";
import { enrolAgency } from "../subgraphs/referrals/agency-store.ts";
import { dialectOf } from "../subgraphs/referrals/hl7v2/dialect.ts";
import { measureRoom } from "./own-database.ts";

const { values: options } = parseArgs({
  // Its own name, from `npm run bench -- hl7`.
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    hospitals: { type: "string", default: "4" },
    connections: { type: "string", default: "16" },
  },
});

const EVENTS = ["A01", "A08", "A03"] as const;

/** The message of a number: three of each person. */
const message = (run: string, number: number): string => {
  const id = `${run}-${Math.floor(number / EVENTS.length)}`;
  const event = EVENTS[number % EVENTS.length] as string;
  const discharged = event === "A03" ? "20250303100000-0600" : "";
  return [
    `MSH|^~\\&|EHR|BENCH|HUB|COUNTY|20250303120000-0600||ADT^${event}|${id}-${event}|P|2.5.1`,
    `EVN|${event}|20250303120000-0600`,
    `PID|1||${id}^^^AGH^MR||Ames^Lena||19700102|F`,
    `PV1|1|I|^^^${"|".repeat(16)}${id}${"|".repeat(25)}20250301090000-0600|${discharged}`,
  ].join("\r");
};

/** Sends one after the other until the time is over; how many were acknowledged. */
const sender = async (socket: Socket, run: string, end: number): Promise<number> => {
  let count = 0;
  let pending = "";
  const answered = async (): Promise<void> => {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
      pending += (bytes as Buffer).toString();
      if (pending.endsWith("\x1c\r")) return;
    }
  };
  while (performance.now() < end) {
    pending = "";
    socket.write(`\v${message(run, count)}\x1c\r`);
    await answered();
    if (!pending.includes("MSA|AA|")) throw new Error("a message was refused");
    count++;
  }
  return count;
};

const round = async (ports: readonly number[], seconds: number): Promise<number> => {
  const sockets = Array.from({ length: Number(options.connections) }, (_, index) =>
    connect(ports[index % ports.length] as number, "127.0.0.1").setNoDelay(true),
  );
  const start = performance.now();
  const counts = await Promise.all(
    sockets.map((socket) => sender(socket, randomUUID(), start + seconds * 1_000)),
  );
  const took = performance.now() - start;
  for (const socket of sockets) socket.end();
  return counts.reduce((sum, count) => sum + count, 0) / (took / 1_000);
};

const whole = (figure: number): string => Math.round(figure).toLocaleString("en-US");

const run = async (database: OpenDatabase, stop: AbortSignal): Promise<void> => {
  const dialect = dialectOf({ timeZone: "America/Chicago" }, "bench");
  const at = { log: openLog("warn"), clock: systemClock };
  const partners = Array.from({ length: Number(options.hospitals) }, (_, index) => ({
    name: `hospital-${index}`,
    agency: randomUUID(),
    facilities: ["BENCH"],
    dialect,
    certificate: null,
  }));
  for (const { agency, name } of partners)
    await enrolAgency(
      database.of("referrals").house(),
      { id: agency, name, kind: "HOSPITAL" },
      [],
      {
        by: {
          agency,
          kind: "HOSPITAL",
          role: "ADMIN",
          purpose: "HOPERAT",
          basis: null,
          subject: "bench",
        },
        at: systemClock(),
        requestId: "bench",
      },
    );
  const { ports, close } = await openMllp(
    database,
    partners.map((partner) => ({ port: 0, host: "127.0.0.1", tls: null, partners: [partner] })),
    at,
  );
  try {
    await round(ports, 1);
    const figures: number[] = [];
    for (let index = 0; index < Number(options.rounds); index++) {
      stop.throwIfAborted();
      figures.push(await round(ports, Number(options.seconds)));
    }
    const median = figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] as number;
    console.log(
      `${options.hospitals} hospitals, ${options.connections} connections  ${whole(median)} messages/s  (${figures.map(whole).join(" ")})`,
    );
  } finally {
    await close();
  }
};

await measureRoom("referrals", run);
