/** docker-compose.yml as a plan of processes on this machine: its one account of what runs serves both ways to run. */
import { parse } from "yaml";

/** Of a service, the parts that a process is started by, in the form in which our own file has them. */
export interface Service {
  /** Only a service of our own image has it. */
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  ports?: string[];
}

export interface ComposeFile {
  services: Record<string, Service>;
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** One process of our own. */
export interface Process {
  /** The service's name. */
  name: string;
  command: string[];
  /** All that the process finds in its environment. */
  environment: Record<string, string>;
  /** The processes that are ready, or have ended well, before this one starts. */
  after: string[];
  /** Where it answers; null for one that does its work and ends. */
  url: string | null;
}

export const readComposeFile = (text: string): ComposeFile =>
  parse(text, { merge: true }) as ComposeFile;

/** The services that are built from our image. */
export const ourServices = ({ services }: ComposeFile): [name: string, service: Service][] =>
  Object.entries(services).filter(([, { build }]) => build !== undefined);

/** `$$`, `${NAME}`, `${NAME:-default}` or `${NAME:?message}`; of Compose's other forms our file has none. */
const REFERENCE = /\$(?:(\$)|\{(\w+)(?::([-?])([^}]*))?\}|)/g;

/**
 * Fills in variables as Compose does: one that is empty counts as not set.
 *
 * @throws {Error} that names the variable, when one is needed and not set.
 */
export const interpolate = (template: string, variables: Variables): string =>
  template.replace(
    REFERENCE,
    (_, dollar?: string, name?: string, otherwise?: string, text = "") => {
      if (dollar) return dollar;
      if (!name)
        throw new Error(`"${template}" has a $ that is no variable of a form that is known here`);
      const value = variables[name];
      if (value) return value;
      if (otherwise === "?") throw new Error(`${name} is not set: ${text}`);
      return text;
    },
  );

/** What is not as in a container: these stand in place of what the file says. */
const HERE: Record<string, string> = {
  HOST: "127.0.0.1",
  DATABASE_URL:
    "${DATABASE_URL:?a PostgreSQL for this run, as in postgres://user@127.0.0.1:5432/database}",
  // A gateway without one counts requests by itself.
  REDIS_URL: "${REDIS_URL:-}",
};

/**
 * The processes of our own image, with the file's commands and variables, as they stand on this machine: the names of
 * our own services in URLs become 127.0.0.1, and every port moves by `portOffset`.
 *
 * @param variables Taken for those that the file refers to.
 * @throws {Error} that names the variable, when one is needed and not set.
 */
export const plan = (file: ComposeFile, variables: Variables, portOffset = 0): Process[] => {
  const ours = ourServices(file);
  const names = new Set(ours.map(([name]) => name));
  const moved = (port: string) => String(Number(port) + portOffset);
  // Before variables are filled in: what they hold is the caller's own, and stays as it is.
  const here = (name: string, template: string): string => {
    if (name === "PORT") return moved(template);
    const local = template.replace(/\/\/([\w-]+):(\d+)/g, (address, host: string, port: string) =>
      names.has(host) ? `//127.0.0.1:${moved(port)}` : address,
    );
    return HERE[name] ?? local;
  };
  return ours.map(([name, { command, environment = {}, depends_on = {} }]) => {
    if (!command) throw new Error(`the service ${name} names no command`);
    const filled = Object.fromEntries(
      Object.entries(environment).map(([key, template]) => [
        key,
        interpolate(here(key, template), variables),
      ]),
    );
    return {
      name,
      command,
      environment: filled,
      after: Object.keys(depends_on).filter((other) => names.has(other)),
      url: filled.PORT ? `http://127.0.0.1:${filled.PORT}` : null,
    };
  });
};
