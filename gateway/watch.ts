/** A supergraph's file, read again whenever it changes. */
import { unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Log } from "#platform/log.ts";

/** By asking, for what a mounted volume is replaced with sends no events. */
const ASK_EVERY_MS = 500;

/**
 * Watches a supergraph's file. What cannot be served is logged, and left.
 *
 * @param sdl What was read of it, and is served.
 * @param change Serves a supergraph from now on; throws when it cannot.
 */
export const watch = (
  file: string,
  sdl: string,
  change: (sdl: string) => Promise<void>,
  log: Log,
): { stop(): void } => {
  let served = sdl;
  /** One after the other: the last one written is the one that stays. */
  let turn = Promise.resolve();
  const look = () => {
    turn = turn.then(async () => {
      try {
        const read = await readFile(file, "utf8");
        if (read === served) return;
        await change(read);
        served = read;
        log.info({}, "another supergraph is served");
      } catch (error) {
        log.error(
          { why: (error as Error).message },
          "the supergraph in the file is not served; the one before still is",
        );
      }
    });
  };
  watchFile(file, { interval: ASK_EVERY_MS, persistent: false }, look);
  // It may have changed since it was read.
  look();
  return { stop: () => unwatchFile(file, look) };
};
