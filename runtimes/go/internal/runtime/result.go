package runtime

// How a step ends: its result, its fallback, and what its readers get.
// This file knows no attempts.

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"conductor.invalid/internal/cel"
)

// Succeed records the result. One that is not of its type fails the step.
func Succeed[T any](step *Step, result T, encode func(*cel.Encoder, T) any) {
	output, err := cel.Encode(result, encode)
	if err != nil {
		step.Fail(err)
		return
	}
	step.SucceedRaw(output)
}

// SucceedNull records that there is no result.
func (s *Step) SucceedNull() { s.SucceedRaw(nil) }

// SucceedRaw records a result that is encoded already.
func (s *Step) SucceedRaw(output any) {
	if s.past.outcome != none || s.stop != nil {
		return
	}
	isOwn := s.past.exhausted == nil
	if isOwn && s.options.Cache != nil {
		s.options.Cache.put(s.options.CacheKey, output)
	}
	s.succeed(output, isOwn)
}

// succeed records a result. `isOwn`: from an attempt, not from a cache or a fallback.
func (s *Step) succeed(output any, isOwn bool) {
	text := cel.JSON(output)
	if limit := s.run.valueLimit(); len(text) > limit {
		s.fail(cel.NewResultError("the result has %d bytes as JSON, the limit is %d", len(text), limit))
		return
	}
	result := output
	if !isOwn {
		result = nil
	}
	undo := s.undoing(isOwn || s.past.unknown, result)
	s.past.outcome, s.past.output = succeeded, output
	entry := append([]byte(`{"step_succeeded":{"key":`), cel.JSON(s.key)...)
	entry = append(entry, `,"attempt":`...)
	entry = strconv.AppendInt(entry, int64(s.past.attempt), 10)
	entry = append(entry, `,"output":`...)
	entry = append(entry, text...)
	if undo != nil {
		entry = append(entry, `,"undo":`...)
		entry = cel.AppendJSON(entry, undo.args)
	}
	entry = append(entry, `,"at":`...)
	entry = strconv.AppendInt(entry, nowMillis(), 10)
	entry = append(entry, "}}"...)
	if s.options.Child {
		undo = &undoing{key: s.key, isChild: true}
	}
	s.run.recordEntry(entry, undo)
	s.goOn()
}

// FallBack takes the result of another task, or its failure, for the step's own.
func (s *Step) FallBack(output any, err error) {
	switch {
	case err == nil:
		s.SucceedRaw(output)
	case IsFailure(err):
		s.fail(failureOf(err).Err)
	default:
		if stop, ok := err.(*cancelled); ok {
			s.cancel(stop)
			return
		}
		s.stopBy(err)
	}
}

// Err is what the step came to, where nobody reads its result.
func (s *Step) Err() error {
	if s.stop != nil {
		return s.stop
	}
	switch s.past.outcome {
	case failed:
		err := s.failure
		if err == nil {
			err = recordedError(s.past.err)
		}
		return &StepError{s.key, s.past.attempt, err}
	case wasCancelled:
		return &cancelled{errDecided}
	case tolerated, skipped:
		s.run.Nothing(strings.TrimPrefix(s.key, s.run.prefix))
	case none:
		return &StepError{s.key, s.past.attempt, fmt.Errorf("the step %s has not ended", s.key)}
	}
	return nil
}

// RawOutput is the result as JSON; nil where the failure is tolerated.
func (s *Step) RawOutput() (any, error) {
	if err := s.Err(); err != nil {
		return nil, err
	}
	if s.past.outcome != succeeded {
		return nil, nil
	}
	return s.past.output, nil
}

// Output is the result, decoded from what is recorded; the zero value where the failure is tolerated.
func Output[T any](step *Step, decode func(*cel.Decoder, any) T) (T, error) {
	var zero T
	output, err := step.RawOutput()
	if err != nil || step.past.outcome != succeeded {
		return zero, err
	}
	value, err := cel.Decode(output, decode)
	if err != nil {
		return zero, &StepError{step.key, step.past.attempt, err}
	}
	return value, nil
}

// Attempt makes the call, and gives its result or its failure.
func Attempt[T any](ctx context.Context, step *Step, call func(context.Context) (T, error)) (T, error) {
	result, err := step.perform(ctx, func(ctx context.Context) (any, error) { return call(ctx) })
	value, _ := result.(T)
	return value, err
}

// AttemptNull makes the call of a function without a result.
func AttemptNull(ctx context.Context, step *Step, call func(context.Context) error) error {
	_, err := step.perform(ctx, func(ctx context.Context) (any, error) { return nil, call(ctx) })
	return err
}
