/** The little of HTTP that the rows without a server of their own need. */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const bodyOf = (request: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request
      .on("data", (chunk: Buffer) => chunks.push(chunk))
      .once("end", () => resolve(Buffer.concat(chunks).toString("utf8")))
      .once("error", reject);
  });

/**
 * Listens on a free port of this machine alone.
 *
 * @param answer What it fails at ends the connection, and so the bench.
 * @returns The URL of its graph.
 */
export const listen = (
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<string> =>
  new Promise((resolve, reject) => {
    const server = createServer((request, response) => {
      Promise.resolve(answer(request, response)).catch((error: unknown) => {
        console.error(error);
        response.destroy();
      });
    });
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`),
    );
  });
