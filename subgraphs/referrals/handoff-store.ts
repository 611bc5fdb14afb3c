import DataLoader from "dataloader";
import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import { notFound, Problem } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Act } from "#platform/act.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database, Transaction } from "#platform/database.ts";
import { once, unchangedSince } from "#platform/once.ts";
import { fromJson, instant, instantOrNull, record } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import { move, nextActionOwner, times } from "./handoff.ts";
import type { Facts, Handoff, Move, Recorded, State } from "./handoff.ts";
import { tie } from "./person-store.ts";
import { seenReferral } from "./referral-store.ts";

export const handoffFromRow = (row: Row): Handoff => ({
  id: row.id as string,
  version: row.version as number,
  referral: row.referral_id as string,
  person: row.person_id as string,
  interface: row.interface_id as string | null,
  sender: row.sender_id as string,
  receiver: row.receiver_id as string | null,
  coordinator: row.coordinator_id as string,
  accountable: row.accountable_id as string,
  state: row.state as State,
  cycle: row.cycle as number,
  move: row.move as Recorded,
  reason: row.reason as string | null,
  reasonText: row.reason_text as string | null,
  items: fromJson<string[]>(row.items),
  appointmentAt: instantOrNull(row.appointment_at),
  reviewAt: instantOrNull(row.review_at),
  redirectTo: row.redirect_to_id as string | null,
  origin: row.origin as Handoff["origin"],
  leftAt: instantOrNull(row.left_at),
  engagedAt: instantOrNull(row.engaged_at),
  occurredAt: instant(row.occurred_at),
  recordedAt: instant(row.recorded_at),
  receivedAt: instant(row.received_at),
});

const toRow = (handoff: Handoff) => ({
  id: handoff.id,
  version: handoff.version,
  referral_id: handoff.referral,
  person_id: handoff.person,
  interface_id: handoff.interface,
  sender_id: handoff.sender,
  receiver_id: handoff.receiver,
  coordinator_id: handoff.coordinator,
  accountable_id: handoff.accountable,
  next_owner_id: nextActionOwner(handoff),
  state: handoff.state,
  cycle: handoff.cycle,
  move: handoff.move,
  reason: handoff.reason,
  reason_text: handoff.reasonText,
  items: JSON.stringify(handoff.items),
  appointment_at: handoff.appointmentAt,
  review_at: handoff.reviewAt,
  redirect_to_id: handoff.redirectTo,
  origin: handoff.origin,
  left_at: handoff.leftAt,
  engaged_at: handoff.engagedAt,
  occurred_at: handoff.occurredAt,
  recorded_at: handoff.recordedAt,
  received_at: handoff.receivedAt,
});

/** To an agency that is no party, the handoff does not exist. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by)
    ? query.whereRaw("? in (sender_id, receiver_id, coordinator_id)", [by.agency])
    : query.whereRaw("false");

/** Writes a handoff as it now is, with its history, its event and the ties that it makes. */
export const saveHandoff = async (
  tx: Transaction,
  before: Handoff | null,
  after: Handoff,
  act: Act,
): Promise<Handoff> => {
  const row = toRow(after);
  await (before
    ? tx("referrals.handoff").where({ id: after.id }).update(row)
    : tx("referrals.handoff").insert(row));
  await tie(
    tx,
    after.person,
    [after.sender, after.receiver, after.coordinator],
    "REFERRAL",
    act.at,
  );
  await record(
    tx,
    "referrals",
    {
      of: "handoff",
      id: after.id,
      version: after.version,
      what: before ? "handoff.moved" : "handoff.made",
      before: before && toRow(before),
      after: row,
      occurredAt: after.occurredAt,
      data: { interface: after.interface, person: after.person, move: after.move },
    },
    act,
  );
  return after;
};

/** A handoff that is known to exist, locked for a change. */
export const lockedHandoff = async (tx: Transaction, id: string): Promise<Handoff> =>
  handoffFromRow((await tx("referrals.handoff").where({ id }).forUpdate().first()) as Row);

/**
 * The interface that binds all of these agencies: the one that is named, else the only one there is. Null when there
 * is none, or when there are several to choose from.
 */
export const interfaceOf = async (
  tx: Transaction,
  agencies: readonly string[],
  named: string | null = null,
): Promise<string | null> => {
  const query = tx("referrals.interface").whereRaw("party_ids @> ?::uuid[]", [
    [...agencies],
  ] as never);
  if (named) void query.where({ id: named });
  const rows = (await query.limit(2).select("id")) as Row[];
  return rows.length === 1 ? (rows[0]?.id as string) : null;
};

/** What comes with every move made through the graph. */
export interface MoveInput extends Facts {
  idempotencyKey: string;
  id: string;
  expectedVersion: number;
}

/** What comes with an offer. */
export interface OfferInput extends Pick<Facts, "occurredAt" | "recordedAt"> {
  idempotencyKey: string;
  referralId: string;
  receiverId: string;
  interfaceId?: string | null;
  coordinatorId?: string | null;
  leavesAt?: Date | null;
}

/** One line of a handoff's history. */
export interface HandoffEvent {
  version: number;
  move: Recorded;
  from: State | null;
  to: State;
  accountable: string;
  by: string;
  reason: string | null;
  occurredAt: Date;
  recordedAt: Date;
  receivedAt: Date;
}

