/** Refusals that nobody has spoken: delays that a published interface knows for what they are, at the instant at which they become so. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies, at, people } from "../../county/county.ts";
import type { PersonaName } from "../../county/county.ts";
import { openCounty } from "../../county/house.ts";
import type { County } from "../../county/house.ts";
import { operatingRules } from "../../county/operating-rules.ts";
import type { TimeAllowed } from "../../../subgraphs/referrals/operating-rules.ts";
import type { State } from "../../../subgraphs/referrals/handoff.ts";

const { hospital, bh, county: countyAgency, housing, aps } = agencies;
type Made = Record<string, any>;

let county: County;
let maria: string;
beforeAll(async () => {
  county = await openCounty();
  maria = await county.personId("discharge-coordinator", people.maria);
});
afterAll(() => county.close());

const utc = (instant: string): string => new Date(instant).toISOString();
const secondBefore = (instant: string): string => new Date(+new Date(instant) - 1000).toISOString();

/** The county's rules, with another time for one state. */
const allowing = (state: State, within: TimeAllowed) => ({
  rules: {
    ...operatingRules,
    responseTimes: operatingRules.responseTimes.map((it) =>
      it.state === state ? { state, within } : it,
    ),
  },
});

const published = async (
  more: object = {},
  by: PersonaName = "bh-executive",
  parties: { id: string }[] = [hospital, bh, countyAgency],
): Promise<string> => {
  const { id, version } = await county.tell(
    "hospital-executive",
    "draftInterface",
    "DraftInterfaceInput",
    {
      kind: "HOSPITAL_DISCHARGE",
      name: "Alder General to Riverside",
      partyIds: parties.map((party) => party.id),
      contacts: parties.map((party) => ({
        agencyId: party.id,
        name: "Dana Whitfield",
        cover: "Joel Park",
      })),
      rules: operatingRules,
      ...more,
    },
  );
  return (
    await county.tell(by, "publishInterface", "PublishInterfaceInput", {
      id,
      expectedVersion: version,
    })
  ).id;
};

const need = (service = "Outpatient behavioral health"): Promise<Made> =>
  county.tell("discharge-coordinator", "referPerson", "ReferPersonInput", {
    personId: maria,
    service,
  });

const offer = async (more: object = {}): Promise<Made> =>
  county.tell("discharge-coordinator", "offerHandoff", "OfferHandoffInput", {
    referralId: (await need()).id,
    receiverId: bh.id,
    ...more,
  });

const TYPES: Record<string, string> = {
  requestInformation: "HandoffItemsInput",
  reportMissingItems: "HandoffItemsInput",
  waitlistHandoff: "WaitlistHandoffInput",
  declineHandoff: "DeclineHandoffInput",
  scheduleHandoff: "ScheduleHandoffInput",
  completeHandoff: "CompleteHandoffInput",
  cancelHandoff: "CancelHandoffInput",
};

/** One move, at an instant to which the county's clock is turned. */
const move = (
  instant: string,
  as: PersonaName,
  mutation: string,
  { id, version }: Made,
  said: object = {},
): Promise<Made> => {
  county.now(instant);
  return county.tell(as, mutation, TYPES[mutation] ?? "HandoffMoveInput", {
    id,
    expectedVersion: version,
    ...said,
  });
};

/** A handoff that comes before its receiver at an instant. */
const presented = async (instant: string, offered: object = {}): Promise<Made> => {
  county.now(instant);
  const made = await offer(offered);
  return move(
    instant,
    "discharge-coordinator",
    "presentHandoff",
    await move(instant, "discharge-coordinator", "notifyHandoff", made),
  );
};

const atInterface = async (instant: string, more: object = {}): Promise<Made> => {
  county.now(instant);
  return presented(instant, { interfaceId: await published(more) });
};

const read = async (
  instant: string,
  { id }: Made,
  selection: string,
  as: PersonaName = "discharge-coordinator",
): Promise<Made> => {
  county.now(instant);
  const { data, errors } = await county.ask(
    as,
    `query($id: ID!) { handoff(id: $id) { ${selection} } }`,
    { id },
  );
  expect(errors).toEqual([]);
  return data.handoff;
};

