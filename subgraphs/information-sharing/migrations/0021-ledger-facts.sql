-- An entry's facts are written in one statement with it, and what stands in them is proven by the entry's own bytes. A foreign
-- key would look up the entry once more for each person, on every page of a list, and proves nothing of this.
alter table ledger_person drop constraint ledger_person_position_fkey;
alter table ledger_subject drop constraint ledger_subject_position_fkey;

-- What a disclosure rested on that was the person's own: consents and attestations, as canonical JSON. The commitment to the
-- person covers it, and it goes with the person.
alter table ledger_person add column grounds text;
