import DataLoader from "dataloader";
import { v7 as uuidv7 } from "uuid";
import { notFound, Problem } from "#schema/problems.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { ChangeInput, Narrow } from "#platform/aggregate.ts";
import { connect } from "#platform/connection.ts";
import type { Page } from "#platform/connection.ts";
import type { Database, Sql, Transaction } from "#platform/database.ts";
import { once, unchangedSince } from "#platform/once.ts";
import { fromJson, instant, instantOrNull } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import type { Contact } from "./agency.ts";
import { noticeLead } from "./handoff.ts";
import type { Handoff } from "./handoff.ts";
import { agreed, begun, inForce, proposed, published, revisable } from "./interface.ts";
import type { Interface, InterfaceDraft, InterfaceKind, Said, Terms } from "./interface.ts";
import { missingEvidence } from "./operating-rules.ts";
import type { OperatingRules, ProposedRules } from "./operating-rules.ts";
import type { Referral } from "./referral.ts";

const fromRow = (row: Row): Interface => ({
  id: row.id as string,
  version: row.version as number,
  kind: row.kind as InterfaceKind,
  name: row.name as string,
  parties: row.party_ids as string[],
  contacts: fromJson<Contact[]>(row.contacts),
  since: instant(row.since),
  // What was written before interfaces were published says nothing of it.
  publication: row.published_by
    ? { by: row.published_by as string, at: instant(row.published_at) }
    : null,
});

const toRow = (it: Interface) => ({
  id: it.id,
  version: it.version,
  kind: it.kind,
  name: it.name,
  party_ids: it.parties,
  contacts: JSON.stringify(it.contacts),
  since: it.since,
  published_by: it.publication?.by ?? null,
  published_at: it.publication?.at ?? null,
});

const draftFromRow = (row: Row): InterfaceDraft => ({
  id: row.id as string,
  version: row.version as number,
  interface: row.interface_id as string | null,
  basedOn: row.based_on as number | null,
  proposedBy: row.proposed_by as string,
  kind: row.kind as InterfaceKind | null,
  name: row.name as string | null,
  parties: row.party_ids as string[],
  contacts: fromJson<Contact[]>(row.contacts),
  rules: fromJson<ProposedRules>(row.rules),
  publishedAt: instantOrNull(row.published_at),
});

const draftToRow = (it: InterfaceDraft) => ({
  id: it.id,
  version: it.version,
  interface_id: it.interface,
  based_on: it.basedOn,
  proposed_by: it.proposedBy,
  kind: it.kind,
  name: it.name,
  party_ids: it.parties,
  contacts: JSON.stringify(it.contacts),
  rules: JSON.stringify(it.rules),
  published_at: it.publishedAt,
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
  event: (before, { publication }) =>
    publication ? "interface.published" : before ? "interface.revised" : "interface.agreed",
  told: () => ({}),
  onMaking: (act) => ({ created_at: act.at }),
});

const keptDrafts = aggregate<InterfaceDraft>({
  schema: "referrals",
  table: "interface_draft",
  fromRow: draftFromRow,
  toRow: draftToRow,
  event: (before, { publishedAt }) =>
    publishedAt
      ? "interface_draft.published"
      : before
        ? "interface_draft.amended"
        : "interface_draft.made",
  told: () => ({}),
  onMaking: (act) => ({ created_at: act.at }),
});

/** The version of an interface that was in force at an instant; null before the first. */
const versionAt = async (sql: Sql, id: string, at: Date): Promise<Interface | null> => {
  const row = await sql("referrals.history")
    .where({ aggregate_type: "interface", aggregate_id: id })
    .whereRaw("(after ->> 'since')::timestamptz <= ?", [at])
    .orderBy("version", "desc")
    .first("after");
  return row ? fromRow(row.after as Row) : null;
};

/** The rules of versions, where they have any that the asking agency may see. */
const rulesOf = async (
  sql: Sql,
  versions: readonly Interface[],
): Promise<(OperatingRules | null)[]> => {
  const rows = (await sql("referrals.interface_rules").whereIn(
    ["interface_id", "version"],
    versions.map(({ id, version }) => [id, version]),
  )) as Row[];
  return versions.map(({ id, version }) => {
    const row = rows.find((it) => it.interface_id === id && it.version === version);
    return row ? fromJson<OperatingRules>(row.rules) : null;
  });
};

