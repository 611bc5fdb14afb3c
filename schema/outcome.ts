import { PROBLEMS } from "./problems.ts";
import type { Problem } from "./problems.ts";

/** The code system of the problems of FHIR intake, and of what became of a resource. */
export const INTAKE_SYSTEM = "https://handoff-graph.org/CodeSystem/intake";

/** One issue of a FHIR OperationOutcome. */
export interface OutcomeIssue {
  severity: "error" | "information";
  code: string;
  details: { coding: { system: string; code: string }[]; text?: string };
  expression?: string[];
}

/** A problem as FHIR tells it; its element, where it has one, as the expression. */
export const problemIssue = ({ code, message, details }: Problem): OutcomeIssue => ({
  severity: "error",
  code: (PROBLEMS[code] as { issue?: string }).issue ?? "processing",
  details: { coding: [{ system: INTAKE_SYSTEM, code }], text: message },
  ...(typeof details.element === "string" && { expression: [details.element] }),
});

/** A FHIR OperationOutcome, as JSON. */
export const outcome = (
  issue: OutcomeIssue[],
): { resourceType: "OperationOutcome"; issue: OutcomeIssue[] } => ({
  resourceType: "OperationOutcome",
  issue,
});
