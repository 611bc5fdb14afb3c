/** FHIR's laboratory results, documents and explanations of benefit: what is read of them here. */
import type { DocumentReference, ExplanationOfBenefit, Observation } from "fhir/r4";
import type { ClinicalKind } from "../clinical-record.ts";
import { means, saveClinicalRecord } from "./intake-store.ts";
import { entityOf, personOf, words } from "./reading.ts";
import type { Mapping } from "./reading.ts";
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

/** An observation that is no laboratory's is kept as received. */
export const observation: Mapping<Observation> = async (resource, at, intake) => {
  const isLab = resource.category?.some((it) =>
    it.coding?.some(({ system, code }) => system === CATEGORY && code === "laboratory"),
  );
  if (!isLab) return false;
  const { tx, source } = intake;
  const person = await personOf(resource.subject, "Observation.subject", intake);
  const id = await entityOf(at, intake);
  await saveClinicalRecord(tx, {
    id,
    person,
    source,
    kind: "LAB",
    name: words(resource.code) ?? "(no name)",
    code: resource.code.coding?.[0]?.code ?? null,
    status: resource.status,
    text: valueOf(resource),
    at: exactly(resource.effectiveDateTime, "Observation.effectiveDateTime"),
  });
  await means(tx, source, at, id);
  return true;
};

export const documentReference: Mapping<DocumentReference> = async (resource, at, intake) => {
  const { tx, source } = intake;
  const person = await personOf(resource.subject, "DocumentReference.subject", intake);
  const labels = [...(resource.meta?.security ?? []), ...(resource.securityLabel ?? [])].flatMap(
    (it) => ("coding" in it ? (it.coding ?? []) : [it as { system?: string; code?: string }]),
  );
  const kind: ClinicalKind = labels.some(
    ({ system, code }) => system === SENSITIVITY && code === PSYCHOTHERAPY,
  )
    ? "PSYCHOTHERAPY_NOTE"
    : "CLINICAL_NOTE";
  const id = await entityOf(at, intake);
  await saveClinicalRecord(tx, {
    id,
    person,
    source,
    kind,
    name: words(resource.type) ?? "(no type)",
    code: resource.type?.coding?.[0]?.code ?? null,
    status: resource.status,
    text: resource.description ?? null,
    at: exactly(resource.date, "DocumentReference.date"),
  });
  await means(tx, source, at, id);
  return true;
};

export const explanationOfBenefit: Mapping<ExplanationOfBenefit> = async (resource, at, intake) => {
  const { tx, source } = intake;
  const person = await personOf(resource.patient, "ExplanationOfBenefit.patient", intake);
  const id = await entityOf(at, intake);
  const services = (resource.item ?? []).flatMap(({ productOrService }) => {
    const said = words(productOrService);
    return said === null ? [] : [said];
  });
  await saveClinicalRecord(tx, {
    id,
    person,
    source,
    kind: "CLAIM",
    name: words(resource.type) ?? "(no type)",
    code: resource.type.coding?.[0]?.code ?? null,
    status: resource.status,
    text: services.length > 0 ? services.join("; ") : null,
    at: exactly(resource.created, "ExplanationOfBenefit.created"),
  });
  await means(tx, source, at, id);
  return true;
};
