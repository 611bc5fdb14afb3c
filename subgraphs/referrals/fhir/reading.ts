/** Reading FHIR: what the parts of a resource mean here, whichever resource they stand in. */
import { v7 as uuidv7 } from "uuid";
import { Problem } from "#schema/problems.ts";
import type { Act } from "#platform/act.ts";
import type {
  CodeableConcept,
  ContactPoint,
  FhirResource,
  HumanName,
  Identifier,
  Reference,
} from "fhir/r4";
import type { Identifier as IdentifierHere } from "../agency.ts";
import { savePerson, tie } from "../person-store.ts";
import { notLater } from "../reported.ts";
import type { Taking } from "../reported.ts";
import { target } from "./bundle.ts";
import type { Submission } from "./bundle.ts";
import { agencyOfRole, meaning, means } from "./intake-store.ts";
import type { At } from "./intake-store.ts";
import type { Notice } from "./notice.ts";
import { spanOf } from "./when.ts";

/** What a mapping works with. */
export interface Intake extends Taking {
  submission: Pick<Submission, "entryByUrl">;
  /** What the message notifies of that the records came in. */
  notice: Notice | null;
}

/** Maps one resource. False when it is of a mapped type but says nothing that is modelled. */
export type Mapping<R extends FhirResource> = (
  resource: R,
  at: At,
  intake: Intake,
) => Promise<boolean>;

/** The namespace of FHIR logical ids of patients: one's meaning depends on the agency that says it. */
export const PATIENT_ID_SYSTEM = "urn:handoff-graph:fhir:Patient";

/** A reference's type and logical id. */
export const parts = (reference: string): At => {
  const [type = "", id = ""] = reference.split("/");
  return { type, id };
};

/** The identifiers that say who assigned them; one without a system means nothing elsewhere. */
export const identifiersOf = (identifiers: Identifier[] | undefined): IdentifierHere[] =>
  (identifiers ?? []).flatMap(({ system, value }) => (system && value ? [{ system, value }] : []));

/** A name in full, the official one where there are several. */
export const fullName = (names: HumanName[] | undefined): string | null => {
  const name = names?.find(({ use }) => use === "official") ?? names?.[0];
  if (!name) return null;
  return name.text ?? ([...(name.given ?? []), name.family].filter(Boolean).join(" ") || null);
};

/** What a concept is called: its text, else its code's display, else the code. */
export const words = (concept: CodeableConcept | undefined): string | null =>
  concept?.text ??
  concept?.coding?.find(({ display }) => display)?.display ??
  concept?.coding?.[0]?.code ??
  null;

/** A phone number or a mail address. */
export const telecom = (
  points: ContactPoint[] | undefined,
  system: ContactPoint["system"],
): string | null => points?.find((point) => point.system === system)?.value ?? null;

/** When a fact came about: the exact instant that was sent, or else that of its arrival. */
export const happened = (value: string | undefined, element: string, act: Act): Date => {
  if (value === undefined) return act.at;
  const span = spanOf(value, element);
  notLater(span, element, act);
  return span.exact ?? act.at;
};

/** What a resource at the source means here, or a new id for it. */
export const entityOf = async (at: At, { tx, source }: Intake): Promise<string> =>
  (await meaning(tx, source, at)) ?? uuidv7();

/**
 * The agency that a reference is to, by itself or through a role; null when it is to none.
 *
 * @throws {Problem} UNKNOWN_AGENCY for an organization that was never sent.
 */
export const agencyOf = async (
  reference: Reference | undefined,
  element: string,
  intake: Intake,
): Promise<string | null> => {
  const to = target(reference?.reference, intake.submission);
  if (!to) return null;
  const at = parts(to);
  if (at.type === "PractitionerRole") {
    const role = await meaning(intake.tx, intake.source, at);
    return role && (await agencyOfRole(intake.tx, role));
  }
  if (at.type !== "Organization") return null;
  const agency = await meaning(intake.tx, intake.source, at);
  if (!agency)
    throw new Problem("UNKNOWN_AGENCY", `\`${element}\` is an organization that was never sent`, {
      element,
    });
  return agency;
};

/**
 * The person that a reference is to. A patient who was not sent is known by the reference alone: feeds often hold no
 * Patient, and a handoff must not be lost for it. Names in a reference's display are not believed; samples contradict.
 */
export const personOf = async (
  reference: Reference | undefined,
  element: string,
  intake: Intake,
): Promise<string> => {
  const { tx, source, act } = intake;
  const to = target(reference?.reference, intake.submission);
  const at = to ? parts(to) : null;
  if (at?.type !== "Patient")
    throw new Problem("UNKNOWN_REFERENCE", `\`${element}\` must be a reference to a Patient`, {
      element,
    });
  const known = await meaning(tx, source, at);
  if (known) return known;
  const person = uuidv7();
  await savePerson(
    tx,
    { id: person, name: null, birthDate: null },
    [{ system: PATIENT_ID_SYSTEM, value: at.id }],
    act,
  );
  await means(tx, source, at, person);
  await tie(tx, { person, agencies: [source], kind: "SOURCE", since: act.at, until: null }, act);
  return person;
};
