/** Handoffs as their parties move them through the graph, and as everybody else does not see them. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at, COUNTY_PERSON_ID, people } from "../../county/county.ts";
import type { PersonaName } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";

const { hospital, county: countyAgency, bh, housing, aps, ems, recovery, shelter } = agencies;
const UNKNOWN = "019550a0-0000-7000-8000-0000000000ff";

/** Each move's mutation: its input, and what must be said with it. */
const MOVES = {
  notifyHandoff: ["HandoffMoveInput", {}],
  reportMissingItems: ["HandoffItemsInput", { items: ["medication list"] }],
  presentHandoff: ["HandoffMoveInput", {}],
  requestInformation: ["HandoffItemsInput", { items: ["last risk assessment"] }],
  supplyInformation: ["HandoffMoveInput", {}],
  acceptHandoff: ["HandoffMoveInput", {}],
  waitlistHandoff: ["WaitlistHandoffInput", { reviewAt: at("09:00", 14) }],
  declineHandoff: ["DeclineHandoffInput", { reason: "NO_CAPACITY", redirectToId: housing.id }],
  scheduleHandoff: ["ScheduleHandoffInput", { appointmentAt: at("09:00", 7) }],
  recordUnableToReach: ["HandoffMoveInput", {}],
  beginService: ["HandoffMoveInput", {}],
  completeHandoff: ["CompleteHandoffInput", { reason: "SERVICES_RECEIVED" }],
  cancelHandoff: ["CancelHandoffInput", { reason: "DISCHARGE_CANCELLED" }],
  reopenHandoff: ["HandoffMoveInput", {}],
} as const satisfies Record<string, readonly [string, object]>;
type Mutation = keyof typeof MOVES;
type Made = Record<string, any>;

let county: County;
let discharge: string;
let maria: string;
let walter: string;
beforeAll(async () => {
  county = await openCounty();
  const { data } = await county.ask(
    "discharge-coordinator",
    `query($system: String!) {
      interfaces { edges { node { id } } }
      p1: personByIdentifier(system: $system, value: "${people.maria.countyId}") { id }
      p2: personByIdentifier(system: $system, value: "${people.walter.countyId}") { id }
    }`,
    { system: COUNTY_PERSON_ID },
  );
  discharge = data.interfaces.edges[0].node.id;
  maria = data.p1.id;
  walter = data.p2.id;
});
afterAll(() => county.close());

const utc = (instant: string): string => new Date(instant).toISOString();

/** A need that the hospital records for Walter, unless it is somebody else's. */
const need = (personId = walter): Promise<Made> =>
  county.tell("discharge-coordinator", "referPerson", "ReferPersonInput", {
    personId,
    service: "Intensive outpatient",
  });

const offer = async (more: object = {}, selection?: string): Promise<Made> =>
  county.tell(
    "discharge-coordinator",
    "offerHandoff",
    "OfferHandoffInput",
    {
      referralId: (await need()).id,
      receiverId: bh.id,
      interfaceId: discharge,
      coordinatorId: countyAgency.id,
      occurredAt: at("08:00", 1),
      ...more,
    },
    selection,
  );

const move = (
  as: PersonaName,
  mutation: Mutation,
  { id, version }: Made,
  more: object = {},
  selection?: string,
): Promise<Made> => {
  const [type, said] = MOVES[mutation];
  return county.tell(
    as,
    mutation,
    type,
    { id, expectedVersion: version, ...said, ...more },
    selection,
  );
};

/** Makes one move after the other. */
const walk = async (handoff: Made, ...steps: [PersonaName, Mutation][]): Promise<Made> => {
  for (const [as, mutation] of steps) handoff = await move(as, mutation, handoff);
  return handoff;
};

/** An offer with its complete packet before the receiver. */
const presented = async (more: object = {}): Promise<Made> =>
  walk(
    await offer(more),
    ["discharge-coordinator", "notifyHandoff"],
    ["discharge-coordinator", "presentHandoff"],
  );

/** What one who asks reads of a handoff. */
const read = async (as: PersonaName, id: string, selection: string): Promise<Made> => {
  const { data, errors } = await county.ask(
    as,
    `query($id: ID!) { handoff(id: $id) { ${selection} } }`,
    { id },
  );
  expect(errors).toEqual([]);
  return data.handoff;
};

