/** The closed list of what can go wrong: written down, used, and said in one voice. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { isProblemCode, notFound, Problem, PROBLEMS } from "#schema/problems.ts";
import type { ProblemCode } from "#schema/problems.ts";
import { outcome, problemIssue } from "#schema/outcome.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const codes = Object.keys(PROBLEMS) as ProblemCode[];

/** The product's own sources, those that are generated aside. */
const sources = ["schema", "sharing", "platform", "gateway", "subgraphs"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".types.ts"))
    .map((file) => {
      const path = join(folder, file);
      return ts.createSourceFile(
        path,
        readFileSync(join(ROOT, path), "utf8"),
        ts.ScriptTarget.ES2024,
        true,
      );
    }),
);

/** Each text that a source names, with `…` for what is filled in. */
const texts = (node: ts.Node): string[] => {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isTemplateExpression(node))
    return [node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("")];
  if (ts.isBinaryExpression(node)) {
    const [left = "…", right = "…"] = [texts(node.left)[0], texts(node.right)[0]];
    return [left + right];
  }
  if (ts.isConditionalExpression(node)) return [...texts(node.whenTrue), ...texts(node.whenFalse)];
  return [];
};

/** What stands in `new Problem(CODE, MESSAGE)` and in `new GraphQLError(MESSAGE)`. */
const thrown = sources.flatMap((source) => {
  const found: { code: string | undefined; message: string; at: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
      const [first, second] = node.arguments ?? [];
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      const at = `${source.fileName}:${line + 1}`;
      if (node.expression.text === "Problem" && first && second)
        for (const message of texts(second)) found.push({ code: texts(first)[0], message, at });
      if (node.expression.text === "GraphQLError" && first)
        for (const message of texts(first)) found.push({ code: undefined, message, at });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
});

describe("a problem's message", () => {
  it("is found in the sources at all, so that what follows looks at something", () => {
    expect(thrown.length).toBeGreaterThan(60);
    expect(thrown.map(({ message }) => message)).toContain(
      "no such record, or none that you may see",
    );
  });

  it("begins in lower case, or with what was sent in backticks, and has no full stop", () => {
    expect(
      thrown.filter(({ message }) => !/^[a-z`…]/.test(message) || /[.!]$/.test(message)),
    ).toEqual([]);
  });

  it("quotes in backticks, and says nothing of types, classes or this house's files", () => {
    const improper = /"|(^|\s)'|\bundefined\b|\bnull\b|\bError\b|\.ts\b|\bSQL\b/;
    expect(thrown.filter(({ message }) => improper.test(message))).toEqual([]);
  });
});

describe("a problem's code", () => {
  it.each(codes)("%s is in docs/problems.md, with its status and its meaning", (code) => {
    const document = readFileSync(join(ROOT, "docs/problems.md"), "utf8");
    const rows = document
      .split("\n")
      .filter((line) => line.startsWith("|"))
      .map((line) => line.split("|").map((cell) => cell.trim()));
    const row = rows.find(([, first]) => first === `\`${code}\``);
    expect(row?.slice(2, 4)).toEqual([`${PROBLEMS[code].status}`, PROBLEMS[code].means]);
  });

  it("is given somewhere, or it would not be published", () => {
    const all = sources
      .filter(({ fileName }) => fileName !== join("schema", "problems.ts"))
      .map(({ text }) => text)
      .join("\n");
    expect(
      codes.filter((code) => !new RegExp(`\\b${code}\\b`).test(all) && code !== "NOT_FOUND"),
    ).toEqual([]);
  });

  it("is one of the list, and nothing that an object happens to have", () => {
    expect(codes.every(isProblemCode)).toBe(true);
    for (const other of [
      "",
      "toString",
      "__proto__",
      "INTERNAL_SERVER_ERROR",
      "not_found",
      null,
      404,
    ])
      expect(isProblemCode(other)).toBe(false);
  });

  it("has an HTTP status that says whose turn it is", () => {
    const ours = codes.filter((code) => PROBLEMS[code].status >= 500);
    expect(ours.sort()).toEqual([
      "ANSWER_INVALID",
      "DISCLOSURE_NOT_RECORDED",
      "FAULT",
      "SHUTTING_DOWN",
      "SUBGRAPH_UNAVAILABLE",
    ]);
    expect(codes.every((code) => PROBLEMS[code].status >= 400)).toBe(true);
  });
});

describe("a problem", () => {
  it("carries its code, its status, its details and its cause", () => {
    const cause = new Error("why");
    const problem = new Problem(
      "VERSION_CONFLICT",
      "the record has changed",
      { currentVersion: 3 },
      { cause },
    );
    expect(problem).toMatchObject({
      name: "Problem",
      code: "VERSION_CONFLICT",
      status: 409,
      details: { currentVersion: 3 },
      cause,
    });
  });

  it("of what is not there says the same every time", () => {
    const said = [0, 1].map(() => {
      try {
        return notFound();
      } catch (error) {
        const { name, code, message, details } = error as Problem;
        return { name, code, message, details };
      }
    });
    expect(said[0]).toEqual({
      name: "Problem",
      code: "NOT_FOUND",
      message: "no such record, or none that you may see",
      details: {},
    });
    expect(said[1]).toEqual(said[0]);
  });

  it("is told to FHIR as an issue, with its code, its words and its element", () => {
    const problem = new Problem("CONTRADICTION", "`Encounter.period` ends before it starts", {
      element: "Encounter.period",
    });
    expect(
      outcome([problemIssue(problem), problemIssue(new Problem("FORBIDDEN", "no"))]),
    ).toMatchObject({
      resourceType: "OperationOutcome",
      issue: [
        {
          severity: "error",
          code: "business-rule",
          details: {
            coding: [{ code: "CONTRADICTION" }],
            text: "`Encounter.period` ends before it starts",
          },
          expression: ["Encounter.period"],
        },
        { severity: "error", code: expect.any(String) },
      ],
    });
  });

  it("has an issue type of FHIR's own value set", () => {
    // http://hl7.org/fhir/R4/valueset-issue-type.html
    const types = [
      "invalid",
      "structure",
      "required",
      "value",
      "invariant",
      "security",
      "login",
      "unknown",
      "expired",
      "forbidden",
      "suppressed",
      "processing",
      "not-supported",
      "duplicate",
      "multiple-matches",
      "not-found",
      "deleted",
      "too-long",
      "code-invalid",
      "extension",
      "too-costly",
      "business-rule",
      "conflict",
      "transient",
      "lock-error",
      "no-store",
      "exception",
      "timeout",
      "incomplete",
      "throttled",
      "informational",
    ];
    for (const code of codes) expect(types).toContain(problemIssue(new Problem(code, "")).code);
  });
});
