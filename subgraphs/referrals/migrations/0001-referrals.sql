create table agency (
  id uuid primary key,
  name text not null,
  kind text check (kind in ('HOSPITAL', 'CLINIC', 'BH', 'SUD_PROGRAM', 'COUNTY', 'HOUSING', 'APS', 'MCO', 'EMS',
    'CRISIS', 'LAW', 'COMMISSIONER', 'VICTIM_SERVICES')),
  parent_id uuid references agency,
  contacts jsonb not null default '[]',
  created_at timestamptz not null,
  version integer not null
);
create index agency_by_age on agency (created_at, id);

create table agency_identifier (
  system text not null,
  value text not null,
  agency_id uuid not null references agency,
  primary key (system, value)
);
create index agency_identifier_of on agency_identifier (agency_id);

create table person (
  id uuid primary key,
  name text,
  birth_date text,
  created_at timestamptz not null,
  version integer not null
);

-- Which agency said so is part of the fact: an agency reads back only the identifiers that it sent.
create table person_identifier (
  system text not null,
  value text not null,
  person_id uuid not null references person,
  source_id uuid not null references agency,
  primary key (system, value, source_id, person_id)
);
create index person_identifier_of on person_identifier (person_id);

-- Why an agency may know that a person exists. SOURCE: its own system sent us the person's record.
create table tie (
  person_id uuid not null references person,
  agency_id uuid not null references agency,
  kind text not null check (kind in ('SOURCE', 'TREATING', 'ENROLLED', 'REFERRAL')),
  since timestamptz not null,
  primary key (person_id, agency_id, kind)
);

create table interface (
  id uuid primary key,
  kind text not null,
  name text not null,
  party_ids uuid[] not null check (cardinality(party_ids) >= 2),
  contacts jsonb not null,
  created_at timestamptz not null,
  since timestamptz not null,
  version integer not null
);
create index interface_by_age on interface (created_at, id);

create table referral (
  id uuid primary key,
  person_id uuid not null references person,
  referrer_id uuid not null references agency,
  status text not null,
  priority text not null,
  service text,
  authored_at timestamptz not null,
  version integer not null
);
create index referral_of_person on referral (person_id);

create table handoff (
  id uuid primary key,
  referral_id uuid not null references referral,
  person_id uuid not null references person,
  interface_id uuid references interface,
  sender_id uuid not null references agency,
  receiver_id uuid references agency,
  coordinator_id uuid not null references agency,
  accountable_id uuid not null references agency,
  -- Whose move is next, kept beside the state it follows from so that a worklist is one index scan.
  next_owner_id uuid references agency,
  state text not null check (state in ('ANTICIPATED', 'NOTIFIED', 'PACKET_INCOMPLETE', 'AWAITING_DECISION',
    'INFO_REQUESTED', 'ACCEPTED', 'SCHEDULED', 'IN_SERVICE', 'WAITLISTED', 'UNABLE_TO_REACH', 'DECLINED', 'CANCELLED',
    'COMPLETED')),
  cycle integer not null,
  move text not null,
  reason text,
  reason_text text,
  items jsonb not null default '[]',
  appointment_at timestamptz,
  review_at timestamptz,
  redirect_to_id uuid references agency,
  origin text not null check (origin in ('GRAPH', 'TASK', 'ENCOUNTERS')),
  left_at timestamptz,
  engaged_at timestamptz,
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  received_at timestamptz not null,
  version integer not null
);
create index handoff_of_referral on handoff (referral_id);
create index handoff_of_person on handoff (person_id, occurred_at desc, id desc);
create index handoff_sent on handoff (sender_id, occurred_at desc, id desc);
create index handoff_received on handoff (receiver_id, occurred_at desc, id desc);
create index handoff_coordinated on handoff (coordinator_id, occurred_at desc, id desc);
create index handoff_waiting on handoff (next_owner_id, occurred_at, id);
