/** What each FHIR resource that is mapped means here. A table, in the order in which resources can be understood. */
import { v7 as uuidv7 } from "uuid";
import { Problem } from "#schema/problems.ts";
import type { Act } from "#platform/act.ts";
import type { Transaction } from "#platform/database.ts";
import type {
  CodeableConcept,
  Consent,
  ContactPoint,
  Encounter,
  FhirResource,
  HumanName,
  Identifier,
  Location,
  Medication,
  MedicationRequest,
  MedicationStatement,
  Organization,
  Patient,
  Practitioner,
  PractitionerRole,
  Reference,
  ServiceRequest,
  Task,
} from "fhir/r4";
import type { Identifier as IdentifierHere } from "../agency.ts";
import { agenciesByIdentifiers, saveAgency } from "../agency-store.ts";
import { report, retract, unmoved } from "../handoff.ts";
import type { Handoff } from "../handoff.ts";
import { interfaceOf, lockedHandoff, saveHandoff } from "../handoff-store.ts";
import { bearersOf, savePerson, tie } from "../person-store.ts";
import { referralFromRow, saveReferral } from "../referral-store.ts";
import type { Priority, ReferralStatus } from "../referral.ts";
import { target } from "./bundle.ts";
import type { Submission } from "./bundle.ts";
import {
  agencyOfLocation,
  agencyOfRole,
  encounterStatus,
  isOurs,
  meaning,
  means,
  namesake,
  saveConsent,
  saveEncounter,
  saveLocation,
  saveMedication,
  savePractitioner,
  savePractitionerRole,
} from "./intake-store.ts";
import type { At } from "./intake-store.ts";
import { stateOf } from "./task-status.ts";
import { exactly, spanOf } from "./when.ts";

/** What a mapping works with. */
export interface Intake {
  tx: Transaction;
  act: Act;
  /** The agency whose system sent the resources: logical ids mean something only there. */
  source: string;
  submission: Pick<Submission, "entryByUrl">;
  /** People whose stays changed, so that what their stays show is looked at again. */
  moved: Set<string>;
}

/** Maps one resource. False when it is of a mapped type but says nothing that is modelled. */
type Mapping<R extends FhirResource> = (resource: R, at: At, intake: Intake) => Promise<boolean>;

/** The namespace of FHIR logical ids of patients: one's meaning depends on the agency that says it. */
export const PATIENT_ID_SYSTEM = "urn:handoff-graph:fhir:Patient";

const NPI = "http://hl7.org/fhir/sid/us-npi";
const RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm";

const parts = (reference: string): At => {
  const [type = "", id = ""] = reference.split("/");
  return { type, id };
};

const identifiersOf = (identifiers: Identifier[] | undefined): IdentifierHere[] =>
  (identifiers ?? []).flatMap(({ system, value }) => (system && value ? [{ system, value }] : []));

const fullName = (names: HumanName[] | undefined): string | null => {
  const name = names?.find(({ use }) => use === "official") ?? names?.[0];
  if (!name) return null;
  return name.text ?? ([...(name.given ?? []), name.family].filter(Boolean).join(" ") || null);
};

const words = (concept: CodeableConcept | undefined): string | null =>
  concept?.text ??
  concept?.coding?.find(({ display }) => display)?.display ??
  concept?.coding?.[0]?.code ??
  null;

const telecom = (
  points: ContactPoint[] | undefined,
  system: ContactPoint["system"],
): string | null => points?.find((point) => point.system === system)?.value ?? null;

/** Refuses a fact that is said to have come about later than it reached us. */
const notLater = (span: { from: number } | null, element: string, act: Act): void => {
  if (span && span.from > act.at.getTime())
    throw new Problem("CONTRADICTION", `\`${element}\` is in the future`, { element });
};

/** When a fact came about: the exact instant that was sent, or else that of its arrival. */
const happened = (value: string | undefined, element: string, act: Act): Date => {
  if (value === undefined) return act.at;
  const span = spanOf(value, element);
  notLater(span, element, act);
  return span.exact ?? act.at;
};

/** What a resource at the source means here, or a new id for it. */
const entityOf = async (at: At, { tx, source }: Intake): Promise<string> =>
  (await meaning(tx, source, at)) ?? uuidv7();

