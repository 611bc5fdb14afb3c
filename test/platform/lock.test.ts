/** Who holds a data directory: one living process, and never two. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { DataDirInUse, holderOf, takeLock } from "#platform/lock.ts";
import { dataDirectory } from "../scripts/process.ts";

/** A data directory of a test's own. */
const directory = (): string => {
  const { path, remove } = dataDirectory();
  onTestFinished(remove);
  return path;
};

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Another process, in which `code` runs with a directory and the lock's functions at hand. */
const other = (dataDir: string, code: string) => {
  const child = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import fs from "node:fs";
       import { syncBuiltinESMExports } from "node:module";
       const dataDir = process.argv[1];
       const { takeLock } = await import("./platform/lock.ts");
       const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
       const say = (word) => fs.writeSync(1, word + "\\n");
       ${code}`,
      dataDir,
    ],
    { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
  );
  let out = "";
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    pid: child.pid as number,
    said: () => out.trim().split("\n"),
    says: (word: string) =>
      new Promise<void>((resolve, reject) => {
        child.stdout.on("data", (text: Buffer) => {
          out += text.toString();
          if (out.includes(word)) resolve();
        });
        void ended.then(() => reject(new Error(`it ended before it said ${word}: ${out}`)));
      }),
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
    ended,
  };
};

const HOLD = `takeLock(dataDir); say("held"); setInterval(() => {}, 1000);`;

describe("a data directory", () => {
  it("is held by whoever takes it, until it is released", () => {
    const dataDir = join(directory(), "not", "there", "yet");
    expect(holderOf(dataDir)).toBeNull();
    const lock = takeLock(dataDir);
    expect(holderOf(dataDir)).toMatchObject({ pid: process.pid, url: null });
    lock.release();
    expect(holderOf(dataDir)).toBeNull();
    takeLock(dataDir).release();
  });

  it("says where the house answers, once it does", () => {
    const dataDir = directory();
    const lock = takeLock(dataDir);
    lock.announce("http://127.0.0.1:4000");
    expect(holderOf(dataDir)).toMatchObject({ pid: process.pid, url: "http://127.0.0.1:4000" });
    lock.release();
  });

  it("that another process holds is refused, and the refusal names that process", async () => {
    const dataDir = directory();
    const holder = other(dataDir, HOLD);
    await holder.says("held");
    const before = readFileSync(join(dataDir, "lock.json"), "utf8");
    expect(() => takeLock(dataDir)).toThrow(
      `another process (pid ${holder.pid}) is using the data directory ${dataDir}`,
    );
    expect(() => takeLock(dataDir)).toThrow(DataDirInUse);
    expect(readFileSync(join(dataDir, "lock.json"), "utf8")).toBe(before);
    expect(DataDirInUse.EXIT_CODE).toBe(78);
  });

  it("is taken over from a process that was killed", async () => {
    const dataDir = directory();
    const holder = other(dataDir, HOLD);
    await holder.says("held");
    await holder.kill();
    expect(existsSync(join(dataDir, "lock.json"))).toBe(true);
    expect(holderOf(dataDir)).toBeNull();
    const lock = takeLock(dataDir);
    expect(holderOf(dataDir)).toMatchObject({ pid: process.pid });
    lock.release();
  });

  it.runIf(process.platform === "linux")(
    "is taken over from a dead process whose pid another one bears now",
    () => {
      const dataDir = directory();
      const lock = takeLock(dataDir);
      const file = join(dataDir, "lock.json");
      const { started, ...holder } = JSON.parse(readFileSync(file, "utf8")) as { started: string };
      expect(Number(started)).toBeGreaterThan(0);
      expect(() => takeLock(dataDir)).toThrow(DataDirInUse);
      // The same pid, but the process was started at another time.
      writeFileSync(file, JSON.stringify({ ...holder, started: `${Number(started) - 1}` }));
      takeLock(dataDir).release();
      lock.release();
    },
  );

  it("stays held where nobody can tell when a process was started", async () => {
    const dataDir = directory();
    const holder = other(dataDir, HOLD);
    await holder.says("held");
    writeFileSync(
      join(dataDir, "lock.json"),
      JSON.stringify({ pid: holder.pid, started: null, url: null }),
    );
    expect(() => takeLock(dataDir)).toThrow(DataDirInUse);
  });

  it.each(["", "{", "{}", "null", `{"pid":"1"}`])("whose lock file says %j is nobody's", (text) => {
    const dataDir = directory();
    writeFileSync(join(dataDir, "lock.json"), text);
    expect(holderOf(dataDir)).toBeNull();
  });

  it("goes to one of two that find its holder dead at the same moment", async () => {
    const dataDir = directory();
    const dead = other(dataDir, HOLD);
    await dead.says("held");
    await dead.kill();
    // The other one has read the lock file, and is held up just before it changes anything, until we have taken over.
    const late = other(
      dataDir,
      `let state = "new";
       const { readFileSync } = fs;
       fs.readFileSync = (path, ...rest) => {
         const text = readFileSync(path, ...rest);
         if (state === "new" && String(path).startsWith(dataDir)) state = "has read";
         return text;
       };
       for (const name of ["openSync", "writeFileSync", "rmSync", "unlinkSync", "renameSync", "linkSync"]) {
         const act = fs[name];
         fs[name] = (...args) => {
           if (state === "has read" && String(args[0]).startsWith(dataDir)) {
             state = "about to change it";
             say(state);
             while (!fs.existsSync(dataDir + "/go")) pause();
           }
           return act(...args);
         };
       }
       syncBuiltinESMExports();
       try { takeLock(dataDir); say("held"); } catch (error) { say(error.name); }`,
    );
    await late.says("about to change it");
    const lock = takeLock(dataDir);
    writeFileSync(join(dataDir, "go"), "");
    await late.ended;
    expect(late.said()).toContain("DataDirInUse");
    expect(holderOf(dataDir)).toMatchObject({ pid: process.pid });
    lock.release();
  });

  it("is held from the moment its lock file is there", async () => {
    const dataDir = directory();
    // The first one is held up as it is about to say in the new file who it is.
    const first = other(
      dataDir,
      `for (const name of ["writeSync", "writeFileSync"]) {
         const write = fs[name];
         fs[name] = (to, ...rest) => {
           if (typeof to === "number" ? to > 2 : String(to).startsWith(dataDir)) {
             say("about to write");
             while (!fs.existsSync(dataDir + "/go")) pause();
           }
           return write(to, ...rest);
         };
       }
       syncBuiltinESMExports();
       try { takeLock(dataDir); say("held"); } catch (error) { say(error.name); }
       setInterval(() => {}, 1000);`,
    );
    await first.says("about to write");
    let second: string;
    try {
      takeLock(dataDir);
      second = "held";
    } catch (error) {
      second = (error as Error).name;
    }
    const settled = Promise.race([first.says("held"), first.says("DataDirInUse")]);
    writeFileSync(join(dataDir, "go"), "");
    await settled;
    expect([second, first.said().at(-1)].filter((it) => it === "held")).toHaveLength(1);
  });
});
