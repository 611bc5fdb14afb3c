/**
 * What one request may be given: each record is judged by the rules, with facts that were read for this request alone.
 * Facts that cannot be had are no facts, and without facts the rules give nothing of another agency's.
 */
import { v7 as uuidv7 } from "uuid";
import type { Known } from "#schema/known.ts";
import { allOf, decide, DENIED, prepare, reachable } from "#sharing/decide.ts";
import type { Prepared } from "#sharing/decide.ts";
import type { AgreementTold, FactsAsked, FactsTold, PersonTold } from "#sharing/facts.ts";
import type { DisclosedPerson, Disclosure } from "#sharing/disclosure.ts";
import type { Decision, PersonFacts, Question, Standing } from "#sharing/question.ts";
import { callerOf } from "#sharing/requester.ts";
import { CATEGORIES } from "#sharing/vocabulary.ts";
import type { Category } from "#sharing/vocabulary.ts";
import type { Act } from "./act.ts";
import type { Log } from "./log.ts";

/** Whom a record tells of, and whose it is. */
export interface About {
  /** Null when it is of no person; then nothing in it is protected that rules could open. */
  readonly person: string | null;
  /** The agency whose information it is, when another one is given it. */
  readonly source: string;
  /** The agencies whose own record it is: what they read in it is use, and no disclosure by a rule. */
  readonly keepers: readonly string[];
  /** What the record tells by being there, beside what its fields hold: it can only add. */
  readonly raises: readonly Category[];
}

/** A record that hangs on a referral: whom it tells of, and whose it is, as they were when it was made. */
export interface OnReferral {
  /** Null for one that was made before persons were noted. */
  person: string | null;
  keepers: string[];
  raises: Category[];
}

/**
 * Whose a record of several parties is, when it hangs on a referral. What raises nothing is each party's; what raises
 * something is that of those among them who keep the referral too, so that naming a party opens no more to it than the rules do.
 */
export const onReferral = ({ referral }: Known, parties: readonly string[]): OnReferral => {
  const { person = null, keepers = [], raises = [] } = referral ?? {};
  return {
    person,
    keepers: parties.filter((party) => raises.length === 0 || keepers.includes(party)),
    raises: raises as Category[],
  };
};

/** How a room says whom its records tell of; by type. A type that is not here is no record, but part of one. */
export type Records = Readonly<
  Record<
    string,
    {
      about: (record: never) => About;
      /** What a record of this type may raise, whether this one does or not. */
      mayRaise?: readonly Category[];
      /**
       * Must nobody take a list of these for a whole one, those neither who have a record of the person of their own? Others
       * may keep what that list does not show.
       */
      isNeverWhole?: boolean;
    }
  >
>;

/** A decision, and whose information it is about. */
export interface Judged {
  readonly decision: Decision;
  readonly source: string;
}

/** What may be given of one record. */
export interface Verdict {
  readonly about: About;
  of(category: Category): Judged;
  /** What a decision to give rested on: without it, the rules would not have. */
  grounds(category: Category): Pick<Disclosure, "agreement"> & Omit<DisclosedPerson, "id">;
}

/** Which facts it took. */
interface Rested {
  agreement: boolean;
  directives: ReadonlySet<string>;
  medicalEmergency: boolean;
  safetyThreat: boolean;
}

/** One request's judge. */
export interface Sharing {
  /** Reads what must be known to judge these; undefined when all of it is known. */
  ready(of: readonly About[]): Promise<void> | undefined;
  /** INVARIANT: for records that were made ready; of others, only what depends on no facts is given. */
  verdict(of: About): Verdict;
  /** Takes as long as it does for a record that is there and may not be seen. */
  absent(): Promise<void> | undefined;
  /** Those of the persons that facts tie the asking agency to, for now. */
  knows(persons: readonly string[]): Promise<ReadonlySet<string>>;
  /** All of whom that is known by now. */
  persons(): readonly string[];
}

/** A request's judge, as a room's stores have it. */
export interface Seeing extends Sharing {
  /** Those of a type's records that may be known of: for lists that are cut into pages before they are given. */
  permitted<T>(type: string, records: T[]): Promise<T[]> | T[];
}

/** Asks for facts. @throws when there is no answer */
export type AskFacts = (asked: FactsAsked, requestId: string) => Promise<FactsTold>;

const NOTHING: PersonTold = {
  ties: [],
  directives: [],
  restrictedBy: [],
  medicalEmergency: null,
  safetyThreat: null,
};

/** Do facts tie the asking agency to the person? */
const isTied = ({ ties, medicalEmergency, safetyThreat }: PersonTold): boolean =>
  ties.length > 0 || medicalEmergency !== null || safetyThreat !== null;

