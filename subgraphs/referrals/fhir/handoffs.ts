/** FHIR's stays, requests and tasks: what shows and moves a handoff. */
import { Problem } from "#schema/problems.ts";
import type { Encounter, ServiceRequest, Task } from "fhir/r4";
import { saveReferral, storedReferral } from "../referral-store.ts";
import type { Priority, ReferralStatus } from "../referral.ts";
import { reportAsk, reportStay } from "../reported.ts";
import { target } from "./bundle.ts";
import { agencyOfLocation, meaning, means } from "./intake-store.ts";
import { agencyOf, entityOf, happened, parts, personOf, words } from "./reading.ts";
import type { Mapping } from "./reading.ts";
import { stateOf } from "./task-status.ts";
import { exactly, spanOf } from "./when.ts";

const ELEMENTS = {
  start: "Encounter.period.start",
  end: "Encounter.period.end",
  status: "Encounter.status",
};

export const encounter: Mapping<Encounter> = async (resource, at, intake) => {
  const { tx, source } = intake;
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
  const id = await entityOf(at, intake);
  await reportStay(
    {
      id,
      person,
      agency,
      partOf,
      class: resource.class.code ?? "UNK",
      status: resource.status,
      disposition: resource.hospitalization?.dischargeDisposition?.coding?.[0]?.code ?? null,
      started: start === undefined ? null : spanOf(start, ELEMENTS.start),
      ended: end === undefined ? null : spanOf(end, ELEMENTS.end),
    },
    ELEMENTS,
    intake,
  );
  await means(tx, source, at, id);
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

export const serviceRequest: Mapping<ServiceRequest> = async (resource, at, intake) => {
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

export const task: Mapping<Task> = async (resource, at, intake) => {
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
  const referral = await storedReferral(tx, request);
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
  const reason =
    resource.status === "failed"
      ? "UNABLE_TO_REACH"
      : (resource.statusReason?.coding?.[0]?.code ?? null);
  const handoff = await reportAsk(
    {
      known: await meaning(tx, source, at),
      referral: referral.id,
      person,
      sender,
      receiver,
      state: resource.status === "entered-in-error" ? null : state,
      reason,
      origin: "TASK",
      occurredAt,
      recordedAt,
    },
    intake,
  );
  // A record that is older than what is known already is kept, and moves nothing.
  if (handoff) await means(tx, source, at, handoff);
  return true;
};
