-- The second wall: a row is seen by those whose it is, whatever a query forgets to ask (decisions/0015). Each room's own
-- tables follow in its own migration; policies name the roles of the room whose schema this is.

-- For whom the transaction is: an agency, and the persons that facts tie it to. In policies they stand as `(select ...)`, so
-- that they are worked out once for a query and not for each row.
create function asking_agency() returns uuid language sql stable parallel safe
  return nullif(current_setting('app.agency', true), '')::uuid;
create function known_persons() returns uuid[] language sql stable parallel safe
  return string_to_array(nullif(current_setting('app.persons', true), ''), ',')::uuid[];

-- Closes tables to everyone, their owner included, but the house; policies of their own open rows to agencies.
create procedure raise_wall(variadic tables text[]) language plpgsql as $$
declare
  it text;
begin
  foreach it in array tables loop
    execute format('alter table %I enable row level security', it);
    execute format('alter table %I force row level security', it);
    execute format('create policy house on %I to handoff_graph_%s_house using (true) with check (true)', it, current_schema());
  end loop;
end
$$;

call raise_wall('history', 'outbox', 'idempotency', 'consumed');

do $$
declare
  rw text := format('handoff_graph_%s_rw', current_schema());
  ro text := format('handoff_graph_%s_ro', current_schema());
begin
  execute format('create policy made on history for select to %I, %I using (by_agency = (select asking_agency()))', rw, ro);
  execute format('create policy making on history for insert to %I with check (by_agency = (select asking_agency()))', rw);
  -- What an agency does is told to whoever listens, and to no agency.
  execute format('create policy telling on outbox for insert to %I with check ((select asking_agency()) is not null)', rw);
  execute format('create policy own on idempotency to %I using (agency_id = (select asking_agency()))', rw);
end
$$;
