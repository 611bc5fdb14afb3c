/**
 * What could not be taken in, FHIR and HL7 v2, and why:
 *
 *   npm run quarantine -- list
 *   npm run quarantine -- replay [ID...]
 *
 * `replay` reads it again, the earliest first, by the dialects as they are now. What is in it is shown nowhere: it is people's.
 */
import { v7 as uuidv7 } from "uuid";
import { systemClock } from "#platform/clock.ts";
import type { OpenDatabase } from "#platform/database.ts";
import { DataDirInUse } from "#platform/lock.ts";
import { openLog } from "#platform/log.ts";
import { fhirDoor } from "../subgraphs/referrals/fhir/intake.ts";
import { requesterFor, setAside } from "../subgraphs/referrals/hl7v2/message-store.ts";
import type { SetAside } from "../subgraphs/referrals/hl7v2/message-store.ts";
import { listeners, takerFor } from "./hl7-partners.ts";
import type { Taker } from "./hl7-partners.ts";
import { openStanding } from "./standing-database.ts";

const log = openLog("error");

const line = ({ id, receivedAt, partner, type, code, element, message }: SetAside): string =>
  [
    id,
    receivedAt.toISOString(),
    partner ?? "fhir",
    // What is no message may call itself anything.
    /^[A-Za-z0-9^]{1,64}$/.test(type ?? "") ? type : "-",
    `${code}${element ? ` at ${element}` : ""}: ${message}`,
  ].join("  ");

/** Sends FHIR through the door that it came by. */
const fhirTaker =
  (opened: OpenDatabase) =>
  async ({ source, bytes }: SetAside): Promise<void> => {
    const database = opened.of("referrals").house();
    const requester = await requesterFor(database, { agency: source, name: "quarantine" });
    const ask = { bytes, requester, at: systemClock(), requestId: uuidv7() };
    await fhirDoor(database, log)(ask);
  };

/** Reads again what is set aside, or what is chosen of it; whether all of that has been taken in. */
const replay = async (opened: OpenDatabase, ids: string[]): Promise<boolean> => {
  const house = opened.of("referrals").house();
  const chosen = (await setAside(house)).filter(({ id }) => ids.length === 0 || ids.includes(id));
  for (const id of ids)
    if (!chosen.some((it) => it.id === id)) console.error(`nothing in quarantine is ${id}`);
  const takers = new Map<string, Taker>();
  if (chosen.some(({ partner }) => partner !== null))
    for (const partner of listeners().flatMap(({ partners }) => partners))
      takers.set(partner.name, await takerFor(opened, partner, { log, clock: systemClock }));
  const takeFhir = fhirTaker(opened);
  for (const it of chosen) {
    if (it.partner === null) await takeFhir(it);
    else if (takers.has(it.partner)) await takers.get(it.partner)?.(it.bytes);
    else console.error(`${it.id}  there is no partner ${it.partner} any more`);
  }
  const isChosen = new Set(chosen.map(({ id }) => id));
  const still = (await setAside(house)).filter(({ id }) => isChosen.has(id));
  for (const it of still) console.error(line(it));
  console.log(
    `${chosen.length} read again: ${chosen.length - still.length} taken in, ${still.length} still set aside`,
  );
  return still.length === 0;
};

const [verb = "", ...ids] = process.argv.slice(2);
try {
  if (verb !== "list" && verb !== "replay")
    throw new Error("usage: npm run quarantine -- list | replay [ID...]");
  const database = await openStanding();
  try {
    if (verb === "list")
      for (const it of await setAside(database.of("referrals").house())) console.log(line(it));
    else if (!(await replay(database, ids))) process.exitCode = 1;
  } finally {
    await database.close();
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof DataDirInUse ? DataDirInUse.EXIT_CODE : 1;
}
