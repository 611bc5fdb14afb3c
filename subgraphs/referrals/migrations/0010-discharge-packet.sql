-- The discharge packet of a handoff. Each row is written once: what replaces a part is a row of its own, and nobody is granted an
-- update. `version` is the packet's: one more for each time that something was said of it.
create table packet_part (
  handoff_id uuid not null references handoff,
  version integer not null,
  part text not null check (part in ('MEDICATIONS', 'FUNCTIONAL_STATUS', 'RISKS', 'FOLLOW_UP_APPOINTMENTS')),
  -- Whose information it is.
  source_id uuid not null references agency,
  -- Empty where the sender says that there is none.
  items jsonb not null,
  recorded_at timestamptz not null,
  received_at timestamptz not null,
  primary key (handoff_id, part, version)
);
-- Whether an agency keeps any is asked for nearly every request.
create index packet_part_of_source on packet_part (source_id, part);

-- That the receiver has a part, as it stood at `part_version`.
create table packet_receipt (
  handoff_id uuid not null,
  part text not null,
  part_version integer not null,
  version integer not null,
  agency_id uuid not null references agency,
  confirmed_at timestamptz not null,
  primary key (handoff_id, part, part_version),
  foreign key (handoff_id, part, part_version) references packet_part (handoff_id, part, version)
);

-- That the receiver has compared the packet's medicines with what the person takes, and how many did not agree.
create table medication_reconciliation (
  handoff_id uuid not null references handoff,
  version integer not null,
  agency_id uuid not null references agency,
  discrepancies integer not null check (discrepancies >= 0),
  reconciled_at timestamptz not null,
  primary key (handoff_id, version)
);

-- Who sees a handoff sees its packet; what they may be given of it the rules of sharing say.
call raise_wall('packet_part', 'packet_receipt', 'medication_reconciliation');
create policy known on packet_part for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using ((select true from handoff where handoff.id = packet_part.handoff_id));
create policy supplying on packet_part for insert to handoff_graph_referrals_rw
  with check (source_id = (select asking_agency())
    and (select true from handoff where handoff.id = packet_part.handoff_id and handoff.sender_id = packet_part.source_id));
create policy known on packet_receipt for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using ((select true from handoff where handoff.id = packet_receipt.handoff_id));
create policy confirming on packet_receipt for insert to handoff_graph_referrals_rw
  with check (agency_id = (select asking_agency())
    and (select true from handoff where handoff.id = packet_receipt.handoff_id and handoff.receiver_id = packet_receipt.agency_id));
create policy known on medication_reconciliation for select to handoff_graph_referrals_rw, handoff_graph_referrals_ro
  using ((select true from handoff where handoff.id = medication_reconciliation.handoff_id));
create policy reconciling on medication_reconciliation for insert to handoff_graph_referrals_rw
  with check (agency_id = (select asking_agency())
    and (select true from handoff where handoff.id = medication_reconciliation.handoff_id and handoff.receiver_id = medication_reconciliation.agency_id));
