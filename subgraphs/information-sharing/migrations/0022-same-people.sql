-- Records that an agency says are of one person, each with each: what it has agreed to keep to itself under one of them it
-- keeps under the others too.
create table same_person (
  person_id uuid not null,
  same_id uuid not null check (same_id <> person_id),
  -- The agency that says so.
  agency_id uuid not null,
  primary key (person_id, same_id, agency_id)
);

call raise_wall('same_person');
