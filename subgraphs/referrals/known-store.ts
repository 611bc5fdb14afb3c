import type { Claim, Known } from "#schema/known.ts";
import { notFound } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Database } from "#platform/database.ts";
import type { SideDoor } from "#platform/subgraph.ts";
import { isKnownTo } from "./person-store.ts";
import { referralToActOn } from "./referral-store.ts";

/**
 * What other rooms may ask about ids that this one keeps: a `Claim` and its requester in, what is `Known` out.
 *
 * @throws {Problem} NOT_FOUND to everyone but the house.
 */
export const knownDoor =
  (database: Database): SideDoor =>
  async ({ bytes, requester: caller }) => {
    if (caller) notFound();
    const { claim, requester } = JSON.parse(bytes.toString("utf8")) as {
      claim: Claim;
      requester: Requester;
    };
    // The house asks, and for whom: what that agency does not see it is not told.
    const { sql } = database.by(requester.agency);
    const { person, referral, interface: at, agencies: { ids = [] } = {} } = claim;
    const [isKnown, seen, row, agencies] = await Promise.all([
      person !== undefined && isKnownTo(sql, requester, person),
      referral === undefined ? null : referralToActOn(sql, requester, referral),
      at && sql("referrals.interface").where({ id: at.id }).first("party_ids"),
      sql("referrals.agency")
        .whereIn("id", [...ids])
        .pluck("id"),
    ]);
    const known: Known = {
      person: isKnown,
      referral: seen && { person: seen.person, raises: seen.raises, keepers: seen.keepers },
      parties: (row?.party_ids as string[] | undefined) ?? null,
      agencies: agencies as string[],
    };
    return { status: 200, contentType: "application/json", body: JSON.stringify(known) };
  };
