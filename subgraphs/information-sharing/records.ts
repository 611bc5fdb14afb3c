/** Whom this room's records tell of, and whose they are. What stands here of a person beside consents is an opaque id. */
import type { About, Records } from "#platform/sharing.ts";
import { partiesOf } from "./consent.ts";
import type { Consent } from "./consent.ts";

/** A consent is a record of the agency that recorded it, and of each that it names. */
const aboutConsent = (consent: Consent): About => ({
  person: consent.person.id,
  source: consent.recordedBy.id,
  keepers: partiesOf(consent),
  raises: [],
});

/** By type, for the guard. */
export const records: Records = { Consent: { about: aboutConsent } };
