import { v7 as uuidv7 } from "uuid";
import { notFound, Problem } from "#schema/problems.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { aggregate } from "#platform/aggregate.ts";
import type { Database } from "#platform/database.ts";
import { instant } from "#platform/record.ts";
import type { Row } from "#platform/record.ts";
import type { Seeing } from "#platform/sharing.ts";
import { kindOf } from "./agency-store.ts";
import type { ReadRaisedByContent } from "./content-label-store.ts";
import { keptOf } from "./handoff-store.ts";
import { raisedBy } from "./records.ts";
import type { Referral } from "./referral.ts";
import { referralToActOn } from "./referral-store.ts";
import { asTold, stated } from "./statement.ts";
import type {
  PersonStatement,
  Statement,
  StatementSaid,
  StatementSubject,
  ToldTo,
} from "./statement.ts";

const fromRow = (row: Row): Statement => ({
  id: row.id as string,
  version: row.version as number,
  referral: row.referral_id as string,
  person: row.person_id as string,
  source: row.source_id as string,
  about: row.about as StatementSubject,
  answer: row.answer as string | null,
  says: row.says as string,
  toldTo: row.told_to as ToldTo,
  toldAt: instant(row.told_at),
  receivedAt: instant(row.received_at),
  raises: row.raises as Category[],
});

const toRow = (statement: Statement) => ({
  id: statement.id,
  version: statement.version,
  referral_id: statement.referral,
  person_id: statement.person,
  source_id: statement.source,
  about: statement.about,
  answer: statement.answer,
  says: statement.says,
  told_to: statement.toldTo,
  told_at: statement.toldAt,
  received_at: statement.receivedAt,
  raises: statement.raises,
});

const kept = aggregate<Statement>({
  schema: "referrals",
  table: "person_statement",
  fromRow,
  toRow,
  event: () => "statement.recorded",
  told: ({ referral }) => ({ referral }),
  occurredAt: ({ toldAt }) => toldAt,
});

/** What comes with a new statement. */
export interface StatementInput extends StatementSaid {
  idempotencyKey: string;
  referralId: string;
}

/** What people were told, as one requester may see and add to it. */
export const openStatements = (
  database: Database,
  act: Act,
  sharing: Seeing,
  raisedByContent: ReadRaisedByContent,
) => {
  const ofReferral = kept.gatherer(
    database,
    (query) => query,
    "referral_id",
    ({ referral }) => referral,
    sharing,
  );
  const of = async ({ id, keepers }: Referral): Promise<PersonStatement[]> => {
    const statements = asTold(await ofReferral.load(id));
    const raised = await raisedByContent();
    return statements.map((it) => {
      const raises = raised({ source: it.source, name: it.says, code: null }, it.raises);
      return { ...it, raises, keepers: raises.length === 0 ? keepers : [it.source] };
    });
  };
  return {
    of,
    /** Those that the requester may be given; for what is told of them together. */
    permitted: async (referral: Referral): Promise<PersonStatement[]> =>
      sharing.permitted("PersonStatement", await of(referral)),
    record: async (input: StatementInput): Promise<string> => {
      const { referral } = await kept.make(database, act, "recordStatement", input, async (tx) => {
        const about = (await referralToActOn(tx, act.by, input.referralId)) ?? notFound();
        if ((await keptOf(tx, act.by, about.id)).length === 0)
          throw new Problem("BAD_INPUT", "`referralId` has no handoff of your agency", {
            field: "referralId",
          });
        // That such an agency speaks to somebody tells what its handoffs tell.
        const told = raisedBy([await kindOf(tx, act.by.agency)]);
        const raises = [...new Set([...about.raises, ...told])].sort();
        return stated(uuidv7(), about, raises, input, act);
      });
      ofReferral.clear(referral);
      return referral;
    },
  };
};

export type Statements = ReturnType<typeof openStatements>;
