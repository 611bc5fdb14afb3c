import { serveHive } from "../hive.ts";

await serveHive({ sharesFetches: true });
