import type { Resolvers } from "./resolvers.types.ts";

export const resolvers: Resolvers = {
  Query: {
    governanceMeeting: (_, { id }, { performance }) => performance.findMeeting(id),
    governanceMeetings: (_, page, { performance }) => performance.listMeetings(page),
  },
  Mutation: {
    recordGovernanceMeeting: (_, { input }, { performance }) => performance.hold(input),
  },
  GovernanceMeeting: {
    __resolveReference: ({ id }, { performance }) => performance.findMeeting(id),
  },
  Interface: {
    handoffVolume: ({ id }, { from, to }, { performance }) => performance.volume(id, from, to),
  },
};
