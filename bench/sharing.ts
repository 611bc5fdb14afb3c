/** What a decision costs: `npm run bench -- sharing`. Medians, beside the bars that are to be kept. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { lawOf } from "../sharing/law.ts";
import type { Law } from "../sharing/law.ts";
import type { PersonFacts, Question, Standing } from "../sharing/question.ts";
import { RULES } from "../sharing/rules.ts";
import { CATEGORIES } from "../sharing/vocabulary.ts";
import type { Category } from "../sharing/vocabulary.ts";

const ROUNDS = 2_000;
const PERSONS = 100;
const LINES = 100_000;
const BAR_MS = 0.2;
const BAR_LINES_S = 5;

/** What a screen shows of each of a hundred people: a field of each of these. */
const FIELDS: readonly Category[] = [
  "DEMOGRAPHICS",
  "MEDICATIONS",
  "LABS",
  "CARE_TEAM",
  "SUD_TREATMENT",
  "DV_LOCATION",
];

const standing = (category: Category): Standing => ({
  caller: { agency: "asking", kind: "HOSPITAL", role: "CLINICIAN", hipaa: true },
  purpose: "COC",
  basis: "HIPAA_506",
  info: { category, source: "keeping" },
  agreement: { active: true, purposes: ["TREAT", "COC"], categories: CATEGORIES },
});

/** As different as people are: by ties, consents and restrictions. */
const people: readonly PersonFacts[] = Array.from({ length: PERSONS }, (_, index) => ({
  ties: index % 3 === 0 ? [] : ["TREATING", "REFERRAL"],
  directives: index % 2 === 0 ? [] : ["42CFRPart2CD", "HIPAAAuthCD", "VAWA_RELEASE"],
  restricted: index % 11 === 0,
  medicalEmergency: false,
  safetyThreat: index % 13 === 0,
}));

let allowed = 0;

const inTwoPhases = ({ prepare }: Law): void => {
  for (const field of FIELDS) {
    const prepared = prepare(standing(field));
    for (const person of people) {
      const { decision } =
        prepared.kind === "DEPENDS" ? prepared.decide(person) : prepared.decision;
      if (decision === "ALLOW") allowed += 1;
    }
  }
};

const inOnePhase = ({ decide }: Law): void => {
  for (const field of FIELDS)
    for (const person of people)
      if (decide({ ...standing(field), ...person }).decision === "ALLOW") allowed += 1;
};

const median = (rounds: number, run: () => void): number => {
  const taken = Array.from({ length: rounds }, () => {
    const began = performance.now();
    run();
    return performance.now() - began;
  }).toSorted((one, other) => one - other);
  return taken[Math.floor(taken.length / 2)] ?? 0;
};

const verdict = (is: number, bar: number): string => (is <= bar ? "kept" : "missed");

/** How long the command takes for so many questions, from its start to its end. */
const asCommand = async (): Promise<number> => {
  const line = (index: number): string => {
    const field = FIELDS[index % FIELDS.length] as Category;
    const question: Question = {
      ...standing(field),
      ...(people[index % PERSONS] as PersonFacts),
    };
    return `${JSON.stringify(question)}\n`;
  };
  const input = Array.from({ length: LINES }, (_, index) => line(index)).join("");
  const began = performance.now();
  const child = spawn(process.execPath, ["scripts/run.js", "decide"], {
    cwd: fileURLToPath(new URL("../", import.meta.url)),
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdout.resume();
  child.stdin.end(input);
  await once(child, "close");
  return (performance.now() - began) / 1_000;
};

const law = lawOf(RULES);
const warm = median(ROUNDS, () => inTwoPhases(law));
// A law that has decided nothing yet: what a process pays once for each standing.
const first = median(ROUNDS, () => inTwoPhases(lawOf(RULES)));
const whole = median(ROUNDS / 10, () => inOnePhase(law));
const lines = await asCommand();

const of = `${PERSONS} people, ${FIELDS.length} fields`;
console.log(
  `${of}, two phases: ${warm.toFixed(3)} ms; the bar is ${BAR_MS}: ${verdict(warm, BAR_MS)}`,
);
console.log(`${of}, two phases, standings never seen before: ${first.toFixed(3)} ms`);
console.log(`${of}, one phase: ${whole.toFixed(3)} ms`);
console.log(
  `npm run decide, ${LINES.toLocaleString("en-US")} questions: ${lines.toFixed(2)} s; the bar is ${BAR_LINES_S}: ${verdict(lines, BAR_LINES_S)}`,
);
if (allowed === 0) throw new Error("nothing was allowed, so nothing was measured");
