import { ready } from "../child.ts";
import { oursOverHttp } from "../ours.ts";

ready(await oursOverHttp(1));
