/** The Merkle tree of RFC 9162: what stands in it can be shown, and nothing else. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  consistencyProof,
  EMPTY,
  grown,
  inclusionProof,
  isConsistent,
  isIncluded,
  leafHash,
  root,
  rootOf,
} from "../../../subgraphs/information-sharing/ledger/merkle.ts";

/** The leaves and roots with which Certificate Transparency's own implementations are tested. */
const LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map((hex) => leafHash(Buffer.from(hex, "hex")));
const ROOTS = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

const leaves = (count: number) =>
  Array.from({ length: count }, (_, index) => leafHash(Buffer.from(`entry ${index}`)));
const MANY = leaves(70);
const tree = (size: number) => ({ size, root: root(MANY.slice(0, size)) });
const flipped = (bytes: Buffer): Buffer => {
  const other = Buffer.from(bytes);
  other[7] = (other[7] ?? 0) ^ 1;
  return other;
};

describe("the tree's root", () => {
  it("is the one that others compute, for every size of the known leaves", () => {
    expect(LEAVES.map((_, index) => root(LEAVES.slice(0, index + 1)).toString("hex"))).toEqual(
      ROOTS,
    );
  });

  it("of no leaves is the hash of nothing", () => {
    expect(rootOf(EMPTY).toString("hex")).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });

  it("takes the right edge alone to grow: as many hashes as the size has ones in binary", () => {
    let edge = EMPTY;
    for (const [index, leaf] of MANY.entries()) {
      edge = grown(edge, leaf);
      expect(edge.hashes).toHaveLength((index + 1).toString(2).replaceAll("0", "").length);
    }
    expect(rootOf(edge)).toEqual(root(MANY));
  });

  it("is another one when a leaf is changed, left out, or put elsewhere", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 70 }), fc.nat(), fc.nat(), (size, a, b) => {
        const list = MANY.slice(0, size);
        const [one, two] = [a % size, b % size];
        const known = root(list).toString("hex");
        const changed = list.with(one, flipped(list[one] as Buffer));
        const shorter = list.toSpliced(one, 1);
        expect(root(changed).toString("hex")).not.toBe(known);
        expect(root(shorter).toString("hex")).not.toBe(known);
        fc.pre(one !== two);
        const swapped = list.with(one, list[two] as Buffer).with(two, list[one] as Buffer);
        expect(root(swapped).toString("hex")).not.toBe(known);
      }),
    );
  });
});

describe("a proof of inclusion", () => {
  it("shows each leaf at its index, in trees of every size", () => {
    for (let size = 1; size <= MANY.length; size++)
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(MANY.slice(0, size), index);
        expect(isIncluded(MANY[index] as Buffer, index, tree(size), proof)).toBe(true);
      }
  });

  it("shows no other leaf, no other index, and nothing when a hash of it is changed, missing or too many", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 70 }), fc.nat(), fc.nat(), (size, a, b) => {
        const [index, other] = [a % size, b % size];
        const proof = inclusionProof(MANY.slice(0, size), index);
        const shows = (leaf: Buffer, at: number, by: Buffer[]) =>
          isIncluded(leaf, at, tree(size), by);
        const leaf = MANY[index] as Buffer;
        expect(shows(flipped(leaf), index, proof)).toBe(false);
        expect(shows(leaf, size, proof)).toBe(false);
        expect(shows(leaf, index, proof.slice(1))).toBe(false);
        expect(shows(leaf, index, [...proof, leaf])).toBe(false);
        const at = b % proof.length;
        expect(shows(leaf, index, proof.with(at, flipped(proof[at] as Buffer)))).toBe(false);
        fc.pre(other !== index);
        expect(shows(leaf, other, proof)).toBe(false);
      }),
    );
  });
});

describe("a proof of consistency", () => {
  it("shows that a tree begins with each earlier one", () => {
    for (let size = 1; size <= MANY.length; size++)
      for (let earlier = 1; earlier <= size; earlier++) {
        const proof = consistencyProof(MANY.slice(0, size), earlier);
        expect(isConsistent(tree(earlier), tree(size), proof), `${earlier} in ${size}`).toBe(true);
      }
  });

  it("shows nothing of a tree whose past was changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 70 }), fc.nat(), fc.nat(), (size, a, b) => {
        const earlier = 1 + (a % (size - 1));
        const past = MANY.slice(0, size).with(b % earlier, leafHash(Buffer.from("other")));
        const now = { size, root: root(past) };
        expect(isConsistent(tree(earlier), now, consistencyProof(past, earlier))).toBe(false);
      }),
    );
  });

  it("shows nothing when a hash of it is changed, missing or too many, or the sizes are none", () => {
    const proof = consistencyProof(MANY.slice(0, 13), 6);
    const shows = (by: Buffer[], from = 6, to = 13) =>
      isConsistent({ ...tree(6), size: from }, { ...tree(13), size: to }, by);
    expect(shows(proof)).toBe(true);
    for (const index of proof.keys()) {
      expect(shows(proof.with(index, flipped(proof[index] as Buffer)))).toBe(false);
      expect(shows(proof.toSpliced(index, 1))).toBe(false);
    }
    expect(shows([...proof, proof[0] as Buffer])).toBe(false);
    expect(shows([])).toBe(false);
    expect(shows(proof, 0)).toBe(false);
    expect(shows(proof, 14)).toBe(false);
    expect(shows(proof, 13)).toBe(false);
  });
});
