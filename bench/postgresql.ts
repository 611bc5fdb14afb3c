/** The county as rows of a database of the bench's own. */
import { randomUUID } from "node:crypto";
import { openPostgresql } from "../platform/database.ts";
import type { OpenDatabase } from "../platform/database.ts";
import { migrateRoom } from "../platform/subgraph.ts";
import { handoffToRow } from "../subgraphs/referrals/handoff-store.ts";
import { benchCounty, NOW, REQUESTER } from "./county.ts";
import type { BenchCounty, Moved } from "./county.ts";
import { emptyDatabase } from "./own-database.ts";
import { ROOMS } from "./rooms.ts";

const historyRows = (moves: Moved[]) =>
  moves.map(({ handoff, by }, index) => {
    const before = moves[index - 1];
    return {
      id: randomUUID(),
      aggregate_type: "handoff",
      aggregate_id: handoff.id,
      version: handoff.version,
      what: before ? "handoff.moved" : "handoff.made",
      before: before ? JSON.stringify(handoffToRow(before.handoff)) : null,
      after: JSON.stringify(handoffToRow(handoff)),
      by_agency: by,
      by_subject: REQUESTER.subject,
      request_id: "bench",
      at: handoff.occurredAt,
    };
  });

const rowsOf = (county: BenchCounty): Record<string, object[]> => ({
  "referrals.agency": county.agencies.map(({ id, version, name, kind }) => ({
    id,
    version,
    name,
    kind,
    created_at: NOW,
  })),
  "referrals.interface": county.interfaces.map(({ parties, contacts, publication: _, ...it }) => ({
    ...it,
    party_ids: parties,
    contacts: JSON.stringify(contacts),
    created_at: it.since,
  })),
  "referrals.person": county.people.map(({ id, version, records: [record] }) => ({
    id,
    version,
    name: record?.name,
    birth_date: record?.birthDate,
    created_at: NOW,
  })),
  "referrals.person_record": county.people.flatMap(({ id, records }) =>
    records.map(({ source, name, birthDate }) => ({
      person_id: id,
      source_id: source,
      name,
      birth_date: birthDate,
      at: NOW,
    })),
  ),
  "referrals.person_identifier": county.people.flatMap(({ id, identifiers }) =>
    identifiers.map((identifier) => ({
      ...identifier,
      person_id: id,
      source_id: REQUESTER.agency,
    })),
  ),
  "referrals.tie": county.people.map(({ id }) => ({
    person_id: id,
    agency_id: REQUESTER.agency,
    kind: "REFERRAL",
    since: NOW,
  })),
  "referrals.referral": county.referrals.map(
    ({ person, referrer, authoredAt, keepers, ...it }) => ({
      ...it,
      keeper_ids: keepers,
      person_id: person,
      referrer_id: referrer,
      authored_at: authoredAt,
    }),
  ),
  "referrals.handoff": county.handoffs.map((moves) =>
    handoffToRow((moves.at(-1) as Moved).handoff),
  ),
  "referrals.history": county.handoffs.flatMap(historyRows),
  "disputes.dispute": county.disputes.map((it) => ({
    id: it.id,
    version: it.version,
    referral_id: it.referral.id,
    person_id: it.person,
    keeper_ids: it.keepers,
    type: it.type,
    subject: it.subject,
    stage: it.stage,
    coverage: it.coverage,
    party_ids: it.parties.map(({ id }) => id),
    opened_by_id: it.openedBy.id,
    opened_at: it.openedAt,
    positions: JSON.stringify(
      it.positions.map(({ agency, statement, statedAt }) => ({
        agencyId: agency.id,
        statement,
        statedAt,
      })),
    ),
  })),
  "escalation.escalation_issue": county.issues.map((it) => ({
    id: it.id,
    version: it.version,
    referral_id: it.referral.id,
    person_id: it.person,
    keeper_ids: it.keepers,
    type: it.type,
    impact: it.impact,
    rung: it.rung,
    raised_by_id: it.raisedBy.id,
    party_ids: it.parties.map(({ id }) => id),
    raised_at: it.raisedAt,
  })),
});

const fill = async (sql: OpenDatabase["sql"]): Promise<void> => {
  for (const [table, rows] of Object.entries(rowsOf(benchCounty())))
    await sql.batchInsert(table, rows, 100);
  await sql.raw("analyze");
};

/**
 * Makes a database on a server and writes the county into it.
 *
 * @returns Where it is, and how it is dropped.
 */
export const benchDatabase = async (
  server: string,
): Promise<{ url: string; drop: () => Promise<void> }> => {
  const { url, drop } = await emptyDatabase(server);
  try {
    const database = await openPostgresql(url);
    for (const room of ROOMS) await migrateRoom(room, database);
    await fill(database.sql);
    await database.close();
  } catch (error) {
    await drop();
    throw error;
  }
  return { url, drop };
};