/** One move as it is sent, and the bytes that come back. */
const answer = async (as: PersonaName, mutation: Mutation, id: string) => {
  const [type, said] = MOVES[mutation];
  return county.ask(
    as,
    `mutation($input: ${type}!) { it: ${mutation}(input: $input) { id version } }`,
    { input: { idempotencyKey: randomUUID(), id, expectedVersion: 1, ...said } },
  );
};

describe("the way of a handoff", () => {
  it("is kept move by move: who made it, who answers for the person since, and its three times", async () => {
    const minutesAfter = (time: string, minutes: number) =>
      new Date(+new Date(at(time, 2)) + minutes * 60_000).toISOString();
    // prettier-ignore
    const way = [
      ["08:00", "discharge-coordinator", "offerHandoff", "OFFER", null, "ANTICIPATED", hospital.id],
      ["09:00", "discharge-coordinator", "notifyHandoff", "NOTIFY", "ANTICIPATED", "NOTIFIED", hospital.id],
      ["10:00", "county-case-worker", "reportMissingItems", "REPORT_MISSING", "NOTIFIED", "PACKET_INCOMPLETE", hospital.id],
      ["11:00", "discharge-coordinator", "presentHandoff", "PRESENT", "PACKET_INCOMPLETE", "AWAITING_DECISION", hospital.id],
      ["12:00", "bh-clinician", "requestInformation", "REQUEST_INFORMATION", "AWAITING_DECISION", "INFO_REQUESTED", hospital.id],
      ["13:00", "discharge-coordinator", "supplyInformation", "SUPPLY_INFORMATION", "INFO_REQUESTED", "AWAITING_DECISION", hospital.id],
      ["14:00", "bh-clinician", "acceptHandoff", "ACCEPT", "AWAITING_DECISION", "ACCEPTED", hospital.id],
      ["15:00", "bh-clinician", "scheduleHandoff", "SCHEDULE", "ACCEPTED", "SCHEDULED", hospital.id],
      ["16:00", "bh-clinician", "recordUnableToReach", "UNABLE_TO_REACH", "SCHEDULED", "UNABLE_TO_REACH", hospital.id],
      ["17:00", "bh-clinician", "beginService", "BEGIN_SERVICE", "UNABLE_TO_REACH", "IN_SERVICE", bh.id],
      ["18:00", "bh-clinician", "completeHandoff", "COMPLETE", "IN_SERVICE", "COMPLETED", bh.id],
    ] as const;
    const agencyOf = {
      "discharge-coordinator": hospital.id,
      "county-case-worker": countyAgency.id,
      "bh-clinician": bh.id,
    };

    let handoff: Made = {};
    for (const [time, as, mutation] of way) {
      county.now(minutesAfter(time, 10));
      const times = { occurredAt: minutesAfter(time, 0), recordedAt: minutesAfter(time, 5) };
      handoff = await (mutation === "offerHandoff"
        ? offer(times)
        : move(as, mutation, handoff, times));
    }

    const { history } = await read(
      "bh-clinician",
      handoff.id,
      "history { version move from to accountable { id } by { id } occurredAt recordedAt receivedAt }",
    );
    expect(history).toEqual(
      way.map(([time, as, , name, from, to, accountable], index) => ({
        version: index + 1,
        move: name,
        from,
        to,
        accountable: { id: accountable },
        by: { id: agencyOf[as] },
        occurredAt: minutesAfter(time, 0),
        recordedAt: minutesAfter(time, 5),
        receivedAt: minutesAfter(time, 10),
      })),
    );
  });

  it("says what was asked for while it is asked for, and forgets it once that is supplied", async () => {
    const asked = await move(
      "bh-clinician",
      "requestInformation",
      await presented(),
      { items: ["medication list", "discharge summary"] },
      "id version items nextActionOwner { id }",
    );
    expect(asked).toMatchObject({
      items: ["medication list", "discharge summary"],
      nextActionOwner: { id: hospital.id },
    });
    expect(
      await move("discharge-coordinator", "supplyInformation", asked, {}, "items"),
    ).toMatchObject({ items: [] });
  });

  it("ends in a decline that says why and whom to ask instead, and the sender asks there", async () => {
    const declined = await move(
      "bh-clinician",
      "declineHandoff",
      await presented(),
      { reason: "OUT_OF_AREA", redirectToId: housing.id },
      "state reason redirectTo { id } accountable { id } nextActionOwner { id } referral { id }",
    );
    expect(declined).toMatchObject({
      state: "DECLINED",
      reason: "OUT_OF_AREA",
      redirectTo: { id: housing.id },
      accountable: { id: hospital.id },
      nextActionOwner: { id: hospital.id },
    });

    await offer({ referralId: declined.referral.id, receiverId: declined.redirectTo.id });
    const { data } = await county.ask(
      "discharge-coordinator",
      `query($id: ID!) { referral(id: $id) { handoffs { receiver { id } state } } }`,
      { id: declined.referral.id },
    );
    expect(data.referral.handoffs).toEqual([
      { receiver: { id: bh.id }, state: "DECLINED" },
      { receiver: { id: housing.id }, state: "ANTICIPATED" },
    ]);
  });

  it.each([
    ["without an agency to ask instead", { redirectToId: null }, "redirectToId"],
    ["to an agency that nobody knows", { redirectToId: UNKNOWN }, "redirectToId"],
    ["back to the agency that declines", { redirectToId: bh.id }, "redirectToId"],
    ["for another reason without words", { reason: "OTHER", reasonText: " " }, "reasonText"],
  ])("is not declined %s", async (_, said, field) => {
    await expect(
      move("bh-clinician", "declineHandoff", await presented(), said),
    ).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });

  it("may wait on a list, with a day on which it is looked at again, and be accepted from there", async () => {
    const waiting = await move(
      "bh-clinician",
      "waitlistHandoff",
      await presented(),
      { reviewAt: at("09:00", 10) },
      "id version state reviewAt nextActionOwner { id }",
    );
    expect(waiting).toMatchObject({
      state: "WAITLISTED",
      reviewAt: utc(at("09:00", 10)),
      nextActionOwner: { id: bh.id },
    });
    expect(await move("bh-clinician", "acceptHandoff", waiting, {}, "state reviewAt")).toEqual({
      state: "ACCEPTED",
      reviewAt: null,
    });
  });

  it("may be cancelled by its sender until service begins, and not after", async () => {
    const accepted = await walk(await presented(), ["bh-clinician", "acceptHandoff"]);
    const served = await walk(
      await presented(),
      ["bh-clinician", "acceptHandoff"],
      ["bh-clinician", "beginService"],
    );
    expect(
      await move(
        "discharge-coordinator",
        "cancelHandoff",
        accepted,
        { reason: "WITHDRAWN_BY_PERSON" },
        "state reason nextActionOwner { id } movesOpen",
      ),
    ).toEqual({
      state: "CANCELLED",
      reason: "WITHDRAWN_BY_PERSON",
      nextActionOwner: null,
      movesOpen: ["REOPEN"],
    });
    await expect(move("discharge-coordinator", "cancelHandoff", served)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "IN_SERVICE",
      movesOpen: [],
    });
  });

  it("begins its second cycle when it is reopened, and keeps the first in its history", async () => {
    const declined = await walk(await presented(), ["bh-clinician", "declineHandoff"]);
    const again = await move(
      "discharge-coordinator",
      "reopenHandoff",
      declined,
      {},
      "id state cycle reason redirectTo { id } nextActionOwner { id } history { move to }",
    );
    expect(again).toEqual({
      id: declined.id,
      state: "AWAITING_DECISION",
      cycle: 2,
      reason: null,
      redirectTo: null,
      nextActionOwner: { id: bh.id },
      history: [
        { move: "OFFER", to: "ANTICIPATED" },
        { move: "NOTIFY", to: "NOTIFIED" },
        { move: "PRESENT", to: "AWAITING_DECISION" },
        { move: "DECLINE", to: "DECLINED" },
        { move: "REOPEN", to: "AWAITING_DECISION" },
      ],
    });
  });
});

