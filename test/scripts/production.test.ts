/** The house on servers: in one process, and with each room as a process of its own. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPostgresql } from "#platform/database.ts";
import type { OpenDatabase } from "#platform/database.ts";
import { documentId } from "../../gateway/documents.ts";
import { enrolAgency } from "../../subgraphs/referrals/agency-store.ts";
import { agencies, personas } from "../county/county.ts";
import type { CountyAgency, PersonaName } from "../county/county.ts";
import { testDatabase } from "../county/house.ts";
import { AUDIENCE, openProvider, signingKey } from "../gateway/county-provider.ts";
import type { CountyProvider } from "../gateway/county-provider.ts";
import { dataDirectory, run } from "./process.ts";
import type { Running } from "./process.ts";

const REDIS = process.env.TEST_REDIS_URL ?? "";
const HAS_SERVERS = Boolean(process.env.TEST_DATABASE_URL && REDIS);
/** What a portal asks, registered before it does: nothing else is answered in production. */
const PORTAL = {
  "whose-referral.graphql": `query($value: String!) {
    person: personByIdentifier(system: "urn:handoff-graph:fhir:Patient", value: $value) {
      handoffs { edges { node { referral { id } } } }
    }
  }`,
  "open-dispute.graphql":
    "mutation($input: OpenDisputeInput!) { openDispute(input: $input) { id } }",
  "disputes-over-it.graphql":
    "query($id: ID!) { again: referral(id: $id) { disputes { type parties { name } } } }",
};
const QUERY = readFileSync(
  new URL("../../schema/operations/where-do-handoffs-stand.graphql", import.meta.url),
  "utf8",
);
const sample = (name: string) =>
  readFileSync(new URL(`../samples/pacio-bsj/${name}.json`, import.meta.url));

describe.runIf(HAS_SERVERS)("npm start on PostgreSQL and Redis", () => {
  it("answers the first question as it does by itself", async () => {
    const directory = dataDirectory();
    const { url, drop } = await testDatabase("POSTGRESQL");
    const env = { DATA_DIR: directory.path, PORT: "0", DATABASE_URL: url ?? "", REDIS_URL: REDIS };
    const house = run("start", [], env);
    const [, at] = await house.says(/^ready (\S+)\/graphql$/m);
    expect(await (await fetch(`${at}/readyz`)).json()).toEqual({
      ready: true,
      database: { kind: "POSTGRESQL" },
      budget: { kind: "redis" },
    });
    const first = run("ask", ["schema/operations/where-do-handoffs-stand.graphql"], env);
    expect(await first.ended).toBe(0);
    expect(first.out()).toContain('"hours": 30.5');
    house.child.kill("SIGTERM");
    expect(await house.ended).toBe(0);
    await drop();
    directory.remove();
  });
});

