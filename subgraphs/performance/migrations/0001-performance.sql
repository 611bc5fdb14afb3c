-- One row for each handoff that was made at an interface, from the referrals room's events.
create table handoff_fact (
  handoff_id uuid primary key,
  interface_id uuid not null,
  person_id uuid not null,
  month text not null
);
create index handoff_fact_of_month on handoff_fact (interface_id, month);

-- A closed month's figure, computed once: later facts do not change what was said.
create table volume_snapshot (
  interface_id uuid not null,
  month text not null,
  persons integer not null,
  frozen_at timestamptz not null,
  primary key (interface_id, month)
);

create table governance_meeting (
  id uuid primary key,
  interface_id uuid not null,
  month text not null,
  held_at timestamptz not null,
  agency_ids uuid[] not null check (cardinality(agency_ids) >= 2),
  attendees text[] not null,
  minutes_reference text not null,
  version integer not null
);
create index governance_meeting_of_agency on governance_meeting using gin (agency_ids);
create index governance_meeting_by_date on governance_meeting (held_at desc, id desc);
