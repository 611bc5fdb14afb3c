-- What each agency's own system says of a person: everyone reads their own record of them, or one that they may be given.
create table person_record (
  person_id uuid not null references person,
  source_id uuid not null references agency,
  name text,
  birth_date text,
  at timestamptz not null,
  primary key (person_id, source_id)
);
insert into person_record (person_id, source_id, name, birth_date, at)
select person.id, tie.agency_id, person.name, person.birth_date, tie.since
from person join tie on tie.person_id = person.id and tie.kind = 'SOURCE';

-- What a record tells of a person by being there: a referral to a substance-use programme discloses treatment.
alter table handoff add column raises text[] not null default '{}';
alter table encounter add column raises text[] not null default '{}';
alter table referral add column raises text[] not null default '{}';
-- The agencies whose own record it is, the referrer among them: kept here so that one row tells who they are.
alter table referral add column keeper_ids uuid[] not null default '{}';
update referral set keeper_ids = array(
  select distinct agency from (
    select referral.referrer_id as agency
    union all
    select unnest(array[sender_id, receiver_id, coordinator_id]) from handoff where handoff.referral_id = referral.id
  ) kept where agency is not null
);
create index referral_of_keeper on referral using gin (keeper_ids);

-- Ties have an end, and whoever listens hears of each change.
alter table tie add column id uuid not null default gen_random_uuid() unique;
alter table tie add column until timestamptz;
alter table tie add column version integer not null default 1;
insert into outbox (id, aggregatetype, aggregateid, type, payload, occurred_at)
select event, 'tie', tie_id, 'tie.changed',
  jsonb_build_object('specversion', '1.0', 'id', event, 'source', '/referrals', 'type', 'tie.changed', 'subject', tie_id,
    'time', said, 'data', jsonb_build_object('version', 1, 'person', person_id, 'agency', agency_id, 'kind', kind,
    'since', said, 'until', null)), since
from (
  select gen_random_uuid() as event, tie.id as tie_id, person_id, agency_id, kind, since,
    to_char(since at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as said
  from tie
) told;

-- That a person takes no medicine, as a source says: not the same as that nobody has said what they take.
create table none_known (
  person_id uuid not null references person,
  source_id uuid not null references agency,
  at timestamptz not null,
  primary key (person_id, source_id)
);

-- Words and codes that tell more than that somebody takes a medicine; a privacy officer adds those of their own agency.
create table content_label (
  id uuid primary key,
  -- Whose records it is about; null for everyone's.
  agency_id uuid references agency,
  code text,
  words text,
  category text not null check (category in ('SUD_TREATMENT', 'HIV_STD', 'MENTAL_HEALTH')),
  why text not null,
  created_at timestamptz not null,
  withdrawn_at timestamptz,
  version integer not null,
  check (num_nonnulls(code, words) = 1)
);

-- A first table, to be gone through by each county's privacy officer: by words, for orders carry many codes of one medicine.
insert into content_label (id, words, category, why, created_at, version)
select gen_random_uuid(), words, category, why, timestamptz '2025-01-01', 1
from (values
  ('buprenorphine', 'SUD_TREATMENT', 'a treatment of opioid use disorder'),
  ('suboxone', 'SUD_TREATMENT', 'a treatment of opioid use disorder'),
  ('sublocade', 'SUD_TREATMENT', 'a treatment of opioid use disorder'),
  ('methadone', 'SUD_TREATMENT', 'a treatment of opioid use disorder'),
  ('naltrexone', 'SUD_TREATMENT', 'a treatment of alcohol and opioid use disorder'),
  ('disulfiram', 'SUD_TREATMENT', 'a treatment of alcohol use disorder'),
  ('acamprosate', 'SUD_TREATMENT', 'a treatment of alcohol use disorder'),
  ('lofexidine', 'SUD_TREATMENT', 'a treatment of opioid withdrawal'),
  ('emtricitabine', 'HIV_STD', 'an antiretroviral'),
  ('tenofovir', 'HIV_STD', 'an antiretroviral'),
  ('dolutegravir', 'HIV_STD', 'an antiretroviral'),
  ('bictegravir', 'HIV_STD', 'an antiretroviral'),
  ('efavirenz', 'HIV_STD', 'an antiretroviral'),
  ('zidovudine', 'HIV_STD', 'an antiretroviral'),
  ('lamivudine', 'HIV_STD', 'an antiretroviral'),
  ('darunavir', 'HIV_STD', 'an antiretroviral'),
  ('clozapine', 'MENTAL_HEALTH', 'an antipsychotic'),
  ('haloperidol', 'MENTAL_HEALTH', 'an antipsychotic'),
  ('olanzapine', 'MENTAL_HEALTH', 'an antipsychotic'),
  ('risperidone', 'MENTAL_HEALTH', 'an antipsychotic'),
  ('quetiapine', 'MENTAL_HEALTH', 'an antipsychotic'),
  ('aripiprazole', 'MENTAL_HEALTH', 'an antipsychotic'),
  ('lithium', 'MENTAL_HEALTH', 'a mood stabilizer')
) as first(words, category, why);
