/** How the county's hospital discharges work: everything that an interface publishes. */
import type { OperatingRules, TimeAllowed } from "../../subgraphs/referrals/operating-rules.ts";

const hours = (amount: number): TimeAllowed => ({ basis: "ELAPSED", amount });
const businessDays = (amount: number): TimeAllowed => ({ basis: "BUSINESS", amount });
const sameDay: TimeAllowed = { basis: "SAME_DAY" };

export const operatingRules: OperatingRules = {
  responseTimes: [
    { state: "ANTICIPATED", within: hours(24) },
    { state: "NOTIFIED", within: hours(4) },
    { state: "PACKET_INCOMPLETE", within: hours(8) },
    { state: "AWAITING_DECISION", within: hours(24) },
    { state: "INFO_REQUESTED", within: hours(8) },
    { state: "ACCEPTED", within: businessDays(1) },
    { state: "SCHEDULED", within: businessDays(3) },
    { state: "IN_SERVICE", within: businessDays(30) },
    { state: "WAITLISTED", within: businessDays(5) },
    { state: "UNABLE_TO_REACH", within: businessDays(2) },
    { state: "DECLINED", within: sameDay },
  ],
  noticeLeadHours: 24,
  minimumEvidence: [
    {
      service: "Outpatient behavioral health",
      items: [
        { code: "MEDICATION_LIST", name: "Medication list" },
        { code: "RISK_ASSESSMENT", name: "Risk assessment" },
      ],
    },
    {
      service: "Supported housing placement",
      items: [
        { code: "FUNCTIONAL_STATUS", name: "Functional status" },
        { code: "HOUSING_HISTORY", name: "Housing history" },
        { code: "INCOME_STATEMENT", name: "Statement of income" },
      ],
    },
  ],
  documentation: [
    { document: "Discharge summary", by: "SENDER", within: hours(24) },
    { document: "Record of first contact", by: "RECEIVER", within: businessDays(2) },
  ],
  escalation: [
    { rung: "FRONTLINE_CONTACT", target: sameDay, breach: hours(24) },
    { rung: "MANAGERS", target: hours(24), breach: hours(48) },
    { rung: "EXECUTIVES", target: hours(48), breach: hours(72) },
    { rung: "FORMAL_DISPUTE_RESOLUTION", target: hours(72), breach: businessDays(5) },
  ],
  disputeRoute: [
    { rung: "OPERATIONAL_LEADS", target: hours(24), breach: hours(48) },
    { rung: "SENIOR_LEADERS", target: businessDays(3), breach: businessDays(5) },
    { rung: "COMMISSIONER_LIAISON", target: businessDays(7), breach: businessDays(10) },
  ],
  responsibilities: [
    {
      step: "NOTIFY",
      by: "SENDER",
      role: "Discharge coordinator",
      within: hours(24),
      evidence: ["Notice of discharge"],
    },
    {
      step: "PRESENT",
      by: "SENDER",
      role: "Discharge coordinator",
      within: hours(4),
      evidence: ["Discharge packet"],
    },
    {
      step: "ACCEPT",
      by: "RECEIVER",
      role: "Intake lead",
      within: hours(24),
      evidence: ["Intake decision"],
    },
    {
      step: "SCHEDULE",
      by: "RECEIVER",
      role: "Intake lead",
      within: businessDays(1),
      evidence: ["Appointment", "Call to the person"],
    },
    {
      step: "BEGIN_SERVICE",
      by: "RECEIVER",
      role: "Clinician",
      within: businessDays(3),
      evidence: ["Note of first contact"],
    },
    {
      step: "COMPLETE",
      by: "RECEIVER",
      role: "Clinician",
      within: businessDays(30),
      evidence: ["Closing note"],
    },
  ],
  timeZone: "America/Chicago",
  weeklyHours: (["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY"] as const).map((day) => ({
    day,
    opens: "08:00",
    closes: "17:00",
  })),
  holidays: [
    { date: "2025-05-26", name: "Memorial Day" },
    { date: "2025-07-04", name: "Independence Day" },
    { date: "2025-12-25", name: "Christmas Day" },
  ],
  sameDayCutOff: "15:00",
};
