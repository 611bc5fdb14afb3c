/**
 * The county in memory: stores that look in a map and have what is asked at once. Only what the bench reads is there, and
 * the one requester may see it all.
 */
import type { Act } from "../platform/act.ts";
import type { HouseDoor } from "../platform/subgraph.ts";
import { benchCounty } from "./county.ts";
import type { Moved } from "./county.ts";

const county = benchCounty();

const byId = <T extends { id: string }>(things: readonly T[]) => {
  const found = new Map(things.map((thing) => [thing.id, thing]));
  return (id: string): T | null => found.get(id) ?? null;
};

const byReferral = <T extends { referral: { id: string } }>(things: readonly T[]) => {
  const found = Map.groupBy(things, ({ referral }) => referral.id);
  return (id: string): T[] => found.get(id) ?? [];
};

const latest = county.handoffs.map((moves) => (moves.at(-1) as Moved).handoff);
const ofReferral = Map.groupBy(latest, ({ referral }) => referral);
const edges = latest
  .toSorted((a, b) => +b.occurredAt - +a.occurredAt || (a.id < b.id ? 1 : -1))
  .map((node) => ({ cursor: node.id, node }));
const histories = new Map(
  county.handoffs.map((moves) => [
    (moves[0] as Moved).handoff.id,
    moves.map(({ handoff, by }, index) => ({
      ...handoff,
      from: moves[index - 1]?.handoff.state ?? null,
      to: handoff.state,
      by,
    })),
  ]),
);

const findAgency = byId(county.agencies);
const findPerson = byId(county.people);
const findInterface = byId(county.interfaces);
const findReferral = byId(county.referrals);
const findHandoff = byId(latest);

const referralsStores = {
  agencies: {
    find: findAgency,
    findAll: (ids: readonly string[]) => ids.map(findAgency),
  },
  people: {
    find: findPerson,
    particulars: ({ records }: { records: readonly object[] }) => records[0],
    identifiers: ({ id }: { id: string }) => findPerson(id)?.identifiers,
  },
  interfaces: { find: findInterface, contacts: ({ contacts }: { contacts: unknown }) => contacts },
  referrals: { find: findReferral },
  handoffs: {
    find: findHandoff,
    ofReferral: (id: string) => ofReferral.get(id) ?? [],
    history: (id: string) => histories.get(id) ?? [],
    list: (_: object, { first }: { first: number }) => ({ edges: edges.slice(0, first) }),
  },
};

const directory: HouseDoor = async (question) => {
  const { agency } = question as { agency: string };
  const kind = findAgency(agency)?.kind ?? null;
  const known = kind !== null;
  return { known, kind };
};

const disputesStore = {
  find: byId(county.disputes),
  ofReferral: byReferral(county.disputes),
};
const issuesStore = { find: byId(county.issues), ofReferral: byReferral(county.issues) };

/** What takes the place of each room's stores, by its name. */
export const IN_MEMORY = {
  referrals: {
    context: (_: unknown, act: Act) => ({ act, ...referralsStores }),
    houseDoors: () => ({ "/directory": directory }),
  },
  disputes: { context: (_: unknown, act: Act) => ({ act, disputes: disputesStore }) },
  escalation: { context: (_: unknown, act: Act) => ({ act, issues: issuesStore }) },
  "information-sharing": { context: (_: unknown, act: Act) => ({ act }) },
  performance: { context: (_: unknown, act: Act) => ({ act }) },
};
