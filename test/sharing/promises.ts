/** What must be true of every answer, whatever is asked. Each is a promise by name. */
import type { Decision, Question } from "#sharing/question.ts";
import { expected } from "./table.ts";

type Promised = (it: Question, decision: Decision) => boolean;

const isOwn = ({ caller, info }: Question): boolean => caller.agency === info.source;
const isEmergency = ({ purpose, medicalEmergency }: Question): boolean =>
  (purpose === "ETREAT" || purpose === "BTG") && medicalEmergency;
const isThreat = ({ purpose, safetyThreat }: Question): boolean =>
  purpose === "THREAT" && safetyThreat;
const isOversight = ({ caller, ties }: Question): boolean =>
  caller.role === "COMMISSIONER_LIAISON" && ties.includes("OVERSIGHT");
const isPart2 = ({ info }: Question): boolean =>
  info.category === "SUD_TREATMENT" || info.category === "SUD_COUNSELING_NOTES";
const isNotes = ({ info }: Question): boolean =>
  info.category === "PSYCHOTHERAPY_NOTES" || info.category === "SUD_COUNSELING_NOTES";
const isCovered = ({ agreement, purpose, info }: Question): boolean =>
  agreement !== null &&
  agreement.active &&
  agreement.purposes.includes(purpose) &&
  agreement.categories.includes(info.category);

/** Of what is given of another agency's it is true that. */
const given =
  (holds: (it: Question) => boolean): Promised =>
  (it, { decision }) =>
    decision === "DENY" || isOwn(it) || holds(it);

/** Every promise about one answer. */
export const PROMISES: Readonly<Record<string, Promised>> = {
  "is what the table says, by the rules that it says": (it, { decision, rules }) => {
    const must = expected(it);
    return must.decision === decision && must.rules.join() === rules.join();
  },
  "is allowed by permits alone, and no forbid holds: forbid trumps permit": (
    _,
    { decision, rules },
  ) => decision === "DENY" || rules.every((id) => id.startsWith("P")),
  "is denied by forbids, or by nothing at all: default deny": (_, { decision, rules }) =>
    decision === "ALLOW" ? rules.length > 0 : rules.every((id) => id.startsWith("F")),
  "shows no route when it is given, and no duty when it is not": (
    _,
    { decision, obligations, routes },
  ) => (decision === "ALLOW" ? routes.length === 0 : obligations.length === 0),
  "without an agreement is nothing, outside emergency, threat, protective services and oversight":
    given(
      (it) =>
        isCovered(it) ||
        isEmergency(it) ||
        isThreat(it) ||
        it.purpose === "PROTSVC" ||
        isOversight(it),
    ),
  "without a basis is nothing, outside oversight": given(
    (it) => it.basis !== null || isOversight(it),
  ),
  "is nothing for a purpose that is kept for later, and nothing for a proceeding": given(
    ({ purpose }) => !["ELIGDTRM", "PATRQT", "PUBHLTH", "HLEGAL"].includes(purpose),
  ),
  "never gives labs to a housing agency": given(
    ({ caller, info }) => caller.kind !== "HOUSING" || info.category !== "LABS",
  ),
  "never gives notes by break-glass": given(
    (it) => !isNotes(it) || (it.purpose !== "BTG" && it.purpose !== "ETREAT"),
  ),
  "gives notes only under the authorization for just these notes": given(
    (it) =>
      !isNotes(it) ||
      it.directives.includes(
        it.info.category === "PSYCHOTHERAPY_NOTES" ? "PSYNOTES_AUTH" : "SUDNOTES_CD",
      ),
  ),
  "gives Part 2 records only by consent or in a medical emergency": given(
    (it) => !isPart2(it) || it.directives.includes("42CFRPart2CD") || isEmergency(it),
  ),
  "never gives Part 2 records to law enforcement or for a proceeding without a consent to just that":
    (it, { decision }) =>
      decision === "DENY" ||
      !isPart2(it) ||
      (it.caller.kind !== "LAW" && it.purpose !== "HLEGAL") ||
      it.directives.includes("PART2_LEGAL_CD"),
  "never gives Part 2 records for a serious threat": given(
    (it) => !isPart2(it) || it.purpose !== "THREAT",
  ),
  "marks Part 2 records that leave": (it, { decision, obligations }) =>
    decision === "DENY" ||
    isOwn(it) ||
    !isPart2(it) ||
    (obligations.includes("RedisclosureProhibitionMark") && obligations.includes("PERSISTLABEL")),
  "keeps to a restriction, outside an emergency, a threat and protective services": given(
    (it) => !it.restricted || isEmergency(it) || isThreat(it) || it.purpose === "PROTSVC",
  ),
  "keeps to a suspension, outside an emergency and a threat": given(
    (it) => (it.agreement?.active ?? true) || isEmergency(it) || isThreat(it),
  ),
  "never lets a reporter's identity leave": given(
    ({ info }) => info.category !== "REPORTER_IDENTITY",
  ),
  "gives a DV location only under a release": given(
    (it) => it.info.category !== "DV_LOCATION" || it.directives.includes("VAWA_RELEASE"),
  ),
  "gives an administrator nothing of another agency's": given(
    ({ caller }) => caller.role !== "ADMIN",
  ),
  "gives those who govern nothing, their own agency's included; a liaison the minimum after a breach":
    (it, { decision }) =>
      decision === "DENY" ||
      !["EXECUTIVE", "PRIVACY_OFFICER", "AUDITOR", "ANALYST", "COMMISSIONER_LIAISON"].includes(
        it.caller.role,
      ) ||
      (isOversight(it) &&
        it.purpose === "HOPERAT" &&
        ["REFERRAL_ADMIN", "CARE_TEAM"].includes(it.info.category)),
  "never lets a health plan treat": given(
    ({ caller, purpose, basis }) =>
      caller.kind !== "MCO" ||
      basis === "HIPAA_508" ||
      !["TREAT", "COC", "ETREAT", "BTG"].includes(purpose),
  ),
  "gives an agency outside HIPAA nothing for treatment, payment or operations": given(
    (it) => it.caller.hipaa || it.basis !== "HIPAA_506" || isOversight(it),
  ),
  "gives law enforcement what averts a threat, and else only what the person has authorized": given(
    ({ caller, purpose, directives }) =>
      caller.kind !== "LAW" ||
      purpose === "THREAT" ||
      caller.hipaa ||
      directives.includes("HIPAAAuthCD"),
  ),
  "leaves an agency its own records, but for those who govern and Part 2 in a proceeding": (
    it,
    { decision, rules },
  ) =>
    !isOwn(it) ||
    decision === "ALLOW" ||
    rules.every((id) => id === "F9-governance-roles" || id === "F6-part2-legal"),
};
