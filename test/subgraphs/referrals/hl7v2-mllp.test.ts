/** HL7 v2 over the wire: a hospital's real client on one side, and what the graph knows afterwards on the other. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { Client, Message } from "node-hl7-client";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openMllp } from "../../../scripts/hl7-partners.ts";
import { partnersOf } from "../../../subgraphs/referrals/hl7v2/partners.ts";
import { authority } from "../../certificates.ts";
import { agencies, HOSPITAL_MRN } from "../../county/county.ts";
import { openCounty, testLog } from "../../county/house.ts";
import type { County } from "../../county/house.ts";
import { adt, partner, said, sample } from "../../county/hl7v2/messages.ts";

const { hospital, bh } = agencies;

let county: County;
beforeAll(async () => {
  county = await openCounty();
});
afterAll(() => county.close());

const { log, lines } = testLog();

/** Opens a port of the hospital's for a test. */
const port = async (): Promise<number> => {
  const listener = { port: 0, host: "127.0.0.1", tls: null, partners: [partner("alder-general")] };
  const { ports, close } = await openMllp(county.house.database, [listener], {
    log,
    clock: county.house.clock,
  });
  onTestFinished(close);
  return ports[0] as number;
};

/** The hospital's interface engine: one connection, which stays open. */
const engine = async (to: number, version: "2.5.1" | "2.8", tls?: object) => {
  const client = new Client({ host: "127.0.0.1", version, ...(tls && { tls }) });
  const waiting: ((answer: Buffer) => void)[] = [];
  const connection = client.createConnection({ port: to, version }, (response) => {
    waiting.shift()?.(Buffer.from(response.getMessage().toString()));
  });
  onTestFinished(() => connection.close());
  return async (text: string): Promise<Buffer> => {
    const answered = new Promise<Buffer>((resolve) => waiting.push(resolve));
    await connection.sendMessage(new Message({ text: text.trimEnd().replaceAll("\n", "\r") }));
    return answered;
  };
};

/** Bytes, as they are, and what comes back until there is as many answers as are waited for. */
const raw = (to: number, chunks: (string | Buffer)[], answers: number): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const socket = connect(to, "127.0.0.1");
    let text = "";
    const found = () => text.split("\x1c\r").filter((it) => it !== "");
    socket.on("data", (bytes) => {
      text += bytes.toString();
      if (found().length >= answers) socket.end();
    });
    socket.on("close", () => resolve(found())).on("error", reject);
    void (async () => {
      for (const chunk of chunks) {
        socket.write(chunk);
        await new Promise((next) => setImmediate(next));
      }
      if (answers === 0) socket.end();
    })();
  });

const framed = (text: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from("\v"), Buffer.from(text), Buffer.from("\x1c\r")]);

const handoffs = async (value: string): Promise<any[]> => {
  const { data } = await county.ask(
    "discharge-coordinator",
    `query($value: String!) { personByIdentifier(system: "${HOSPITAL_MRN}", value: $value) {
       encounters { edges { node { status } } }
       handoffs { edges { node { state origin sender { name } receiver { name } } } } } }`,
    { value },
  );
  return data.personByIdentifier?.handoffs.edges.map(({ node }: any) => node) ?? [];
};

describe("a hospital's engine", () => {
  it("sends every sample over one connection, and the graph knows what it said", async () => {
    const send = await engine(await port(), "2.8");
    const order = [
      "A28",
      "A05",
      "A01",
      "A02",
      "A08",
      "A16",
      "A25",
      "A03",
      "A31",
      "A13",
      "A11",
      "A40",
    ];
    for (const event of order) {
      const answer = await send(sample(`ADT-${event}`).toString());
      expect([event, said(answer, "MSA-1")]).toEqual([event, "AA"]);
      expect(said(answer, "MSH-8")).toBe(`ACK^${event}^ACK`);
      // From whom it was, to whom it goes.
      expect(said(answer, "MSH-5")).toBe(
        event === "A40" ? "Ntierprise Clinic" : "GHHSFacility^2.16.840.1.122848.1.30^ISO",
      );
    }
    expect(said(await send(sample("ADT-A60").toString()), "MSA-1")).toBe("AR");
    expect(said(await send(sample("REF-I12").toString()), "MSA-1")).toBe("AA");
    const expected = {
      origin: "MESSAGE",
      sender: { name: hospital.name },
      receiver: { name: bh.name },
    };
    expect(await handoffs("PATID1234")).toMatchObject([
      { ...expected, state: "AWAITING_DECISION" },
    ]);
    expect(said(await send(sample("REF-I14").toString()), "MSA-1")).toBe("AA");
    expect(await handoffs("PATID1234")).toMatchObject([{ ...expected, state: "CANCELLED" }]);
  });

  it("is told which place is wrong, and can go on", async () => {
    const send = await engine(await port(), "2.5.1");
    const told = { event: "A01", mrn: "W-1", visit: "W-1" };
    const refused = await send(adt({ ...told, class: "Q" }));
    expect([said(refused, "MSA-1"), said(refused, "ERR-2"), said(refused, "ERR-3")]).toEqual([
      "AE",
      "PV1^1^2",
      "103^Table value not found^HL70357",
    ]);
    expect(said(await send(adt(told)), "MSA-1")).toBe("AA");
  });
});

