import DataLoader from "dataloader";
import type { Knex } from "knex";
import { v7 as uuidv7 } from "uuid";
import { closed } from "#schema/known.ts";
import { notFound, Problem } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { AgencyKind, Category } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { ChangeInput, Narrow } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import { asHouse } from "#platform/database.ts";
import type { Database, Sql, Transaction } from "#platform/database.ts";
import { fromJson, instant, instantOrNull } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import type { Seeing } from "#platform/sharing.ts";
import { isOnRoll, kindOf } from "./agency-store.ts";
import { ENDED, move, NEXT, nextActionOwner, times, unmoved } from "./handoff.ts";
import type { CapacityStatus, Facts, Handoff, Move, Recorded, State } from "./handoff.ts";
import { missingIn } from "./packet.ts";
import type { PacketPart } from "./packet.ts";
import { followedUpTo } from "./person.ts";
import { isKnownTo, SAME_PEOPLE, tie } from "./person-store.ts";
import { rulesInForce } from "./interface-store.ts";
import { dueAt } from "./next-action.ts";
import { isClosedTo, keepersOf, raisedBy } from "./records.ts";
import { keepReferral, seenReferral, storedReferral } from "./referral-store.ts";

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
  // What was written before waitlists told of capacity says nothing of it.
  capacityStatus: (row.capacity_status as CapacityStatus | undefined) ?? null,
  waitlistPosition: (row.waitlist_position as number | undefined) ?? null,
  dueAt: instantOrNull(row.due_at),
  redirectTo: row.redirect_to_id as string | null,
  origin: row.origin as Handoff["origin"],
  leftAt: instantOrNull(row.left_at),
  engagedAt: instantOrNull(row.engaged_at),
  occurredAt: instant(row.occurred_at),
  recordedAt: instant(row.recorded_at),
  receivedAt: instant(row.received_at),
  raises: (row.raises as Category[] | undefined) ?? [],
});

/** A handoff as it is written down. */
export const handoffToRow = (handoff: Handoff) => ({
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
  capacity_status: handoff.capacityStatus,
  waitlist_position: handoff.waitlistPosition,
  due_at: handoff.dueAt,
  next_by: handoff.dueAt ?? handoff.occurredAt,
  redirect_to_id: handoff.redirectTo,
  origin: handoff.origin,
  left_at: handoff.leftAt,
  engaged_at: handoff.engagedAt,
  occurred_at: handoff.occurredAt,
  recorded_at: handoff.recordedAt,
  received_at: handoff.receivedAt,
  raises: handoff.raises,
});

/** The handoffs that an agency's requester may move: those that it keeps (`keepersOf`), for to others they do not exist. */
const seenBy = (by: Requester, query: Knex.QueryBuilder): Knex.QueryBuilder =>
  worksWithPeople(by)
    ? query.whereRaw(
        `(? in (sender_id, receiver_id) or (coordinator_id = ? and (raises = '{}' or origin <> 'GRAPH')))`,
        [by.agency, by.agency],
      )
    : query.whereRaw("false");

/** The handoffs of a referral that are its requester's own record too. */
export const keptOf = async (sql: Sql, by: Requester, referral: string): Promise<Handoff[]> =>
  ((await seenBy(by, sql("referrals.handoff").where({ referral_id: referral }))) as Row[]).map(
    handoffFromRow,
  );

const kept = aggregate<Handoff>({
  schema: "referrals",
  table: "handoff",
  fromRow: handoffFromRow,
  toRow: handoffToRow,
  event: (before) => (before ? "handoff.moved" : "handoff.made"),
  told: (handoff) => ({
    interface: handoff.interface,
    person: handoff.person,
    move: handoff.move,
  }),
  occurredAt: ({ occurredAt }) => occurredAt,
});

/** The ties that a handoff makes, as it now stands. No party sees those of another: the house notes them. */
const tieParties = (tx: Transaction, handoff: Handoff, act: Act): Promise<void> =>
  asHouse(tx, "referrals", () => tieAll(tx, handoff, act));

