import type { Claim, Known } from "#schema/known.ts";
import type { Requester } from "#sharing/requester.ts";
import type { AgencyKind } from "#sharing/vocabulary.ts";
import type { Database } from "#platform/database.ts";
import type { HouseDoor } from "#platform/subgraph.ts";
import { keptOf } from "./handoff-store.ts";
import { isKnownTo } from "./person-store.ts";
import { isClosedTo, keepersOf } from "./records.ts";
import { referralToActOn } from "./referral-store.ts";

/**
 * What other rooms may ask about ids that this one keeps: a `Claim` and its requester in, what is `Known` out.
 */
export const knownDoor =
  (database: Database): HouseDoor =>
  async (question) => {
    const { claim, requester } = question as { claim: Claim; requester: Requester };
    // The house asks, and for whom: what that agency does not see it is not told.
    const { sql } = database.by(requester.agency);
    const { person, referral, interface: at, agencies: { ids = [] } = {} } = claim;
    const [isKnown, seen, handoffs, row, agencies] = await Promise.all([
      person !== undefined && isKnownTo(sql, requester, person),
      referral === undefined ? null : referralToActOn(sql, requester, referral),
      referral === undefined ? [] : keptOf(sql, requester, referral),
      at && sql("referrals.interface").where({ id: at.id }).first("party_ids"),
      sql("referrals.agency")
        .whereIn("id", [...ids])
        .select("id", "kind") as Promise<{ id: string; kind: AgencyKind | null }[]>,
    ]);
    // By what the requester keeps itself: whom others have handed the person to, a refusal must not tell it.
    const keepers = [...handoffs.flatMap(keepersOf), seen?.referrer];
    const known: Known = {
      person: isKnown,
      referral: seen && { person: seen.person, raises: seen.raises, keepers: seen.keepers },
      parties: (row?.party_ids as string[] | undefined) ?? null,
      agencies: agencies.map(({ id }) => id),
      closedTo: agencies
        .filter(({ id, kind }) => !keepers.includes(id) && isClosedTo(kind, handoffs))
        .map(({ id }) => id),
    };
    return known;
  };
