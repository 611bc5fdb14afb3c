/** A supergraph's file, read again whenever it changes. */
import { unwatchFile, watchFile } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Log } from "#platform/log.ts";

/** By asking, for what a mounted volume is replaced with sends no events. */
const ASK_EVERY_MS = 500;

/**
 * Watches a supergraph's file. What cannot be served is logged, and left.
 *
 * @param change Serves a supergraph from now on; throws when it cannot.
 */
export const watch = (
  file: string,
  change: (sdl: string) => Promise<void>,
  log: Log,
): { stop(): void } => {
  let served: string | undefined;
  /** One after the other: the last one written is the one that stays. */
  let turn: Promise<void> = readFile(file, "utf8").then(
    (sdl) => {
      served = sdl;
    },
    () => {},
  );
  const look = () => {
    turn = turn.then(async () => {
      try {
        const sdl = await readFile(file, "utf8");
        if (sdl === served) return;
        await change(sdl);
        served = sdl;
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
  return { stop: () => unwatchFile(file, look) };
};
