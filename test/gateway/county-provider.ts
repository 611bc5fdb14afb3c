/** The county's OpenID provider: a real one, on loopback, that gives each persona's system a token for the graph. */
import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import type { JWK } from "jose";
import Provider from "oidc-provider";
import { personas } from "../county/county.ts";
import type { PersonaName } from "../county/county.ts";

export const AUDIENCE = "https://graph.alder.example";
const ALGORITHM = "ES256";
const SECRET = "a secret of the county's test clients, and of nobody else";

/** A key to sign tokens with, as a provider keeps it. */
export const signingKey = async (): Promise<JWK> => {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, alg: ALGORITHM, use: "sig", kid: await calculateJwkThumbprint(jwk) };
};

/** A provider that answers. */
export interface CountyProvider {
  issuer: string;
  jwksUrl: string;
  /** A token of the client credentials grant. */
  token(as: PersonaName): Promise<string>;
  /** Signs with the first of these from now on, and publishes them all. */
  rotate(keys: JWK[]): void;
  close(): Promise<void>;
}

const isPersona = (name: string): name is PersonaName => Object.hasOwn(personas, name);

const provider = (issuer: string, keys: JWK[]): RequestListener =>
  new Provider(issuer, {
    jwks: { keys },
    cookies: { keys: [SECRET] },
    clients: Object.keys(personas).map((name) => ({
      client_id: name,
      client_secret: SECRET,
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: ALGORITHM,
    })),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: "",
          audience: AUDIENCE,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: ALGORITHM } },
        }),
      },
    },
    ttl: { ClientCredentials: 3_600 },
    extraTokenClaims: (_: unknown, { clientId }: { clientId: string }) => {
      if (!isPersona(clientId)) return {};
      const { agency, role, purpose } = personas[clientId];
      return { agency, role, purpose_of_use: purpose };
    },
  }).callback();

/**
 * Opens a provider.
 *
 * @param name Whom its tokens say that they are of; itself, unless it is an impostor.
 */
export const openProvider = async (keys: JWK[], name?: string): Promise<CountyProvider> => {
  let answer: RequestListener;
  const server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = name ?? url;
  answer = provider(issuer, keys);
  return {
    issuer,
    jwksUrl: `${url}/jwks`,
    token: async (as) => {
      const response = await fetch(`${url}/token`, {
        method: "POST",
        headers: {
          authorization: `Basic ${Buffer.from(`${as}:${encodeURIComponent(SECRET)}`).toString("base64")}`,
        },
        body: new URLSearchParams({ grant_type: "client_credentials", resource: AUDIENCE }),
      });
      const { access_token: token, ...why } = (await response.json()) as { access_token?: string };
      if (!token) throw new Error(`the provider gave no token: ${JSON.stringify(why)}`);
      return token;
    },
    rotate: (more) => {
      answer = provider(issuer, more);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