describe("who answers for the person", () => {
  it("[A69] accountability passes by offer, acceptance and engagement, and at no instant to none or two", async () => {
    county.now(at("08:00", 3));
    let handoff = await offer({ occurredAt: at("08:00", 3) });
    const steps: [string, PersonaName, Mutation][] = [
      ["09:00", "discharge-coordinator", "notifyHandoff"],
      ["10:00", "county-case-worker", "presentHandoff"],
      ["11:00", "bh-clinician", "acceptHandoff"],
      ["12:00", "bh-clinician", "scheduleHandoff"],
      ["13:00", "bh-clinician", "beginService"],
      ["14:00", "bh-clinician", "completeHandoff"],
    ];
    await expect(move("bh-clinician", "beginService", handoff)).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
    });
    for (const [time, as, mutation] of steps) {
      county.now(at(time, 3));
      handoff = await move(as, mutation, handoff);
      const answers = await Promise.all(
        (["discharge-coordinator", "county-case-worker", "bh-clinician"] as const).map((party) =>
          read(party, handoff.id, "accountable { id }"),
        ),
      );
      const expected = time < "13:00" ? hospital.id : bh.id;
      expect(answers.map(({ accountable }) => accountable.id)).toEqual(Array(3).fill(expected));
    }

    const { history } = await read(
      "county-case-worker",
      handoff.id,
      "history { accountable { id } occurredAt }",
    );
    const accountableAt = (instant: string): string[] =>
      history
        .filter(
          ({ occurredAt }: Made, index: number) =>
            occurredAt <= instant && !(history[index + 1]?.occurredAt <= instant),
        )
        .map(({ accountable }: Made) => accountable?.id);
    const halfHours = Array.from({ length: 24 }, (_, n) =>
      new Date(+new Date(at("08:00", 3)) + n * 1_800_000).toISOString(),
    );
    expect(halfHours.map(accountableAt)).toEqual(
      halfHours.map((instant) => [instant < utc(at("13:00", 3)) ? hospital.id : bh.id]),
    );
  });

  it("stays with the sender when the person could never be reached", async () => {
    const unreached = await walk(
      await presented(),
      ["bh-clinician", "acceptHandoff"],
      ["bh-clinician", "recordUnableToReach"],
    );
    expect(
      await move(
        "bh-clinician",
        "completeHandoff",
        unreached,
        { reason: "UNABLE_TO_REACH" },
        "state accountable { id }",
      ),
    ).toEqual({ state: "COMPLETED", accountable: { id: hospital.id } });
  });
});

