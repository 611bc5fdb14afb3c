/** Questions at the edges of the law: each way in as it opens, and one step beside it. */
import type { PersonFacts, Question } from "#sharing/question.ts";
import { FACTS } from "#sharing/rule.ts";
import type { Fact } from "#sharing/rule.ts";
import {
  AGENCY_KINDS,
  BASES,
  CATEGORIES,
  DIRECTIVES,
  PURPOSES,
  ROLES,
  TIES,
} from "#sharing/vocabulary.ts";
import type { AgencyKind, Category, Purpose, Role } from "#sharing/vocabulary.ts";
import { asks, OPENINGS, WALLS } from "./table.ts";
import type { Opening } from "./table.ts";

/** What is known of a person of whom just these things are. */
export const known = (facts: readonly Fact[]): PersonFacts => {
  const has = (fact: Fact): boolean => facts.includes(fact);
  return {
    ties: TIES.filter(has),
    directives: DIRECTIVES.filter(has),
    restricted: has("restricted"),
    medicalEmergency: has("medicalEmergency"),
    safetyThreat: has("safetyThreat"),
  };
};

const BEST = FACTS.filter((fact) => fact !== "restricted");

const agreed = ({ purpose, info }: Question, active = true) => ({
  active,
  purposes: [purpose],
  categories: [info.category],
});

/** The agreements that do not cover a question, and none. */
const otherAgreements = (it: Question): Question["agreement"][] => [
  null,
  agreed(it, false),
  { ...agreed(it), purposes: PURPOSES.filter((purpose) => purpose !== it.purpose) },
  { ...agreed(it), categories: CATEGORIES.filter((category) => category !== it.info.category) },
];

const own = (it: Question): Question => ({
  ...it,
  info: { ...it.info, source: it.caller.agency },
});

/** One question with each one thing about the standing changed, the agreement following it. */
const besides = (it: Question): Question[] =>
  [
    ...AGENCY_KINDS.map((kind) => ({ ...it, caller: { ...it.caller, kind } })),
    ...ROLES.map((role) => ({ ...it, caller: { ...it.caller, role } })),
    { ...it, caller: { ...it.caller, hipaa: !it.caller.hipaa } },
    ...PURPOSES.map((purpose) => ({ ...it, purpose })),
    ...[null, ...BASES].map((basis) => ({ ...it, basis })),
    ...CATEGORIES.map((category) => ({ ...it, info: { ...it.info, category } })),
    own(it),
  ].map((one) => ({ ...one, agreement: it.agreement && agreed(one, it.agreement.active) }));

const without = (facts: readonly Fact[], fact: Fact): Fact[] => facts.filter((it) => it !== fact);

/** Every way in with as little known as opens it: once for each category, and once for each purpose and basis. */
const waysIn = function* (opening: Opening): Generator<[Question, Fact[]]> {
  const { kinds, roles, purposes, bases, categories } = opening;
  const [kind, role] = [kinds[0] as AgencyKind, roles[0] as Role];
  const [firstPurpose, firstBasis] = [purposes[0] as Purpose, bases[0] ?? null];
  const standings = [
    ...categories.map((category) => [firstPurpose, firstBasis, category] as const),
    ...purposes.flatMap((purpose) =>
      bases.slice(0, 2).map((basis) => [purpose, basis, categories[0] as Category] as const),
    ),
  ];
  for (const standing of standings) {
    const it = asks(kind, role, ...standing);
    const lifted = WALLS.flatMap(({ liftedBy }) => liftedBy(it.info.category));
    const facts = [...opening.ties.slice(0, 1), ...opening.facts, ...lifted];
    const hipaa = it.caller.hipaa || opening.underHipaa === true;
    yield [
      { ...it, caller: { ...it.caller, hipaa }, agreement: opening.agreement ? agreed(it) : null },
      facts,
    ];
  }
};

/** All of them: some thousands. */
export const examples = function* (): Generator<Question> {
  for (const opening of OPENINGS)
    for (const [it, facts] of waysIn(opening))
      for (const all of [facts, BEST]) {
        for (const one of besides(it)) yield { ...one, ...known(all) };
        for (const agreement of otherAgreements(it)) yield { ...it, ...known(all), agreement };
        for (const fact of FACTS) {
          yield { ...it, ...known(without(all, fact)) };
          yield { ...it, ...known([...all, fact]) };
        }
        // Nothing but the one tie: either of two may do.
        for (const tie of TIES)
          yield {
            ...it,
            ...known([...all.filter((fact) => !TIES.some((one) => one === fact)), tie]),
          };
      }
  // What is an agency's own, and what must not be given to it all the same.
  for (const category of CATEGORIES)
    for (const role of ROLES)
      for (const kind of ["HOSPITAL", "LAW", "COMMISSIONER"] as const)
        for (const purpose of ["TREAT", "HLEGAL", "HOPERAT"] as const)
          for (const facts of [[], ["OVERSIGHT"], ["PART2_LEGAL_CD"]] as Fact[][])
            yield own(asks(kind, role, purpose, null, category, known(facts)));
  // What is an agency's own, and would be given to it as another's too: by both rules.
  for (const opening of OPENINGS)
    for (const [it, facts] of waysIn(opening))
      for (const role of ROLES)
        for (const active of [true, false])
          yield own({
            ...it,
            ...known([...facts, "restricted"]),
            caller: { ...it.caller, role },
            agreement: agreed(it, active),
          });
  // What stands against it, where nothing would have let it.
  for (const category of CATEGORIES)
    for (const purpose of PURPOSES)
      for (const facts of [[], ["restricted"], ["medicalEmergency", "restricted"]] as Fact[][]) {
        const it = asks("HOSPITAL", "CLINICIAN", purpose, null, category, known(facts));
        yield it;
        yield { ...it, agreement: agreed(it, false) };
      }
};
