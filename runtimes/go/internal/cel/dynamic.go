package cel

// Arithmetic on values whose types are known only when it runs.
// This file knows no rules of its own: it finds out which operation of the others is meant.

import "time"

type operation struct {
	name     string
	ints     func(left, right int64) int64
	floats   func(left, right float64) float64
	decimals func(left, right Decimal) Decimal
}

var (
	addition       = operation{"add", AddInt, AddFloat, AddDecimal[Decimal]}
	subtraction    = operation{"subtract", SubtractInt, SubtractFloat, SubtractDecimal[Decimal]}
	multiplication = operation{"multiply", MultiplyInt, MultiplyFloat, MultiplyDecimal[Decimal]}
	division       = operation{"divide", DivideInt, DivideFloat, DivideDecimal[Decimal]}
	remainder      = operation{"modulo", ModuloInt, nil, nil}
)

func (o operation) of(left, right any) (any, bool) {
	switch one := left.(type) {
	case int64:
		if other, ok := right.(int64); ok {
			return o.ints(one, other), true
		}
	case float64:
		if other, ok := right.(float64); ok && o.floats != nil {
			return o.floats(one, other), true
		}
	case Decimal:
		if other, ok := right.(Decimal); ok && o.decimals != nil {
			return o.decimals(one, other), true
		}
	}
	return nil, false
}

func (o operation) must(left, right any) any {
	left, right = plain(left), plain(right)
	value, ok := o.of(left, right)
	if !ok {
		noOverload(o.name, left, right)
	}
	return value
}

// Add is `+`.
func Add(left, right any) any {
	left, right = plain(left), plain(right)
	if value, ok := addition.of(left, right); ok {
		return value
	}
	switch one := left.(type) {
	case string:
		if other, ok := right.(string); ok {
			return one + other
		}
	case []byte:
		if other, ok := right.([]byte); ok {
			return Concat(one, other)
		}
	}
	if one, ok := elementsOf(left); ok {
		if other, ok := elementsOf(right); ok {
			return Concat(one, other)
		}
	}
	return addTimes(left, right)
}

func addTimes(left, right any) any {
	if by, ok := left.(time.Duration); ok {
		if other, ok := right.(time.Duration); ok {
			return AddDuration(by, other)
		}
		left, right = right, left
	}
	if by, ok := right.(time.Duration); ok {
		switch at := left.(type) {
		case time.Time:
			return AddTimestamp(at, by)
		case Date:
			return AddDate(at, by)
		}
	}
	noOverload("add", left, right)
	return nil
}

// Subtract is `-`.
func Subtract(left, right any) any {
	left, right = plain(left), plain(right)
	if value, ok := subtraction.of(left, right); ok {
		return value
	}
	switch one := left.(type) {
	case time.Duration:
		if other, ok := right.(time.Duration); ok {
			return SubtractDuration(one, other)
		}
	case time.Time:
		switch other := right.(type) {
		case time.Duration:
			return SubtractTimestamp(one, other)
		case time.Time:
			return SinceTimestamp(one, other)
		}
	case Date:
		switch other := right.(type) {
		case time.Duration:
			return SubtractDate(one, other)
		case Date:
			return SinceDate(one, other)
		}
	}
	noOverload("subtract", left, right)
	return nil
}

// Multiply is `*`.
func Multiply(left, right any) any { return multiplication.must(left, right) }

// Divide is `/`.
func Divide(left, right any) any { return division.must(left, right) }

// Modulo is `%`.
func Modulo(left, right any) any { return remainder.must(left, right) }

// Negate is `-`.
func Negate(of any) any {
	switch known := plain(of).(type) {
	case int64:
		return NegateInt(known)
	case float64:
		return -known
	case Decimal:
		return NegateDecimal(known)
	}
	noOverload("-", of)
	return nil
}
