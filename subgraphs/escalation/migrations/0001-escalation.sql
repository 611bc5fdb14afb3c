create table escalation_issue (
  id uuid primary key,
  referral_id uuid not null,
  type text not null check (type in ('DELAYED_CRISIS_RESPONSE', 'DISPUTED_RESPONSIBILITY', 'UNSAFE_DISCHARGE',
    'MISSED_VISITS', 'RESTRICTIVE_PRACTICES', 'OTHER')),
  type_text text,
  impact text not null,
  rung text not null check (rung in ('FRONTLINE_CONTACT', 'MANAGERS', 'EXECUTIVES', 'FORMAL_DISPUTE_RESOLUTION')),
  raised_by_id uuid not null,
  party_ids uuid[] not null check (cardinality(party_ids) = 2),
  raised_at timestamptz not null,
  resolved_at timestamptz,
  resolution text,
  version integer not null
);
create index escalation_issue_of_referral on escalation_issue (referral_id);
create index escalation_issue_of_party on escalation_issue using gin (party_ids);
create index escalation_issue_open on escalation_issue (raised_at, id) where resolved_at is null;