/** All the versions of interfaces, each interface's in order. */
const pastsOf = async (sql: Sql, ids: readonly string[]): Promise<Interface[][]> => {
  const rows = (await sql("referrals.history")
    .where({ aggregate_type: "interface" })
    .whereIn("aggregate_id", ids)
    .orderBy("version")
    .select("after")) as Row[];
  const all = Map.groupBy(
    rows.map((row) => fromRow(row.after as Row)),
    ({ id }) => id,
  );
  return ids.map((id) => all.get(id) ?? []);
};

const inForceAt = (past: readonly Interface[], at: Date): Interface | undefined =>
  past.findLast(({ since }) => since <= at);

/** The rules that were in force at an interface at each instant, whoever may read them: for what the house works out. */
export const rulesInForce = async (
  sql: Sql,
  id: string,
  instants: readonly Date[],
): Promise<(OperatingRules | null)[]> => {
  const [past = []] = await pastsOf(sql, [id]);
  const rules = await rulesOf(sql, past);
  return instants.map((at) => {
    const version = inForceAt(past, at);
    return version ? (rules[past.indexOf(version)] ?? null) : null;
  });
};

/** Interfaces, for one request. They name no person; their contacts and rules are for the parties. */
export const openInterfaces = (database: Database, act: Act) => {
  const { sql } = database;
  const isParty: Narrow = (query) => query.whereRaw("? = any(party_ids)", [act.by.agency]);
  const latest = kept.finder(database, (query) => query);
  const drafts = keptDrafts.finder(database, isParty);
  const rules = new DataLoader<Interface, OperatingRules | null, string>(
    (versions) => rulesOf(sql, versions),
    { cacheKeyFn: ({ id, version }) => `${id} ${version}` },
  );
  // All of an interface's past in one query: a history has as many instants as moves.
  const pasts = new DataLoader<string, Interface[]>((ids) => pastsOf(sql, ids));
  const agreedTerms = async (tx: Transaction, input: Terms) => {
    const terms = agreed(input, act.by);
    await known(tx, terms.parties);
    return { ...terms, since: act.at };
  };
  // Things of one list hang on few interfaces: each is looked up once.
  const versions = new DataLoader<{ id: string; at: Date }, Interface | null, string>(
    (asked) => Promise.all(asked.map(({ id, at }) => versionAt(sql, id, at))),
    { cacheKeyFn: ({ id, at }) => `${id} ${at.toISOString()}` },
  );
  const asOf = (id: string, at: Date) => versions.load({ id, at });
  /** What a row of the latest version comes to now. */
  const current = async (it: Interface): Promise<Interface> =>
    inForce(it, it.since > act.at ? await asOf(it.id, act.at) : null, act.at);
  const isOneOf = ({ parties }: Interface): boolean => parties.includes(act.by.agency);
  const rulesFor = (version: Interface) =>
    version.publication && isOneOf(version) ? rules.load(version) : null;
  /** Those that were in force at an instant, if the asking agency may read them. */
  const rulesAt = async (
    id: string,
    at: Date,
    kind?: InterfaceKind,
  ): Promise<OperatingRules | null> => {
    const version = await asOf(id, at);
    return version && (kind ?? version.kind) === version.kind ? rulesFor(version) : null;
  };
  const locked = async (tx: Transaction, id: string): Promise<Interface> =>
    fromRow(
      ((await isParty(tx(kept.name).where({ id })).forUpdate().first()) as Row | undefined) ??
        notFound(),
    );
  const draftAfter = async (tx: Transaction, draft: InterfaceDraft, said: Said) => {
    const after = proposed(draft, said, act.by);
    await known(tx, after.parties);
    return after;
  };
  return {
    find: async (id: string) => {
      const it = await latest.load(id);
      return it && current(it);
    },
    list: async (page: Page) => {
      const { edges, pageInfo } = await connect(
        sql("referrals.interface"),
        { column: "created_at", direction: "asc" },
        page,
        fromRow,
      );
      const nodes = await Promise.all(edges.map(({ node }) => current(node)));
      return {
        edges: nodes.map((node, index) => ({ cursor: edges[index]?.cursor ?? "", node })),
        pageInfo,
      };
    },
    contacts: (it: Interface) => (isOneOf(it) ? it.contacts : null),
    rules: rulesFor,
    /** What the rules in force at an interface ask for a referral, and has not come with it. */
    missingEvidence: async (referral: Referral | null, at: string | null) => {
      const rules = referral && at ? await rulesAt(at, act.at) : null;
      return referral && rules ? missingEvidence(rules, referral.service, referral.evidence) : null;
    },
    /** The lead of a handoff's notice, by what was in force when it was made. */
    noticeLead: async (handoff: Handoff, noticeAt: Date | null) => {
      const rules =
        noticeAt && handoff.interface
          ? await rulesAt(handoff.interface, noticeAt, "HOSPITAL_DISCHARGE")
          : null;
      return noticeAt && rules ? noticeLead(handoff, noticeAt, rules.noticeLeadHours) : null;
    },
    /** Moves of a handoff at an interface, each with the rules that were in force as it came. */
    withRules: async <T extends { receivedAt: Date }>(
      at: string | null,
      moves: readonly T[],
    ): Promise<(T & { rules: OperatingRules | null })[]> => {
      const past = at ? await pasts.load(at) : [];
      return Promise.all(
        moves.map(async (move) => {
          const version = inForceAt(past, move.receivedAt);
          return { ...move, rules: version ? await rulesFor(version) : null };
        }),
      );
    },
    asOf,
    draft: (id: string) => drafts.load(id),
    drafts: (page: Page) =>
      connect(
        isParty(sql(keptDrafts.name).whereNull("published_at")),
        { column: "created_at", direction: "asc" },
        page,
        draftFromRow,
      ),
    agree: (input: Terms & { idempotencyKey: string }) =>
      kept.make(database, act, "agreeInterface", input, async (tx) => ({
        ...(await agreedTerms(tx, input)),
        id: uuidv7(),
        version: 1,
      })),
    revise: (input: Terms & ChangeInput) =>
      kept.change(database, act, "reviseInterface", input, isParty, async (before, tx) => ({
        ...(await agreedTerms(tx, input)),
        id: revisable(before).id,
        version: before.version + 1,
      })),
    beginDraft: (input: Said & { idempotencyKey: string; interfaceId?: string | null }) =>
      keptDrafts.make(database, act, "draftInterface", input, async (tx) => {
        const from = input.interfaceId ? await locked(tx, input.interfaceId) : null;
        const [standing = null] = from ? await rulesOf(tx, [from]) : [];
        const draft = begun(uuidv7(), from && { latest: from, rules: standing }, act.by);
        return draftAfter(tx, draft, input);
      }),
    amend: (input: Said & ChangeInput) =>
      keptDrafts.change(database, act, "amendInterface", input, isParty, (draft, tx) =>
        draftAfter(tx, draft, input),
      ),
    /** Publishes a draft: the next version, its rules, and the draft's end, in one transaction. */
    publish: (input: ChangeInput & { from?: Date | null }) => {
      const effect = {
        schema: "referrals",
        of: "interface",
        fromRow,
        input,
        as: "publishInterface",
      };
      return database.transaction((tx) =>
        once(tx, effect, act, async () => {
          const row = (await isParty(tx(keptDrafts.name).where({ id: input.id }))
            .forUpdate()
            .first()) as Row | undefined;
          const draft = unchangedSince(draftFromRow(row ?? notFound()), input.expectedVersion);
          const before = draft.interface ? await locked(tx, draft.interface) : null;
          const said = { id: before?.id ?? uuidv7(), from: input.from };
          const after = await kept.save(tx, before, published(draft, before, said, act), act);
          await tx("referrals.interface_rules").insert({
            interface_id: after.id,
            version: after.version,
            party_ids: after.parties,
            rules: JSON.stringify(draft.rules),
          });
          const end = { version: draft.version + 1, interface: after.id, publishedAt: act.at };
          await keptDrafts.save(tx, draft, { ...draft, ...end }, act);
          return after;
        }),
      );
    },
  };
};

export type Interfaces = ReturnType<typeof openInterfaces>;