const FLAGS = "softRefusals { rule since until }";
/** The rules that have fired by an instant, and since when. */
const flags = async (instant: string, handoff: Made, as?: PersonaName): Promise<string[][]> =>
  (await read(instant, handoff, FLAGS, as)).softRefusals.map(({ rule, since }: Made) => [
    rule,
    since,
  ]);

/** Whether a rule has fired a second before an instant, and at it. */
const firing = async (rule: string, instant: string, handoff: Made): Promise<boolean[]> => {
  const hasFired = async (when: string): Promise<boolean> =>
    (await flags(when, handoff)).some(([name, since]) => name === rule && since === utc(instant));
  return [await hasFired(secondBefore(instant)), await hasFired(instant)];
};
const AT_THAT_INSTANT = [false, true];

const askFor = (instant: string, handoff: Made, ...items: string[]) =>
  move(instant, "bh-clinician", "requestInformation", handoff, { items });
const supply = (instant: string, handoff: Made) =>
  move(instant, "discharge-coordinator", "supplyInformation", handoff);
const waitlist = (instant: string, handoff: Made, reviewAt: string, more: object = {}) =>
  move(instant, "bh-clinician", "waitlistHandoff", handoff, { reviewAt, ...more });

describe("a decision that is not made", () => {
  it("[A07] is a soft refusal at the instant at which the published time is over, and not a second before", async () => {
    const handoff = await atInterface(at("10:00", 7));
    expect(await flags(at("10:00", 7), handoff)).toEqual([]);
    expect(await firing("NO_DECISION_PAST_CLOCK", at("10:00", 8), handoff)).toEqual(
      AT_THAT_INSTANT,
    );
    const { softRefusals, state } = await read(
      at("10:00", 9),
      handoff,
      "state softRefusals { rule since until cycle agency { id } proposesDispute { type subject } }",
      "bh-clinician",
    );
    expect(state).toBe("AWAITING_DECISION");
    expect(softRefusals).toEqual([
      {
        rule: "NO_DECISION_PAST_CLOCK",
        since: utc(at("10:00", 8)),
        until: null,
        cycle: 1,
        agency: { id: bh.id },
        proposesDispute: { type: "ELIGIBILITY", subject: "ACCEPT" },
      },
    ]);
  });

  it.each([
    ["over the weekend of the change of clocks", at("10:00", 4), "2025-03-10T10:00:00-05:00"],
    ["over Memorial Day", "2025-05-23T16:55:00-05:00", "2025-05-27T16:55:00-05:00"],
  ])("in business days is due at the same time of a worked day: %s", async (_, from, due) => {
    const within = { basis: "BUSINESS", amount: 1 } as const;
    const handoff = await atInterface(from, allowing("AWAITING_DECISION", within));
    expect(await firing("NO_DECISION_PAST_CLOCK", due, handoff)).toEqual(AT_THAT_INSTANT);
  });

  it("stands until there is one, and one that comes in time is none", async () => {
    const inTime = await atInterface(at("10:00", 105));
    const late = await atInterface(at("10:00", 105));
    await move(at("10:00", 106), "bh-clinician", "acceptHandoff", inTime);
    await move(at("11:30", 106), "bh-clinician", "declineHandoff", late, {
      reason: "NO_CAPACITY",
      redirectToId: housing.id,
    });
    expect(await flags(at("10:00", 120), inTime)).toEqual([]);
    expect((await read(at("10:00", 120), late, FLAGS)).softRefusals).toEqual([
      {
        rule: "NO_DECISION_PAST_CLOCK",
        since: utc(at("10:00", 106)),
        until: utc(at("11:30", 106)),
      },
    ]);
  });

  it("is measured by the rules that stood as the handoff came, whatever is published later", async () => {
    county.now(at("10:00", 112));
    const interfaceId = await published();
    const handoff = await presented(at("10:00", 112), { interfaceId });
    county.now(at("11:00", 112));
    await published({
      interfaceId,
      ...allowing("AWAITING_DECISION", { basis: "ELAPSED", amount: 2 }),
    });
    expect(await flags(at("13:00", 112), handoff)).toEqual([]);
    expect(await firing("NO_DECISION_PAST_CLOCK", at("10:00", 113), handoff)).toEqual(
      AT_THAT_INSTANT,
    );
  });

  it("is not unmade by one that is dated back, and nobody is late with what they were not told", async () => {
    const handoff = await atInterface(at("10:00", 114));
    await move(at("18:00", 115), "bh-clinician", "acceptHandoff", handoff, {
      occurredAt: at("09:00", 115),
    });
    expect((await read(at("18:00", 115), handoff, FLAGS)).softRefusals).toEqual([
      {
        rule: "NO_DECISION_PAST_CLOCK",
        since: utc(at("10:00", 115)),
        until: utc(at("18:00", 115)),
      },
    ]);
    county.now(at("10:00", 116));
    const notified = await move(
      at("10:00", 116),
      "discharge-coordinator",
      "notifyHandoff",
      await offer({ interfaceId: await published(), occurredAt: at("08:00", 110) }),
      { occurredAt: at("08:00", 110) },
    );
    const lately = await move(
      at("10:00", 116),
      "discharge-coordinator",
      "presentHandoff",
      notified,
      { occurredAt: at("08:00", 110) },
    );
    expect(await flags(at("10:00", 116), lately)).toEqual([]);
    expect(await firing("NO_DECISION_PAST_CLOCK", at("10:00", 117), lately)).toEqual(
      AT_THAT_INSTANT,
    );
  });

  it("is not the receiver's while the packet has been taken back by whoever tracks it", async () => {
    county.now(at("10:00", 117));
    const handoff = await presented(at("10:00", 117), {
      interfaceId: await published(),
      coordinatorId: countyAgency.id,
    });
    const back = await move(at("09:00", 118), "county-case-worker", "reportMissingItems", handoff, {
      items: ["MEDICATION_LIST"],
    });
    expect(await flags(at("10:00", 118), back)).toEqual([]);
    const again = await move(at("12:00", 118), "county-case-worker", "presentHandoff", back);
    expect(await firing("NO_DECISION_PAST_CLOCK", at("12:00", 119), again)).toEqual(
      AT_THAT_INSTANT,
    );
  });

  it("counts anew in the next cycle, and what was in the first is kept", async () => {
    const first = await atInterface(at("10:00", 119));
    const declined = await move(at("11:00", 120), "bh-clinician", "declineHandoff", first, {
      reason: "NO_CAPACITY",
      redirectToId: housing.id,
    });
    await move(at("12:00", 120), "discharge-coordinator", "reopenHandoff", declined);
    expect(
      (await read(at("12:00", 121), first, "softRefusals { rule since cycle }")).softRefusals,
    ).toEqual([
      { rule: "NO_DECISION_PAST_CLOCK", since: utc(at("10:00", 120)), cycle: 1 },
      { rule: "NO_DECISION_PAST_CLOCK", since: utc(at("12:00", 121)), cycle: 2 },
    ]);
  });

  it("[A32] has an owner and a clock meanwhile", async () => {
    const handoff = await atInterface(at("10:00", 126));
    expect(
      await read(at("10:00", 127), handoff, "nextActionOwner { id } dueAt", "bh-clinician"),
    ).toEqual({ nextActionOwner: { id: bh.id }, dueAt: utc(at("10:00", 127)) });
    const { data } = await county.ask(
      "bh-clinician",
      "{ worklist(first: 100) { edges { node { id dueAt } } } }",
    );
    expect(data.worklist.edges.map(({ node }: Made) => node)).toContainEqual({
      id: handoff.id,
      dueAt: utc(at("10:00", 127)),
    });
  });

  it("is nothing where no rules are published, and not told to whom they are not", async () => {
    const nowhere = await presented(at("10:00", 130), { receiverId: aps.id });
    expect(await read(at("10:00", 140), nowhere, "softRefusals { rule } dueAt")).toEqual({
      softRefusals: null,
      dueAt: null,
    });
    const parties = [hospital, housing, countyAgency];
    const elsewhere = await presented(at("11:00", 140), {
      interfaceId: await published({}, "county-executive", parties),
      receiverId: housing.id,
    });
    const reading = (as: PersonaName) =>
      read(at("12:00", 141), elsewhere, "state softRefusals { rule }", as);
    expect(await reading("housing-worker")).toEqual({
      state: "AWAITING_DECISION",
      softRefusals: [{ rule: "NO_DECISION_PAST_CLOCK" }],
    });
    // Who treats the person may know of the handoff, and is no party to how the others work.
    expect(await reading("bh-clinician")).toEqual({
      state: "AWAITING_DECISION",
      softRefusals: null,
    });
  });

  it("is none of a handoff that never was", async () => {
    const handoff = await atInterface(at("10:00", 133));
    expect(await flags(at("12:00", 134), handoff)).toHaveLength(1);
    await move(at("12:00", 134), "discharge-coordinator", "cancelHandoff", handoff, {
      reason: "ENTERED_IN_ERROR",
    });
    expect(await flags(at("13:00", 134), handoff)).toEqual([]);
  });
});

