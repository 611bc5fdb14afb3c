-- What agencies have told a person of a referral. A row is written once: what corrects it is a later one of the same agency, and
-- nobody is granted an update.
create table person_statement (
  id uuid primary key,
  version integer not null,
  referral_id uuid not null references referral,
  person_id uuid not null references person,
  -- The agency that told it.
  source_id uuid not null references agency,
  about text not null check (about in ('ELIGIBILITY', 'START_DATE', 'COST', 'PROVIDER', 'NEXT_STEP', 'OTHER')),
  -- By a code of its subject; null where it is words alone.
  answer text,
  says text not null,
  told_to text not null check (told_to in ('PERSON', 'REPRESENTATIVE', 'FAMILY')),
  told_at timestamptz not null,
  received_at timestamptz not null,
  -- What the referral told beside when it was recorded.
  raises text[] not null
);
create index person_statement_of_referral on person_statement (referral_id);

-- Who sees a referral sees it; what they may be given of it the rules of sharing say.
call raise_wall('person_statement');
create policy known on person_statement for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using ((select true from referral where referral.id = person_statement.referral_id));
create policy telling on person_statement for insert to handoff_graph_referrals_rw
  with check (source_id = (select asking_agency())
    and (select true from handoff where handoff.referral_id = person_statement.referral_id
      and person_statement.source_id in (handoff.sender_id, handoff.receiver_id, handoff.coordinator_id) limit 1));

-- That an agency has assessed a person, and by which instrument; what came of it stays where it is.
create table assessment (
  id uuid primary key,
  version integer not null,
  person_id uuid not null references person,
  source_id uuid not null references agency,
  code text not null,
  assessed_at timestamptz not null,
  received_at timestamptz not null,
  -- What it tells by naming the agency.
  raises text[] not null
);
create index assessment_of_person on assessment (person_id);
-- Whether an agency keeps any is asked for nearly every request.
create index assessment_of_source on assessment (source_id);

call raise_wall('assessment');
create policy known on assessment for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using (source_id = (select asking_agency())
    or (select true from tie where tie.person_id = assessment.person_id limit 1)
    or person_id = any ((select known_persons())::uuid[]));
create policy assessing on assessment for insert to handoff_graph_referrals_rw
  with check (source_id = (select asking_agency())
    and (select true from tie where tie.person_id = assessment.person_id limit 1));
