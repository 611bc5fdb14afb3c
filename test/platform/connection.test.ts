/** Lists in pages: every row once, in order, whatever happens between one page and the next. */
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "#platform/connection.ts";
import type { Connection, Order, Page } from "#platform/connection.ts";
import type { OpenDatabase } from "#platform/database.ts";
import { instant } from "#platform/record.ts";
import { openCounty, openTestDatabase } from "../county/house.ts";
import type { County } from "../county/house.ts";

interface Visit {
  id: string;
  at: Date;
}

const EARLIEST_FIRST: Order = { column: "at", direction: "asc" };
const LATEST_FIRST: Order = { column: "at", direction: "desc" };

describe("a list", () => {
  let database: OpenDatabase;
  /** Twenty-five, the earliest first; in fives they came about at the same instant. */
  const visits: Visit[] = Array.from({ length: 25 }, (_, n) => ({
    id: uuidv7(),
    at: new Date(Date.UTC(2025, 2, 3, 9, 0, 0, Math.floor(n / 5))),
  })).sort((a, b) => a.at.getTime() - b.at.getTime() || (a.id < b.id ? -1 : 1));

  beforeAll(async () => {
    database = await openTestDatabase();
    await database.sql.raw("create table visit (id uuid primary key, at timestamptz not null)");
    // Not in the order in which they are to be read.
    await database.sql("visit").insert(visits.toReversed());
  });
  afterAll(() => database.close());

  const list = (order: Order, page: Page): Promise<Connection<Visit>> =>
    connect(database.sql("visit"), order, page, (row) => ({
      id: row.id as string,
      at: instant(row.at),
    }));

  /** All pages, one after the other. */
  const pages = async (order: Order, first: number): Promise<Visit[][]> => {
    const read: Visit[][] = [];
    for (let after: string | null = null; ;) {
      const { edges, pageInfo }: Connection<Visit> = await list(order, { first, after });
      read.push(edges.map(({ node }) => node));
      if (!pageInfo.hasNextPage) return read;
      after = pageInfo.endCursor;
    }
  };

  it.each([1, 3, 5, 7, 24, 25, 26, 100])(
    "in pages of %i has every row once, in order, either way",
    async (first) => {
      expect((await pages(EARLIEST_FIRST, first)).flat()).toEqual(visits);
      expect((await pages(LATEST_FIRST, first)).flat()).toEqual(visits.toReversed());
    },
  );

  it("has full pages, and no empty one at the end", async () => {
    expect((await pages(EARLIEST_FIRST, 5)).map(({ length }) => length)).toEqual([5, 5, 5, 5, 5]);
    expect((await pages(EARLIEST_FIRST, 7)).map(({ length }) => length)).toEqual([7, 7, 7, 4]);
  });

  it("says where a page stands", async () => {
    const first = await list(EARLIEST_FIRST, { first: 10 });
    expect(first.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: first.edges[0]?.cursor,
      endCursor: first.edges[9]?.cursor,
    });
    const last = await list(EARLIEST_FIRST, { first: 15, after: first.pageInfo.endCursor });
    expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    const none = await list(EARLIEST_FIRST, { first: 15, after: last.pageInfo.endCursor });
    expect(none).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null },
    });
  });

  it("comes in twenties when nobody says how many", async () => {
    expect((await list(EARLIEST_FIRST, {})).edges).toHaveLength(20);
    expect((await list(EARLIEST_FIRST, { first: null, after: null })).edges).toHaveLength(20);
  });

  it("neither repeats nor leaves out a row when others come and go between pages", async () => {
    const { edges, pageInfo } = await list(LATEST_FIRST, { first: 10 });
    const newer = { id: uuidv7(), at: new Date("2025-03-04T00:00:00Z") };
    await database.sql("visit").insert(newer);
    const cursorsOwn = edges[9]?.node as Visit;
    await database.sql("visit").where({ id: cursorsOwn.id }).delete();
    const rest = await list(LATEST_FIRST, { first: 100, after: pageInfo.endCursor });
    expect(rest.edges.map(({ node }) => node)).toEqual(visits.toReversed().slice(10));
    await database.sql("visit").where({ id: newer.id }).delete();
    await database.sql("visit").insert(cursorsOwn);
  });

  it.each([0, -1, 101, 2 ** 31 - 1])("does not come in pages of %i", async (first) => {
    await expect(list(EARLIEST_FIRST, { first })).rejects.toMatchObject({ code: "BAD_INPUT" });
  });

  const base64url = (text: string) => Buffer.from(text).toString("base64url");
  /** A cursor that the list gave out itself, with something in it changed. */
  const altered = async (was: string | RegExp, is: string) => {
    const { pageInfo } = await list(EARLIEST_FIRST, { first: 1 });
    const text = Buffer.from(pageInfo.endCursor as string, "base64url").toString();
    expect(text).toMatch(was);
    return base64url(text.replace(was, is));
  };
  const INSTANT = visits[0]?.at.toISOString() as string;
  const ID = visits[0]?.id as string;

  it.each<[string, () => string | Promise<string>]>([
    ["empty", () => ""],
    ["no base64url", () => "!!!"],
    ["no JSON", () => base64url("at")],
    ["null", () => base64url("null")],
    ["an object", () => base64url(JSON.stringify({ at: INSTANT, id: ID }))],
    ["cut off", () => altered(/.$/, "")],
    ["without its end", () => altered(`,"${ID}"`, "")],
    ["of a list by another column", () => altered(`"at"`, `"opened_at"`)],
    ["of no instant", () => altered(INSTANT, "Monday")],
    ["of an instant that no database knows", () => altered(INSTANT, "-271821-04-20T00:00:00.000Z")],
    [
      "of an instant that has not come for long",
      () => altered(INSTANT, "+275760-09-13T00:00:00.000Z"),
    ],
    ["of no id", () => altered(ID, "x' or true --")],
    ["of a number for an id", () => altered(`"${ID}"`, "1")],
  ])("does not begin after a cursor that is %s", async (_, after) => {
    await expect(list(EARLIEST_FIRST, { after: await after() })).rejects.toMatchObject({
      code: "BAD_INPUT",
      message: "`after` is not a cursor of this list",
    });
  });

  it("does not begin after a cursor of the same list the other way round", async () => {
    const { pageInfo } = await list(LATEST_FIRST, { first: 1 });
    const after = pageInfo.endCursor;
    await expect(list(EARLIEST_FIRST, { after })).rejects.toMatchObject({ code: "BAD_INPUT" });
  });
});

