/**
 * Decides questions: one JSON value a line on standard input, one answer a line on standard output, in the same order.
 *
 * An unknown code is denied, as everywhere. A line that is no question is answered with an error; the rest goes on, and the
 * exit code is 1.
 */
import { once } from "node:events";
import { decide } from "#sharing/decide.ts";
import type { Question } from "#sharing/question.ts";

type Thing = Readonly<Record<string, unknown>>;

const isText = (value: unknown): boolean => typeof value === "string";
const isThing = (value: unknown): value is Thing =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a value is as it must be, and how that is said. */
type Shape = readonly [is: (value: unknown) => boolean, means: string];

const THING: Shape = [isThing, "an object"];
const TEXT: Shape = [isText, "a string"];
const NAME: Shape = [(value) => isText(value) && value !== "", "a string that is not empty"];
const TEXTS: Shape = [(value) => Array.isArray(value) && value.every(isText), "a list of strings"];
const CLAIM: Shape = [(value) => typeof value === "boolean", "true or false"];
const orNone = ([is, means]: Shape): Shape => [
  (value) => value === null || is(value),
  `${means}, or no value`,
];

/** What a question is made of: each thing before what is in it. */
const SHAPES = Object.entries({
  caller: THING,
  "caller.agency": NAME,
  "caller.kind": orNone(TEXT),
  "caller.role": TEXT,
  "caller.hipaa": CLAIM,
  purpose: TEXT,
  basis: orNone(TEXT),
  info: THING,
  "info.category": TEXT,
  "info.source": NAME,
  agreement: orNone(THING),
  "agreement.active": CLAIM,
  "agreement.purposes": TEXTS,
  "agreement.categories": TEXTS,
  ties: TEXTS,
  directives: TEXTS,
  restricted: CLAIM,
  medicalEmergency: CLAIM,
  safetyThreat: CLAIM,
} satisfies Record<string, Shape>).map(([path, [is, means]]) => {
  const [first, second] = path.split(".") as [string, string?];
  return { path, first, second, is, means };
});

/** What is wrong with a value that is to be a question; null when nothing is. */
const wrongWith = (value: unknown): string | null => {
  if (!isThing(value)) return "the line must be an object";
  for (const { path, first, second, is, means } of SHAPES) {
    const outer = value[first];
    // Only an agreement may be none, and then nothing is in it.
    if (second !== undefined && outer === null) continue;
    if (!is(second === undefined ? outer : (outer as Thing)[second]))
      return `\`${path}\` must be ${means}`;
  }
  return null;
};

let isAllRight = true;

const refused = (line: number, message: string): string => {
  isAllRight = false;
  return JSON.stringify({ error: { code: "BAD_INPUT", line, message } });
};

const answer = (text: string, line: number): string => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refused(line, "the line is not JSON");
  }
  const wrong = wrongWith(value);
  return wrong === null ? JSON.stringify(decide(value as Question)) : refused(line, wrong);
};

/** Writes, and waits while the reader is behind. */
const say = async (lines: readonly string[]): Promise<void> => {
  if (lines.length > 0 && !process.stdout.write(`${lines.join("\n")}\n`))
    await once(process.stdout, "drain");
};

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever read has enough.
  if (error.code === "EPIPE") process.exit();
  throw error;
});

let line = 0;
let rest = "";
for await (const chunk of process.stdin.setEncoding("utf8")) {
  const lines = `${rest}${chunk as string}`.split("\n");
  rest = lines.pop() ?? "";
  await say(lines.map((text) => answer(text, (line += 1))));
}
if (rest !== "") await say([answer(rest, line + 1)]);
if (!isAllRight) process.exitCode = 1;
