/** What each message means here: people, stays, needs and asks, written down as FHIR's are. */
import { v7 as uuidv7 } from "uuid";
import { Problem } from "#schema/problems.ts";
import type { Identifier } from "../agency.ts";
import { encounterAt, meaning, means } from "../fhir/intake-store.ts";
import type { At } from "../fhir/intake-store.ts";
import { spanOf } from "../fhir/when.ts";
import type { Span } from "../fhir/when.ts";
import type { Encounter } from "../person.ts";
import { bearersOf, isSamePerson, saveAlias, savePerson, survivorOf } from "../person-store.ts";
import { lockedHandoff } from "../handoff-store.ts";
import { saveReferral, storedReferral } from "../referral-store.ts";
import { notLater, reportAsk, reportPerson, reportStay } from "../reported.ts";
import type { Taking } from "../reported.ts";
import type { Dialect, Event } from "./dialect.ts";
import { meant } from "./head.ts";
import type { Head } from "./head.ts";
import { lastRecorded } from "./message-store.ts";
import type { Message, Segment, Value } from "./message.ts";

/** What a mapping works with. */
export interface Intake extends Taking {
  message: Message;
  head: Head;
  dialect: Dialect;
}

/** Maps a message; the encounter, person or handoff that it tells of. */
type Mapping = (intake: Intake) => Promise<string>;

const invalid = (element: string, why: string): never => {
  throw new Problem("INVALID_MESSAGE", `\`${element}\` ${why}`, { element });
};

const missing = (element: string, why = "is missing"): never => {
  throw new Problem("INVALID_MESSAGE", `\`${element}\` ${why}`, { element, isMissing: true });
};

const segmentOf = ({ message }: Pick<Intake, "message">, name: string): Segment =>
  message.first(name) ?? missing(name, "is missing: the message may have been cut off");

const codeOf = <T extends string>(
  table: Record<string, T>,
  code: string,
  element: string,
  ifNone: T,
): T => {
  if (code === "") return ifNone;
  const meaningOfCode = meant(table, code);
  if (!meaningOfCode)
    throw new Problem("UNKNOWN_CODE", `\`${element}\` is a code that the dialect does not have`, {
      element,
    });
  return meaningOfCode;
};

/** The namespace of identifiers whose assigner nobody maps: it means something at this sender alone. */
const OWN_SYSTEM = "urn:handoff-graph:hl7v2";

/** The identifiers of a list of CX. An assigner is a namespace or an OID, and where there is none the assigning facility. */
const identifiersOf = (values: Value[], { dialect, source }: Intake): Identifier[] =>
  values.flatMap((it) => {
    const value = it.part(1);
    const [name, oid, kind] = [it.part(4), it.part(4, 2), it.part(4, 3)];
    const assigner = name || oid || it.part(6);
    if (value === "") return [];
    const system =
      meant(dialect.identifiers, assigner) ??
      meant(dialect.identifiers, oid) ??
      (kind === "ISO" && oid !== ""
        ? `urn:oid:${oid}`
        : [OWN_SYSTEM, source, encodeURIComponent(assigner)].filter(Boolean).join(":"));
    return [{ system, value }];
  });

/** A name as FHIR spells it in full: given names, then the family's. The legal one, where there are several. */
const nameOf = (names: Value[]): string | null => {
  const name = names.find((it) => it.part(7) === "L") ?? names[0];
  return name ? [name.part(2), name.part(3), name.part(1)].filter(Boolean).join(" ") || null : null;
};

const birthDateOf = (value: string): string | null => {
  const [, year, month, day] = /^(\d{4})(\d{2})?(\d{2})?/.exec(value) ?? [];
  if (value === "") return null;
  if (!year) return invalid("PID-7", "is no date");
  const date = [year, month, day].filter(Boolean).join("-");
  try {
    spanOf(date, "PID-7");
  } catch {
    return invalid("PID-7", "is no date of the calendar");
  }
  return date;
};

const personOf = async (intake: Intake, pid: Segment = segmentOf(intake, "PID")) => {
  const identifiers = identifiersOf(pid.repetitions(3), intake);
  if (identifiers.length === 0)
    throw new Problem("NO_IDENTIFIER", "`PID-3` names nobody", { element: "PID-3" });
  const name = nameOf(pid.repetitions(5));
  const birthDate = birthDateOf(pid.text(7));
  const said = { identifiers, name, birthDate, known: null, isRepeated: true };
  return reportPerson(said, "PID-3", intake);
};

