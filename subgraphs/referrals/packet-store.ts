import DataLoader from "dataloader";
import type { Act } from "#platform/act.ts";
import type { ChangeInput } from "#platform/aggregate.ts";
import type { Database, Sql, Transaction } from "#platform/database.ts";
import { once, unchangedSince } from "#platform/once.ts";
import type { Versioned } from "#platform/once.ts";
import { fromJson, instant, record } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import type { ReadRaisedByContent } from "./content-label-store.ts";
import type { Handoff } from "./handoff.ts";
import { handoffToActOn } from "./handoff-store.ts";
import { confirmed, missingParts, PACKET_PARTS, reconciled, reported, supplied } from "./packet.ts";
import type { Packet, PacketItem, PacketPart, PacketSaid, SuppliedPart } from "./packet.ts";

const PART = "referrals.packet_part";
const RECEIPT = "referrals.packet_receipt";
const RECONCILIATION = "referrals.medication_reconciliation";

/** What history calls a packet; its id is its handoff's. */
const PACKET = "discharge_packet";

const partFromRow = (row: Row, receipt: Row | undefined): SuppliedPart => ({
  part: row.part as PacketPart,
  version: row.version as number,
  source: row.source_id as string,
  items: fromJson<string[]>(row.items),
  recordedAt: instant(row.recorded_at),
  receivedAt: instant(row.received_at),
  receipt: receipt
    ? { confirmedBy: receipt.agency_id as string, confirmedAt: instant(receipt.confirmed_at) }
    : null,
});

const partToRow = (handoff: string, part: SuppliedPart) => ({
  handoff_id: handoff,
  version: part.version,
  part: part.part,
  source_id: part.source,
  items: JSON.stringify(part.items),
  recorded_at: part.recordedAt,
  received_at: part.receivedAt,
});

/** The packets of handoffs, as they now stand. */
const packetsOf = async (sql: Sql, handoffs: readonly Handoff[]): Promise<Packet[]> => {
  const ids = handoffs.map(({ id }) => id);
  const read = async (table: string) =>
    (await sql(table).whereIn("handoff_id", ids).orderBy("version", "desc")) as Row[];
  // One after the other: a transaction has one connection.
  const parts = await read(PART);
  const receipts = await read(RECEIPT);
  const reconciliations = await read(RECONCILIATION);
  return handoffs.map((handoff): Packet => {
    const own = (row: Row): boolean => row.handoff_id === handoff.id;
    const latest = PACKET_PARTS.flatMap((part): SuppliedPart[] => {
      const row = parts.find((it) => own(it) && it.part === part);
      const isOfIt = (it: Row) => own(it) && it.part === part && it.part_version === row?.version;
      return row ? [partFromRow(row, receipts.find(isOfIt))] : [];
    });
    const compared = reconciliations.find(own);
    const said = [...parts, ...receipts, ...reconciliations].filter(own);
    return {
      handoff,
      version: Math.max(0, ...said.map(({ version }) => version as number)),
      parts: latest,
      reconciliation: compared
        ? {
            reconciledBy: compared.agency_id as string,
            reconciledAt: instant(compared.reconciled_at),
            discrepancies: compared.discrepancies as number,
          }
        : null,
    };
  });
};

/** Writes down that something more was said of a packet; what is told is how much of it is missing by now. */
const told = async (
  tx: Transaction,
  handoff: Handoff,
  what: string,
  after: Row & { version: number },
  act: Act,
): Promise<void> => {
  const [now] = (await packetsOf(tx, [handoff])) as [Packet];
  await record(
    tx,
    "referrals",
    {
      of: PACKET,
      id: handoff.id,
      version: after.version,
      what,
      before: null,
      after,
      occurredAt: act.at,
      data: { interface: handoff.interface, missing: missingParts(now).join(" ") },
    },
    act,
  );
};

/**
 * Writes down what a sender's own document says of a packet whose handoff is locked. What it repeats is not said anew, for
 * a receiver has confirmed it; what is older than what was said since changes nothing.
 */
