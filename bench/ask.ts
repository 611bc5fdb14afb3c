const ANSWER_WITHIN_MS = 20_000;

/** How many clients ask at once, each as soon as it has its answer. */
export const CLIENTS = 32;

/** Where a row is asked. */
export interface Door {
  url: string;
  /** With which token, if any. */
  authorization?: string;
  /** Tokens of other requesters; clients take turns with all of them. */
  others?: string[];
}

/** Asks once; the text of the answer. */
export const ask = async ({ url, authorization }: Door, body: string): Promise<string> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(authorization && { authorization }) },
    body,
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  return response.text();
};
