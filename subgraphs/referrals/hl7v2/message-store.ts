import { v7 as uuidv7 } from "uuid";
import type { Act } from "#platform/act.ts";
import type { Database, Transaction } from "#platform/database.ts";
import { instant, instantOrNull } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { kindOf } from "../agency-store.ts";
import { sha256 } from "../fhir/intake-store.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Head } from "./head.ts";

/** Was this very message taken in before, and was it set aside? */
export const metBefore = async (
  tx: Transaction,
  source: string,
  hashes: { text: string; bytes: string },
): Promise<{ isTaken: boolean; isSetAside: boolean }> => {
  const { rows } = await tx.raw(
    `select exists (select from referrals.hl7_message where source_id = :source and sha256 = :text) as "isTaken",
       exists (select from referrals.quarantine
         where source_id = :source and sha256 in (:text, :bytes) and released_at is null) as "isSetAside"`,
    { source, ...hashes },
  );
  return (rows as [{ isTaken: boolean; isSetAside: boolean }])[0];
};

/** Keeps a message as it was received. */
export const keepMessage = async (
  tx: Transaction,
  source: string,
  message: { text: string; bytes: Buffer; head: Head; about: string },
  act: Act,
): Promise<void> =>
  void (await tx("referrals.hl7_message").insert({
    id: uuidv7(),
    source_id: source,
    sha256: sha256(message.text),
    control_id: message.head.controlId,
    event: message.head.event,
    bytes: message.bytes,
    about_id: message.about,
    occurred_at: message.head.occurred?.exact ?? null,
    recorded_at: message.head.recordedAt,
    received_at: act.at,
    doubts: message.head.doubts,
  }));

/**
 * When the source last recorded something of a thing, and of where it stands; null while it has not. A time that was only that of
 * the arrival orders nothing.
 */
export const lastRecorded = async (
  tx: Transaction,
  about: string,
  ofState: readonly string[],
): Promise<{ any: Date | null; ofState: Date | null }> => {
  const [row] = (await tx("referrals.hl7_message")
    .where({ about_id: about })
    .whereRaw("recorded_at < received_at")
    .select(
      tx.raw("max(recorded_at) as any"),
      tx.raw("max(recorded_at) filter (where event = any(?)) as of_state", [ofState] as never),
    )) as Row[];
  return { any: instantOrNull(row?.any), ofState: instantOrNull(row?.of_state) };
};

/** The requester that a partner's messages are taken in for; null for an agency that is not on the roll. */
export const requesterFor = async (
  { sql }: Database,
  { agency, name }: { agency: string; name: string },
): Promise<Requester | null> => {
  const kind = await kindOf(sql, agency);
  return (
    kind && { agency, kind, role: "ADMIN", purpose: "COC", basis: null, subject: `hl7v2:${name}` }
  );
};

/** What was set aside, and not released since. */
export interface SetAside {
  id: string;
  source: string;
  code: string;
  message: string;
  element: string | null;
  type: string | null;
  /** Null for FHIR. */
  partner: string | null;
  bytes: Buffer;
  receivedAt: Date;
}

/** What is in quarantine, the earliest first: the order in which it can be understood. */
export const setAside = async ({ sql }: Database): Promise<SetAside[]> =>
  (
    (await sql("referrals.quarantine")
      .where({ released_at: null })
      .orderBy(["received_at", "id"])) as Row[]
  ).map((row) => ({
    id: row.id as string,
    source: row.source_id as string,
    code: row.code as string,
    message: row.message as string,
    element: row.element as string | null,
    type: row.type as string | null,
    partner: row.partner as string | null,
    bytes: Buffer.from(row.bytes as Uint8Array),
    receivedAt: instant(row.received_at),
  }));
