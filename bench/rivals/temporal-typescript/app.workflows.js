import { proxyActivities, sleep, workflowInfo } from "@temporalio/workflow";

const limit = { startToCloseTimeout: "10 minutes" };
const { touch, mark } = proxyActivities(limit);
const again = { initialInterval: 1, backoffCoefficient: 1, maximumAttempts: 4 };
const { charge } = proxyActivities({ ...limit, retry: again });
const { stop } = proxyActivities({ ...limit, heartbeatTimeout: "2 seconds" });

export async function ten_steps() {
  for (let number = 0; number < 10; number++) await touch();
}

export async function parallel() {
  await Promise.all(Array.from({ length: 10 }, () => touch()));
}

export async function order() {
  await touch();
  await charge(workflowInfo().workflowId);
  await touch();
}

export async function fan_out() {
  let left = 1000;
  const lane = async () => {
    while (left-- > 0) await touch();
  };
  await Promise.all(Array.from({ length: 50 }, lane));
}

export async function held() {
  const run = workflowInfo().workflowId;
  for (let number = 0; number < 4; number++) await touch();
  await stop(run);
  for (let number = 5; number < 9; number++) await touch();
  await mark(run);
}

/** @param {number} pause */
export async function asleep(pause) {
  await sleep(pause * 1000);
  await mark(workflowInfo().workflowId);
}