describe("the moves open now", () => {
  it("differ by the part that the agency plays", async () => {
    const parties = ["discharge-coordinator", "county-case-worker", "bh-clinician"] as const;
    const openTo = async (id: string) =>
      Promise.all(parties.map(async (as) => (await read(as, id, "movesOpen")).movesOpen));

    const notified = await walk(await offer(), ["discharge-coordinator", "notifyHandoff"]);
    expect(await openTo(notified.id)).toEqual([
      ["PRESENT", "CANCEL"],
      ["REPORT_MISSING", "PRESENT"],
      ["REPORT_MISSING"],
    ]);
    await move("discharge-coordinator", "presentHandoff", notified);
    expect(await openTo(notified.id)).toEqual([
      ["CANCEL"],
      ["REPORT_MISSING"],
      ["REPORT_MISSING", "REQUEST_INFORMATION", "ACCEPT", "WAITLIST", "DECLINE"],
    ]);
  });

  it("are told to whoever tries another", async () => {
    await expect(
      move("county-case-worker", "acceptHandoff", await presented()),
    ).rejects.toMatchObject({
      code: "MOVE_NOT_ALLOWED",
      state: "AWAITING_DECISION",
      movesOpen: ["REPORT_MISSING"],
    });
  });
});

describe("a move that is sent", () => {
  it("is refused with the current version when the handoff has moved on since it was read", async () => {
    const read = await presented();
    const current = await walk(read, ["bh-clinician", "acceptHandoff"]);
    await expect(move("discharge-coordinator", "cancelHandoff", read)).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
      currentVersion: current.version,
    });
  });

  it("has its first result when it is sent again, though the handoff has moved on", async () => {
    const asked = await presented();
    const items = {
      idempotencyKey: randomUUID(),
      items: ["medication list"],
      occurredAt: at("10:00", 30),
      recordedAt: at("10:01", 30),
    };
    county.now(at("12:00", 30));
    const everything = `id version state items nextActionOwner { id } accountable { id }
      sender { id } receiver { id } coordinator { id } occurredAt recordedAt receivedAt`;
    const first = await move("bh-clinician", "requestInformation", asked, items, everything);
    await walk(
      first,
      ["discharge-coordinator", "supplyInformation"],
      ["bh-clinician", "acceptHandoff"],
    );
    county.now(at("12:00", 31));
    expect(await move("bh-clinician", "requestInformation", asked, items, everything)).toEqual(
      first,
    );
    const now = await read("bh-clinician", asked.id, "state history { move }");
    expect(now.state).toBe("ACCEPTED");
    expect(now.history.filter((it: Made) => it.move === "REQUEST_INFORMATION")).toHaveLength(1);
  });

  it("happens once when it is sent twice at the same time", async () => {
    const handoff = await presented();
    const key = { idempotencyKey: randomUUID() };
    const [one, other] = await Promise.all([
      move("bh-clinician", "acceptHandoff", handoff, key, "version state"),
      move("bh-clinician", "acceptHandoff", handoff, key, "version state"),
    ]);
    expect(one).toEqual({ version: handoff.version + 1, state: "ACCEPTED" });
    expect(other).toEqual(one);
  });

  it("is refused under a key that was used for something else", async () => {
    const handoff = await presented();
    const key = { idempotencyKey: randomUUID() };
    await move("bh-clinician", "waitlistHandoff", handoff, { ...key, reviewAt: at("09:00", 20) });
    await expect(
      move("bh-clinician", "waitlistHandoff", handoff, { ...key, reviewAt: at("09:00", 21) }),
    ).rejects.toMatchObject({ code: "IDEMPOTENCY_CONFLICT" });
    await expect(move("bh-clinician", "acceptHandoff", handoff, key)).rejects.toMatchObject({
      code: "IDEMPOTENCY_CONFLICT",
    });
  });

  it("has its key to itself: another client of the agency, or another agency, may use the same", async () => {
    const key = { idempotencyKey: "daily-1" };
    const handoff = await walk(await offer(), ["discharge-coordinator", "notifyHandoff"]);
    const incomplete = await move("county-case-worker", "reportMissingItems", handoff, key);
    const complete = await move("county-system", "presentHandoff", incomplete, key);
    const accepted = await move("bh-clinician", "acceptHandoff", complete, key, "state");
    expect(accepted).toEqual({ state: "ACCEPTED" });
  });

  it("is made by one alone of two who decide at the same time, every time", async () => {
    for (let round = 1; round <= 20; round++) {
      const handoff = await presented();
      const decisions = await Promise.allSettled([
        move("bh-clinician", "acceptHandoff", handoff, {}, "state"),
        move("bh-clinician", "declineHandoff", handoff, {}, "state"),
      ]);
      const made = decisions.flatMap((it) => (it.status === "fulfilled" ? [it.value] : []));
      const refused = decisions.flatMap((it) => (it.status === "rejected" ? [it.reason] : []));
      expect(made).toHaveLength(1);
      expect(refused).toMatchObject([
        { code: "VERSION_CONFLICT", currentVersion: handoff.version + 1 },
      ]);
      expect(await read("bh-clinician", handoff.id, "state")).toEqual(made[0]);
    }
  });

  it.each([
    ["in the future", at("12:01", 40)],
    ["before the move that it follows", at("07:59", 1)],
  ])("cannot have happened %s", async (_, occurredAt) => {
    const handoff = await offer({ occurredAt: at("08:00", 1) });
    county.now(at("12:00", 40));
    await expect(
      move("discharge-coordinator", "notifyHandoff", handoff, { occurredAt }),
    ).rejects.toMatchObject({ code: "BAD_INPUT", field: "occurredAt" });
  });

  it("cannot have been written down in the future", async () => {
    const handoff = await offer();
    county.now(at("12:00", 40));
    await expect(
      move("discharge-coordinator", "notifyHandoff", handoff, { recordedAt: at("12:01", 40) }),
    ).rejects.toMatchObject({ code: "BAD_INPUT", field: "recordedAt" });
  });

  it("is refused by name when its id is malformed", async () => {
    const { errors } = await county.ask(
      "discharge-coordinator",
      `{ handoff(id: "H-2001") { id } }`,
    );
    expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT" } }]);
    await expect(
      move("discharge-coordinator", "notifyHandoff", { id: "H-2001", version: 1 }),
    ).rejects.toMatchObject({ code: "BAD_INPUT" });
  });
});

