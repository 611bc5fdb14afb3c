/** What binds agencies and people, learned from the events of other rooms. */
import type { Transaction } from "#platform/database.ts";
import type { Event } from "#platform/record.ts";

const TIES: ReadonlySet<unknown> = new Set(["SOURCE", "TREATING", "ENROLLED", "REFERRAL"]);

/** Notes a tie as it now is; what is known of a later version stays. */
export const noteTie = async (tx: Transaction, { data }: Event): Promise<void> => {
  if (!TIES.has(data.kind)) return;
  await tx("information_sharing.known_tie")
    .insert({
      person_id: data.person,
      agency_id: data.agency,
      kind: data.kind,
      since: data.since,
      until_at: data.until,
      version: data.version,
    })
    .onConflict(["person_id", "agency_id", "kind"])
    .merge()
    .where("known_tie.version", "<", data.version);
};

/** Notes that a threshold is breached: an agency oversees, from now on, what becomes of a person. */
export const noteBreach = async (
  tx: Transaction,
  { subject, time, data }: Event,
): Promise<void> => {
  await tx("information_sharing.oversight")
    .insert({
      threshold_id: subject,
      person_id: data.person,
      agency_id: data.agency,
      since: time,
      until_at: null,
      version: data.version,
    })
    .onConflict("threshold_id")
    .merge()
    .where("oversight.version", "<", data.version);
};

/** Notes that what breached a threshold is resolved. */
export const noteResolution = async (
  tx: Transaction,
  { subject, time, data }: Event,
): Promise<void> => {
  await tx("information_sharing.oversight")
    .where({ threshold_id: subject })
    .where("version", "<", data.version)
    .update({ until_at: time, version: data.version });
};
