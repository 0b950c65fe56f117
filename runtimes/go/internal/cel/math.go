package cel

// Functions on numbers.
// This file knows no arithmetic.

import "math"

// Ordered are the numbers that Go's own operators compare as CEL does.
type Ordered interface{ ~int64 | ~float64 }

// GreatestOf is the largest of at least one number.
func GreatestOf[N Ordered](of ...N) N {
	return extreme("greatest", of, func(one, other N) bool { return one > other })
}

// LeastOf is the smallest of at least one number.
func LeastOf[N Ordered](of ...N) N {
	return extreme("least", of, func(one, other N) bool { return one < other })
}

// GreatestDecimal is the largest of at least one decimal.
func GreatestDecimal[D ~string](of ...D) D {
	return extreme("greatest", of, func(one, other D) bool { return CompareDecimal(one, other) > 0 })
}

// LeastDecimal is the smallest of at least one decimal.
func LeastDecimal[D ~string](of ...D) D {
	return extreme("least", of, func(one, other D) bool { return CompareDecimal(one, other) < 0 })
}

// Greatest is the largest of a list of numbers.
func Greatest(of any) any {
	return extreme("greatest", numeric("greatest", of), Greater)
}

// Least is the smallest of a list of numbers.
func Least(of any) any {
	return extreme("least", numeric("least", of), Less)
}

func numeric(function string, of any) []any {
	elements, ok := elementsOf(plain(of))
	if !ok {
		noOverload(function, of)
	}
	numbers := make([]any, len(elements))
	for i, each := range elements {
		numbers[i] = plain(each)
		switch numbers[i].(type) {
		case int64, float64, Decimal:
		default:
			noOverload(function, each)
		}
	}
	return numbers
}

func extreme[N any](function string, of []N, isBetter func(one, other N) bool) N {
	if len(of) == 0 {
		fail("%s needs at least one number", function)
	}
	best := of[0]
	for _, each := range of[1:] {
		if isBetter(each, best) {
			best = each
		}
	}
	return best
}

// AbsInt is `math.abs`.
func AbsInt(of int64) int64 {
	if of < 0 {
		return NegateInt(of)
	}
	return of
}

// AbsDecimal is `math.abs`.
func AbsDecimal[D ~string](of D) D { return D(numberOf(of).abs().String()) }

// SignInt is -1, 0 or 1.
func SignInt(of int64) int64 {
	switch {
	case of < 0:
		return -1
	case of > 0:
		return 1
	}
	return 0
}

// SignFloat is -1, 1, or the number itself where it is zero or none.
func SignFloat(of float64) float64 {
	if of == 0 || math.IsNaN(of) {
		return of
	}
	return math.Copysign(1, of)
}

// SignDecimal is -1, 0 or 1.
func SignDecimal[D ~string](of D) D {
	return D([]string{"-1", "0", "1"}[numberOf(of).sign()+1])
}

// CeilDecimal is the next whole number above.
func CeilDecimal[D ~string](of D) D { return whole(of, ceiling) }

// FloorDecimal is the next whole number below.
func FloorDecimal[D ~string](of D) D { return whole(of, floor) }

// RoundDecimal is the nearest whole number; halves go away from zero.
func RoundDecimal[D ~string](of D) D { return whole(of, halfUp) }

// TruncDecimal cuts off after the point.
func TruncDecimal[D ~string](of D) D { return whole(of, truncate) }

func whole[D ~string](of D, how rounding) D { return D(numberOf(of).whole(how).String()) }

// Sqrt is the root of a float or an int.
func Sqrt(of any) any {
	root, ok := float(plain(of))
	if !ok {
		noOverload("sqrt", of)
	}
	return math.Sqrt(root)
}

// IsNaN says whether the float is none.
func IsNaN(of float64) bool { return math.IsNaN(of) }

// IsInf says whether the float is infinite.
func IsInf(of float64) bool { return math.IsInf(of, 0) }

// IsFinite says whether the float is a number.
func IsFinite(of float64) bool { return !math.IsNaN(of) && !math.IsInf(of, 0) }

// BitAnd is `math.bitAnd`.
func BitAnd(left, right int64) int64 { return left & right }

// BitOr is `math.bitOr`.
func BitOr(left, right int64) int64 { return left | right }

// BitXor is `math.bitXor`.
func BitXor(left, right int64) int64 { return left ^ right }

// BitNot is `math.bitNot`.
func BitNot(of int64) int64 { return ^of }

// ShiftLeft loses the bits that leave.
func ShiftLeft(of, by int64) int64 { return int64(uint64(of) << places(by)) }

// ShiftRight lets zeros come in, for negative numbers too.
func ShiftRight(of, by int64) int64 { return int64(uint64(of) >> places(by)) }

func places(by int64) uint64 {
	if by < 0 {
		fail("a shift by %d bits is not possible", by)
	}
	return uint64(min(by, 64))
}

// Abs is `math.abs` of a number whose type is known only now.
func Abs(of any) any {
	return byKind("abs", of, AbsInt, math.Abs, AbsDecimal[Decimal])
}

// Sign is `math.sign` of a number whose type is known only now.
func Sign(of any) any {
	return byKind("sign", of, SignInt, SignFloat, SignDecimal[Decimal])
}

// Ceil is `math.ceil` of a number whose type is known only now.
func Ceil(of any) any { return byKind("ceil", of, nil, math.Ceil, CeilDecimal[Decimal]) }

// Floor is `math.floor` of a number whose type is known only now.
func Floor(of any) any { return byKind("floor", of, nil, math.Floor, FloorDecimal[Decimal]) }

// Round is `math.round` of a number whose type is known only now.
func Round(of any) any { return byKind("round", of, nil, math.Round, RoundDecimal[Decimal]) }

// Trunc is `math.trunc` of a number whose type is known only now.
func Trunc(of any) any { return byKind("trunc", of, nil, math.Trunc, TruncDecimal[Decimal]) }

func byKind(function string, of any, ints func(int64) int64, floats func(float64) float64, decimals func(Decimal) Decimal) any {
	switch known := plain(of).(type) {
	case int64:
		if ints != nil {
			return ints(known)
		}
	case float64:
		return floats(known)
	case Decimal:
		return decimals(known)
	}
	noOverload(function, of)
	return nil
}
