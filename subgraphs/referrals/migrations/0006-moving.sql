-- A handoff is moved by those who keep it (`keepersOf`): where it raises what it tells, its coordinator keeps it only if
-- theirs is the system that recorded it.
drop policy moving on handoff;
create policy moving on handoff for update to handoff_graph_referrals_rw
  using ((select asking_agency()) in (sender_id, receiver_id)
    or (coordinator_id = (select asking_agency()) and (raises = '{}' or origin <> 'GRAPH')));