/** The agency whose facility a code is; else the one that the sending facility is, else the sender. */
const agencyAt = ({ dialect, message, source }: Intake, facility: string): string =>
  meant(dialect.agencies, facility) ?? meant(dialect.agencies, message.header.text(4)) ?? source;

/** A visit has one number at its sender, and is a stay of its own at each agency. */
const visitAt = (pv1: Segment, pid: Segment, agency: string): At => {
  const [number, assigner] = pv1.text(19) ? [pv1.text(19), pv1.text(19, 4)] : [pid.text(18), ""];
  if (number === "") return missing("PV1-19");
  return { type: "HL7v2.Visit", id: `${assigner}|${number}@${agency}` };
};

const known = (from: Date, exact: Date | null): Span => ({
  from: from.getTime(),
  until: from.getTime() + 1,
  exact,
});

/** What an event makes of a visit. An event that is not here leaves it as it is. */
const STATUS: Partial<Record<Event, string>> = {
  "ADT^A01": "in-progress",
  "ADT^A03": "finished",
  "ADT^A11": "cancelled",
  "ADT^A13": "in-progress",
};

const statusAfter = (
  event: Event,
  before: Encounter | null,
  { started, ended }: { started: Span | null; ended: Span | null },
): string => {
  const status = STATUS[event];
  if (status) return status;
  // A visit may be announced again while it has not begun, or after it was called off.
  if (event === "ADT^A05")
    return !before || before.status === "cancelled" ? "planned" : before.status;
  if (before) return before.status;
  // The first that is heard of a visit: it is as its times say.
  return event === "ADT^A08" && ended ? "finished" : started ? "in-progress" : "unknown";
};

const ELEMENTS = { start: "PV1-44", end: "PV1-45", status: "MSH-9" };

const transferredAt = ({ occurred, recordedAt }: Head): Span =>
  occurred ?? known(recordedAt, recordedAt);

/** The stay that a transfer from another agency ends there. */
const leave = async (intake: Intake, pv1: Segment, pid: Segment, agency: string) => {
  const { tx, source, head } = intake;
  const facility = pv1.text(6, 4);
  const prior = facility === "" ? agency : agencyAt(intake, facility);
  if (prior === agency) return;
  const stay = await encounterAt(tx, source, visitAt(pv1, pid, prior));
  if (!stay || stay.status !== "in-progress") return;
  await reportStay(
    {
      ...stay,
      agency: prior,
      status: "finished",
      started: known(stay.beganAt, stay.startedAt),
      ended: transferredAt(head),
    },
    { ...ELEMENTS, end: "EVN-6" },
    intake,
  );
};

