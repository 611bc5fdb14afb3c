/** The discharge packet of a handoff: what the sender has said, part by part, and what of it the receiver has. */
import { need, Problem } from "#schema/problems.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { ENDED, movesOpen, partsOf } from "./handoff.ts";
import type { Handoff } from "./handoff.ts";
import type { Reading } from "./person.ts";

/** The parts that no packet may lack. */
export const PACKET_PARTS = [
  "MEDICATIONS",
  "FUNCTIONAL_STATUS",
  "RISKS",
  "FOLLOW_UP_APPOINTMENTS",
] as const;
export type PacketPart = (typeof PACKET_PARTS)[number];

/** That the receiver has a part as it now stands. */
export interface PacketReceipt {
  confirmedBy: string;
  confirmedAt: Date;
}

/** A part as the sender said it last. */
export interface SuppliedPart {
  part: PacketPart;
  /** The packet's, when it came. */
  version: number;
  source: string;
  /** Empty where the sender says that there is none. */
  items: string[];
  recordedAt: Date;
  receivedAt: Date;
  /** Null while it is not confirmed; what replaces a part is confirmed anew. */
  receipt: PacketReceipt | null;
}

/** That the packet's medicines were compared with what the person takes. */
export interface MedicationReconciliation {
  reconciledBy: string;
  reconciledAt: Date;
  discrepancies: number;
}

export interface Packet {
  handoff: Handoff;
  /** 0 before anything was said of it, and one more for each time since. */
  version: number;
  /** Those that were supplied, in the order of `PACKET_PARTS`. */
  parts: SuppliedPart[];
  /** The latest. */
  reconciliation: MedicationReconciliation | null;
}

/** One line of a part. */
export interface PacketItem {
  person: string;
  source: string;
  text: string;
  /** What it tells of the person beside what its part does. */
  raises: Category[];
}

const suppliedIn = ({ parts }: Packet, part: PacketPart): SuppliedPart | undefined =>
  parts.find((it) => it.part === part);

/** The parts of which nobody has said anything; that there is none has been said. */
export const missingParts = (packet: Packet): PacketPart[] =>
  PACKET_PARTS.filter((part) => !suppliedIn(packet, part));

/**
 * Refuses a report that a part is missing which was supplied; in words of their own, whoever reports may say what it lacks.
 *
 * @throws {Problem} BAD_INPUT
 */
export const missingIn = (items: readonly string[], suppliedParts: readonly PacketPart[]): void =>
  need(
    !items.some((it) => (suppliedParts as readonly string[]).includes(it.trim())),
    "items",
    "names a part of the packet that was supplied",
  );

export const isComplete = (packet: Packet): boolean => missingParts(packet).length === 0;

/** The parts that were supplied and that the receiver has not confirmed, as they now stand. */
export const unconfirmedParts = ({ parts }: Packet): PacketPart[] =>
  parts.filter(({ receipt }) => receipt === null).map(({ part }) => part);

export const readingOf = (packet: Packet, part: PacketPart): Reading => {
  const supplied = suppliedIn(packet, part);
  if (!supplied) return "MISSING";
  return supplied.items.length > 0 ? "PRESENT" : "NONE_KNOWN";
};

/** What may be done with a packet, and by whom: until the handoff is over, for then nobody waits for it. */
const BY = { SUPPLY: "sender", CONFIRM_RECEIPT: "receiver", RECONCILE: "receiver" } as const;

const open = (name: keyof typeof BY, { handoff }: Packet, { by }: Act): void => {
  if (!ENDED.has(handoff.state) && partsOf(handoff, by.agency).includes(BY[name])) return;
  throw new Problem(
    "MOVE_NOT_ALLOWED",
    `\`${name}\` is not open to your agency while the handoff is ${handoff.state}`,
    { state: handoff.state, movesOpen: movesOpen(handoff, by.agency) },
  );
};

/** What a sender says of its packet: each part by its lines, or that there is none. */
export interface PacketSaid {
  medications?: readonly string[] | null;
  functionalStatus?: readonly string[] | null;
  risks?: readonly string[] | null;
  followUpAppointments?: readonly string[] | null;
  noneKnown?: readonly PacketPart[] | null;
  recordedAt?: Date | null;
}

const FIELDS = {
  MEDICATIONS: "medications",
  FUNCTIONAL_STATUS: "functionalStatus",
  RISKS: "risks",
  FOLLOW_UP_APPOINTMENTS: "followUpAppointments",
} as const satisfies Record<PacketPart, keyof PacketSaid>;

/** What is taken in of a line, and of a part. */
const MOST_CHARACTERS = 2_000;
const MOST_ITEMS = 100;