describe("the line", () => {
  it("answers each of several messages that come in one piece, and one that comes in many", async () => {
    const to = await port();
    const all = ["L-1", "L-2", "L-3"].map((mrn) =>
      framed(adt({ event: "A28", mrn, controlId: mrn })),
    );
    const together = await raw(to, [Buffer.concat(all)], 3);
    expect(together.map((it) => said(Buffer.from(it.slice(1)), "MSA-2"))).toEqual([
      "L-1",
      "L-2",
      "L-3",
    ]);
    const bytes = framed(adt({ event: "A28", mrn: "L-4", family: "Åmås" }));
    const apart = await raw(
      to,
      [...bytes].map((byte) => Buffer.from([byte])),
      1,
    );
    expect(said(Buffer.from(apart[0]?.slice(1) ?? ""), "MSA-1")).toBe("AA");
  });

  it("answers what has no header, and does not take it for a part of another message", async () => {
    const answers = await raw(
      await port(),
      [framed(adt({ event: "A28", mrn: "N-1" })), framed("PID|1||N-2^^^AGH^MR"), framed("")],
      3,
    );
    expect(answers.map((it) => said(Buffer.from(it.slice(1)), "MSA-1"))).toEqual([
      "AA",
      "AR",
      "AR",
    ]);
  });

  it("takes nothing of a message that was cut off, and takes it whole when it is sent again", async () => {
    const to = await port();
    const whole = framed(adt({ event: "A28", mrn: "K-1" }));
    const count = async () =>
      Number((await county.house.database.sql("referrals.hl7_message").count("* as n").first())?.n);
    const before = await count();
    expect(await raw(to, [whole.subarray(0, 120)], 0)).toEqual([]);
    expect(await count()).toBe(before);
    // Cut off, and sent again on the same connection.
    const answers = await raw(to, [whole.subarray(0, 120), whole], 1);
    expect(answers.map((it) => said(Buffer.from(it.slice(1)), "MSA-1"))).toEqual(["AA"]);
    expect(await count()).toBe(before + 1);
  });

  it("logs nothing that a message says", () => {
    expect(lines.length).toBeGreaterThan(0);
    for (const word of ["EVERYMAN", "Ames", "PATID1234", "N-1", "MSG00001"])
      expect(lines.join()).not.toContain(word);
  });
});

