/** How a process of the bench speaks with the bench that started it. */
import type { KeyPair } from "../platform/passport.ts";

/** What every process is told. */
export interface Ground {
  /** Where each room answers over HTTP; none while the rooms themselves are opened. */
  rooms: Record<string, string>;
  gatewayKeys: KeyPair;
  databaseUrl: string | null;
}

/** What a process has taken since it started. */
export interface Taken {
  /** Of the processor, in milliseconds, by all its threads. */
  cpuMs: number;
  /** Requests that it has answered; null where nobody counts. */
  answered: number | null;
}

export const ground = JSON.parse(process.argv[2] ?? "{}") as Ground;

/**
 * Says that this process answers, and from then on what it has taken whenever the bench asks.
 *
 * @param said Where it answers.
 */
export const ready = (said: object, answered: () => number | null = () => null): void => {
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    const taken: Taken = { cpuMs: (user + system) / 1000, answered: answered() };
    process.send?.({ taken });
  });
  // However the bench ends, nothing that it started stays.
  process.on("disconnect", () => process.exit(0));
  process.send?.({ ready: said });
};
