import * as restate from "@restatedev/restate-sdk";

import { rival } from "./app.js";
import { drive } from "./driver.js";

await restate.serve({ services: [rival], port: Number(process.env.PORT) });
await drive(async () => {});
