/** The rooms of the house, by name, and where each stands. */
export const ROOM_FOLDERS = {
  referrals: new URL("../subgraphs/referrals/", import.meta.url),
  disputes: new URL("../subgraphs/disputes/", import.meta.url),
  escalation: new URL("../subgraphs/escalation/", import.meta.url),
  "information-sharing": new URL("../subgraphs/information-sharing/", import.meta.url),
  performance: new URL("../subgraphs/performance/", import.meta.url),
} as const;

export type RoomName = keyof typeof ROOM_FOLDERS;
