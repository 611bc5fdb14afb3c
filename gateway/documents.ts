/** Documents that are trusted: written down and looked at before anybody asks them. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "graphql";
import { Problem } from "#schema/problems.ts";
import type { Asked } from "./receive.ts";

/** The text of a document that is asked for. @throws {Problem} DOCUMENT_NOT_TRUSTED */
export type Documents = (asked: Asked["document"]) => string;

/** The id of a document: `sha256:` and the hash of its bytes, in hexadecimal, as `sha256sum` prints it. */
export const documentId = (document: string | Buffer): string =>
  `sha256:${createHash("sha256").update(document).digest("hex")}`;

const withPrefix = (id: string): string => (id.includes(":") ? id : `sha256:${id}`);

/** The documents of a file, by their ids. */
const documentsIn = (file: string): [id: string, text: string][] => {
  const bytes = readFileSync(file);
  if (file.endsWith(".graphql")) return [[documentId(bytes), bytes.toString("utf8")]];
  const texts = JSON.parse(bytes.toString("utf8")) as Record<string, unknown> | null;
  if (typeof texts !== "object" || texts === null || Array.isArray(texts))
    throw new Error("it must map ids to texts");
  return Object.entries(texts).map(([id, text]) => {
    if (typeof text !== "string") throw new Error(`"${id}" is no document`);
    return [withPrefix(id), text];
  });
};

/**
 * Reads documents: `.graphql` files, and `.json` files that map ids to texts, as code generators for clients write them.
 *
 * @param paths Files, or folders of them.
 * @throws {Error} that names the file, when it cannot be read, does not parse, or has another text for an id
 */
export const readDocuments = (paths: readonly string[]): Map<string, string> => {
  const documents = new Map<string, string>();
  const files = paths.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((name) => /\.(graphql|json)$/.test(name))
          .map((name) => join(path, name))
      : [path],
  );
  for (const file of files)
    try {
      for (const [id, text] of documentsIn(file)) {
        parse(text);
        if ((documents.get(id) ?? text) !== text) throw new Error(`"${id}" is another document`);
        documents.set(id, text);
      }
    } catch (cause) {
      throw new Error(`${file} is not read: ${(cause as Error).message}`, { cause });
    }
  return documents;
};

/** @param adHoc Whether what a client brings along is answered too: in demonstrations, and nowhere else. */
export const trusting =
  (known: ReadonlyMap<string, string>, adHoc: boolean): Documents =>
  (asked) => {
    if ("text" in asked) {
      if (adHoc || known.has(documentId(asked.text))) return asked.text;
      throw new Problem("DOCUMENT_NOT_TRUSTED", "only documents that are registered are answered");
    }
    const text = known.get(withPrefix(asked.id));
    if (text !== undefined) return text;
    throw new Problem("DOCUMENT_NOT_TRUSTED", "`documentId` is none that is registered");
  };

const OPERATIONS = fileURLToPath(new URL("../schema/operations", import.meta.url));

/**
 * The documents of a house: those of `schema/operations`, and the partners' that TRUSTED_DOCUMENTS names (files and folders,
 * with commas between). Outside production, any other too.
 */
export const houseDocuments = (): Documents => {
  const partners = (process.env.TRUSTED_DOCUMENTS ?? "").split(",").filter((path) => path !== "");
  return trusting(readDocuments([OPERATIONS, ...partners]), process.env.NODE_ENV !== "production");
};
