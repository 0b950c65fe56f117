package runtime

// Which errors are tried again, and how long a workflow waits before it does.
// This file knows neither clocks nor journals: errors and numbers in, a decision out.

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"conductor.invalid/internal/cel"
)

// On says which errors a policy retries; without patterns all but those that another attempt would only repeat.
type On struct{ Retry, Abort []string }

var refusedByGRPC = []string{
	"INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "UNAUTHENTICATED", "FAILED_PRECONDITION",
	"OUT_OF_RANGE", "UNIMPLEMENTED",
}

// mendedByWaiting are those status codes of HTTP from 400 to 499 that do not say that the call itself is wrong.
var mendedByWaiting = []string{"408", "425", "429"}

// programmingErrors of other languages, by the last part of their names.
var programmingErrors = []string{
	"TypeError", "AttributeError", "NameError", "AssertionError", "NotImplementedError", "SyntaxError", "ImportError", "ReferenceError",
	"RangeError", "EvalError", "Panic",
}

// IsRetryable says whether another attempt may help.
func IsRetryable(err error, on On) bool {
	if isControl(err) || isFinal(err) {
		return false
	}
	names := typeNames(err)
	code, _ := errorCode(err)
	if matchesAny(on.Abort, names, code) {
		return false
	}
	if len(on.Retry) > 0 {
		return matchesAny(on.Retry, names, code)
	}
	var open *CircuitOpen
	if errors.As(err, &open) {
		return false
	}
	for _, name := range names {
		if slices.Contains(programmingErrors, lastPart(name)) {
			return false
		}
	}
	return !isRefused(names, code)
}

// isOfDomain says whether an error is an answer of the one who was called, by what the policy says of it, and no failure of
// his.
func isOfDomain(err error, on On) bool {
	var timeout *TimeoutError
	return !isFinal(err) && !errors.As(err, &timeout) && !IsRetryable(err, on)
}

// isFinal says whether no policy retries an error.
func isFinal(err error) bool {
	var expression *cel.Error
	var result *cel.ResultError
	var unknown *OutcomeUnknown
	var step *StepError
	var missing *MissingVariable
	return errors.As(err, &expression) || errors.As(err, &result) || errors.As(err, &unknown) || errors.As(err, &step) ||
		errors.As(err, &missing) || isDeadlineExceeded(err) || errors.Is(err, ErrCancelled)
}

func matchesAny(patterns, names []string, code string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, names, code) })
}

// matches says whether a pattern means an error: its code, one of its names, or one without the path of its package, or
// without the package.
func matches(pattern string, names []string, code string) bool {
	if code != "" && (pattern == code || isOfClass(pattern, code)) {
		return true
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return name == pattern || lastPart(name) == pattern || name[strings.LastIndexByte(name, '/')+1:] == pattern
	})
}

// isOfClass says whether `5xx` means `503`.
func isOfClass(class, code string) bool {
	isStatus := len(code) == 3 && strings.Trim(code, "0123456789") == ""
	return isStatus && len(class) == 3 && class[0] == code[0] && class[1:] == "xx"
}

func lastPart(name string) string { return name[strings.LastIndexAny(name, "./")+1:] }

// isRefused says whether a service says that the call itself is wrong, so that another attempt would only repeat it.
func isRefused(names []string, code string) bool {
	is := func(wanted string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return lastPart(name) == wanted })
	}
	if is("GrpcError") && slices.Contains(refusedByGRPC, code) {
		return true
	}
	return is("HttpError") && isOfClass("4xx", code) && !slices.Contains(mendedByWaiting, code)
}

// Jitter is how a pause is spread, so that those who wait do not come back all at once.
type Jitter int

// The kinds of jitter: none, anything up to the pause, anything from half of it.
const (
	NoJitter Jitter = iota
	FullJitter
	EqualJitter
)

// Constant is the pause before the next attempt: always the same.
func Constant(initial, most time.Duration, jitter Jitter) time.Duration {
	return spread(min(initial, most), jitter)
}

// Linear is the pause before the next attempt after so many failures, growing by the same step.
func Linear(failures int, initial, most time.Duration, jitter Jitter) time.Duration {
	return spread(atMost(float64(initial)*float64(failures), most), jitter)
}

// Exponential is the pause before the next attempt after so many failures, growing by the same factor.
func Exponential(failures int, initial time.Duration, multiplier float64, most time.Duration, jitter Jitter) time.Duration {
	return spread(atMost(float64(initial)*math.Pow(multiplier, float64(failures-1)), most), jitter)
}

func atMost(pause float64, most time.Duration) time.Duration {
	if !(pause < float64(most)) {
		return most
	}
	return time.Duration(pause)
}

func spread(pause time.Duration, jitter Jitter) time.Duration {
	switch jitter {
	case FullJitter:
		return time.Duration(rand.Int64N(int64(max(pause, 0)) + 1))
	case EqualJitter:
		return pause/2 + time.Duration(rand.Int64N(int64(max(pause, 0)/2)+1))
	}
	return pause
}
