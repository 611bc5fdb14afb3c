-- The second wall. Policies bind agencies (rw) and whoever reads for one (ro); the house sees all rows.
call raise_wall('agency', 'agency_identifier', 'interface', 'content_label', 'person', 'person_record', 'person_identifier',
  'tie', 'none_known', 'referral', 'handoff', 'encounter', 'medication');

-- What only intake reads and writes, as the house: no agency's query sees a row of it.
call raise_wall('fhir_resource', 'fhir_reference', 'quarantine', 'location', 'practitioner', 'practitioner_role',
  'inferred_handoff', 'received_consent');

-- What names no person, whoever asks for an agency may read.
create policy roll on agency for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using ((select asking_agency()) is not null);
create policy roll on agency_identifier for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using ((select asking_agency()) is not null);
create policy roll on interface for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using ((select asking_agency()) is not null);
create policy agreeing on interface for insert to handoff_graph_referrals_rw
  with check (party_ids @> array[(select asking_agency())]);
create policy revising on interface for update to handoff_graph_referrals_rw
  using (party_ids @> array[(select asking_agency())]);
-- Every line, for the records that an agency is given are other agencies'.
create policy roll on content_label for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using ((select asking_agency()) is not null);
create policy labelling on content_label for insert to handoff_graph_referrals_rw
  with check (agency_id = (select asking_agency()));
create policy withdrawing on content_label for update to handoff_graph_referrals_rw
  using (agency_id = (select asking_agency()));

-- Ties are the house's to note: a handoff's sender does not see those of its receiver.
create policy own on tie for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using (agency_id = (select asking_agency()));

-- What tells of a person is seen by the agencies whose it is, by those that are tied to the person, and, for one request,
-- by those that facts tie to the person. What they may be given of it the rules of sharing say. A tie is looked up by
-- `(select true ... limit 1)`: for `exists` the planner works out two ways, which takes longer than most of these queries.
create policy known on person for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using ((select true from tie where tie.person_id = person.id limit 1)
    or id = any ((select known_persons())::uuid[]));
create policy known on person_record for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using (source_id = (select asking_agency())
    or (select true from tie where tie.person_id = person_record.person_id limit 1)
    or person_id = any ((select known_persons())::uuid[]));
create policy known on person_identifier for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using (source_id = (select asking_agency())
    or (select true from tie where tie.person_id = person_identifier.person_id limit 1)
    or person_id = any ((select known_persons())::uuid[]));
create policy known on none_known for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using (source_id = (select asking_agency())
    or (select true from tie where tie.person_id = none_known.person_id limit 1)
    or person_id = any ((select known_persons())::uuid[]));
create policy known on medication for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using (source_id = (select asking_agency())
    or (select true from tie where tie.person_id = medication.person_id limit 1)
    or person_id = any ((select known_persons())::uuid[]));
create policy known on encounter for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using ((select asking_agency()) = any (array[source_id, agency_id])
    or (select true from tie where tie.person_id = encounter.person_id limit 1)
    or person_id = any ((select known_persons())::uuid[]));

create policy known on referral for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using (keeper_ids @> array[(select asking_agency())]
    or (select true from tie where tie.person_id = referral.person_id limit 1)
    or person_id = any ((select known_persons())::uuid[]));
create policy making on referral for insert to handoff_graph_referrals_rw
  with check (keeper_ids @> array[(select asking_agency())]);
create policy keeping on referral for update to handoff_graph_referrals_rw
  using (keeper_ids @> array[(select asking_agency())]);

create policy known on handoff for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using ((select asking_agency()) = any (array[sender_id, receiver_id, coordinator_id])
    or (select true from tie where tie.person_id = handoff.person_id limit 1)
    or person_id = any ((select known_persons())::uuid[]));
create policy offering on handoff for insert to handoff_graph_referrals_rw
  with check (sender_id = (select asking_agency()));
create policy moving on handoff for update to handoff_graph_referrals_rw
  using ((select asking_agency()) = any (array[sender_id, receiver_id, coordinator_id]));

-- Who sees a handoff sees what became of it; an interface's past is as open as the interface.
create policy open on history for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using ((aggregate_type = 'interface' and (select asking_agency()) is not null)
    or (aggregate_type = 'handoff' and (select true from handoff where handoff.id = aggregate_id)));