describe("a request for information", () => {
  it("[A33] for what is on no list is let through and is a soft refusal at once, a second one all the more", async () => {
    const first = await askFor(
      at("11:00", 140),
      await atInterface(at("10:00", 140)),
      "Letter from an employer",
    );
    expect(await flags(at("11:00", 140), first)).toEqual([
      ["OFF_LIST_REQUEST", utc(at("11:00", 140))],
    ]);
    const supplied = await supply(at("12:00", 140), first);
    const second = await askFor(at("13:00", 140), supplied, "Birth certificate");
    expect(await flags(at("13:00", 140), second)).toEqual([
      ["OFF_LIST_REQUEST", utc(at("11:00", 140))],
      ["TWO_INFORMATION_REQUESTS", utc(at("13:00", 140))],
    ]);
  });

  it("a second time is a soft refusal, though what it asks for is on the list", async () => {
    const first = await askFor(
      at("11:00", 147),
      await atInterface(at("10:00", 147)),
      "MEDICATION_LIST",
    );
    expect(await flags(at("11:30", 147), first)).toEqual([]);
    const supplied = await supply(at("12:00", 147), first);
    const second = await askFor(at("13:00", 147), supplied, "risk assessment ");
    expect(await flags(at("13:00", 147), second)).toEqual([
      ["TWO_INFORMATION_REQUESTS", utc(at("13:00", 147))],
    ]);
  });

  it("by another name counts as one: a complete packet that the receiver sends back", async () => {
    const back = await move(
      at("11:00", 154),
      "bh-clinician",
      "reportMissingItems",
      await atInterface(at("10:00", 154)),
      { items: ["Letter from an employer"] },
    );
    expect(await flags(at("11:00", 154), back)).toEqual([
      ["OFF_LIST_REQUEST", utc(at("11:00", 154))],
    ]);
    const again = await move(at("12:00", 154), "discharge-coordinator", "presentHandoff", back);
    expect(await firing("NO_DECISION_PAST_CLOCK", at("10:00", 155), again)).toEqual(
      AT_THAT_INSTANT,
    );
  });

  it.each([
    ["as long as it takes", "14:00", at("13:00", 162)],
    ["no longer than is published", "22:00", at("18:00", 162)],
  ])("on the list stops the clock of the decision: %s", async (_, suppliedAt, due) => {
    const asked = await askFor(
      at("11:00", 161),
      await atInterface(at("10:00", 161)),
      "Medication list",
    );
    const supplied = await supply(at(suppliedAt, 161), asked);
    expect(await read(at("23:00", 161), supplied, "dueAt")).toEqual({ dueAt: utc(due) });
    expect(await firing("NO_DECISION_PAST_CLOCK", due, supplied)).toEqual(AT_THAT_INSTANT);
  });

  it("that is not answered stops it no longer either", async () => {
    const asked = await askFor(
      at("11:00", 163),
      await atInterface(at("10:00", 163)),
      "MEDICATION_LIST",
    );
    expect(await read(at("12:00", 163), asked, "nextActionOwner { id } dueAt")).toEqual({
      nextActionOwner: { id: hospital.id },
      dueAt: utc(at("19:00", 163)),
    });
    expect(await firing("NO_DECISION_PAST_CLOCK", at("18:00", 164), asked)).toEqual(
      AT_THAT_INSTANT,
    );
  });

  it.each([
    ["off the list", ["Birth certificate"]],
    ["on the list and off it", ["MEDICATION_LIST", "Birth certificate"]],
  ])("%s stops nothing", async (_, items) => {
    const asked = await askFor(at("11:00", 168), await atInterface(at("10:00", 168)), ...items);
    await supply(at("14:00", 168), asked);
    expect(await firing("NO_DECISION_PAST_CLOCK", at("10:00", 169), asked)).toEqual(
      AT_THAT_INSTANT,
    );
  });

  it("stops nothing of a service of which no evidence is published, and is on no list there", async () => {
    county.now(at("10:00", 170));
    const handoff = await presented(at("10:00", 170), {
      interfaceId: await published(),
      referralId: (await need("A ride home")).id,
    });
    const asked = await askFor(at("11:00", 170), handoff, "Address");
    expect(await flags(at("11:00", 170), asked)).toEqual([]);
    expect(await firing("NO_DECISION_PAST_CLOCK", at("10:00", 171), asked)).toEqual(
      AT_THAT_INSTANT,
    );
  });

  it("never stops the hours of the gap", async () => {
    county.now(at("10:00", 175));
    const handoff = await presented(at("10:00", 175), {
      interfaceId: await published(),
      leavesAt: at("10:00", 175),
    });
    const asked = await askFor(at("11:00", 175), handoff, "MEDICATION_LIST");
    expect(await read(at("16:00", 175), asked, "gap { hours }")).toEqual({ gap: { hours: 6 } });
  });
});

