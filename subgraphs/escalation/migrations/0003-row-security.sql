-- The second wall: an issue is its parties', and for one request of those that facts tie to the person.
call raise_wall('escalation_issue');
create policy known on escalation_issue for select to handoff_graph_escalation_rw, handoff_graph_escalation_ro
  using (party_ids @> array[(select asking_agency())] or person_id = any ((select known_persons())::uuid[]));
create policy raising on escalation_issue for insert to handoff_graph_escalation_rw
  with check (party_ids @> array[(select asking_agency())]);
-- One that raises what it tells is changed by those of its parties who keep it (decisions/0016).
create policy moving on escalation_issue for update to handoff_graph_escalation_rw
  using (keeper_ids @> array[(select asking_agency())]);
-- So that the policy's two ways are two index scans.
create index escalation_issue_of_person on escalation_issue (person_id);
