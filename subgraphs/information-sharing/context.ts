import type { Act } from "#platform/act.ts";
import type { Attestations } from "./attestation-store.ts";
import type { Consents } from "./consent-store.ts";
import type { Accounting } from "./ledger/accounting-store.ts";
import type { Restrictions } from "./restriction-store.ts";
import type { Shareables } from "./shareable-store.ts";
import type { Agreements } from "./sharing-agreement-store.ts";
import type { Routes } from "./sharing-route-store.ts";

/** What every resolver of this room has at hand, for one request. */
export interface Context {
  act: Act;
  agreements: Agreements;
  routes: Routes;
  consents: Consents;
  restrictions: Restrictions;
  attestations: Attestations;
  shareables: Shareables;
  accounting: Accounting;
}
