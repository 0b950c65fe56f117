import { serve } from "./conductor_gen/index.js";

await serve();
