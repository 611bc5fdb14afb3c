-- The second wall: who is counted, the house alone sees; a figure names no person, and a meeting is its agencies'.
call raise_wall('handoff_fact', 'volume_snapshot', 'governance_meeting');
create policy figures on volume_snapshot for select to handoff_graph_performance_rw, handoff_graph_performance_ro
  using ((select asking_agency()) is not null);
create policy held on governance_meeting for select to handoff_graph_performance_rw, handoff_graph_performance_ro
  using (agency_ids @> array[(select asking_agency())]);
create policy holding on governance_meeting for insert to handoff_graph_performance_rw
  with check (agency_ids @> array[(select asking_agency())]);
