import DataLoader from "dataloader";
import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import { need, notFound } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Category, Purpose } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { ChangeInput, Narrow } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database, Transaction } from "#platform/database.ts";
import { vouch } from "#platform/neighbours.ts";
import type { Neighbours } from "#platform/neighbours.ts";
import { fromJson, instant, instantOrNull } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { counting, draft } from "./sharing-agreement.ts";
import type {
  AgreementStatus,
  Amendment,
  Draft,
  Ref,
  SharingAgreement,
} from "./sharing-agreement.ts";

/** Something of another room's, where there is one. */
const refOrNull = (id: unknown): Ref | null => (id == null ? null : { id: id as string });

const amendmentFrom = (value: unknown): Amendment | null => {
  const amendment = fromJson<Amendment | null>(value);
  return (
    amendment && {
      ...amendment,
      until: instantOrNull(amendment.until),
      draftedAt: instant(amendment.draftedAt),
    }
  );
};

export const agreementFromRow = (row: Row): SharingAgreement => ({
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
  amendment: amendmentFrom(row.amendment ?? null),
  suspendedBy: refOrNull(row.suspended_by_id),
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
  amendment: agreement.amendment && JSON.stringify(agreement.amendment),
  suspended_by_id: agreement.suspendedBy?.id ?? null,
});

/** To an agency that is no party, the agreement does not exist. It names no person, so every role may read it. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  query.whereRaw("? in (drafted_by_id, with_id)", [by.agency]);

const kept = aggregate<SharingAgreement>({
  schema: "information_sharing",
  table: "sharing_agreement",
  fromRow: agreementFromRow,
  toRow,
  event: (before, { status, amendment }) => {
    if (before?.status !== status) return `agreement.${status.toLowerCase().replace("_", "-")}`;
    return amendment ? "agreement.amendment-drafted" : "agreement.amended";
  },
  told: (agreement) => ({ interface: agreement.interface.id }),
  onMaking: (act) => ({ created_at: act.at }),
});

/**
 * An agreement of the asking agency's, kept as it is until what stands on it is written.
 *
 * @throws {Problem} NOT_FOUND when there is none that the requester may know of.
 */
export const agreementToStandOn = async (
  tx: Transaction,
  by: Requester,
  id: string,
): Promise<SharingAgreement> =>
  agreementFromRow(
    ((await seenBy(by, tx(kept.name).where({ id })).forShare().first()) as Row | undefined) ??
      notFound(),
  );

/** An agreement as it stood from one move until the next. */
export interface AgreementVersion extends SharingAgreement {
  /** The agency that made it so. */
  by: Ref;
  since: Date;
}

const versionFrom = (row: Row): AgreementVersion => ({
  ...agreementFromRow(row.after as Row),
  by: { id: row.by_agency as string },
  since: instant(row.at),
});

/** A year, and a day for leap years. */
const FURTHEST_DAYS = 366;
const DAY_MS = 86_400_000;

const LATEST_FIRST = { column: "created_at", direction: "desc" } as const;

/** Agreements, as one requester may see and move them. */
export const openAgreements = (database: Database, act: Act, neighbours: Neighbours) => {
  const { sql } = database;
  const seen: Narrow = (query) => seenBy(act.by, query);
  const byId = kept.finder(database, seen);
  const ofInterface = new DataLoader<string, SharingAgreement | null>(async (ids) => {
    const query = seen(sql(kept.name).whereIn("interface_id", ids));
    const rows = (await query.orderBy("created_at", "desc").orderBy("id", "desc")) as Row[];
    const agreements = Map.groupBy(rows.map(agreementFromRow), (it) => it.interface.id);
    return ids.map((id) => counting(agreements.get(id) ?? [], act.at));
  });
  const versions = new DataLoader<string, AgreementVersion[]>(async (ids) => {
    const rows = (await sql("information_sharing.history")
      .where({ aggregate_type: "sharing_agreement" })
      .whereIn("aggregate_id", ids)
      .orderBy("version")) as Row[];
    const all = Map.groupBy(rows, (row) => row.aggregate_id as string);
    return ids.map((id) => (all.get(id) ?? []).map(versionFrom));
  });
  return {
    find: (id: string) => byId.load(id),
    /** The agreement that something stands on, whose parties are the agreement's: whoever sees the one sees the other. */
    parent: async (id: string) => (await byId.load(id)) ?? notFound(),
    ofInterface: (id: string) => ofInterface.load(id),
    versions: (id: string) => versions.load(id),
    list: ({ endingWithinDays: days }: { endingWithinDays?: number | null }, page: Page) => {
      const query = seen(sql(kept.name));
      if (days != null) {
        need(
          days >= 1 && days <= FURTHEST_DAYS,
          "endingWithinDays",
          `must be 1 to ${FURTHEST_DAYS}`,
        );
        void query
          .whereIn("status", ["IN_FORCE", "SUSPENDED"])
          .where("until_at", ">", act.at)
          .where("until_at", "<=", new Date(act.at.getTime() + days * DAY_MS));
      }
      return connect(query, LATEST_FIRST, page, agreementFromRow);
    },
    draft: async (input: Draft & { idempotencyKey: string }) => {
      const claim = {
        interface: { id: input.interfaceId, field: "interfaceId" },
        agencies: { ids: [act.by.agency, input.withAgencyId], field: "withAgencyId" },
      };
      const drafted = draft(uuidv7(), input, act);
      await vouch(neighbours, claim, act);
      return kept.make(database, act, "draftSharingAgreement", input, () => drafted);
    },
    /** One move. */
    change: (
      input: ChangeInput,
      as: string,
      step: (agreement: SharingAgreement) => SharingAgreement,
    ) => kept.change(database, act, as, input, seen, step),
  };
};

export type Agreements = ReturnType<typeof openAgreements>;
