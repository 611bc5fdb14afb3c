/** What would be given of a person's record, and why: for those whose record it is, before they share it. */
import { need, Problem } from "#schema/problems.ts";
import { decide } from "#sharing/decide.ts";
import type { AgreementTold, PersonTold } from "#sharing/facts.ts";
import { refusal } from "#sharing/refusal.ts";
import { callerOf, worksWithPeople } from "#sharing/requester.ts";
import { RULES } from "#sharing/rules.ts";
import { CATEGORIES } from "#sharing/vocabulary.ts";
import type { AgencyKind, Basis, Category, Purpose, Role } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";

/** Who would ask, and what for. */
export interface Preview {
  personId: string;
  recipientId: string;
  role: Role;
  purpose: Purpose;
  basis?: Basis | null;
}

/** A rule that settled it, in plain words. */
export interface RuleSaid {
  id: string;
  says: string;
  law: string;
}

/** What becomes of one kind of information. */
export interface Shareable {
  category: Category;
  decision: "SHAREABLE" | "WITHHELD";
  rules: RuleSaid[];
  because: string[];
  routes: string[];
  obligations: string[];
}

/**
 * Refuses whom the answer is not for.
 *
 * @throws {Problem} FORBIDDEN to roles that do not work with people; BAD_INPUT when the recipient is the asking agency.
 */
export const mayPreview = ({ recipientId }: Preview, act: Act): void => {
  if (!worksWithPeople(act.by))
    throw new Problem("FORBIDDEN", "what can be shared is asked by those who work with the person");
  need(recipientId !== act.by.agency, "recipientId", "must be another agency");
};

/**
 * @param known What the roll says of the recipient.
 * @throws {Problem} BAD_INPUT when it is not on the roll.
 */
export const kindOnRoll = (known: {
  known: boolean;
  kind: AgencyKind | null;
}): AgencyKind | null => {
  need(known.known, "recipientId", "names an agency that is not on the roll");
  return known.kind;
};

const NOTHING: PersonTold = {
  ties: [],
  directives: [],
  restrictedBy: [],
  medicalEmergency: null,
  safetyThreat: null,
};

const said = (ids: readonly string[]): RuleSaid[] =>
  RULES.filter(({ id }) => ids.includes(id)).map(({ id, says, law }) => ({ id, says, law }));

/**
 * What the recipient would be given of the source's own information, kind by kind. It is decided as the recipient's own
 * request would be, on the same facts.
 */
export const shareables = (
  { recipientId, role, purpose, basis = null }: Preview,
  kind: AgencyKind | null,
  source: string,
  told: PersonTold = NOTHING,
  agreement: AgreementTold | null = null,
): Shareable[] => {
  const caller = callerOf({
    agency: recipientId,
    kind,
    role,
    purpose,
    basis,
    subject: "",
  });
  return CATEGORIES.map((category) => {
    const decision = decide({
      caller,
      purpose,
      basis,
      info: { category, source },
      agreement,
      ties: told.ties,
      directives: told.directives
        .filter((it) => it.categories === null || it.categories.includes(category))
        .filter((it) => it.source === null || it.source === source)
        .map(({ code }) => code),
      restricted: told.restrictedBy.includes(source),
      medicalEmergency: told.medicalEmergency !== null,
      safetyThreat: told.safetyThreat !== null,
    });
    const isGiven = decision.decision === "ALLOW";
    const isCovered =
      agreement !== null &&
      agreement.active &&
      agreement.purposes.includes(purpose) &&
      agreement.categories.includes(category);
    return {
      category,
      decision: isGiven ? "SHAREABLE" : "WITHHELD",
      rules: said(decision.rules),
      because: isGiven ? [] : [...refusal(caller, purpose, basis, category, isCovered).because],
      routes: [...decision.routes],
      obligations: [...decision.obligations],
    };
  });
};
