/** FHIR's patients, and what is recorded of them beside their stays. */
import type { Consent, Medication, MedicationRequest, MedicationStatement, Patient } from "fhir/r4";
import { reportPerson } from "../reported.ts";
import { meaning, means, saveConsent, saveMedication, saveNoneKnown } from "./intake-store.ts";
import {
  entityOf,
  fullName,
  identifiersOf,
  PATIENT_ID_SYSTEM,
  personOf,
  words,
} from "./reading.ts";
import type { Mapping } from "./reading.ts";
import { exactly } from "./when.ts";

const RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm";

export const patient: Mapping<Patient> = async (resource, at, intake) => {
  const { tx, source } = intake;
  const person = await reportPerson(
    {
      identifiers: identifiersOf(resource.identifier),
      ownIdentifiers: [{ system: PATIENT_ID_SYSTEM, value: at.id }],
      name: fullName(resource.name),
      birthDate: resource.birthDate ?? null,
      known: await meaning(tx, source, at),
    },
    "Patient.identifier",
    intake,
  );
  await means(tx, source, at, person);
  return true;
};

type AnyMedication = MedicationStatement | MedicationRequest;

/** Codes that say that there is no medicine to tell of. */
const NO_MEDICATIONS: readonly (readonly [string, string])[] = [
  ["http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "no-known-medications"],
  ["http://snomed.info/sct", "787481004"],
];

export const medication: Mapping<AnyMedication> = async (resource, at, intake) => {
  const { tx, source, act } = intake;
  const person = await personOf(resource.subject, `${resource.resourceType}.subject`, intake);
  const reference = resource.medicationReference;
  const contained = resource.contained?.find((it) => `#${it.id}` === reference?.reference) as
    Medication | undefined;
  const concept = resource.medicationCodeableConcept ?? contained?.code;
  const saysNone = concept?.coding?.some(({ system, code }) =>
    NO_MEDICATIONS.some(([itsSystem, itsCode]) => system === itsSystem && code === itsCode),
  );
  if (saysNone) {
    await saveNoneKnown(tx, person, source, act.at);
    return true;
  }
  const id = await entityOf(at, intake);
  await saveMedication(tx, {
    id,
    person,
    source,
    name: words(concept) ?? reference?.display ?? reference?.reference ?? "(no name)",
    status: resource.status,
    code: concept?.coding?.find(({ system }) => system === RXNORM)?.code ?? null,
  });
  await means(tx, source, at, id);
  return true;
};

export const consent: Mapping<Consent> = async (resource, at, intake) => {
  const { tx, source, act } = intake;
  const person = await personOf(resource.patient, "Consent.patient", intake);
  const id = await entityOf(at, intake);
  await saveConsent(
    tx,
    {
      id,
      person,
      source,
      status: resource.status,
      scope: resource.scope.coding?.[0]?.code ?? words(resource.scope),
      policy: resource.policyRule?.coding?.[0]?.code ?? words(resource.policyRule),
      givenAt: exactly(resource.dateTime, "Consent.dateTime"),
    },
    act,
  );
  await means(tx, source, at, id);
  return true;
};
