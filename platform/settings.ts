/** Settings from the environment. A missing one is no start: nothing is guessed. */
import type { JWK } from "jose";

/** @throws {Error} that names the variable, when it is not set. */
export const needed = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

/** @throws {Error} that names the variable, when it is not set or no JSON Web Key. What it holds is in no message. */
export const neededKey = (name: string): JWK => {
  const text = needed(name);
  try {
    return JSON.parse(text) as JWK;
  } catch {
    throw new Error(`${name} is no JSON Web Key`);
  }
};

/**
 * Where each room answers.
 *
 * @param list `referrals=http://127.0.0.1:4001,disputes=http://127.0.0.1:4002`
 * @throws {Error} when a part of it is not a name and an http(s) URL
 */
export const urlsByRoom = (list: string): Record<string, string> =>
  Object.fromEntries(
    list
      .split(",")
      .filter((part) => part.trim() !== "")
      .map((part) => {
        const [, room, url] = /^\s*([a-z-]+)=(https?:\/\/\S+)\s*$/.exec(part) ?? [];
        if (!room || !url)
          throw new Error(
            `"${part}" is not a room and its URL, as in referrals=http://127.0.0.1:4001`,
          );
        return [room, url];
      }),
  );