describe("an offer", () => {
  it.each([
    ["to an agency that nobody knows", { receiverId: UNKNOWN }, "receiverId"],
    ["to the agency that makes it", { receiverId: hospital.id }, "receiverId"],
    [
      "to the agency that makes it, in capitals",
      { receiverId: hospital.id.toUpperCase(), coordinatorId: null, interfaceId: null },
      "receiverId",
    ],
    ["at an interface that the receiver is no party to", { receiverId: ems.id }, "interfaceId"],
    ["at an interface that nobody knows", { interfaceId: UNKNOWN }, "interfaceId"],
    ["tracked by an agency that is no party", { coordinatorId: ems.id }, "interfaceId"],
    ["that will have been made", { occurredAt: "2099-01-01T00:00:00Z" }, "occurredAt"],
  ])("is refused %s", async (_, said, field) => {
    await expect(offer(said)).rejects.toMatchObject({ code: "BAD_INPUT", field });
  });

  it("needs no interface, and is then tracked by its sender", async () => {
    const made = await offer(
      { receiverId: aps.id, interfaceId: null, coordinatorId: null },
      "state interface { id } coordinator { id } accountable { id } nextActionOwner { id }",
    );
    expect(made).toEqual({
      state: "ANTICIPATED",
      interface: null,
      coordinator: { id: hospital.id },
      accountable: { id: hospital.id },
      nextActionOwner: { id: hospital.id },
    });
  });

  it("may name its sender as the one who tracks it, where there is no interface", async () => {
    const made = await offer(
      { receiverId: aps.id, interfaceId: null, coordinatorId: hospital.id },
      "coordinator { id }",
    );
    expect(made).toEqual({ coordinator: { id: hospital.id } });
  });

  it("is at the one interface of the agencies it names, when it names none itself", async () => {
    const made = await offer({ interfaceId: null }, "interface { id }");
    expect(made).toEqual({ interface: { id: discharge } });
  });

  it("cannot be made for a need that the agency does not know of", async () => {
    const ofHospital = await need();
    const refused = async (referralId: string) =>
      county
        .tell("ems-responder", "offerHandoff", "OfferHandoffInput", {
          referralId,
          receiverId: hospital.id,
        })
        .catch((error: unknown) => error);
    expect(await refused(ofHospital.id as string)).toMatchObject({ code: "NOT_FOUND" });
    expect(await refused(ofHospital.id as string)).toEqual(await refused(UNKNOWN));
  });
});

