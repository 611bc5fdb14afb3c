/** What is served while a room is down: the disputes room, over HTTP, in every way in which a process can fail. */
import type { IncomingMessage, RequestListener } from "node:http";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { checker, newKeyPair, signer } from "#platform/passport.ts";
import type { KeyPair } from "#platform/passport.ts";
import type { OpenRoom, Operation } from "#platform/subgraph.ts";
import { httpSubgraph, localSubgraph } from "../../gateway/subgraph.ts";
import type { Subgraph } from "../../gateway/subgraph.ts";
import { agencies, personas } from "../county/county.ts";
import { openCounty } from "../county/house.ts";
import type { County } from "../county/house.ts";
import { DEADLINES, gatewayOn, listenOn } from "./gateway.ts";
import type { TestGateway } from "./gateway.ts";

let county: County;
let keys: KeyPair;
let gateway: TestGateway;
/** The house's own. */
let well: Subgraph;
/** What stands in its place now. */
let disputes: Subgraph;

beforeAll(async () => {
  county = await openCounty();
  keys = await newKeyPair();
  well = localSubgraph(county.house.rooms.disputes as OpenRoom);
  disputes = well;
  gateway = await gatewayOn(county.house, {
    disputes: {
      answer: (...asked) => disputes.answer(...asked),
      enter: (...asked) => disputes.enter(...asked),
      ask: (...asked) => disputes.ask(...asked),
      close: async () => undefined,
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await county.close();
});

/** For as long as the test, the gateway's disputes room is wherever `url` says. */
const disputesAt = async (url: string): Promise<void> => {
  const there = httpSubgraph(
    "disputes",
    `${url}/graphql`,
    await signer(keys.privateJwk, "gateway"),
  );
  disputes = there;
  onTestFinished(async () => {
    disputes = well;
    await there.close();
    // It has answered: how often it failed before counts no longer.
    expect((await gateway.ask("housing-worker", WALTER)).errors).toEqual([]);
  });
};

/** For as long as the test, the gateway's disputes room is a process that answers so. */
const withDisputes = async (listener: RequestListener): Promise<void> => {
  const { url, close } = await listenOn(listener);
  // What asks it is closed first.
  onTestFinished(close);
  await disputesAt(url);
};

const answers =
  (status: number, body: string, type = "application/json"): RequestListener =>
  (_, response) =>
    void response.writeHead(status, { "content-type": type }).end(body);

/** A port on which nobody listens. */
const closedPort = async (): Promise<string> => {
  const { url, close } = await listenOn(() => undefined);
  await close();
  return url;
};

const failures: [name: string, open: () => Promise<void>][] = [
  ["refuses the connection", async () => disputesAt(await closedPort())],
  ["hangs", () => withDisputes(() => undefined)],
  [
    "hangs in the middle of its answer",
    () => withDisputes((_, response) => void response.writeHead(200).write(`{"data":`)),
  ],
  ["cuts the connection", () => withDisputes((request) => request.socket.destroy())],
  [
    "answers with a page of somebody else's",
    () => withDisputes(answers(200, "<html>502 at 10.0.0.5:4002</html>", "text/html")),
  ],
  ["answers nothing", () => withDisputes(answers(200, ""))],
  [
    "answers that it has failed",
    () => withDisputes(answers(500, `{"errors":[{"message":"at dispute.ts:12:3"}]}`)),
  ],
  [
    "sends elsewhere",
    () =>
      withDisputes(
        (_, response) => void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      ),
  ],
  ["answers null", () => withDisputes(answers(200, "null"))],
  ["answers a list", () => withDisputes(answers(200, "[]"))],
  ["answers an empty object", () => withDisputes(answers(200, "{}"))],
  ["answers with data that is none", () => withDisputes(answers(200, `{"data":42}`))],
  ["answers with errors that are none", () => withDisputes(answers(200, `{"errors":"down"}`))],
];

const WALTER = `{
  worklist { edges { node { state receiver { name } referral { service disputes { stage } } } } }
}`;

describe("while the disputes room", () => {
  it.each(failures)(
    "%s, the other rooms' part is served, and its own is said to be missing",
    async (_, open) => {
      await open();
      const began = performance.now();
      const { status, text, data, errors } = await gateway.ask("housing-worker", WALTER);
      expect(performance.now() - began).toBeLessThan(5 * DEADLINES.readMs);
      expect(status).toBe(200);
      expect(data).toEqual({
        worklist: {
          edges: [
            {
              node: {
                state: "AWAITING_DECISION",
                receiver: { name: agencies.housing.name },
                referral: { service: "Supported housing placement", disputes: null },
              },
            },
          ],
        },
      });
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(["SUBGRAPH_UNAVAILABLE"]);
      // Nothing of where it runs, and nothing of why it failed.
      expect(text).not.toMatch(
        /127\.0\.0\.1|10\.0\.0\.5|http|ECONN|stack|\.ts\b|:\d{2,}|JSON|fetch/,
      );
    },
  );

  it("hangs, a question that concerns it too is answered in the other rooms' part", async () => {
    await withDisputes(() => undefined);
    const { data, errors } = await gateway.ask(
      "housing-worker",
      "{ agencies(first: 1) { edges { node { name } } } disputes { edges { node { id } } } }",
    );
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["SUBGRAPH_UNAVAILABLE"]);
    expect(data).toEqual({
      agencies: { edges: [{ node: { name: agencies.hospital.name } }] },
      disputes: null,
    });
  });

  it.each([
    ["in a thing of another room", WALTER, "worklist.edges.0.node.referral"],
    ["at the root", `{ dispute(id: "${agencies.bh.id}") { stage } }`, "dispute"],
  ])("hangs, the error says where something is missing %s", async (_, query, where) => {
    await withDisputes(() => undefined);
    const { errors } = await gateway.ask("housing-worker", query);
    expect(errors[0]?.path?.join(".")).toMatch(new RegExp(`^${where}`));
  });

  it("hangs, a change to it is given more time, and then is said not to be answered", async () => {
    await withDisputes(() => undefined);
    const began = performance.now();
    const { data, errors } = await gateway.ask(
      "housing-worker",
      "mutation($input: WithdrawDisputeInput!) { withdrawDispute(input: $input) { stage } }",
      { input: { idempotencyKey: "k", id: agencies.housing.id, expectedVersion: 1 } },
    );
    expect(performance.now() - began).toBeGreaterThan(DEADLINES.readMs);
    expect(data).toEqual({ withdrawDispute: null });
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["SUBGRAPH_UNAVAILABLE"]);
  });

  it("hangs, a question that does not concern it is answered in full", async () => {
    await withDisputes(() => undefined);
    const { errors } = await gateway.ask(
      "housing-worker",
      WALTER.replace("disputes { stage }", ""),
    );
    expect(errors).toEqual([]);
  });

  it("fails, the log says which room and which request", async () => {
    await withDisputes(answers(500, ""));
    gateway.logged.length = 0;
    const { headers } = await gateway.ask("housing-worker", WALTER);
    const [line, ...more] = gateway.logged.filter((it) => it.includes("subgraph unavailable"));
    expect(more).toEqual([]);
    expect(JSON.parse(line ?? "{}")).toMatchObject({
      room: "disputes",
      requestId: headers.get("x-request-id"),
    });
  });

  it("fails once, it is asked again the next time", async () => {
    let asked = 0;
    await withDisputes((request, response) =>
      (asked++ === 0 ? answers(503, "") : answers(200, `{"data":{"_entities":[{"disputes":[]}]}}`))(
        request,
        response,
      ),
    );
    expect((await gateway.ask("housing-worker", WALTER)).errors).toHaveLength(1);
    const { data, errors } = await gateway.ask("housing-worker", WALTER);
    expect(errors).toEqual([]);
    expect(data.worklist.edges[0].node.referral.disputes).toEqual([]);
  });
});

describe("a room over HTTP", () => {
  it("answers as it does in process, and is told who asks, signed for exactly that", async () => {
    const check = await checker(keys.publicJwk, "gateway", "disputes");
    const told: unknown[] = [];
    const answer = async (request: IncomingMessage): Promise<unknown> => {
      const body = await buffer(request);
      const { requester, requestId } = await check(request.headers.authorization, body);
      told.push({ requester, requestId });
      if (!requester) throw new Error("an operation needs a requester");
      const operation = JSON.parse(body.toString()) as Operation;
      return county.house.rooms.disputes?.answer(operation, requester, requestId);
    };
    await withDisputes(
      (request, response) =>
        void answer(request).then((it) => answers(200, JSON.stringify(it))(request, response)),
    );
    const { data, errors, headers } = await gateway.ask("housing-worker", WALTER);
    expect(errors).toEqual([]);
    expect(data.worklist.edges[0].node.referral.disputes).toEqual([{ stage: "OPEN" }]);
    expect(told).toEqual([
      {
        requester: personas["housing-worker"],
        requestId: headers.get("x-request-id"),
      },
    ]);
  });

  it("says nothing to a client but its problems: no words of a library, no details beside the closed list", async () => {
    await withDisputes(
      answers(
        200,
        JSON.stringify({
          data: { _entities: [{ disputes: null }] },
          errors: [
            {
              message: "password authentication failed for user disputes at 10.0.0.5:5432",
              path: ["_entities", 0, "disputes"],
              extensions: { code: "28P01", stacktrace: ["at Parser.parseErrorMessage"] },
            },
            {
              message: "`id` is not acceptable",
              extensions: { code: "BAD_INPUT", field: "id", row: { name: "Walter" } },
            },
          ],
        }),
      ),
    );
    const { text, errors } = await gateway.ask("housing-worker", WALTER);
    expect(errors.map(({ message, extensions }) => [message, extensions])).toEqual([
      ["our mistake", { code: "FAULT", requestId: expect.any(String) }],
      ["`id` is not acceptable", { code: "BAD_INPUT", field: "id" }],
    ]);
    expect(text).not.toMatch(/password|10\.0\.0\.5|28P01|Parser|Walter/);
  });
});
