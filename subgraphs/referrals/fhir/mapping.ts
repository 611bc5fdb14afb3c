/** Which FHIR resources are mapped, in the order in which they can be understood. */
import type { FhirResource } from "fhir/r4";
import { location, organization, practitioner, practitionerRole } from "./agencies.ts";
import { documentReference, explanationOfBenefit, observation } from "./clinical.ts";
import { composition } from "./discharge-summary.ts";
import { encounter, serviceRequest, task } from "./handoffs.ts";
import type { At } from "./intake-store.ts";
import { messageHeader } from "./notification.ts";
import { consent, medication, patient } from "./people.ts";
import type { Intake, Mapping } from "./reading.ts";

/** The mapped types, in the order in which they can be understood: agencies before what happens at them. */
const MAPPINGS = {
  Organization: organization,
  Location: location,
  Practitioner: practitioner,
  PractitionerRole: practitionerRole,
  Patient: patient,
  Encounter: encounter,
  MessageHeader: messageHeader,
  ServiceRequest: serviceRequest,
  Task: task,
  MedicationStatement: medication,
  MedicationRequest: medication,
  Observation: observation,
  DocumentReference: documentReference,
  ExplanationOfBenefit: explanationOfBenefit,
  Consent: consent,
  Composition: composition,
} as const;

const ORDER = Object.keys(MAPPINGS);

/** Where a type stands in that order; types that are not mapped come last. */
export const rank = (type: string): number => {
  const at = ORDER.indexOf(type);
  return at === -1 ? ORDER.length : at;
};

/**
 * Maps a resource, if its type is mapped.
 *
 * @returns Whether it says something that is modelled; if not, it is only kept.
 * @throws {Problem} before anything of the resource is written
 */
export const map = async (resource: FhirResource, at: At, intake: Intake): Promise<boolean> => {
  if (!Object.hasOwn(MAPPINGS, at.type)) return false;
  const mapping = MAPPINGS[at.type as keyof typeof MAPPINGS] as Mapping<FhirResource>;
  return mapping(resource, at, intake);
};
