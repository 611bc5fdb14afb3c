create table dispute (
  id uuid primary key,
  referral_id uuid not null,
  type text not null check (type in ('ELIGIBILITY', 'CAPACITY', 'SAFEGUARDING_THRESHOLD', 'FUNDING')),
  subject text not null check (subject in ('FUND', 'PROVIDE', 'ACCEPT', 'ACT_FIRST', 'THRESHOLD')),
  stage text not null check (stage in ('OPEN', 'UNDER_REVIEW', 'DECIDED', 'RESOLVED', 'CLOSED', 'WITHDRAWN')),
  coverage text not null check (coverage in ('COVERED', 'INTERIM', 'GAP', 'NOT_REQUIRED')),
  coverage_reason text,
  party_ids uuid[] not null check (cardinality(party_ids) >= 2),
  opened_by_id uuid not null,
  opened_at timestamptz not null,
  positions jsonb not null,
  version integer not null
);
create index dispute_of_referral on dispute (referral_id);
create index dispute_of_party on dispute using gin (party_ids);
create index dispute_by_age on dispute (opened_at desc, id desc);
