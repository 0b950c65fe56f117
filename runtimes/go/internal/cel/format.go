package cel

// `template.format(args)`: the clauses `%s %d %f %e %b %o %x %X`.
// This file knows no locale.

import (
	"encoding/hex"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

const maxPlaces = 1000

// Format fills the clauses of a template in.
func Format(template string, args any) string {
	elements, ok := elementsOf(plain(args))
	if !ok {
		noOverload("format", args)
	}
	return filled(template, elements)
}

func filled(template string, args []any) string {
	var out strings.Builder
	rest := template
	for {
		at := strings.IndexByte(rest, '%')
		if at < 0 {
			return out.String() + rest
		}
		out.WriteString(rest[:at])
		rest = rest[at+1:]
		if after, ok := strings.CutPrefix(rest, "%"); ok {
			out.WriteByte('%')
			rest = after
			continue
		}
		places, after := readPlaces(rest)
		letter, size := utf8.DecodeRuneInString(after)
		if size == 0 {
			fail("the template ends inside a clause")
		}
		if len(args) == 0 {
			fail("there are fewer arguments than clauses")
		}
		out.WriteString(clause(string(letter), places, plain(args[0])))
		rest, args = after[size:], args[1:]
	}
}

func readPlaces(text string) (int, string) {
	digits, ok := strings.CutPrefix(text, ".")
	if !ok {
		return 6, text
	}
	end := 0
	for end < len(digits) && '0' <= digits[end] && digits[end] <= '9' {
		end++
	}
	places, err := strconv.Atoi(digits[:end])
	if err != nil || places > maxPlaces {
		fail("the precision of a clause is wrong")
	}
	return places, digits[end:]
}

func clause(letter string, places int, arg any) string {
	switch letter {
	case "s":
		return display(arg)
	case "d", "b", "o", "x", "X":
		if text, ok := digitsOf(letter, arg); ok {
			return text
		}
	case "f", "e":
		if text, ok := decimalsOf(letter, places, arg); ok {
			return text
		}
	default:
		fail("%%%s is not a clause", letter)
	}
	noOverload("%"+letter, arg)
	return ""
}

var bases = map[string]int{"d": 10, "b": 2, "o": 8, "x": 16, "X": 16}

func digitsOf(letter string, arg any) (string, bool) {
	text := ""
	switch known := arg.(type) {
	case int64:
		text = strconv.FormatInt(known, bases[letter])
	case bool:
		if letter != "b" {
			return "", false
		}
		return strconv.Itoa(bit(known)), true
	case float64:
		if letter != "d" || !(math.IsNaN(known) || math.IsInf(known, 0)) {
			return "", false
		}
		return FloatText(known), true
	case string, []byte:
		if bases[letter] != 16 {
			return "", false
		}
		text = hex.EncodeToString(ToBytes(known))
	default:
		return "", false
	}
	if letter == "X" {
		text = strings.ToUpper(text)
	}
	return text, true
}

func decimalsOf(letter string, places int, arg any) (string, bool) {
	if decimal, ok := arg.(Decimal); ok && letter == "f" {
		text, ok := decimalPlaces(decimal, places)
		if !ok {
			fail("the decimal is too large or too small to be written out")
		}
		return text, true
	}
	number, ok := float(arg)
	if !ok {
		return "", false
	}
	if math.IsNaN(number) || math.IsInf(number, 0) {
		return FloatText(number), true
	}
	return strconv.FormatFloat(number, letter[0], places, 64), true
}

func display(arg any) string {
	arg = plain(arg)
	if raw, ok := arg.([]byte); ok {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	if elements, ok := elementsOf(arg); ok {
		return "[" + strings.Join(MapList(elements, display), ", ") + "]"
	}
	fields, ok := fieldsOf(arg)
	if !ok {
		return Text(arg)
	}
	entries := make([]string, 0, len(fields))
	for key, value := range fields {
		entries = append(entries, key+": "+display(value))
	}
	sort.Strings(entries)
	return "{" + strings.Join(entries, ", ") + "}"
}
