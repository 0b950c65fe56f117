package cel

// CEL's operators and functions on decimals, which are text to Go.
// This file knows no arithmetic of its own.

import (
	"math"
	"math/big"
	"strconv"
)

// ParseDecimal spells a decimal as every language does, and says whether it is one.
func ParseDecimal(text string) (Decimal, bool) {
	made, ok := parse(text)
	if !ok {
		return "", false
	}
	return Decimal(made.String()), true
}

func numberOf[D ~string](of D) number {
	made, ok := parse(string(of))
	if !ok {
		fail("decimal: %q is not a number", string(of))
	}
	return made
}

func inDecimal[D ~string](left, right D, operation func(number, number) (number, error)) D {
	result, err := operation(numberOf(left), numberOf(right))
	if err != nil {
		fail("decimal: %s", err)
	}
	if adjusted := result.adjusted(); adjusted < -maxExponent {
		fail("decimal: the number is too small")
	}
	return D(result.String())
}

// AddDecimal is `+`.
func AddDecimal[D ~string](left, right D) D { return inDecimal(left, right, number.add) }

// SubtractDecimal is `-`.
func SubtractDecimal[D ~string](left, right D) D { return inDecimal(left, right, number.subtract) }

// MultiplyDecimal is `*`.
func MultiplyDecimal[D ~string](left, right D) D { return inDecimal(left, right, number.multiply) }

// DivideDecimal is `/`.
func DivideDecimal[D ~string](left, right D) D { return inDecimal(left, right, number.divide) }

// NegateDecimal is `-`.
func NegateDecimal[D ~string](of D) D { return D(numberOf(of).negated().String()) }

// CompareDecimal gives -1, 0 or 1: `0.10` and `0.1` are equal.
func CompareDecimal[D ~string](left, right D) int { return numberOf(left).compare(numberOf(right)) }

// ToDecimal is `decimal(of)`.
func ToDecimal(of any) string {
	of = plain(of)
	switch known := of.(type) {
	case Decimal:
		return numberOf(known).String()
	case int64:
		return strconv.FormatInt(known, 10)
	case string:
		return numberOf(known).String()
	case float64:
		if math.IsNaN(known) || math.IsInf(known, 0) {
			fail("decimal: the number is not finite")
		}
		return numberOf(shortest(known)).String()
	}
	noOverload("decimal", of)
	return ""
}

// shortest spells a float as Python's repr and Rust's Debug do, so that `1.0` keeps its zero.
func shortest(of float64) string {
	scientific := strconv.FormatFloat(of, 'e', -1, 64)
	exponent, _ := strconv.Atoi(scientific[len(scientific)-exponentLength(scientific):])
	if exponent < -4 || exponent >= 16 {
		return scientific
	}
	text := strconv.FormatFloat(of, 'f', -1, 64)
	for _, letter := range text {
		if letter == '.' {
			return text
		}
	}
	return text + ".0"
}

func exponentLength(scientific string) int {
	for at := len(scientific) - 1; at >= 0; at-- {
		if scientific[at] == 'e' {
			return len(scientific) - at - 1
		}
	}
	return 0
}

// decimalToFloat is the nearest float.
func decimalToFloat(of Decimal) float64 {
	number, err := strconv.ParseFloat(numberOf(of).String(), 64)
	if err != nil {
		fail("double: the number is too large")
	}
	return number
}

// decimalToInt cuts off after the point.
func decimalToInt(of Decimal) int64 {
	whole := numberOf(of).whole(truncate)
	if whole.isZero() {
		return 0
	}
	if whole.adjusted() > 20 {
		overflow()
	}
	value := new(big.Int).Mul(whole.digits, power(whole.exponent))
	if whole.isNegative {
		value.Neg(value)
	}
	if !value.IsInt64() {
		overflow()
	}
	return value.Int64()
}

// decimalPlaces is the number with so many digits after the point; none where it is too large or too small.
func decimalPlaces(of Decimal, places int) (string, bool) {
	value := numberOf(of)
	if adjusted := value.adjusted(); adjusted > 2000 || adjusted < -2000 {
		return "", false
	}
	fixed := value.toExponent(-places, halfEven)
	text := pointed(fixed.digits.String(), places)
	if fixed.isNegative {
		return "-" + text, true
	}
	return text, true
}
