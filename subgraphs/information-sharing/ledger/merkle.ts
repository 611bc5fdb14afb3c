/**
 * Merkle trees of RFC 9162 (Certificate Transparency 2.0), section 2.1: one hash stands for a whole list, and shows any change of it.
 */
import { hash } from "node:crypto";

/** Thirty-two bytes of SHA-256. */
export type Hash = Buffer;

/** Before what a leaf is made of, and before what a node is: so that neither can be taken for the other. */
const LEAF = Buffer.of(0x00);
const NODE = Buffer.of(0x01);

// By way of hexadecimal: Node takes three times as long to hand out the bytes themselves.
const sha256 = (...parts: Uint8Array[]): Hash =>
  Buffer.from(hash("sha256", Buffer.concat(parts), "hex"), "hex");

/** The hash of an entry. */
export const leafHash = (bytes: Uint8Array): Hash => sha256(LEAF, bytes);

const nodeHash = (left: Hash, right: Hash): Hash => sha256(NODE, left, right);

/**
 * All that it takes to grow a tree: the roots of the full trees that it is made of, the largest first. Of a million
 * leaves they are at most twenty.
 */
export interface Edge {
  readonly size: number;
  readonly hashes: readonly Hash[];
}

/** The edge of a tree without leaves. */
export const EMPTY: Edge = { size: 0, hashes: [] };

/** The edge when one more leaf has been added. */
export const grown = ({ size, hashes }: Edge, leaf: Hash): Edge => {
  const after = [...hashes];
  let added = leaf;
  // Two full trees of one height become one of the next.
  for (let left = size; left % 2 === 1; left = (left - 1) / 2)
    added = nodeHash(after.pop() as Hash, added);
  after.push(added);
  return { size: size + 1, hashes: after };
};

/** The root that an edge comes to. */
export const rootOf = ({ hashes }: Edge): Hash =>
  hashes.length === 0 ? sha256() : hashes.reduceRight((right, left) => nodeHash(left, right));

/** Is it the edge of the tree with this root? Of one size and one root there is no other. */
export const isEdgeOf = (edge: Edge, known: Hash): boolean =>
  edge.hashes.length === fullTrees(edge.size) && rootOf(edge).equals(known);

/** How many full trees a tree of this size is made of: the ones of the size in binary. */
const fullTrees = (size: number): number => size.toString(2).replaceAll("0", "").length;

/** The root of a list of leaves: MTH of section 2.1.1. */
export const root = (leaves: readonly Hash[]): Hash => rootOf(leaves.reduce(grown, EMPTY));

/** The largest power of two that is smaller than `size`; where a tree of that size divides. */
const division = (size: number): number => 2 ** Math.ceil(Math.log2(size) - 1);

/** Shows that a leaf is in a tree: PATH of section 2.1.3.1. */
export const inclusionProof = (leaves: readonly Hash[], index: number): Hash[] => {
  if (leaves.length <= 1) return [];
  const at = division(leaves.length);
  const left = leaves.slice(0, at);
  const right = leaves.slice(at);
  return index < at
    ? [...inclusionProof(left, index), root(right)]
    : [...inclusionProof(right, index - at), root(left)];
};

/** Does a proof show that this leaf stands at this index of the tree with this root? Section 2.1.3.2. */
export const isIncluded = (
  leaf: Hash,
  index: number,
  tree: { size: number; root: Hash },
  proof: readonly Hash[],
): boolean => {
  if (index >= tree.size) return false;
  let [node, last] = [index, tree.size - 1];
  let reached = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      reached = nodeHash(sibling, reached);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else reached = nodeHash(reached, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && reached.equals(tree.root);
};

const half = (size: number): number => Math.floor(size / 2);

/** Shows that a tree begins with an earlier one: PROOF of section 2.1.4.1. */
export const consistencyProof = (leaves: readonly Hash[], earlier: number): Hash[] =>
  subproof(leaves, earlier, true);

/** @param isKnown Whether the earlier tree is these very leaves, whose root is known to whoever checks. */
const subproof = (leaves: readonly Hash[], earlier: number, isKnown: boolean): Hash[] => {
  if (earlier === leaves.length) return isKnown ? [] : [root(leaves)];
  const at = division(leaves.length);
  const left = leaves.slice(0, at);
  const right = leaves.slice(at);
  return earlier <= at
    ? [...subproof(left, earlier, isKnown), root(right)]
    : [...subproof(right, earlier - at, false), root(left)];
};

/** Does a proof show that a tree begins with an earlier one? Section 2.1.4.2. */
export const isConsistent = (
  earlier: { size: number; root: Hash },
  tree: { size: number; root: Hash },
  proof: readonly Hash[],
): boolean => {
  if (earlier.size === tree.size) return proof.length === 0 && earlier.root.equals(tree.root);
  if (earlier.size < 1 || earlier.size > tree.size) return false;
  let [node, last] = [earlier.size - 1, tree.size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  // A full earlier tree is a node of the later one, and is not told again.
  const [first, ...rest] = node === 0 ? [earlier.root, ...proof] : proof;
  if (!first) return false;
  let [before, now] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      [before, now] = [nodeHash(sibling, before), nodeHash(sibling, now)];
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else now = nodeHash(now, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && before.equals(earlier.root) && now.equals(tree.root);
};
