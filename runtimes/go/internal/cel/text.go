package cel

// Functions on text and bytes, where Go's own mean something else. Positions count characters.
// This file knows no types beyond them.

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// byteAt is where a character begins; the end for the index after the last one.
func byteAt(of string, index int64) (int, bool) {
	if index < 0 || index > int64(len(of)) {
		return 0, false
	}
	at := 0
	for ; index > 0; index-- {
		if at >= len(of) {
			return 0, false
		}
		_, size := utf8.DecodeRuneInString(of[at:])
		at += size
	}
	return at, true
}

func place(of string, index int64) int {
	at, ok := byteAt(of, index)
	if !ok {
		fail("the index %d is out of range", index)
	}
	return at
}

// CharAt is a character, or nothing right behind the last one.
func CharAt(of string, at int64) string {
	start := place(of, at)
	_, size := utf8.DecodeRuneInString(of[start:])
	return of[start : start+size]
}

// Contains says whether `part` is somewhere in the text.
func Contains(of, part string) bool { return strings.Contains(of, part) }

// StartsWith says whether the text begins with `part`.
func StartsWith(of, part string) bool { return strings.HasPrefix(of, part) }

// EndsWith says whether the text ends with `part`.
func EndsWith(of, part string) bool { return strings.HasSuffix(of, part) }

// IndexOf is where `part` begins for the first time, at `from` or later; -1 for nowhere.
func IndexOf(of, part string, from ...int64) int64 {
	first := only(from, 0)
	if first < 0 {
		fail("the index %d is out of range", first)
	}
	if part == "" {
		return first
	}
	start, ok := byteAt(of, first)
	if !ok {
		return -1
	}
	found := strings.Index(of[start:], part)
	if found < 0 {
		return -1
	}
	return first + SizeText(of[start:start+found])
}

// only is an argument that may be left out.
func only(given []int64, otherwise int64) int64 {
	if len(given) == 0 {
		return otherwise
	}
	return given[0]
}

// LastIndexOf is where `part` begins for the last time, at `from` or before; -1 for nowhere.
func LastIndexOf(of, part string, from ...int64) int64 {
	if len(from) == 0 {
		return charactersBefore(of, strings.LastIndex(of, part))
	}
	if from[0] < 0 {
		fail("the index %d is out of range", from[0])
	}
	if part == "" {
		return from[0]
	}
	start, ok := byteAt(of, from[0])
	if !ok || start >= len(of) {
		return -1
	}
	return charactersBefore(of, strings.LastIndex(of[:min(len(of), start+len(part))], part))
}

// charactersBefore counts the characters before a byte; -1 where there is none.
func charactersBefore(of string, at int) int64 {
	if at < 0 {
		return -1
	}
	return SizeText(of[:at])
}

// Join puts a separator between the texts of a list.
func Join(parts any, separator ...string) string {
	elements, ok := elementsOf(plain(parts))
	if !ok {
		noOverload("join", parts)
	}
	texts := make([]string, len(elements))
	for i, element := range elements {
		text, isText := plain(element).(string)
		if !isText {
			fail("join: not all of them are strings")
		}
		texts[i] = text
	}
	return strings.Join(texts, strings.Join(separator, ""))
}

// LowerAscii makes small letters of A to Z.
func LowerAscii(of string) string { return strings.Map(lower, of) }

// UpperAscii makes capitals of a to z.
func UpperAscii(of string) string { return strings.Map(upper, of) }

func lower(letter rune) rune {
	if 'A' <= letter && letter <= 'Z' {
		return letter + 'a' - 'A'
	}
	return letter
}

func upper(letter rune) rune {
	if 'a' <= letter && letter <= 'z' {
		return letter - 'a' + 'A'
	}
	return letter
}

// Replace replaces at most `limit` parts; all, where that is negative.
func Replace(of, old, new string, limit ...int64) string {
	return strings.Replace(of, old, new, atMost(of, limit))
}

// atMost is a limit that fits an int: a text has no more parts than bytes and one.
func atMost(of string, limit []int64) int {
	return int(max(min(only(limit, -1), int64(len(of))+1), -1))
}

// Split makes at most `limit` parts, the last one with the rest; a negative limit is none. No separator: characters.
func Split(of, separator string, limit ...int64) []string {
	most := atMost(of, limit)
	if most == 0 || (separator == "" && of == "") {
		return []string{}
	}
	return strings.SplitN(of, separator, most)
}

// Substring is the text from a character on, up to another or to the end.
func Substring(of string, start int64, end ...int64) string {
	from, to := place(of, start), len(of)
	if len(end) > 0 {
		to = place(of, end[0])
	}
	if from > to {
		fail("a substring ends after its start")
	}
	return of[from:to]
}

// Trim takes white space from both ends.
func Trim(of string) string { return strings.TrimFunc(of, unicode.IsSpace) }

// Reverse turns the order of the characters.
func Reverse(of string) string {
	letters := []rune(of)
	slices.Reverse(letters)
	return string(letters)
}

var escapes = strings.NewReplacer(
	"\a", `\a`, "\b", `\b`, "\f", `\f`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\v", `\v`, `\`, `\\`, `"`, `\"`,
)

// Quote is the text as a literal of CEL.
func Quote(of string) string { return `"` + escapes.Replace(of) + `"` }

// Base64Encode is `base64.encode`.
func Base64Encode(of []byte) string { return base64.StdEncoding.EncodeToString(of) }

// Base64Decode is `base64.decode`; padding may be missing.
func Base64Decode(of string) []byte {
	body := strings.TrimRight(of, "=")
	if len(body)%4 == 1 || (len(body) < len(of) && len(of)%4 != 0) || strings.ContainsAny(body, "\r\n") {
		fail("this is not base64")
	}
	decoded, err := base64.RawStdEncoding.DecodeString(body)
	if err != nil {
		fail("this is not base64")
	}
	return decoded
}

var patterns sync.Map // of *regexp.Regexp by pattern: patterns are literals of the manifest, so there are few

// Matches says whether a pattern of RE2 is found in the text.
func Matches(of, pattern string) bool {
	known, ok := patterns.Load(pattern)
	if !ok {
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			fail("matches: %s", err)
		}
		known, _ = patterns.LoadOrStore(pattern, compiled)
	}
	return known.(*regexp.Regexp).MatchString(of)
}
