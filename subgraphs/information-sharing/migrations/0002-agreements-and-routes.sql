-- Other terms that one agency has drafted, until the other signs them; and who suspended it.
alter table sharing_agreement add column amendment jsonb;
alter table sharing_agreement add column suspended_by_id uuid;
-- Who suspended one before now was not written down: the agency that drafted it may resume it.
update sharing_agreement set suspended_by_id = drafted_by_id where status = 'SUSPENDED';
alter table sharing_agreement add check ((status = 'SUSPENDED') = (suspended_by_id is not null));
create index sharing_agreement_between on sharing_agreement (drafted_by_id, with_id);

create table sharing_route (
  id uuid primary key,
  status text not null check (status in ('APPROVED', 'WITHDRAWN')),
  from_id uuid not null,
  to_id uuid not null check (to_id <> from_id),
  purpose text not null,
  basis text not null,
  categories text[] not null,
  channel text not null check (channel in ('GRAPH', 'PORTAL', 'SECURE_MESSAGE', 'FAX', 'VERBAL')),
  agreement_id uuid not null references sharing_agreement,
  since timestamptz not null,
  until_at timestamptz check (until_at > since),
  created_at timestamptz not null,
  version integer not null
);
create index sharing_route_from on sharing_route (from_id, created_at desc, id desc);
create index sharing_route_to on sharing_route (to_id, created_at desc, id desc);
create index sharing_route_of_agreement on sharing_route (agreement_id);
