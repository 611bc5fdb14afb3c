/**
 * Takes FHIR files in: `npm run intake -- FILE...`. Sends them to the house that runs on this data directory, or opens
 * one for as long as it takes. Exits 1 if anything was refused.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { SingleBar } from "cli-progress";
import { DataDirInUse, takeLock } from "#platform/lock.ts";
import { openLog } from "#platform/log.ts";
import { WAITING } from "../subgraphs/referrals/fhir/intake.ts";
import { commandLine, houseUrl, tokenFor } from "./client.ts";
import { openHouse } from "./house.ts";
import { dataDir, site } from "./site.ts";

interface Outcome {
  issue: { details?: { coding?: { code?: string }[]; text?: string }; expression?: string[] }[];
}

interface Reply {
  resourceType: string;
  issue?: Outcome["issue"];
  entry?: { response: { status: string; outcome: Outcome } }[];
}

/** What became of one resource of a file. */
interface Line {
  file: string;
  code: string;
  text: string;
  element: string;
}

const TAKEN_IN: ReadonlySet<string> = new Set(["MAPPED", "KEPT", "UNCHANGED"]);

const lines = (file: string, reply: Reply): Line[] => {
  const outcomes = reply.entry?.map(({ response }) => response.outcome) ?? [
    { issue: reply.issue ?? [] },
  ];
  return outcomes
    .flatMap(({ issue }) => issue)
    .map(({ details, expression }) => ({
      file,
      code: details?.coding?.[0]?.code ?? "FAULT",
      text: details?.text ?? "",
      element: expression?.[0] ?? "",
    }));
};

let stopped = false;
process.once("SIGINT", () => (stopped = true));

const send = async (url: string, token: string, file: string): Promise<Line[]> => {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    return [
      {
        file,
        code: "UNREADABLE",
        text: (error as NodeJS.ErrnoException).code ?? "cannot be read",
        element: "",
      },
    ];
  }
  const response = await fetch(`${url}/fhir`, {
    method: "POST",
    headers: { "content-type": "application/fhir+json", authorization: `Bearer ${token}` },
    body: bytes,
  });
  if (response.status === 429) {
    // The agency's budget for this minute is spent: a large folder goes in over several.
    await response.body?.cancel();
    await pause(Number(response.headers.get("retry-after") ?? 1) * 1000);
    return stopped ? [] : send(url, token, file);
  }
  if (response.status === 401 || response.status === 403)
    throw new Error(
      `the house refused the sender: ${lines(file, (await response.json()) as Reply)[0]?.text}`,
    );
  return lines(file, (await response.json()) as Reply);
};

/** The house that runs, or one of our own for the time being. */
const reach = async (): Promise<{ url: string; leave: () => Promise<void> }> => {
  const url = houseUrl();
  if (url) return { url, leave: async () => undefined };
  const lock = takeLock(dataDir());
  process.on("exit", () => lock.release());
  const here = await site(openLog("error"));
  const house = await openHouse({ ...here, port: 0 });
  if (here.demo) await (await import("../test/county/seed.ts")).seed(house);
  return { url: house.url, leave: () => house.close() };
};

const { as, files } = commandLine("county-system");
try {
  if (files.length === 0) throw new Error("usage: npm run intake -- [--as NAME] FILE...");
  const token = await tokenFor(as);
  const { url, leave } = await reach();
  try {
    const bar = new SingleBar({
      format: "{bar} {value}/{total} files  {file}",
      noTTYOutput: false,
      clearOnComplete: true,
    });
    bar.start(files.length, 0, { file: "" });
    const done = new Map<string, Line[]>();
    let waiting = files;
    // Files come in any order: what refers to a later one is sent again, until a round brings nothing new.
    for (let before = Infinity; waiting.length > 0 && waiting.length < before && !stopped;) {
      before = waiting.length;
      for (const file of waiting) {
        if (stopped) break;
        bar.update(done.size, { file: basename(file) });
        done.set(file, await send(url, token, file));
      }
      waiting = waiting.filter((file) => done.get(file)?.some(({ code }) => WAITING.has(code)));
    }
    bar.stop();
    const all = [...done.values()].flat();
    const refused = all.filter(({ code }) => !TAKEN_IN.has(code));
    for (const { file, code, text, element } of refused)
      console.error(`refused  ${basename(file)}  ${code}${element && ` at ${element}`}: ${text}`);
    const count = (code: string) => all.filter((line) => line.code === code).length;
    console.log(
      `${done.size} files, ${all.length} resources: ${count("MAPPED")} mapped, ${count("KEPT")} kept as received, ` +
        `${count("UNCHANGED")} unchanged, ${refused.length} refused${stopped ? "; stopped before the end" : ""}`,
    );
    if (refused.length > 0 || stopped) process.exitCode = 1;
  } finally {
    await leave();
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = error instanceof DataDirInUse ? DataDirInUse.EXIT_CODE : 1;
}
