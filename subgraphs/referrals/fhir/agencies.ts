/** FHIR's organizations, places and the people who work there. */
import { v7 as uuidv7 } from "uuid";
import { Problem } from "#schema/problems.ts";
import type { Location, Organization, Practitioner, PractitionerRole } from "fhir/r4";
import { agenciesByIdentifiers, saveAgency } from "../agency-store.ts";
import { target } from "./bundle.ts";
import {
  isOurs,
  meaning,
  means,
  namesake,
  saveLocation,
  savePractitioner,
  savePractitionerRole,
} from "./intake-store.ts";
import { agencyOf, entityOf, fullName, identifiersOf, parts, telecom, words } from "./reading.ts";
import type { Mapping } from "./reading.ts";

const NPI = "http://hl7.org/fhir/sid/us-npi";

export const organization: Mapping<Organization> = async (resource, at, intake) => {
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

export const location: Mapping<Location> = async (resource, at, intake) => {
  const id = await entityOf(at, intake);
  await saveLocation(intake.tx, intake.source, {
    id,
    name: resource.name ?? null,
    agency: await agencyOf(resource.managingOrganization, "Location.managingOrganization", intake),
  });
  await means(intake.tx, intake.source, at, id);
  return true;
};

export const practitioner: Mapping<Practitioner> = async (resource, at, intake) => {
  const id = await entityOf(at, intake);
  const npi = resource.identifier?.find(({ system }) => system === NPI)?.value ?? null;
  await savePractitioner(intake.tx, { id, name: fullName(resource.name), npi });
  await means(intake.tx, intake.source, at, id);
  return true;
};

export const practitionerRole: Mapping<PractitionerRole> = async (resource, at, intake) => {
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
