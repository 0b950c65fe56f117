package cel

// How single values are read back from the journal, each checked to be what its type says.
// This file knows no composite types of the user's; their decoders are generated, and call these.

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Decoder makes Go's values of JSON. The first thing that is wrong is kept; what follows does not matter.
type Decoder struct{ err error }

// Decode makes a value by a decoder.
func Decode[T any](value any, decode func(*Decoder, any) T) (T, error) {
	var decoder Decoder
	var zero T
	decoded, err := Eval(func() T { return decode(&decoder, value) })
	if decoder.err != nil {
		return zero, decoder.err
	}
	if err != nil {
		return zero, NewResultError("%s", err)
	}
	return decoded, nil
}

// Decoded is a value in an expression, made by a decoder.
func Decoded[T any](value any, decode func(*Decoder, any) T) T {
	decoded, err := Decode(value, decode)
	if err != nil {
		fail("%s", err)
	}
	return decoded
}

// Recoded is a value as another type of the same JSON: that of another language.
func Recoded[T, U any](value T, encode func(*Encoder, T) any, decode func(*Decoder, any) U) U {
	encoded, err := Encode(value, encode)
	if err != nil {
		fail("%s", err)
	}
	return Decoded(encoded, decode)
}

// Fail says why a value cannot be read.
func (d *Decoder) Fail(format string, args ...any) {
	if d.err == nil {
		d.err = NewResultError(format, args...)
	}
}

func (d *Decoder) mismatch(expected string, got any) {
	if d.err == nil {
		text := string(JSON(got))
		if len(text) > 80 {
			text = strings.ToValidUTF8(text[:77], "") + "..."
		}
		d.Fail("expected %s, got %s", expected, text)
	}
}

// Null reads null.
func (d *Decoder) Null(of any) {
	if of != nil {
		d.mismatch("null", of)
	}
}

// Bool reads a bool.
func (d *Decoder) Bool(of any) bool {
	value, ok := of.(bool)
	if !ok {
		d.mismatch("a boolean", of)
	}
	return value
}

// Int reads a whole number of at most 64 bits.
func (d *Decoder) Int(of any) int64 {
	switch known := of.(type) {
	case int64:
		return known
	case float64:
		if known == math.Trunc(known) && math.Abs(known) < 1<<63 {
			return int64(known)
		}
	case json.Number:
		d.mismatch("an integer of at most 64 bits", of)
		return 0
	}
	d.mismatch("an integer", of)
	return 0
}

// DecodeInt reads a whole number that an integer type of Go holds.
func DecodeInt[N Integer](d *Decoder, of any) N {
	number, ok := narrow[N](d.Int(of))
	if !ok {
		d.mismatch(fmt.Sprintf("an integer that fits %T", number), of)
	}
	return number
}

// Float reads a number.
func (d *Decoder) Float(of any) float64 {
	switch known := of.(type) {
	case float64:
		return known
	case int64:
		return float64(known)
	case json.Number:
		if number, err := known.Float64(); err == nil {
			return number
		}
	case string:
		switch known {
		case "NaN":
			return math.NaN()
		case "Infinity":
			return math.Inf(1)
		case "-Infinity":
			return math.Inf(-1)
		}
	}
	d.mismatch("a number", of)
	return 0
}

// String reads a text.
func (d *Decoder) String(of any) string {
	value, ok := of.(string)
	if !ok {
		d.mismatch("a string", of)
	}
	return value
}

// Decimal reads an exact decimal, also from a whole number.
func (d *Decoder) Decimal(of any) string {
	text := ""
	switch known := of.(type) {
	case string:
		text = known
	case int64:
		text = strconv.FormatInt(known, 10)
	case json.Number:
		text = known.String()
	}
	decimal, ok := ParseDecimal(text)
	if !ok {
		d.mismatch("a decimal as a string", of)
	}
	return string(decimal)
}

// Bytes reads base64.
func (d *Decoder) Bytes(of any) []byte {
	text, ok := of.(string)
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	if !ok || err != nil || strings.ContainsAny(text, "\r\n") {
		d.mismatch("bytes in base64", of)
	}
	return decoded
}

