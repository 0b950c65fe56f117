package cel

// Arithmetic of ints and floats: 64 bits, checked.
// This file knows no decimals.

import (
	"math"
	"math/bits"
)

// Integer is any integer of Go.
type Integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

// Float is any float of Go.
type Float interface{ ~float32 | ~float64 }

// An int of Go has 64 bits wherever generated code runs: elsewhere this does not compile.
const _ = int(math.MaxInt64)

// FromInt is an int of CEL from an integer of Go.
func FromInt[N Integer](of N) int64 {
	if of > 0 && uint64(of) > math.MaxInt64 {
		overflow()
	}
	return int64(of)
}

// ToInt is an integer of Go from an int of CEL.
func ToInt[N Integer](of int64) N {
	number, ok := narrow[N](of)
	if !ok {
		fail("%d does not fit %T", of, number)
	}
	return number
}

func narrow[N Integer](of int64) (N, bool) {
	number := N(of)
	return number, int64(number) == of && (number < 0) == (of < 0)
}

// ToFloat is a float of Go from a float of CEL.
func ToFloat[N Float](of float64) N {
	number := N(of)
	if math.IsInf(float64(number), 0) && !math.IsInf(of, 0) {
		fail("%g does not fit %T", of, number)
	}
	return number
}

func overflow() {
	fail("integer overflow")
}

// AddInt is `+`.
func AddInt(left, right int64) int64 {
	sum := left + right
	if (sum > left) != (right > 0) && right != 0 {
		overflow()
	}
	return sum
}

// SubtractInt is `-`.
func SubtractInt(left, right int64) int64 {
	difference := left - right
	if (difference < left) != (right > 0) && right != 0 {
		overflow()
	}
	return difference
}

// MultiplyInt is `*`.
func MultiplyInt(left, right int64) int64 {
	high, low := bits.Mul64(magnitude(left), magnitude(right))
	isNegative := (left < 0) != (right < 0)
	limit := uint64(math.MaxInt64)
	if isNegative {
		limit++
	}
	if high != 0 || low > limit {
		overflow()
	}
	if isNegative {
		return int64(-low)
	}
	return int64(low)
}

func magnitude(of int64) uint64 {
	if of < 0 {
		return -uint64(of)
	}
	return uint64(of)
}

// DivideInt is `/`, which rounds toward zero.
func DivideInt(left, right int64) int64 {
	if right == 0 {
		fail("division by zero")
	}
	if left == math.MinInt64 && right == -1 {
		overflow()
	}
	return left / right
}

// ModuloInt is `%`, which has the sign of the dividend.
func ModuloInt(left, right int64) int64 {
	if right == 0 {
		fail("modulus by zero")
	}
	if left == math.MinInt64 && right == -1 {
		overflow()
	}
	return left % right
}

// NegateInt is `-`.
func NegateInt(of int64) int64 {
	if of == math.MinInt64 {
		overflow()
	}
	return -of
}

// AddFloat is `+`. Each float operation is rounded by itself: Go may else fuse several into one.
func AddFloat(left, right float64) float64 { return left + right }

// SubtractFloat is `-`.
func SubtractFloat(left, right float64) float64 { return left - right }

// MultiplyFloat is `*`.
func MultiplyFloat(left, right float64) float64 { return float64(left * right) }

// DivideFloat is `/`, also by zero, where Go refuses a constant.
func DivideFloat(left, right float64) float64 { return left / right }
