/** Which role may do what in which table: a committed file says it, and migrations bring the database to it. */
import { roleOf } from "./wall.ts";
import type { Part } from "./wall.ts";
import type { OpenDatabase, Transaction } from "./database.ts";

/** What a role may do with a table. */
export const VERBS = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"] as const;

/** The parts that are granted verbs; a room's owner has what owners have, and nobody logs in as it. */
export const GRANTED = ["house", "rw", "ro"] as const satisfies readonly Part[];

/** By table, and by part: verbs with spaces between them, or nothing. */
export type Grants = Readonly<Record<string, Readonly<Record<(typeof GRANTED)[number], string>>>>;

const PARTS = ["owner", ...GRANTED] as const;

/**
 * Makes a room's roles, those that are not there yet, and lets whoever migrates act as them.
 *
 * In no transaction of ours: roles belong to the whole server, and whoever makes the same ones for another of its
 * databases waits until we have committed.
 */
export const makeRoles = async ({ sql }: OpenDatabase, schema: string): Promise<void> => {
  for (const part of PARTS)
    // One after the other: what another database's migration has just made is seen by the next statement, and not by this one.
    for (const statement of [MAKE_ROLE, TAKE_ROLE])
      await sql.raw(statement.replaceAll(":role", roleOf(schema, part)));
};

const MAKE_ROLE = `
  do $$
  begin
    if not exists (select from pg_roles where rolname = ':role') then
      create role :role nologin;
    end if;
  exception when duplicate_object or unique_violation then
    null; -- made for another database of this server, meanwhile
  end
  $$`;

// PostgreSQL 16 tells those who may act as a role from those who may only give it to others; 15 does not.
const TAKE_ROLE = `
  do $$
  begin
    if not pg_has_role(current_user, ':role',
      case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end) then
      grant :role to current_user;
    end if;
  exception when unique_violation then
    null; -- likewise
  end
  $$`;

/** Gives what stands in a room's schema to its owner, and to its other roles what the file says, and nothing else. */
export const grantAll = async (tx: Transaction, schema: string, grants: Grants): Promise<void> => {
  const owner = roleOf(schema, "owner");
  const { rows } = await tx.raw(OWNED_BY_OTHERS, { schema, owner });
  for (const { change } of rows as { change: string }[]) await tx.raw(change);
  const others = GRANTED.map((part) => roleOf(schema, part));
  const statements = [
    `revoke all on all tables in schema ${schema} from public, ${others.join(", ")}`,
    `revoke all on schema ${schema} from public`,
    `grant usage on schema ${schema} to ${others.join(", ")}`,
    ...Object.entries(grants).flatMap(([table, verbs]) =>
      GRANTED.filter((part) => verbs[part] !== "").map(
        (part) =>
          `grant ${verbs[part].replaceAll(" ", ", ")} on ${schema}.${table} to ${roleOf(schema, part)}`,
      ),
    ),
  ];
  await tx.raw(statements.join(";\n"));
};

// An identity column's sequence follows its table.
const OWNED_BY_OTHERS = `
  with room as (
    select pg_namespace.oid, nspname as schema, nspowner as owner, cast(:owner as text) as heir
    from pg_namespace where nspname = :schema
  )
  select format('alter schema %I owner to %I', schema, heir) as change
  from room where pg_get_userbyid(owner) <> heir
  union all
  select format('alter table %I.%I owner to %I', schema, relname, heir)
  from pg_class join room on relnamespace = room.oid
  where relkind in ('r', 'p', 'v') and pg_get_userbyid(relowner) <> heir
  union all
  select format('alter routine %s owner to %I', cast(pg_proc.oid as regprocedure), heir)
  from pg_proc join room on pronamespace = room.oid
  where pg_get_userbyid(proowner) <> heir`;
