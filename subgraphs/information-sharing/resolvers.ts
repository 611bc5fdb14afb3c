import { end as endAttestation, inWords, isOpen, isOverdue, review } from "./attestation.ts";
import { end as endConsent, lastDay, revoke } from "./consent.ts";
import { asFhir } from "./fhir-consent.ts";
import { fieldsOf } from "./graph-fields.ts";
import { description, isPart2, isRequired, purposeStatement } from "./ledger/accounting.ts";
import type { Resolvers } from "./resolvers.types.ts";
import { agree, decline, terminate } from "./restriction.ts";
import {
  amend,
  asAt,
  end,
  isActive,
  resume,
  sign,
  signAmendment,
  suspend,
} from "./sharing-agreement.ts";
import { isOpen as isRouteOpen, withdraw } from "./sharing-route.ts";

const refs = (ids: readonly string[] | null) => ids && ids.map((id) => ({ id }));

export const resolvers: Resolvers = {
  Query: {
    sharingAgreement: (_, { id }, { agreements }) => agreements.find(id),
    sharingAgreements: (_, args, { agreements }) => agreements.list(args, args),
    sharingRoute: (_, { id }, { routes }) => routes.find(id),
    sharingRoutes: (_, page, { routes }) => routes.list(page),
    sharingRoutesWithoutAgreement: (_, page, { routes }) => routes.stranded(page),
    consent: (_, { id }, { consents }) => consents.find(id),
    consents: (_, args, { consents }) => consents.list(args, args),
    restriction: (_, { id }, { restrictions }) => restrictions.find(id),
    restrictions: (_, args, { restrictions }) => restrictions.list(args, args),
    attestation: (_, { id }, { attestations }) => attestations.find(id),
    attestationsToReview: (_, args, { attestations }) => attestations.toReview(args, args),
    whatCanIShare: (_, preview, { shareables }) => shareables.of(preview),
    accountingOfDisclosures: (_, args, { accounting }) => accounting.list(args),
    explain: (_, { disclosureId }, { accounting }) => accounting.explain(disclosureId),
    accountingSuspensions: (_, page, { accounting }) => accounting.suspensions(page),
  },
  Mutation: {
    draftSharingAgreement: (_, { input }, { agreements }) => agreements.draft(input),
    signSharingAgreement: (_, { input }, { agreements, act }) =>
      agreements.change(input, "signSharingAgreement", (agreement) => sign(agreement, act)),
    suspendSharingAgreement: (_, { input }, { agreements, act }) =>
      agreements.change(input, "suspendSharingAgreement", (agreement) => suspend(agreement, act)),
    resumeSharingAgreement: (_, { input }, { agreements, act }) =>
      agreements.change(input, "resumeSharingAgreement", (agreement) => resume(agreement, act)),
    endSharingAgreement: (_, { input }, { agreements, act }) =>
      agreements.change(input, "endSharingAgreement", (agreement) => end(agreement, act)),
    amendSharingAgreement: (_, { input }, { agreements, act }) =>
      agreements.change(input, "amendSharingAgreement", (agreement) =>
        amend(agreement, input, act),
      ),
    signSharingAmendment: (_, { input }, { agreements, act }) =>
      agreements.change(input, "signSharingAmendment", (agreement) =>
        signAmendment(agreement, act),
      ),
    approveSharingRoute: (_, { input }, { routes }) => routes.approve(input),
    withdrawSharingRoute: (_, { input }, { routes, act }) =>
      routes.change(input, "withdrawSharingRoute", (route) => withdraw(route, act)),
    recordConsent: (_, { input }, { consents }) => consents.record(input),
    revokeConsent: (_, { input }, { consents, act }) =>
      consents.change(input, "revokeConsent", (consent) => revoke(consent, act)),
    endConsent: (_, { input }, { consents, act }) =>
      consents.change(input, "endConsent", (consent) => endConsent(consent, act)),
    requestRestriction: (_, { input }, { restrictions }) => restrictions.request(input),
    agreeRestriction: (_, { input }, { restrictions, act }) =>
      restrictions.change(input, "agreeRestriction", (restriction) => agree(restriction, act)),
    declineRestriction: (_, { input }, { restrictions, act }) =>
      restrictions.change(input, "declineRestriction", (restriction) => decline(restriction, act)),
    terminateRestriction: (_, { input }, { restrictions, act }) =>
      restrictions.change(input, "terminateRestriction", (restriction) =>
        terminate(restriction, input.ground, act),
      ),
    attestEmergency: (_, { input }, { attestations }) =>
      attestations.attest("attestEmergency", "EMERGENCY", input),
    attestThreat: (_, { input }, { attestations }) =>
      attestations.attest("attestThreat", "THREAT", input),
    breakGlass: (_, { input }, { attestations }) =>
      attestations.attest("breakGlass", "BREAK_GLASS", input),
    endAttestation: (_, { input }, { attestations, act }) =>
      attestations.change(input, "endAttestation", (attestation) =>
        endAttestation(attestation, act),
      ),
    reviewAttestation: (_, { input }, { attestations, act }) =>
      attestations.change(input, "reviewAttestation", (attestation) =>
        review(attestation, input, act),
      ),
    suspendAccounting: (_, { input }, { accounting }) => accounting.suspend(input),
    destroyDisclosureFacts: (_, { input }, { accounting }) => accounting.destroy(input),
  },
  SharingAgreement: {
    __resolveReference: ({ id }, { agreements }) => agreements.find(id),
    status: (agreement, _, { act }) => asAt(agreement, act.at).status,
    isActive: (agreement, _, { act }) => isActive(agreement, act.at),
    versions: ({ id }, _, { agreements }) => agreements.versions(id),
    routes: ({ id }, _, { routes }) => routes.ofAgreement(id),
  },
  SharingRoute: {
    __resolveReference: ({ id }, { routes }) => routes.find(id),
    agreement: ({ agreement }, _, { agreements }) => agreements.parent(agreement.id),
    isOpen: async (route, _, { agreements, act }) =>
      isRouteOpen(route, await agreements.parent(route.agreement.id), act.at),
  },
  Person: {
    consents: ({ id }, _, { consents }) => consents.ofPerson(id),
  },
  Consent: {
    __resolveReference: ({ id }, { consents }) => consents.find(id),
    until: ({ provision }) => lastDay(provision),
    sources: ({ sources }) => refs(sources),
    fhir: (consent) => JSON.stringify(asFhir(consent)),
  },
  ConsentProvision: {
    sources: ({ sources }) => refs(sources),
    recipients: ({ recipients }) => refs(recipients),
  },
  Restriction: {
    __resolveReference: ({ id }, { restrictions }) => restrictions.find(id),
  },
  Attestation: {
    __resolveReference: ({ id }, { attestations }) => attestations.find(id),
    words: (attestation, _, { act }) => inWords(attestation, act.by.agency).words,
    isOpen: (attestation, _, { act }) => isOpen(attestation, act.at),
    review: (attestation) => attestation,
  },
  AttestationReview: {
    dueAt: ({ review: { dueAt } }) => dueAt,
    isOverdue: (attestation, _, { act }) => isOverdue(attestation, act.at),
    outcome: ({ review: { outcome } }) => outcome,
    note: (attestation, _, { act }) => inWords(attestation, act.by.agency).note,
    reviewedBy: ({ review: { reviewedBy } }) => reviewedBy,
    reviewedAt: ({ review: { reviewedAt } }) => reviewedAt,
  },
  Shareable: {
    fields: ({ category }) => fieldsOf(category),
  },
  Disclosure: {
    description: (disclosure) => description(disclosure),
    purposeStatement: (disclosure) => purposeStatement(disclosure),
    isRequired: (disclosure) => isRequired(disclosure),
    isPart2: (disclosure) => isPart2(disclosure),
  },
  Interface: {
    sharingAgreement: ({ id }, _, { agreements }) => agreements.ofInterface(id),
  },
};
