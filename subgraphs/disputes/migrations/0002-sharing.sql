-- Whom it tells of, whose own record it is, and what it tells by being there. One that was made before is its parties' alone.
alter table dispute add column person_id uuid;
alter table dispute add column keeper_ids uuid[] not null default '{}';
alter table dispute add column raises text[] not null default '{}';
update dispute set keeper_ids = party_ids;
