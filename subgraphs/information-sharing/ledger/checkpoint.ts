/** A checkpoint: what the ledger was at an instant, signed. Whoever keeps one can tell whether the ledger still begins so. */
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import canonicalize from "canonicalize";
import type { JWK } from "jose";

/** What is signed: its canonical bytes (RFC 8785). */
export interface Checkpoint {
  /** How many entries it covers. */
  size: number;
  /** The root of their Merkle tree, in hexadecimal. */
  root: string;
  /** RFC 3339, UTC. */
  at: string;
}

/** A checkpoint and its Ed25519 signature, base64url. */
export interface SignedCheckpoint extends Checkpoint {
  signature: string;
}

/**
 * A key, or a set of them (RFC 7517), as a setting or a file has it. In a set the first one signs, and all are believed:
 * a key that is replaced stays in it, for what it has signed. To check, public keys are enough.
 */
export type CheckpointKeys = JWK | { keys: JWK[] };

export type SignCheckpoint = (checkpoint: Checkpoint) => SignedCheckpoint;
export type IsGenuine = (checkpoint: SignedCheckpoint) => boolean;

const bytesOf = ({ size, root, at }: Checkpoint): Buffer =>
  Buffer.from(canonicalize({ size, root, at }) as string, "utf8");

const listed = (keys: CheckpointKeys): JWK[] =>
  "keys" in keys && Array.isArray(keys.keys) ? keys.keys : [keys as JWK];

const read = (half: "private" | "public", jwk: JWK | undefined): KeyObject => {
  const make = half === "private" ? createPrivateKey : createPublicKey;
  try {
    const key = make({ key: jwk as never, format: "jwk" });
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Its message might quote the key.
  }
  throw new Error(`the ledger's ${half} key is no ${half} Ed25519 key, as a JWK`);
};

/** @throws {Error} when there is no private key. What it holds is in no message. */
export const checkpointSigner = (keys: CheckpointKeys): SignCheckpoint => {
  const key = read("private", listed(keys)[0]);
  return (checkpoint) => ({
    ...checkpoint,
    signature: sign(null, bytesOf(checkpoint), key).toString("base64url"),
  });
};

/** @throws {Error} when there is none, or one that is no Ed25519 key. */
export const checkpointChecker = (keys: CheckpointKeys): IsGenuine => {
  // The public half of a private one too.
  const all = listed(keys).map(({ d: _, ...half }) => read("public", half as JWK));
  return (checkpoint) =>
    all.some((key) =>
      verify(null, bytesOf(checkpoint), key, Buffer.from(checkpoint.signature, "base64url")),
    );
};