var isoTimestamp = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:[.,]([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:?[0-9]{2}(?::?[0-9]{2})?)?$`)

// Timestamp reads ISO 8601, with or without an offset. More digits than a time holds are an error.
func (d *Decoder) Timestamp(of any) time.Time {
	text, _ := of.(string)
	at, ok := readISO(text)
	if !ok {
		d.mismatch("a timestamp as in ISO 8601", of)
	}
	return at
}

func readISO(text string) (time.Time, bool) {
	parts := isoTimestamp.FindStringSubmatch(text)
	if parts == nil {
		return time.Time{}, false
	}
	seconds := parts[3]
	if seconds == "" {
		seconds = ":00"
	}
	at, err := time.Parse("2006-01-02T15:04:05.000000000", parts[1]+"T"+parts[2]+seconds+"."+(parts[4] + "000000000")[:9])
	if err != nil || at.Year() < 1 {
		return time.Time{}, false
	}
	zone, ok := zoneOf(parts[5])
	if !ok {
		return time.Time{}, false
	}
	year, month, day := at.Date()
	return time.Date(year, month, day, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), zone), true
}

// zoneOf reads `Z`, `+01:00`, `+0100`, `+00:53:28`, or nothing.
func zoneOf(text string) (*time.Location, bool) {
	if text == "" {
		return Unzoned, true
	}
	if text == "Z" || text == "z" {
		return time.UTC, true
	}
	digits := strings.ReplaceAll(text[1:], ":", "") + "00"
	clock, err := strconv.Atoi(digits[:6])
	if err != nil || clock/10000 > 23 || clock/100%100 > 59 || clock%100 > 59 {
		return nil, false
	}
	offset := clock/10000*3600 + clock/100%100*60 + clock%100
	if text[0] == '-' {
		offset = -offset
	}
	if offset == 0 {
		return time.UTC, true
	}
	return time.FixedZone("", offset), true
}

// Date reads `2026-01-31`.
func (d *Decoder) Date(of any) Date {
	text, _ := of.(string)
	date, ok := readDate(text)
	if !ok {
		d.mismatch("a date as in ISO 8601", of)
	}
	return date
}

var secondsForm = regexp.MustCompile(`^(-?)([0-9]{1,10})(?:\.([0-9]{1,9}))?s$`)

// Duration reads seconds, `1.5s`.
func (d *Decoder) Duration(of any) time.Duration {
	text, _ := of.(string)
	parts := secondsForm.FindStringSubmatch(text)
	if parts == nil {
		d.mismatch("a duration in seconds, such as '1.5s'", of)
		return 0
	}
	seconds, _ := strconv.ParseInt(parts[2], 10, 64)
	nanos, _ := strconv.ParseInt((parts[3] + "000000000")[:9], 10, 64)
	if parts[1] == "-" {
		seconds, nanos = -seconds, -nanos
	}
	total, err := Eval(func() int64 { return plus(MultiplyInt(seconds, int64(time.Second)), nanos) })
	if err != nil {
		d.mismatch("a duration of at most 292 years", of)
	}
	return time.Duration(total)
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

func isUUID(text string) bool { return uuidForm.MatchString(text) }

// UUID reads a UUID.
func (d *Decoder) UUID(of any) string {
	text, _ := of.(string)
	if !isUUID(text) {
		d.mismatch("a UUID", of)
	}
	return strings.ToLower(text)
}

// Any reads a copy of plain JSON.
func (d *Decoder) Any(of any) any { return CopyAny(of) }

// DecodeText reads a type that reads itself from text.
func DecodeText[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](d *Decoder, of any) T {
	var value T
	text := d.String(of)
	if d.err != nil {
		return value
	}
	if err := P(&value).UnmarshalText([]byte(text)); err != nil {
		d.Fail("%T cannot be read from %.80q: %s", value, text, err)
	}
	return value
}

// DecodeJSON reads what encoding/json reads.
func DecodeJSON[T any](d *Decoder, of any) T {
	var value T
	if err := json.Unmarshal(JSON(of), &value); err != nil {
		d.Fail("%T cannot be read: %s", value, err)
	}
	return value
}

// Object reads an object that has the required fields.
func (d *Decoder) Object(of any, required ...string) map[string]any {
	fields, ok := of.(map[string]any)
	if !ok {
		d.mismatch("an object", of)
		return nil
	}
	for _, name := range required {
		if _, ok := fields[name]; !ok {
			d.Fail("the field %q is missing in %q", name, sortedKeys(fields))
		}
	}
	return fields
}

// List reads a list.
func (d *Decoder) List(of any) []any {
	items, ok := of.([]any)
	if !ok {
		d.mismatch("a list", of)
	}
	return items
}

// DecodeList reads a list, which is never nil.
func DecodeList[T any](d *Decoder, of any, decode func(*Decoder, any) T) []T {
	items := d.List(of)
	list := make([]T, len(items))
	for i, item := range items {
		list[i] = decode(d, item)
	}
	return list
}

// DecodeMap reads a map, which is never nil.
func DecodeMap[T any](d *Decoder, of any, decode func(*Decoder, any) T) map[string]T {
	fields := d.Object(of)
	made := make(map[string]T, len(fields))
	for name, value := range fields {
		made[name] = decode(d, value)
	}
	return made
}

// DecodeOptional reads a value, or null.
func DecodeOptional[T any](d *Decoder, of any, decode func(*Decoder, any) T) *T {
	if of == nil {
		return nil
	}
	value := decode(d, of)
	return &value
}

// DecodeNilable reads a value whose type has a nil for null.
func DecodeNilable[T any](d *Decoder, of any, decode func(*Decoder, any) T) T {
	if of == nil {
		var zero T
		return zero
	}
	return decode(d, of)
}