const stay: Mapping = async (intake) => {
  const { tx, source, head, dialect } = intake;
  const { event, doubts } = head;
  const pid = segmentOf(intake, "PID");
  const pv1 = segmentOf(intake, "PV1");
  const agency = agencyAt(intake, pv1.text(3, 4));
  const at = visitAt(pv1, pid, agency);
  const encounterClass = codeOf(dialect.classes, pv1.text(2), "PV1-2", "UNK");
  const admitted = head.time(pv1, 44, "PV1-44");
  const discharged = head.time(pv1, 45, "PV1-45");
  const isTransfer = event === "ADT^A02" && pv1.text(6, 4) !== "";
  const person = await personOf(intake, pid);
  const before = await encounterAt(tx, source, at);
  if (isTransfer) await leave(intake, pv1, pid, agency);
  const movedIn = isTransfer && agencyAt(intake, pv1.text(6, 4)) !== agency;
  const started =
    event === "ADT^A05"
      ? (head.time(intake.message.first("PV2"), 8, "PV2-8") ?? admitted)
      : movedIn
        ? transferredAt(head)
        : (admitted ?? (event === "ADT^A01" ? head.occurred : null));
  const ended = event === "ADT^A03" ? (discharged ?? head.occurred) : discharged;
  const status = statusAfter(event, before, { started, ended });
  // Nothing is known of a visit without a time; the person is.
  if (status === "unknown") return person;
  if (before && !(await isSamePerson(tx, before.person, person)))
    throw new Problem("CONTRADICTION", "`PID-3` is another person than the visit was of", {
      element: "PID-3",
    });
  // What was recorded before what is known already tells only what nobody has said yet. A discharge is not older news because
  // a correction of the address came first: only what says where a visit stands is set against what does.
  const last = before
    ? await lastRecorded(tx, before.id, Object.keys(STATUS))
    : { any: null, ofState: null };
  const isOld = (since: Date | null) => since !== null && head.recordedAt < since;
  const [isOldNews, isOldState] = [isOld(last.any), isOld(last.ofState)];
  const endedBefore = before?.endedAt ? known(before.endedAt, before.endedAt) : null;
  const after = before && isOldState ? before.status : status;
  // A plan says nothing of when it came true.
  const startedBefore =
    before && (before.status !== "planned" || after === "planned")
      ? known(before.beganAt, before.startedAt)
      : null;
  const isDischarge = event === "ADT^A03" && !isOldState;
  const isReturn = event === "ADT^A13" && !isOldState;
  const disposition = isDischarge ? pv1.text(36) : "";
  const meantDisposition = meant(dialect.dispositions, disposition);
  if (disposition !== "" && !meantDisposition) doubts.push("PV1-36");
  const encounter = before?.id ?? uuidv7();
  const keepsStart = isOldNews && before?.startedAt;
  const keepsEnd = isOldState || (isOldNews && !isDischarge);
  await reportStay(
    {
      id: encounter,
      // Once it is written down it is of the record that it was written under: what restricts that one holds for it.
      person: before?.person ?? person,
      agency,
      partOf: null,
      class: before && (isOldNews || encounterClass === "UNK") ? before.class : encounterClass,
      status: after,
      statusBefore: before?.status ?? null,
      disposition: isReturn ? null : (meantDisposition ?? before?.disposition ?? null),
      started: keepsStart ? startedBefore : (started ?? startedBefore),
      ended:
        after !== "finished" ? null : keepsEnd ? (endedBefore ?? ended) : (ended ?? endedBefore),
      endCancelled: isReturn,
    },
    ELEMENTS,
    intake,
  );
  if (!before) await means(tx, source, at, encounter);
  return encounter;
};

/** The records that MRG names are of the person that PID names; a group of the two may come again. */
const merge: Mapping = async (intake) => {
  const { tx, source, act, head } = intake;
  let survivor: string | null = null;
  let merged = 0;
  for (const { name, segment } of intake.message.inOrder()) {
    if (name === "PID") survivor = await personOf(intake, segment);
    if (name !== "MRG") continue;
    if (!survivor) return missing("PID", "must stand before `MRG`");
    const old = identifiersOf(segment.repetitions(1), intake);
    if (old.length === 0) return missing("MRG-1");
    merged++;
    const when = {
      occurredAt: head.occurred?.exact ?? head.recordedAt,
      recordedAt: head.recordedAt,
    };
    for (const identifier of old) {
      const bearer = (await bearersOf(tx, [identifier], source)).find((it) => it.fromSource);
      if (!bearer) {
        // Nothing has come under the old number yet; what still comes is of the person who remains.
        await savePerson(tx, { id: survivor, name: null, birthDate: null }, [identifier], act);
        continue;
      }
      const person = await survivorOf(tx, bearer.id, source);
      if (person === survivor) continue;
      await saveAlias(tx, { person, survivor, source, ...when }, act);
    }
    intake.moved.add(survivor);
  }
  if (!survivor || merged === 0) return missing("MRG");
  return survivor;
};

const REFERRAL = "HL7v2.Referral";
const ASK = "HL7v2.Ask";

/** The agency that a provider of the referral stands for: its organization, its place or its number, by the dialect. */
const providerAt = (role: string, { message, dialect }: Intake): string | null => {
  const prd = message.all("PRD").find((segment) => segment.text(1) === role);
  if (!prd) return null;
  const codes = [prd.text(10), prd.text(10, 10), prd.text(4, 4), prd.text(7)];
  return (
    codes.map((code) => meant(dialect.agencies, code)).find((agency) => agency !== null) ?? null
  );
};

const referralAt = (intake: Intake): { rf1: Segment; id: string } => {
  const rf1 = segmentOf(intake, "RF1");
  if (rf1.text(6) === "") return missing("RF1-6");
  return { rf1, id: `${rf1.text(6, 2) || rf1.text(6, 3)}|${rf1.text(6)}` };
};

/** When the message itself was made, if that can be; when it reached us, if not. */
const sentAt = ({ head, message, act }: Intake): Date => {
  const sent = head.time(message.header, 7, "MSH-7")?.exact;
  return sent && sent <= act.at ? sent : act.at;
};

