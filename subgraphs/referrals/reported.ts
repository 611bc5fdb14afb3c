/**
 * What a partner's own record says, written down alike however it came: a person, a stay, an ask. FHIR and HL7 v2 say the same
 * things in other words; here they are the same thing.
 */
import { v7 as uuidv7 } from "uuid";
import { Problem } from "#schema/problems.ts";
import type { Act } from "#platform/act.ts";
import type { Transaction } from "#platform/database.ts";
import { kindOf } from "./agency-store.ts";
import type { Identifier } from "./agency.ts";
import { encounterStatus, saveEncounter } from "./fhir/intake-store.ts";
import type { Span } from "./fhir/when.ts";
import { report, retract, unmoved } from "./handoff.ts";
import type { Handoff, State } from "./handoff.ts";
import { interfaceOf, lockedHandoff, saveHandoff } from "./handoff-store.ts";
import { followedUpTo } from "./person.ts";
import type { Encounter, Particulars } from "./person.ts";
import { bearersOf, isSaid, savePerson, survivorOf, tie } from "./person-store.ts";
import { raisedBy } from "./records.ts";

/** What whoever writes a record down works with. */
export interface Taking {
  tx: Transaction;
  act: Act;
  /** The agency whose system sent the record: logical ids mean something only there. */
  source: string;
  /** People whose stays changed, so that what their stays show is looked at again. */
  moved: Set<string>;
}

/** Refuses a fact that is said to have come about later than it reached us. */
export const notLater = (
  span: Pick<Span, "from"> | null,
  element: string,
  { at }: Pick<Act, "at">,
): void => {
  if (span && span.from > at.getTime())
    throw new Problem("CONTRADICTION", `\`${element}\` is in the future`, { element });
};

const family = (name: string | null): string | undefined =>
  name?.trim().split(/\s+/).at(-1)?.toLowerCase();

/**
 * Is this bearer of the same identifier the same person? The source's own word is taken. Another agency's record is
 * joined only when birth date and family name agree too. Whether it was joined cannot be told from the answer, so an
 * identifier that was made up learns nothing.
 */
const samePerson = (bearer: Particulars & { fromSource: boolean }, sent: Particulars): boolean =>
  bearer.fromSource ||
  (bearer.birthDate !== null &&
    bearer.birthDate === sent.birthDate &&
    family(bearer.name) !== undefined &&
    family(bearer.name) === family(sent.name));

/** Someone, as a record of the source tells of them. */
export interface SaidPerson extends Particulars {
  /** By which they may be someone who is known already. */
  identifiers: Identifier[];
  /** Those that no other record bears. */
  ownIdentifiers?: Identifier[];
  /** It comes with every message, so that much of it has been said before; what has, is not written again. */
  isRepeated?: boolean;
  /** Whom the source's record is known to be of. */
  known: string | null;
}

/**
 * Writes down a person as the source's record has them, and says who they are here.
 *
 * @param element The path of the identifiers, for the refusal.
 */
export const reportPerson = async (
  said: SaidPerson,
  element: string,
  { tx, source, act }: Taking,
): Promise<string> => {
  const { identifiers, name, birthDate, known } = said;
  const same = (await bearersOf(tx, identifiers, source)).filter((bearer) =>
    samePerson(bearer, said),
  );
  const own = new Set<string>();
  for (const { id, isMerged } of same.filter(({ fromSource }) => fromSource))
    own.add(isMerged ? await survivorOf(tx, id, source) : id);
  if (known) own.add(await survivorOf(tx, known, source));
  if (own.size > 1)
    throw new Problem("CONTRADICTION", `\`${element}\` belongs to several of your patients`, {
      element,
    });
  // Several people at other agencies: none is taken for this one, and a person decides later.
  const [match] = own.size === 1 ? own : same.length === 1 ? same.map(({ id }) => id) : [];
  const person = match ?? uuidv7();
  const all = [...identifiers, ...(said.ownIdentifiers ?? [])];
  const now = { id: person, name, birthDate };
  // Feeds say who a person is with everything that happens to them.
  if (match && said.isRepeated && (await isSaid(tx, now, all, source))) return person;
  await savePerson(tx, now, all, act);
  await tie(tx, { person, agencies: [source], kind: "SOURCE", since: act.at, until: null }, act);
  return person;
};

