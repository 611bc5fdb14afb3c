/** What is asked for together, by whom, and who is told what of it. */
import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Requester } from "#sharing/requester.ts";
import { checker, newKeyPair, signer } from "#platform/passport.ts";
import type { Answer, Operation } from "#platform/subgraph.ts";
import { joined } from "../../gateway/entities.ts";
import type { Question } from "../../gateway/entities.ts";
import { Gone, Unavailable } from "../../gateway/link.ts";
import type { Asker, Link } from "../../gateway/link.ts";
import { httpSubgraph } from "../../gateway/subgraph.ts";
import { personas } from "../county/county.ts";
import type { PersonaName } from "../county/county.ts";
import { openCounty } from "../county/house.ts";
import type { County } from "../county/house.ts";
import { gatewayOn, listenOn } from "./gateway.ts";

const MOST = 1_000;

const STAGES: Question = {
  query:
    "query($representations:[_Any!]!){_entities(representations:$representations){...on Referral{disputes{stage}}}}",
  variables: {},
};

const dana: Requester = personas["discharge-coordinator"];
const tanya: Requester = personas["housing-worker"];

/** References to referrals by their ids. */
const referrals = (...ids: (number | string)[]) =>
  ids.map((id) => {
    const value = { __typename: "Referral", id: String(id) };
    return { value, json: JSON.stringify(value) };
  });

/** A call that was sent, and how it is answered. */
interface Sent {
  operation: Operation;
  asker: Asker;
  ids: string[];
  answer(answer: Answer): void;
  fail(error: unknown): void;
}

/** Asks a subgraph that answers when the test says so. */
const asking = () => {
  const sent: Sent[] = [];
  const link: Link = {
    call: (operation, _, asker) =>
      new Promise((answer, fail) => {
        const { representations } = operation.variables as { representations: { id: string }[] };
        sent.push({ operation, asker, ids: representations.map(({ id }) => id), answer, fail });
      }),
  };
  const askForEntities = joined(link);
  let requests = 0;
  return {
    sent,
    ask: (
      requester: Requester,
      ids: (number | string)[],
      {
        question = STAGES,
        gone = new AbortController().signal,
      }: { question?: Question; gone?: AbortSignal } = {},
    ) =>
      askForEntities(question, referrals(...ids), {
        requester,
        requestId: `request ${requests++}`,
        gone,
      }),
    /** The turn of the event loop ends: what was asked in it is sent. */
    turn: () => new Promise<void>((resolve) => void setImmediate(resolve)),
    /** Answers a call with what is known of each referral: its id. */
    answerAll: () => {
      for (const { ids, answer } of sent)
        answer({ data: { _entities: ids.map((id) => ({ __typename: "Referral", id })) } });
    },
  };
};

const idsOf = ({ things }: { things: ({ id?: unknown } | null)[] }) =>
  things.map((thing) => thing?.id);