describe.runIf(HAS_SERVERS)("npm run start:split", () => {
  // Beside any other house on this machine: the ports of docker-compose.yml, moved to where the system gives none out by itself.
  const OFFSET = 8_000 + (process.pid % 20_000);
  const gateways = [4101, 4102].map((port) => `http://127.0.0.1:${port + OFFSET}`) as [
    string,
    string,
  ];
  let provider: CountyProvider;
  let split: Running;
  let database: OpenDatabase;
  let drop: () => Promise<void>;
  const portal = dataDirectory();
  const keys = dataDirectory();

  const post = async (
    url: string,
    as: PersonaName,
    body: RequestInit["body"],
    type = "application/json",
  ) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": type, authorization: `Bearer ${await provider.token(as)}` },
      body,
    });
    return { status: response.status, body: (await response.json()) as any };
  };

  beforeAll(async () => {
    provider = await openProvider([await signingKey()]);
    const made = await testDatabase("POSTGRESQL");
    drop = made.drop;
    for (const [name, document] of Object.entries(PORTAL))
      writeFileSync(join(portal.path, name), document);
    split = run("split", [], {
      DATA_DIR: keys.path,
      DATABASE_URL: made.url ?? "",
      REDIS_URL: REDIS,
      PORT_OFFSET: String(OFFSET),
      POSTGRES_PASSWORD: "of the compose file's own server, which is not used here",
      OIDC_ISSUER: provider.issuer,
      OIDC_JWKS_URL: provider.jwksUrl,
      OIDC_AUDIENCE: AUDIENCE,
      TRUSTED_DOCUMENTS: portal.path,
    });
    await split.says(/^ready /m);
    database = await openPostgresql(made.url ?? "");
    for (const { id, name, kind } of Object.values(agencies) as CountyAgency[])
      await enrolAgency(database.of("referrals").house(), { id, name, kind }, [], {
        by: { ...personas["county-system"], subject: "operator" },
        at: new Date(),
        requestId: "test",
      });
  });
  afterAll(async () => {
    await database.close();
    await drop();
    await provider.close();
    portal.remove();
    keys.remove();
  });

  it("takes the PACIO journey in at one gateway, and answers its gaps at the other", async () => {
    for (const name of [
      "Organization-P0522-org-Hosp-San-Antonio-General",
      "Organization-P0522-org-SNF-Happy-Nursing-Facility",
      "Organization-P0522-org-HH-Sky-Harbor-Home-Health",
      "Location-P0522-org-Loc-Hosp-San-Antonio-General",
      "Location-P0522-org-Loc-SNF-Happy-Nursing-Facility",
      "Location-P0522-org-Loc-HH-Sky-Harbor-Home-Health",
      "Encounter-P0522-Enc-HHA",
      "Encounter-P0522-Enc-Hospital",
      "Encounter-P0522-Enc-SNF",
    ])
      expect(
        await post(`${gateways[0]}/fhir`, "county-system", sample(name), "application/fhir+json"),
      ).toMatchObject({
        status: 201,
      });
    const { body } = await post(
      `${gateways[1]}/graphql`,
      "county-case-worker",
      JSON.stringify({
        query: QUERY,
        variables: { system: "urn:handoff-graph:fhir:Patient", value: "P0522-patientBSJ1" },
      }),
    );
    const nodes = body.data.personByIdentifier.handoffs.edges.map(({ node }: any) => node);
    expect(nodes.map(({ accountable, gap }: any) => [accountable.name, gap.hours])).toEqual([
      ["Sky Harbor Home Health Services", 4.5],
      ["Happy Nursing Facility", 28.5],
    ]);
  });

  it("joins what two rooms, in two processes, know of one referral", async () => {
    const graph = async (as: PersonaName, name: keyof typeof PORTAL, variables: object) => {
      const { body } = await post(
        `${gateways[0]}/graphql`,
        as,
        JSON.stringify({ documentId: documentId(PORTAL[name]), variables }),
      );
      expect(body.errors).toBeUndefined();
      return body.data;
    };
    const { person } = await graph("county-case-worker", "whose-referral.graphql", {
      value: "P0522-patientBSJ1",
    });
    const { id } = person.handoffs.edges[0].node.referral;
    await graph("county-case-worker", "open-dispute.graphql", {
      input: {
        idempotencyKey: "split",
        referralId: id,
        type: "FUNDING",
        subject: "FUND",
        partyIds: [agencies.county.id, agencies.mco.id],
        coverage: "COVERED",
        statement: "The plan covers home health.",
      },
    });
    const { again } = await graph("county-case-worker", "disputes-over-it.graphql", { id });
    expect(again.disputes).toEqual([
      { type: "FUNDING", parties: [{ name: agencies.county.name }, { name: agencies.mco.name }] },
    ]);
  });

  it("answers no document that nobody has registered", async () => {
    const query = "{ agencies { edges { node { name } } } }";
    const { status, body } = await post(
      `${gateways[0]}/graphql`,
      "county-case-worker",
      JSON.stringify({ query }),
    );
    expect([status, body.errors[0].extensions.code]).toEqual([400, "DOCUMENT_NOT_TRUSTED"]);
  });

  it("carries what happened in one process to the process that listens", async () => {
    const ids = (table: string, id: string): Promise<string[]> =>
      database.sql(table).orderBy(id).pluck(id) as never;
    const sent = await ids("referrals.outbox", "id");
    expect(sent.length).toBeGreaterThan(10);
    let taken: string[] = [];
    for (let tries = 0; tries < 100 && taken.length < sent.length; tries++) {
      await pause(100);
      taken = await ids("performance.consumed", "event_id");
    }
    expect(taken).toEqual(sent);
  });

  it("answers nobody at a room who is not a gateway", async () => {
    const room = `http://127.0.0.1:${4001 + OFFSET}/graphql`;
    const ask = (headers: Record<string, string>) =>
      fetch(room, {
        method: "POST",
        headers,
        body: JSON.stringify({ query: "{ agencies { edges { node { id } } } }" }),
      });
    expect((await ask({})).status).toBe(401);
    expect(
      (await ask({ authorization: `Bearer ${await provider.token("county-system")}` })).status,
    ).toBe(401);
  });

  it("ends every process, and itself, on SIGTERM", async () => {
    split.child.kill("SIGTERM");
    expect(await split.ended).toBe(0);
    for (const url of gateways) await expect(fetch(`${url}/livez`)).rejects.toThrow("fetch failed");
  });
});