describe("the graph's lists", () => {
  let county: County;
  beforeAll(async () => {
    county = await openCounty();
  });
  afterAll(() => county.close());

  it("read in pages of one have what they have in one page", async () => {
    const names = (data: any): string[] => data.agencies.edges.map(({ node }: any) => node.name);
    const whole = await county.ask("bh-clinician", "{ agencies { edges { node { name } } } }");
    const read: string[] = [];
    for (let after: string | null = null; ;) {
      const { data }: { data: any } = await county.ask(
        "bh-clinician",
        `query($after: String) {
          agencies(first: 1, after: $after) { edges { node { name } } pageInfo { hasNextPage endCursor } }
        }`,
        { after },
      );
      read.push(...names(data));
      if (!data.agencies.pageInfo.hasNextPage) break;
      after = data.agencies.pageInfo.endCursor;
    }
    expect(read).toEqual(names(whole.data));
    expect(new Set(read).size).toBe(12);
  });

  it.each([
    ["handoffs(first: 0)"],
    ["handoffs(first: 101)"],
    ["disputes(first: 0)"],
    ["openEscalationIssues(first: 101)"],
    ["sharingAgreements(first: -1)"],
    ["governanceMeetings(first: 101)"],
    [`interfaces(after: "garbage")`],
    [`worklist(after: "")`],
  ])("refuse %s", async (field) => {
    const { errors } = await county.ask(
      "discharge-coordinator",
      `{ ${field} { edges { cursor } } }`,
    );
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["BAD_INPUT"]);
  });

  it.each([
    ["disputes", "handoffs"],
    ["handoffs", "disputes"],
    ["agencies", "handoffs"],
    // Both are sorted by the same column, one up and the other down.
    ["handoffs", "worklist"],
  ])("do not take a cursor of %s for one of %s", async (one, other) => {
    const { data } = await county.ask("discharge-coordinator", `{ ${one} { edges { cursor } } }`);
    const { errors } = await county.ask(
      "discharge-coordinator",
      `query($after: String) { ${other}(after: $after) { edges { cursor } } }`,
      { after: data[one].edges[0].cursor },
    );
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["BAD_INPUT"]);
  });
});
