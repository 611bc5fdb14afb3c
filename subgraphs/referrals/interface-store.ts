import { v7 as uuidv7 } from "uuid";
import { Problem } from "#schema/problems.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { ChangeInput, Narrow } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database, Transaction } from "#platform/database.ts";
import { fromJson, instant } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import type { Contact } from "./agency.ts";
import { agreed } from "./interface.ts";
import type { Interface, InterfaceKind, Terms } from "./interface.ts";

const fromRow = (row: Row): Interface => ({
  id: row.id as string,
  version: row.version as number,
  kind: row.kind as InterfaceKind,
  name: row.name as string,
  parties: row.party_ids as string[],
  contacts: fromJson<Contact[]>(row.contacts),
  since: instant(row.since),
});

const toRow = (it: Interface) => ({
  id: it.id,
  version: it.version,
  kind: it.kind,
  name: it.name,
  party_ids: it.parties,
  contacts: JSON.stringify(it.contacts),
  since: it.since,
});

const known = async (tx: Transaction, agencies: string[]): Promise<void> => {
  const rows = (await tx("referrals.agency").whereIn("id", agencies).select("id")) as Row[];
  if (rows.length < agencies.length)
    throw new Problem("BAD_INPUT", "`partyIds` names an agency that is not on the roll", {
      field: "partyIds",
    });
};

const kept = aggregate<Interface>({
  schema: "referrals",
  table: "interface",
  fromRow,
  toRow,
  event: (before) => (before ? "interface.revised" : "interface.agreed"),
  told: () => ({}),
  onMaking: (act) => ({ created_at: act.at }),
});

/** Interfaces, for one request. They name no person; their contacts are for the parties. */
export const openInterfaces = (database: Database, act: Act) => {
  const { sql } = database;
  const byId = kept.finder(database, (query) => query);
  const isParty: Narrow = (query) => query.whereRaw("? = any(party_ids)", [act.by.agency]);
  const agreedTerms = async (tx: Transaction, input: Terms) => {
    const terms = agreed(input, act.by);
    await known(tx, terms.parties);
    return { ...terms, since: act.at };
  };
  return {
    find: (id: string) => byId.load(id),
    list: (page: Page) =>
      connect(
        sql("referrals.interface"),
        { column: "created_at", direction: "asc" },
        page,
        fromRow,
      ),
    contacts: ({ parties, contacts }: Interface) =>
      parties.includes(act.by.agency) ? contacts : null,
    asOf: async (id: string, at: Date) => {
      const row = await sql("referrals.history")
        .where({ aggregate_type: "interface", aggregate_id: id })
        .where("at", "<=", at)
        .orderBy("version", "desc")
        .first("after");
      return row ? fromRow(row.after as Row) : null;
    },
    agree: (input: Terms & { idempotencyKey: string }) =>
      kept.make(database, act, "agreeInterface", input, async (tx) => ({
        ...(await agreedTerms(tx, input)),
        id: uuidv7(),
        version: 1,
      })),
    revise: (input: Terms & ChangeInput) =>
      kept.change(database, act, "reviseInterface", input, isParty, async (before, tx) => ({
        ...(await agreedTerms(tx, input)),
        id: before.id,
        version: before.version + 1,
      })),
  };
};

export type Interfaces = ReturnType<typeof openInterfaces>;
