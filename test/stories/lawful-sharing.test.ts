/**
 * No field leaves without a rule that lets it, and a record that it left: the law of sharing over the whole house, asked
 * over HTTP by the county's own people. Everything that is protected bears a word that can be searched for.
 */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Requester } from "#sharing/requester.ts";
import { agencies, at, COUNTY_PERSON_ID, people, personas } from "../county/county.ts";
import type { PersonaName } from "../county/county.ts";
import { openCounty } from "../county/house.ts";
import type { Answer, Asker, County } from "../county/house.ts";
import { MARIAS_MEDICATIONS } from "../county/seed.ts";

const { hospital, bh, county: humanServices, recovery, housing, commissioner } = agencies;
const [PLAIN, TELLING] = MARIAS_MEDICATIONS.map(({ name }) => name) as [string, string];

let county: County;
let maria: string;
let walter: string;

beforeAll(async () => {
  county = await openCounty();
  maria = await county.personId("county-case-worker", people.maria);
  walter = await county.personId("county-case-worker", people.walter);
});
afterAll(() => county.close());

const someone = (persona: PersonaName, more: Partial<Requester>): Requester => ({
  ...personas[persona],
  ...more,
});
const MEDICINES = `query($id: ID!) { person(id: $id) { name medications { name } } }`;
const medicines = (as: Asker, id = maria): Promise<Answer> => county.ask(as, MEDICINES, { id });
const names = ({ data }: Answer): string[] | null =>
  data?.person?.medications?.map(({ name }: { name: string }) => name) ?? null;
const withheldAt = ({ errors }: Answer): [string, string][] =>
  errors
    .filter(({ extensions }) => extensions.code === "WITHHELD")
    .map(({ path, extensions }) => [(path ?? []).join("."), extensions.category as string]);
const days = (count: number): Date => new Date(+new Date(at("18:00", 1)) + count * 86_400_000);

/** What the ledger holds of a person that it did not hold before: to whom, and which kinds. */
const ledgerOf = async (
  person: string,
  known: ReadonlySet<string> = new Set(),
): Promise<{ id: string; recipient: string; categories: string[] }[]> => {
  const { data, errors } = await county.ask(
    "hospital-privacy-officer",
    `query($id: ID!) { accountingOfDisclosures(personId: $id, first: 100) { edges { node { id recipient { id } categories } } } }`,
    { id: person },
  );
  expect(errors).toEqual([]);
  return data.accountingOfDisclosures.edges
    .map(({ node }: any) => ({ ...node, recipient: node.recipient.id }))
    .filter(({ id }: { id: string }) => !known.has(id));
};

const consent = (directive: string, more: object = {}) =>
  county.tell("discharge-coordinator", "recordConsent", "RecordConsentInput", {
    personId: maria,
    directive,
    grantor: { role: "PERSON" },
    sourceIds: [hospital.id],
    purposes: ["TREAT", "COC"],
    until: days(300),
    form: "signed form 12, drawer 3",
    ...more,
  });

