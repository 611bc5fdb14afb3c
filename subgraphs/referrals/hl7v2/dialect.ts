/** How a partner speaks HL7 v2: a file of JSON that a person edits. */
import { validate as isUuid } from "uuid";
import type { Priority } from "../referral.ts";
import type { State } from "../handoff.ts";
import { STATES } from "../handoff.ts";

/** What is understood of what can happen. A partner's own event is one of these, by its dialect. */
export const EVENTS = [
  "ADT^A01",
  "ADT^A02",
  "ADT^A03",
  "ADT^A05",
  "ADT^A08",
  "ADT^A11",
  "ADT^A13",
  "ADT^A16",
  "ADT^A25",
  "ADT^A28",
  "ADT^A31",
  "ADT^A40",
  "REF^I12",
  "REF^I14",
] as const;
export type Event = (typeof EVENTS)[number];

/** A partner's dialect. */
export interface Dialect {
  /** The IANA time zone of times that state no offset. */
  timeZone: string;
  /** A partner's own events, `ADT^A04`, and what each is here; beside the ones that are understood. */
  events: Record<string, Event>;
  /** Facilities and organizations, by the partner's code or name, and the agency's id on the roll. */
  agencies: Record<string, string>;
  /** Whoever assigns an identifier (PID-3.4, else PID-3.6), and the namespace that it has everywhere. */
  identifiers: Record<string, string>;
  /** PV1-2, and the v3-ActCode of the encounter. */
  classes: Record<string, string>;
  /** PV1-36, and FHIR's discharge-disposition. */
  dispositions: Record<string, string>;
  /** RF1-1, and where the ask stands. */
  referralStatuses: Record<string, State>;
  /** RF1-2, and the priority of the need. */
  priorities: Record<string, Priority>;
}

/** What the standard's own tables say; a dialect adds to them, and goes before them. */
const STANDARD: Omit<Dialect, "timeZone"> = {
  events: Object.fromEntries(EVENTS.map((event) => [event, event])),
  agencies: {},
  identifiers: {},
  // Table 0004, as HL7's v2-to-FHIR guide maps it.
  classes: { E: "EMER", I: "IMP", O: "AMB", P: "PRENC", B: "IMP", R: "AMB" },
  // Table 0112.
  dispositions: { "01": "home", "03": "snf", "06": "home", "07": "aadvice", "20": "exp" },
  // Table 0283.
  referralStatuses: { A: "ACCEPTED", P: "AWAITING_DECISION", R: "DECLINED", E: "CANCELLED" },
  // Table 0280.
  priorities: { S: "STAT", A: "ASAP", R: "ROUTINE" },
};

const PRIORITIES = ["ROUTINE", "URGENT", "ASAP", "STAT"];

/** What each table may map to, so that a slip of the pen is found when the file is read. */
const TARGETS: Record<keyof typeof STANDARD, (value: string) => boolean> = {
  events: (value) => (EVENTS as readonly string[]).includes(value),
  agencies: isUuid,
  identifiers: (value) => /^[a-z][a-z0-9+.-]*:\S+$/i.test(value),
  classes: (value) => value.trim() !== "",
  dispositions: (value) => value.trim() !== "",
  referralStatuses: (value) => (STATES as readonly string[]).includes(value),
  priorities: (value) => PRIORITIES.includes(value),
};

const isZone = (zone: unknown): zone is string => {
  try {
    return typeof zone === "string" && !!new Intl.DateTimeFormat("en", { timeZone: zone });
  } catch {
    return false;
  }
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * Reads a dialect, over the standard's tables.
 *
 * @param name The file, for the error.
 * @throws {Error} that names what is wrong: a word that is none of a dialect's, or a code that maps to nothing
 */
export const dialectOf = (value: unknown, name: string): Dialect => {
  const wrong = (what: string): never => {
    throw new Error(`${name}: ${what}`);
  };
  if (!isObject(value)) return wrong("a dialect is an object");
  const { timeZone, ...tables } = value;
  if (!isZone(timeZone)) return wrong("`timeZone` must be an IANA time zone, as America/Chicago");
  const read: Record<string, Record<string, string>> = {};
  for (const [table, standard] of Object.entries(STANDARD)) read[table] = { ...standard };
  for (const [table, codes] of Object.entries(tables)) {
    const fits = Object.hasOwn(TARGETS, table) && TARGETS[table as keyof typeof TARGETS];
    if (!fits) return wrong(`\`${table}\` is no part of a dialect`);
    if (!isObject(codes)) return wrong(`\`${table}\` is an object of codes`);
    for (const [code, target] of Object.entries(codes)) {
      if (typeof target !== "string" || !fits(target))
        return wrong(`\`${table}.${code}\` maps to what is none of \`${table}\``);
      (read[table] as Record<string, string>)[code] =
        table === "agencies" ? target.toLowerCase() : target;
    }
  }
  return { timeZone, ...read } as unknown as Dialect;
};
