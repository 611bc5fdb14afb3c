/**
 * Who may send HL7 v2, by which port and certificate, and which agency that is: a file of JSON that an operator edits. A message
 * says nothing of it that is believed.
 */
import { isIP } from "node:net";
import { validate as isUuid } from "uuid";
import type { Dialect } from "./dialect.ts";

/** A sending system of an agency. */
export interface Partner {
  name: string;
  /** The agency, by its id on the roll, whose word a message of this partner is. */
  agency: string;
  /** What MSH-4 may say. */
  facilities: string[];
  dialect: Dialect;
  /** SHA-256 of its certificate, in hexadecimal; null on a port without TLS. */
  certificate: string | null;
}

/** A port, and who may be at the other end. */
export interface Listener {
  port: number;
  host: string;
  /** Paths of files in PEM. */
  tls: { key: string; certificate: string; clientAuthority: string } | null;
  partners: Partner[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === "object" && !Array.isArray(value);

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.trim() !== "";

/** Two ways to write a fingerprint, with colons and without. */
export const fingerprint = (text: string): string => text.replaceAll(":", "").toLowerCase();

const LOOPBACK: ReadonlySet<string> = new Set(["127.0.0.1", "::1"]);

/**
 * Reads who may send.
 *
 * Without TLS there is nothing that tells one sender from another: such a port is one partner's, and listens on this machine
 * alone, where a tunnel may end. With TLS each partner has a certificate of its own, and no other is let in.
 *
 * @param dialectAt Reads a dialect by its path.
 * @throws {Error} that names what is missing or wrong: no listener opens then
 */
export const partnersOf = (value: unknown, dialectAt: (path: string) => Dialect): Listener[] => {
  const wrong = (what: string): never => {
    throw new Error(`the partners' file: ${what}`);
  };
  if (!isObject(value) || !Array.isArray(value.listeners) || value.listeners.length === 0)
    return wrong("`listeners` must be a list with at least one");
  const names = new Set<string>();
  return (value.listeners as unknown[]).map((it) => {
    if (!isObject(it)) return wrong("a listener is an object");
    const { port, host = "127.0.0.1", tls = null, partners } = it;
    if (typeof port !== "number" || !Number.isInteger(port) || port < 0 || port > 65_535)
      return wrong("`port` must be 0 to 65535");
    if (!isText(host) || isIP(host) === 0) return wrong("`host` must be an address");
    if (
      tls !== null &&
      !(isObject(tls) && [tls.key, tls.certificate, tls.clientAuthority].every(isText))
    )
      return wrong("`tls` must name the files `key`, `certificate` and `clientAuthority`");
    if (tls === null && !LOOPBACK.has(host))
      return wrong(
        "without `tls` a listener is for this machine alone: `host` must be 127.0.0.1 or ::1",
      );
    if (!Array.isArray(partners) || partners.length === 0 || (tls === null && partners.length > 1))
      return wrong("`partners` must be a list: of one without `tls`, of one or more with it");
    const read = (partners as unknown[]).map((partner): Partner => {
      if (!isObject(partner)) return wrong("a partner is an object");
      const { name, agency, facilities, dialect, certificate = null } = partner;
      if (!isText(name) || !/^[a-z0-9-]+$/.test(name) || names.has(name))
        return wrong("`name` must be of small letters, digits and hyphens, and no other partner's");
      names.add(name);
      if (!isText(agency) || !isUuid(agency))
        return wrong(`${name}: \`agency\` must be an id of the roll`);
      if (!Array.isArray(facilities) || facilities.length === 0 || !facilities.every(isText))
        return wrong(`${name}: \`facilities\` must be what \`MSH-4\` may say`);
      if (!isText(dialect)) return wrong(`${name}: \`dialect\` must name a file`);
      if (
        tls === null
          ? certificate !== null
          : !isText(certificate) || !/^[0-9a-f]{64}$/.test(fingerprint(certificate))
      )
        return wrong(
          `${name}: \`certificate\` must be a SHA-256 with \`tls\`, and nothing without it`,
        );
      return {
        name,
        agency: agency.toLowerCase(),
        facilities,
        dialect: dialectAt(dialect),
        certificate: certificate === null ? null : fingerprint(certificate as string),
      };
    });
    if (new Set(read.map((partner) => partner.certificate)).size < read.length)
      return wrong("two partners have the same `certificate`");
    return { port, host, tls: tls as Listener["tls"], partners: read };
  });
};
