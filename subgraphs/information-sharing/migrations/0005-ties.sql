-- What binds agencies and people, as the referrals room tells it: the latest version of each tie that is known here.
create table known_tie (
  person_id uuid not null,
  agency_id uuid not null,
  kind text not null check (kind in ('SOURCE', 'TREATING', 'ENROLLED', 'REFERRAL')),
  since timestamptz not null,
  until_at timestamptz,
  version integer not null,
  primary key (person_id, agency_id, kind)
);

-- A threshold that was breached lets an agency oversee what becomes of a person, until it is resolved.
create table oversight (
  threshold_id uuid primary key,
  person_id uuid not null,
  agency_id uuid not null,
  since timestamptz not null,
  until_at timestamptz,
  version integer not null
);
create index oversight_of_person on oversight (person_id, agency_id);
