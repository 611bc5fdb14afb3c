-- What is told of a waitlist: how full the service is, and the person's place. Null where nothing is told.
alter table handoff add column capacity_status text check (capacity_status in ('LIMITED', 'FULL'));
alter table handoff add column waitlist_position integer check (waitlist_position >= 1);

-- When the next move is due by the rules that were in force; null where none were published. A worklist is one index scan by it, or
-- by since when a handoff waits where no clock runs.
alter table handoff add column due_at timestamptz;
-- It is worked out for the rows that there are, and written from now on: behind the wall, an update would find none.
alter table handoff add column next_by timestamptz not null generated always as (occurred_at) stored;
alter table handoff alter column next_by drop expression;
create index handoff_due on handoff (next_owner_id, next_by, id);
drop index handoff_waiting;
