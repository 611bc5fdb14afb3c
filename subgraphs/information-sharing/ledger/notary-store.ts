/** The notary: signs, each second when there is news, what the ledger has become. */
import type { Clock } from "#platform/clock.ts";
import type { Database, Sql, Transaction } from "#platform/database.ts";
import type { Log } from "#platform/log.ts";
import { instant } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import type { Work } from "#platform/subgraph.ts";
import { checkpointChecker, checkpointSigner } from "./checkpoint.ts";
import type { CheckpointKeys, SignedCheckpoint } from "./checkpoint.ts";
import { EMPTY, grown, isEdgeOf, rootOf } from "./merkle.ts";
import type { Edge, Hash } from "./merkle.ts";

const EVERY_MS = 1_000;
const BATCH = 10_000;

/** A checkpoint's row. */
export const checkpointFrom = (row: Row): SignedCheckpoint => ({
  size: Number(row.size),
  root: (row.root as Buffer).toString("hex"),
  at: instant(row.at).toISOString(),
  signature: (row.signature as Buffer).toString("base64url"),
});

/** What the notary goes on from: what was signed last, and the edge of the tree that it was signed for. */
interface Signed {
  at: string;
  edge: Edge;
}

const UNSIGNED: Signed = { at: "", edge: EMPTY };

/**
 * Opens the notary, and lets it sign what nobody has signed yet.
 *
 * Several may run on one ledger: one signs at a time, and goes on from what was signed last.
 *
 * @throws {Error} when the newest checkpoint was not signed by these keys, or does not fit the tree: such a ledger is not
 *   to be written on, but to be looked at.
 */
export const openNotary = async (
  database: Database,
  keys: CheckpointKeys,
  { log, clock }: { log: Log; clock: Clock },
): Promise<Work> => {
  const sign = checkpointSigner(keys);
  const isGenuine = checkpointChecker(keys);
  let known = UNSIGNED;

  const latest = async (tx: Transaction): Promise<Signed> => {
    const row = (await tx("information_sharing.ledger_checkpoint")
      .orderBy("size", "desc")
      .first()) as Row | undefined;
    const size = Number(row?.size ?? 0);
    // This process remembers more than the table says.
    if (size < known.edge.size) throw new Error("checkpoints of the ledger are missing");
    if (!row || size === known.edge.size) return known;
    const checkpoint = checkpointFrom(row);
    const edge: Edge = { size, hashes: row.edge as Hash[] };
    if (!isGenuine(checkpoint) || !isEdgeOf(edge, row.root as Hash))
      throw new Error(
        "the newest checkpoint of the ledger was not signed by its key, or has been changed; npm run ledger:verify says more",
      );
    return { at: checkpoint.at, edge };
  };

  const signNews = async (tx: Transaction): Promise<Signed> => {
    const { rows } = await tx.raw("select pg_try_advisory_xact_lock(hashtext(?)) as is_ours", [
      "handoff-graph ledger notary",
    ]);
    if (!(rows as Row[])[0]?.is_ours) return known;
    const before = await latest(tx);
    const edge = await follow(tx, before.edge);
    if (edge.size === before.edge.size) return before;
    const now = clock().toISOString();
    const checkpoint = sign({
      size: edge.size,
      root: rootOf(edge).toString("hex"),
      // A clock that was put back does not put the ledger back.
      at: now > before.at ? now : before.at,
    });
    await tx("information_sharing.ledger_checkpoint").insert({
      size: checkpoint.size,
      root: rootOf(edge),
      at: checkpoint.at,
      signature: Buffer.from(checkpoint.signature, "base64url"),
      edge: edge.hashes,
    });
    return { at: checkpoint.at, edge };
  };

  const attempt = async (): Promise<void> => {
    if (await hasNews(database.sql)) known = await database.transaction(signNews);
  };
  let last: Promise<void> = Promise.resolve();
  // One at a time; a call while one is under way waits for it, and then signs what came meanwhile.
  const flush = (): Promise<void> => (last = last.then(attempt, attempt));

  known = await database.transaction(signNews);
  let isIdle = true;
  const signOrSay = () =>
    flush().catch((error: unknown) => log.error({ err: error }, "the ledger is not signed"));
  const timer = setInterval(() => {
    if (!isIdle) return;
    isIdle = false;
    void signOrSay().finally(() => (isIdle = true));
  }, EVERY_MS);
  return {
    flush,
    stop: async () => {
      clearInterval(timer);
      await signOrSay();
    },
  };
};

const hasNews = async (sql: Sql): Promise<boolean> => {
  const { rows } = await sql.raw(
    `select coalesce((select max(position) + 1 from information_sharing.ledger_entry), 0)
         <> coalesce((select max(size) from information_sharing.ledger_checkpoint), 0) as it_has`,
  );
  return (rows as Row[])[0]?.it_has as boolean;
};

/** Grows a tree by the entries after it. */
const follow = async (tx: Transaction, from: Edge): Promise<Edge> => {
  let edge = from;
  for (;;) {
    const rows = (await tx("information_sharing.ledger_entry")
      .where("position", ">=", edge.size)
      .orderBy("position")
      .limit(BATCH)
      .select("position", "leaf_hash")) as Row[];
    for (const row of rows) {
      if (Number(row.position) !== edge.size)
        throw new Error(`the ledger has no entry at ${edge.size}`);
      edge = grown(edge, row.leaf_hash as Hash);
    }
    if (rows.length < BATCH) return edge;
  }
};
