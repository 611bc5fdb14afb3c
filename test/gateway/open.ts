/** Opens the county's house under an issuer that the test holds the keys of, and calls it as a client does. */
import type { House } from "../../scripts/house.ts";
import type { Issuer } from "../../gateway/identify.ts";
import { openCountyHouse, testLog } from "../county/house.ts";
import type { Answer } from "../county/house.ts";

/** A house that believes one issuer; with what it has logged so far. */
export const openHouseOf = async (issuer: Issuer): Promise<{ house: House; logged: string[] }> => {
  const { log, lines } = testLog();
  return { house: await openCountyHouse({ issuer, log }), logged: lines };
};

/** One HTTP request, exactly as it is given. */
export const call = async (url: string, request: RequestInit): Promise<Answer> => {
  const response = await fetch(url, request);
  const text = await response.text();
  const { data, errors = [] } = (text === "" ? {} : JSON.parse(text)) as Partial<Answer>;
  return { status: response.status, headers: response.headers, text, data: data as never, errors };
};

/** Asks a house's graph, with any headers at all. */
export const ask = (
  { url }: Pick<House, "url">,
  headers: Record<string, string>,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Answer> =>
  call(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query, variables }),
  });

/** The header of a token. */
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
