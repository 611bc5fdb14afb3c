/** Writes down the handoffs that a person's stays show. */
import { v7 as uuidv7 } from "uuid";
import type { Act } from "#platform/act.ts";
import type { Transaction } from "#platform/database.ts";
import { ENDED, report, retract, unmoved } from "../handoff.ts";
import type { Handoff, Report } from "../handoff.ts";
import { interfaceOf, lockedHandoff, saveHandoff } from "../handoff-store.ts";
import { passages } from "../journey.ts";
import type { Passage } from "../journey.ts";
import { saveReferral } from "../referral-store.ts";
import {
  DESTINATION,
  encountersOf,
  inferredHandoffs,
  meaning,
  noteInferred,
} from "./intake-store.ts";

/** The facts that a passage shows, in the order in which they came about. */
const reports = ({ from, to }: Passage, recordedAt: Date): Report[] => {
  const said = { receiver: to.agency, reason: null, recordedAt, leftAt: from.endedAt };
  const arrived: Report = {
    ...said,
    state: "IN_SERVICE",
    engagedAt: to.startedAt,
    occurredAt: to.startedAt,
  };
  return to.status === "finished" && to.endedAt
    ? [arrived, { ...said, state: "COMPLETED", engagedAt: to.startedAt, occurredAt: to.endedAt }]
    : [arrived];
};

const sameInstant = (a: Date | null | undefined, b: Date | null | undefined): boolean =>
  a?.getTime() === b?.getTime();

/** Does the handoff already say what the passage shows? */
const saysSo = (handoff: Handoff, said: Report): boolean =>
  handoff.state === said.state &&
  handoff.receiver === said.receiver &&
  sameInstant(handoff.leftAt, said.leftAt) &&
  sameInstant(handoff.engagedAt, said.engagedAt) &&
  sameInstant(handoff.occurredAt, said.occurredAt);

/**
 * The handoff that was written down for the notice of a stay's end, which a passage begins with. What people offered in the
 * graph is moved by them.
 */
const announced = async (tx: Transaction, { from, to }: Passage): Promise<Handoff | null> => {
  const told = await meaning(tx, from.source, { type: DESTINATION, id: from.id });
  const handoff = told && (await lockedHandoff(tx, told));
  if (!handoff || handoff.origin !== "MESSAGE" || handoff.receiver !== to.agency) return null;
  if (ENDED.has(handoff.state)) return null;
  await noteInferred(tx, from.id, to.id, handoff.id);
  return handoff;
};

const isRetracted = ({ state, reason }: Handoff): boolean =>
  state === "CANCELLED" && reason === "ENTERED_IN_ERROR";

const begin = async (
  tx: Transaction,
  { from, to }: Passage,
  recordedAt: Date,
  act: Act,
): Promise<Handoff> => {
  const referral = await saveReferral(
    tx,
    {
      id: uuidv7(),
      person: to.person,
      referrer: from.agency,
      // No request was sent: FHIR's own word for that is `unknown`.
      status: "UNKNOWN",
      priority: "ROUTINE",
      service: null,
      authoredAt: from.endedAt,
    },
    act,
  );
  // First the end of the sender's care: from here until the receiver's begins, the sender still answers for the person.
  const handoff: Handoff = {
    ...unmoved,
    id: uuidv7(),
    version: 1,
    referral: referral.id,
    person: to.person,
    interface: await interfaceOf(tx, [from.agency, to.agency]),
    sender: from.agency,
    receiver: to.agency,
    coordinator: act.by.agency,
    accountable: from.agency,
    move: "REPORT",
    origin: "ENCOUNTERS",
    leftAt: from.endedAt,
    occurredAt: from.endedAt,
    recordedAt,
    receivedAt: act.at,
  };
  await saveHandoff(tx, null, handoff, act);
  await noteInferred(tx, from.id, to.id, handoff.id);
  return handoff;
};

/**
 * Brings the handoffs that a person's stays show up to what the stays show now. Stays may arrive in any order, so what
 * was shown before may no longer be: that handoff is retracted, and its history stays. What people have ended
 * themselves is left as they left it.
 *
 * @param recordedAt When the source wrote down what shows it now; when it reached us, if the source does not say.
 */
export const inferHandoffs = async (
  tx: Transaction,
  person: string,
  act: Act,
  recordedAt: Date = act.at,
): Promise<void> => {
  const shown = passages(await encountersOf(tx, person));
  const before = await inferredHandoffs(tx, person);
  for (const passage of shown) {
    const known = before.find(
      ({ from, to, handoff }) =>
        from === passage.from.id && to === passage.to.id && !isRetracted(handoff),
    )?.handoff;
    if (known?.state === "DECLINED" || known?.state === "CANCELLED") continue;
    let handoff =
      known ?? (await announced(tx, passage)) ?? (await begin(tx, passage, recordedAt, act));
    const said = reports(passage, recordedAt);
    if (saysSo(handoff, said.at(-1) as Report)) continue;
    for (const fact of handoff.engagedAt ? said.slice(-1) : said) {
      const after = report(handoff, fact, act);
      handoff = await saveHandoff(tx, handoff, after, act);
    }
  }
  for (const { from, to, handoff } of before)
    if (!isRetracted(handoff) && !shown.some((it) => it.from.id === from && it.to.id === to))
      await saveHandoff(tx, handoff, retract(handoff, recordedAt, act), act);
};
