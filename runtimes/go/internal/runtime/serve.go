package runtime

// Takes runs that the sidecar hands out, and calls of functions by workflows of other languages.
// This file knows nothing of how a run is executed.

import (
	"context"
	"strings"
	"sync/atomic"
)

// atATime is how many handed-out runs one process holds.
const atATime = 256

// Serve serves until the context is done; then it lets what has begun settle, and gives the runs back.
func Serve(ctx context.Context, workflows []*Workflow, tasks []Task) error {
	if err := mayConnect("serve", ""); err != nil {
		return err
	}
	byName := map[string]*Workflow{}
	names := make([]string, 0, len(workflows))
	for _, each := range workflows {
		byName[each.Name] = each
		names = append(names, each.Name)
	}
	options := sessionOptions{workflows: workflows, tasks: tasks}
	if len(workflows) > 0 {
		options.serve = atATime
	}
	var isOpen atomic.Bool
	isOpen.Store(true)
	var session *session
	options.dispatched = func(params map[string]any) {
		name, _ := params["workflow"].(string)
		run, _ := params["run"].(string)
		workflow := byName[name]
		if workflow == nil || !isOpen.Load() {
			session.notify("run.release", map[string]any{"run": run, "epoch": params["epoch"]})
			return
		}
		execute(ctx, session, workflow, run, params, nil, true)
	}
	session = newSession(options)
	reason, err := session.open(ctx)
	if err == nil && reason != "" {
		err = unavailable("serve", "", reason)
	}
	if err != nil {
		session.close()
		return err
	}
	logger().Info("serving", "workflows", strings.Join(names, ", "), "tasks", len(tasks))
	<-ctx.Done()
	isOpen.Store(false)
	session.cancelCalls()
	err = session.drain(context.WithoutCancel(ctx))
	session.close()
	return err
}
