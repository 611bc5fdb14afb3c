import { createHash } from "node:crypto";
import { Problem } from "#schema/problems.ts";
import type { Act } from "./act.ts";
import type { Transaction } from "./database.ts";
import { rowAt } from "./record.ts";
import type { Row } from "./record.ts";

/** JSON with its keys in order, so that equal inputs have equal bytes (RFC 8785 for what GraphQL inputs can hold). */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    part && typeof part === "object" && !Array.isArray(part) && !(part instanceof Date)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

/** Enough for a UUID and a client's own prefix. */
const LONGEST_KEY = 200;

/** A thing that bears an id and a version. */
export interface Versioned {
  id: string;
  version: number;
}

/** What an effect made or changed, and under which aggregate its history stands. */
export interface Effect<T extends Versioned> {
  schema: string;
  of: string;
  fromRow: (row: Row) => T;
  /** What the client sent, its idempotency key included. */
  input: { idempotencyKey: string };
  /** The mutation's name: one key for two different mutations is a conflict too. */
  as: string;
}

/**
 * Runs an effect once for each idempotency key, in the effect's own transaction.
 *
 * The key is scoped to the agency and the client. The same input again gives the first result as it was then,
 * even if the thing has moved on; different input under the same key is refused.
 *
 * @throws {Problem} IDEMPOTENCY_CONFLICT; BAD_INPUT when the key is empty or longer than 200 characters
 */
export const once = async <T extends Versioned>(
  tx: Transaction,
  { schema, of, fromRow, input, as }: Effect<T>,
  act: Act,
  effect: () => Promise<T>,
): Promise<T> => {
  const scope = { agency_id: act.by.agency, subject: act.by.subject, key: input.idempotencyKey };
  const sha256 = createHash("sha256")
    .update(`${as} ${act.by.role} ${canonical(input)}`)
    .digest("hex");
  const { length } = input.idempotencyKey.trim();
  if (length < 1 || length > LONGEST_KEY)
    throw new Problem("BAD_INPUT", `\`idempotencyKey\` must be 1 to ${LONGEST_KEY} characters`, {
      field: "idempotencyKey",
    });
  // A second request with the same key waits here, on the unique index, until the first has committed.
  const claimed = await tx(`${schema}.idempotency`)
    .insert({ ...scope, input_sha256: sha256, result: "{}", at: act.at })
    .onConflict(["agency_id", "subject", "key"])
    .ignore()
    .returning("key");
  if (claimed.length === 0) {
    const earlier = await tx(`${schema}.idempotency`).where(scope).first("input_sha256", "result");
    if (earlier.input_sha256 !== sha256)
      throw new Problem(
        "IDEMPOTENCY_CONFLICT",
        "`idempotencyKey` was used before with different input",
      );
    const { id, version } = earlier.result as Versioned;
    return fromRow((await rowAt(tx, schema, of, id, version)) as Row);
  }
  const made = await effect();
  await tx(`${schema}.idempotency`)
    .where(scope)
    .update({ result: JSON.stringify({ id: made.id, version: made.version }) });
  return made;
};

/**
 * Refuses a change to a thing that has changed since the client read it.
 *
 * @throws {Problem} VERSION_CONFLICT with the current version
 */
export const unchangedSince = <T extends Versioned>(thing: T, expectedVersion: number): T => {
  if (thing.version !== expectedVersion)
    throw new Problem("VERSION_CONFLICT", "the record has changed since `expectedVersion`", {
      currentVersion: thing.version,
    });
  return thing;
};