/** When the sender referred: the instant that stands in the referral, else the message's. */
const referredAt = (intake: Intake, rf1: Segment): Date => {
  for (const field of [9, 7]) {
    const element = `RF1-${field}`;
    const said = intake.head.time(rf1, field, element);
    notLater(said, element, intake.act);
    if (said?.exact) return said.exact;
  }
  return sentAt(intake);
};

const refer: Mapping = async (intake) => {
  const { tx, source, act, head, dialect } = intake;
  const { rf1, id } = referralAt(intake);
  const state = codeOf(dialect.referralStatuses, rf1.text(1), "RF1-1", "AWAITING_DECISION");
  const priority = codeOf(dialect.priorities, rf1.text(2), "RF1-2", "ROUTINE");
  const receiver = providerAt("RT", intake);
  if (!receiver)
    throw new Problem("UNKNOWN_AGENCY", "no `PRD` says whom the person is referred to", {
      element: "PRD-10",
    });
  const sender = providerAt("RP", intake) ?? source;
  const person = await personOf(intake);
  const at = { type: REFERRAL, id };
  const before = await meaning(tx, source, at);
  const stored = before ? await storedReferral(tx, before) : null;
  if (stored && !(await isSamePerson(tx, stored.person, person)))
    throw new Problem("CONTRADICTION", "`PID-3` is another person than the referral was for", {
      element: "PID-3",
    });
  const occurredAt = referredAt(intake, rf1);
  const ask = { type: ASK, id };
  const known = await meaning(tx, source, ask);
  // What is older than what is known already is kept, and moves nothing.
  if (known && (await lockedHandoff(tx, known)).occurredAt > occurredAt) return known;
  const referral = await saveReferral(
    tx,
    {
      id: before ?? uuidv7(),
      // Once it is written down it is of the record that it was written under.
      person: stored?.person ?? person,
      referrer: sender,
      status: "ACTIVE",
      priority,
      service: rf1.text(3, 2) || rf1.text(3) || null,
      authoredAt: occurredAt,
    },
    act,
  );
  await means(tx, source, at, referral.id);
  // Work that stays in one agency crosses no seam.
  if (sender === receiver) return referral.id;
  const handoff = await reportAsk(
    {
      known,
      referral: referral.id,
      person: referral.person,
      sender,
      receiver,
      state,
      reason: null,
      origin: "MESSAGE",
      occurredAt,
      recordedAt: head.recordedAt,
    },
    intake,
  );
  if (handoff) await means(tx, source, ask, handoff);
  return handoff ?? referral.id;
};

const callOff: Mapping = async (intake) => {
  const { tx, source, act, head } = intake;
  const { id } = referralAt(intake);
  const referral = await meaning(tx, source, { type: REFERRAL, id });
  if (!referral)
    throw new Problem("UNKNOWN_REFERENCE", "`RF1-6` is a referral that was never sent", {
      element: "RF1-6",
    });
  const known = await meaning(tx, source, { type: ASK, id });
  if (known) {
    const { person, sender, receiver, origin } = await lockedHandoff(tx, known);
    const said = { known, referral, person, sender, receiver, origin, reason: null };
    const times = { occurredAt: sentAt(intake), recordedAt: head.recordedAt };
    // What was called off before it was asked again stands as it was asked.
    if (!(await reportAsk({ ...said, ...times, state: "CANCELLED" }, intake))) return known;
  }
  await saveReferral(tx, { ...(await storedReferral(tx, referral)), status: "REVOKED" }, act);
  return known ?? referral;
};

const MAPPINGS: Record<Event, Mapping> = {
  "ADT^A01": stay,
  "ADT^A02": stay,
  "ADT^A03": stay,
  "ADT^A05": stay,
  "ADT^A08": stay,
  "ADT^A11": stay,
  "ADT^A13": stay,
  "ADT^A16": stay,
  "ADT^A25": stay,
  "ADT^A28": (intake) => personOf(intake),
  "ADT^A31": (intake) => personOf(intake),
  "ADT^A40": merge,
  "REF^I12": refer,
  "REF^I14": callOff,
};

/**
 * Writes down what a message says.
 *
 * @returns The encounter, person, handoff or referral that it tells of.
 * @throws {Problem} when it cannot be taken: whoever calls undoes what was written of it
 */
export const map = (intake: Intake): Promise<string> => MAPPINGS[intake.head.event](intake);
