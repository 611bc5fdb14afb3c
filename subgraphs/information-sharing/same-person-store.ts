import type { Transaction } from "#platform/database.ts";
import type { Event } from "#platform/record.ts";

const TABLE = "information_sharing.same_person";

/** Notes that an agency's two records are of one person, and so are all that it has joined with either before. */
export const noteMerge = async (tx: Transaction, { data }: Event): Promise<void> => {
  const [person, survivor, agency] = [data.person, data.survivor, data.agency] as [
    string,
    string,
    string,
  ];
  const before = (await tx(TABLE)
    .where({ agency_id: agency })
    .whereIn("person_id", [person, survivor])
    .pluck("same_id")) as string[];
  const all = [...new Set([person, survivor, ...before])];
  await tx(TABLE)
    .insert(
      all.flatMap((one) =>
        all
          .filter((other) => other !== one)
          .map((other) => ({ person_id: one, same_id: other, agency_id: agency })),
      ),
    )
    .onConflict(["person_id", "same_id", "agency_id"])
    .ignore();
};
