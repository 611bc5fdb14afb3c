/** Interfaces: agreed working boundaries between agencies. */
import { need, Problem } from "#schema/problems.ts";
import type { Requester } from "#sharing/requester.ts";
import type { Act } from "#platform/act.ts";
import { answeredFor, answering } from "./agency.ts";
import type { Contact } from "./agency.ts";
import { gapsInRules, NOTHING_SAID, rulesAfter } from "./operating-rules.ts";
import type { OperatingRules, ProposedRules, RulesSaid } from "./operating-rules.ts";

export type InterfaceKind =
  "HOSPITAL_DISCHARGE" | "CRISIS" | "SAFEGUARDING" | "COMPLEX_TRANSITION" | "AUTHORIZATION";

/** An agreed working boundary between two or more agencies, as one version of it has it. */
export interface Interface {
  id: string;
  version: number;
  kind: InterfaceKind;
  name: string;
  parties: string[];
  contacts: Contact[];
  /** When this version took the place of the one before. */
  since: Date;
  /** Which agency published this version, and when; null where it is agreed alone. */
  publication: { by: string; at: Date } | null;
}

/** What agencies agree on. */
export interface Terms {
  kind: InterfaceKind;
  name: string;
  partyIds: string[];
  contacts: Contact[];
}

/** An agency is bound by those who may bind it. */
const needBinding = (by: Requester): void => {
  if (by.role !== "EXECUTIVE" && by.role !== "ADMIN")
    throw new Problem("FORBIDDEN", "an interface is agreed by an executive or an administrator");
};

/**
 * What the agencies have agreed, if it can be agreed at all.
 *
 * @throws {Problem} FORBIDDEN unless an executive or an administrator asks; BAD_INPUT when there are fewer than two
 *   parties, when the asking agency is none of them, when the name is blank, or when a party has no named person with
 *   cover.
 */
export const agreed = (
  { kind, name, partyIds, contacts }: Terms,
  by: Requester,
): Omit<Interface, "id" | "version" | "since"> => {
  needBinding(by);
  const parties = [...new Set(partyIds)];
  need(parties.length >= 2, "partyIds", "must name two agencies or more");
  need(parties.includes(by.agency), "partyIds", "must name your own agency too");
  need(name.trim() !== "", "name", "must not be blank");
  answeredFor(parties, contacts);
  return { kind, name, parties, contacts, publication: null };
};

/**
 * An interface that may be revised by one party alone.
 *
 * @throws {Problem} MOVE_NOT_ALLOWED once it is published: what was published changes by what is published.
 */
export const revisable = (before: Interface): Interface => {
  if (before.publication)
    throw new Problem("MOVE_NOT_ALLOWED", "a published interface changes by a draft of it");
  return before;
};

/** The version in force, of an interface whose latest version may be still to come. */
export const inForce = (latest: Interface, before: Interface | null, at: Date): Interface =>
  latest.since <= at ? latest : (before ?? { ...latest, publication: null });

/** What a party proposes an interface to be, as far as it is said. */
export interface InterfaceDraft {
  id: string;
  version: number;
  /** Null while there is no such interface yet. */
  interface: string | null;
  /** The version that it began from. */
  basedOn: number | null;
  /** The agency whose word it is, as it now stands. */
  proposedBy: string;
  kind: InterfaceKind | null;
  name: string | null;
  parties: string[];
  contacts: Contact[];
  rules: ProposedRules;
  publishedAt: Date | null;
}

/** What is said of a draft: what is not given stays as it is, what is null is taken back. */
export interface Said {
  kind?: InterfaceKind | null;
  name?: string | null;
  partyIds?: string[] | null;
  contacts?: Contact[] | null;
  rules?: RulesSaid | null;
}

/** A draft of which nothing has been said: of a new interface, or of one that stands, as it stands. */
export const begun = (
  id: string,
  from: { latest: Interface; rules: OperatingRules | null } | null,
  by: Requester,
): InterfaceDraft => ({
  id,
  version: 0,
  interface: from?.latest.id ?? null,
  basedOn: from?.latest.version ?? null,
  proposedBy: by.agency,
  kind: from?.latest.kind ?? null,
  name: from?.latest.name ?? null,
  parties: from?.latest.parties ?? [by.agency],
  contacts: from?.latest.contacts ?? [],
  rules: from?.rules ?? NOTHING_SAID,
  publishedAt: null,
});

