/**
 * The planner's thread. Planning takes milliseconds for most operations and minutes for a few, and nobody else must wait
 * meanwhile: so the planner of @apollo/gateway runs here, and is asked by `plan.ts`.
 */
import "./telemetry-off.ts";
import { parentPort, workerData } from "node:worker_threads";
import { ApolloGateway } from "@apollo/gateway";
import { operationFromDocument } from "@apollo/federation-internals";
import { parse, print, printSchema } from "graphql";
import { unmarked } from "#schema/sharing-spec.ts";
import type { FromPlanner, ToPlanner } from "./plan.ts";

const port = parentPort;
if (!port) throw new Error("the planner runs in a thread of its own");
const say = (message: FromPlanner) => port.postMessage(message);

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
try {
  const gateway = new ApolloGateway({
    // Labels are enforced by this gateway, so that the planner need not refuse a graph for their sake. It knows of no other
    // feature that is `for: SECURITY`, and does refuse a graph that has one.
    supergraphSdl: print(unmarked(parse(workerData as string))),
    // It plans, and is never asked to carry a plan out.
    buildService: () => ({ process: () => Promise.reject(new Error("no subgraph is asked here")) }),
    logger: silent,
  });
  const { schema } = await gateway.load();
  // Both are private: the gateway offers its plans to nobody but its own executor.
  const { apiSchema, queryPlanner } = gateway as unknown as {
    apiSchema: Parameters<typeof operationFromDocument>[0];
    queryPlanner: { buildQueryPlan(operation: ReturnType<typeof operationFromDocument>): unknown };
  };
  say({ kind: "ready", api: printSchema(schema) });
  port.on("message", ({ id, text }: ToPlanner) => {
    try {
      const plan = queryPlanner.buildQueryPlan(operationFromDocument(apiSchema, parse(text)));
      say({ kind: "plan", id, plan: plan as never });
    } catch (error) {
      // A list or a stack that is too long.
      const isTooLarge = error instanceof RangeError;
      say({ kind: "unplannable", id, message: (error as Error).message, isTooLarge });
    }
  });
} catch (error) {
  say({ kind: "refused", message: (error as Error).message });
}
