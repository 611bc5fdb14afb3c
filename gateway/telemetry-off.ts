/**
 * Imported before anything of Apollo's, and for nothing but this: from 2.14 its gateway reports to its maker, and probes
 * the cloud's metadata address, unless told not to before it is loaded.
 */
process.env.APOLLO_TELEMETRY_DISABLED = "true";
// Keys that would have the server report operations, or fetch a graph from elsewhere.
delete process.env.APOLLO_KEY;
delete process.env.APOLLO_GRAPH_REF;