describe("a waitlist", () => {
  it("[A07] of which capacity is told is none, and waits for its day", async () => {
    const waiting = await waitlist(
      at("11:00", 182),
      await atInterface(at("10:00", 182)),
      at("09:00", 185),
      { capacityStatus: "FULL", waitlistPosition: 3 },
    );
    expect(
      await read(
        at("08:00", 185),
        waiting,
        "capacityStatus waitlistPosition dueAt softRefusals { rule }",
      ),
    ).toEqual({
      capacityStatus: "FULL",
      waitlistPosition: 3,
      dueAt: utc(at("09:00", 185)),
      softRefusals: [],
    });
    const looked = await waitlist(at("08:30", 185), waiting, at("09:00", 188), {
      capacityStatus: "LIMITED",
      waitlistPosition: 1,
    });
    expect(await flags(at("10:00", 185), looked)).toEqual([]);
    await move(at("08:00", 188), "bh-clinician", "acceptHandoff", looked);
    expect(await flags(at("10:00", 220), looked)).toEqual([]);
  });

  it("of which nothing is told is a soft refusal from its first instant", async () => {
    const waiting = await waitlist(
      at("11:00", 196),
      await atInterface(at("10:00", 196)),
      at("09:00", 198),
    );
    expect(await flags(at("11:00", 196), waiting)).toEqual([
      ["SILENT_WAITLIST", utc(at("11:00", 196))],
    ]);
    const told = await waitlist(at("12:00", 196), waiting, at("09:00", 198), {
      capacityStatus: "FULL",
    });
    expect((await read(at("13:00", 196), told, FLAGS)).softRefusals).toEqual([
      { rule: "SILENT_WAITLIST", since: utc(at("11:00", 196)), until: utc(at("12:00", 196)) },
    ]);
  });

  it.each([
    ["the day that was set", at("09:00", 206), at("09:00", 206)],
    ["the time that is published, if that is sooner", at("09:00", 280), at("11:00", 210)],
  ])("that is not looked at is one from %s", async (_, reviewAt, since) => {
    const waiting = await waitlist(
      at("11:00", 203),
      await atInterface(at("10:00", 203)),
      reviewAt,
      {
        capacityStatus: "FULL",
      },
    );
    expect(await firing("SILENT_WAITLIST", since, waiting)).toEqual(AT_THAT_INSTANT);
  });

  it("is put off once more without a word of capacity: that is rolling", async () => {
    const once = await waitlist(
      at("11:00", 217),
      await atInterface(at("10:00", 217)),
      at("09:00", 219),
    );
    const twice = await waitlist(at("09:00", 219), once, at("09:00", 222));
    expect(await flags(at("09:00", 219), twice)).toEqual([
      ["SILENT_WAITLIST", utc(at("11:00", 217))],
      ["ROLLING_DEFERRAL", utc(at("09:00", 219))],
    ]);
    await move(at("10:00", 219), "bh-clinician", "acceptHandoff", twice);
    expect(
      (await read(at("10:00", 230), twice, FLAGS)).softRefusals.map(({ until }: Made) => until),
    ).toEqual([utc(at("10:00", 219)), utc(at("10:00", 219))]);
  });

  it("has places from 1", async () => {
    const handoff = await atInterface(at("10:00", 231));
    await expect(
      waitlist(at("11:00", 231), handoff, at("09:00", 240), {
        capacityStatus: "FULL",
        waitlistPosition: 0,
      }),
    ).rejects.toMatchObject({ code: "BAD_INPUT", field: "waitlistPosition" });
  });
});

