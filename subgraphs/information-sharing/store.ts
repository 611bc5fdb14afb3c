import DataLoader from "dataloader";
import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import { notFound } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Category, Purpose } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database, Transaction } from "#platform/database.ts";
import { once, unchangedSince } from "#platform/once.ts";
import { instant, instantOrNull, record } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { draft } from "./sharing-agreement.ts";
import type { AgreementStatus, Draft, SharingAgreement } from "./sharing-agreement.ts";

const fromRow = (row: Row): SharingAgreement => ({
  id: row.id as string,
  version: row.version as number,
  status: row.status as AgreementStatus,
  interface: { id: row.interface_id as string },
  draftedBy: { id: row.drafted_by_id as string },
  with: { id: row.with_id as string },
  purposes: row.purposes as Purpose[],
  categories: row.categories as Category[],
  from: instant(row.from_at),
  until: instantOrNull(row.until_at),
});

const toRow = (agreement: SharingAgreement) => ({
  id: agreement.id,
  version: agreement.version,
  status: agreement.status,
  interface_id: agreement.interface.id,
  drafted_by_id: agreement.draftedBy.id,
  with_id: agreement.with.id,
  purposes: agreement.purposes,
  categories: agreement.categories,
  from_at: agreement.from,
  until_at: agreement.until,
});

/** To an agency that is no party, the agreement does not exist. It names no person, so every role may read it. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  query.whereRaw("? in (drafted_by_id, with_id)", [by.agency]);

const TABLE = "information_sharing.sharing_agreement";

const save = async (
  tx: Transaction,
  before: SharingAgreement | null,
  after: SharingAgreement,
  act: Act,
): Promise<SharingAgreement> => {
  const row = toRow(after);
  await (before
    ? tx(TABLE).where({ id: after.id }).update(row)
    : tx(TABLE).insert({ ...row, created_at: act.at }));
  await record(
    tx,
    "information_sharing",
    {
      of: "sharing_agreement",
      id: after.id,
      version: after.version,
      what: `agreement.${after.status.toLowerCase().replace("_", "-")}`,
      before: before && toRow(before),
      after: row,
      occurredAt: act.at,
      data: { interface: after.interface.id },
    },
    act,
  );
  return after;
};

const EFFECT = { schema: "information_sharing", of: "sharing_agreement", fromRow };

/** Agreements, as one requester may see and move them. */
export const openAgreements = (database: Database, act: Act) => {
  const { sql } = database;
  const byId = new DataLoader<string, SharingAgreement | null>(async (ids) => {
    const rows = (await seenBy(act.by, sql(TABLE).whereIn("id", ids))) as Row[];
    const found = new Map(rows.map((row) => [row.id, fromRow(row)]));
    return ids.map((id) => found.get(id) ?? null);
  });
  const ofInterface = new DataLoader<string, SharingAgreement | null>(async (ids) => {
    const query = seenBy(
      act.by,
      sql(TABLE).whereIn("interface_id", ids).whereNot({ status: "ENDED" }),
    );
    const agreements = (
      (await query.orderBy("created_at", "desc").orderBy("id", "desc")) as Row[]
    ).map(fromRow);
    return ids.map((id) => agreements.find((agreement) => agreement.interface.id === id) ?? null);
  });
  return {
    find: (id: string) => byId.load(id),
    ofInterface: (id: string) => ofInterface.load(id),
    list: (page: Page) =>
      connect(
        seenBy(act.by, sql(TABLE)),
        { column: "created_at", direction: "desc" },
        page,
        fromRow,
      ),
    draft: (input: Draft & { idempotencyKey: string }) =>
      database.transaction((tx) =>
        once(tx, { ...EFFECT, input, as: "draftSharingAgreement" }, act, () =>
          save(tx, null, draft(uuidv7(), input, act), act),
        ),
      ),
    /** One move, in one transaction with its history and its event. */
    change: (
      input: { idempotencyKey: string; id: string; expectedVersion: number },
      as: string,
      step: (agreement: SharingAgreement) => SharingAgreement,
    ) =>
      database.transaction((tx) =>
        once(tx, { ...EFFECT, input, as }, act, async () => {
          const row = (await seenBy(act.by, tx(TABLE).where({ id: input.id }))
            .forUpdate()
            .first()) as Row | undefined;
          const before = unchangedSince(fromRow(row ?? notFound()), input.expectedVersion);
          return save(tx, before, step(before), act);
        }),
      ),
  };
};

export type Agreements = ReturnType<typeof openAgreements>;
