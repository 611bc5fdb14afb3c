/** Approved routes: which way information goes from one agency to another, for what, and on which footing. */
import { need, notFound, Problem } from "#schema/problems.ts";
import type { Basis, Category, Purpose, Role } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import { isActive, otherParty } from "./sharing-agreement.ts";
import type { Ref, SharingAgreement } from "./sharing-agreement.ts";

/** How information goes: through this graph, a partner's portal, a secure message (as Direct), by fax, or by voice. */
export type Channel = "GRAPH" | "PORTAL" | "SECURE_MESSAGE" | "FAX" | "VERBAL";

export type RouteStatus = "APPROVED" | "WITHDRAWN";

/** One agency's approval of a way to another one, under an agreement of the two. */
export interface SharingRoute {
  id: string;
  version: number;
  status: RouteStatus;
  from: Ref;
  to: Ref;
  purpose: Purpose;
  basis: Basis;
  categories: Category[];
  channel: Channel;
  agreement: Ref;
  since: Date;
  until: Date | null;
}

/** What an approval says. */
export interface Approval {
  purpose: Purpose;
  basis: Basis;
  categories: Category[];
  channel: Channel;
  since?: Date | null;
  until?: Date | null;
}

/** Who approves a way out of an agency. */
const APPROVING: ReadonlySet<Role> = new Set<Role>(["PRIVACY_OFFICER", "EXECUTIVE"]);

const approving = (act: Act): void => {
  if (!APPROVING.has(act.by.role))
    throw new Problem("FORBIDDEN", "a route is approved by a privacy officer or an executive");
};

/** Does the agreement, as it stands at an instant, bear the route? */
const isBorne = (
  { purpose, categories }: Pick<SharingRoute, "purpose" | "categories">,
  agreement: SharingAgreement,
  at: Date,
): boolean =>
  isActive(agreement, at) &&
  agreement.purposes.includes(purpose) &&
  categories.every((category) => agreement.categories.includes(category));

/** May information go this way at this instant? Only while the agreement that it stands on lets it. */
export const isOpen = (route: SharingRoute, agreement: SharingAgreement, at: Date): boolean =>
  route.status === "APPROVED" &&
  route.since <= at &&
  (route.until === null || at < route.until) &&
  isBorne(route, agreement, at);

/** Is it approved, and yet nothing may go that way, for the agreement does not bear it? */
export const isStranded = (route: SharingRoute, agreement: SharingAgreement, at: Date): boolean =>
  route.status === "APPROVED" &&
  (route.until === null || at < route.until) &&
  !isBorne(route, agreement, at);

/**
 * Approves a route from the asking agency to the other party of an agreement.
 *
 * @throws {Problem} FORBIDDEN to roles that approve none; MOVE_NOT_ALLOWED unless the agreement is in force; BAD_INPUT when
 *   it goes beyond the agreement, names no category, or ends before it starts.
 */
export const approve = (
  id: string,
  said: Approval,
  agreement: SharingAgreement,
  act: Act,
): SharingRoute => {
  approving(act);
  const { agency } = act.by;
  if (agreement.draftedBy.id !== agency && agreement.with.id !== agency) notFound();
  if (!isActive(agreement, act.at))
    throw new Problem("MOVE_NOT_ALLOWED", "a route stands on an agreement that is in force", {
      state: agreement.status,
    });
  const since = said.since ?? act.at;
  need(agreement.purposes.includes(said.purpose), "purpose", "is none of the agreement's");
  need(said.categories.length > 0, "categories", "must name at least one");
  need(
    said.categories.every((category) => agreement.categories.includes(category)),
    "categories",
    "names one that is not in the agreement",
  );
  need(!said.until || said.until > since, "until", "must be after `since`");
  return {
    id,
    version: 1,
    status: "APPROVED",
    from: { id: agency },
    to: otherParty(agreement, agency),
    purpose: said.purpose,
    basis: said.basis,
    categories: [...new Set(said.categories)],
    channel: said.channel,
    agreement: { id: agreement.id },
    since,
    until: said.until ?? null,
  };
};

/**
 * Takes a route back.
 *
 * @throws {Problem} FORBIDDEN to roles that approve none; MOVE_NOT_ALLOWED to the other agency, and when it is withdrawn.
 */
export const withdraw = (route: SharingRoute, act: Act): SharingRoute => {
  approving(act);
  if (route.from.id !== act.by.agency)
    throw new Problem("MOVE_NOT_ALLOWED", "a route is withdrawn by the agency that it leads from", {
      state: route.status,
    });
  if (route.status !== "APPROVED")
    throw new Problem("MOVE_NOT_ALLOWED", "the route is withdrawn already", {
      state: route.status,
    });
  return { ...route, version: route.version + 1, status: "WITHDRAWN" };
};
