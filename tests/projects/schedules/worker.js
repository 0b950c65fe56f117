import { serve } from "./conductor_gen/index.js";

const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
await serve({ signal: stopping.signal });
