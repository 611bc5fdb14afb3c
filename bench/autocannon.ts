/** What asks where there is no wrk: as load.lua does. */
import autocannon from "autocannon";
import { CLIENTS } from "./ask.ts";
import type { Load } from "./load.ts";

const [url = "", seconds] = process.argv.slice(2);
const { AUTHORIZATIONS = "", BODY = "", ANSWER_BYTES } = process.env;
const authorizations = AUTHORIZATIONS.split("\n");
let turn = 0;

const result = await autocannon({
  url,
  connections: CLIENTS,
  duration: Number(seconds),
  method: "POST",
  body: BODY,
  setupClient: (client) => {
    const authorization = authorizations[turn++ % authorizations.length];
    client.setHeaders({
      "content-type": "application/json",
      ...(authorization && { authorization }),
    });
  },
  verifyBody: (body) => Buffer.byteLength(body as string) === Number(ANSWER_BYTES),
});
const load: Load = {
  requests: result.requests.total,
  seconds: result.duration,
  p50Ms: result.latency.p50,
  p99Ms: result.latency.p99,
  failed: result.errors + result.non2xx + result.mismatches,
};
console.log(JSON.stringify(load));