const agencyOf = async (
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
const personOf = async (
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
  await tie(tx, person, [source], "SOURCE", act.at);
  return person;
};

const organization: Mapping<Organization> = async (resource, at, intake) => {
  const { tx, source, act } = intake;
  const identifiers = identifiersOf(resource.identifier);
  const parent = await agencyOf(resource.partOf, "Organization.partOf", intake);
  const [byIdentifier, ...others] = await agenciesByIdentifiers(tx, identifiers);
  if (others.length > 0)
    throw new Problem("CONTRADICTION", "`Organization.identifier` belongs to several agencies", {
      element: "Organization.identifier",
    });
  const known =
    (await meaning(tx, source, at)) ??
    byIdentifier ??
    (identifiers.length === 0 && resource.name ? await namesake(tx, source, resource.name) : null);
  const id = known ?? uuidv7();
  if (!known || (await isOurs(tx, source, id)))
    await saveAgency(
      tx,
      {
        id,
        name: resource.name ?? "(no name)",
        parent,
        contacts: (resource.contact ?? []).map(({ name, telecom: points, purpose }) => ({
          agencyId: id,
          name: fullName(name && [name]) ?? "(no name)",
          role: words(purpose),
          phone: telecom(points, "phone"),
          email: telecom(points, "email"),
        })),
      },
      identifiers,
      act,
    );
  await means(tx, source, at, id);
  return true;
};

const location: Mapping<Location> = async (resource, at, intake) => {
  const id = await entityOf(at, intake);
  await saveLocation(intake.tx, intake.source, {
    id,
    name: resource.name ?? null,
    agency: await agencyOf(resource.managingOrganization, "Location.managingOrganization", intake),
  });
  await means(intake.tx, intake.source, at, id);
  return true;
};

const practitioner: Mapping<Practitioner> = async (resource, at, intake) => {
  const id = await entityOf(at, intake);
  const npi = resource.identifier?.find(({ system }) => system === NPI)?.value ?? null;
  await savePractitioner(intake.tx, { id, name: fullName(resource.name), npi });
  await means(intake.tx, intake.source, at, id);
  return true;
};

const practitionerRole: Mapping<PractitionerRole> = async (resource, at, intake) => {
  const id = await entityOf(at, intake);
  const person = target(resource.practitioner?.reference, intake.submission);
  await savePractitionerRole(intake.tx, {
    id,
    practitioner: person && (await meaning(intake.tx, intake.source, parts(person))),
    agency: await agencyOf(resource.organization, "PractitionerRole.organization", intake),
    code: words(resource.code?.[0]),
  });
  await means(intake.tx, intake.source, at, id);
  return true;
};

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

const patient: Mapping<Patient> = async (resource, at, { tx, source, act }) => {
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
  await tie(tx, person, [source], "SOURCE", act.at);
  return true;
};

const encounter: Mapping<Encounter> = async (resource, at, intake) => {
  const { tx, source, act } = intake;
  const person = await personOf(resource.subject, "Encounter.subject", intake);
  let agency = await agencyOf(resource.serviceProvider, "Encounter.serviceProvider", intake);
  const place = target(resource.location?.[0]?.location.reference, intake.submission);
  if (!agency && place) {
    const known = await meaning(tx, source, parts(place));
    if (!known)
      throw new Problem(
        "UNKNOWN_REFERENCE",
        "`Encounter.location` is a place that was never sent",
        {
          element: "Encounter.location[0].location",
        },
      );
    agency = await agencyOfLocation(tx, known);
  }
  if (!agency)
    throw new Problem(
      "UNKNOWN_AGENCY",
      "neither provider nor place says at which agency the encounter is",
      {
        element: "Encounter.serviceProvider",
      },
    );
  const whole = target(resource.partOf?.reference, intake.submission);
  const partOf = whole ? await meaning(tx, source, parts(whole)) : null;
  if (whole && !partOf)
    throw new Problem(
      "UNKNOWN_REFERENCE",
      "`Encounter.partOf` is an encounter that was never sent",
      {
        element: "Encounter.partOf",
      },
    );
  const { start, end } = resource.period ?? {};
  const started = start === undefined ? null : spanOf(start, "Encounter.period.start");
  const ended = end === undefined ? null : spanOf(end, "Encounter.period.end");
  const finished = resource.status === "finished";
  // Only what has happened must lie in the past: an encounter may be planned, and one in progress may have a planned end.
  if (finished || resource.status === "in-progress")
    notLater(started, "Encounter.period.start", act);
  if (finished) notLater(ended, "Encounter.period.end", act);
  const id = await entityOf(at, intake);
  if (
    !finished &&
    resource.status !== "entered-in-error" &&
    (await encounterStatus(tx, id)) === "finished"
  )
    throw new Problem(
      "CONTRADICTION",
      "`Encounter.status` goes back on an encounter that has finished",
      {
        element: "Encounter.status",
      },
    );
  await saveEncounter(tx, {
    id,
    person,
    agency,
    source,
    partOf,
    class: resource.class.code ?? "UNK",
    status: resource.status,
    disposition: resource.hospitalization?.dischargeDisposition?.coding?.[0]?.code ?? null,
    startedAt: started?.exact ?? null,
    endedAt: (finished && ended?.exact) || null,
    beganAt: started ? new Date(started.from) : act.at,
  });
  await means(tx, source, at, id);
  await tie(tx, person, [agency], "TREATING", act.at);
  intake.moved.add(person);
  return true;
};

const STATUS: Record<ServiceRequest["status"], ReferralStatus> = {
  draft: "DRAFT",
  active: "ACTIVE",
  "on-hold": "ON_HOLD",
  revoked: "REVOKED",
  completed: "COMPLETED",
  "entered-in-error": "ENTERED_IN_ERROR",
  unknown: "UNKNOWN",
};

const serviceRequest: Mapping<ServiceRequest> = async (resource, at, intake) => {
  const { tx, source, act } = intake;
  const person = await personOf(resource.subject, "ServiceRequest.subject", intake);
  const requester = await agencyOf(resource.requester, "ServiceRequest.requester", intake);
  const id = await entityOf(at, intake);
  await saveReferral(
    tx,
    {
      id,
      person,
      // One without a requesting organization was recorded by whoever sent it.
      referrer: requester ?? source,
      status: STATUS[resource.status],
      priority: (resource.priority?.toUpperCase() ?? "ROUTINE") as Priority,
      service: words(resource.code),
      authoredAt: happened(resource.authoredOn, "ServiceRequest.authoredOn", act),
    },
    act,
  );
  await means(tx, source, at, id);
  return true;
};

const task: Mapping<Task> = async (resource, at, intake) => {
  const { tx, source, act } = intake;
  const focus = target(resource.focus?.reference, intake.submission);
  // Only a Task to fulfil a ServiceRequest is a handoff; any other is kept as received.
  if (!focus || parts(focus).type !== "ServiceRequest") return false;
  const state = stateOf(resource);
  const request = await meaning(tx, source, parts(focus));
  if (!request)
    throw new Problem("UNKNOWN_REFERENCE", "`Task.focus` is a request that was never sent", {
      element: "Task.focus",
    });
  const referral = referralFromRow(await tx("referrals.referral").where({ id: request }).first());
  const person = await personOf(resource.for, "Task.for", intake);
  if (person !== referral.person)
    throw new Problem("CONTRADICTION", "`Task.for` and the request's subject are two people", {
      element: "Task.for",
    });
  const sender =
    (await agencyOf(resource.requester, "Task.requester", intake)) ?? referral.referrer;
  const receiver = await agencyOf(resource.owner, "Task.owner", intake);
  // Work that stays in one agency crosses no seam.
  if (sender === receiver) return false;
  const occurredAt = resource.lastModified
    ? happened(resource.lastModified, "Task.lastModified", act)
    : happened(resource.authoredOn, "Task.authoredOn", act);
  const recordedAt = exactly(resource.meta?.lastUpdated, "Task.meta.lastUpdated") ?? occurredAt;
  const known = await meaning(tx, source, at);
  const current = known ? await lockedHandoff(tx, known) : null;
  const before: Handoff = current ?? {
    ...unmoved,
    id: uuidv7(),
    version: 0,
    referral: referral.id,
    person,
    interface: receiver && (await interfaceOf(tx, [sender, receiver])),
    sender,
    receiver,
    coordinator: source,
    accountable: sender,
    move: "REPORT",
    origin: "TASK",
    occurredAt,
    recordedAt,
    receivedAt: act.at,
  };
  // A record that is older than what is known already is kept, and moves nothing.
  if (current && occurredAt < current.occurredAt) return true;
  const reason =
    resource.status === "failed"
      ? "UNABLE_TO_REACH"
      : (resource.statusReason?.coding?.[0]?.code ?? null);
  const after =
    resource.status === "entered-in-error"
      ? retract(before, recordedAt, act)
      : report(before, { state, receiver, reason, occurredAt, recordedAt }, act);
  await saveHandoff(tx, current, after, act);
  await means(tx, source, at, after.id);
  return true;
};

type AnyMedication = MedicationStatement | MedicationRequest;

const medication: Mapping<AnyMedication> = async (resource, at, intake) => {
  const { tx, source } = intake;
  const person = await personOf(resource.subject, `${resource.resourceType}.subject`, intake);
  const reference = resource.medicationReference;
  const contained = resource.contained?.find((it) => `#${it.id}` === reference?.reference) as
    Medication | undefined;
  const concept = resource.medicationCodeableConcept ?? contained?.code;
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

const consent: Mapping<Consent> = async (resource, at, intake) => {
  const { tx, source } = intake;
  const person = await personOf(resource.patient, "Consent.patient", intake);
  const id = await entityOf(at, intake);
  await saveConsent(tx, {
    id,
    person,
    source,
    status: resource.status,
    scope: resource.scope.coding?.[0]?.code ?? words(resource.scope),
    policy: resource.policyRule?.coding?.[0]?.code ?? words(resource.policyRule),
    givenAt: exactly(resource.dateTime, "Consent.dateTime"),
  });
  await means(tx, source, at, id);
  return true;
};

/** The mapped types, in the order in which they can be understood: agencies before what happens at them. */
const MAPPINGS = {
  Organization: organization,
  Location: location,
  Practitioner: practitioner,
  PractitionerRole: practitionerRole,
  Patient: patient,
  Encounter: encounter,
  ServiceRequest: serviceRequest,
  Task: task,
  MedicationStatement: medication,
  MedicationRequest: medication,
  Consent: consent,
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
