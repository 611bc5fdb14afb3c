import { statePosition, withdraw } from "./dispute.ts";
import type { Resolvers } from "./resolvers.types.ts";

export const resolvers: Resolvers = {
  Query: {
    dispute: (_, { id }, { disputes }) => disputes.find(id),
    disputes: (_, { stages, ...page }, { disputes }) => disputes.list(stages, page),
  },
  Mutation: {
    openDispute: (_, { input }, { disputes }) => disputes.open(input),
    statePosition: (_, { input }, { disputes, act }) =>
      disputes.change(input, "statePosition", (dispute) =>
        statePosition(dispute, input.statement, act),
      ),
    withdrawDispute: (_, { input }, { disputes, act }) =>
      disputes.change(input, "withdrawDispute", (dispute) => withdraw(dispute, act)),
  },
  Dispute: {
    __resolveReference: ({ id }, { disputes }) => disputes.find(id),
  },
  Referral: {
    disputes: ({ id }, _, { disputes }) => disputes.ofReferral(id),
  },
};