describe("to everybody who is no party", () => {
  const mariasHandoff = async (): Promise<string> => {
    const { data } = await county.ask(
      "bh-clinician",
      `query($maria: ID!) { handoffs(person: $maria) { edges { node { id state } } } }`,
      { maria },
    );
    expect(data.handoffs.edges).toMatchObject([{ node: { state: "IN_SERVICE" } }]);
    return data.handoffs.edges[0].node.id;
  };
  const READ = `query($id: ID!) {
    handoff(id: $id) { id state sender { name } history { move } person { name } }
  }`;
  const LISTS = `query($id: ID!) {
    handoffs(person: $id) { edges { node { id } } }
    worklist { edges { node { id } } }
    person(id: $id) { handoffs { edges { node { id } } } }
  }`;

  it.each(["housing-worker", "ems-responder", "aps-investigator"] as const)(
    "of another agency, a handoff reads as one that does not exist, byte for byte: %s",
    async (outsider) => {
      const id = await mariasHandoff();
      const there = await county.ask(outsider, READ, { id });
      const nowhere = await county.ask(outsider, READ, { id: UNKNOWN });
      expect(there.data).toEqual({ handoff: null });
      expect(there.errors).toMatchObject([
        { path: ["handoff"], extensions: { code: "WITHHELD", category: "REFERRAL_ADMIN" } },
      ]);
      expect(there.text).toBe(nowhere.text);
    },
  );

  it.each(["housing-worker", "ems-responder"] as const)(
    "of another agency, no move finds it, in the very words for one that does not exist: %s",
    async (outsider) => {
      const id = await mariasHandoff();
      for (const mutation of Object.keys(MOVES) as Mutation[]) {
        const there = await answer(outsider, mutation, id);
        const nowhere = await answer(outsider, mutation, UNKNOWN);
        expect(there.errors).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
        expect(there.text).toBe(nowhere.text);
      }
    },
  );

  it.each(["hospital-executive", "bh-executive", "county-executive", "analyst"] as const)(
    "who governs, even at a party, a handoff does not exist: %s",
    async (governor) => {
      const id = await mariasHandoff();
      const there = await county.ask(governor, READ, { id });
      const nowhere = await county.ask(governor, READ, { id: UNKNOWN });
      expect(there.data).toEqual({ handoff: null });
      expect(there.text).toBe(nowhere.text);

      const { data } = await county.ask(governor, LISTS, { id: maria });
      expect(data).toEqual({ handoffs: null, worklist: null, person: null });

      for (const mutation of Object.keys(MOVES) as Mutation[]) {
        const moved = await answer(governor, mutation, id);
        expect(moved.errors).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
        expect(moved.text).toBe((await answer(governor, mutation, UNKNOWN)).text);
      }
    },
  );
});

