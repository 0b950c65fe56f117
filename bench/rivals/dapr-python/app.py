import os
from datetime import timedelta

from dapr.ext.workflow import DaprWorkflowContext, RetryPolicy, WorkflowActivityContext, WorkflowRuntime, when_all

from driver import gate, note

# As many activities may stand at the gate as workflows are left open.
runtime = WorkflowRuntime(maximum_concurrent_activity_work_items=1100)


@runtime.activity
async def touch(_: WorkflowActivityContext) -> int:
    return 1


failed: set[str] = set()


@runtime.activity
async def charge(_: WorkflowActivityContext, run: str) -> int:
    if run not in failed:
        failed.add(run)
        raise ConnectionError("try again")
    return 1


@runtime.activity
async def stop(_: WorkflowActivityContext, run: str) -> None:
    await gate(run)


@runtime.activity
async def mark(_: WorkflowActivityContext, run: str) -> None:
    note("mark", run)


@runtime.workflow
def ten_steps(ctx: DaprWorkflowContext):
    for _ in range(10):
        yield ctx.call_activity(touch)


@runtime.workflow
def parallel(ctx: DaprWorkflowContext):
    yield when_all([ctx.call_activity(touch) for _ in range(10)])


@runtime.workflow
def order(ctx: DaprWorkflowContext):
    again = RetryPolicy(first_retry_interval=timedelta(milliseconds=1), max_number_of_attempts=4)
    yield ctx.call_activity(touch)
    yield ctx.call_activity(charge, input=ctx.instance_id, retry_policy=again)
    yield ctx.call_activity(touch)


@runtime.workflow
def fan_out(ctx: DaprWorkflowContext):
    for _ in range(0, 1000, 50):
        yield when_all([ctx.call_activity(touch) for _ in range(50)])


@runtime.workflow
def held(ctx: DaprWorkflowContext):
    for _ in range(4):
        yield ctx.call_activity(touch)
    yield ctx.call_activity(stop, input=ctx.instance_id)
    for _ in range(4):
        yield ctx.call_activity(touch)
    yield ctx.call_activity(mark, input=ctx.instance_id)


@runtime.workflow
def asleep(ctx: DaprWorkflowContext, pause: float):
    yield ctx.create_timer(timedelta(seconds=pause))
    yield ctx.call_activity(mark, input=ctx.instance_id)


PAUSE = float(os.environ.get("PAUSE", "0"))
