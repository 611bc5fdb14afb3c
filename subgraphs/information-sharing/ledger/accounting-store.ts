import { v7 as uuidv7 } from "uuid";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database } from "#platform/database.ts";
import { vouch } from "#platform/neighbours.ts";
import type { Neighbours } from "#platform/neighbours.ts";
import { instant } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import {
  accountedSince,
  destroyed,
  disclosureOf,
  explained,
  mayAccount,
  mustBeOfficer,
  suspended,
} from "./accounting.ts";
import type {
  AccountingSuspension,
  DestructionAsked,
  Disclosure,
  Explanation,
  FactDestruction,
  SuspensionAsked,
} from "./accounting.ts";
import { entryOf, groundsOf } from "./entry.ts";
import type { DestructionReason, DisclosureEntry } from "./entry.ts";
import { destroyFacts } from "./ledger-store.ts";

const ENTRY = "information_sharing.ledger_entry";
const PERSON = "information_sharing.ledger_person";

const suspensionFrom = (row: Row): AccountingSuspension => ({
  id: row.id as string,
  version: row.version as number,
  source: { id: row.source_id as string },
  person: { id: row.person_id as string },
  recipient: { id: row.recipient_id as string },
  statement: row.statement as string,
  isOral: row.is_oral as boolean,
  from: instant(row.from_at),
  until: instant(row.until_at),
});

const suspensions = aggregate<AccountingSuspension>({
  schema: "information_sharing",
  table: "accounting_suspension",
  fromRow: suspensionFrom,
  toRow: (suspension) => ({
    id: suspension.id,
    version: suspension.version,
    source_id: suspension.source.id,
    person_id: suspension.person.id,
    recipient_id: suspension.recipient.id,
    statement: suspension.statement,
    is_oral: suspension.isOral,
    from_at: suspension.from,
    until_at: suspension.until,
  }),
  event: () => "accounting.suspended",
  told: () => ({}),
});

const destructions = aggregate<FactDestruction>({
  schema: "information_sharing",
  table: "fact_destruction",
  fromRow: (row) => ({
    id: row.id as string,
    version: row.version as number,
    source: { id: row.source_id as string },
    person: { id: row.person_id as string },
    before: instant(row.before_at),
    reason: row.reason as DestructionReason,
    destroyedAt: instant(row.destroyed_at),
  }),
  toRow: (destruction) => ({
    id: destruction.id,
    version: destruction.version,
    source_id: destruction.source.id,
    person_id: destruction.person.id,
    before_at: destruction.before,
    reason: destruction.reason,
    destroyed_at: destruction.destroyedAt,
  }),
  event: () => "accounting.facts-destroyed",
  told: () => ({}),
});

/** Of which disclosures about a person. */
export interface AccountingAsked {
  personId: string;
  /** Six years ago if not given. */
  from?: Date | null;
  to?: Date | null;
}

const disclosureFrom = (row: Row): Disclosure =>
  disclosureOf(entryOf(row.bytes as Buffer) as DisclosureEntry);

/** The accounting of disclosures of one agency's information, which the requester's agency is. */
export const openAccounting = (database: Database, act: Act, neighbours: Neighbours) => {
  const { sql } = database;
  const own = () => sql(ENTRY).where({ source_id: act.by.agency }).whereNotNull("recipient_id");
  return {
    /**
     * The latest first. Of a person about whom the agency has disclosed nothing, and of one whom it does not know, the
     * answer is the same.
     */
    list: async ({ personId, from, to, ...page }: AccountingAsked & Page) => {
      mayAccount(act);
      const about = { person_id: personId, source_id: act.by.agency };
      const query = own()
        .whereIn("position", sql(PERSON).where({ person_id: personId }).select("position"))
        .where("at", ">=", from ?? accountedSince(act.at))
        .whereNotIn(
          "recipient_id",
          sql(suspensions.name)
            .where(about)
            .where("from_at", "<=", act.at)
            .where("until_at", ">", act.at)
            .select("recipient_id"),
        );
      if (to) void query.where("at", "<", to);
      const [connection, destruction] = await Promise.all([
        connect(query, { column: "at", direction: "desc" }, page, disclosureFrom),
        sql(destructions.name).where(about).max("before_at as before").first(),
      ]);
      const before = (destruction as Row | undefined)?.before;
      return { ...connection, destroyedBefore: before ? instant(before) : null };
    },
    /** What one disclosure of the agency's information rested on. */
    explain: async (id: string): Promise<Explanation | null> => {
      mustBeOfficer(act);
      const row = (await own().where({ id }).first("position", "bytes")) as Row | undefined;
      if (!row) return null;
      const persons = (await sql(PERSON)
        .where({ position: row.position })
        .orderBy("person_id")
        .select("grounds")) as { grounds: string | null }[];
      return explained(
        disclosureFrom(row),
        persons.map(({ grounds }) => groundsOf(grounds)),
      );
    },
    /** The agency's suspensions, the latest first. */
    suspensions: async (page: Page) => {
      mayAccount(act);
      return connect(
        sql(suspensions.name).where({ source_id: act.by.agency }),
        { column: "from_at", direction: "desc" },
        page,
        suspensionFrom,
      );
    },
    suspend: async (input: SuspensionAsked & { idempotencyKey: string }) => {
      const suspension = suspended(uuidv7(), input, act);
      const claim = { agencies: { ids: [input.recipientId], field: "recipientId" } };
      await vouch(neighbours, claim, act);
      return suspensions.make(database, act, "suspendAccounting", input, () => suspension);
    },
    destroy: (input: DestructionAsked & { idempotencyKey: string }) => {
      const destruction = destroyed(uuidv7(), input, act);
      return destructions.make(database, act, "destroyDisclosureFacts", input, async (tx) => {
        await destroyFacts(tx, destruction);
        return destruction;
      });
    },
  };
};

export type Accounting = ReturnType<typeof openAccounting>;
