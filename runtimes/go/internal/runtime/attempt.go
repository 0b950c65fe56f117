package runtime

// An attempt of a durable step: one call, or a hedge of calls.
// This file does not know whether another attempt follows.

import (
	"context"
	"errors"
	"time"
)

// perform makes the attempt that NextAttempt has begun.
func (s *Step) perform(ctx context.Context, call func(context.Context) (any, error)) (any, error) {
	if s.refusal != nil {
		return nil, s.refusal
	}
	info := StepInfo{s.run.workflow.Name, s.run.id, s.key, s.past.attempt}
	ctx = stepContext{WithTraceParent(ctx, s.run.traceOf(s.key, s.past.attempt)), info}
	var end attemptEnd
	if s.options.Hedge.Max > 0 {
		end = s.hedged(ctx, call)
	} else {
		end = s.once(ctx, call, s.taken, s.task)
	}
	s.past.unknown = s.past.unknown || end.unknown
	if end.doubt != nil {
		s.report(&cancelled{errDecided})
		s.doubt(end.doubt)
		return nil, s.stop
	}
	if end.stop != nil {
		s.report(end.stop)
		s.cancel(end.stop)
		return nil, s.stop
	}
	s.report(end.err)
	return end.value, end.err
}

// attemptEnd is what one attempt, or one call of it, came to.
type attemptEnd struct {
	value   any
	err     error
	unknown bool       // a write that may have happened all the same
	doubt   error      // a person must say whether it happened
	stop    *cancelled // the step is cancelled
}

// once makes one call.
func (s *Step) once(ctx context.Context, call func(context.Context) (any, error), takens ...*taken) attemptEnd {
	limit, over := s.limit()
	w := startWork(ctx, limit, call, takens...)
	if s.options.Hedge.Max > 0 && s.isWrite() {
		s.run.outwait(w) // another call may win; the run does not end before this one does
	}
	select {
	case <-w.done:
	case <-w.ctx.Done():
	case <-ctx.Done():
	}
	switch {
	case w.hasEnded() && w.ctx.Err() != nil && errors.Is(w.err, context.DeadlineExceeded) && isOver(w):
		// It stopped because its time was over, in the same moment.
		w.asked = true
		return s.timedOut(w, over)
	case w.hasEnded():
		return s.ended(w)
	case ctx.Err() != nil:
		return s.cancelledIn(ctx, w)
	}
	return s.timedOut(w, over)
}

// isOver says whether the call's own limit has passed.
func isOver(w *work) bool {
	return !w.overAt.IsZero() && !time.Now().Before(w.overAt)
}

// limit is what is left of the time of a call, and the error when it is over.
func (s *Step) limit() (time.Duration, error) {
	limit := s.options.Timeout
	if policy := s.options.Policy; policy != nil {
		limit = policy.Timeout()
	}
	if s.past.deadlineAt == 0 {
		return limit, overTime(limit)
	}
	left := max(time.Until(time.UnixMilli(s.past.deadlineAt)), time.Nanosecond)
	if limit == 0 || left < limit {
		return left, overDeadline(s.options.Deadline)
	}
	return limit, overTime(limit)
}

// hedged makes further calls beside one that takes long; the first success counts. It fails when all calls have.
func (s *Step) hedged(ctx context.Context, call func(context.Context) (any, error)) attemptEnd {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(errDecided)
	most := s.options.Hedge.Max + 1
	ends := make(chan attemptEnd, most)
	begin := func(number int) {
		go func() {
			takens := []*taken{s.taken}
			if number > 0 {
				further := &taken{}
				waiting, done := s.withinDeadline(inner)
				err := takeAll(waiting, further, s.run.session, s.options.Uses)
				done()
				if err != nil {
					ends <- s.notBegun(inner, err)
					return
				}
				takens = []*taken{further}
			}
			ends <- s.once(inner, call, takens...)
		}()
	}
	defer s.task.giveBack()
	return gathered(inner, s.options.Hedge, ends, begin)
}

// notBegun is a further call that did not get what it needs.
func (s *Step) notBegun(ctx context.Context, err error) attemptEnd {
	if stop := stopped(ctx); stop != nil {
		return attemptEnd{stop: stop}
	}
	if errors.Is(err, errOver) {
		return attemptEnd{err: overDeadline(s.options.Deadline)}
	}
	return attemptEnd{err: err}
}

// gathered begins calls and waits for them: the first success counts, else the last end.
func gathered(ctx context.Context, hedge Hedge, ends <-chan attemptEnd, begin func(number int)) attemptEnd {
	begin(0)
	started, running := 1, 1
	timer := time.NewTimer(hedge.After)
	defer timer.Stop()
	var last *attemptEnd
	unknown := false
	for {
		select {
		case end := <-ends:
			if end.err == nil && end.stop == nil && end.doubt == nil {
				return end
			}
			running--
			unknown = unknown || end.unknown
			last = &end
			if running == 0 {
				last.unknown = unknown
				return *last
			}
		case <-timer.C:
			if started <= hedge.Max && last == nil && ctx.Err() == nil {
				begin(started)
				started++
				running++
				timer.Reset(hedge.After)
			}
		}
	}
}
