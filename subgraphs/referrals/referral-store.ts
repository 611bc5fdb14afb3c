import DataLoader from "dataloader";
import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import { notFound } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Act } from "#platform/act.ts";
import type { Database, Sql, Transaction } from "#platform/database.ts";
import { once } from "#platform/once.ts";
import { instant, record } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { isKnownTo } from "./person-store.ts";
import { serviceNamed } from "./referral.ts";
import type { Priority, Referral, ReferralStatus } from "./referral.ts";

export const referralFromRow = (row: Row): Referral => ({
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

/** Finds a referral that the requester may act on. */
export const seenReferral = async (sql: Sql, by: Requester, id: string): Promise<Referral> =>
  referralFromRow(
    ((await seenBy(by, sql("referrals.referral").where({ id })).first()) as Row | undefined) ??
      notFound(),
  );

/** Writes a referral as it now is, new or changed. */
export const saveReferral = async (
  tx: Transaction,
  referral: Referral,
  act: Act,
): Promise<Referral> => {
  const before = (await tx("referrals.referral").where({ id: referral.id }).forUpdate().first()) as
    Row | undefined;
  const saved = { ...referral, version: ((before?.version as number | undefined) ?? 0) + 1 };
  const row = toRow(saved);
  await (before
    ? tx("referrals.referral").where({ id: saved.id }).update(row)
    : tx("referrals.referral").insert(row));
  await record(
    tx,
    "referrals",
    {
      of: "referral",
      id: saved.id,
      version: saved.version,
      what: before ? "referral.changed" : "referral.made",
      before: before ?? null,
      after: row,
      occurredAt: saved.authoredAt,
    },
    act,
  );
  return saved;
};

/** Needs, as one requester may see them. */
export const openReferrals = (database: Database, act: Act) => {
  const byId = new DataLoader<string, Referral | null>(async (ids) => {
    const rows = (await seenBy(
      act.by,
      database.sql("referrals.referral").whereIn("id", ids),
    )) as Row[];
    const found = new Map(rows.map((row) => [row.id, referralFromRow(row)]));
    return ids.map((id) => found.get(id) ?? null);
  });
  return {
    find: (id: string) => byId.load(id),
    make: (input: {
      idempotencyKey: string;
      personId: string;
      service: string;
      priority?: Priority | null;
    }) =>
      database.transaction((tx) =>
        once(
          tx,
          {
            schema: "referrals",
            of: "referral",
            fromRow: referralFromRow,
            input,
            as: "referPerson",
          },
          act,
          async () => {
            if (!(await isKnownTo(tx, act.by, input.personId))) notFound();
            return saveReferral(
              tx,
              {
                id: uuidv7(),
                version: 0,
                person: input.personId,
                referrer: act.by.agency,
                status: "ACTIVE",
                priority: input.priority ?? "ROUTINE",
                service: serviceNamed(input.service),
                authoredAt: act.at,
              },
              act,
            );
          },
        ),
      ),
  };
};

export type Referrals = ReturnType<typeof openReferrals>;
