import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What the lock file of a data directory says about the process that holds it. */
export interface Holder {
  pid: number;
  /** The kernel's start time of that process, so that a reused pid is not mistaken for it. Null where unknown. */
  started: string | null;
  /** Where the house answers, once it does. */
  url: string | null;
}

/** Thrown when another living process holds the data directory; nothing was touched. */
export class DataDirInUse extends Error {
  readonly holder: Holder;
  /** EX_CONFIG of sysexits.h: what a second `npm start` exits with. */
  static readonly EXIT_CODE = 78;

  constructor(dataDir: string, holder: Holder) {
    super(
      `another process (pid ${holder.pid}) is using the data directory ${dataDir}; ` +
        `stop it first, or set DATA_DIR to another directory`,
    );
    this.name = "DataDirInUse";
    this.holder = holder;
  }
}

const startedAt = (pid: number): string | null => {
  try {
    // Field 22 of /proc/PID/stat; the command in field 2 may hold spaces, so read from the last parenthesis.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
};

const alive = ({ pid, started }: Holder): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return started === null || startedAt(pid) === null || startedAt(pid) === started;
};

const lockFile = (dataDir: string) => join(dataDir, "lock.json");

/** The living process that a file names. */
const read = (file: string): Holder | null => {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as Holder;
    return Number.isInteger(holder.pid) && alive(holder) ? holder : null;
  } catch {
    return null;
  }
};

/** Who holds the data directory now; null when nobody living does. */
export const holderOf = (dataDir: string): Holder | null => read(lockFile(dataDir));

/** A held data directory. */
export interface Lock {
  /** Writes down where the house answers, for `npm run intake` and its like. */
  announce(url: string): void;
  release(): void;
}

/**
 * Takes the data directory for this process alone.
 *
 * PGlite takes no lock of its own, and two processes on one directory lose acknowledged rows.
 *
 * @throws {DataDirInUse} when another living process holds it.
 */
export const takeLock = (dataDir: string): Lock => {
  mkdirSync(dataDir, { recursive: true });
  const file = lockFile(dataDir);
  const me: Holder = { pid: process.pid, started: startedAt(process.pid), url: null };
  // Each file appears whole or not at all: written under a name of its own, and then linked or renamed.
  const own = `${file}.${process.pid}.${randomUUID()}`;
  const written = (holder: Holder, place: () => void) => {
    writeFileSync(own, JSON.stringify(holder), { mode: 0o600 });
    try {
      place();
    } finally {
      rmSync(own, { force: true });
    }
  };
  const isThere = (error: unknown) => (error as NodeJS.ErrnoException).code === "EEXIST";
  written(me, () => {
    try {
      return linkSync(own, file);
    } catch (error) {
      if (!isThere(error)) throw error;
    }
    const refuse = (holder: Holder | null): void => {
      if (holder) throw new DataDirInUse(dataDir, holder);
    };
    refuse(holderOf(dataDir));
    // Its holder died. One at a time takes over, and looks again once it is its turn.
    const turn = `${file}.turn`;
    try {
      linkSync(own, turn);
    } catch (error) {
      if (!isThere(error)) throw error;
      refuse(read(turn));
      throw new Error(`a process died as it took over ${dataDir}; remove ${turn}`);
    }
    try {
      refuse(holderOf(dataDir));
      rmSync(file, { force: true });
      linkSync(own, file);
    } catch (error) {
      if (isThere(error)) refuse(holderOf(dataDir));
      throw error;
    } finally {
      rmSync(turn, { force: true });
    }
  });
  return {
    announce: (url) => written({ ...me, url }, () => renameSync(own, file)),
    release: () => rmSync(file, { force: true }),
  };
};
