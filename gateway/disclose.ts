/**
 * Step 7: what is given of another agency's information is written down, durably, before the first byte of it leaves. What
 * cannot be written down is not given.
 */
import { Problem } from "#schema/problems.ts";
import { LEDGER } from "#sharing/disclosure.ts";
import type { DisclosedPerson, Disclosure, DisclosuresTold } from "#sharing/disclosure.ts";
import type { Requester } from "#sharing/requester.ts";
import { POLICY } from "#sharing/rules.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Log } from "#platform/log.ts";
import { DEADLINES } from "./link.ts";
import type { Subgraph } from "./subgraph.ts";
import { madeOnce } from "./told.ts";
import type { Given, Heard } from "./told.ts";

/**
 * Writes down what a request gives away; nothing, when it gives nothing.
 *
 * @throws {Problem} DISCLOSURE_NOT_RECORDED
 */
export type Disclose = (
  heard: readonly Heard[],
  requester: Requester,
  requestId: string,
  at: Date,
) => Promise<void>;

/**
 * What was given of one agency's information by the same rules is one disclosure, about all the persons of whom it was given:
 * one entry for each would be twenty for a page of a list.
 */
export const disclosuresOf = (given: readonly Given[]): Disclosure[] => {
  // What two rooms gave of one person on the same grounds is one thing.
  const things = new Map<string, { thing: Given; categories: Set<Category>; all: Given[] }>();
  for (const thing of given) {
    const { person, source, rules, obligations, agreement } = thing;
    const key = `${person} ${source} ${rules.join()} ${obligations.join()} ${agreement?.id} ${agreement?.version}`;
    const there = things.get(key) ?? { thing, categories: new Set<Category>(), all: [] };
    there.all.push(thing);
    for (const category of thing.categories) there.categories.add(category);
    things.set(key, there);
  }
  const alike = new Map<string, { thing: Given; categories: Category[]; all: Given[] }>();
  for (const { thing, categories, all } of things.values()) {
    const { source, rules, obligations, agreement } = thing;
    const sorted = [...categories].sort();
    const key = `${sorted.join()} ${source} ${rules.join()} ${obligations.join()} ${agreement?.id} ${agreement?.version}`;
    const there = alike.get(key) ?? { thing, categories: sorted, all: [] };
    there.all.push(...all);
    alike.set(key, there);
  }
  return [...alike.values()].map(({ thing, categories, all }) => ({
    source: thing.source,
    persons: personsOf(all),
    categories,
    rules: thing.rules,
    obligations: thing.obligations,
    agreement: thing.agreement,
  }));
};

/** Sorted, each once, with all that was given of it rested on. */
const personsOf = (all: readonly Given[]): DisclosedPerson[] =>
  [...Map.groupBy(all, ({ person }) => person)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, things]) => ({
      id,
      consents: [
        ...new Map(things.flatMap(({ consents }) => consents).map((it) => [it.id, it])).values(),
      ],
      attestations: [...new Set(things.flatMap(({ attestations }) => attestations))].sort(),
    }));

const disclosuresIn = madeOnce((heard) => disclosuresOf(heard.flatMap(({ given }) => given)));

/** Tells the room that keeps the ledger. @param withinMs How long writing may take. */
export const discloseTo =
  (keeper: Subgraph, log: Log, withinMs = DEADLINES.mutationMs): Disclose =>
  async (heard, { agency, kind, role, subject, purpose, basis }, requestId, at) => {
    const disclosures = disclosuresIn(heard);
    if (disclosures.length === 0) return;
    const told: DisclosuresTold = {
      requestId,
      at: at.toISOString(),
      recipient: { agency, kind, role, subject },
      purpose,
      basis,
      policy: POLICY,
      disclosures,
    };
    try {
      await keeper.ask(LEDGER.path, told, requestId, withinMs);
    } catch (cause) {
      log.error({ err: cause, requestId }, "disclosure not recorded");
      throw new Problem(
        "DISCLOSURE_NOT_RECORDED",
        "what would be given cannot be written down now, so nothing is given",
        {},
        { cause },
      );
    }
  };
