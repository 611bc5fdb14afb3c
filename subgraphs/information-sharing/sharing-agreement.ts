/** Agreements to share: what two agencies may give each other, for what, and since when. */
import { need, Problem } from "#schema/problems.ts";
import type { Category, Purpose, Role } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";

export type AgreementStatus = "DRAFT" | "IN_FORCE" | "SUSPENDED" | "ENDED";

/** Something that another room owns, by its id. */
export interface Ref {
  id: string;
}

/** What two agencies have agreed to share. */
export interface SharingAgreement {
  id: string;
  version: number;
  status: AgreementStatus;
  interface: Ref;
  draftedBy: Ref;
  with: Ref;
  purposes: Purpose[];
  categories: Category[];
  from: Date;
  until: Date | null;
}

/** What a draft says. */
export interface Draft {
  interfaceId: string;
  withAgencyId: string;
  purposes: Purpose[];
  categories: Category[];
  from: Date;
  until?: Date | null;
}

/** The agreement as it stands at an instant: one whose last day has come has ended, without anybody's doing. */
export const asAt = (agreement: SharingAgreement, at: Date): SharingAgreement =>
  agreement.until && agreement.until <= at ? { ...agreement, status: "ENDED" } : agreement;

/** Who may bind an agency. */
const BINDING: ReadonlySet<Role> = new Set<Role>(["EXECUTIVE", "PRIVACY_OFFICER", "ADMIN"]);

const binding = (act: Act): void => {
  if (!BINDING.has(act.by.role))
    throw new Problem(
      "FORBIDDEN",
      "an agreement is made by an executive, a privacy officer or an administrator",
    );
};

/**
 * Drafts an agreement.
 *
 * @throws {Problem} FORBIDDEN to roles that cannot bind their agency; BAD_INPUT when it is with nobody else, names no
 *   purpose or no category, or ends before it starts.
 */
export const draft = (id: string, said: Draft, act: Act): SharingAgreement => {
  binding(act);
  need(said.withAgencyId !== act.by.agency, "withAgencyId", "must be another agency");
  need(said.purposes.length > 0, "purposes", "must name at least one");
  need(said.categories.length > 0, "categories", "must name at least one");
  need(!said.until || said.until > said.from, "until", "must be after `from`");
  return {
    id,
    version: 1,
    status: "DRAFT",
    interface: { id: said.interfaceId },
    draftedBy: { id: act.by.agency },
    with: { id: said.withAgencyId },
    purposes: [...new Set(said.purposes)],
    categories: [...new Set(said.categories)],
    from: said.from,
    until: said.until ?? null,
  };
};

const moved = (
  agreement: SharingAgreement,
  from: AgreementStatus,
  to: AgreementStatus,
  act: Act,
): SharingAgreement => {
  const { status } = asAt(agreement, act.at);
  if (status !== from)
    throw new Problem("MOVE_NOT_ALLOWED", `not open while the agreement is ${status}`, {
      state: status,
    });
  return { ...agreement, version: agreement.version + 1, status: to };
};

/**
 * The other agency's signature.
 *
 * @throws {Problem} FORBIDDEN to roles that cannot bind their agency; MOVE_NOT_ALLOWED to the agency that drafted it,
 *   and unless it is a draft.
 */
export const sign = (agreement: SharingAgreement, act: Act): SharingAgreement => {
  binding(act);
  if (agreement.with.id !== act.by.agency)
    throw new Problem(
      "MOVE_NOT_ALLOWED",
      "the agency that drafted an agreement cannot sign for the other",
      {
        state: agreement.status,
      },
    );
  return moved(agreement, "DRAFT", "IN_FORCE", act);
};

/**
 * Stops sharing under an agreement.
 *
 * @throws {Problem} FORBIDDEN to roles that cannot bind their agency; MOVE_NOT_ALLOWED unless it is in force.
 */
export const suspend = (agreement: SharingAgreement, act: Act): SharingAgreement => {
  binding(act);
  return moved(agreement, "IN_FORCE", "SUSPENDED", act);
};
