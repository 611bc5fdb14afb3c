/** A room's schema as Federation 1 has it, for a gateway that takes no other. */
import { readFileSync } from "node:fs";
import { ROOM_FOLDERS } from "../scripts/rooms.ts";
import type { RoomName } from "../scripts/rooms.ts";

/** Which room an entity is of; in any other room its type extends that one. */
const HOME: Record<string, RoomName> = {
  Agency: "referrals",
  Interface: "referrals",
  Referral: "referrals",
};

/**
 * The same types and fields. What Federation 2 says by `@link`, `@shareable` and `resolvable`, and this house by `@holds`,
 * Federation 1 leaves unsaid; and where an entity is another room's, it wants `extend` and `@external`.
 */
export const federation1 = (room: string): string =>
  readFileSync(new URL("schema.graphql", ROOM_FOLDERS[room as RoomName]), "utf8")
    .replace(/^extend schema\n(  .*\n)+/m, "")
    .replaceAll(/\s+@holds\(category: \w+\)/g, "")
    .replace(/^type (Query|Mutation) /gm, "extend type $1 ")
    .replaceAll(" @shareable", "")
    .replaceAll(", resolvable: false", "")
    .replace(/^type (\w+) @key\(fields: "id"\) \{\n {2}id: ID!/gm, (written, type: string) =>
      (HOME[type] ?? room) === room ? written : `extend ${written} @external`,
    );
