/** FHIR's patients, and what is recorded of them beside their stays. */
import { v7 as uuidv7 } from "uuid";
import { Problem } from "#schema/problems.ts";
import type { Consent, Medication, MedicationRequest, MedicationStatement, Patient } from "fhir/r4";
import { bearersOf, savePerson, tie } from "../person-store.ts";
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

const family = (name: string | null): string | undefined =>
  name?.trim().split(/\s+/).at(-1)?.toLowerCase();

/**
 * Is this bearer of the same identifier the same person? The source's own word is taken. Another agency's record is
 * joined only when birth date and family name agree too. Whether it was joined cannot be told from the answer, so an
 * identifier that was made up learns nothing.
 */
const samePerson = (
  bearer: { fromSource: boolean; name: string | null; birthDate: string | null },
  sent: { name: string | null; birthDate: string | null },
): boolean =>
  bearer.fromSource ||
  (bearer.birthDate !== null &&
    bearer.birthDate === sent.birthDate &&
    family(bearer.name) !== undefined &&
    family(bearer.name) === family(sent.name));

export const patient: Mapping<Patient> = async (resource, at, { tx, source, act }) => {
  const identifiers = identifiersOf(resource.identifier);
  const sent = { name: fullName(resource.name), birthDate: resource.birthDate ?? null };
  const same = (await bearersOf(tx, identifiers, source)).filter((bearer) =>
    samePerson(bearer, sent),
  );
  const known = await meaning(tx, source, at);
  const own = new Set(same.filter(({ fromSource }) => fromSource).map(({ id }) => id));
  if (known) own.add(known);
  if (own.size > 1)
    throw new Problem("CONTRADICTION", "`Patient.identifier` belongs to several of your patients", {
      element: "Patient.identifier",
    });
  // Several people at other agencies: none is taken for this one, and a person decides later.
  const [match] = own.size === 1 ? own : same.length === 1 ? same.map(({ id }) => id) : [];
  const person = match ?? uuidv7();
  await savePerson(
    tx,
    { id: person, ...sent },
    [...identifiers, { system: PATIENT_ID_SYSTEM, value: at.id }],
    act,
  );
  await means(tx, source, at, person);
  await tie(tx, { person, agencies: [source], kind: "SOURCE", since: act.at, until: null }, act);
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
