-- Interfaces are published: who published the version that stands, and when. Null while it is agreed alone.
alter table interface add column published_by uuid references agency;
alter table interface add column published_at timestamptz;

-- What a party proposes, until another publishes it.
create table interface_draft (
  id uuid primary key,
  interface_id uuid references interface,
  -- The version that it began from.
  based_on integer,
  proposed_by uuid not null references agency,
  kind text,
  name text,
  party_ids uuid[] not null,
  contacts jsonb not null,
  rules jsonb not null,
  created_at timestamptz not null,
  published_at timestamptz,
  version integer not null
);
create index interface_draft_by_age on interface_draft (created_at, id);

-- The rules of each version that was published, apart from the interface: the interface is for everyone to know of, these are
-- for its parties. A row is written once.
create table interface_rules (
  interface_id uuid not null references interface,
  version integer not null,
  party_ids uuid[] not null,
  rules jsonb not null,
  primary key (interface_id, version)
);

call raise_wall('interface_draft', 'interface_rules');
create policy parties on interface_draft for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using (party_ids @> array[(select asking_agency())]);
create policy drafting on interface_draft for insert to handoff_graph_referrals_rw
  with check (party_ids @> array[(select asking_agency())] and proposed_by = (select asking_agency()));
create policy amending on interface_draft for update to handoff_graph_referrals_rw
  using (party_ids @> array[(select asking_agency())]);
create policy parties on interface_rules for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using (party_ids @> array[(select asking_agency())]);
create policy publishing on interface_rules for insert to handoff_graph_referrals_rw
  with check (party_ids @> array[(select asking_agency())]);

-- The evidence that has come with a referral, by the codes that interfaces ask for.
alter table referral add column evidence text[] not null default '{}';
