/** A discharge summary: its sections are what the packet says of the same things. */
import { Problem } from "#schema/problems.ts";
import type { Composition, CompositionSection } from "fhir/r4";
import { openOf } from "../handoff-store.ts";
import { PACKET_PARTS } from "../packet.ts";
import type { PacketPart } from "../packet.ts";
import { reportParts } from "../packet-store.ts";
import { linesOf } from "./narrative.ts";
import { happened, personOf } from "./reading.ts";
import type { Mapping } from "./reading.ts";

const LOINC = "http://loinc.org";
const DISCHARGE_SUMMARY = "18842-5";

/** The LOINC codes of the sections that say a part, the one that says it best first. */
const SECTIONS: Record<PacketPart, readonly string[]> = {
  // What to take from here on, before what was taken so far.
  MEDICATIONS: ["10183-2", "75311-1", "10160-0"],
  FUNCTIONAL_STATUS: ["47420-5"],
  RISKS: ["75310-3"],
  FOLLOW_UP_APPOINTMENTS: ["18776-5"],
};

const EMPTY_REASON = "http://terminology.hl7.org/CodeSystem/list-empty-reason";

const isOf = (section: CompositionSection, code: string): boolean =>
  section.code?.coding?.some((it) => it.system === LOINC && it.code === code) === true;

/** A section and all within it. */
const flat = (section: CompositionSection): CompositionSection[] => [
  section,
  ...(section.section ?? []).flatMap(flat),
];

/** What a section says: its lines, that there is none, or null where it says neither. */
const saidIn = (section: CompositionSection): string[] | null => {
  const isNone = section.emptyReason?.coding?.some(
    ({ system, code }) => system === EMPTY_REASON && code === "nilknown",
  );
  if (isNone) return [];
  const lines = flat(section).flatMap(({ text }) => (text ? linesOf(text.div) : []));
  // Any other reason to be empty says that it was not asked, or is not told.
  return lines.length > 0 && !section.emptyReason ? lines : null;
};

/** What the sections say of each part; a part that none says is not in it. */
const partsIn = (sections: readonly CompositionSection[]): Map<PacketPart, string[]> =>
  new Map(
    PACKET_PARTS.flatMap((part) => {
      const [said] = SECTIONS[part].flatMap((code) =>
        sections
          .filter((it) => isOf(it, code))
          .flatMap((it) => {
            const items = saidIn(it);
            return items ? [items] : [];
          }),
      );
      return said ? [[part, said] as const] : [];
    }),
  );

/**
 * A discharge summary supplies the packets of the handoffs of its person that its sender has open: it is of a discharge,
 * and that may hand a person on to several. Any other document is kept as received, and so is one that is no one's word
 * any more.
 */
export const composition: Mapping<Composition> = async (resource, _, intake) => {
  const isSummary = resource.type.coding?.some(
    ({ system, code }) => system === LOINC && code === DISCHARGE_SUMMARY,
  );
  if (!isSummary || resource.status === "entered-in-error") return false;
  const parts = partsIn((resource.section ?? []).flatMap(flat));
  if (parts.size === 0) return false;
  const { tx, source, act } = intake;
  const person = await personOf(resource.subject, "Composition.subject", intake);
  const recordedAt = happened(resource.date, "Composition.date", act);
  const handoffs = await openOf(tx, person, source);
  if (handoffs.length === 0)
    throw new Problem("UNKNOWN_REFERENCE", "no handoff of this person by you is open", {
      element: "Composition.subject",
    });
  for (const handoff of handoffs) await reportParts(tx, handoff, parts, recordedAt, act);
  return true;
};
