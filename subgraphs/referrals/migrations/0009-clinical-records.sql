-- Laboratory results, notes and claims, as partners send them. The law treats each kind in a way of its own.
create table clinical_record (
  id uuid primary key,
  person_id uuid not null references person,
  source_id uuid not null references agency,
  kind text not null check (kind in ('LAB', 'CLINICAL_NOTE', 'PSYCHOTHERAPY_NOTE', 'CLAIM')),
  name text not null,
  code text,
  status text not null,
  -- A result, or what a note is about; null when it was not sent.
  text text,
  at timestamptz,
  version integer not null
);
create index clinical_record_of_person on clinical_record (person_id, kind);

call raise_wall('clinical_record');
create policy known on clinical_record for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using (source_id = (select asking_agency())
    or (select true from tie where tie.person_id = clinical_record.person_id limit 1)
    or person_id = any ((select known_persons())::uuid[]));
