/** The partners that send HL7 v2, as HL7_PARTNERS names their file, and the ports that they may send to. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { v7 as uuidv7 } from "uuid";
import type { Requester } from "#sharing/requester.ts";
import type { Clock } from "#platform/clock.ts";
import type { OpenDatabase } from "#platform/database.ts";
import type { Log } from "#platform/log.ts";
import { needed } from "#platform/settings.ts";
import { isOnRoll } from "../subgraphs/referrals/agency-store.ts";
import { dialectOf } from "../subgraphs/referrals/hl7v2/dialect.ts";
import { openIntake } from "../subgraphs/referrals/hl7v2/intake.ts";
import type { Answered } from "../subgraphs/referrals/hl7v2/intake.ts";
import { requesterFor } from "../subgraphs/referrals/hl7v2/message-store.ts";
import { listen } from "../subgraphs/referrals/hl7v2/mllp.ts";
import type { OpenListener } from "../subgraphs/referrals/hl7v2/mllp.ts";
import { partnersOf } from "../subgraphs/referrals/hl7v2/partners.ts";
import type { Listener, Partner } from "../subgraphs/referrals/hl7v2/partners.ts";

const json = (path: string): unknown => {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new Error(`${path} cannot be read as JSON`, { cause });
  }
};

/**
 * Reads the file that HL7_PARTNERS names, and the dialects that it names beside it.
 *
 * @throws {Error} that names what is missing or wrong
 */
export const listeners = (file: string = needed("HL7_PARTNERS")): Listener[] => {
  const folder = dirname(resolve(file));
  const found = partnersOf(json(file), (path) => dialectOf(json(resolve(folder, path)), path));
  return found.map(({ tls, ...listener }) => ({
    ...listener,
    tls: tls && {
      key: resolve(folder, tls.key),
      certificate: resolve(folder, tls.certificate),
      clientAuthority: resolve(folder, tls.clientAuthority),
    },
  }));
};

/** Takes messages of a partner in. */
export type Taker = (bytes: Buffer) => Promise<Answered>;

/**
 * What takes a partner's messages in, for its agency.
 *
 * @throws {Error} when the agency is not on the roll, or nobody has said what it is
 */
export const takerFor = async (
  opened: OpenDatabase,
  partner: Partner,
  { log, clock }: { log: Log; clock: Clock },
): Promise<Taker> => {
  const database = opened.of("referrals").house();
  const by: Requester | null = await requesterFor(database, partner);
  if (!by) throw new Error(`${partner.name}: its agency is not on the roll`);
  for (const [code, agency] of Object.entries(partner.dialect.agencies))
    if (!(await isOnRoll(database.sql, agency)))
      throw new Error(`${partner.name}: the agency that \`${code}\` stands for is not on the roll`);
  const take = openIntake(database, partner, log);
  return (bytes) => take(bytes, { by, at: clock(), requestId: uuidv7() });
};

/** Opens every port of the file; none, if one of them cannot be opened. */
export const openMllp = async (
  opened: OpenDatabase,
  all: Listener[],
  at: { log: Log; clock: Clock },
): Promise<{ ports: number[]; close: () => Promise<void> }> => {
  const takers = new Map<string, Taker>();
  for (const partner of all.flatMap(({ partners }) => partners))
    takers.set(partner.name, await takerFor(opened, partner, at));
  const open: OpenListener[] = [];
  const close = async () => {
    for (const it of open) await it.close();
  };
  try {
    for (const { tls, ...listener } of all)
      open.push(
        await listen(
          {
            ...listener,
            tls: tls && {
              key: readFileSync(tls.key),
              cert: readFileSync(tls.certificate),
              ca: readFileSync(tls.clientAuthority),
            },
          },
          async (bytes, { name }) => (await (takers.get(name) as Taker)(bytes)).answer,
          at.log,
        ),
      );
  } catch (error) {
    await close();
    throw error;
  }
  return { ports: open.map(({ port }) => port), close };
};