export const reportParts = async (
  tx: Transaction,
  handoff: Handoff,
  parts: ReadonlyMap<PacketPart, string[]>,
  recordedAt: Date,
  act: Act,
): Promise<void> => {
  const [before] = (await packetsOf(tx, [handoff])) as [Packet];
  const rows = reported(before, parts, recordedAt, act).map((it) => partToRow(handoff.id, it));
  if (rows.length === 0) return;
  await tx(PART).insert(rows);
  const version = before.version + 1;
  await told(tx, handoff, "packet.supplied", { id: handoff.id, version, parts: rows }, act);
};

/** Discharge packets, as one requester may see and change them. */
export const openPackets = (database: Database, act: Act, raisedByContent: ReadRaisedByContent) => {
  const { sql } = database;
  const packets = new DataLoader<Handoff, Packet, string>(
    async (handoffs) => packetsOf(sql, handoffs),
    { cacheKeyFn: ({ id }) => id },
  );

  /** Says something more of a packet, with its handoff locked: what is said of one comes one after the other. */
  const change = async (
    as: string,
    what: string,
    input: ChangeInput,
    step: (packet: Packet, version: number, tx: Transaction) => Promise<Row>,
  ): Promise<string> => {
    const effect = {
      schema: "referrals",
      of: PACKET,
      fromRow: ({ id, version }: Row) => ({ id, version }) as Versioned,
      input,
      as,
    };
    const packetAfter = await database.transaction((tx) =>
      once(tx, effect, act, async () => {
        const handoff = await handoffToActOn(tx, act.by, input.id);
        const [before] = (await packetsOf(tx, [handoff])) as [Packet];
        unchangedSince({ id: handoff.id, version: before.version }, input.expectedVersion);
        const version = before.version + 1;
        const after = { id: handoff.id, version, ...(await step(before, version, tx)) };
        await told(tx, handoff, what, after, act);
        return after;
      }),
    );
    packets.clearAll();
    return packetAfter.id;
  };

  return {
    of: (handoff: Handoff) => packets.load(handoff),
    /** The lines of a part, each with what it raises. */
    items: async ({ handoff, parts }: Packet, part: PacketPart): Promise<PacketItem[]> => {
      const raised = await raisedByContent();
      const { items = [], source = "" } = parts.find((it) => it.part === part) ?? {};
      return items.map((text) => {
        const raises = raised({ source, name: text, code: null }, handoff.raises);
        return { person: handoff.person, source, text, raises };
      });
    },
    /** @returns The handoff's id, as of the other two. */
    supply: (input: ChangeInput & PacketSaid) =>
      change("supplyPacket", "packet.supplied", input, async (packet, _, tx) => {
        const rows = supplied(packet, input, act).map((it) => partToRow(packet.handoff.id, it));
        await tx(PART).insert(rows);
        return { parts: rows };
      }),
    confirm: (input: ChangeInput & { parts: readonly PacketPart[] }) =>
      change("confirmReceipt", "packet.received", input, async (packet, version, tx) => {
        const rows = confirmed(packet, input.parts, act).map((it) => ({
          handoff_id: packet.handoff.id,
          part: it.part,
          part_version: it.version,
          version,
          agency_id: act.by.agency,
          confirmed_at: act.at,
        }));
        await tx(RECEIPT).insert(rows);
        return { receipts: rows };
      }),
    reconcile: (input: ChangeInput & { discrepancies: number }) =>
      change("reconcileMedications", "packet.reconciled", input, async (packet, version, tx) => {
        const it = reconciled(packet, input.discrepancies, act);
        const row = {
          handoff_id: packet.handoff.id,
          version,
          agency_id: it.reconciledBy,
          discrepancies: it.discrepancies,
          reconciled_at: it.reconciledAt,
        };
        await tx(RECONCILIATION).insert(row);
        return row;
      }),
  };
};

export type Packets = ReturnType<typeof openPackets>;
