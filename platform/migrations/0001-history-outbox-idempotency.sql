-- What every room has beside its own tables. Runs once in each room's schema (search_path is set by the runner).
create table history (
  id uuid primary key,
  aggregate_type text not null,
  aggregate_id uuid not null,
  version integer not null,
  what text not null,
  before jsonb,
  after jsonb not null,
  by_agency uuid not null,
  by_subject text not null,
  request_id text not null,
  at timestamptz not null,
  unique (aggregate_type, aggregate_id, version)
);

-- Debezium's outbox columns, and seq, occurred_at, traceparent of our own.
create table outbox (
  id uuid primary key,
  seq bigint generated always as identity unique,
  aggregatetype text not null,
  aggregateid uuid not null,
  type text not null,
  payload jsonb not null,
  occurred_at timestamptz not null,
  traceparent text,
  delivered_at timestamptz
);
create index outbox_undelivered on outbox (seq) where delivered_at is null;

create table idempotency (
  agency_id uuid not null,
  subject text not null,
  key text not null,
  input_sha256 text not null,
  result jsonb not null,
  at timestamptz not null,
  primary key (agency_id, subject, key)
);

-- Events of other rooms that this room has taken in; a second delivery of the same id does nothing.
create table consumed (
  event_id uuid primary key,
  at timestamptz not null
);
