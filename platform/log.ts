import { pino } from "pino";
import type { DestinationStream, Logger } from "pino";

/** What may be told of an error. Its message may not: a database and a parser quote what they were given. */
const errorTold = (error: unknown): Record<string, unknown> => {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, stack = "" } = error;
  const { code, table, constraint, routine } = error as Error & Record<string, unknown>;
  return {
    type: name,
    code,
    table,
    constraint,
    routine,
    at: stack.split("\n").filter((line) => /^\s+at /.test(line)),
    ...(error.cause !== undefined && { cause: errorTold(error.cause) }),
  };
};

/**
 * The house's log: one JSON line an event, on standard error, so that standard output stays for people.
 *
 * INVARIANT: nothing about a person is ever logged; callers log ids, codes, counts and times, and an error is told by
 * its kind and place.
 */
export const openLog = (
  level: string = process.env.LOG_LEVEL ?? "info",
  to: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: errorTold },
    },
    to,
  );

export type { Logger as Log };
