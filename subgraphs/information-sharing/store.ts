import DataLoader from "dataloader";
import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import type { Requester } from "#sharing/requester.ts";
import type { Category, Purpose } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { ChangeInput, Narrow } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database } from "#platform/database.ts";
import { vouch } from "#platform/neighbours.ts";
import type { Neighbours } from "#platform/neighbours.ts";
import { instant, instantOrNull } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { asAt, draft } from "./sharing-agreement.ts";
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

const kept = aggregate<SharingAgreement>({
  schema: "information_sharing",
  table: "sharing_agreement",
  fromRow,
  toRow,
  event: (_, { status }) => `agreement.${status.toLowerCase().replace("_", "-")}`,
  told: (agreement) => ({ interface: agreement.interface.id }),
  onMaking: (act) => ({ created_at: act.at }),
});

/** Agreements, as one requester may see and move them. */
export const openAgreements = (database: Database, act: Act, neighbours: Neighbours) => {
  const { sql } = database;
  const seen: Narrow = (query) => seenBy(act.by, query);
  const byId = kept.finder(sql, seen);
  const ofInterface = new DataLoader<string, SharingAgreement | null>(async (ids) => {
    const query = seen(sql(kept.name).whereIn("interface_id", ids));
    const rows = (await query.orderBy("created_at", "desc").orderBy("id", "desc")) as Row[];
    const agreements = rows.map(fromRow).filter((it) => asAt(it, act.at).status !== "ENDED");
    return ids.map((id) => agreements.find((agreement) => agreement.interface.id === id) ?? null);
  });
  return {
    find: (id: string) => byId.load(id),
    ofInterface: (id: string) => ofInterface.load(id),
    list: (page: Page) =>
      connect(seen(sql(kept.name)), { column: "created_at", direction: "desc" }, page, fromRow),
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
