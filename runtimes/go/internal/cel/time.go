package cel

// CEL's times: how they are read and written, and their arithmetic.
// This file knows no clock: it reads no current time and no local zone.

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Unzoned is the location of a timestamp that does not say its offset from UTC. Such timestamps compare with each other
// only, and show their own clock.
var Unzoned = time.FixedZone("", 0)

const day = 24 * time.Hour

// Date is a day of the Gregorian calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day that the clock of a time shows.
func DateOf(of time.Time) Date {
	year, month, day := of.Date()
	return Date{year, month, day}
}

// Time is the midnight in UTC with which the day begins.
func (d Date) Time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// Compare gives -1, 0 or 1.
func (d Date) Compare(other Date) int { return d.Time().Compare(other.Time()) }

var (
	timestampForm = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([+-][0-9]{2}:[0-9]{2}))$`)
	dateForm      = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	durationPart  = regexp.MustCompile("^([0-9]*)(?:\\.([0-9]*))?(h|ms|us|\u00b5s|\u03bcs|ns|m|s)")
)

// readDate reads `2026-01-31`.
func readDate(text string) (Date, bool) {
	if !dateForm.MatchString(text) {
		return Date{}, false
	}
	at, err := time.Parse(time.DateOnly, text)
	return DateOf(at), err == nil && at.Year() >= 1
}

// Timestamp is `timestamp(of)`: RFC 3339, seconds since 1970, or the midnight of a date; in UTC.
func Timestamp(of any) time.Time {
	of = plain(of)
	switch known := of.(type) {
	case time.Time:
		return known
	case Date:
		return known.Time()
	case int64:
		if known < -62_135_596_800 || known >= 253_402_300_800 {
			fail("timestamp: %d is outside the years 1 to 9999", known)
		}
		return time.Unix(known, 0).UTC()
	case string:
		return readTimestamp(known)
	}
	noOverload("timestamp", of)
	return time.Time{}
}

func readTimestamp(text string) time.Time {
	parts := timestampForm.FindStringSubmatch(text)
	if parts == nil {
		fail("timestamp: %q is none", text)
	}
	micros := (parts[3] + "000000")[:6]
	at, err := time.Parse("2006-01-02T15:04:05.000000", parts[1]+"T"+parts[2]+"."+micros)
	offset, ok := fixedOffset(parts[4])
	if err != nil || at.Year() < 1 || (parts[4] != "" && !ok) {
		fail("timestamp: %q is none", text)
	}
	return inRange(at.Add(-offset))
}

// fixedOffset reads `+02:00`, `-02:30` or `02:00`.
func fixedOffset(zone string) (time.Duration, bool) {
	clock := strings.TrimPrefix(zone, "-")
	isNegative := clock != zone
	if !isNegative {
		clock = strings.TrimPrefix(zone, "+")
	}
	if len(clock) != 5 || clock[2] != ':' || !isDigits(clock[:2]) || !isDigits(clock[3:]) {
		return 0, false
	}
	hours, _ := strconv.Atoi(clock[:2])
	minutes, _ := strconv.Atoi(clock[3:])
	if hours > 23 || minutes > 59 {
		return 0, false
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if isNegative {
		return -offset, true
	}
	return offset, true
}

func inRange(at time.Time) time.Time {
	if year := at.UTC().Year(); year < 1 || year > 9999 {
		fail("this timestamp is outside the years 1 to 9999")
	}
	if year := at.Year(); year < 1 || year > 9999 {
		fail("this timestamp is outside the years 1 to 9999")
	}
	return at
}

// momentText is RFC 3339 in UTC, with as many decimals as needed; a timestamp without an offset as it is.
func momentText(of time.Time) string {
	zone := ""
	if of.Location() != Unzoned {
		of, zone = of.UTC(), "Z"
	}
	return of.Format("2006-01-02T15:04:05") + fraction(of.Nanosecond()) + zone
}

func fraction(nanos int) string {
	if nanos == 0 {
		return ""
	}
	return "." + strings.TrimRight(fmt.Sprintf("%09d", nanos), "0")
}

// DurationText is seconds with as many decimals as needed: `90s`, `-0.5s`.
func DurationText(of time.Duration) string {
	nanos, sign := uint64(of), ""
	if of < 0 {
		nanos, sign = -nanos, "-"
	}
	const second = uint64(time.Second)
	return sign + strconv.FormatUint(nanos/second, 10) + fraction(int(nanos%second)) + "s"
}

var units = map[string]int64{
	"h": int64(time.Hour), "m": int64(time.Minute), "s": int64(time.Second), "ms": int64(time.Millisecond),
	"us": 1000, "\u00b5s": 1000, "\u03bcs": 1000, "ns": 1,
}

// Duration is `duration(of)`: `-1h30m2.5s`, to the microsecond.
func Duration(of any) time.Duration {
	of = plain(of)
	switch known := of.(type) {
	case time.Duration:
		return known
	case string:
		return readDuration(known)
	}
	noOverload("duration", of)
	return 0
}

func readDuration(text string) time.Duration {
	rest := strings.TrimPrefix(text, "-")
	isNegative := rest != text
	if !isNegative {
		rest = strings.TrimPrefix(text, "+")
	}
	if rest == "0" {
		return 0
	}
	var total int64
	for at := rest; at != "" || rest == ""; {
		part := durationPart.FindStringSubmatch(at)
		if part == nil || (part[1] == "" && part[2] == "") || len(part[1]) > 20 {
			fail("duration: %q is none", text)
		}
		total = plusUnits(total, part[1], part[2], units[part[3]])
		at = at[len(part[0]):]
	}
	total -= total % 1000
	if isNegative {
		total = -total
	}
	return time.Duration(total)
}

// plusUnits adds nanoseconds; what is smaller than one is cut off.
func plusUnits(total int64, whole, decimals string, unit int64) int64 {
	count, err := strconv.ParseInt("0"+whole, 10, 64)
	if err != nil || count > math.MaxInt64/unit {
		tooLong()
	}
	nanos := count * unit
	for _, digit := range []byte(decimals) {
		unit /= 10
		nanos = plus(nanos, int64(digit-'0')*unit)
	}
	return plus(total, nanos)
}

func tooLong() {
	fail("this duration is longer than 292 years")
}

// plus adds what must fit 64 bits of nanoseconds.
func plus(left, right int64) int64 {
	sum := left + right
	if (sum > left) != (right > 0) && right != 0 {
		tooLong()
	}
	return sum
}

// ParseDate is `date(of)`: `2026-01-31`, or the day of a timestamp in UTC.
func ParseDate(of any) Date {
	of = plain(of)
	switch known := of.(type) {
	case Date:
		return known
	case time.Time:
		return DateOf(shown(known, ""))
	case string:
		if date, ok := readDate(known); ok {
			return date
		}
		fail("date: %q is none", known)
	}
	noOverload("date", of)
	return Date{}
}

// AddDuration is `+`.
func AddDuration(left, right time.Duration) time.Duration {
	return time.Duration(plus(int64(left), int64(right)))
}

// SubtractDuration is `-`.
func SubtractDuration(left, right time.Duration) time.Duration {
	difference := left - right
	if (difference < left) != (right > 0) && right != 0 {
		tooLong()
	}
	return difference
}

// AddTimestamp is the moment by so much later, on the same clock.
func AddTimestamp(at time.Time, by time.Duration) time.Time { return inRange(at.Add(by)) }

// SubtractTimestamp is the moment by so much earlier.
func SubtractTimestamp(at time.Time, by time.Duration) time.Time {
	if by == math.MinInt64 {
		return inRange(at.Add(math.MaxInt64).Add(1))
	}
	return inRange(at.Add(-by))
}

// SinceTimestamp is the time from `right` to `left`.
func SinceTimestamp(left, right time.Time) time.Duration {
	if (left.Location() == Unzoned) != (right.Location() == Unzoned) {
		fail("a timestamp without an offset has no distance from one with an offset")
	}
	span := left.Sub(right)
	if !right.Add(span).Equal(left) { // Sub stops at its ends
		tooLong()
	}
	return span
}

// AddDate is the date whole days later.
func AddDate(of Date, by time.Duration) Date {
	if by%day != 0 {
		fail("a date moves by whole days only, such as 24h")
	}
	moved := of.Time().AddDate(0, 0, int(by/day))
	if moved.Year() < 1 || moved.Year() > 9999 {
		fail("this date is outside the years 1 to 9999")
	}
	return DateOf(moved)
}

// SubtractDate is the date whole days earlier.
func SubtractDate(of Date, by time.Duration) Date { return AddDate(of, -by) }

// NegateDuration is `-`.
func NegateDuration(of time.Duration) time.Duration { return SubtractDuration(0, of) }

// CompareDate gives -1, 0 or 1.
func CompareDate(left, right Date) int { return left.Compare(right) }

// SinceDate is the time from `right` to `left`, at midnight.
func SinceDate(left, right Date) time.Duration { return SinceTimestamp(left.Time(), right.Time()) }
