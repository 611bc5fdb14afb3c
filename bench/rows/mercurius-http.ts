import { registerHooks } from "node:module";
import { ground, ready } from "../child.ts";
import { federation1 } from "../federation-1.ts";

// Its gateway makes documents that graphql 16.15 does not print: it has the version before.
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier.replace(/^graphql(?=\/|$)/, "graphql-16.14"), context),
});
const { default: Fastify } = await import("fastify");
const { default: mercurius } = await import("@mercuriusjs/gateway");

const app = Fastify();
await app.register(mercurius, {
  jit: 1,
  gateway: {
    services: Object.entries(ground.rooms).map(([name, url]) => ({
      name,
      url: `${url}/graphql`,
      schema: federation1(name),
      mandatory: true,
    })),
  },
});
ready({ url: `${await app.listen({ port: 0, host: "127.0.0.1" })}/graphql` });
