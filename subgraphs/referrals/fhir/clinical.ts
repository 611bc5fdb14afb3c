/** FHIR's laboratory results, documents and explanations of benefit: what is read of them here. */
import type {
  CodeableConcept,
  DocumentReference,
  ExplanationOfBenefit,
  Observation,
  Reference,
} from "fhir/r4";
import type { ClinicalRecord } from "../clinical-record.ts";
import { means, saveClinicalRecord } from "./intake-store.ts";
import type { At } from "./intake-store.ts";
import { entityOf, personOf, words } from "./reading.ts";
import type { Intake, Mapping } from "./reading.ts";
import { exactly } from "./when.ts";

const CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category";
const SENSITIVITY = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/** Notes kept apart from the rest of the record by whoever treats the mind: 45 CFR 164.501. */
const PSYCHOTHERAPY = "PSYTHPN";

const valueOf = ({
  valueQuantity,
  valueString,
  valueCodeableConcept,
}: Observation): string | null =>
  valueQuantity?.value === undefined
    ? (valueString ?? words(valueCodeableConcept))
    : [valueQuantity.value, valueQuantity.unit].filter((it) => it !== undefined).join(" ");

/** Writes down what was sent of a person. */
const keep = async (
  subject: Reference | undefined,
  element: string,
  said: Omit<ClinicalRecord, "id" | "version" | "person" | "source" | "raises">,
  at: At,
  intake: Intake,
): Promise<true> => {
  const { tx, source } = intake;
  const person = await personOf(subject, element, intake);
  const id = await entityOf(at, intake);
  await saveClinicalRecord(tx, { id, person, source, ...said });
  await means(tx, source, at, id);
  return true;
};

const codeOf = (concept: CodeableConcept | undefined): string | null =>
  concept?.coding?.[0]?.code ?? null;

/** An observation that is no laboratory's is kept as received. */
export const observation: Mapping<Observation> = async (resource, at, intake) => {
  const isLab = resource.category?.some((it) =>
    it.coding?.some(({ system, code }) => system === CATEGORY && code === "laboratory"),
  );
  if (!isLab) return false;
  const said = {
    kind: "LAB",
    name: words(resource.code) ?? "(no name)",
    code: codeOf(resource.code),
    status: resource.status,
    text: valueOf(resource),
    at: exactly(resource.effectiveDateTime, "Observation.effectiveDateTime"),
  } as const;
  return keep(resource.subject, "Observation.subject", said, at, intake);
};

export const documentReference: Mapping<DocumentReference> = async (resource, at, intake) => {
  const labels = [
    ...(resource.meta?.security ?? []),
    ...(resource.securityLabel ?? []).flatMap(({ coding = [] }) => coding),
  ];
  const isPsychotherapy = labels.some(
    ({ system, code }) => system === SENSITIVITY && code === PSYCHOTHERAPY,
  );
  const said = {
    kind: isPsychotherapy ? "PSYCHOTHERAPY_NOTE" : "CLINICAL_NOTE",
    name: words(resource.type) ?? "(no type)",
    code: codeOf(resource.type),
    status: resource.status,
    text: resource.description ?? null,
    at: exactly(resource.date, "DocumentReference.date"),
  } as const;
  return keep(resource.subject, "DocumentReference.subject", said, at, intake);
};

export const explanationOfBenefit: Mapping<ExplanationOfBenefit> = async (resource, at, intake) => {
  const services = (resource.item ?? []).flatMap(
    ({ productOrService }) => words(productOrService) ?? [],
  );
  const said = {
    kind: "CLAIM",
    name: words(resource.type) ?? "(no type)",
    code: codeOf(resource.type),
    status: resource.status,
    text: services.length > 0 ? services.join("; ") : null,
    at: exactly(resource.created, "ExplanationOfBenefit.created"),
  } as const;
  return keep(resource.patient, "ExplanationOfBenefit.patient", said, at, intake);
};