/** Nobody's record: what stands in no record is judged as this. */
export const NOBODY: About = { person: null, source: "", keepers: [], raises: [] };

const areAlike = <T>(one: readonly T[], other: readonly T[]): boolean =>
  one.length === other.length && one.every((it, index) => it === other[index]);

const union = <T>(lists: readonly (readonly T[])[]): T[] => [...new Set(lists.flat())];

/** Gathers what is asked in one turn, and asks it once. */
const reader = (act: Act, ask: AskFacts, log: Log) => {
  const { by, at, requestId } = act;
  const persons = new Map<string, PersonTold>();
  const agreements = new Map<string, AgreementTold | null>();
  const tied = new Set<string>();
  const likenesses = new WeakMap<PersonTold, string>();
  let wanted = { persons: new Set<string>(), sources: new Set<string>() };
  let next: Promise<void> | undefined;

  const flush = async (): Promise<void> => {
    // What is told of a person depends on the sources, so for a new one all of them are asked about again.
    const people = new Set([...wanted.persons, ...(wanted.sources.size > 0 ? persons.keys() : [])]);
    const sources = new Set([...agreements.keys(), ...wanted.sources]);
    wanted = { persons: new Set(), sources: new Set() };
    next = undefined;
    let told: FactsTold = { persons: {}, agreements: {} };
    try {
      const asked = { recipient: by.agency, purpose: by.purpose, at: at.toISOString() };
      const answer = await ask(
        { ...asked, persons: [...people], sources: [...sources] },
        requestId,
      );
      if (!answer?.persons || !answer.agreements) throw new Error("the answer holds no facts");
      told = answer;
    } catch (error) {
      // INVARIANT: without facts nothing is given but an agency's own.
      log.warn({ err: error, requestId }, "facts unavailable");
    }
    for (const id of people) {
      persons.set(id, told.persons[id] ?? NOTHING);
      if (isTied(told.persons[id] ?? NOTHING)) tied.add(id);
    }
    for (const id of sources) agreements.set(id, told.agreements[id] ?? null);
  };

  return {
    tied: (): string[] => [...tied],
    person: (id: string | null): PersonTold =>
      id === null ? NOTHING : (persons.get(id) ?? NOTHING),
    agreement: (source: string): AgreementTold | null => agreements.get(source) ?? null,
    /** The same for persons of whom the same is true, whatever it rests on. */
    alike: (person: PersonTold): string => {
      const known = likenesses.get(person);
      if (known !== undefined) return known;
      const { ties, directives, restrictedBy, medicalEmergency, safetyThreat } = person;
      const codes = directives.map(({ code, categories, source }) => [code, categories, source]);
      const made = JSON.stringify([
        ties,
        codes,
        restrictedBy,
        medicalEmergency !== null,
        safetyThreat !== null,
      ]);
      likenesses.set(person, made);
      return made;
    },
    /** Undefined when all of it is known. */
    want: (people: readonly string[], sources: readonly string[]): Promise<void> | undefined => {
      const before = wanted.persons.size + wanted.sources.size;
      for (const id of people) if (!persons.has(id)) wanted.persons.add(id);
      for (const id of sources) if (!agreements.has(id)) wanted.sources.add(id);
      if (wanted.persons.size + wanted.sources.size === 0) return undefined;
      // What another asked for in this turn may be all that is missing here.
      if (before === 0 || !next)
        // After the turn's own promises, so that everything that it will want is wanted.
        next = new Promise<void>((resolve) => setImmediate(resolve)).then(flush);
      return next;
    },
  };
};

