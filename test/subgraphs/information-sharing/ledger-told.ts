/** What the house tells the ledger, in tests: behavioral health was given something of the hospital's. */
import type { Disclosure, DisclosuresTold } from "#sharing/disclosure.ts";
import { agencies, at } from "../../county/county.ts";

/** People whom disclosures are about. */
export const maria = "019550a0-0000-7000-8000-00000000000a";
export const walter = "019550a0-0000-7000-8000-00000000000b";

export const disclosure = (more: Partial<Disclosure> = {}): Disclosure => ({
  source: agencies.hospital.id,
  persons: [maria],
  categories: ["ENCOUNTERS", "MEDICATIONS"],
  rules: ["treatment"],
  obligations: [],
  agreement: null,
  consents: [],
  attestations: [],
  ...more,
});

export const told = (
  more: Partial<DisclosuresTold> = {},
  ...disclosures: Partial<Disclosure>[]
): DisclosuresTold => ({
  requestId: "019550a0-0000-7000-8000-0000000000aa",
  at: new Date(at("12:00")).toISOString(),
  recipient: {
    agency: agencies.bh.id,
    kind: agencies.bh.kind,
    role: "CLINICIAN",
    subject: "dr.sofia.ramos",
  },
  purpose: "TREAT",
  basis: null,
  policy: "5".repeat(64),
  disclosures: (disclosures.length > 0 ? disclosures : [{}]).map(disclosure),
  ...more,
});
