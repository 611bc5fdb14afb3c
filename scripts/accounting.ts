/**
 * The accounting of disclosures that a person asks an agency for (45 CFR 164.528), from the ledger:
 *
 *   npm run accounting -- --person ID --source AGENCY [--html FILE | --json FILE]
 *
 * Without a file it is printed as JSON. What is suspended is not in it.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { v7 as uuidv7, validate as isUuid } from "uuid";
import type { Act } from "#platform/act.ts";
import { systemClock } from "#platform/clock.ts";
import { accountedSince } from "../subgraphs/information-sharing/ledger/accounting.ts";
import type { Disclosure } from "../subgraphs/information-sharing/ledger/accounting.ts";
import {
  accountingDocument,
  accountingPage,
} from "../subgraphs/information-sharing/ledger/accounting-page.ts";
import { openAccounting } from "../subgraphs/information-sharing/ledger/accounting-store.ts";
import { openAgencies } from "../subgraphs/referrals/agency-store.ts";
import { openStanding } from "./standing-database.ts";

const PAGE = 100;

/** What an agency's own privacy officer would be told, here by the operator's hand. */
const officerOf = (agency: string): Act => ({
  by: {
    agency,
    kind: null,
    role: "PRIVACY_OFFICER",
    purpose: "HOPERAT",
    basis: null,
    subject: "operator",
  },
  at: systemClock(),
  requestId: uuidv7(),
});

const nobody = (): Promise<never> => {
  throw new Error("an accounting asks no other room");
};

const run = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      person: { type: "string" },
      source: { type: "string" },
      html: { type: "string" },
      json: { type: "string" },
    },
  });
  const { person, source, html, json } = values;
  if (!person || !source || !isUuid(person) || !isUuid(source))
    throw new Error(
      "usage: npm run accounting -- --person ID --source AGENCY [--html FILE | --json FILE], with ids of the graph",
    );
  const database = await openStanding();
  try {
    const act = officerOf(source.toLowerCase());
    const accounting = openAccounting(
      database.of("information_sharing").by(act.by.agency),
      act,
      nobody,
    );
    const disclosures: Disclosure[] = [];
    let destroyedBefore: Date | null = null;
    for (let after: string | null = null, more = true; more;) {
      const page = await accounting.list({ personId: person.toLowerCase(), first: PAGE, after });
      disclosures.push(...page.edges.map(({ node }) => node));
      destroyedBefore = page.destroyedBefore;
      after = page.pageInfo.endCursor;
      more = page.pageInfo.hasNextPage;
    }
    const roll = openAgencies(database.of("referrals").house());
    const ids = [...new Set([act.by.agency, ...disclosures.map(({ recipient }) => recipient.id)])];
    const agencies = await Promise.all(ids.map((id) => roll.find(id)));
    const made = accountingDocument({
      person: person.toLowerCase(),
      source: act.by.agency,
      madeAt: act.at,
      from: accountedSince(act.at),
      to: act.at,
      destroyedBefore,
      disclosures,
      names: new Map(agencies.flatMap((it) => (it?.name ? [[it.id, it.name] as const] : []))),
    });
    const text = `${JSON.stringify(made, null, 2)}\n`;
    if (html !== undefined) writeFileSync(html, accountingPage(made));
    if (json !== undefined) writeFileSync(json, text);
    if (html === undefined && json === undefined) process.stdout.write(text);
  } finally {
    await database.close();
  }
};

try {
  await run();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