/** Opens one request's judge. */
export const openSharing = (act: Act, ask: AskFacts, log: Log): Sharing => {
  const { by } = act;
  const caller = callerOf(by);
  const { purpose, basis } = by;
  const facts = reader(act, ask, log);
  const verdicts = new Map<string | null, Verdict[]>();
  const verdictsOf = new WeakMap<About, Verdict>();
  const prepared = new Map<string, Prepared>();
  // Where no facts could ever open anything, none are asked for.
  const isHopeless = CATEGORIES.every((category) => !reachable(caller, purpose, basis, category));

  const standing = (category: Category, source: string): Standing => ({
    caller,
    purpose,
    basis,
    info: { category, source },
    agreement: source === by.agency ? null : facts.agreement(source),
  });
  const judgedBy = (category: Category, source: string): Prepared => {
    const key = `${category} ${source}`;
    let known = prepared.get(key);
    if (!known) {
      known = prepare(standing(category, source));
      prepared.set(key, known);
    }
    return known;
  };
  const factsOf = (told: PersonTold, category: Category, source: string): PersonFacts => ({
    ties: told.ties,
    directives: told.directives
      .filter(
        (it) =>
          (it.categories === null || it.categories.includes(category)) &&
          (it.source === null || it.source === source),
      )
      .map(({ code }) => code),
    restricted: told.restrictedBy.includes(source),
    medicalEmergency: told.medicalEmergency !== null,
    safetyThreat: told.safetyThreat !== null,
  });

  /** Without which facts these would not all be given; the same of all of whom the same is true. */
  const rested = new Map<string, Rested>();
  const restedOn = (categories: Category[], source: string, person: PersonTold): Rested => {
    const key = `${source} ${categories.join()} ${facts.alike(person)}`;
    const known = rested.get(key);
    if (known) return known;
    const all = categories.map((it) => factsOf(person, it, source));
    const isNeeded = (without: Partial<Question>): boolean =>
      categories.some(
        (it, index) =>
          decide({ ...standing(it, source), ...(all[index] as PersonFacts), ...without })
            .decision === "DENY",
      );
    const codes = union(all.map(({ directives }) => directives));
    const made: Rested = {
      agreement: isNeeded({ agreement: null }),
      directives: new Set(
        codes.filter((code) => isNeeded({ directives: codes.filter((it) => it !== code) })),
      ),
      medicalEmergency: isNeeded({ medicalEmergency: false }),
      safetyThreat: isNeeded({ safetyThreat: false }),
    };
    rested.set(key, made);
    return made;
  };

  const make = (about: About, sources: readonly string[]): Verdict => {
    const judged = new Map<Category, Judged>();
    const told = (): PersonTold => facts.person(about.person);
    const alone = (category: Category, source: string): Decision => {
      const of = judgedBy(category, source);
      return of.kind === "DEPENDS" ? of.decide(factsOf(told(), category, source)) : of.decision;
    };
    // A raised record is judged once for each thing that it tells, and all must be allowed.
    const all = (category: Category, source: string): Decision =>
      about.raises.length === 0
        ? alone(category, source)
        : allOf([...new Set([category, ...about.raises])].map((it) => alone(it, source)));
    return {
      about,
      of: (category) => {
        const known = judged.get(category);
        if (known) return known;
        let result: Judged | undefined;
        for (const source of sources) {
          const one = { decision: all(category, source), source };
          if (!result || one.decision.decision === "ALLOW") result = one;
          if (one.decision.decision === "ALLOW") break;
        }
        const made = result ?? { decision: DENIED, source: about.source };
        judged.set(category, made);
        return made;
      },
      grounds: (category) => {
        const source = judged.get(category)?.source ?? about.source;
        if (source === by.agency) return { agreement: null, consents: [], attestations: [] };
        const person = told();
        const on = restedOn([category, ...about.raises], source, person);
        const agreement = facts.agreement(source);
        const { medicalEmergency, safetyThreat } = person;
        return {
          agreement:
            agreement && on.agreement ? { id: agreement.id, version: agreement.version } : null,
          consents: [
            ...new Map(
              person.directives
                .filter(({ code }) => on.directives.has(code))
                .map(({ consent }) => [consent.id, consent]),
            ).values(),
          ],
          attestations: [
            ...(medicalEmergency && on.medicalEmergency ? [medicalEmergency.id] : []),
            ...(safetyThreat && on.safetyThreat ? [safetyThreat.id] : []),
          ],
        };
      },
    };
  };

  const isOwn = ({ keepers }: About): boolean => keepers.includes(by.agency);

  return {
    ready: (of) => {
      if (isHopeless) return undefined;
      const others = of.filter((it) => it.person !== null && !isOwn(it));
      if (others.length === 0) return undefined;
      return facts.want(
        others.map(({ person }) => person as string),
        union(others.map(({ source, keepers }) => [source, ...keepers])),
      );
    },
    verdict: (of) => {
      const there = verdictsOf.get(of);
      if (there) return there;
      const own = isOwn(of);
      const ofPerson = verdicts.get(of.person) ?? [];
      verdicts.set(of.person, ofPerson);
      const alike = ({ about }: Verdict): boolean =>
        about.source === of.source &&
        (own ? isOwn(about) : areAlike(about.keepers, of.keepers)) &&
        areAlike(about.raises, of.raises);
      let known = ofPerson.find(alike);
      if (!known) {
        // What an agency keeps itself is its own; another's may be given by any of those whose it is.
        const sources = own ? [by.agency] : union([[of.source], of.keepers]);
        known = make(of, of.person === null && !own ? [] : sources);
        ofPerson.push(known);
      }
      verdictsOf.set(of, known);
      return known;
    },
    absent: () => (isHopeless ? undefined : facts.want([uuidv7()], [])),
    knows: async (persons) => {
      if (!isHopeless) await facts.want(persons, []);
      return new Set(persons.filter((id) => isTied(facts.person(id))));
    },
    persons: facts.tied,
  };
};