describe("a handoff to a substance use program", () => {
  it("is no record of the agency that tracks it, and no move of its finds it, in the very words for one that does not exist", async () => {
    const parties = [hospital, recovery, countyAgency];
    const { id: interfaceId } = await county.tell(
      "hospital-executive",
      "agreeInterface",
      "AgreeInterfaceInput",
      {
        kind: "COMPLEX_TRANSITION",
        name: "Alder General and Harbor Recovery",
        partyIds: parties.map(({ id }) => id),
        contacts: parties.map(({ id }) => ({
          agencyId: id,
          name: "Dana Whitfield",
          cover: "Joel Park",
        })),
      },
    );
    const made = await offer({ receiverId: recovery.id, interfaceId });
    for (const mutation of Object.keys(MOVES) as Mutation[]) {
      const there = await answer("county-case-worker", mutation, made.id);
      expect(there.errors).toMatchObject([{ extensions: { code: "NOT_FOUND" } }]);
      expect(there.text).toBe((await answer("county-case-worker", mutation, UNKNOWN)).text);
    }
    const shown = await walk(
      made,
      ["discharge-coordinator", "notifyHandoff"],
      ["discharge-coordinator", "presentHandoff"],
    );
    expect(await move("recovery-counselor", "acceptHandoff", shown, {}, "state")).toEqual({
      state: "ACCEPTED",
    });
  });
});

describe("a handoff to a program for victims", () => {
  it("is not tracked by an agency that could never be given a record of it", async () => {
    const parties = [hospital, shelter, countyAgency, ems];
    const { id: interfaceId } = await county.tell(
      "hospital-executive",
      "agreeInterface",
      "AgreeInterfaceInput",
      {
        kind: "COMPLEX_TRANSITION",
        name: "Alder General and Willow House",
        partyIds: parties.map(({ id }) => id),
        contacts: parties.map(({ id }) => ({
          agencyId: id,
          name: "Dana Whitfield",
          cover: "Joel Park",
        })),
      },
    );
    const trackedBy = (coordinatorId: string) =>
      offer({ receiverId: shelter.id, interfaceId, coordinatorId });
    await expect(trackedBy(countyAgency.id)).rejects.toMatchObject({
      code: "BAD_INPUT",
      field: "coordinatorId",
    });
    for (const { id } of [hospital, shelter, ems])
      expect(await trackedBy(id)).toMatchObject({ version: 1 });
  });
});

