/** Cedar's own engine on the same text: the oracle. */
import { readFileSync } from "node:fs";
import {
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
} from "@cedar-policy/cedar-wasm/nodejs";
import type { PolicyJson, TypeAndId } from "@cedar-policy/cedar-wasm/nodejs";
import type { Question } from "#sharing/question.ts";
import { CATEGORY_LABELS } from "#sharing/vocabulary.ts";
import { readRules } from "../../scripts/compile-rules.ts";

const read = (file: string) =>
  readFileSync(new URL(`../../sharing/${file}`, import.meta.url), "utf8");

/** The rules, and what they may speak of. */
export const CEDAR = read("rules.cedar");
export const SCHEMA = read("rules.cedarschema");

/** The rules in Cedar's JSON. */
export const POLICIES: readonly PolicyJson[] = readRules(CEDAR, SCHEMA);

const idOf = ({ annotations }: PolicyJson): string => annotations?.id ?? "";

/** Makes Cedar ready to be asked under a name. */
export const openCedar = (name: string, policies: readonly PolicyJson[] = POLICIES): void => {
  const staticPolicies = Object.fromEntries(policies.map((policy) => [idOf(policy), policy]));
  for (const answer of [preparsePolicySet(name, { staticPolicies }), preparseSchema(name, SCHEMA)])
    if (answer.type === "failure") throw new Error(answer.errors.map((it) => it.message).join());
};

const word = (type: string, id: string): { __entity: TypeAndId } => ({
  __entity: { type: `Share::${type}`, id },
});
const words = (type: string, ids: readonly string[]) => ids.map((id) => word(type, id));

/** What Cedar says. The request is held to the schema. */
export const askCedar = (name: string, it: Question): { decision: string; rules: string[] } => {
  const { caller, info, agreement } = it;
  if (caller.kind === null) throw new Error("cedar knows no agency without a kind");
  const principal = { type: "Share::Caller", id: "caller" };
  const resource = { type: "Share::Info", id: "info" };
  const answer = statefulIsAuthorized({
    principal,
    action: { type: "Share::Action", id: "disclose" },
    resource,
    context: {
      purpose: word("Purpose", it.purpose),
      basis: word("Basis", it.basis ?? "NONE"),
      ...(agreement && {
        agreement: {
          id: "agreement",
          active: agreement.active,
          purposes: words("Purpose", agreement.purposes),
          categories: words("Category", agreement.categories),
        },
      }),
      ties: words("Tie", it.ties),
      directives: words("Directive", it.directives),
      restricted: it.restricted,
      medicalEmergency: it.medicalEmergency,
      safetyThreat: it.safetyThreat,
    },
    preparsedSchemaName: name,
    preparsedPolicySetId: name,
    validateRequest: true,
    entities: [
      {
        uid: principal,
        attrs: {
          agency: caller.agency,
          kind: word("Kind", caller.kind),
          role: word("Role", caller.role),
          hipaa: caller.hipaa,
        },
        parents: [],
      },
      {
        uid: resource,
        attrs: {
          category: word("Category", info.category),
          labels: words("Label", CATEGORY_LABELS[info.category].labels),
          source: info.source,
        },
        parents: [],
      },
    ],
  });
  if (answer.type === "failure") throw new Error(answer.errors.map((e) => e.message).join());
  const { decision, diagnostics } = answer.response;
  if (diagnostics.errors.length > 0) throw new Error(diagnostics.errors[0]?.error.message);
  const rank = new Map(POLICIES.map((policy, index) => [idOf(policy), index]));
  return {
    decision: decision.toUpperCase(),
    rules: diagnostics.reason.toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0)),
  };
};
