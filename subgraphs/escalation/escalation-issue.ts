/** Issues that go up, rung by rung, until somebody settles them. */
import { need, Problem } from "#schema/problems.ts";
import { worksWithPeople } from "#sharing/requester.ts";
import type { Act } from "#platform/act.ts";
import type { OnReferral } from "#platform/sharing.ts";

export type IssueType =
  | "DELAYED_CRISIS_RESPONSE"
  | "DISPUTED_RESPONSIBILITY"
  | "UNSAFE_DISCHARGE"
  | "MISSED_VISITS"
  | "RESTRICTIVE_PRACTICES"
  | "OTHER";

/** From the bottom up. */
export type Rung = "FRONTLINE_CONTACT" | "MANAGERS" | "EXECUTIVES" | "FORMAL_DISPUTE_RESOLUTION";

/** Something that another room owns, by its id. */
export interface Ref {
  id: string;
}

/** Something between two agencies that must not wait. */
export interface EscalationIssue extends OnReferral {
  id: string;
  version: number;
  referral: Ref;
  type: IssueType;
  typeText: string | null;
  impact: string;
  rung: Rung;
  raisedBy: Ref;
  parties: Ref[];
  raisedAt: Date;
  resolvedAt: Date | null;
  resolution: string | null;
}

/** What is said when an issue is raised. */
export interface Raising {
  referralId: string;
  type: IssueType;
  typeText?: string | null;
  impact: string;
  withAgencyId: string;
}

const words = (text: string | null | undefined, field: string): string => {
  const said = text?.trim() ? text : "";
  need(said !== "", field, "must not be blank");
  return said;
};

/**
 * Raises an issue.
 *
 * @throws {Problem} FORBIDDEN to roles that do not work with people; BAD_INPUT when the impact is blank, when OTHER has
 *   no words, or when an agency would escalate to itself.
 */
export const raise = (
  id: string,
  raising: Raising,
  act: Act,
): Omit<EscalationIssue, keyof OnReferral> => {
  if (!worksWithPeople(act.by))
    throw new Problem(
      "FORBIDDEN",
      "an issue about a person is raised by those who work with people",
    );
  need(raising.withAgencyId !== act.by.agency, "withAgencyId", "must be another agency");
  return {
    id,
    version: 1,
    referral: { id: raising.referralId },
    type: raising.type,
    typeText:
      raising.type === "OTHER" ? words(raising.typeText, "typeText") : (raising.typeText ?? null),
    impact: words(raising.impact, "impact"),
    rung: "FRONTLINE_CONTACT",
    raisedBy: { id: act.by.agency },
    parties: [{ id: act.by.agency }, { id: raising.withAgencyId }],
    raisedAt: act.at,
    resolvedAt: null,
    resolution: null,
  };
};

/**
 * Records how an issue was resolved.
 *
 * @throws {Problem} MOVE_NOT_ALLOWED when it was resolved before; BAD_INPUT when the resolution is blank.
 */
export const resolve = (issue: EscalationIssue, resolution: string, act: Act): EscalationIssue => {
  if (issue.resolvedAt)
    throw new Problem("MOVE_NOT_ALLOWED", "the issue has been resolved already", {
      state: "RESOLVED",
    });
  return {
    ...issue,
    version: issue.version + 1,
    resolvedAt: act.at,
    resolution: words(resolution, "resolution"),
  };
};
