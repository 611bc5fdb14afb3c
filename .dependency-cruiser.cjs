/** The arrows of ARCHITECTURE.md: who may know of whom. What is not allowed here is an error. */
const room = "^subgraphs/([^/]+)/";
module.exports = {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphans",
      severity: "error",
      from: {
        orphan: true,
        pathNot: ["^(vitest\\.config|\\.)", "^test/", "^scripts/run\\.js$", "telemetry-off"],
      },
      to: {},
    },
    {
      name: "the-language-knows-nobody",
      severity: "error",
      from: { path: "^schema/" },
      to: { path: "^(sharing|gateway|subgraphs|platform|scripts|test)/" },
    },
    {
      name: "the-law-knows-only-itself",
      severity: "error",
      from: { path: "^sharing/" },
      to: { pathNot: "^sharing/" },
    },
    {
      name: "the-machinery-knows-no-room",
      severity: "error",
      from: { path: "^platform/" },
      to: { path: "^(gateway|subgraphs|scripts|test)/" },
    },
    {
      name: "the-gateway-knows-no-room",
      severity: "error",
      from: { path: "^gateway/" },
      to: { path: "^(subgraphs|scripts|test)/" },
    },
    {
      name: "no-room-knows-another",
      severity: "error",
      from: { path: room },
      to: { path: "^subgraphs/", pathNot: "^subgraphs/$1/" },
    },
    {
      name: "a-room-knows-no-gateway",
      severity: "error",
      from: { path: room },
      to: { path: "^(gateway|scripts|test)/" },
    },
    {
      name: "only-stores-query",
      severity: "error",
      from: {
        path: room,
        pathNot: "store\\.ts$",
      },
      to: {
        path: "(platform/database\\.ts$|node_modules/(knex|pg)/)",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "the-domain-does-no-io",
      comment:
        "Nothing that reaches a database, a network or the clock is reachable from what may happen.",
      severity: "error",
      from: {
        path:
          room +
          "(handoff|handoff-volume|month|governance-meeting|referral|agency|person|interface|journey|dispute|escalation-issue|sharing-agreement|sharing-route|consent|fhir-consent|restriction|attestation|shareable|facts|ledger/(merkle|entry|told|checkpoint|accounting|accounting-page|verify)|fhir/bundle|fhir/task-status|fhir/validate|fhir/when|hl7v2/(message|time|dialect|partners|head|acknowledgement))\\.ts$",
      },
      to: {
        reachable: true,
        path: "(store\\.ts$|platform/(database|outbox|serve|alone|budget|migrate|lock|passport)\\.ts$|node_modules/(knex|pg|redis|undici)/)",
      },
    },
    {
      name: "nothing-but-tests-and-scripts-knows-the-county",
      severity: "error",
      from: { pathNot: "^(test|scripts)/" },
      to: { path: "^test/" },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    // Types are arrows too, except where a rule says otherwise.
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^\\.data/|resolvers\\.types\\.ts$)" },
    enhancedResolveOptions: {
      conditionNames: ["import", "node", "default"],
      exportsFields: ["exports"],
    },
  },
};
