-- The second wall: what binds agencies is seen by those that it binds, and what tells of a person by those who recorded it or
-- are named in it. Facts are read, and the ledger is written, by the house alone.
call raise_wall('sharing_agreement', 'sharing_route', 'consent', 'restriction', 'attestation', 'known_tie', 'oversight',
  'ledger_entry', 'ledger_person', 'ledger_subject', 'ledger_checkpoint', 'accounting_suspension', 'fact_destruction');

create policy party on sharing_agreement to handoff_graph_information_sharing_rw
  using ((select asking_agency()) in (drafted_by_id, with_id));
create policy party on sharing_route to handoff_graph_information_sharing_rw
  using ((select asking_agency()) in (from_id, to_id));
create policy party on consent to handoff_graph_information_sharing_rw
  using (party_ids @> array[(select asking_agency())]);
-- Nobody but the agency that was asked knows of a restriction.
create policy own on restriction to handoff_graph_information_sharing_rw
  using (agency_id = (select asking_agency()));
-- Those whose records it opens read it, and change nothing.
create policy own on attestation to handoff_graph_information_sharing_rw
  using (agency_id = (select asking_agency()));
create policy informed on attestation for select to handoff_graph_information_sharing_rw
  using (informed_ids @> array[(select asking_agency())]);

create policy reading on sharing_agreement for select to handoff_graph_information_sharing_ro
  using ((select asking_agency()) in (drafted_by_id, with_id));
create policy reading on sharing_route for select to handoff_graph_information_sharing_ro
  using ((select asking_agency()) in (from_id, to_id));

-- Who sees an agreement sees what it was before.
create policy open on history for select to handoff_graph_information_sharing_rw
  using (aggregate_type = 'sharing_agreement'
    and (select true from sharing_agreement where sharing_agreement.id = aggregate_id));

-- An agency accounts for what it disclosed itself (45 CFR 164.528).
create policy disclosed on ledger_entry for select to handoff_graph_information_sharing_rw
  using (source_id = (select asking_agency()));
create policy disclosed on ledger_person for select to handoff_graph_information_sharing_rw
  using ((select true from ledger_entry where ledger_entry.position = ledger_person.position));
create policy own on accounting_suspension to handoff_graph_information_sharing_rw
  using (source_id = (select asking_agency()));
create policy own on fact_destruction to handoff_graph_information_sharing_rw
  using (source_id = (select asking_agency()));
