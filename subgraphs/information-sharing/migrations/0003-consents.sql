create table consent (
  id uuid primary key,
  person_id uuid not null,
  status text not null check (status in ('DRAFT', 'ACTIVE', 'REVOKED', 'ENDED')),
  directives text[] not null,
  scope text,
  policy text,
  grantor jsonb not null,
  recorded_by_id uuid not null,
  -- Null: any agency may disclose under it.
  source_ids uuid[],
  -- Whose record it is: who recorded it, and whom it names.
  party_ids uuid[] not null,
  provision jsonb not null,
  given_at timestamptz,
  ends_when text,
  -- The last day that it names, if it names one; for lists alone, the provision decides.
  until_at timestamptz,
  revoked_at timestamptz,
  ended_at timestamptz,
  form text,
  doubts text[] not null,
  -- The version of the resource that another system sent, where one did.
  received_version integer,
  created_at timestamptz not null,
  version integer not null
);
create index consent_of_person on consent (person_id);
create index consent_of_party on consent using gin (party_ids);
create index consent_recorded on consent (recorded_by_id, created_at desc, id desc);