/** A stay or a visit, as a record of the source tells of it. */
export interface SaidStay extends Pick<
  Encounter,
  "id" | "person" | "agency" | "partOf" | "class" | "status" | "disposition"
> {
  agency: string;
  started: Span | null;
  ended: Span | null;
  /** The status under which it is known, where whoever calls knows it; null where it is not known. */
  statusBefore?: string | null;
  /** The record says that the end was none: the only way in which a stay that has ended goes on. */
  endCancelled?: boolean;
}

/**
 * Writes down a stay.
 *
 * @param elements The paths of its parts, for the refusals.
 * @throws {Problem} CONTRADICTION
 */
export const reportStay = async (
  stay: SaidStay,
  elements: { start: string; end: string; status: string },
  { tx, source, act, moved }: Taking,
): Promise<void> => {
  const { started, ended, endCancelled, statusBefore, ...said } = stay;
  const finished = said.status === "finished";
  // Only what has happened must lie in the past: an encounter may be planned, and one in progress may have a planned end.
  if (finished || said.status === "in-progress") notLater(started, elements.start, act);
  if (finished) notLater(ended, elements.end, act);
  if (
    !finished &&
    !endCancelled &&
    said.status !== "entered-in-error" &&
    (statusBefore === undefined ? await encounterStatus(tx, said.id) : statusBefore) === "finished"
  )
    throw new Problem(
      "CONTRADICTION",
      `\`${elements.status}\` goes back on an encounter that has finished`,
      { element: elements.status },
    );
  await saveEncounter(tx, {
    ...said,
    source,
    startedAt: started?.exact ?? null,
    endedAt: (finished && ended?.exact) || null,
    beganAt: started ? new Date(started.from) : act.at,
    raises: raisedBy([await kindOf(tx, said.agency)]),
  });
  const since = started?.exact ?? act.at;
  const over = (finished && (ended?.exact ?? act.at)) || null;
  await tie(
    tx,
    {
      person: said.person,
      agencies: [said.agency],
      kind: "TREATING",
      since,
      until: over && followedUpTo(over),
    },
    act,
  );
  moved.add(said.person);
};

/** An ask to one performer, as a record of the source tells of it. */
export interface SaidAsk {
  /** The handoff that it is known as; null for one that is told of for the first time. */
  known: string | null;
  referral: string;
  person: string;
  sender: string;
  receiver: string | null;
  /** Null when the record that showed it was in error. */
  state: State | null;
  reason: string | null;
  origin: Handoff["origin"];
  /** When the sender's care ended, where the record says it. */
  leftAt?: Date | null;
  occurredAt: Date;
  recordedAt: Date;
}

/**
 * Writes down where an ask stands.
 *
 * @returns The handoff that it is; null when a record that is older than what is known already moves nothing.
 * @throws {Problem} CONTRADICTION when the record would bring a handoff back from its end.
 */
export const reportAsk = async (
  said: SaidAsk,
  { tx, source, act }: Taking,
): Promise<string | null> => {
  const { referral, person, sender, receiver, state, reason, origin } = said;
  const { leftAt = null, occurredAt, recordedAt } = said;
  const current = said.known ? await lockedHandoff(tx, said.known) : null;
  const before: Handoff = current ?? {
    ...unmoved,
    id: uuidv7(),
    version: 0,
    referral,
    person,
    interface: receiver && (await interfaceOf(tx, [sender, receiver])),
    sender,
    receiver,
    coordinator: source,
    accountable: sender,
    move: "REPORT",
    origin,
    occurredAt,
    recordedAt,
    receivedAt: act.at,
  };
  if (current && occurredAt < current.occurredAt) return null;
  const after = state
    ? report(before, { state, receiver, reason, leftAt, occurredAt, recordedAt }, act)
    : retract(before, recordedAt, act);
  await saveHandoff(tx, current, after, act);
  return after.id;
};