const eventFromRow = (row: Row): HandoffEvent => {
  const after = handoffFromRow(row.after as Row);
  return {
    version: after.version,
    move: after.move,
    from: (row.before as Row | null)?.state as State | null,
    to: after.state,
    accountable: after.accountable,
    by: row.by_agency as string,
    reason: after.reason,
    occurredAt: after.occurredAt,
    recordedAt: after.recordedAt,
    receivedAt: after.receivedAt,
  };
};

const EFFECT = { schema: "referrals", of: "handoff", fromRow: handoffFromRow };
const LATEST_FIRST = { column: "occurred_at", direction: "desc" } as const;
const LONGEST_WAITING_FIRST = { column: "occurred_at", direction: "asc" } as const;

/** Handoffs, as one requester may see and move them. */
export const openHandoffs = (database: Database, act: Act) => {
  const { sql } = database;
  const byId = new DataLoader<string, Handoff | null>(async (ids) => {
    const rows = (await seenBy(act.by, sql("referrals.handoff").whereIn("id", ids))) as Row[];
    const found = new Map(rows.map((row) => [row.id, handoffFromRow(row)]));
    return ids.map((id) => found.get(id) ?? null);
  });
  const ofReferral = new DataLoader<string, Handoff[]>(async (ids) => {
    const rows = (await seenBy(
      act.by,
      sql("referrals.handoff").whereIn("referral_id", ids),
    ).orderBy("id")) as Row[];
    const handoffs = rows.map(handoffFromRow);
    return ids.map((id) => handoffs.filter(({ referral }) => referral === id));
  });
  const history = new DataLoader<string, HandoffEvent[]>(async (ids) => {
    const rows = (await sql("referrals.history")
      .where({ aggregate_type: "handoff" })
      .whereIn("aggregate_id", ids)
      .orderBy("version")) as Row[];
    return ids.map((id) => rows.filter((row) => row.aggregate_id === id).map(eventFromRow));
  });
  return {
    find: (id: string) => byId.load(id),
    ofReferral: (id: string) => ofReferral.load(id),
    history: (id: string) => history.load(id),
    list: (
      {
        person,
        interface: at,
        states,
      }: { person?: string | null; interface?: string | null; states?: State[] | null },
      page: Page,
    ) => {
      const query = seenBy(act.by, sql("referrals.handoff"));
      if (person) void query.where({ person_id: person });
      if (at) void query.where({ interface_id: at });
      if (states) void query.whereIn("state", states);
      return connect(query, LATEST_FIRST, page, handoffFromRow);
    },
    worklist: (page: Page) =>
      connect(
        seenBy(act.by, sql("referrals.handoff").where({ next_owner_id: act.by.agency })),
        LONGEST_WAITING_FIRST,
        page,
        handoffFromRow,
      ),
    /** Asks one performer to meet a need. */
    offer: (input: OfferInput) =>
      database.transaction((tx) =>
        once(tx, { ...EFFECT, input, as: "offerHandoff" }, act, async () => {
          const referral = await seenReferral(tx, act.by, input.referralId);
          const receiver = (await tx("referrals.agency")
            .where({ id: input.receiverId })
            .first("id")) as Row | undefined;
          if (!receiver || input.receiverId === act.by.agency)
            throw new Problem("BAD_INPUT", "`receiverId` must be another agency on the roll", {
              field: "receiverId",
            });
          const parties = [act.by.agency, input.receiverId];
          if (input.coordinatorId) parties.push(input.coordinatorId);
          const at = await interfaceOf(tx, parties, input.interfaceId ?? null);
          if (!at && (input.interfaceId || input.coordinatorId))
            throw new Problem(
              "BAD_INPUT",
              "`interfaceId` must be an interface of all the agencies named",
              {
                field: "interfaceId",
              },
            );
          return saveHandoff(
            tx,
            null,
            {
              ...times(input, act),
              id: uuidv7(),
              version: 1,
              referral: referral.id,
              person: referral.person,
              interface: at,
              sender: act.by.agency,
              receiver: input.receiverId,
              coordinator: input.coordinatorId ?? act.by.agency,
              accountable: act.by.agency,
              state: "ANTICIPATED",
              cycle: 1,
              move: "OFFER",
              reason: null,
              reasonText: null,
              items: [],
              appointmentAt: null,
              reviewAt: null,
              redirectTo: null,
              origin: "GRAPH",
              leftAt: input.leavesAt ?? null,
              engagedAt: null,
            },
            act,
          );
        }),
      ),
    /** Makes a move, in one transaction with its history and its event. */
    move: (name: Move, input: MoveInput) =>
      database.transaction((tx) =>
        once(tx, { ...EFFECT, input, as: name }, act, async () => {
          const row = (await seenBy(act.by, tx("referrals.handoff").where({ id: input.id }))
            .forUpdate()
            .first()) as Row | undefined;
          const before = unchangedSince(handoffFromRow(row ?? notFound()), input.expectedVersion);
          if (
            input.redirectToId &&
            !(await tx("referrals.agency").where({ id: input.redirectToId }).first("id"))
          )
            throw new Problem("BAD_INPUT", "`redirectToId` is not on the roll", {
              field: "redirectToId",
            });
          return saveHandoff(tx, before, move(before, name, input, act), act);
        }),
      ),
  };
};

export type Handoffs = ReturnType<typeof openHandoffs>;
