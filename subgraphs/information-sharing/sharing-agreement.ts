/** Agreements to share: what two agencies may give each other, for what, and since when. */
import { need, Problem } from "#schema/problems.ts";
import type { Category, Purpose, Role } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";

export type AgreementStatus = "DRAFT" | "IN_FORCE" | "SUSPENDED" | "ENDED";
export type AgreementMove = "SIGN" | "SUSPEND" | "RESUME" | "END" | "AMEND" | "SIGN_AMENDMENT";

/** Something that another room owns, by its id. */
export interface Ref {
  id: string;
}

/** What may be given, for what, and until when. */
export interface AgreementTerms {
  purposes: Purpose[];
  categories: Category[];
  until: Date | null;
}

/** Other terms, which one agency proposes, and which count once the other has signed them. */
export interface Amendment extends AgreementTerms {
  draftedBy: Ref;
  draftedAt: Date;
}

/** What two agencies have agreed to share. */
export interface SharingAgreement extends AgreementTerms {
  id: string;
  version: number;
  status: AgreementStatus;
  interface: Ref;
  draftedBy: Ref;
  with: Ref;
  from: Date;
  amendment: Amendment | null;
  /** The agency that suspended it, which alone may resume it. */
  suspendedBy: Ref | null;
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

/** Does it let anything be shared at this instant? It does not before its first day, though both have signed it. */
export const isActive = (agreement: SharingAgreement, at: Date): boolean =>
  asAt(agreement, at).status === "IN_FORCE" && agreement.from <= at;

/** The other of the two agencies. */
export const otherParty = (
  { draftedBy, with: other }: Pick<SharingAgreement, "draftedBy" | "with">,
  agency: string,
): Ref => (draftedBy.id === agency ? other : draftedBy);

const STANDING: readonly AgreementStatus[] = ["IN_FORCE", "SUSPENDED", "DRAFT"];

/**
 * The one that counts of several between two agencies at an interface, the latest first: one in force before one that is
 * suspended, and that before a draft; none that has ended.
 */
export const counting = (
  agreements: readonly SharingAgreement[],
  at: Date,
): SharingAgreement | null => {
  const standing = agreements.map((agreement) => ({ agreement, ...asAt(agreement, at) }));
  for (const wanted of STANDING) {
    const found = standing.find(({ status }) => status === wanted);
    if (found) return found.agreement;
  }
  return null;
};

/** Who may bind an agency. */
const BINDING: ReadonlySet<Role> = new Set<Role>(["EXECUTIVE", "PRIVACY_OFFICER", "ADMIN"]);

const binding = (act: Act): void => {
  if (!BINDING.has(act.by.role))
    throw new Problem(
      "FORBIDDEN",
      "an agreement is made by an executive, a privacy officer or an administrator",
    );
};

const terms = (
  said: { purposes: Purpose[]; categories: Category[]; until?: Date | null },
  from: Date,
): AgreementTerms => {
  need(said.purposes.length > 0, "purposes", "must name at least one");
  need(said.categories.length > 0, "categories", "must name at least one");
  need(!said.until || said.until > from, "until", "must be after `from`");
  return {
    purposes: [...new Set(said.purposes)],
    categories: [...new Set(said.categories)],
    until: said.until ?? null,
  };
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
  return {
    id,
    version: 1,
    status: "DRAFT",
    interface: { id: said.interfaceId },
    draftedBy: { id: act.by.agency },
    with: { id: said.withAgencyId },
    ...terms(said, said.from),
    from: said.from,
    amendment: null,
    suspendedBy: null,
  };
};

/** Where a move leads, and which of the two agencies may make it. */
interface Move {
  from: readonly AgreementStatus[];
  /** Null where it stays. */
  to: AgreementStatus | null;
  /** Null when either may. */
  by: { is: (agreement: SharingAgreement, agency: string) => boolean; else: string } | null;
}

const MOVES: Record<AgreementMove, Move> = {
  SIGN: {
    from: ["DRAFT"],
    to: "IN_FORCE",
    by: {
      is: (agreement, agency) => agreement.with.id === agency,
      else: "the agency that drafted an agreement cannot sign for the other",
    },
  },
  SUSPEND: { from: ["IN_FORCE"], to: "SUSPENDED", by: null },
  RESUME: {
    from: ["SUSPENDED"],
    to: "IN_FORCE",
    by: {
      is: (agreement, agency) => agreement.suspendedBy?.id === agency,
      else: "an agreement is resumed by the agency that suspended it",
    },
  },
  END: { from: ["DRAFT", "IN_FORCE", "SUSPENDED"], to: "ENDED", by: null },
  AMEND: { from: ["IN_FORCE", "SUSPENDED"], to: null, by: null },
  SIGN_AMENDMENT: {
    from: ["IN_FORCE", "SUSPENDED"],
    to: null,
    by: {
      is: ({ amendment }, agency) => amendment !== null && amendment.draftedBy.id !== agency,
      else: "there is no amendment that the other agency has drafted",
    },
  },
};

const moved = (agreement: SharingAgreement, move: AgreementMove, act: Act): SharingAgreement => {
  binding(act);
  const { from, to, by } = MOVES[move];
  const { status } = asAt(agreement, act.at);
  if (!from.includes(status))
    throw new Problem("MOVE_NOT_ALLOWED", `not open while the agreement is ${status}`, {
      state: status,
    });
  if (by && !by.is(agreement, act.by.agency))
    throw new Problem("MOVE_NOT_ALLOWED", by.else, { state: status });
  return { ...agreement, version: agreement.version + 1, status: to ?? agreement.status };
};

/**
 * The other agency's signature.
 *
 * @throws {Problem} FORBIDDEN to roles that cannot bind their agency; MOVE_NOT_ALLOWED to the agency that drafted it,
 *   and unless it is a draft.
 */
export const sign = (agreement: SharingAgreement, act: Act): SharingAgreement =>
  moved(agreement, "SIGN", act);

/**
 * Stops sharing under an agreement.
 *
 * @throws {Problem} FORBIDDEN to roles that cannot bind their agency; MOVE_NOT_ALLOWED unless it is in force.
 */
export const suspend = (agreement: SharingAgreement, act: Act): SharingAgreement => ({
  ...moved(agreement, "SUSPEND", act),
  suspendedBy: { id: act.by.agency },
});

/**
 * Lets sharing begin again under an agreement that was suspended.
 *
 * @throws {Problem} FORBIDDEN to roles that cannot bind their agency; MOVE_NOT_ALLOWED to the agency that did not suspend
 *   it, and unless it is suspended.
 */
export const resume = (agreement: SharingAgreement, act: Act): SharingAgreement => ({
  ...moved(agreement, "RESUME", act),
  suspendedBy: null,
});

/**
 * Ends an agreement for good, or takes a draft back.
 *
 * @throws {Problem} FORBIDDEN to roles that cannot bind their agency; MOVE_NOT_ALLOWED once it has ended.
 */
export const end = (agreement: SharingAgreement, act: Act): SharingAgreement => ({
  ...moved(agreement, "END", act),
  amendment: null,
  suspendedBy: null,
});

/**
 * Drafts other terms. They take the place of an amendment that nobody has signed yet, whoever drafted it; what was agreed
 * counts until the other agency signs them.
 *
 * @throws {Problem} FORBIDDEN to roles that cannot bind their agency; MOVE_NOT_ALLOWED unless it is in force or suspended;
 *   BAD_INPUT when it names no purpose or no category, or would have ended already.
 */
export const amend = (
  agreement: SharingAgreement,
  said: { purposes: Purpose[]; categories: Category[]; until?: Date | null },
  act: Act,
): SharingAgreement => {
  const amended = moved(agreement, "AMEND", act);
  need(!said.until || said.until > act.at, "until", "must lie ahead");
  return {
    ...amended,
    amendment: {
      ...terms(said, agreement.from),
      draftedBy: { id: act.by.agency },
      draftedAt: act.at,
    },
  };
};

/**
 * The other agency's signature on other terms, which count from now on.
 *
 * @throws {Problem} FORBIDDEN to roles that cannot bind their agency; MOVE_NOT_ALLOWED when there is no amendment of the
 *   other agency's, and unless it is in force or suspended.
 */
export const signAmendment = (agreement: SharingAgreement, act: Act): SharingAgreement => {
  const signed = moved(agreement, "SIGN_AMENDMENT", act);
  const { purposes, categories, until } = agreement.amendment as Amendment;
  need(!until || until > act.at, "id", "is of an agreement whose amendment would have ended");
  return { ...signed, purposes, categories, until, amendment: null };
};
