import type { Resolvers } from "./resolvers.types.ts";
import { asAt, sign, suspend } from "./sharing-agreement.ts";

export const resolvers: Resolvers = {
  Query: {
    sharingAgreement: (_, { id }, { agreements }) => agreements.find(id),
    sharingAgreements: (_, page, { agreements }) => agreements.list(page),
  },
  Mutation: {
    draftSharingAgreement: (_, { input }, { agreements }) => agreements.draft(input),
    signSharingAgreement: (_, { input }, { agreements, act }) =>
      agreements.change(input, "signSharingAgreement", (agreement) => sign(agreement, act)),
    suspendSharingAgreement: (_, { input }, { agreements, act }) =>
      agreements.change(input, "suspendSharingAgreement", (agreement) => suspend(agreement, act)),
  },
  SharingAgreement: {
    __resolveReference: ({ id }, { agreements }) => agreements.find(id),
    status: (agreement, _, { act }) => asAt(agreement, act.at).status,
  },
  Interface: {
    sharingAgreement: ({ id }, _, { agreements }) => agreements.ofInterface(id),
  },
};