describe("two questions of one requester in one turn", () => {
  it("are one call, in which each thing is asked for once", async () => {
    const { ask, sent, turn } = asking();
    void ask(dana, [1, 2, 3]);
    void ask(dana, [3, 4, 1]);
    await turn();
    expect(sent.map(({ ids }) => ids)).toEqual([["1", "2", "3", "4"]]);
    expect(sent[0]?.operation.query).toBe(STAGES.query);
  });

  it("are answered each with its own things, in its own order", async () => {
    const { ask, answerAll, turn } = asking();
    const [one, other] = [ask(dana, [1, 2, 3]), ask(dana, [3, 4, 1])];
    await turn();
    answerAll();
    expect(idsOf(await one)).toEqual(["1", "2", "3"]);
    expect(idsOf(await other)).toEqual(["3", "4", "1"]);
  });

  it("share no thing: what one does to its own, the other does not see", async () => {
    const { ask, sent, turn } = asking();
    const [one, other] = [ask(dana, [1]), ask(dana, [1])];
    await turn();
    sent[0]?.answer({
      data: { _entities: [{ id: "1", disputes: [{ stage: "OPEN" }, null, [{ stage: "OPEN" }]] }] },
    });
    const [{ things }, untouched] = await Promise.all([one, other]);
    const [mine] = things as any[];
    mine.disputes[0].stage = "CLOSED";
    mine.disputes[2][0].stage = "CLOSED";
    mine.disputes.push({ stage: "CLOSED" });
    mine.id = "2";
    expect(untouched.things).toEqual([
      { id: "1", disputes: [{ stage: "OPEN" }, null, [{ stage: "OPEN" }]] },
    ]);
  });

  it("are told that a thing is not there, both of them", async () => {
    const { ask, sent, turn } = asking();
    const [one, other] = [ask(dana, [1, 2]), ask(dana, [2])];
    await turn();
    sent[0]?.answer({ data: { _entities: [{ id: "1" }, null] } });
    expect((await one).things).toEqual([{ id: "1" }, null]);
    expect((await other).things).toEqual([null]);
  });

  it("are two calls when they ask in other words", async () => {
    const { ask, sent, turn } = asking();
    void ask(dana, [1]);
    void ask(dana, [1], {
      question: { ...STAGES, query: STAGES.query.replace("stage", "coverage") },
    });
    await turn();
    expect(sent.map(({ ids }) => ids)).toEqual([["1"], ["1"]]);
  });

  it("are two calls when they ask with other variables, each with its own", async () => {
    const { ask, sent, turn } = asking();
    for (const first of [1, 2])
      void ask(dana, [1], { question: { ...STAGES, variables: { first } } });
    await turn();
    expect(sent.map(({ operation }) => operation.variables?.first)).toEqual([1, 2]);
  });
});

describe("questions in different turns", () => {
  it("are calls of their own", async () => {
    const { ask, sent, turn } = asking();
    void ask(dana, [1]);
    await turn();
    void ask(dana, [1]);
    await turn();
    expect(sent.map(({ ids }) => ids)).toEqual([["1"], ["1"]]);
  });
});

describe("two requesters", () => {
  it("never share a call, though they ask the very same in the same turn", async () => {
    const { ask, sent, turn } = asking();
    const [one, other] = [ask(dana, [1]), ask(tanya, [1])];
    await turn();
    expect(sent.map(({ asker }) => asker.requester)).toEqual([dana, tanya]);
    sent[0]?.answer({ data: { _entities: [{ id: "dana's" }] } });
    sent[1]?.answer({ data: { _entities: [{ id: "tanya's" }] } });
    expect([idsOf(await one), idsOf(await other)]).toEqual([["dana's"], ["tanya's"]]);
  });

  it("are two though they look alike: only the very same one is the same", async () => {
    const { ask, sent, turn } = asking();
    void ask(dana, [1]);
    void ask({ ...dana }, [1]);
    await turn();
    expect(sent).toHaveLength(2);
  });

  it("share no failure", async () => {
    const { ask, sent, turn } = asking();
    const [one, other] = [ask(dana, [1]), ask(tanya, [1])];
    await turn();
    sent[0]?.fail(new Unavailable("disputes"));
    sent[1]?.answer({ data: { _entities: [{ id: "1" }] } });
    await expect(one).rejects.toThrow(Unavailable);
    expect(idsOf(await other)).toEqual(["1"]);
  });
});

describe("an error", () => {
  const at = (...path: (string | number)[]) => ({ message: "our mistake", path });

  it("of one thing is told to those who asked for it, at the place where they did", async () => {
    const { ask, sent, turn } = asking();
    const members = [ask(dana, [1, 2]), ask(dana, [3, 2]), ask(dana, [4]), ask(dana, [2])];
    await turn();
    const error = at("_entities", 1, "disputes");
    sent[0]?.answer({
      data: { _entities: [{ id: "1" }, null, { id: "3" }, { id: "4" }] },
      errors: [error],
    });
    expect((await Promise.all(members)).map(({ errors }) => errors)).toEqual([
      [{ at: 1, error }],
      [{ at: 1, error }],
      [],
      [{ at: 0, error }],
    ]);
  });

  it.each([
    ["without a place", { message: "our mistake" }],
    ["of the whole call", at("_entities")],
    ["of something else", at("_service", 1)],
  ])("%s is told to everybody", async (_, error) => {
    const { ask, sent, turn } = asking();
    const [one, other] = [ask(dana, [1]), ask(dana, [2])];
    await turn();
    sent[0]?.answer({ data: null, errors: [error] });
    for (const { things, errors } of [await one, await other]) {
      expect(things).toEqual([null]);
      expect(errors).toEqual([{ at: null, error }]);
    }
  });
});

