import { DIRECTORY } from "#schema/known.ts";
import type { AgencyKind } from "#sharing/vocabulary.ts";
import type { Act } from "#platform/act.ts";
import type { Database } from "#platform/database.ts";
import { vouch } from "#platform/neighbours.ts";
import type { Neighbours } from "#platform/neighbours.ts";
import { readFacts } from "./facts-store.ts";
import { kindOnRoll, mayPreview, shareables } from "./shareable.ts";
import type { Preview, Shareable } from "./shareable.ts";

/** What could be shared, for one requester whose agency's record it is. */
export const openShareables = (database: Database, act: Act, neighbours: Neighbours) => ({
  of: async (preview: Preview): Promise<Shareable[]> => {
    mayPreview(preview, act);
    const { personId: person, recipientId: recipient, purpose } = preview;
    await vouch(neighbours, { person }, act);
    const { room, path } = DIRECTORY;
    const onRoll = await neighbours(room, path, { agency: recipient }, act.requestId);
    const kind = kindOnRoll(onRoll as { known: boolean; kind: AgencyKind | null });
    const source = act.by.agency;
    const at = act.at.toISOString();
    const asked = { recipient, purpose, at, persons: [person], sources: [source] };
    const { persons, agreements } = await readFacts(database.house(), asked);
    return shareables(preview, kind, source, persons[person], agreements[source]);
  },
});

export type Shareables = ReturnType<typeof openShareables>;