describe("the same question", () => {
  it("[B24] has as many lawful answers as there are askers", async () => {
    expect(names(await medicines("hospital-clinician"))).toEqual([PLAIN, TELLING]);

    const treating = await medicines("bh-clinician");
    expect(names(treating)).toEqual([PLAIN]);
    expect(treating.data.person.name).toBe("Maria Delgado");
    expect(withheldAt(treating)).toEqual([
      ["person.medications.@", "HIV_STD"],
      ["person.medications.@", "MENTAL_HEALTH"],
      ["person.medications.@", "SUD_TREATMENT"],
    ]);

    const coordinating = await medicines("county-case-worker");
    expect(coordinating.data.person).toEqual({ name: "Maria Delgado", medications: null });
    expect(withheldAt(coordinating)).toEqual([["person.medications", "MEDICATIONS"]]);

    const passingBy = await medicines("ems-responder");
    expect(passingBy.data.person).toBeNull();
  });

  it("[B26] is refused with a reason and a way on, by who asks, what for and what kind of field", async () => {
    const { errors } = await medicines("county-case-worker");
    expect(errors).toEqual([
      {
        message: "withheld",
        path: ["person", "medications"],
        extensions: {
          code: "WITHHELD",
          category: "MEDICATIONS",
          purpose: "COC",
          because: expect.arrayContaining([expect.any(String)]),
          routes: expect.any(Array),
        },
      },
    ]);
  });

  it("is decided again for each of a thousand interleaved requests", async () => {
    const askers = ["hospital-clinician", "bh-clinician", "county-case-worker"] as const;
    const expected = await Promise.all(askers.map(async (as) => (await medicines(as)).text));
    const answers: { index: number; text: string }[] = [];
    for (let round = 0; round < 20; round++)
      answers.push(
        ...(await Promise.all(
          Array.from({ length: 50 }, async (_, asked) => {
            const index = round * 50 + asked;
            return { index, text: (await medicines(askers[index % 3] as PersonaName)).text };
          }),
        )),
      );
    expect(answers.filter(({ index, text }) => text !== expected[index % 3])).toEqual([]);
  }, 120_000);

  it("is answered for the token's purpose; one in a header is not heard", async () => {
    const response = await fetch(`${county.house.url}/graphql`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${await county.token("county-case-worker")}`,
        "x-purpose-of-use": "ETREAT",
        purpose: "ETREAT",
      },
      body: JSON.stringify({ query: MEDICINES, variables: { id: maria } }),
    });
    expect(await response.text()).toBe((await medicines("county-case-worker")).text);
  });
});

describe("a field that is denied", () => {
  it("stays null under an alias, in a fragment, and under the name of a key", async () => {
    const answer = await county.ask(
      "county-case-worker",
      `query($id: ID!) { person(id: $id) { id: medications { id: name } ...more ... on Person { m: medications { name } } } }
       fragment more on Person { name: medications { name } }`,
      { id: maria },
    );
    expect(answer.data.person).toEqual({ id: null, name: null, m: null });
    expect(answer.text).not.toContain("Lisinopril");
  });

  it("stays null when another subgraph's record leads to it", async () => {
    const dispute = await county.ask(
      "housing-worker",
      `{ disputes(first: 1) { edges { node { stage referral { service person { name birthDate } } } } } }`,
    );
    const [{ node }] = dispute.data.disputes.edges;
    expect(node.referral.person).toEqual({ name: null, birthDate: null });
    expect(dispute.text).not.toContain("Kim");
    expect(withheldAt(dispute)).toEqual([
      ["disputes.edges.@.node.referral.person.birthDate", "DEMOGRAPHICS"],
      ["disputes.edges.@.node.referral.person.name", "DEMOGRAPHICS"],
    ]);
  });

  it("is not even asked of the room that owns it, where it can be given in no record", async () => {
    const asked: string[] = [];
    const room = county.house.rooms.referrals as { answer: any };
    const { answer } = room;
    room.answer = (operation: { query: string }, ...more: unknown[]) => {
      asked.push(operation.query);
      return answer(operation, ...more);
    };
    try {
      const refused = await county.ask(
        "housing-worker",
        `{ handoffs(first: 1) { edges { node { state person { id medications { name } } } } } }`,
      );
      expect(refused.data.handoffs.edges[0].node.person.medications).toBeNull();
      expect(withheldAt(refused)).toEqual([
        ["handoffs.edges.@.node.person.medications", "MEDICATIONS"],
      ]);
      expect(asked).toHaveLength(1);
      expect(asked[0]).not.toContain("medications");
      // Whoever keeps some of its own is asked about, record by record.
      await medicines("hospital-clinician");
      expect(asked.at(-1)).toContain("medications");
    } finally {
      room.answer = answer;
    }
  });

  it("is nothing that an analyst is asked for: no handoff, no person, and nothing to filter by", async () => {
    const answer = await county.ask(
      "analyst",
      `{ handoffs(states: [IN_SERVICE]) { edges { node { id } } } agencies(first: 1) { edges { node { name } } } }`,
    );
    expect(answer.data.handoffs).toBeNull();
    expect(answer.data.agencies.edges).toHaveLength(1);
    expect(withheldAt(answer)).toEqual([["handoffs", "REFERRAL_ADMIN"]]);
  });
});

describe("what failed", () => {
  const below = `{ id person { name medications { name } } }`;
  const codesAt = ({ errors }: Answer) =>
    errors.map(({ path, extensions }) => [(path ?? []).join("."), extensions.code]);

  it("is told by its own error alone: nothing below a change that was refused was withheld", async () => {
    const input = { idempotencyKey: randomUUID(), id: randomUUID(), expectedVersion: 1 };
    const mutation = (selection: string) =>
      `mutation($input: HandoffMoveInput!, $offer: OfferHandoffInput!) { ${selection} }`;
    const offer = { idempotencyKey: "", referralId: randomUUID(), receiverId: hospital.id };
    const ask = (selection: string) =>
      county.ask("housing-worker", mutation(selection), { input, offer });
    expect(
      codesAt(
        await ask(`first: acceptHandoff(input: $input) ${below}
          second: beginService(input: $input) ${below}
          third: offerHandoff(input: $offer) ${below}`),
      ),
    ).toEqual([
      ["first", "NOT_FOUND"],
      ["second", "NOT_FOUND"],
      ["third", expect.stringMatching(/BAD_INPUT|NOT_FOUND/)],
    ]);
  });

  it("of a query is told by its own error too, beside what the rest withholds", async () => {
    const room = county.house.rooms.disputes as { answer: any };
    const { answer } = room;
    room.answer = async () => {
      throw new Error("out of order");
    };
    try {
      const told = codesAt(
        await county.ask(
          "housing-worker",
          `{ disputes(first: 1) { edges { node { referral { person { medications { name } } } } } }
             handoffs(first: 1) { edges { node { person { medications { name } } } } } }`,
        ),
      );
      expect(told).toEqual([
        ["handoffs.edges.@.node.person.medications", "WITHHELD"],
        ["disputes", "SUBGRAPH_UNAVAILABLE"],
      ]);
    } finally {
      room.answer = answer;
    }
  });
});

describe("the first record of its kind that an agency makes", () => {
  const KNOWN_AS = `query($system: String!, $value: String!) { it: personByIdentifier(system: $system, value: $value) { id name medications { name } } }`;
  /** What a system sends of somebody whom no other one knows. */
  const recordOf = (countyId: string) =>
    [
      {
        resourceType: "Patient",
        id: countyId,
        identifier: [{ system: COUNTY_PERSON_ID, value: countyId }],
        name: [{ family: "Canary", given: ["Opal"] }],
        birthDate: "1970-01-01",
      },
      {
        resourceType: "MedicationStatement",
        id: `medicine-of-${countyId}`,
        status: "active",
        medicationCodeableConcept: { text: "canary 5 mg tablet" },
        subject: { reference: `Patient/${countyId}` },
      },
    ].map((resource) => ({
      fullUrl: `urn:example:${resource.id}`,
      request: { method: "PUT", url: `${resource.resourceType}/${resource.id}` },
      resource,
    }));
  const send = async (as: Asker, countyId: string): Promise<Record<string, any>> => {
    const entry = recordOf(countyId);
    await county.send(as, { resourceType: "Bundle", type: "transaction", entry });
    const answer = await county.ask(as, KNOWN_AS, { system: COUNTY_PERSON_ID, value: countyId });
    // Its own is whole; what others keep, it may not be.
    expect(new Set(withheldAt(answer).map(([place]) => place))).toEqual(
      new Set(["it.medications.@"]),
    );
    const { data } = answer;
    return data.it as Record<string, any>;
  };
  // For this purpose, and on no basis, neither is given anything of another agency's.
  const onNoBasis = { role: "ADMIN", purpose: "COC", basis: null } as const;
  const aps = someone("aps-investigator", onNoBasis);
  const bhSystem = someone("bh-clinician", onNoBasis);

  it("is there at once when it came by FHIR, though nothing of its kind was there to be given", async () => {
    expect(withheldAt(await medicines(aps))).toEqual([["person", "REFERRAL_ADMIN"]]);
    expect(await send(aps, "C-1003")).toEqual({
      id: expect.any(String),
      name: "Opal Canary",
      medications: [{ name: "canary 5 mg tablet" }],
    });
  });

  it("is answered whole to whoever makes it, and is there at once", async () => {
    const asked = `{ handoffs(first: 1, person: "${maria}") { edges { node { referral { id escalations { impact } } } } } }`;
    const referral = async () => {
      const answer = await county.ask(bhSystem, asked);
      return {
        referral: answer.data.handoffs.edges[0].node.referral,
        withheld: withheldAt(answer),
      };
    };
    const before = await referral();
    expect(before.withheld).toEqual([
      ["handoffs.edges.@.node.referral.escalations.@.impact", "CARE_PLAN"],
    ]);
    const impact = "she has waited for two visits";
    const { errors, data } = await county.ask(
      bhSystem,
      `mutation($input: RaiseIssueInput!) { it: raiseIssue(input: $input) { rung impact } }`,
      {
        input: {
          idempotencyKey: randomUUID(),
          referralId: before.referral.id,
          type: "MISSED_VISITS",
          impact,
          withAgencyId: hospital.id,
        },
      },
    );
    expect(errors).toEqual([]);
    expect(data.it).toEqual({ rung: "FRONTLINE_CONTACT", impact });
    const after = await referral();
    expect(after.withheld).toEqual([]);
    expect(after.referral.escalations).toEqual([{ impact }]);
  });
});

describe("no data, no consent, a restriction, nobody by that id", () => {
  it("are the same bytes", async () => {
    const asker = someone("crisis-clinician", { purpose: "TREAT" });
    const unknown = await medicines(asker, randomUUID());
    expect((await medicines(asker, maria)).text).toBe(unknown.text);
    expect((await medicines(asker, walter)).text).toBe(unknown.text);
    expect(unknown.data.person).toBeNull();

    // Of people that it knows, a housing agency learns nothing of whether there is anything to withhold.
    const query = `{ handoffs(first: 1) { edges { node { person { name birthDate readings { demographics } } } } } }`;
    const before = await county.ask("housing-worker", query);
    const restriction = await county.tell(
      "discharge-coordinator",
      "requestRestriction",
      "RequestRestrictionInput",
      { personId: walter },
    );
    await county.tell("hospital-privacy-officer", "agreeRestriction", "RestrictionMoveInput", {
      id: restriction.id,
      expectedVersion: restriction.version,
    });
    expect((await county.ask("housing-worker", query)).text).toBe(before.text);
    expect(before.data.handoffs.edges[0].node.person).toEqual({
      name: null,
      birthDate: null,
      readings: { demographics: "WITHHELD" },
    });
  });
});

describe("substance use treatment", () => {
  it("is withheld without consent with the way on; with it, it is given and the notice attached; revoked, it is withheld at the next request", async () => {
    const before = await medicines("bh-clinician");
    const told = before.errors.find(({ extensions }) => extensions.category === "SUD_TREATMENT");
    expect(told?.extensions.routes).toContain("42CFRPart2CD");
    await amend(["SUD_TREATMENT"]);

    expect(names(await medicines("bh-clinician"))).toEqual([PLAIN]);
    const given = await consent("42CFRPart2CD", { recipientIds: [bh.id] });
    const after = await medicines("bh-clinician");
    expect(names(after)).toEqual([PLAIN, TELLING]);
    expect(JSON.parse(after.text).extensions.obligations).toEqual([
      {
        path: ["person", "medications", "@", "name"],
        codes: ["PERSISTLABEL", "RedisclosureProhibitionMark"],
      },
    ]);

    await county.tell("discharge-coordinator", "revokeConsent", "ConsentMoveInput", {
      id: given.id,
      expectedVersion: given.version,
    });
    expect(names(await medicines("bh-clinician"))).toEqual([PLAIN]);
  });

  it("is disclosed by a referral to a program's being there: its coordinator does not see it, its ends do", async () => {
    const referral = await county.tell("discharge-coordinator", "referPerson", "ReferPersonInput", {
      personId: maria,
      service: "canary medication-assisted treatment",
    });
    const at1 = await county.tell("hospital-executive", "agreeInterface", "AgreeInterfaceInput", {
      kind: "COMPLEX_TRANSITION",
      name: "Alder General and Harbor Recovery",
      partyIds: [hospital.id, recovery.id, humanServices.id],
      contacts: [hospital, recovery, humanServices].map(({ id }) => ({
        agencyId: id,
        name: "Dana Whitfield",
        cover: "Joel Park",
      })),
    });
    const handoff = await county.tell(
      "discharge-coordinator",
      "offerHandoff",
      "OfferHandoffInput",
      {
        referralId: referral.id,
        receiverId: recovery.id,
        interfaceId: at1.id,
        coordinatorId: humanServices.id,
      },
    );
    const query = `query($id: ID!, $person: ID!) { handoff(id: $id) { id state referral { id service } } handoffs(person: $person, first: 50) { edges { node { id } } } }`;
    const seen = async (as: Asker) => {
      const answer = await county.ask(as, query, { id: handoff.id, person: maria });
      return {
        one: answer.data.handoff,
        listed: answer.data.handoffs.edges.some(({ node }: any) => node.id === handoff.id),
        text: answer.text,
      };
    };
    for (const as of ["discharge-coordinator", "recovery-counselor"] as const)
      expect(await seen(as)).toMatchObject({ one: { id: handoff.id }, listed: true });
    for (const as of ["county-case-worker", "bh-clinician", "housing-worker"] as const) {
      const { one, listed, text } = await seen(as);
      expect([one, listed]).toEqual([null, false]);
      expect(text).not.toContain("canary");
      expect(text).not.toContain(referral.id);
    }
  });

  it("may be in what a person's handoffs and stays leave out: they say so", async () => {
    const query = `query($id: ID!) { person(id: $id) { handoffs { edges { node { state } } } encounters { edges { node { id } } } } }`;
    const told = async (as: PersonaName) => withheldAt(await county.ask(as, query, { id: maria }));
    expect(await told("bh-clinician")).toEqual([
      ["person.encounters.edges.@.node", "DV_LOCATION"],
      ["person.encounters.edges.@.node", "SUD_TREATMENT"],
      ["person.handoffs.edges.@.node", "DV_LOCATION"],
      ["person.handoffs.edges.@.node", "SUD_TREATMENT"],
    ]);
    expect(await told("discharge-coordinator")).toEqual([]);
  });

  it("is withheld even where a serious threat opens the rest", async () => {
    const asker = someone("crisis-clinician", { purpose: "THREAT", basis: "HIPAA_512J" });
    await county.tell(asker, "attestThreat", "AttestInput", {
      person: { identifier: { system: COUNTY_PERSON_ID, value: people.maria.countyId } },
      reason: "THREAT_TO_SELF",
      words: "says that she will not see the morning",
      minutes: 60,
    });
    const answer = await county.ask(
      asker,
      `query($id: ID!) { person(id: $id) { name medications { name } handoffs(first: 10) { edges { node { state } } } } }`,
      { id: maria },
    );
    expect(answer.data.person.name).toBe("Maria Delgado");
    expect(answer.data.person.medications).toBeNull();
    expect(answer.data.person.handoffs.edges).toEqual([{ node: { state: "IN_SERVICE" } }]);
    expect(answer.text).not.toContain("uprenorphine");
  });
});

/** Adds kinds of information to the agreement between the hospital and behavioral health. */
const amend = async (more: string[]): Promise<void> => {
  const agreement = await theAgreement();
  const amended = await county.tell(
    "hospital-executive",
    "amendSharingAgreement",
    "AmendSharingAgreementInput",
    {
      id: agreement.id,
      expectedVersion: agreement.version,
      purposes: agreement.purposes,
      categories: [...new Set([...agreement.categories, ...more])],
    },
  );
  await county.tell("bh-executive", "signSharingAmendment", "SharingAgreementMoveInput", {
    id: amended.id,
    expectedVersion: amended.version,
  });
};
const theAgreement = async (): Promise<Record<string, any>> => {
  const { data } = await county.ask(
    "hospital-executive",
    `{ sharingAgreements(first: 1) { edges { node { id version status purposes categories } } } }`,
  );
  return data.sharingAgreements.edges[0].node;
};

describe("breaking the glass", () => {
  const attest = (minutes: number) =>
    county.tell(
      "crisis-clinician",
      "breakGlass",
      "AttestInput",
      {
        person: { identifier: { system: COUNTY_PERSON_ID, value: people.walter.countyId } },
        reason: "ACUTE_CRISIS",
        words: "found on the bridge, does not answer",
        minutes,
      },
      "id version expiresAt person { id } review { dueAt }",
    );

  it("[B26] opens one person's record for a while, tells the agency whose it is, and the same query is refused afterwards", async () => {
    const now = days(1);
    county.now(now);
    const query = `query($id: ID!) { person(id: $id) { name handoffs(first: 5) { edges { node { state } } } } }`;
    const ask = (id: string) => county.ask("crisis-clinician", query, { id });
    const refused = await ask(walter);
    expect(refused.data.person).toBeNull();

    const attestation = await attest(30);
    expect(attestation.person.id).toBe(walter);
    expect(new Date(attestation.review.dueAt) > now).toBe(true);
    const opened = await ask(walter);
    expect(opened.data.person.name).toBe("Walter Kim");
    expect(opened.data.person.handoffs.edges).toHaveLength(1);
    expect((await ask(maria)).data.person).toBeNull();

    const { data } = await county.ask(
      "hospital-privacy-officer",
      `{ attestationsToReview(first: 10) { edges { node { id agency { name } words } } } }`,
    );
    expect(data.attestationsToReview.edges.map(({ node }: any) => node.id)).toContain(
      attestation.id,
    );

    county.now(new Date(+now + 30 * 60_000));
    expect((await ask(walter)).text).toBe(refused.text);
    county.now(at("18:00", 1));
  });

  it("warms nothing for others", async () => {
    await attest(60);
    expect((await county.ask("ems-responder", MEDICINES, { id: walter })).data.person).toBeNull();
  });
});

describe("an agreement that is suspended", () => {
  it("gives nothing more for care coordination at the next request, and does not stop an emergency", async () => {
    const agreement = await theAgreement();
    await county.tell(
      "hospital-executive",
      "suspendSharingAgreement",
      "SharingAgreementMoveInput",
      {
        id: agreement.id,
        expectedVersion: agreement.version,
      },
    );
    expect(names(await medicines("bh-clinician"))).toBeNull();

    const emergency = someone("bh-clinician", { purpose: "ETREAT" });
    expect(names(await medicines(emergency))).toBeNull();
    await county.tell(emergency, "attestEmergency", "AttestInput", {
      person: { id: maria },
      reason: "OVERDOSE",
      words: "not breathing when found",
      minutes: 15,
    });
    // In a medical emergency treatment of substance use too (42 CFR 2.51).
    expect(names(await medicines(emergency))).toEqual([PLAIN, TELLING]);

    await county.tell("hospital-executive", "resumeSharingAgreement", "SharingAgreementMoveInput", {
      id: agreement.id,
      expectedVersion: agreement.version + 1,
    });
    expect(names(await medicines("bh-clinician"))).toEqual([PLAIN]);
  });
});

describe("a plan", () => {
  it("is given nothing for treatment, which it does not give", async () => {
    const plan = someone("plan-care-manager", { role: "CLINICIAN", purpose: "TREAT" });
    expect((await medicines(plan)).data.person).toBeNull();
  });
});

describe("a commissioner's liaison", () => {
  it("[A47] reads nothing before a threshold is breached, the minimum after it, and nothing once it is resolved", async () => {
    const query = `query($id: ID!) { person(id: $id) { name handoffs(first: 5) { edges { node { state } } } } }`;
    const ask = () => county.ask("commissioner-liaison", query, { id: walter });
    expect((await ask()).data.person).toBeNull();
    const happened = (type: string, version: number) =>
      county.house.rooms["information-sharing"]?.consume({
        specversion: "1.0",
        id: randomUUID(),
        source: "/escalation",
        type,
        subject: walter,
        time: new Date(at("17:00", 1)).toISOString(),
        data: { version, person: walter, agency: commissioner.id },
      });
    await happened("threshold.breached", 1);
    const { data, errors } = await ask();
    expect(data.person.handoffs.edges).toEqual([{ node: { state: "AWAITING_DECISION" } }]);
    expect(data.person.name).toBeNull();
    expect(errors.map(({ extensions }) => extensions.category)).toContain("DEMOGRAPHICS");
    await happened("threshold.resolved", 2);
    expect((await ask()).data.person).toBeNull();
  });
});

describe("the ledger", () => {
  it("has one entry for each disclosure, and none for what was withheld or was the asker's own", async () => {
    const known = new Set((await ledgerOf(maria)).map(({ id }) => id));
    await medicines("hospital-clinician");
    await medicines("ems-responder");
    expect(await ledgerOf(maria, known)).toEqual([]);
    await medicines("bh-clinician");
    const [given, ...more] = await ledgerOf(maria, known);
    expect(more).toEqual([]);
    expect(given).toMatchObject({
      recipient: bh.id,
      categories: ["DEMOGRAPHICS", "MEDICATIONS"],
    });
    known.add(given?.id ?? "");
    // The county's own name for her is its own; what it is told of her handoff came from the hospital.
    await county.ask("county-case-worker", `{ handoffs(first: 1) { edges { node { state } } } }`);
    const told = await ledgerOf(maria, known);
    expect(told).toMatchObject([{ recipient: humanServices.id, categories: ["REFERRAL_ADMIN"] }]);
  });

  it("is written first: where it cannot be, nothing is given", async () => {
    const { sql } = county.house.database;
    await sql.raw("alter table information_sharing.ledger_entry rename to ledger_entry_gone");
    try {
      const answer = await medicines("bh-clinician");
      expect(answer.status).toBe(503);
      expect(answer.data).toBeUndefined();
      expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual([
        "DISCLOSURE_NOT_RECORDED",
      ]);
      expect(answer.text).not.toContain("Lisinopril");
      // What is the asker's own needs no entry.
      expect(names(await medicines("hospital-clinician"))).toEqual([PLAIN, TELLING]);
    } finally {
      await sql.raw("alter table information_sharing.ledger_entry_gone rename to ledger_entry");
    }
    expect(names(await medicines("bh-clinician"))).toEqual([PLAIN]);
  });
});

describe("facts that cannot be had", () => {
  it("give nothing of another agency's, and take nothing from one's own", async () => {
    const { sql } = county.house.database;
    await sql.raw("alter table information_sharing.known_tie rename to known_tie_gone");
    try {
      expect(names(await medicines("bh-clinician"))).toBeNull();
      expect(names(await medicines("hospital-clinician"))).toEqual([PLAIN, TELLING]);
    } finally {
      await sql.raw("alter table information_sharing.known_tie_gone rename to known_tie");
    }
  });
});

describe("everything that was said meanwhile", () => {
  it("tells nothing of a person in the log", () => {
    const log = county.logged.join("");
    for (const word of [
      "Delgado",
      "Walter",
      "Kim",
      "Lisinopril",
      "uprenorphine",
      "canary",
      "1961-07-14",
      "bridge",
      "morning",
    ])
      expect(log).not.toContain(word);
    expect(housing.name).toBeTruthy();
  });
});