const itemsOf = (said: PacketSaid, part: PacketPart): string[] | null => {
  const field = FIELDS[part];
  const isNone = said.noneKnown?.includes(part) === true;
  const items = said[field];
  if (items == null) return isNone ? [] : null;
  need(!isNone, field, "is said to be there and not to be");
  // A list that came out empty is not yet somebody's word that there is none.
  need(items.length > 0, field, "must hold an item; say `noneKnown` where there is none");
  need(items.length <= MOST_ITEMS, field, `must hold at most ${MOST_ITEMS} items`);
  const lines = items.map((it) => it.trim());
  need(
    lines.every((it) => it !== "" && it.length <= MOST_CHARACTERS),
    field,
    `must hold items of 1 to ${MOST_CHARACTERS} characters`,
  );
  return lines;
};

/**
 * Supplies parts, or puts others in the place of those that are there; what was said before stays as it was.
 *
 * @returns The parts that are new.
 * @throws {Problem} MOVE_NOT_ALLOWED to all but the sender, and when the handoff is over; BAD_INPUT naming the field.
 */
export const supplied = (packet: Packet, said: PacketSaid, act: Act): SuppliedPart[] => {
  open("SUPPLY", packet, act);
  const recordedAt = said.recordedAt ?? act.at;
  need(recordedAt <= act.at, "recordedAt", "is in the future");
  const parts = PACKET_PARTS.flatMap((part): SuppliedPart[] => {
    const items = itemsOf(said, part);
    if (items === null) return [];
    const version = packet.version + 1;
    const source = act.by.agency;
    return [{ part, version, source, items, recordedAt, receivedAt: act.at, receipt: null }];
  });
  need(parts.length > 0, "noneKnown", "or another part must be given");
  return parts;
};

/**
 * The parts that a document of the sender's puts in the place of those that are there: neither what it repeats, nor what
 * was said later than it was recorded.
 *
 * @throws {Problem} as of `supplied`
 */
export const reported = (
  packet: Packet,
  parts: ReadonlyMap<PacketPart, readonly string[]>,
  recordedAt: Date,
  act: Act,
): SuppliedPart[] => {
  const isNews = (part: PacketPart, items: readonly string[]): boolean => {
    const before = suppliedIn(packet, part);
    return (
      !before ||
      (before.recordedAt <= recordedAt && JSON.stringify(before.items) !== JSON.stringify(items))
    );
  };
  const news = [...parts].filter(([part, items]) => isNews(part, items));
  if (news.length === 0) return [];
  const lines = news.filter(([, items]) => items.length > 0);
  const none = news.filter(([, items]) => items.length === 0);
  const said: PacketSaid = Object.fromEntries(lines.map(([part, items]) => [FIELDS[part], items]));
  return supplied(packet, { ...said, noneKnown: none.map(([part]) => part), recordedAt }, act);
};

/**
 * Confirms that the receiver has parts, as they now stand.
 *
 * @returns Those that were confirmed.
 * @throws {Problem} MOVE_NOT_ALLOWED to all but the receiver, and when the handoff is over; BAD_INPUT for a part that was not
 *   supplied, or is confirmed already.
 */
export const confirmed = (
  packet: Packet,
  parts: readonly PacketPart[],
  act: Act,
): SuppliedPart[] => {
  open("CONFIRM_RECEIPT", packet, act);
  const named = PACKET_PARTS.filter((part) => parts.includes(part));
  need(named.length > 0, "parts", "must name at least one part");
  const missing = missingParts(packet);
  need(!named.some((it) => missing.includes(it)), "parts", "names a part that was not supplied");
  const waiting = unconfirmedParts(packet);
  need(
    named.every((it) => waiting.includes(it)),
    "parts",
    "names a part that is confirmed already",
  );
  const receipt = { confirmedBy: act.by.agency, confirmedAt: act.at };
  return packet.parts.filter(({ part }) => named.includes(part)).map((it) => ({ ...it, receipt }));
};

/**
 * Says how many of the packet's medicines do not agree with what the person takes.
 *
 * @throws {Problem} MOVE_NOT_ALLOWED to all but the receiver, and when the handoff is over; BAD_INPUT for a count below 0, and
 *   while there is nothing to compare with.
 */
export const reconciled = (
  packet: Packet,
  discrepancies: number,
  act: Act,
): MedicationReconciliation => {
  open("RECONCILE", packet, act);
  need(discrepancies >= 0, "discrepancies", "must not be below 0");
  need(
    !missingParts(packet).includes("MEDICATIONS"),
    "id",
    "is of a handoff whose packet says nothing of medicines",
  );
  return { reconciledBy: act.by.agency, reconciledAt: act.at, discrepancies };
};
