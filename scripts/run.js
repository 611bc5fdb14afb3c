/**
 * Starts a script by name: `node scripts/run.js start`. Plain JavaScript, so that an old Node can still say what is
 * wrong: the rest is TypeScript, which only a newer one runs.
 *
 * `npm start` begins with `exec`, so that a signal to npm reaches this process and not a shell between them; what
 * follows the `||` is for shells that have no `exec`.
 */
const NEEDED = 24;
const [major] = process.versions.node.split(".").map(Number);
if (major < NEEDED) {
  console.error(
    `Handoff Graph needs Node ${NEEDED} or later, and this is Node ${process.versions.node}. ` +
      `"npm ci" installs one beside the project, and "npm start" and the other npm scripts use it.`,
  );
  process.exit(1);
}
const [name] = process.argv.splice(2, 1);
if (!name || !/^[a-z0-9-]+$/.test(name)) {
  console.error(
    "usage: node scripts/run.js NAME, where NAME is a file of scripts/ without its ending",
  );
  process.exit(1);
}
await import(`./${name}.ts`);
