package cel

// Conversions between types: `int(x)`, `string(x)` and their kin.
// This file knows no arithmetic.

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Text is `string(of)`.
func Text(of any) string {
	of = plain(of)
	switch known := of.(type) {
	case string:
		return known
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(known)
	case int64:
		return strconv.FormatInt(known, 10)
	case float64:
		return FloatText(known)
	case Decimal:
		return string(known)
	case []byte:
		if !utf8.Valid(known) {
			fail("string: the bytes are not UTF-8")
		}
		return string(known)
	case time.Duration:
		return DurationText(known)
	case time.Time:
		return momentText(known)
	case Date:
		return known.String()
	}
	noOverload("string", of)
	return ""
}

// FloatText has the fewest digits that read back the same, with an exponent below 1e-4 and from 1e21 on.
func FloatText(of float64) string {
	switch {
	case math.IsNaN(of):
		return "NaN"
	case math.IsInf(of, 1):
		return "Infinity"
	case math.IsInf(of, -1):
		return "-Infinity"
	}
	if size := math.Abs(of); size != 0 && (size < 1e-4 || size >= 1e21) {
		return strconv.FormatFloat(of, 'e', -1, 64)
	}
	return strconv.FormatFloat(of, 'f', -1, 64)
}

// Interpolate is a text with values in it.
func Interpolate(parts ...any) string {
	var text strings.Builder
	for _, part := range parts {
		text.WriteString(Text(part))
	}
	return text.String()
}

// ToIntOf is `int(of)`, which cuts off toward zero.
func ToIntOf(of any) int64 {
	of = plain(of)
	switch known := of.(type) {
	case int64:
		return known
	case float64:
		if math.IsNaN(known) || math.IsInf(known, 0) {
			fail("int: the number is not finite")
		}
		// Near both ends a float may stand for a number outside.
		if math.Abs(known) >= 1<<63 {
			overflow()
		}
		return int64(known)
	case Decimal:
		return decimalToInt(known)
	case string:
		return intOf(known)
	case time.Time:
		if known.Location() == Unzoned {
			fail("int: the timestamp does not say its offset")
		}
		return known.Unix()
	}
	noOverload("int", of)
	return 0
}

func intOf(text string) int64 {
	if !isDigits(strings.TrimPrefix(strings.TrimPrefix(text, "-"), "+")) || strings.HasPrefix(text, "-+") {
		fail("int: %q is not an integer", text)
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		overflow()
	}
	return number
}

var (
	floatWord   = regexp.MustCompile(`^(?i:[+-]?(?:inf|infinity|nan))$`)
	floatDigits = regexp.MustCompile(`^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$`)
)

// ToFloatOf is `double(of)`.
func ToFloatOf(of any) float64 {
	of = plain(of)
	switch known := of.(type) {
	case float64:
		return known
	case int64:
		return float64(known)
	case Decimal:
		return decimalToFloat(known)
	case string:
		if !floatDigits.MatchString(known) && !floatWord.MatchString(known) {
			fail("double: %q is not a number", known)
		}
		number, err := strconv.ParseFloat(known, 64)
		if err != nil {
			fail("double: the number is too large")
		}
		return number
	}
	noOverload("double", of)
	return 0
}

// ToBool is `bool(of)`.
func ToBool(of any) bool {
	of = plain(of)
	switch known := of.(type) {
	case bool:
		return known
	case string:
		switch known {
		case "true", "True", "TRUE", "t", "T", "1":
			return true
		case "false", "False", "FALSE", "f", "F", "0":
			return false
		}
		fail("bool: %q is not a bool", known)
	}
	noOverload("bool", of)
	return false
}

// ToBytes is `bytes(of)`.
func ToBytes(of any) []byte {
	of = plain(of)
	switch known := of.(type) {
	case []byte:
		return known
	case string:
		return []byte(known)
	}
	noOverload("bytes", of)
	return nil
}
