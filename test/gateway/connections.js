/**
 * Preloaded into a process that is watched: writes down, a JSON line each, whatever it tries to reach, and what
 * whoever asks for APOLLO_TELEMETRY_DISABLED finds. Plain JavaScript, for it comes before all else.
 */
import dgram from "node:dgram";
import dns from "node:dns";
import { appendFileSync } from "node:fs";
import net from "node:net";

const TELEMETRY = "APOLLO_TELEMETRY_DISABLED";
const file = process.env.CONNECTIONS ?? "";
const note = (line) => appendFileSync(file, `${JSON.stringify(line)}\n`);

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  // Within Node, `connect` is called with its arguments normalized into a list.
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  const {
    host = "localhost",
    port,
    path,
  } = typeof first === "object"
    ? first
    : { port: first, host: typeof second === "string" ? second : undefined };
  note({ socket: path ?? host, port: path ? null : Number(port) });
  return connect.apply(this, args);
};

for (const module of [dns, dns.promises])
  for (const name of [
    "lookup",
    "resolve",
    "resolve4",
    "resolve6",
    "resolveAny",
    "resolveSrv",
    "resolveTxt",
  ]) {
    const ask = module[name];
    module[name] = function (host, ...rest) {
      note({ dns: host });
      return ask.call(this, host, ...rest);
    };
  }

const { send, connect: bind } = dgram.Socket.prototype;
dgram.Socket.prototype.send = function (...args) {
  note({ datagram: args.find((it) => typeof it === "string") ?? "localhost" });
  return send.apply(this, args);
};
dgram.Socket.prototype.connect = function (port, host, ...rest) {
  note({ datagram: typeof host === "string" ? host : "localhost" });
  return bind.call(this, port, host, ...rest);
};

process.env = new Proxy(process.env, {
  get: (env, name) => {
    if (name === TELEMETRY) note({ telemetryDisabled: env[name] ?? null });
    return env[name];
  },
  // The environment takes plain assignments alone.
  set: (env, name, value) => {
    env[name] = value;
    return true;
  },
});
