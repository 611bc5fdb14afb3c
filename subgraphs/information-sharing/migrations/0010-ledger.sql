-- The ledger of disclosures: what has been written in it stays as it was written. The triggers below refuse anything else
-- to everyone, the owner included; roles that may only insert and select are the first lock, and these are the second.

create table ledger_entry (
  -- Its place in the ledger, and its leaf in the Merkle tree: 0, 1, 2 and so on, none left out.
  position bigint primary key check (position >= 0),
  id uuid not null unique,
  -- What it says: canonical JSON (RFC 8785). No value, and nobody's id or name.
  bytes bytea not null,
  leaf_hash bytea not null check (octet_length(leaf_hash) = 32),
  -- Of what it says, what entries are found by. An entry that is no disclosure has no recipient.
  at timestamptz not null,
  source_id uuid not null,
  recipient_id uuid
);

-- What the commitments in an entry's bytes stand for. These rows can be destroyed, and the entry remains.
create table ledger_person (
  position bigint not null references ledger_entry,
  person_id uuid not null,
  salt bytea not null check (octet_length(salt) = 16),
  primary key (position, person_id)
);
create index ledger_of_person on ledger_person (person_id);

create table ledger_subject (
  position bigint primary key references ledger_entry,
  subject text not null,
  salt bytea not null check (octet_length(salt) = 16)
);

create table ledger_checkpoint (
  -- How many entries it covers: those before this position.
  size bigint primary key check (size > 0),
  root bytea not null check (octet_length(root) = 32),
  at timestamptz not null,
  signature bytea not null,
  -- The hashes of the tree's right edge: what it takes to grow it. They come to the root, so nothing rests on them alone.
  edge bytea[] not null
);

create function ledger_only_grows() returns trigger language plpgsql as $$
begin
  raise exception '% on % is refused: the ledger only grows', tg_op, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

create trigger only_grows before update or delete or truncate on ledger_entry
  for each statement execute function ledger_only_grows();
create trigger only_grows before update or delete or truncate on ledger_checkpoint
  for each statement execute function ledger_only_grows();
-- Of facts, single rows may go.
create trigger only_grows before update or truncate on ledger_person
  for each statement execute function ledger_only_grows();
create trigger only_grows before update or truncate on ledger_subject
  for each statement execute function ledger_only_grows();

-- Until when a source keeps disclosures to an agency out of a person's accounting (45 CFR 164.528(a)(2)).
create table accounting_suspension (
  id uuid primary key,
  version integer not null,
  source_id uuid not null,
  person_id uuid not null,
  recipient_id uuid not null,
  statement text not null,
  is_oral boolean not null,
  from_at timestamptz not null,
  until_at timestamptz not null check (until_at > from_at)
);
create index accounting_suspension_of_person on accounting_suspension (person_id, source_id);
create index accounting_suspension_of_source on accounting_suspension (source_id, from_at desc, id desc);

-- That facts were destroyed, so that an accounting can say so; not what they were.
create table fact_destruction (
  id uuid primary key,
  version integer not null,
  source_id uuid not null,
  person_id uuid not null,
  before_at timestamptz not null,
  reason text not null check (reason in ('RETENTION_ENDED', 'EXPUNGEMENT_ORDERED')),
  destroyed_at timestamptz not null
);
create index fact_destruction_of_person on fact_destruction (person_id, source_id);