describe("an appointment", () => {
  it("may be put off once, and not again: that is rolling", async () => {
    const schedule = (instant: string, handoff: Made, appointmentAt: string) =>
      move(instant, "bh-clinician", "scheduleHandoff", handoff, { appointmentAt });
    const accepted = await move(
      at("11:00", 245),
      "bh-clinician",
      "acceptHandoff",
      await atInterface(at("10:00", 245)),
    );
    const made = await schedule(at("12:00", 245), accepted, at("09:00", 248));
    const later = await schedule(at("12:00", 246), made, at("09:00", 250));
    const sooner = await schedule(at("12:00", 247), later, at("09:00", 249));
    expect(await flags(at("13:00", 247), sooner)).toEqual([]);
    const again = await schedule(at("12:00", 248), sooner, at("09:00", 252));
    expect(await flags(at("12:00", 248), again)).toEqual([
      ["ROLLING_DEFERRAL", utc(at("12:00", 248))],
    ]);
  });
});

describe("a person who is sent on", () => {
  const decline = async (as: PersonaName, referralId: string, receiverId: string, to: string) => {
    const handoff = await presented(at("10:00", 260), { referralId, receiverId });
    await move(at("10:00", 260), as, "declineHandoff", handoff, {
      reason: "NOT_APPROPRIATE",
      redirectToId: to,
    });
  };
  const sentOn = async (referralId: string, as: PersonaName = "discharge-coordinator") =>
    (
      await county.ask(
        as,
        "query($id: ID!) { referral(id: $id) { bounces { hops loops path { id } } } }",
        { id: referralId },
      )
    ).data.referral.bounces;
  const ids = (...all: { id: string }[]) => all.map(({ id }) => ({ id }));

  it("[A10] from one agency to a second, to a third and back to the first has made 3 hops and 1 loop", async () => {
    county.now(at("10:00", 260));
    const { id } = await need();
    expect(await sentOn(id)).toEqual({ hops: 0, loops: 0, path: [] });
    await decline("bh-clinician", id, bh.id, housing.id);
    expect(await sentOn(id)).toEqual({ hops: 1, loops: 0, path: ids(bh, housing) });
    await decline("housing-worker", id, housing.id, aps.id);
    await decline("aps-investigator", id, aps.id, bh.id);
    const all = { hops: 3, loops: 1, path: ids(bh, housing, aps, bh) };
    expect(await sentOn(id)).toEqual(all);
    // Who treats the person may be given every ask; others read of their own.
    expect(await sentOn(id, "bh-clinician")).toEqual(all);
    expect(await sentOn(id, "housing-worker")).toEqual({
      hops: 1,
      loops: 0,
      path: ids(housing, aps),
    });
  });

  it("is sent back to the agency that asked: a loop too", async () => {
    county.now(at("10:00", 260));
    const { id } = await need();
    await decline("bh-clinician", id, bh.id, hospital.id);
    expect(await sentOn(id)).toEqual({ hops: 1, loops: 1, path: ids(bh, hospital) });
  });

  it("and who declines help themselves has not been sent on", async () => {
    county.now(at("10:00", 260));
    const { id } = await need();
    const handoff = await presented(at("10:00", 260), { referralId: id });
    await move(at("10:00", 260), "bh-clinician", "declineHandoff", handoff, {
      reason: "PERSON_DECLINED",
    });
    expect(await sentOn(id)).toEqual({ hops: 0, loops: 0, path: [] });
  });
});