describe("a line with TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "handoff-graph-tls-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const county_ = authority("Alder County");
  const server = county_.issue("hub");
  const [general, riverside, stranger] = ["general", "riverside", "stranger"].map((it) =>
    county_.issue(it),
  ) as [
    ReturnType<typeof county_.issue>,
    ReturnType<typeof county_.issue>,
    ReturnType<typeof county_.issue>,
  ];
  const open = async (): Promise<number> => {
    const { ports, close } = await openMllp(
      county.house.database,
      [
        {
          port: 0,
          host: "127.0.0.1",
          tls: {
            key: file("key.pem", server.key),
            certificate: file("certificate.pem", server.certificate),
            clientAuthority: file("authority.pem", county_.certificate),
          },
          partners: [
            { ...partner("alder-general"), certificate: general.fingerprint },
            { ...partner("riverside"), certificate: riverside.fingerprint },
          ],
        },
      ],
      { log, clock: county.house.clock },
    );
    onTestFinished(close);
    return ports[0] as number;
  };
  const as = ({ key, certificate }: { key: string; certificate: string }) => ({
    key,
    cert: certificate,
    ca: county_.certificate,
  });

  it("takes a message for the agency of the certificate, whatever the message claims", async () => {
    const to = await open();
    const send = await engine(to, "2.5.1", as(riverside));
    expect(
      said(await send(adt({ event: "A28", mrn: "T-1", facility: "RIVERSIDE" })), "MSA-1"),
    ).toBe("AA");
    const forged = await send(adt({ event: "A28", mrn: "T-2", facility: "GHHSFacility" }));
    expect([said(forged, "MSA-1"), said(forged, "ERR-2")]).toEqual(["AR", "MSH^1^4"]);
    const sources = await county.house.database
      .sql("referrals.person_identifier")
      .where({ value: "T-1" })
      .pluck("source_id");
    expect(sources).toEqual([bh.id]);
  });

  it.each([
    ["no certificate", {}],
    ["a certificate of another authority", as(authority("elsewhere").issue("general"))],
    ["a certificate of no partner", as(stranger)],
  ])("answers nobody with %s", async (_, options) => {
    const to = await open();
    const got = await new Promise<string>((resolve) => {
      const socket = connectTls({
        host: "127.0.0.1",
        port: to,
        ...options,
        ca: county_.certificate,
      });
      let text = "";
      socket.on("data", (bytes) => (text += bytes.toString()));
      socket.on("error", () => undefined).on("close", () => resolve(text));
      socket.write(framed(adt({ event: "A28", mrn: "T-3" })));
    });
    expect(got).toBe("");
  });
});

describe("the file that says who may send", () => {
  const good = (more: object = {}, ofPartner: object = {}) => ({
    listeners: [
      {
        port: 2575,
        partners: [
          {
            name: "one",
            agency: hospital.id,
            facilities: ["AGH"],
            dialect: "one.json",
            ...ofPartner,
          },
        ],
        ...more,
      },
    ],
  });
  const read = (value: unknown) => partnersOf(value, () => partner("riverside").dialect);
  const tls = { key: "k", certificate: "c", clientAuthority: "a" };
  const two = [0, 1].map((at) => ({ ...good().listeners[0]?.partners[0], name: `n${at}` }));

  it("is read when it says all that it must", () => {
    expect(read(good())).toMatchObject([
      { port: 2575, host: "127.0.0.1", partners: [{ certificate: null }] },
    ]);
    expect(
      read(good({ host: "10.0.0.1", tls }, { certificate: "AB:".repeat(31) + "AB" })),
    ).toMatchObject([{ partners: [{ certificate: "ab".repeat(32) }] }]);
  });

  it.each<[string, unknown, RegExp]>([
    ["no listener", { listeners: [] }, /`listeners`/],
    ["a port without TLS that others can reach", good({ host: "0.0.0.0" }), /this machine alone/],
    ["two partners that nothing tells apart", good({ partners: two }), /of one without `tls`/],
    ["a partner without a certificate on a port with TLS", good({ tls }), /`certificate`/],
    [
      "two partners with the same certificate",
      good({ tls, partners: two.map((it) => ({ ...it, certificate: "ab".repeat(32) })) }),
      /the same `certificate`/,
    ],
    [
      "a certificate that nobody checks",
      good({}, { certificate: "ab".repeat(32) }),
      /nothing without it/,
    ],
    ["half of what TLS needs", good({ tls: { key: "k" } }), /`tls` must name/],
    ["an agency that is no id", good({}, { agency: "Alder General" }), /an id of the roll/],
    ["no facility", good({}, { facilities: [] }), /`MSH-4`/],
    ["no dialect", good({}, { dialect: undefined }), /`dialect`/],
  ])("opens nothing with %s", (_, value, why) => {
    expect(() => read(value)).toThrow(why);
  });

  const NOBODY = "019550a0-0000-7000-8000-0000000000ff";
  it.each([
    ["of the partner", { agency: NOBODY }],
    ["of its dialect", { dialect: { ...partner("riverside").dialect, agencies: { X: NOBODY } } }],
  ])("opens nothing for an agency %s that is not on the roll", async (_, more) => {
    const partners = [{ ...partner("riverside"), ...more }];
    const listener = { port: 0, host: "127.0.0.1", tls: null, partners };
    await expect(
      openMllp(county.house.database, [listener], { log, clock: county.house.clock }),
    ).rejects.toThrow(/not on the roll/);
  });
});
