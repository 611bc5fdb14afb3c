-- Whom it tells of, whose own record it is, and what it tells by being there. One that was made before is its parties' alone.
alter table escalation_issue add column person_id uuid;
alter table escalation_issue add column keeper_ids uuid[] not null default '{}';
alter table escalation_issue add column raises text[] not null default '{}';
update escalation_issue set keeper_ids = party_ids;