describe("a worklist", () => {
  it("[B13] of the discharge coordinator has first what is due first, whatever came first, and page by page", async () => {
    // An ask that is not yet told of is due after 24 hours; what the receiver asks for after 8; a decline on the same day.
    county.now(at("08:00", 280));
    const interfaceId = await published();
    const anticipated = await offer({ interfaceId });
    const asked = await askFor(
      at("10:00", 280),
      await presented(at("09:00", 280), { interfaceId }),
      "MEDICATION_LIST",
    );
    const declined = await move(
      at("11:00", 280),
      "bh-clinician",
      "declineHandoff",
      await presented(at("09:30", 280), { interfaceId }),
      { reason: "NO_CAPACITY", redirectToId: housing.id },
    );
    county.now(at("11:00", 280));
    const unclocked = await offer({ receiverId: aps.id });
    const mine = [anticipated, asked, declined, unclocked].map(({ id }) => id);
    const listed: Made[] = [];
    let after: string | null = null;
    do {
      const { data, errors }: Made = await county.ask(
        "discharge-coordinator",
        `query($after: String) {
          worklist(first: 2, after: $after) { edges { node { id dueAt } } pageInfo { hasNextPage endCursor } }
        }`,
        { after },
      );
      expect(errors).toEqual([]);
      const { edges, pageInfo } = data.worklist as Made;
      listed.push(...edges.map(({ node }: Made) => node));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after);
    expect(listed.filter(({ id }) => mine.includes(id))).toEqual([
      { id: unclocked.id, dueAt: null },
      { id: asked.id, dueAt: utc(at("18:00", 280)) },
      { id: declined.id, dueAt: utc(at("00:00", 281)) },
      { id: anticipated.id, dueAt: utc(at("08:00", 281)) },
    ]);
  });

  it("has a clock that a later appointment does not set back", async () => {
    const schedule = (instant: string, handoff: Made, appointmentAt: string) =>
      move(instant, "bh-clinician", "scheduleHandoff", handoff, { appointmentAt });
    const accepted = await move(
      at("11:00", 287),
      "bh-clinician",
      "acceptHandoff",
      await atInterface(at("10:00", 287)),
    );
    const made = await schedule(at("12:00", 287), accepted, at("09:00", 288));
    const { dueAt } = await read(at("12:00", 287), made, "dueAt");
    await schedule(at("12:00", 288), made, at("09:00", 294));
    expect(await read(at("12:00", 288), made, "dueAt")).toEqual({ dueAt });
  });
});

