/** The answer to a message: AA when it is kept for good, else an AE or AR that names the place and the code of what is wrong. */
import { Hl7Message } from "@medplum/core";
import type { Problem, ProblemCode } from "#schema/problems.ts";
import type { Act } from "#platform/act.ts";
import type { Message } from "./message.ts";

/** Table 0357, for each problem; what is not here is 207, an application's own error. */
const CONDITION: Partial<Record<ProblemCode, readonly [code: string, text: string]>> = {
  MALFORMED_MESSAGE: ["100", "Segment sequence error"],
  INVALID_MESSAGE: ["102", "Data type error"],
  NO_IDENTIFIER: ["101", "Required field missing"],
  UNKNOWN_CODE: ["103", "Table value not found"],
  EVENT_NOT_ACCEPTED: ["201", "Unsupported event code"],
  FORBIDDEN: ["204", "Unknown key identifier"],
  UNKNOWN_AGENCY: ["204", "Unknown key identifier"],
  UNKNOWN_REFERENCE: ["204", "Unknown key identifier"],
};

/** Rejected for what it is, whatever it says; all else is an error in what it says. */
const REJECTED: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  "MALFORMED_MESSAGE",
  "EVENT_NOT_ACCEPTED",
  "FORBIDDEN",
]);

/** A time as HL7 writes it, in UTC. */
const written = (at: Date): string => `${at.toISOString().replaceAll(/[-:T]|\.\d+Z$/g, "")}+0000`;

/** ERR-2: segment, sequence, field and component, of `PV1-3.4`. */
const location = (element: string): string => {
  const [segment = "", place = ""] = element.split("-");
  const [field = "", component = ""] = place.split(".");
  return `${segment}^1^${field}${component && `^1^${component}`}`.replace(/\^1\^$/, "^1");
};

/** The header's answer to a message that is not even one: from nobody to nobody. */
const NOBODY = Hl7Message.parse("MSH|^~\\&|||||||||P|2.5.1");

/** The control id of what is no message, where it can be told without doubt. */
const controlIdIn = (bytes: Buffer): string => {
  const line =
    bytes
      .toString("latin1")
      .replace(/^\u00ef\u00bb\u00bf/, "")
      .split(/[\r\n]/, 1)[0] ?? "";
  const id = line.startsWith("MSH") ? line.split(line.charAt(3))[9] : undefined;
  return id && /^[\w.-]{1,50}$/.test(id) ? id : "";
};

const conditionOf = (wrong: Problem | "FAULT"): readonly [code: string, text: string] => {
  if (wrong !== "FAULT" && wrong.details.isMissing === true)
    return ["101", "Required field missing"];
  return (wrong !== "FAULT" && CONDITION[wrong.code]) || ["207", "Application error"];
};

/**
 * Writes the answer.
 *
 * INVARIANT: of the message it holds what the standard makes it hold, who sent it to whom and its control id, and the place of what
 * is wrong; never a value that stood there.
 *
 * @param message Null when it could not be read.
 * @param wrong A fault is ours, and the sender may try again; null when nothing is.
 */
export const acknowledge = (
  message: Message | null,
  bytes: Buffer,
  wrong: Problem | "FAULT" | null,
  { at, requestId }: Act,
): Buffer => {
  const sent = message?.parsed ?? NOBODY;
  const field = (number: number): string => sent.header.getField(number)?.toString() ?? "";
  const separators = sent.header.getField(2)?.toString() ?? "";
  const separator = sent.header.getField(1)?.toString() ?? "|";
  const [component = "^"] = separators;
  const own = (text: string): string => text.replaceAll("^", component);
  const trigger = message?.header.text(9, 2) ?? "";
  const code = wrong === null ? "AA" : wrong !== "FAULT" && REJECTED.has(wrong.code) ? "AR" : "AE";
  const controlId = message ? field(10) : controlIdIn(bytes);
  const segments = [
    [
      `MSH${separator}${separators}`,
      field(5),
      field(6),
      field(3),
      field(4),
      written(at),
      "",
      own(trigger === "" ? "ACK" : `ACK^${trigger}^ACK`),
      requestId.replaceAll("-", "").slice(-20),
      field(11) || "P",
      field(12) || "2.5.1",
    ],
    ["MSA", code, controlId],
  ];
  if (wrong !== null) {
    const [condition, text] = conditionOf(wrong);
    const element = wrong === "FAULT" ? "" : ((wrong.details.element as string | undefined) ?? "");
    segments.push([
      "ERR",
      "",
      element && own(location(element)),
      own(`${condition}^${text}^HL70357`),
      "E",
      own(`${wrong === "FAULT" ? wrong : wrong.code}^^L`),
    ]);
  }
  return Buffer.from(`${segments.map((it) => it.join(separator)).join("\r")}\r`);
};
