package cel

// Exact decimals: digits and an exponent, rounded half to even to 34 digits where an operation makes more.
// This file has the arithmetic of the General Decimal Arithmetic specification and knows no values of expressions.

import (
	"errors"
	"math/big"
	"strconv"
	"strings"
)

const (
	// precision is that of IEEE 754's decimal128.
	precision   = 34
	maxExponent = 999_999
	lastPlace   = -maxExponent - 33
	maxDigits   = 1000
)

var (
	ten         = big.NewInt(10)
	one         = big.NewInt(1)
	errTooLarge = errors.New("the decimal is too large")
)

// number is a finite decimal: digits * 10^exponent.
type number struct {
	isNegative bool
	digits     *big.Int
	exponent   int
}

func parse(text string) (number, bool) {
	rest := text
	isNegative := strings.HasPrefix(rest, "-")
	if isNegative || strings.HasPrefix(rest, "+") {
		rest = rest[1:]
	}
	mantissa, power := rest, "0"
	if at := strings.IndexAny(rest, "eE"); at >= 0 {
		mantissa, power = rest[:at], rest[at+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := whole + fraction
	bare := strings.TrimPrefix(power, "-")
	if bare == power {
		bare = strings.TrimPrefix(power, "+")
	}
	if !isDigits(all) || len(all) > maxDigits || !isDigits(bare) || len(bare) > 9 {
		return number{}, false
	}
	exponent, err := strconv.Atoi(power)
	digits, ok := new(big.Int).SetString(all, 10)
	if err != nil || !ok {
		return number{}, false
	}
	made := number{isNegative, digits, exponent - len(fraction)}
	if adjusted := made.adjusted(); adjusted > maxExponent || adjusted < -maxExponent {
		return number{}, false
	}
	return made, true
}

func isDigits(text string) bool {
	for _, letter := range []byte(text) {
		if letter < '0' || letter > '9' {
			return false
		}
	}
	return text != ""
}

func (n number) isZero() bool { return n.digits.Sign() == 0 }

// length counts the digits; zero has none.
func (n number) length() int {
	if n.isZero() {
		return 0
	}
	return len(n.digits.String())
}

// adjusted is the exponent of the first digit.
func (n number) adjusted() int { return n.exponent + max(n.length(), 1) - 1 }

func (n number) sign() int {
	switch {
	case n.isZero():
		return 0
	case n.isNegative:
		return -1
	}
	return 1
}

func power(of int) *big.Int {
	return new(big.Int).Exp(ten, big.NewInt(int64(of)), nil)
}

type rounding int

const (
	halfEven rounding = iota
	halfUp
	ceiling
	floor
	truncate
)

// rounded is the digits without the last `drop`.
func rounded(digits *big.Int, drop int, isNegative bool, how rounding) *big.Int {
	if drop > maxDigits*4 {
		drop = maxDigits * 4 // everything is dropped long before
	}
	unit := power(drop)
	kept, rest := new(big.Int).QuoRem(digits, unit, new(big.Int))
	half := new(big.Int).Lsh(rest, 1).Cmp(unit)
	isUp := false
	switch how {
	case ceiling:
		isUp = !isNegative && rest.Sign() != 0
	case floor:
		isUp = isNegative && rest.Sign() != 0
	case halfUp:
		isUp = half >= 0
	case halfEven:
		isUp = half > 0 || (half == 0 && kept.Bit(0) == 1)
	}
	if isUp {
		kept.Add(kept, one)
	}
	return kept
}

func (n number) toExponent(exponent int, how rounding) number {
	drop := exponent - n.exponent
	switch {
	case drop > 0:
		return number{n.isNegative, rounded(n.digits, drop, n.isNegative, how), exponent}
	case n.isZero():
		return number{n.isNegative, new(big.Int), exponent}
	}
	return number{n.isNegative, new(big.Int).Mul(n.digits, power(-drop)), exponent}
}

// whole is the number without a fraction.
func (n number) whole(how rounding) number {
	if n.exponent >= 0 {
		return n
	}
	return n.toExponent(0, how)
}

// fixed rounds to the precision.
func (n number) fixed() (number, error) {
	drop := max(n.length()-precision, lastPlace-n.exponent, 0)
	if drop > 0 {
		n.digits = rounded(n.digits, drop, n.isNegative, halfEven)
		n.exponent += drop
		if n.length() > precision { // 9.99... became 10.00...
			n.digits = new(big.Int).Quo(n.digits, ten)
			n.exponent++
		}
	}
	if n.isZero() {
		n.exponent = min(max(n.exponent, lastPlace), maxExponent)
	}
	if n.adjusted() > maxExponent {
		return n, errTooLarge
	}
	return n, nil
}

func (n number) add(other number) (number, error) {
	if n.isZero() || other.isZero() {
		return n.plusZero(other)
	}
	left, right := aligned(n, other)
	sum := number{left.isNegative, new(big.Int), left.exponent}
	if left.isNegative == right.isNegative {
		sum.digits.Add(left.digits, right.digits)
		return sum.fixed()
	}
	switch left.digits.Cmp(right.digits) {
	case 0:
		sum.isNegative = false
	case 1:
		sum.digits.Sub(left.digits, right.digits)
	default:
		sum.isNegative = right.isNegative
		sum.digits.Sub(right.digits, left.digits)
	}
	return sum.fixed()
}

// plusZero is a sum of which one side is zero: the other, with the smaller exponent as far as there is room.
func (n number) plusZero(other number) (number, error) {
	exponent := min(n.exponent, other.exponent)
	kept, zero := n, other
	if n.isZero() {
		kept, zero = other, n
	}
	if kept.isZero() {
		return number{kept.isNegative && zero.isNegative, new(big.Int), exponent}.fixed()
	}
	room := precision + 1 - kept.length()
	return kept.toExponent(max(exponent, kept.exponent-max(room, 0)), halfEven).fixed()
}

// aligned gives both the smaller exponent. What lies far below the last digit that counts becomes a one there.
func aligned(left, right number) (number, number) {
	if left.exponent < right.exponent {
		right, left = aligned(right, left)
		return left, right
	}
	last := left.exponent + min(left.length()-precision-2, -1)
	low := right
	if right.adjusted() < last {
		low = number{right.isNegative, one, last}
	}
	places := left.exponent - low.exponent
	high := number{left.isNegative, new(big.Int).Mul(left.digits, power(places)), low.exponent}
	return high, low
}

func (n number) negated() number {
	n.isNegative = !n.isNegative && !n.isZero()
	return n.fixedOrSame()
}

func (n number) abs() number {
	n.isNegative = false
	return n.fixedOrSame()
}

func (n number) fixedOrSame() number {
	if fixed, err := n.fixed(); err == nil {
		return fixed
	}
	return n
}

func (n number) subtract(other number) (number, error) {
	other.isNegative = !other.isNegative
	return n.add(other)
}

func (n number) multiply(other number) (number, error) {
	digits := new(big.Int).Mul(n.digits, other.digits)
	return number{n.isNegative != other.isNegative, digits, n.exponent + other.exponent}.fixed()
}

func (n number) divide(other number) (number, error) {
	if other.isZero() {
		return n, errors.New("division by zero")
	}
	isNegative, ideal := n.isNegative != other.isNegative, n.exponent-other.exponent
	if n.isZero() {
		return number{isNegative, new(big.Int), ideal}.fixed()
	}
	shift := other.length() - n.length() + precision + 1
	dividend, divisor := n.digits, other.digits
	if shift >= 0 {
		dividend = new(big.Int).Mul(dividend, power(shift))
	} else {
		divisor = new(big.Int).Mul(divisor, power(-shift))
	}
	digits, rest := new(big.Int).QuoRem(dividend, divisor, new(big.Int))
	exponent := ideal - shift
	if rest.Sign() != 0 {
		// What is cut off must not look like a half or like nothing.
		if new(big.Int).Rem(digits, big.NewInt(5)).Sign() == 0 {
			digits.Add(digits, one)
		}
		return number{isNegative, digits, exponent}.fixed()
	}
	for exponent < ideal {
		shorter, last := new(big.Int).QuoRem(digits, ten, new(big.Int))
		if last.Sign() != 0 {
			break
		}
		digits = shorter
		exponent++
	}
	return number{isNegative, digits, exponent}.fixed()
}

func (n number) compare(other number) int {
	if n.sign() != other.sign() {
		return max(min(n.sign()-other.sign(), 1), -1)
	}
	if n.isZero() {
		return 0
	}
	order := n.adjusted() - other.adjusted()
	if order == 0 {
		// Equally many digits before the point: few enough after it to line them up.
		low := min(n.exponent, other.exponent)
		order = n.toExponent(low, truncate).digits.Cmp(other.toExponent(low, truncate).digits)
	}
	if n.isNegative {
		order = -order
	}
	return max(min(order, 1), -1)
}

// String writes it as the specification has it: without an exponent where the number is neither large nor tiny.
func (n number) String() string {
	digits, sign := n.digits.String(), ""
	if n.isNegative {
		sign = "-"
	}
	if n.exponent <= 0 && n.adjusted() >= -6 {
		return sign + pointed(digits, -n.exponent)
	}
	point := ""
	if len(digits) > 1 {
		point = "."
	}
	mark := "E+"
	if n.adjusted() < 0 {
		mark = "E"
	}
	return sign + digits[:1] + point + digits[1:] + mark + strconv.Itoa(n.adjusted())
}

// pointed is the digits with so many of them after the point.
func pointed(digits string, places int) string {
	if places == 0 {
		return digits
	}
	if missing := places + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	at := len(digits) - places
	return digits[:at] + "." + digits[at:]
}
