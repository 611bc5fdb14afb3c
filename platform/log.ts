import { pino } from "pino";
import type { DestinationStream, Logger } from "pino";

/**
 * The house's log: one JSON line an event, on standard error, so that standard output stays for people.
 *
 * INVARIANT: nothing about a person is ever logged; callers log ids, codes, counts and times.
 */
export const openLog = (
  level: string = process.env.LOG_LEVEL ?? "info",
  to: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Logger => pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, to);

export type { Logger as Log };
