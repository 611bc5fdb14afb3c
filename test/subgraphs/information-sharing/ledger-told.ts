/** What the house tells the ledger, in tests: behavioral health was given something of the hospital's. */
import type { DisclosedPerson, Disclosure, DisclosuresTold } from "#sharing/disclosure.ts";
import { agencies, at } from "../../county/county.ts";

/** People whom disclosures are about. */
export const maria = "019550a0-0000-7000-8000-00000000000a";
export const walter = "019550a0-0000-7000-8000-00000000000b";

/** A person by id alone rests on nothing of the person's own. */
export type More = Omit<Partial<Disclosure>, "persons"> & {
  persons?: readonly (string | DisclosedPerson)[];
};

export const disclosure = ({ persons = [maria], ...more }: More = {}): Disclosure => ({
  source: agencies.hospital.id,
  persons: persons.map((it) =>
    typeof it === "string" ? { id: it, consents: [], attestations: [] } : it,
  ),
  categories: ["ENCOUNTERS", "MEDICATIONS"],
  rules: ["treatment"],
  obligations: [],
  agreement: null,
  ...more,
});

export const told = (
  more: Partial<DisclosuresTold> = {},
  ...disclosures: More[]
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
