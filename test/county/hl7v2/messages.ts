/** HL7 v2 as the county's systems send it. */
import { readFileSync } from "node:fs";
import { dialectOf } from "../../../subgraphs/referrals/hl7v2/dialect.ts";
import { partnersOf } from "../../../subgraphs/referrals/hl7v2/partners.ts";
import type { Partner } from "../../../subgraphs/referrals/hl7v2/partners.ts";

const json = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

/** The partners of `partners.json`, with their dialects. */
export const partner = (name: "alder-general" | "riverside"): Partner => {
  const all = partnersOf(json("partners.json"), (path) => dialectOf(json(path), path));
  return all.flatMap(({ partners }) => partners).find((it) => it.name === name) as Partner;
};

/** A message that Microsoft's FHIR converter is tried with, as it is. */
export const sample = (name: string): Buffer =>
  readFileSync(new URL(`../../samples/hl7v2-msft/${name}-01.hl7`, import.meta.url));

/** What a message says; a test says only what it is about. */
export interface Told {
  event: string;
  mrn: string;
  /** The number that all agencies of the county know the person by. */
  countyId?: string;
  visit?: string;
  facility?: string;
  /** MSH-7 and EVN-2. */
  recorded?: string;
  occurred?: string;
  admitted?: string;
  discharged?: string;
  /** PV1-2, PV1-3.4 and PV1-36. */
  class?: string;
  ward?: string;
  disposition?: string;
  birthDate?: string;
  family?: string;
  controlId?: string;
  more?: string[];
}

let count = 0;

/** An ADT message of the hospital's own system, or of another facility. */
export const adt = (told: Told): string => {
  const { event, mrn, recorded = "20250303120000-0600", facility = "GHHSFacility" } = told;
  return [
    `MSH|^~\\&|EHR|${facility}|HUB|COUNTY|${recorded}||ADT^${event}|${told.controlId ?? `C${++count}`}|P|2.5.1`,
    `EVN|${event}|${recorded}||||${told.occurred ?? ""}`,
    `PID|1||${mrn}^^^AGH^MR${told.countyId ? `~${told.countyId}^^^COUNTY^PI` : ""}||${told.family ?? "Ames"}^Lena||${told.birthDate ?? "19700102"}|F`,
    ...(told.visit
      ? [
          `PV1|1|${told.class ?? "I"}|^^^${told.ward ?? ""}||||||||||||||||${told.visit}${"|".repeat(17)}${told.disposition ?? ""}${"|".repeat(8)}${told.admitted ?? ""}|${told.discharged ?? ""}`,
        ]
      : []),
    ...(told.more ?? []),
  ].join("\r");
};

/** A field of the answer: `MSA-1`, `ERR-2`. */
export const said = (answer: Buffer, place: string): string => {
  const [segment = "", field = ""] = place.split("-");
  const text = answer.toString("utf8");
  const line = text.split("\r").find((it) => it.startsWith(segment));
  return line?.split(text.charAt(3))[Number(field)] ?? "";
};
