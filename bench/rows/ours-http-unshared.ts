import { CLIENTS } from "../ask.ts";
import { ready } from "../child.ts";
import { oursOverHttp } from "../ours.ts";

ready(await oursOverHttp(CLIENTS));
