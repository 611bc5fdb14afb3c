create table restriction (
  id uuid primary key,
  person_id uuid not null,
  agency_id uuid not null,
  -- Null: towards everyone.
  recipient_ids uuid[],
  paid_in_full boolean not null,
  status text not null check (status in ('REQUESTED', 'AGREED', 'DECLINED', 'TERMINATED')),
  requested_at timestamptz not null,
  agreed_at timestamptz,
  terminated_at timestamptz check (terminated_at >= agreed_at),
  ground text check (ground in ('PERSON_REQUESTED', 'PERSON_AGREED')),
  version integer not null
);
create index restriction_of_person on restriction (person_id) where agreed_at is not null;
create index restriction_of_agency on restriction (agency_id, requested_at desc, id desc);

create table attestation (
  id uuid primary key,
  kind text not null check (kind in ('EMERGENCY', 'THREAT', 'BREAK_GLASS')),
  person_id uuid not null,
  agency_id uuid not null,
  by_subject text not null,
  role text not null,
  reason text not null,
  words text not null,
  at timestamptz not null,
  -- Four hours at most, whatever a setting says.
  expires_at timestamptz not null check (expires_at > at and expires_at <= at + interval '4 hours'),
  ended_at timestamptz,
  informed_ids uuid[] not null,
  due_at timestamptz not null,
  outcome text check (outcome in ('JUSTIFIED', 'NOT_JUSTIFIED')),
  note text,
  reviewed_by text,
  reviewed_at timestamptz,
  version integer not null,
  check ((outcome is null) = (reviewed_at is null))
);
create index attestation_of_person on attestation (person_id, agency_id, expires_at);
create index attestation_to_review on attestation (agency_id, due_at, id) where outcome is null;
create index attestation_informing on attestation using gin (informed_ids) where outcome is null;
