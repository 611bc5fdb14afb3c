/** FHIR R4 in: a bundle or a resource becomes facts, all of it kept, what is wrong set aside with its bytes. */
import { setImmediate as letOthersIn } from "node:timers/promises";
import { INTAKE_SYSTEM, outcome, problemIssue } from "#schema/outcome.ts";
import type { OutcomeIssue } from "#schema/outcome.ts";
import { Problem } from "#schema/problems.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Act } from "#platform/act.ts";
import type { Database, Transaction } from "#platform/database.ts";
import type { Log } from "#platform/log.ts";
import type { SideDoor } from "#platform/subgraph.ts";
import { read } from "./bundle.ts";
import type { Sent, Submission } from "./bundle.ts";
import { inferHandoffs } from "./inference.ts";
import {
  inTurn,
  keep,
  lastReceived,
  quarantine,
  receivedBefore,
  release,
  sha256,
} from "./intake-store.ts";
import type { At, Kept, Refused } from "./intake-store.ts";
import { map, rank } from "./mapping.ts";
import { noticeOf } from "./notice.ts";
import type { Notice } from "./notice.ts";
import type { Intake } from "./reading.ts";
import { validate } from "./validate.ts";

/** What became of one resource. */
export type Fate = "MAPPED" | "KEPT" | "UNCHANGED" | Problem;

/** Reasons that may pass: what is missing may have arrived since. */
export const WAITING: ReadonlySet<string> = new Set(["UNKNOWN_AGENCY", "UNKNOWN_REFERENCE"]);

/** About 20 ms of work. */
const CHECKED_AT_ONCE = 50;

/** Thrown to undo a transaction bundle; what was wrong with each entry goes along. */
class Undone extends Error {
  readonly fates: Fate[];
  constructor(fates: Fate[]) {
    super("a transaction bundle was undone");
    this.fates = fates;
  }
}

const atOf = ({ resource, id }: Sent): At => ({ type: resource.resourceType, id });

/** Runs `work`, and undoes alone what it wrote when it ends in a Problem. */
const undoneIfRefused = async <T>(
  tx: Transaction,
  work: () => Promise<T>,
): Promise<T | Problem> => {
  await tx.raw("savepoint one_resource");
  try {
    const done = await work();
    // Savepoints of one name pile up unless they are released.
    await tx.raw("release savepoint one_resource");
    return done;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    await tx.raw("rollback to savepoint one_resource; release savepoint one_resource");
    return error;
  }
};

/**
 * Takes in what is sound, in the order in which it can be understood; what refers to something later in the same
 * submission is tried again, until a round brings nothing new.
 */
const understand = async (
  sent: Sent[],
  fates: (Fate | undefined)[],
  intake: Intake,
): Promise<void> => {
  let waiting = sent.map((_, index) => index).filter((index) => fates[index] === undefined);
  waiting.sort((a, b) => rank(atOf(sent[a] as Sent).type) - rank(atOf(sent[b] as Sent).type));
  for (let before = Infinity; waiting.length > 0 && waiting.length < before;) {
    before = waiting.length;
    const again: number[] = [];
    for (const index of waiting) {
      const it = sent[index] as Sent;
      const fate = await undoneIfRefused(intake.tx, () => map(it.resource, atOf(it), intake));
      fates[index] = fate instanceof Problem ? fate : fate ? "MAPPED" : "KEPT";
      if (fate instanceof Problem && WAITING.has(fate.code)) again.push(index);
    }
    waiting = again;
  }
};

/** What is wrong with each resource by itself. Others are let in between, for a large bundle takes seconds. */
const check = async (sent: Sent[]): Promise<(Problem | undefined)[]> => {
  const found: (Problem | undefined)[] = [];
  for (const [index, { resource, problem }] of sent.entries()) {
    if (index % CHECKED_AT_ONCE === CHECKED_AT_ONCE - 1) await letOthersIn();
    try {
      if (problem) throw problem;
      validate(resource);
      found.push(undefined);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      found.push(error);
    }
  }
  return found;
};