describe("lists of handoffs", () => {
  /** Offers of the hospital to an agency with which it has no interface, put before it at these instants. */
  const waitingFor = async (receiverId: string, ...presentedAt: string[]): Promise<string[]> => {
    const ids: string[] = [];
    for (const occurredAt of presentedAt) {
      const offered = await offer({ receiverId, interfaceId: null, coordinatorId: null });
      const notified = await move("discharge-coordinator", "notifyHandoff", offered, {
        occurredAt,
      });
      const waiting = await move("discharge-coordinator", "presentHandoff", notified, {
        occurredAt,
      });
      ids.push(waiting.id);
    }
    return ids;
  };

  /** A list page by page: the ids on each. */
  const pages = async (
    as: PersonaName,
    list: string,
    first: number,
    after: string | null = null,
  ): Promise<string[][]> => {
    const { data, errors } = await county.ask(
      as,
      `query($first: Int, $after: String) {
        it: ${list} { edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
      }`,
      { first, after },
    );
    expect(errors).toEqual([]);
    const { edges, pageInfo } = data.it;
    expect(pageInfo).toMatchObject({
      hasPreviousPage: after !== null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    });
    const page = edges.map(({ node }: Made) => node.id);
    return pageInfo.hasNextPage
      ? [page, ...(await pages(as, list, first, pageInfo.endCursor))]
      : [page];
  };

  it("hold on the worklist what waits for the agency that asks, the longest waiting first, page by page", async () => {
    county.now(at("18:00", 50));
    const [third, first, second, fifth, fourth] = await waitingFor(
      aps.id,
      at("11:00", 50),
      at("09:00", 50),
      at("10:00", 50),
      at("13:00", 50),
      at("12:00", 50),
    );
    await offer({ receiverId: aps.id, interfaceId: null, coordinatorId: null });

    expect(await pages("aps-investigator", "worklist(first: $first, after: $after)", 2)).toEqual([
      [first, second],
      [third, fourth],
      [fifth],
    ]);

    await move("aps-investigator", "acceptHandoff", { id: third, version: 3 });
    await move("aps-investigator", "requestInformation", { id: first, version: 3 });
    expect(await pages("aps-investigator", "worklist(first: $first, after: $after)", 5)).toEqual([
      [second, fourth, fifth, third],
    ]);
  });

  it("show every handoff on exactly one page, also where several happened at one instant", async () => {
    county.now(at("18:00", 60));
    const sameInstant = Array<string>(5).fill(at("12:00", 60));
    const made = await waitingFor(ems.id, ...sameInstant, at("13:00", 60), at("11:00", 60));

    const list = "handoffs(first: $first, after: $after)";
    const byTwo = await pages("ems-responder", list, 2);
    expect(byTwo.map((page) => page.length)).toEqual([2, 2, 2, 1]);
    expect(byTwo.flat().sort()).toEqual([...made].sort());
    expect([byTwo.flat().at(0), byTwo.flat().at(-1)]).toEqual([made[5], made[6]]);
    expect(await pages("ems-responder", list, 100)).toEqual([byTwo.flat()]);
  });

  it("are narrowed by person, interface and state, alone and together", async () => {
    county.now(at("18:00", 70));
    const withHousing = { receiverId: housing.id, coordinatorId: null };
    const ofMaria = await offer({ ...withHousing, referralId: (await need(maria)).id });
    const ofWalter = await presented({ ...withHousing });
    const found = async (filter: string): Promise<string[]> => {
      const { data, errors } = await county.ask(
        "housing-worker",
        `{ handoffs(${filter}) { edges { node { id } } } }`,
      );
      expect(errors).toEqual([]);
      return data.handoffs.edges.map(({ node }: Made) => node.id);
    };

    expect(await found(`person: "${maria}"`)).toEqual([ofMaria.id]);
    expect(await found(`person: "${maria}", states: [ANTICIPATED]`)).toEqual([ofMaria.id]);
    expect(await found(`person: "${maria}", states: [AWAITING_DECISION]`)).toEqual([]);
    expect(await found(`person: "${maria}", states: []`)).toEqual([]);
    expect(await found(`person: "${maria}", interface: "${discharge}"`)).toEqual([ofMaria.id]);
    expect(await found(`interface: "${UNKNOWN}"`)).toEqual([]);
    expect(await found(`person: "${UNKNOWN}"`)).toEqual([]);
    expect(await found(`person: "${walter}", states: [AWAITING_DECISION], first: 1`)).toEqual([
      ofWalter.id,
    ]);
  });

  it.each(["first: 0", "first: 101", "first: -1", 'after: "not-a-cursor"'])(
    "refuse a page that is none: %s",
    async (page) => {
      const { errors } = await county.ask(
        "bh-clinician",
        `{ worklist(${page}) { edges { node { id } } } }`,
      );
      expect(errors).toMatchObject([{ extensions: { code: "BAD_INPUT" } }]);
    },
  );
});

describe("the gap between one agency's care and the next one's", () => {
  it("grows while it is open, and is closed by the beginning of service", async () => {
    county.now(at("12:00", 80));
    const offered = await offer({ leavesAt: at("09:00", 80), occurredAt: at("08:00", 80) });
    const gap = async (id: string) =>
      (await read("discharge-coordinator", id, "gap { from to hours }")).gap;
    const from = utc(at("09:00", 80));
    expect(await gap(offered.id)).toEqual({ from, to: null, hours: 3 });

    county.now(at("21:30", 81));
    const accepted = await walk(
      offered,
      ["discharge-coordinator", "notifyHandoff"],
      ["discharge-coordinator", "presentHandoff"],
      ["bh-clinician", "acceptHandoff"],
    );
    expect(await gap(offered.id)).toEqual({ from, to: null, hours: 36.5 });

    county.now(at("12:00", 82));
    await move("bh-clinician", "beginService", accepted, { occurredAt: at("10:00", 82) });
    const closed = { from, to: utc(at("10:00", 82)), hours: 49 };
    expect(await gap(offered.id)).toEqual(closed);
    county.now(at("12:00", 90));
    expect(await gap(offered.id)).toEqual(closed);
  });

  it("has not begun while the sender's care goes on, and is unknown when nobody said until when", async () => {
    county.now(at("12:00", 80));
    const planned = await offer({ leavesAt: at("09:00", 81) }, "gap { hours }");
    const unsaid = await offer({}, "gap { hours }");
    expect([planned.gap, unsaid.gap]).toEqual([null, null]);
  });
});

describe("an id", () => {
  // RFC 9562, section 4: a UUID is read in either case. A move finds it so already.
  it("names the same handoff to a reader, in whatever letters it is written", async () => {
    const { id } = await offer();
    expect(await read("discharge-coordinator", id.toUpperCase(), "id")).toEqual({ id });
  });
});
