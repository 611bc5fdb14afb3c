-- A person may be looked for by family name and birth date.
create index person_record_of_birth_date on person_record (birth_date);

-- What a consent comes to is known in the information-sharing room; here it is kept that it was received.
alter table consent rename to received_consent;
alter index consent_pkey rename to received_consent_pkey;
alter index consent_of_person rename to received_consent_of_person;

-- The other room hears of those that were received before it listened.
insert into outbox (id, aggregatetype, aggregateid, type, payload, occurred_at)
select event, 'received_consent', consent_id, 'consent.received',
  jsonb_build_object('specversion', '1.0', 'id', event, 'source', '/referrals', 'type', 'consent.received',
    'subject', consent_id, 'time', to_char(received at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'data', jsonb_build_object('version', version, 'person', person_id, 'agency', source_id)), received
from (
  select gen_random_uuid() as event, received_consent.id as consent_id, version, person_id, received_consent.source_id,
    coalesce((select max(received_at) from fhir_reference join fhir_resource using (source_id, type, logical_id)
      where fhir_reference.entity_id = received_consent.id and fhir_reference.type = 'Consent'),
      timestamptz '1970-01-01') as received
  from received_consent
) told;
