/** Whom this room's records tell of, and whose they are. */
import type { About, Records } from "#platform/sharing.ts";
import type { EscalationIssue } from "./escalation-issue.ts";

/** It is a record of each of its parties, and the information of the one that raised it. */
const about = ({ person, raisedBy, keepers, raises }: EscalationIssue): About => ({
  person,
  source: raisedBy.id,
  keepers,
  raises,
});

/** By type, for the guard. */
export const records: Records = {
  EscalationIssue: { about, mayRaise: ["SUD_TREATMENT", "DV_LOCATION"] },
};