/**
 * A draft after a party has said something of it; it is that party's word from then on.
 *
 * @throws {Problem} FORBIDDEN unless an executive or an administrator asks; MOVE_NOT_ALLOWED once it is published; BAD_INPUT
 *   naming what does not hold, by its path in the input.
 */
export const proposed = (draft: InterfaceDraft, said: Said, by: Requester): InterfaceDraft => {
  needBinding(by);
  needUnpublished(draft);
  const { kind = draft.kind, name = draft.name, rules } = said;
  const partyIds = said.partyIds === undefined ? draft.parties : (said.partyIds ?? [by.agency]);
  const contacts = said.contacts === undefined ? draft.contacts : (said.contacts ?? []);
  const parties = [...new Set(partyIds)];
  need(parties.includes(by.agency), "partyIds", "must name your own agency too");
  need(name === null || name.trim() !== "", "name", "must not be blank");
  answering(parties, contacts);
  return {
    ...draft,
    version: draft.version + 1,
    proposedBy: by.agency,
    kind,
    name,
    parties,
    contacts,
    rules: rules === undefined ? draft.rules : rulesAfter(draft.rules, rules),
  };
};

const needUnpublished = ({ publishedAt }: InterfaceDraft): void => {
  if (publishedAt) throw new Problem("MOVE_NOT_ALLOWED", "this draft has been published");
};

/** What keeps a draft from being published, each by its path in the input. */
export const gaps = ({ kind, name, parties, contacts, rules }: InterfaceDraft): string[] => [
  ...(kind === null ? ["kind"] : []),
  ...(name === null ? ["name"] : []),
  ...(parties.length < 2 ? ["partyIds"] : []),
  ...parties
    .filter((party) => !contacts.some(({ agencyId }) => agencyId === party))
    .map((party) => `contacts.${party}`),
  ...gapsInRules(rules),
];

const areSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((it) => others.includes(it));

/**
 * The next version of an interface, as a draft has it. What one party proposes another publishes, so that none binds the
 * others by its word alone.
 *
 * @param before The latest version; null for the first.
 * @param from From when it is in force; from now if not given.
 * @throws {Problem} FORBIDDEN unless an executive or an administrator asks; MOVE_NOT_ALLOWED to the agency that proposed it,
 *   and once it is published; VERSION_CONFLICT when the interface has had another version since the draft was begun;
 *   INTERFACE_INCOMPLETE with the gaps; BAD_INPUT when it would be in force before now or before the version that it
 *   follows, or is to come although the parties change.
 */
export const published = (
  draft: InterfaceDraft,
  before: Interface | null,
  { id, from }: { id: string; from?: Date | null | undefined },
  { by, at }: Act,
): Interface => {
  needBinding(by);
  needUnpublished(draft);
  if (draft.proposedBy === by.agency)
    throw new Problem(
      "MOVE_NOT_ALLOWED",
      "what your agency proposed is published by another party",
    );
  if ((before?.version ?? null) !== draft.basedOn)
    throw new Problem("VERSION_CONFLICT", "the interface has had another version since", {
      currentVersion: before?.version,
    });
  const { kind, name, parties, contacts } = draft;
  const missing = gaps(draft);
  if (kind === null || name === null || missing.length > 0)
    throw new Problem("INTERFACE_INCOMPLETE", "the interface lacks settings; `gaps` names each", {
      gaps: missing,
    });
  const since = from ?? at;
  need(since >= at, "from", "is in the past");
  need(!before || since >= before.since, "from", "is before the version that it follows");
  // An agency that works across the boundary must see it at once, and one that has left must not go on seeing it.
  need(
    since <= at || !before || areSame(parties, before.parties),
    "from",
    "must be now where parties change",
  );
  return {
    id,
    version: (before?.version ?? 0) + 1,
    kind,
    name,
    parties,
    contacts,
    since,
    publication: { by: by.agency, at },
  };
};
