-- Every FHIR resource as it was received, each different version once; mapped or not, nothing is dropped.
create table fhir_resource (
  source_id uuid not null references agency,
  type text not null,
  logical_id text not null,
  sha256 text not null,
  body text not null,
  mapped boolean not null,
  received_at timestamptz not null,
  primary key (source_id, type, logical_id, sha256)
);

-- A FHIR logical id means something only at its source: this is what it means here.
create table fhir_reference (
  source_id uuid not null references agency,
  type text not null,
  logical_id text not null,
  entity_id uuid not null,
  primary key (source_id, type, logical_id)
);
create index fhir_reference_to on fhir_reference (entity_id);

-- What could not be taken in, with its bytes and the reason, until it is mended and sent or replayed.
create table quarantine (
  id uuid primary key,
  source_id uuid not null references agency,
  sha256 text not null,
  code text not null,
  message text not null,
  element text,
  type text,
  logical_id text,
  bytes bytea not null,
  received_at timestamptz not null,
  released_at timestamptz,
  unique (source_id, sha256)
);

create table location (
  id uuid primary key,
  source_id uuid not null references agency,
  name text,
  agency_id uuid references agency
);

create table practitioner (
  id uuid primary key,
  name text,
  npi text
);

create table practitioner_role (
  id uuid primary key,
  practitioner_id uuid references practitioner,
  agency_id uuid references agency,
  code text
);

create table encounter (
  id uuid primary key,
  person_id uuid not null references person,
  agency_id uuid references agency,
  source_id uuid not null references agency,
  part_of_id uuid references encounter,
  class text not null,
  status text not null,
  disposition text,
  -- Null unless an instant was sent: a bare date is not guessed into one.
  started_at timestamptz,
  ended_at timestamptz,
  -- For order alone: the start, or the first instant of its date, or when it was received.
  began_at timestamptz not null,
  version integer not null
);
create index encounter_of_person on encounter (person_id, began_at, id);

-- A handoff that two stays show: at most one for each pair.
create table inferred_handoff (
  from_encounter_id uuid not null references encounter,
  to_encounter_id uuid not null references encounter,
  handoff_id uuid not null references handoff,
  primary key (from_encounter_id, to_encounter_id)
);

create table medication (
  id uuid primary key,
  person_id uuid not null references person,
  source_id uuid not null references agency,
  name text not null,
  status text not null,
  code text,
  version integer not null
);
create index medication_of_person on medication (person_id);

create table consent (
  id uuid primary key,
  person_id uuid not null references person,
  source_id uuid not null references agency,
  status text not null,
  scope text,
  policy text,
  given_at timestamptz,
  version integer not null
);
create index consent_of_person on consent (person_id);