describe("who answers for the person", () => {
  it("[A69] is one agency at each instant of a history that is declined, reopened, served and reopened again", async () => {
    let handoff = await presented(at("08:00", 270));
    const steps: [string, PersonaName, string, object][] = [
      ["09:00", "bh-clinician", "declineHandoff", { reason: "NO_CAPACITY", redirectToId: aps.id }],
      ["10:00", "discharge-coordinator", "reopenHandoff", {}],
      ["11:00", "bh-clinician", "acceptHandoff", {}],
      ["12:00", "bh-clinician", "beginService", {}],
      ["13:00", "bh-clinician", "completeHandoff", { reason: "SERVICES_RECEIVED" }],
      ["14:00", "discharge-coordinator", "reopenHandoff", {}],
    ];
    for (const [time, as, mutation, said] of steps)
      handoff = await move(at(time, 270), as, mutation, handoff, said);
    const { history, accountable } = await read(
      at("15:00", 270),
      handoff,
      "accountable { id } history { move accountable { id } occurredAt }",
    );
    /** The agencies that answer at an instant: those of the last move up to it. */
    const answering = (instant: string): string[] => {
      const last = history.findLast((it: Made) => it.occurredAt <= instant);
      return last ? [last.accountable.id] : [];
    };
    const walked = Array.from({ length: 7 * 12 }, (_, n) =>
      new Date(+new Date(at("08:00", 270)) + n * 300_000).toISOString(),
    );
    expect(walked.map(answering)).toEqual(
      walked.map((instant) => [
        instant >= utc(at("12:00", 270)) && instant < utc(at("14:00", 270)) ? bh.id : hospital.id,
      ]),
    );
    expect(accountable).toEqual(history.at(-1).accountable);
  });
});
