import type { Resolvers } from "./resolvers.types.ts";

export const resolvers: Resolvers = {
  Query: {
    escalationIssue: (_, { id }, { issues }) => issues.find(id),
    openEscalationIssues: (_, page, { issues }) => issues.listOpen(page),
  },
  Mutation: {
    raiseIssue: (_, { input }, { issues }) => issues.raise(input),
    resolveIssue: (_, { input }, { issues }) => issues.resolve(input),
  },
  EscalationIssue: {
    __resolveReference: ({ id }, { issues }) => issues.find(id),
  },
  Referral: {
    escalations: ({ id }, _, { issues }) => issues.ofReferral(id),
  },
};
