/** Whom this room's records tell of, and whose they are. */
import type { About, Records } from "#platform/sharing.ts";
import type { Dispute } from "./dispute.ts";

/** It is a record of each of its parties, and the information of the one that opened it. */
const about = ({ person, openedBy, keepers, raises }: Dispute): About => ({
  person,
  source: openedBy.id,
  keepers,
  raises,
});

/** By type, for the guard. */
export const records: Records = {
  Dispute: { about, mayRaise: ["SUD_TREATMENT", "DV_LOCATION"] },
};
