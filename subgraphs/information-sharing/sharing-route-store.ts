import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import type { Requester } from "#sharing/requester.ts";
import type { Basis, Category, Purpose } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { ChangeInput, Narrow } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database } from "#platform/database.ts";
import { instant, instantOrNull } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { agreementFromRow, agreementToStandOn } from "./sharing-agreement-store.ts";
import type { SharingAgreement } from "./sharing-agreement.ts";
import { approve, isStranded } from "./sharing-route.ts";
import type { Approval, Channel, RouteStatus, SharingRoute } from "./sharing-route.ts";

const fromRow = (row: Row): SharingRoute => ({
  id: row.id as string,
  version: row.version as number,
  status: row.status as RouteStatus,
  from: { id: row.from_id as string },
  to: { id: row.to_id as string },
  purpose: row.purpose as Purpose,
  basis: row.basis as Basis,
  categories: row.categories as Category[],
  channel: row.channel as Channel,
  agreement: { id: row.agreement_id as string },
  since: instant(row.since),
  until: instantOrNull(row.until_at),
});

const toRow = (route: SharingRoute) => ({
  id: route.id,
  version: route.version,
  status: route.status,
  from_id: route.from.id,
  to_id: route.to.id,
  purpose: route.purpose,
  basis: route.basis,
  categories: route.categories,
  channel: route.channel,
  agreement_id: route.agreement.id,
  since: route.since,
  until_at: route.until,
});

/** To an agency at neither end, the route does not exist. It names no person, so every role may read it. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  query.whereRaw("? in (from_id, to_id)", [by.agency]);

const kept = aggregate<SharingRoute>({
  schema: "information_sharing",
  table: "sharing_route",
  fromRow,
  toRow,
  event: (_, { status }) => `route.${status.toLowerCase()}`,
  told: ({ agreement, from, to }) => ({ agreement: agreement.id, from: from.id, to: to.id }),
  onMaking: (act) => ({ created_at: act.at }),
});

const LATEST_FIRST = { column: "created_at", direction: "desc" } as const;

/** Routes, as one requester may see and move them. */
export const openRoutes = (database: Database, act: Act) => {
  const { sql } = database;
  const seen: Narrow = (query) => seenBy(act.by, query);
  const byId = kept.finder(database, seen);
  const ofAgreement = kept.gatherer(
    database,
    seen,
    "agreement_id",
    ({ agreement }) => agreement.id,
  );
  const stranded = async (routes: SharingRoute[]): Promise<SharingRoute[]> => {
    const ids = routes.map(({ agreement }) => agreement.id);
    const rows = (await sql("information_sharing.sharing_agreement").whereIn("id", ids)) as Row[];
    const agreements = new Map(rows.map((row) => [row.id as string, agreementFromRow(row)]));
    return routes.filter((route) =>
      isStranded(route, agreements.get(route.agreement.id) as SharingAgreement, act.at),
    );
  };
  return {
    find: (id: string) => byId.load(id),
    ofAgreement: (id: string) => ofAgreement.load(id),
    list: (page: Page) => connect(seen(sql(kept.name)), LATEST_FIRST, page, fromRow),
    /** Those that are approved, and that no agreement in force bears. */
    stranded: (page: Page) =>
      connect(
        seen(sql(kept.name).where({ status: "APPROVED" })),
        LATEST_FIRST,
        page,
        fromRow,
        stranded,
      ),
    approve: (input: Approval & { idempotencyKey: string; agreementId: string }) =>
      kept.make(database, act, "approveSharingRoute", input, async (tx) =>
        approve(uuidv7(), input, await agreementToStandOn(tx, act.by, input.agreementId), act),
      ),
    /** One move. */
    change: (input: ChangeInput, as: string, step: (route: SharingRoute) => SharingRoute) =>
      kept.change(database, act, as, input, seen, step),
  };
};

export type Routes = ReturnType<typeof openRoutes>;
