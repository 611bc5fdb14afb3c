import type { Claim, Known } from "#schema/known.ts";
import { notFound } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Database } from "#platform/database.ts";
import type { SideDoor } from "#platform/subgraph.ts";
import { canSeeReferral } from "./referral-store.ts";

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
    const { sql } = database;
    const { referral, interface: at, agencies: { ids = [] } = {} } = claim;
    const [canSee, row, agencies] = await Promise.all([
      referral === undefined ? false : canSeeReferral(sql, requester, referral),
      at && sql("referrals.interface").where({ id: at.id }).first("party_ids"),
      sql("referrals.agency")
        .whereIn("id", [...ids])
        .pluck("id"),
    ]);
    const known: Known = {
      referral: canSee,
      parties: (row?.party_ids as string[] | undefined) ?? null,
      agencies: agencies as string[],
    };
    return { status: 200, contentType: "application/json", body: JSON.stringify(known) };
  };
