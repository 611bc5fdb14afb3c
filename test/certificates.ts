/** Certificates for a test's own TLS, as an authority issues them: made anew for each run, so that no key is kept. */
import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

const der = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  const size = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
};
const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const oid = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
const time = (text: string) => der(0x17, Buffer.from(text));

const ECDSA_WITH_SHA256 = sequence(oid("2a8648ce3d040302"));
const name = (common: string) =>
  sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(common)))));
const extension = (id: string, value: Buffer) => sequence(oid(id), der(0x04, value));

/** A certificate with its key, both in PEM. */
export interface Certificate {
  key: string;
  certificate: string;
  /** SHA-256, in hexadecimal. */
  fingerprint: string;
}

const issue = (
  subject: string,
  issuer: string,
  own: KeyObject,
  by: KeyObject,
  isCa: boolean,
): Buffer => {
  const extensions = [
    extension("551d13", sequence(...(isCa ? [der(0x01, Buffer.from([0xff]))] : []))),
    // subjectAltName: 127.0.0.1
    ...(isCa ? [] : [extension("551d11", sequence(der(0x87, Buffer.from([127, 0, 0, 1]))))]),
  ];
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    name(issuer),
    sequence(time("200101000000Z"), time("491231235959Z")),
    name(subject),
    own.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  return sequence(body, ECDSA_WITH_SHA256, der(0x03, Buffer.from([0]), sign("sha256", body, by)));
};

const pem = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString("base64").replaceAll(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`;

/** An authority, and what it issues. */
export const authority = (common: string) => {
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    certificate: pem(issue(common, common, own.publicKey, own.privateKey, true)),
    issue: (subject: string): Certificate => {
      const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const bytes = issue(subject, common, keys.publicKey, own.privateKey, false);
      return {
        key: keys.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
        certificate: pem(bytes),
        fingerprint: createHash("sha256").update(bytes).digest("hex"),
      };
    },
  };
};
