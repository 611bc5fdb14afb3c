/** What a client is told when something goes wrong, and what only the log is told. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agencies } from "../county/county.ts";
import { openCounty } from "../county/house.ts";
import type { County } from "../county/house.ts";

let county: County;

beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

const WALTER = "{ worklist { edges { node { id version referral { id disputes { stage } } } } } }";

const walters = async () =>
  (await county.ask("housing-worker", WALTER)).data.worklist.edges[0].node as {
    id: string;
    version: number;
    referral: { id: string };
  };

const accept = (input: object) =>
  county.ask(
    "housing-worker",
    "mutation($input: HandoffMoveInput!) { acceptHandoff(input: $input) { version state } }",
    { input: { idempotencyKey: randomUUID(), ...input } },
  );

/** The lines of the log about one request. */
const logOf = (requestId: string) =>
  county.logged
    .map(
      (line) => JSON.parse(line) as { level: number; requestId?: string; err?: { code?: string } },
    )
    .filter((line) => line.requestId === requestId);

describe("a problem", () => {
  it("says that a record has changed meanwhile, and how far", async () => {
    const { id, version } = await walters();
    const { status, data, errors } = await accept({ id, expectedVersion: version - 1 });
    expect(status).toBe(200);
    expect(data).toEqual({ acceptHandoff: null });
    expect(errors).toEqual([
      {
        message: "the record has changed since `expectedVersion`",
        path: ["acceptHandoff"],
        extensions: { code: "VERSION_CONFLICT", currentVersion: version },
      },
    ]);
  });

  it("says which moves are open when one is not", async () => {
    const { id, version } = await walters();
    const { errors } = await county.ask(
      "housing-worker",
      "mutation($input: HandoffMoveInput!) { beginService(input: $input) { state } }",
      { input: { idempotencyKey: randomUUID(), id, expectedVersion: version } },
    );
    expect(errors).toMatchObject([
      { extensions: { code: "MOVE_NOT_ALLOWED", movesOpen: expect.arrayContaining(["ACCEPT"]) } },
    ]);
  });

  it("is the same for a record that is not there and for one that is not yours", async () => {
    const { id, version } = await walters();
    const move = (unseen: string) =>
      county.ask(
        "bh-clinician",
        "mutation($input: HandoffMoveInput!) { acceptHandoff(input: $input) { state } }",
        { input: { idempotencyKey: randomUUID(), id: unseen, expectedVersion: version } },
      );
    const [hidden, absent] = [await move(id), await move(randomUUID())];
    expect(hidden.errors[0]?.extensions).toEqual({ code: "NOT_FOUND" });
    expect(hidden.text).toBe(absent.text);
  });

  it("is no matter for the log", async () => {
    const { id } = await walters();
    const { headers } = await accept({ id, expectedVersion: 0 });
    expect(logOf(headers.get("x-request-id") ?? "")).toEqual([]);
  });

  it("of an id that is none is told, and is no matter for the log either", async () => {
    const { errors, headers } = await county.ask(
      "housing-worker",
      `{ handoff(id: "H-2002") { state } }`,
    );
    expect(errors).toMatchObject([{ path: ["handoff"], extensions: { code: "BAD_INPUT" } }]);
    expect(logOf(headers.get("x-request-id") ?? "")).toEqual([]);
  });
});

describe("every answer", () => {
  it("bears the request's id, and no two the same", async () => {
    const ids = await Promise.all(
      [1, 2, 3].map(async () =>
        (await county.ask("housing-worker", WALTER)).headers.get("x-request-id"),
      ),
    );
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => /^[0-9a-f-]{36}$/.test(id ?? ""))).toBe(true);
  });

  it("is of no use to a cache, or to another site", async () => {
    const { headers } = await county.ask("housing-worker", WALTER);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
});

// Last, for the house is not whole afterwards.
describe("a fault", () => {
  beforeAll(() => county.house.database.sql.raw("drop table disputes.dispute"));

  it("is `our mistake` and a request id, and not a word of what went wrong", async () => {
    const { status, text, data, errors, headers } = await county.ask("housing-worker", WALTER);
    const requestId = headers.get("x-request-id");
    expect(status).toBe(200);
    expect(data.worklist.edges[0].node.referral.disputes).toBeNull();
    expect(errors).toEqual([
      {
        message: "our mistake",
        path: ["worklist", "edges", 0, "node", "referral", "disputes"],
        extensions: { code: "FAULT", requestId },
      },
    ]);
    expect(text).not.toMatch(/dispute\b|select|relation|42P01|party_ids|stack|\.ts\b|knex|pg/);
  });

  it("is in the log once, under that request id, with PostgreSQL's own code for it", async () => {
    const { headers } = await county.ask("housing-worker", WALTER);
    const lines = logOf(headers.get("x-request-id") ?? "");
    expect(lines).toHaveLength(1);
    // undefined_table
    expect(lines[0]).toMatchObject({ level: 50, err: { code: "42P01" } });
  });

  it("of a change is one too, and leaves the idempotency key free to be tried again", async () => {
    const { referral } = await walters();
    const open = () =>
      county.ask(
        "housing-worker",
        "mutation($input: OpenDisputeInput!) { openDispute(input: $input) { stage } }",
        {
          input: {
            idempotencyKey: "the same both times",
            referralId: referral.id,
            type: "FUNDING",
            subject: "FUND",
            partyIds: [agencies.housing.id, agencies.hospital.id],
            coverage: "GAP",
            statement: "The placement is not ours to fund.",
          },
        },
      );
    const codes = [await open(), await open()].map(({ errors }) => errors[0]?.extensions.code);
    expect(codes).toEqual(["FAULT", "FAULT"]);
    const { sql } = county.house.database;
    expect(await sql("disputes.idempotency").where({ key: "the same both times" })).toEqual([]);
  });

  it("says nothing of a person or of what was said, not even in the log", async () => {
    expect(county.logged.join("")).not.toMatch(
      /placement is not ours|Walter|Kim|Delgado|1948-02-29/,
    );
  });

  it("does not keep the other rooms from answering", async () => {
    const { errors } = await county.ask(
      "housing-worker",
      "{ worklist { edges { node { state } } } }",
    );
    expect(errors).toEqual([]);
  });
});
