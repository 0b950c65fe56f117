package cel

// What a calendar in any zone shows of a time.
// This file knows no spelling of times.

import (
	"time"
	_ "time/tzdata" // a machine without the database of zones must not see other hours than one with it
)

// shown is the moment as clocks of the zone show it; of UTC, where none is named.
func shown(at time.Time, zone string) time.Time {
	if at.Location() == Unzoned {
		if zone != "" {
			fail("this timestamp does not say its offset from UTC")
		}
		return at
	}
	return inRange(at.In(location(zone)))
}

func location(name string) *time.Location {
	if name == "" || name == "UTC" {
		return time.UTC
	}
	if offset, ok := fixedOffset(name); ok {
		return time.FixedZone("", int(offset/time.Second))
	}
	found, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		fail("there is no time zone %q", name)
	}
	return found
}

// calendar is what has a calendar: a timestamp or a date.
func calendar(function string, of any, zone []string) time.Time {
	of = plain(of)
	switch known := of.(type) {
	case time.Time:
		if len(zone) == 0 {
			return shown(known, "")
		}
		return shown(known, named(zone[0]))
	case Date:
		if len(zone) == 0 {
			return known.Time()
		}
	}
	noOverload(function, of)
	return time.Time{}
}

// named tells a zone that is given, if only as an empty text, from none.
func named(zone string) string {
	if zone == "" {
		return "UTC"
	}
	return zone
}

// GetFullYear is the year.
func GetFullYear(of any, zone ...string) int64 {
	return int64(calendar("getFullYear", of, zone).Year())
}

// GetMonth is the month, from 0.
func GetMonth(of any, zone ...string) int64 {
	return int64(calendar("getMonth", of, zone).Month()) - 1
}

// GetDate is the day of the month, from 1.
func GetDate(of any, zone ...string) int64 {
	return int64(calendar("getDate", of, zone).Day())
}

// GetDayOfMonth is the day of the month, from 0.
func GetDayOfMonth(of any, zone ...string) int64 {
	return int64(calendar("getDayOfMonth", of, zone).Day()) - 1
}

// GetDayOfWeek is the day of the week; 0 is Sunday.
func GetDayOfWeek(of any, zone ...string) int64 {
	return int64(calendar("getDayOfWeek", of, zone).Weekday())
}

// GetDayOfYear is the day of the year, from 0.
func GetDayOfYear(of any, zone ...string) int64 {
	return int64(calendar("getDayOfYear", of, zone).YearDay()) - 1
}

// GetHours is the hour, or the whole hours of a duration.
func GetHours(of any, zone ...string) int64 {
	if span, ok := plain(of).(time.Duration); ok {
		return int64(span / time.Hour)
	}
	return int64(clock("getHours", of, zone).Hour())
}

// GetMinutes is the minute, or the whole minutes of a duration.
func GetMinutes(of any, zone ...string) int64 {
	if span, ok := plain(of).(time.Duration); ok {
		return int64(span / time.Minute)
	}
	return int64(clock("getMinutes", of, zone).Minute())
}

// GetSeconds is the second, or the whole seconds of a duration.
func GetSeconds(of any, zone ...string) int64 {
	if span, ok := plain(of).(time.Duration); ok {
		return int64(span / time.Second)
	}
	return int64(clock("getSeconds", of, zone).Second())
}

// GetMilliseconds is those of the second that has begun.
func GetMilliseconds(of any, zone ...string) int64 {
	if span, ok := plain(of).(time.Duration); ok {
		return int64(span % time.Second / time.Millisecond)
	}
	return int64(clock("getMilliseconds", of, zone).Nanosecond() / 1_000_000)
}

// clock is what has a clock: a date has none.
func clock(function string, of any, zone []string) time.Time {
	if _, isDate := plain(of).(Date); isDate {
		noOverload(function, of)
	}
	return calendar(function, of, zone)
}
