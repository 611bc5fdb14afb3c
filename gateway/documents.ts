/** Documents that are trusted: written down and looked at before anybody asks them. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Problem } from "#schema/problems.ts";
import type { Asked } from "./receive.ts";

/** The text of a document that is asked for. @throws {Problem} DOCUMENT_NOT_TRUSTED */
export type Documents = (asked: Asked["document"]) => string;

/** The id of a document: `sha256:` and the hash of its bytes, in hexadecimal. */
export const documentId = (text: string): string =>
  `sha256:${createHash("sha256").update(text).digest("hex")}`;

/**
 * Reads documents: `.graphql` files, and `.json` files that map ids to texts, as code generators for clients write them.
 *
 * @param paths Files, or folders of them.
 * @throws {Error} when one cannot be read
 */
export const readDocuments = (paths: readonly string[]): Map<string, string> => {
  const documents = new Map<string, string>();
  const files = paths.flatMap((path) =>
    statSync(path).isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path],
  );
  for (const file of files) {
    const content = readFileSync(file, "utf8");
    if (file.endsWith(".graphql")) documents.set(documentId(content), content);
    else if (file.endsWith(".json"))
      for (const [id, text] of Object.entries(JSON.parse(content) as Record<string, unknown>)) {
        if (typeof text !== "string") throw new Error(`${file}: "${id}" is no document`);
        documents.set(id.includes(":") ? id : `sha256:${id}`, text);
      }
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
    const text = known.get(asked.id.includes(":") ? asked.id : `sha256:${asked.id}`);
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
