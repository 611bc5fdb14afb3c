/** Asks the running house one question, from a file: `npm run ask -- --as NAME FILE`. */
import { readFileSync } from "node:fs";
import { commandLine, houseUrl, tokenFor } from "./client.ts";

const { as, files } = commandLine("county-case-worker");
const [file, variables = "{}"] = files;
try {
  if (!file)
    throw new Error('usage: npm run ask -- [--as NAME] FILE.graphql [\'{"variable": "value"}\']');
  const url = houseUrl();
  if (!url) throw new Error("no house is running on this data directory; npm start starts one");
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${await tokenFor(as)}` },
    body: JSON.stringify({
      query: readFileSync(file, "utf8"),
      variables: JSON.parse(variables) as unknown,
    }),
  });
  const answer = (await response.json()) as { errors?: unknown };
  console.log(JSON.stringify(answer, null, 2));
  if (answer.errors) process.exitCode = 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
