import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import { notFound } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { ChangeInput } from "#platform/aggregate.ts";
import type { Database, Sql, Transaction } from "#platform/database.ts";
import { instant } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import type { Seeing } from "#platform/sharing.ts";
import { isKnownTo } from "./person-store.ts";
import { evidenceGiven, serviceNamed } from "./referral.ts";
import type { Priority, Referral, ReferralStatus } from "./referral.ts";

const fromRow = (row: Row): Referral => ({
  id: row.id as string,
  version: row.version as number,
  person: row.person_id as string,
  referrer: row.referrer_id as string,
  status: row.status as ReferralStatus,
  priority: row.priority as Priority,
  service: row.service as string | null,
  authoredAt: instant(row.authored_at),
  keepers: row.keeper_ids as string[],
  raises: row.raises as Category[],
  // What was written of it before evidence was kept says nothing of any.
  evidence: (row.evidence as string[] | undefined) ?? [],
});

const toRow = (referral: Referral) => ({
  id: referral.id,
  version: referral.version,
  person_id: referral.person,
  referrer_id: referral.referrer,
  status: referral.status,
  priority: referral.priority,
  service: referral.service,
  authored_at: referral.authoredAt,
  keeper_ids: referral.keepers,
  raises: referral.raises,
  evidence: referral.evidence,
});

/** The referrals that an agency's requester may act on: those that are its own record too. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by)
    ? query.whereRaw("keeper_ids @> array[?]::uuid[]", [by.agency])
    : query.whereRaw("false");

const kept = aggregate<Referral>({
  schema: "referrals",
  table: "referral",
  fromRow,
  toRow,
  event: (before) => (before ? "referral.changed" : "referral.made"),
  told: () => ({}),
  occurredAt: ({ authoredAt }) => authoredAt,
});

/** Finds a referral that the requester may act on. */
export const seenReferral = async (sql: Sql, by: Requester, id: string): Promise<Referral> =>
  fromRow(
    ((await seenBy(by, sql(kept.name).where({ id })).first()) as Row | undefined) ?? notFound(),
  );

/** A referral that is known to exist. */
export const storedReferral = async (tx: Transaction, id: string): Promise<Referral> =>
  fromRow((await tx(kept.name).where({ id }).first()) as Row);

/** A referral that the requester may act on; null for one that it may not, or that is not there. */
export const referralToActOn = async (
  sql: Sql,
  by: Requester,
  id: string,
): Promise<Referral | null> => {
  const row = (await seenBy(by, sql(kept.name).where({ id })).first()) as Row | undefined;
  return row ? fromRow(row) : null;
};

/** Writes a referral as a record has it, new or changed. Whose it is, and what it raises, only grows. */
export const saveReferral = (
  tx: Transaction,
  referral: Omit<Referral, "version" | "keepers" | "raises" | "evidence">,
  act: Act,
): Promise<Referral> =>
  kept.put(tx, referral.id, act, (before) => ({
    ...referral,
    version: 0,
    keepers: [...new Set([...(before?.keepers ?? []), referral.referrer, act.by.agency])],
    raises: before?.raises ?? [],
    evidence: before?.evidence ?? [],
  }));

/** Makes a referral the record of whoever keeps a handoff of it too, and lets it tell what that handoff tells. */
export const keepReferral = async (
  tx: Transaction,
  id: string,
  keepers: readonly string[],
  raises: readonly Category[],
): Promise<void> =>
  void (await tx(kept.name)
    .where({ id })
    .whereRaw("not (keeper_ids @> ?::uuid[] and raises @> ?::text[])", [keepers, raises] as never)
    .update({
      keeper_ids: tx.raw("array(select distinct unnest(keeper_ids || ?::uuid[]))", [
        keepers,
      ] as never),
      raises: tx.raw("array(select distinct unnest(raises || ?::text[]) order by 1)", [
        raises,
      ] as never),
    }));

/** What comes with a need. */
export interface ReferralInput {
  idempotencyKey: string;
  personId: string;
  service: string;
  priority?: Priority | null;
  evidence?: string[] | null;
}

/** Needs, as one requester may see them. */
export const openReferrals = (database: Database, act: Act, sharing: Seeing) => {
  // Whoever may be given one may read it: it is judged before it is given.
  const byId = kept.finder(database, (query) => query, sharing);
  return {
    find: (id: string) => byId.load(id),
    /** One that the requester may be given; for what is told of it in another record. */
    permitted: async (id: string): Promise<Referral | null> => {
      const referral = await byId.load(id);
      return (referral && (await sharing.permitted("Referral", [referral]))[0]) ?? null;
    },
    make: (input: ReferralInput) =>
      kept.make(database, act, "referPerson", input, async (tx) => {
        if (!(await isKnownTo(tx, act.by, input.personId))) notFound();
        return {
          id: uuidv7(),
          version: 1,
          person: input.personId,
          referrer: act.by.agency,
          status: "ACTIVE",
          priority: input.priority ?? "ROUTINE",
          service: serviceNamed(input.service),
          authoredAt: act.at,
          keepers: [act.by.agency],
          raises: [],
          evidence: evidenceGiven(input.evidence ?? []),
        };
      }),
    /** Evidence that has come since. What has come does not go. */
    supply: (input: ChangeInput & { evidence: string[] }) =>
      kept.change(
        database,
        act,
        "supplyEvidence",
        input,
        (query) => seenBy(act.by, query),
        (before) => ({
          ...before,
          version: before.version + 1,
          evidence: evidenceGiven([...before.evidence, ...input.evidence]),
        }),
      ),
  };
};

export type Referrals = ReturnType<typeof openReferrals>;
