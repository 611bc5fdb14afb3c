import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import { notFound } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { Database, Sql, Transaction } from "#platform/database.ts";
import { instant } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { isKnownTo } from "./person-store.ts";
import { serviceNamed } from "./referral.ts";
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
});

/** To an agency that neither recorded the need nor is a party to one of its handoffs, the referral does not exist. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by)
    ? query.whereRaw(
        `(referrer_id = :agency or exists (select from referrals.handoff
           where handoff.referral_id = referral.id and :agency in (sender_id, receiver_id, coordinator_id)))`,
        { agency: by.agency },
      )
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

/** May the requester know of this referral? */
export const canSeeReferral = async (sql: Sql, by: Requester, id: string): Promise<boolean> =>
  (await seenBy(by, sql(kept.name).where({ id })).first("id")) !== undefined;

/** Writes a referral as a record has it, new or changed. */
export const saveReferral = (
  tx: Transaction,
  referral: Omit<Referral, "version">,
  act: Act,
): Promise<Referral> => kept.put(tx, referral.id, act, () => ({ ...referral, version: 0 }));

/** What comes with a need. */
export interface ReferralInput {
  idempotencyKey: string;
  personId: string;
  service: string;
  priority?: Priority | null;
}

/** Needs, as one requester may see them. */
export const openReferrals = (database: Database, act: Act) => {
  const byId = kept.finder(database.sql, (query) => seenBy(act.by, query));
  return {
    find: (id: string) => byId.load(id),
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
        };
      }),
  };
};

export type Referrals = ReturnType<typeof openReferrals>;
