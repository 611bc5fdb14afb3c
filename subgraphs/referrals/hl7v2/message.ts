/** From bytes to the segments of an HL7 v2 message, before anything is known of what it says. */
import { Hl7Message } from "@medplum/core";
import type { Hl7Segment } from "@medplum/core";
import { Problem } from "#schema/problems.ts";

/** A composite value; a repetition of a field. */
export interface Value {
  /** A component, or one of its subcomponents, as text; empty where nothing was sent. */
  part(component: number, subcomponent?: number): string;
}

/** One segment. */
export interface Segment {
  /** Every repetition of a field that was sent. */
  repetitions(field: number): Value[];
  /** The first repetition's first component, or another one of it. */
  text(field: number, component?: number, subcomponent?: number): string;
}

/** A message, as it was sent. */
export interface Message {
  /** Its segments joined by carriage returns: what makes two sendings the same message. */
  text: string;
  header: Segment;
  first(segment: string): Segment | null;
  all(segment: string): Segment[];
  /** Every segment in its order: where groups repeat, the order says what belongs together. */
  inOrder(): { name: string; segment: Segment }[];
  /** For the answer, which speaks with the same delimiters. */
  parsed: Hl7Message;
}

const malformed = (why: string, element: string, options?: ErrorOptions): never => {
  throw new Problem("MALFORMED_MESSAGE", why, { element }, options);
};

/** Latin-1, by the names that MSH-18 has for it (table 0211). */
const LATIN: ReadonlySet<string> = new Set(["8859/1", "ISO IR100", "ISO-8859-1"]);

/**
 * Reads bytes as text: UTF-8, or Latin-1 where the message says so itself. Feeds from Windows begin with a byte order mark.
 */
const decoded = (bytes: Buffer): string => {
  // No text of the database holds one, and no message needs one.
  if (bytes.includes(0)) return malformed("there is a NUL in it", "MSH");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const text = bytes.toString("latin1");
    const charset = text.split(/[\r\n]/, 1)[0]?.split(text.charAt(3))[17] ?? "";
    if (LATIN.has(charset.toUpperCase())) return text;
    return malformed("the bytes are not in the character set that `MSH-18` names", "MSH-18", {
      cause,
    });
  }
};

/** The ends of lines: a line feed is one only where a segment's name and a delimiter follow. */
const CARRIAGE_RETURNS = /\r\n?|\n(?=[A-Z][A-Z0-9]{2}[^\w\s])/;

/**
 * The lines of a text, without the empty ones and without the block characters of MLLP. Where carriage returns end them, as they
 * must, a line feed within one is a blank of somebody's note.
 */
const lines = (text: string): string[] =>
  text
    .replaceAll("\v", "")
    .replaceAll("\x1c", "")
    .split(text.includes("\r") ? CARRIAGE_RETURNS : "\n")
    .map((line) => line.replaceAll("\n", " "))
    .filter((line) => line.trim() !== "");

/** A batch's own segments stand around its messages and say nothing of them. */
const ENVELOPE = /^(FHS|BHS|BTS|FTS)/;

/** The messages that a file holds, each with its own bytes; what stands before the first header is one too, and is refused. */
export const split = (bytes: Buffer): Buffer[] => {
  // Byte for byte: what the bytes mean is for each message to say.
  const text = bytes.toString("latin1").replace(/^\u00ef\u00bb\u00bf/, "");
  const messages: string[][] = [];
  for (const line of lines(text)) {
    if (ENVELOPE.test(line)) continue;
    if (line.startsWith("MSH") || messages.length === 0) messages.push([]);
    messages.at(-1)?.push(line);
  }
  return messages.map((segments) => Buffer.from(segments.join("\r"), "latin1"));
};

/** The five characters of MSH-1 and MSH-2: field, component, repetition, escape, subcomponent. */
const DELIMITERS = /^MSH([^\w\s])([^\w\s])([^\w\s])([^\w\s])([^\w\s])/;

/** A text without its escape sequences: they stand for delimiters or bytes; those that only format are left out. */
const unescaped = (text: string, delimiters: readonly string[]): string => {
  const [field = "", component = "", repetition = "", escape = "", subcomponent = ""] = delimiters;
  const named = new Map([
    ["F", field],
    ["S", component],
    ["T", subcomponent],
    ["R", repetition],
    ["E", escape],
  ]);
  // What stands between two escape characters is a sequence: every second part.
  const parts = text.split(escape);
  if (parts.length % 2 === 0) return text;
  return parts
    .map((part, index) =>
      index % 2 === 0
        ? part
        : part.startsWith("X")
          ? Buffer.from(part.slice(1), "hex").toString("latin1").replaceAll("\0", "")
          : (named.get(part) ?? ""),
    )
    .join("");
};

/** What a sender writes to say that there is none. */
const NONE = '""';

const segmentOf = (parsed: Hl7Segment, delimiters: readonly string[]): Segment => {
  const subcomponentMark = delimiters[4] ?? "";
  const valueOf = (components: readonly string[]): Value => ({
    part: (component, subcomponent = 1) => {
      const raw = components[component - 1]?.split(subcomponentMark)[subcomponent - 1] ?? "";
      return raw === NONE ? "" : unescaped(raw, delimiters).trim();
    },
  });
  const repetitions = (field: number): Value[] =>
    (parsed.getField(field)?.components ?? [])
      .filter((components) => components.some((it) => it !== ""))
      .map(valueOf);
  return {
    repetitions,
    text: (field, component = 1, subcomponent = 1) =>
      repetitions(field)[0]?.part(component, subcomponent) ?? "",
  };
};

/**
 * Reads one message. A byte order mark, bare line feeds, delimiters of a sender's own and segments that nobody knows are
 * taken as they come.
 *
 * @throws {Problem} MALFORMED_MESSAGE
 */
export const read = (bytes: Buffer): Message => {
  const segments = lines(decoded(bytes));
  const delimiters = DELIMITERS.exec(segments[0] ?? "")?.slice(1);
  if (!delimiters || new Set(delimiters).size < 5)
    return malformed("a message begins with `MSH` and five delimiters", "MSH-1");
  if (segments.slice(1).some((line) => line.startsWith("MSH")))
    return malformed("there are two messages where one belongs", "MSH");
  const named = segments.find((line) => !/^[A-Z][A-Z0-9]{2}/.test(line));
  if (named !== undefined) return malformed("a line begins with no segment's name", "MSH");
  const text = segments.join("\r");
  const parsed = Hl7Message.parse(text);
  const all = (name: string) =>
    parsed.getAllSegments(name).map((segment) => segmentOf(segment, delimiters));
  return {
    text,
    header: all("MSH")[0] as Segment,
    first: (name) => all(name)[0] ?? null,
    all,
    inOrder: () =>
      parsed.segments.map((segment) => ({
        name: segment.name,
        segment: segmentOf(segment, delimiters),
      })),
    parsed,
  };
};
