import DataLoader from "dataloader";
import { v7 as uuidv7 } from "uuid";
import { notFound, Problem } from "#schema/problems.ts";
import type { Act } from "#platform/act.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database, Transaction } from "#platform/database.ts";
import { once, unchangedSince } from "#platform/once.ts";
import { fromJson, instant, record } from "#platform/record.ts";
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

const write = async (
  tx: Transaction,
  before: Row | null,
  after: Interface,
  act: Act,
): Promise<Interface> => {
  const row = toRow(after);
  await (before
    ? tx("referrals.interface").where({ id: after.id }).update(row)
    : tx("referrals.interface").insert({ ...row, created_at: act.at }));
  await record(
    tx,
    "referrals",
    {
      of: "interface",
      id: after.id,
      version: after.version,
      what: before ? "interface.revised" : "interface.agreed",
      before,
      after: row,
      occurredAt: act.at,
    },
    act,
  );
  return after;
};

const EFFECT = { schema: "referrals", of: "interface", fromRow };

/** Interfaces, for one request. They name no person; their contacts are for the parties. */
export const openInterfaces = (database: Database, act: Act) => {
  const { sql } = database;
  const byId = new DataLoader<string, Interface | null>(async (ids) => {
    const rows = (await sql("referrals.interface").whereIn("id", ids)) as Row[];
    const found = new Map(rows.map((row) => [row.id, fromRow(row)]));
    return ids.map((id) => found.get(id) ?? null);
  });
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
      database.transaction((tx) =>
        once(tx, { ...EFFECT, input, as: "agreeInterface" }, act, async () => {
          const terms = agreed(input, act.by);
          await known(tx, terms.parties);
          return write(tx, null, { ...terms, id: uuidv7(), version: 1, since: act.at }, act);
        }),
      ),
    revise: (input: Terms & { idempotencyKey: string; id: string; expectedVersion: number }) =>
      database.transaction((tx) =>
        once(tx, { ...EFFECT, input, as: "reviseInterface" }, act, async () => {
          const row = (await tx("referrals.interface")
            .where({ id: input.id })
            .whereRaw("? = any(party_ids)", [act.by.agency])
            .forUpdate()
            .first()) as Row | undefined;
          const before = unchangedSince(fromRow(row ?? notFound()), input.expectedVersion);
          const terms = agreed(input, act.by);
          await known(tx, terms.parties);
          return write(
            tx,
            row ?? null,
            { ...terms, id: before.id, version: before.version + 1, since: act.at },
            act,
          );
        }),
      ),
  };
};

export type Interfaces = ReturnType<typeof openInterfaces>;
