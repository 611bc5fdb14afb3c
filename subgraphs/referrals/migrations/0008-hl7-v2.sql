-- Every HL7 v2 message that was taken in, as it was received. The same one again has effect once.
create table hl7_message (
  id uuid primary key,
  source_id uuid not null references agency,
  -- Of its segments, whatever ended the lines.
  sha256 text not null,
  -- What the partner calls it; partners use one again, so it is no key.
  control_id text not null,
  event text not null,
  bytes bytea not null,
  -- The encounter, person or handoff that it tells of.
  about_id uuid,
  occurred_at timestamptz,
  recorded_at timestamptz not null,
  received_at timestamptz not null,
  -- The fields that were not believed, because others contradict them or they cannot be.
  doubts text[] not null default '{}',
  unique (source_id, sha256)
);
create index hl7_message_about on hl7_message (about_id, recorded_at);

-- What a partner says of two of its records: they are of one person, and this one remains. Nothing of either is rewritten.
create table person_alias (
  id uuid primary key,
  person_id uuid not null references person,
  survivor_id uuid not null references person,
  source_id uuid not null references agency,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  received_at timestamptz not null,
  unique (person_id, source_id),
  check (person_id <> survivor_id)
);
create index person_alias_into on person_alias (survivor_id);

-- A quarantined HL7 v2 message is read again by its partner's dialect; FHIR has no partner.
alter table quarantine add column partner text;

alter table handoff drop constraint handoff_origin_check;
alter table handoff add constraint handoff_origin_check check (origin in ('GRAPH', 'TASK', 'ENCOUNTERS', 'MESSAGE'));

call raise_wall('hl7_message', 'person_alias');
create policy known on person_alias for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using (source_id = (select asking_agency())
    or (select true from tie where tie.person_id = person_alias.person_id limit 1)
    or (select true from tie where tie.person_id = person_alias.survivor_id limit 1)
    or person_id = any ((select known_persons())::uuid[])
    or survivor_id = any ((select known_persons())::uuid[]));