describe("an answer", () => {
  it.each([
    ["fewer things than were asked for", { data: { _entities: [{ id: "1" }] } }],
    ["more things than were asked for", { data: { _entities: [{}, {}, {}] } }],
    ["no list", { data: { _entities: { id: "1" } } }],
    ["nothing", { data: {} }],
    ["null, and no error", { data: null }],
    ["errors that are none", { data: { _entities: [{}, {}] }, errors: [null] as never }],
  ])("with %s is none, for anybody", async (_, answer) => {
    const { ask, sent, turn } = asking();
    const [one, other] = [ask(dana, [1]), ask(dana, [2])];
    await turn();
    sent[0]?.answer(answer);
    await expect(one).rejects.toThrow(Unavailable);
    await expect(other).rejects.toThrow(Unavailable);
  });

  it("that does not come is missed by all who waited for it", async () => {
    const { ask, sent, turn } = asking();
    const [one, other] = [ask(dana, [1]), ask(dana, [2])];
    await turn();
    sent[0]?.fail(new Unavailable("disputes"));
    await expect(one).rejects.toThrow(Unavailable);
    await expect(other).rejects.toThrow(Unavailable);
  });

  it("too deep to be dealt out is none", async () => {
    const { ask, sent, turn } = asking();
    const [, other] = [ask(dana, [1]).catch(() => undefined), ask(dana, [1])];
    await turn();
    const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`) as unknown;
    sent[0]?.answer({ data: { _entities: [{ deep }] } });
    await expect(other).rejects.toThrow(Unavailable);
  });

  it("with a key of every object's prototype leaves the prototype alone", async () => {
    const { ask, sent, turn } = asking();
    const [one, other] = [ask(dana, [1]), ask(dana, [1])];
    await turn();
    const thing = `{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}`;
    sent[0]?.answer(JSON.parse(`{"data":{"_entities":[${thing}]}}`) as Answer);
    for (const { things } of [await one, await other])
      expect(Object.getPrototypeOf(things[0])).toBe(Object.prototype);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });
});

describe("a client that leaves", () => {
  it("does not take the others' answer along", async () => {
    const { ask, sent, answerAll, turn } = asking();
    const leaving = new AbortController();
    void ask(dana, [1], { gone: leaving.signal });
    const stays = ask(dana, [2]);
    await turn();
    leaving.abort();
    expect(sent[0]?.asker.gone.aborted).toBe(false);
    answerAll();
    expect(idsOf(await stays)).toEqual(["2"]);
  });

  it("as the last of them ends the call", async () => {
    const { ask, sent, turn } = asking();
    const leaving = [new AbortController(), new AbortController()];
    const asked = leaving.map(({ signal: gone }) => ask(dana, [1], { gone }));
    await turn();
    leaving[0]?.abort();
    expect(sent[0]?.asker.gone.aborted).toBe(false);
    leaving[1]?.abort();
    expect(sent[0]?.asker.gone.aborted).toBe(true);
    sent[0]?.fail(new Gone());
    for (const it of asked) await expect(it).rejects.toThrow(Gone);
  });

  it("alone ends its own call", async () => {
    const { ask, sent, turn } = asking();
    const leaving = new AbortController();
    const asked = ask(dana, [1], { gone: leaving.signal });
    await turn();
    leaving.abort();
    expect(sent[0]?.asker.gone.aborted).toBe(true);
    sent[0]?.fail(new Gone());
    await expect(asked).rejects.toThrow(Gone);
  });

  it("before the turn ends, with the others, leaves nobody to ask for", async () => {
    const { ask, sent, turn } = asking();
    const asked = [0, 1].map(() => ask(dana, [1], { gone: AbortSignal.abort() }));
    await turn();
    expect(sent[0]?.asker.gone.aborted).toBe(true);
    sent[0]?.fail(new Gone());
    for (const it of asked) await expect(it).rejects.toThrow(Gone);
  });
});

describe(`more than ${MOST.toLocaleString("en")} things`, () => {
  const numbers = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => from + n);

  it("of several questions go in several calls", async () => {
    const { ask, sent, answerAll, turn } = asking();
    const asked = [0, 400, 800, 1_200].map((from) => ask(dana, numbers(from, 400)));
    await turn();
    expect(sent.map(({ ids }) => ids.length)).toEqual([800, 800]);
    answerAll();
    expect((await Promise.all(asked)).flatMap(idsOf)).toEqual(numbers(0, 1_600).map(String));
  });

  it("of one question go in several calls too, and come back in their order", async () => {
    const { ask, sent, answerAll, turn } = asking();
    const asked = ask(dana, numbers(0, 2_500));
    await turn();
    expect(sent.map(({ ids }) => ids.length)).toEqual([1_000, 1_000, 500]);
    answerAll();
    expect(idsOf(await asked)).toEqual(numbers(0, 2_500).map(String));
  });

  it("keep their errors where they are", async () => {
    const { ask, sent, turn } = asking();
    const asked = ask(dana, numbers(0, 1_002));
    await turn();
    const error = { message: "our mistake", path: ["_entities", 1] };
    for (const { ids, answer } of sent)
      answer({ data: { _entities: ids.map((id) => ({ id })) }, errors: [error] });
    expect((await asked).errors).toEqual([
      { at: 1, error },
      { at: 1_001, error },
    ]);
  });
});

describe("through a gateway", () => {
  let county: County;
  beforeAll(async () => {
    county = await openCounty();
  });
  afterAll(() => county.close());

  const DISPUTES = "{ handoffs { edges { node { referral { id disputes { stage } } } } } }";

  it("two callers who ask the same at the same time are two calls, each signed for its own", async () => {
    const keys = await newKeyPair();
    const check = await checker(keys.publicJwk, "gateway", "disputes");
    const told: { subject: string | undefined; representations: unknown }[] = [];
    const answer = async (request: IncomingMessage): Promise<string> => {
      const body = await buffer(request);
      const { requester } = await check(request.headers.authorization, body);
      const { variables } = JSON.parse(body.toString()) as { variables: { representations: [] } };
      const { representations } = variables;
      told.push({ subject: requester?.subject, representations });
      const stage = requester?.subject === dana.subject ? "OPEN" : "CLOSED";
      return JSON.stringify({
        data: { _entities: representations.map(() => ({ disputes: [{ stage }] })) },
      });
    };
    const room = await listenOn((request, response) => {
      void answer(request).then((it) => response.writeHead(200).end(it));
    });
    onTestFinished(room.close);
    const sign = await signer(keys.privateJwk, "gateway");
    const disputes = httpSubgraph("disputes", room.url, sign);
    const gateway = await gatewayOn(county.house, { disputes });
    onTestFinished(gateway.close);

    // Both of the hospital: they see the same handoffs.
    const callers: PersonaName[] = ["discharge-coordinator", "hospital-clinician"];
    const answers = await Promise.all(callers.map((as) => gateway.ask(as, DISPUTES)));

    const stages = answers.map(({ data }) => [
      ...new Set(
        data.handoffs.edges.flatMap(({ node }: any) =>
          node.referral.disputes.map((it: any) => it.stage),
        ),
      ),
    ]);
    expect(stages).toEqual([["OPEN"], ["CLOSED"]]);
    expect(new Set(told.map(({ subject }) => subject))).toEqual(
      new Set(callers.map((as) => personas[as].subject)),
    );
    expect(told).toHaveLength(2);
    expect(told[0]?.representations).toEqual(told[1]?.representations);
  });
});
