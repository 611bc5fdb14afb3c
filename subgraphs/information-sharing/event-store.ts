/** What this room learns from others: who is bound to whom, who is the same one, and which consents were received. */
import type { Database, Transaction } from "#platform/database.ts";
import type { Neighbours } from "#platform/neighbours.ts";
import { firstTime } from "#platform/outbox.ts";
import type { Event } from "#platform/record.ts";
import { fetchConsent, noteConsent } from "./consent-store.ts";
import { noteMerge } from "./same-person-store.ts";
import { noteBreach, noteResolution, noteTie } from "./tie-store.ts";

type Note = (tx: Transaction, event: Event) => Promise<void>;

const NOTES: Partial<Record<string, Note>> = {
  "tie.changed": noteTie,
  "person.merged": noteMerge,
  "threshold.breached": noteBreach,
  "threshold.resolved": noteResolution,
};

/** Takes in what happened in another room; what means nothing here is only marked as heard. */
export const consume = async (
  database: Database,
  event: Event,
  at: Date,
  neighbours: Neighbours,
): Promise<void> => {
  // Asked before the transaction: none may wait for another room.
  const kept = event.type === "consent.received" ? await fetchConsent(neighbours, event) : null;
  const note = NOTES[event.type];
  await database.transaction(async (tx) => {
    if (!(await firstTime(tx, "information_sharing", event, at))) return;
    if (kept) await noteConsent(tx, event, kept, at);
    if (note) await note(tx, event);
  });
};
