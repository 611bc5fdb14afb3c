/** HL7 v2 in: a message becomes facts and is kept, or is set aside with its bytes; either way it is answered. */
import { setImmediate as letOthersIn } from "node:timers/promises";
import { Problem } from "#schema/problems.ts";
import type { Act } from "#platform/act.ts";
import type { Database, Transaction } from "#platform/database.ts";
import type { Log } from "#platform/log.ts";
import { inferHandoffs } from "../fhir/inference.ts";
import { inTurn, quarantine, release, sha256 } from "../fhir/intake-store.ts";
import { acknowledge } from "./acknowledgement.ts";
import { headOf } from "./head.ts";
import { map } from "./mapping.ts";
import { keepMessage, metBefore } from "./message-store.ts";
import { read } from "./message.ts";
import type { Message } from "./message.ts";
import type { Partner } from "./partners.ts";

/** What became of a message. A fault is ours: nothing of it was written, and it may be sent again. */
export type Fate = "TAKEN" | "UNCHANGED" | "FAULT" | Problem;

/** What became of it, and the answer to its sender. */
export interface Answered {
  fate: Fate;
  answer: Buffer;
  /** The fields that were not believed. */
  doubts: string[];
}

/** A message, to be taken in by its partner's agency. */
interface Incoming {
  bytes: Buffer;
  act: Act;
}

type Taken = Pick<Answered, "doubts"> & { fate: "TAKEN" | "UNCHANGED" };

/** Writes a message down, once. */
const takeIn = async (
  tx: Transaction,
  message: Message,
  { bytes, act }: Incoming,
  { dialect, facilities }: Partner,
): Promise<Taken> => {
  const source = act.by.agency;
  const hashes = { text: sha256(message.text), bytes: sha256(bytes) };
  const { isTaken, isSetAside } = await metBefore(tx, source, hashes);
  if (isTaken) return { fate: "UNCHANGED", doubts: [] };
  if (!facilities.includes(message.header.text(4)))
    throw new Problem("FORBIDDEN", "`MSH-4` is no facility of this partner", { element: "MSH-4" });
  const head = headOf(message, dialect, act.at);
  const moved = new Set<string>();
  const about = await map({ tx, act, source, moved, message, head, dialect });
  for (const person of moved) await inferHandoffs(tx, person, act, head.recordedAt);
  await keepMessage(tx, source, { text: message.text, bytes, head, about }, act);
  if (isSetAside) await release(tx, source, Object.values(hashes), act);
  return { fate: "TAKEN", doubts: head.doubts };
};

/** Sets a message aside with its bytes. */
const setAside = (
  database: Database,
  message: Message | null,
  { bytes, act }: Incoming,
  problem: Problem,
  { name }: Partner,
): Promise<void> => {
  const at = message && {
    type: [message.header.text(9), message.header.text(9, 2)].join("^"),
    id: message.header.text(10),
  };
  const refused = [{ bytes, at, problem, partner: name }];
  return database.transaction((tx) => quarantine(tx, act.by.agency, refused, act));
};

/**
 * Takes one message in. When it answers AA the message and what it says are committed; when it answers AE or AR nothing of
 * what it says is.
 *
 * @param partner Whose it is: settled before, by where it came from.
 * @param act By that partner's agency.
 */
export const takeMessage = async (
  database: Database,
  bytes: Buffer,
  partner: Partner,
  act: Act,
  log: Log,
): Promise<Answered> => {
  const incoming = { bytes, act };
  let message: Message | null = null;
  let fate: Fate;
  let doubts: string[] = [];
  try {
    const it = read(bytes);
    message = it;
    ({ fate, doubts } = await database.transaction(async (tx) => {
      await inTurn(tx, act.by.agency);
      return takeIn(tx, it, incoming, partner);
    }));
  } catch (error) {
    fate = error instanceof Problem ? error : "FAULT";
    if (fate === "FAULT") log.error({ err: error, requestId: act.requestId }, "hl7 v2 intake");
  }
  if (fate instanceof Problem) {
    try {
      await setAside(database, message, incoming, fate, partner);
    } catch (error) {
      log.error({ err: error, requestId: act.requestId }, "hl7 v2 quarantine");
      fate = "FAULT";
    }
  }
  const wrong = fate === "TAKEN" || fate === "UNCHANGED" ? null : fate;
  tell(log, incoming, partner, fate);
  return { fate, answer: acknowledge(message, bytes, wrong, act), doubts };
};

const tell = (log: Log, { bytes, act }: Incoming, { name }: Partner, fate: Fate): void =>
  log.info(
    {
      requestId: act.requestId,
      agency: act.by.agency,
      partner: name,
      fate: fate instanceof Problem ? fate.code : fate,
      bytes: bytes.length,
    },
    "hl7 v2 intake",
  );

/** So many messages to a transaction at most, so that none takes long. */
const GROUP = 50;

/** Takes several in, in one transaction; null when one of them cannot be, and then nothing of any is written. */
const takeGroup = async (
  database: Database,
  group: readonly Incoming[],
  partner: Partner,
): Promise<Answered[] | null> => {
  try {
    const messages = group.map((incoming) => ({ incoming, message: read(incoming.bytes) }));
    return await database.transaction(async (tx) => {
      await inTurn(tx, partner.agency);
      const answered: Answered[] = [];
      for (const { incoming, message } of messages) {
        const taken = await takeIn(tx, message, incoming, partner);
        const answer = acknowledge(message, incoming.bytes, null, incoming.act);
        answered.push({ ...taken, answer });
      }
      return answered;
    });
  } catch {
    // Each is then taken by itself, which says what was wrong with which.
    return null;
  }
};

/**
 * Takes a partner's messages in, in the order in which they come. Those that come while others are on their way to the disk
 * go together; one that cannot be taken in holds up none of the others.
 */
export const openIntake = (
  database: Database,
  partner: Partner,
  log: Log,
): ((bytes: Buffer, act: Act) => Promise<Answered>) => {
  const waiting: (Incoming & { done: (answered: Answered) => void })[] = [];
  let isTaking = false;
  const take = async (): Promise<void> => {
    isTaking = true;
    for (;;) {
      // What comes in by then goes along.
      await letOthersIn();
      const group = waiting.splice(0, GROUP);
      if (group.length === 0) break;
      const together = group.length > 1 ? await takeGroup(database, group, partner) : null;
      for (const [index, incoming] of group.entries()) {
        const answered = together?.[index];
        if (answered) tell(log, incoming, partner, answered.fate);
        incoming.done(
          answered ?? (await takeMessage(database, incoming.bytes, partner, incoming.act, log)),
        );
      }
    }
    isTaking = false;
  };
  return (bytes, act) =>
    new Promise((done) => {
      waiting.push({ bytes, act, done });
      if (!isTaking) void take();
    });
};
