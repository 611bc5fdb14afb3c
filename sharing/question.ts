/** What the rules are asked, and what they answer. */
import type { AgencyKind, Basis, Category, Directive, Purpose, Role, Tie } from "./vocabulary.ts";

/** Who asks, as the rules see them. */
export interface Caller {
  readonly agency: string;
  /** Null is denied: nothing is given to an agency that nobody has said the kind of. */
  readonly kind: AgencyKind | null;
  readonly role: Role;
  /** Is the agency under HIPAA: a covered entity, or one that is bound like one? */
  readonly hipaa: boolean;
}

/** An agreement between the caller's agency and the source, as the rules see it. */
export interface Terms {
  /** In force at the request's instant. */
  readonly active: boolean;
  readonly purposes: readonly Purpose[];
  readonly categories: readonly Category[];
}

/** Everything that does not depend on a person. */
export interface Standing {
  readonly caller: Caller;
  readonly purpose: Purpose;
  readonly basis: Basis | null;
  readonly info: {
    readonly category: Category;
    /** The agency whose record it is. */ readonly source: string;
  };
  readonly agreement: Terms | null;
}

/** What is known of a person and the caller's agency at the request's instant. */
export interface PersonFacts {
  readonly ties: readonly Tie[];
  /** In force now for the person, the caller's agency, the purpose and the category. */
  readonly directives: readonly Directive[];
  /** The source has agreed to a restriction (45 CFR 164.522(a)). */
  readonly restricted: boolean;
  /** Attested, open and not expired. */
  readonly medicalEmergency: boolean;
  /** Attested in good faith (45 CFR 164.512(j)). */
  readonly safetyThreat: boolean;
}

/** One whole question. */
export interface Question extends Standing, PersonFacts {}

/** The answer to a question. */
export interface Decision {
  readonly decision: "ALLOW" | "DENY";
  /**
   * The `@id`s of the rules that settled it: the permits that hold, or the forbids that do. None when nothing permits
   * it (default deny).
   */
  readonly rules: readonly string[];
  /** Codes of the notices and duties that travel with what is given; none when it is denied. */
  readonly obligations: readonly string[];
  /** What would have to be had first, by the codes of the rules' `@route`; none when it is given. */
  readonly routes: readonly string[];
}