const takeIn = async (
  database: Database,
  bytes: Buffer,
  submission: Submission,
  notice: Notice | null,
  act: Act,
): Promise<Fate[]> => {
  const { sent } = submission;
  const source = act.by.agency;
  const checked = await check(sent);
  const bodies = sent.map(({ resource }) => JSON.stringify(resource));
  const hashes = bodies.map(sha256);
  return database.transaction(async (tx) => {
    await inTurn(tx, source);
    const fates: (Fate | undefined)[] = [...checked];
    const sound = sent.filter((_, index) => checked[index] === undefined);
    const last = await lastReceived(tx, source, sound.map(atOf));
    for (const [index, it] of sent.entries()) {
      if (fates[index] !== undefined) continue;
      const { type, id } = atOf(it);
      if (last.get(`${type}/${id}`) === hashes[index]) fates[index] = "UNCHANGED";
    }
    // A notification that is sent again has been said, even where a later one has told of more since.
    if (notice) {
      const versions = sent.flatMap((it, index) =>
        checked[index] ? [] : [{ ...atOf(it), sha256: hashes[index] as string, index }],
      );
      const before = await receivedBefore(tx, source, versions);
      const again = versions.filter((it) => before.has(`${it.type}/${it.id} ${it.sha256}`));
      if (again.some(({ index }) => index === 0))
        for (const { index } of again) fates[index] ??= "UNCHANGED";
    }
    const intake: Intake = { tx, act, source, submission, notice, moved: new Set() };
    await understand(sent, fates, intake);
    for (const person of intake.moved) await inferHandoffs(tx, person, act);
    const settled = fates as Fate[];
    if (submission.atomic && settled.some((fate) => fate instanceof Problem))
      throw new Undone(settled);
    const kept: Kept[] = [];
    const refused: Refused[] = [];
    for (const [index, it] of sent.entries()) {
      const fate = settled[index] as Fate;
      const body = bodies[index] as string;
      if (fate instanceof Problem)
        // What is no resource may call itself anything.
        refused.push({
          bytes: Buffer.from(body),
          at: it.problem || fate.code === "UNKNOWN_RESOURCE_TYPE" ? null : atOf(it),
          problem: fate,
        });
      else if (fate !== "UNCHANGED")
        kept.push({
          ...atOf(it),
          body,
          sha256: hashes[index] as string,
          mapped: fate === "MAPPED",
        });
    }
    await keep(tx, source, kept, act);
    await quarantine(tx, source, refused, act);
    const understood = kept.map((it) => it.sha256);
    if (refused.length === 0) understood.push(sha256(bytes));
    await release(tx, source, understood, act);
    return settled;
  });
};

const issue = (fate: Fate): OutcomeIssue =>
  fate instanceof Problem
    ? problemIssue(fate)
    : {
        severity: "information",
        code: "informational",
        details: { coding: [{ system: INTAKE_SYSTEM, code: fate }] },
      };

const outcomeOf = (fates: Fate[]) => outcome(fates.map(issue));

const STATUS = { MAPPED: "201 Created", KEPT: "201 Created", UNCHANGED: "200 OK" } as const;

/** A FHIR resource to answer with, and the HTTP status. */
interface Answered {
  status: number;
  resource: object;
}

const answer = ({ answeredBy }: Submission, fates: Fate[]): Answered => {
  if (answeredBy === null) {
    const [fate] = fates as [Fate];
    const status = fate instanceof Problem ? fate.status : fate === "UNCHANGED" ? 200 : 201;
    return { status, resource: outcomeOf(fates) };
  }
  return {
    status: 200,
    resource: {
      resourceType: "Bundle",
      type: answeredBy,
      entry: fates.map((fate) => ({
        response: {
          status: fate instanceof Problem ? `${fate.status} ${fate.code}` : STATUS[fate],
          outcome: outcomeOf([fate]),
        },
      })),
    },
  };
};

/** Refuses the whole of it, and keeps its bytes aside. */
const refuse = async (
  database: Database,
  bytes: Buffer,
  problem: Problem,
  issues: OutcomeIssue[],
  act: Act,
): Promise<Answered> => {
  const refused = [{ bytes, at: null, problem }];
  await database.transaction((tx) => quarantine(tx, act.by.agency, refused, act));
  return { status: problem.status, resource: outcome(issues) };
};

/** Takes a submission in, or refuses it whole. */
const accept = async (database: Database, bytes: Buffer, act: Act): Promise<Answered> => {
  let submission: Submission;
  let notice: Notice | null;
  try {
    submission = read(bytes);
    notice = noticeOf(submission);
  } catch (error) {
    if (error instanceof Problem) return refuse(database, bytes, error, [problemIssue(error)], act);
    throw error;
  }
  try {
    return answer(submission, await takeIn(database, bytes, submission, notice, act));
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
    const wrong = error.fates.flatMap((fate, entry) =>
      fate instanceof Problem ? [{ fate, entry }] : [],
    );
    const issues = wrong.map(({ fate, entry }) => {
      const found = problemIssue(fate);
      return {
        ...found,
        expression: [`Bundle.entry[${entry}].resource`, ...(found.expression ?? [])],
      };
    });
    return refuse(database, bytes, (wrong[0] as { fate: Problem }).fate, issues, act);
  }
};

const reply = ({ status, resource }: Answered) => ({
  status,
  contentType: "application/fhir+json",
  body: JSON.stringify(resource),
});

/**
 * `POST /fhir`: a transaction, batch, collection, message or document Bundle, or one resource, as application/fhir+json.
 *
 * Answers with a response Bundle, or an OperationOutcome for one resource and for what is refused whole. Every refused
 * resource is in quarantine with its bytes before the answer leaves.
 * Roles that do not work with people are FORBIDDEN.
 *
 * @see https://hl7.org/fhir/R4/http.html#transaction
 */
export const fhirDoor =
  (database: Database, log: Log): SideDoor =>
  async ({ bytes, requester, at, requestId }) => {
    if (!requester || !worksWithPeople(requester)) {
      const problem = new Problem("FORBIDDEN", "your role may not send records of people");
      return reply({ status: problem.status, resource: outcomeOf([problem]) });
    }
    const act: Act = { by: requester, at, requestId };
    const answered = await accept(database, bytes, act);
    log.info(
      { requestId, agency: requester.agency, status: answered.status, bytes: bytes.length },
      "fhir intake",
    );
    return reply(answered);
  };