const tieAll = async (tx: Transaction, handoff: Handoff, act: Act): Promise<void> => {
  const { person, sender, receiver, coordinator, state, occurredAt } = handoff;
  const isOver = NEXT[state] === null;
  await tie(
    tx,
    {
      person,
      agencies: [sender, receiver, coordinator],
      kind: "REFERRAL",
      since: occurredAt,
      until: isOver ? occurredAt : null,
    },
    act,
  );
  if (state === "IN_SERVICE" || state === "COMPLETED")
    await tie(
      tx,
      {
        person,
        agencies: [receiver],
        kind: "TREATING",
        since: occurredAt,
        until: isOver ? followedUpTo(occurredAt) : null,
      },
      act,
    );
};

/** What a handoff tells of the person by naming who is at its ends. */
const withRaises = async (tx: Transaction, handoff: Handoff): Promise<Handoff> => {
  const rows = (await tx("referrals.agency")
    .whereIn(
      "id",
      [handoff.sender, handoff.receiver].filter((id) => id !== null),
    )
    .select("kind")) as Row[];
  const raises = raisedBy(rows.map(({ kind }) => kind as AgencyKind | null));
  return { ...handoff, raises: [...new Set([...handoff.raises, ...raises])].sort() };
};

/** What must be so beside the row itself, once it is written: ties, and whose the referral is. */
const settle = async (tx: Transaction, after: Handoff, act: Act): Promise<void> => {
  await tieParties(tx, after, act);
  await keepReferral(tx, after.referral, keepersOf(after), after.raises);
};

/** When its next move is due once it is made. The house works it out: whoever moves it may not read the rules. */
const withDue = (
  tx: Transaction,
  before: Handoff | null,
  after: Handoff,
  act: Act,
): Promise<Handoff> =>
  asHouse(tx, "referrals", async () => {
    if (!after.interface || nextActionOwner(after) === null) return { ...after, dueAt: null };
    const rows = (await tx("referrals.history")
      .where({ aggregate_type: "handoff", aggregate_id: after.id })
      .orderBy("version")) as Row[];
    const last = { from: before?.state ?? null, by: act.by.agency, after };
    const moves = [...rows.map(eventFromRow), last];
    const rules = await rulesInForce(
      tx,
      after.interface,
      moves.map((made) => made.after.receivedAt),
    );
    const { service } = await storedReferral(tx, after.referral);
    const steps = moves.map((made, index) => ({ ...made, rules: rules[index] ?? null }));
    return { ...after, dueAt: dueAt(steps, service) };
  });

/** Writes a handoff as a record has it, with its history, its event and the ties that it makes. */
export const saveHandoff = async (
  tx: Transaction,
  before: Handoff | null,
  handoff: Handoff,
  act: Act,
): Promise<Handoff> => {
  const made = await withDue(tx, before, await withRaises(tx, handoff), act);
  const after = await kept.save(tx, before, made, act);
  await settle(tx, after, act);
  return after;
};

/** A handoff that the requester may act on, locked for a change of what hangs on it. */
export const handoffToActOn = async (
  tx: Transaction,
  by: Requester,
  id: string,
): Promise<Handoff> =>
  handoffFromRow(
    ((await seenBy(by, tx("referrals.handoff").where({ id })).forUpdate().first()) as
      Row | undefined) ?? notFound(),
  );

/** The handoffs of a person by a sender that are not over, first made first, locked for a change of what hangs on them. */
export const openOf = async (tx: Transaction, person: string, sender: string): Promise<Handoff[]> =>
  (
    (await tx("referrals.handoff")
      .where({ sender_id: sender })
      .whereRaw(`person_id = any (${SAME_PEOPLE})`, [person])
      .whereNotIn("state", [...ENDED])
      .orderBy("id")
      .forUpdate()) as Row[]
  ).map(handoffFromRow);

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

/** The parts of a handoff's packet that were supplied. */
const suppliedParts = async (tx: Transaction, id: string): Promise<PacketPart[]> =>
  tx("referrals.packet_part").where({ handoff_id: id }).distinct().pluck("part");

/** What comes with every move made through the graph. */
export interface MoveInput extends Facts, ChangeInput {}

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
  /** All that stood then. */
  after: Handoff;
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
    after,
  };
};

const LATEST_FIRST = { column: "occurred_at", direction: "desc" } as const;
const FIRST_DUE_FIRST = { column: "next_by", direction: "asc" } as const;

