package runtime

// Compensation: undoing what a run did, in the reverse order of recorded completion.
// This file does not know why. Neither a cancellation nor a deadline reaches it; when an undoing fails for good, the run
// waits for a person.

import (
	"context"
	"fmt"
)

// undoAll undoes everything. It gives the pause where that cannot be done.
func (r *Run) undoAll(ctx context.Context) *halt {
	r.history.lock.Lock()
	list := append([]undoing(nil), r.history.undo...)
	r.history.lock.Unlock()
	return r.undoList(ctx, list, r.workflow)
}

// undoList undoes what a run of the workflow did, which is this one or one that it awaited.
func (r *Run) undoList(ctx context.Context, list []undoing, workflow *Workflow) *halt {
	for i := len(list) - 1; i >= 0; i-- {
		each := list[i]
		if r.history.past(r.prefix+each.key+".compensate").outcome == succeeded {
			continue // perhaps by hand
		}
		var pause *halt
		if each.inside != nil {
			pause = r.undoInside(ctx, each)
		} else if inside, ok := each.args.([]any); ok {
			pause = r.undoList(ctx, insideOf(inside), workflow)
		} else if each.isChild {
			pause = r.undoChild(ctx, each.key, workflow.Children[pathOf(each.key)])
		} else {
			pause = r.undoStep(ctx, each, workflow.Undo[pathOf(each.key)])
		}
		if pause != nil {
			return pause
		}
	}
	return nil
}

// insideOf are the steps of an atomic block.
func insideOf(pairs []any) []undoing {
	var list []undoing
	for _, each := range pairs {
		if pair, ok := each.([]any); ok && len(pair) == 2 {
			key, _ := pair[0].(string)
			list = append(list, undoing{key: key, args: pair[1]})
		}
	}
	return list
}

func (r *Run) undoStep(ctx context.Context, each undoing, undo Undo) *halt {
	key := r.prefix + each.key + ".compensate"
	if args, ok := each.args.(map[string]any); ok {
		if form, isBroken := args[""].(map[string]any); isBroken {
			return &halt{recordedError(form).Error(), key} // the arguments had no value
		}
	}
	if undo == nil {
		return &halt{fmt.Sprintf("this build has no compensation of %s", each.key), key}
	}
	switch err := undo(ctx, r, each.key, each.args).(type) {
	case nil:
		return nil
	case *halt:
		return err
	case *cancelled:
		return &halt{"the compensation was interrupted", key}
	default:
		failure := failureOf(err)
		return &halt{fmt.Sprintf("what %s did could not be undone: %s", each.key, textOf(failure.Err)), key}
	}
}

// undoInside undoes a workflow without a journal as a whole, in its own reverse order.
func (r *Run) undoInside(ctx context.Context, each undoing) *halt {
	for i := len(each.inside) - 1; i >= 0; i-- {
		if err := each.inside[i].undo(ctx); err != nil {
			what := fmt.Sprintf("what %s did could not be undone: %s", each.inside[i].key, textOf(causeOf(err)))
			return &halt{what, r.prefix + each.key + ".compensate"}
		}
	}
	return nil
}

// undoChild undoes a run that this one awaited, as a whole, in its own reverse order.
func (r *Run) undoChild(ctx context.Context, key string, workflow *Workflow) *halt {
	if workflow == nil {
		return &halt{fmt.Sprintf("this build does not know the workflow of %s", key), key}
	}
	inside := *r
	inside.prefix = r.prefix + key + "/"
	inside.blocks = blocks{&inside}
	past := newHistory()
	past.children = workflow.Children
	if r.prefix == "" {
		inside.undone = r.keyOf(key)
	} else {
		inside.undone = r.undone + "/" + key // a child has one generation
	}
	if err := readInto(ctx, r.session, inside.undone, nil, past); err != nil {
		return &halt{fmt.Sprintf("what %s did cannot be read: %s", key, err), key}
	}
	return inside.undoList(ctx, past.undo, workflow)
}
