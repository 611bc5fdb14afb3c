-- The second wall: a dispute is its parties', and for one request of those that facts tie to the person.
call raise_wall('dispute');
create policy known on dispute for select to handoff_graph_disputes_rw, handoff_graph_disputes_ro
  using (party_ids @> array[(select asking_agency())] or person_id = any ((select known_persons())::uuid[]));
create policy opening on dispute for insert to handoff_graph_disputes_rw
  with check (party_ids @> array[(select asking_agency())]);
-- One that raises what it tells is changed by those of its parties who keep it (decisions/0016).
create policy moving on dispute for update to handoff_graph_disputes_rw
  using (keeper_ids @> array[(select asking_agency())]);
-- So that the policy's two ways are two index scans.
create index dispute_of_person on dispute (person_id);
