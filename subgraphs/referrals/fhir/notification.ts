/** A notification of where a person goes on to: the notice of a handoff. */
import { v7 as uuidv7 } from "uuid";
import { Problem } from "#schema/problems.ts";
import type { MessageHeader } from "fhir/r4";
import { lockedHandoff, openOf } from "../handoff-store.ts";
import { saveReferral } from "../referral-store.ts";
import { reportAsk } from "../reported.ts";
import { target } from "./bundle.ts";
import { agencyOfLocation, DESTINATION, encounterAt, meaning, means } from "./intake-store.ts";
import type { Notice } from "./notice.ts";
import { agencyOf, happened, parts } from "./reading.ts";
import type { Intake, Mapping } from "./reading.ts";

/** The agency that a person goes on to; null where it is none, as when they go home. */
const receiverOf = async ({ encounter }: Notice, intake: Intake): Promise<string | null> => {
  const element = "Encounter.hospitalization.destination";
  const destination = encounter.hospitalization?.destination;
  const to = target(destination?.reference, intake.submission);
  if (!to || parts(to).type !== "Location") return agencyOf(destination, element, intake);
  const place = await meaning(intake.tx, intake.source, parts(to));
  if (!place)
    throw new Problem("UNKNOWN_REFERENCE", `\`${element}\` is a place that was never sent`, {
      element,
    });
  return agencyOfLocation(intake.tx, place);
};

/** A discharge or a transfer that names where the person goes on to is the notice of a handoff to that agency. */
export const messageHeader: Mapping<MessageHeader> = async (_, at, intake) => {
  const { notice, tx, source, act } = intake;
  if (!notice) return false;
  const stay = await encounterAt(tx, source, notice.at);
  if (!stay?.agency)
    throw new Problem("UNKNOWN_REFERENCE", "`MessageHeader.focus` could not be taken in", {
      element: "MessageHeader.focus",
    });
  const receiver = notice.event === "notification-admit" ? null : await receiverOf(notice, intake);
  // Work that stays in one agency crosses no seam.
  if (!receiver || receiver === stay.agency) return false;
  const destination = { type: DESTINATION, id: stay.id };
  const told = await meaning(tx, source, destination);
  if (told) {
    if ((await lockedHandoff(tx, told)).receiver === receiver) return true;
    throw new Problem("CONTRADICTION", "another agency was notified of this stay before", {
      element: "Encounter.hospitalization.destination",
    });
  }
  const element = "Bundle.timestamp";
  const occurredAt = happened(notice.sentAt, element, act);
  // What was offered in the graph already is the handoff that this is the notice of; nobody gives notice of another's offer.
  const offered = (await openOf(tx, stay.person, stay.agency)).find(
    (it) => it.receiver === receiver && [it.sender, it.coordinator].includes(source),
  );
  const said = { person: stay.person, sender: stay.agency, receiver, leftAt: stay.endedAt };
  const referral =
    offered?.referral ??
    (
      await saveReferral(
        tx,
        {
          id: uuidv7(),
          person: stay.person,
          referrer: stay.agency,
          // No request was sent: FHIR's own word for that is `unknown`.
          status: "UNKNOWN",
          priority: "ROUTINE",
          service: null,
          authoredAt: occurredAt,
        },
        act,
      )
    ).id;
  // One that has gone on since it was anticipated is not taken back to its notice.
  const handoff =
    offered && offered.state !== "ANTICIPATED"
      ? offered.id
      : await reportAsk(
          {
            ...said,
            known: offered?.id ?? null,
            referral,
            state: "NOTIFIED",
            reason: null,
            origin: "MESSAGE",
            occurredAt,
            recordedAt: occurredAt,
          },
          intake,
        );
  if (handoff) {
    await means(tx, source, destination, handoff);
    await means(tx, source, at, handoff);
  }
  return true;
};
