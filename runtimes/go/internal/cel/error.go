// Package cel gives Go the rules of CEL where Go's own operators mean something else.
//
// It knows no syntax: expressions are compiled to Go, and call these functions where they must. A function that has no
// value panics with an [*Error], so that an expression reads like one; [Eval] makes an error of it.
package cel

import (
	"fmt"
	"reflect"
	"strings"
)

// Error says why an expression has no value.
type Error struct{ message string }

func (e *Error) Error() string { return e.message }

// ConductorTypes are the names of the error in policies and in the journal.
func (e *Error) ConductorTypes() []string { return []string{"conductor.ExpressionError"} }

// newError makes an error of an expression.
func newError(format string, args ...any) *Error {
	return &Error{message: fmt.Sprintf(format, args...)}
}

// Fail ends an expression that has no value.
func Fail(format string, args ...any) { fail(format, args...) }

func fail(format string, args ...any) {
	panic(newError(format, args...))
}

// Eval gives the value of an expression, or why it has none.
func Eval[T any](expression func() T) (value T, err error) {
	defer func() {
		if failure := recovered(recover()); failure != nil {
			err = failure
		}
	}()
	return expression(), nil
}

// recovered tells an expression's error from a panic that is none of this package's business.
func recovered(cause any) *Error {
	if cause == nil {
		return nil
	}
	failure, ok := cause.(*Error)
	if !ok {
		panic(cause)
	}
	return failure
}

func attempt[T any](expression func() T) (value T, failure *Error) {
	defer func() { failure = recovered(recover()) }()
	return expression(), nil
}

// And is `&&`: false if either side is, whatever the other does.
func And(left, right func() any) bool { return decided(false, left, right) }

// Or is `||`: true if either side is, whatever the other does.
func Or(left, right func() any) bool { return decided(true, left, right) }

func decided(by bool, sides ...func() any) bool {
	var first *Error
	for _, side := range sides {
		value, failure := attempt(func() bool { return Condition(side()) })
		if failure == nil && value == by {
			return by
		}
		if first == nil {
			first = failure
		}
	}
	if first != nil {
		panic(first)
	}
	return !by
}

// Condition is a condition whose type is known only now.
func Condition(of any) bool {
	value, ok := plain(of).(bool)
	if !ok {
		noOverload("condition", of)
	}
	return value
}

// Not is `!` of a value whose type is known only now.
func Not(of any) bool {
	value, ok := plain(of).(bool)
	if !ok {
		noOverload("!", of)
	}
	return !value
}

// Present gives a value that is known not to be null here.
func Present[T any](value *T) T {
	if value == nil {
		fail("no value where one is needed: it is null")
	}
	return *value
}

// Narrowed gives a value that is known to be a T here.
func Narrowed[T any](value any) T {
	if narrowed, ok := value.(T); ok {
		return narrowed
	}
	if narrowed, ok := plain(value).(T); ok {
		return narrowed
	}
	fail("expected %s, got %s", reflect.TypeFor[T](), name(value))
	panic("unreachable")
}

// noOverload fails for operands to which an operation does not apply.
func noOverload(operation string, operands ...any) {
	names := make([]string, len(operands))
	for i, operand := range operands {
		names[i] = name(operand)
	}
	fail("no such overload: %s of %s", operation, strings.Join(names, ", "))
}