/** Handoffs, as one requester may see and move them. */
export const openHandoffs = (database: Database, act: Act, sharing: Seeing) => {
  const { sql } = database;
  const seen: Narrow = (query) => seenBy(act.by, query);
  // Whoever may be given one may read it, party or not: it is judged before it is given.
  const byId = kept.finder(database, (query) => query, sharing);
  const ofReferral = kept.gatherer(
    database,
    (query) => query,
    "referral_id",
    ({ referral }) => referral,
    sharing,
  );
  const isParty: Narrow = (query) =>
    query.whereRaw("? in (sender_id, receiver_id, coordinator_id)", [act.by.agency]);
  const permitted = (handoffs: Handoff[]) => sharing.permitted("Handoff", handoffs);
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
    /** Every move of those handoffs of a need that the requester may be given. */
    movesOf: async (referral: string): Promise<HandoffEvent[]> => {
      const given = await permitted(await ofReferral.load(referral));
      return (await Promise.all(given.map(({ id }) => history.load(id)))).flat();
    },
    /** When its receiver was told of it; null before. */
    noticeAt: async (id: string): Promise<Date | null> =>
      (await history.load(id)).find(({ to }) => to === "NOTIFIED")?.occurredAt ?? null,
    list: async (
      {
        person,
        interface: at,
        states,
        receiver,
      }: {
        person?: string | null;
        interface?: string | null;
        states?: State[] | null;
        receiver?: string | null;
      },
      page: Page,
    ) => {
      // Where no tie shows them, facts of the moment may.
      if (person && !(await isKnownTo(sql, act.by, person))) await sharing.knows([person]);
      const query = person ? sql(kept.name).where({ person_id: person }) : isParty(sql(kept.name));
      if (at) void query.where({ interface_id: at });
      if (states) void query.whereIn("state", states);
      if (receiver) void query.where({ receiver_id: receiver });
      return connect(query, LATEST_FIRST, page, handoffFromRow, permitted);
    },
    worklist: (page: Page) =>
      connect(
        isParty(sql(kept.name).where({ next_owner_id: act.by.agency })),
        FIRST_DUE_FIRST,
        page,
        handoffFromRow,
        permitted,
      ),
    /** Asks one performer to meet a need. */
    offer: (input: OfferInput) =>
      kept.make(database, act, "offerHandoff", input, async (tx) => {
        const { agency } = act.by;
        const referral = await seenReferral(tx, act.by, input.referralId);
        if (input.receiverId === agency || !(await isOnRoll(tx, input.receiverId)))
          throw new Problem("BAD_INPUT", "`receiverId` must be another agency on the roll", {
            field: "receiverId",
          });
        const coordinator = input.coordinatorId ?? agency;
        const at = await interfaceOf(
          tx,
          [agency, input.receiverId, coordinator],
          input.interfaceId ?? null,
        );
        if (!at && (input.interfaceId || coordinator !== agency))
          throw new Problem(
            "BAD_INPUT",
            "`interfaceId` must be an interface of all the agencies named",
            { field: "interfaceId" },
          );
        const handoff = await withRaises(tx, {
          ...unmoved,
          ...times(input, act),
          id: uuidv7(),
          version: 1,
          referral: referral.id,
          person: referral.person,
          interface: at,
          sender: agency,
          receiver: input.receiverId,
          coordinator,
          accountable: agency,
          move: "OFFER",
          origin: "GRAPH",
          leftAt: input.leavesAt ?? null,
        });
        const isKept = keepersOf(handoff).includes(coordinator);
        if (!isKept && isClosedTo(await kindOf(tx, coordinator), [handoff]))
          throw closed("coordinatorId");
        await settle(tx, handoff, act);
        return withDue(tx, null, handoff, act);
      }),
    /** Makes a move. */
    move: (name: Move, input: MoveInput) =>
      kept.change(database, act, name, input, seen, async (before, tx) => {
        if (input.redirectToId && !(await isOnRoll(tx, input.redirectToId)))
          throw new Problem("BAD_INPUT", "`redirectToId` is not on the roll", {
            field: "redirectToId",
          });
        const after = move(before, name, input, act);
        if (name === "REPORT_MISSING") missingIn(after.items, await suppliedParts(tx, after.id));
        await tieParties(tx, after, act);
        return withDue(tx, before, after, act);
      }),
  };
};

export type Handoffs = ReturnType<typeof openHandoffs>;
