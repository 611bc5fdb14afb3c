/**
 * MLLP: messages over TCP, each between a start and an end block, one answered before the next is read.
 *
 * The framing is our own: the server of the kept library reads a second message of a connection as the first one's end.
 *
 * @see HL7 Minimal Lower Layer Protocol, release 1
 */
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { createServer as createTlsServer, TLSSocket } from "node:tls";
import type { Log } from "#platform/log.ts";
import { fingerprint } from "./partners.ts";
import type { Partner } from "./partners.ts";

const START = 0x0b;
const END = Buffer.from([0x1c, 0x0d]);

/** The longest message that is read; an ADT message with all its segments has a few thousand bytes. */
const LIMIT_BYTES = 4_000_000;

/** A frame of what has come in so far, and what is left; null while no frame is whole. */
export const nextFrame = (
  pending: Buffer,
): { frame: Buffer | null; rest: Buffer; isCut: boolean } => {
  const start = pending.indexOf(START);
  // What stands outside of a frame is of no message.
  if (start === -1) return { frame: null, rest: Buffer.alloc(0), isCut: false };
  const end = pending.indexOf(END, start);
  const again = pending.indexOf(START, start + 1);
  // A message that begins before the last one ended: that one was cut off, and is not guessed to be whole.
  if (again !== -1 && (end === -1 || again < end))
    return { frame: null, rest: pending.subarray(again), isCut: true };
  if (end === -1) return { frame: null, rest: pending.subarray(start), isCut: false };
  return {
    frame: pending.subarray(start + 1, end),
    rest: pending.subarray(end + END.length),
    isCut: false,
  };
};

const framed = (answer: Buffer): Buffer => Buffer.concat([Buffer.from([START]), answer, END]);

/** What a listener stands on. The files of TLS are read by whoever opens it. */
export interface Listening {
  port: number;
  host: string;
  tls: { key: Buffer; cert: Buffer; ca: Buffer } | null;
  partners: readonly Partner[];
}

/** Answers a message of a partner. */
export type Answering = (bytes: Buffer, partner: Partner) => Promise<Buffer>;

/** A listener that is open. */
export interface OpenListener {
  port: number;
  /** Takes no more messages, lets those be answered that are being taken, and closes. */
  close(): Promise<void>;
}

/** Who is at the other end; null for nobody who is known. */
const partnerAt = (socket: Socket, partners: readonly Partner[]): Partner | null => {
  if (!(socket instanceof TLSSocket)) return partners[0] ?? null;
  // The handshake has checked that the certificate is of the authority; which one it is says who it is.
  const { fingerprint256 } = socket.getPeerCertificate();
  return fingerprint256
    ? (partners.find(({ certificate }) => certificate === fingerprint(fingerprint256)) ?? null)
    : null;
};

/** Opens a port. */
export const listen = async (
  { port, host, tls, partners }: Listening,
  answering: Answering,
  log: Log,
): Promise<OpenListener> => {
  const open = new Map<Socket, Promise<void>>();
  /** Those whose message is being answered. */
  const busy = new Set<Socket>();
  let isClosing = false;
  const converse = async (socket: Socket): Promise<void> => {
    const partner = partnerAt(socket, partners);
    if (!partner) {
      log.warn({ port }, "mllp: a certificate of no partner");
      return;
    }
    let pending: Buffer = Buffer.alloc(0);
    // Leaving the loop must not cut off an answer that is on its way.
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      pending = Buffer.concat([pending, chunk as Buffer]);
      for (let more = true; more && !isClosing;) {
        const { frame, rest, isCut } = nextFrame(pending);
        pending = rest;
        more = frame !== null || isCut;
        if (isCut) log.warn({ port, partner: partner.name }, "mllp: a message was cut off");
        if (!frame) continue;
        busy.add(socket);
        try {
          socket.write(framed(await answering(frame, partner)));
        } finally {
          busy.delete(socket);
        }
      }
      if (isClosing) return;
      if (pending.length > LIMIT_BYTES) {
        log.warn({ port, partner: partner.name }, "mllp: a message is too long");
        return;
      }
    }
    if (pending.length > 0)
      log.warn({ port, partner: partner.name }, "mllp: a message was cut off");
  };
  const connected = (socket: Socket): void => {
    socket.setNoDelay(true);
    const ended = converse(socket)
      .catch((error: unknown) => {
        if (!isClosing) log.warn({ err: error, port }, "mllp: a connection broke");
      })
      .finally(() => {
        socket.end();
        open.delete(socket);
      });
    open.set(socket, ended);
  };
  const server: Server = tls
    ? createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true }, connected)
    : createServer(connected);
  server.on("tlsClientError", () => log.warn({ port }, "mllp: a handshake failed"));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      isClosing = true;
      const closed = new Promise((resolve) => server.close(resolve));
      // Who waits for the next message is not waited for; who is being answered ends with the answer.
      const all = [...open];
      for (const [socket] of all) if (!busy.has(socket)) socket.destroy();
      for (const [, ended] of all) await ended;
      await closed;
    },
  };
};
