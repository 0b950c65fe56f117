/**
 * The shop behind Fastify: an order is a request, its id is the run's, and asking again continues the same run.
 *
 *     node dist/server.js        listens on PORT (8080)
 */

import Fastify from "fastify";

import { WorkflowError, processOrderWorkflow, serve } from "./conductor_gen/index.js";

interface Order {
  userId: string;
  amount: string;
}

const order = {
  type: "object",
  required: ["userId", "amount"],
  properties: { userId: { type: "string" }, amount: { type: "string", pattern: "^-?[0-9]+(\\.[0-9]+)?$" } },
};

const app = Fastify({ logger: true });
const stopping = new AbortController();

app.put<{ Params: { id: string }; Body: Order }>("/orders/:id", { schema: { body: order } }, async (request, reply) => {
  try {
    const outcome = await processOrderWorkflow(request.body, { runId: request.params.id });
    return await reply.code(201).send(outcome);
  } catch (error) {
    if (!(error instanceof WorkflowError)) throw error;
    request.log.warn(error);
    return await reply.code(422).send({ error: error.message });
  }
});

const serving = serve({ signal: stopping.signal });

/** New requests are refused, those that are here are answered, then the session with the sidecar ends. */
async function stop(): Promise<void> {
  await app.close();
  stopping.abort();
  await serving;
}

for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => void stop());
await app.listen({ port: Number(process.env.PORT ?? 8080) });
