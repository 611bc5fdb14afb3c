create table sharing_agreement (
  id uuid primary key,
  interface_id uuid not null,
  drafted_by_id uuid not null,
  with_id uuid not null check (with_id <> drafted_by_id),
  status text not null check (status in ('DRAFT', 'IN_FORCE', 'SUSPENDED', 'ENDED')),
  purposes text[] not null,
  categories text[] not null,
  from_at timestamptz not null,
  until_at timestamptz check (until_at > from_at),
  created_at timestamptz not null,
  version integer not null
);
create index sharing_agreement_of_interface on sharing_agreement (interface_id);
create index sharing_agreement_drafted on sharing_agreement (drafted_by_id, created_at desc, id desc);
create index sharing_agreement_with on sharing_agreement (with_id, created_at desc, id desc);
