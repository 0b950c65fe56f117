package cel

import (
	"encoding/json"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func encoded[T any](t *testing.T, value T, encode func(*Encoder, T) any) string {
	t.Helper()
	json, err := Encode(value, encode)
	if err != nil {
		t.Fatalf("%v: %s", value, err)
	}
	return string(JSON(json))
}

func decoded[T any](t *testing.T, text string, decode func(*Decoder, any) T) (T, error) {
	t.Helper()
	value, err := ParseJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Decode(value, decode)
}

func TestTimestampsKeepTheirOffsetAndEveryDigit(t *testing.T) {
	for _, text := range []string{
		`"2026-02-01T00:15:00+00:00"`, `"1969-12-31T23:59:59.999999-05:00"`, `"0001-01-01T00:00:00+14:00"`,
		`"2026-02-01T00:15:00.123456789+01:00"`, `"2026-02-01T00:15:00"`, `"1890-01-01T00:00:00+00:53:28"`,
		`"9999-12-31T23:59:59.500000-00:30"`,
	} {
		value, err := decoded(t, text, (*Decoder).Timestamp)
		if err != nil {
			t.Errorf("%s: %s", text, err)
			continue
		}
		if got := encoded(t, value, (*Encoder).Timestamp); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
	for _, text := range []string{`"2026-02-30T00:00:00Z"`, `"2026-02-01T00:00:00.1234567890Z"`, `5`, `""`, `"2026-02-01"`} {
		if value, err := decoded(t, text, (*Decoder).Timestamp); err == nil {
			t.Errorf("%s is read as %s", text, value)
		}
	}
	now := time.Now()
	value, err := decoded(t, encoded(t, now, (*Encoder).Timestamp), (*Decoder).Timestamp)
	if err != nil || !value.Equal(now) {
		t.Errorf("%s became %s (%v)", now, value, err)
	}
}

func TestDurationsAndDates(t *testing.T) {
	for _, span := range []time.Duration{0, 1, -1, time.Hour, -1500 * time.Millisecond, math.MaxInt64, math.MinInt64} {
		value, err := decoded(t, encoded(t, span, (*Encoder).Duration), (*Decoder).Duration)
		if err != nil || value != span {
			t.Errorf("%d became %d (%v)", span, value, err)
		}
	}
	for _, text := range []string{`"9223372036.9s"`, `"1.0000000001s"`, `"1"`, `"s"`, `"--1s"`, `"99999999999s"`} {
		if value, err := decoded(t, text, (*Decoder).Duration); err == nil {
			t.Errorf("%s is read as %s", text, value)
		}
	}
	date, err := decoded(t, `"0001-02-28"`, (*Decoder).Date)
	if err != nil || encoded(t, date, (*Encoder).Date) != `"0001-02-28"` {
		t.Errorf("%v, %v", date, err)
	}
	if _, err := Encode(Date{2026, 2, 30}, (*Encoder).Date); err == nil {
		t.Error("30 February is written")
	}
}

func TestNumbersAreNeverRounded(t *testing.T) {
	for _, text := range []string{"9223372036854775807", "-9223372036854775808", "1", "1.0", "26.0", "0.1", "1e+21", "5e-324"} {
		if got := encoded(t, must(decoded(t, text, (*Decoder).Any)), (*Encoder).Any); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
	if _, err := decoded(t, "9223372036854775808", (*Decoder).Int); err == nil {
		t.Error("an int of 65 bits is read")
	}
	if _, err := decoded(t, "300", DecodeInt[uint8]); err == nil {
		t.Error("300 fits a byte")
	}
	if _, err := decoded(t, "-1", DecodeInt[uint64]); err == nil {
		t.Error("-1 fits a uint64")
	}
	if _, err := Encode(uint64(math.MaxUint64), EncodeInt[uint64]); err == nil {
		t.Error("a uint64 beyond 63 bits is written")
	}
	if value, err := decoded(t, `"-Infinity"`, (*Decoder).Float); err != nil || !math.IsInf(value, -1) {
		t.Error(value, err)
	}
	if got := encoded(t, math.NaN(), (*Encoder).Float); got != `"NaN"` {
		t.Error(got)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestDecimalsHaveOneSpelling(t *testing.T) {
	for given, want := range map[string]string{"1e3": `"1E+3"`, "0.10": `"0.10"`, "-0": `"-0"`, ".5": `"0.5"`} {
		if got := encoded(t, given, (*Encoder).Decimal); got != want {
			t.Errorf("%s became %s", given, got)
		}
	}
	if value, err := decoded(t, "123456789012345678901234567890", (*Decoder).Decimal); err != nil || value != "123456789012345678901234567890" {
		t.Error(value, err)
	}
}

func TestOnlyPlainJSONGoesWithoutAType(t *testing.T) {
	type id string
	plainOnes := []any{nil, true, 5, uint8(5), id("x"), []string{"a"}, map[string]int{"a": 1}, json.Number("12"), json.RawMessage(`{"a":1.5}`), []any{map[string]any{}}}
	for _, value := range plainOnes {
		if _, err := Encode(value, (*Encoder).Any); err != nil {
			t.Errorf("%#v: %s", value, err)
		}
	}
	deep := any(nil)
	for range 101 {
		deep = []any{deep}
	}
	others := []any{struct{ A int }{1}, make(chan int), math.NaN(), "\xff", map[int]string{1: "a"}, uint64(math.MaxUint64), time.Second, &struct{}{}, deep}
	for _, value := range others {
		if got, err := Encode(value, (*Encoder).Any); err == nil {
			t.Errorf("%#v is written as %v", value, got)
		}
	}
	var encoder Encoder
	EncodeUnannotated(&encoder, make(chan int), "shop.Find")
	if encoder.err == nil || !strings.Contains(encoder.err.Error(), "Declare what shop.Find returns") {
		t.Error(encoder.err)
	}
}

func TestTypesThatWriteThemselves(t *testing.T) {
	address := netip.MustParseAddr("10.0.0.1")
	text := encoded(t, address, func(e *Encoder, of netip.Addr) any { return EncodeText(e, of) })
	back, err := decoded(t, text, DecodeText[netip.Addr])
	if err != nil || back != address {
		t.Error(text, back, err)
	}
	if _, err := decoded(t, `"nowhere"`, DecodeText[netip.Addr]); err == nil {
		t.Error("read")
	}
}

func TestTheFirstMistakeIsTold(t *testing.T) {
	_, err := decoded(t, `{"a": 1}`, func(d *Decoder, of any) int64 {
		fields := d.Object(of, "a", "b")
		return d.Int(fields["b"])
	})
	if err == nil || err.Error() != `the field "b" is missing in ["a"]` {
		t.Error(err)
	}
}

func TestJSONText(t *testing.T) {
	for _, text := range []string{`"\u0000\u001f\"\\é😀"`, `{"a":[1,2.5,null,true],"b":{}}`, `[]`} {
		value, err := ParseJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(JSON(value)); got != text {
			t.Errorf("%s became %s", text, got)
		}
	}
	for _, text := range []string{``, `1 2`, `{`, `nul`, `"\ud800`} {
		if value, err := ParseJSON([]byte(text)); err == nil {
			t.Errorf("%q is %v", text, value)
		}
	}
	if got := string(JSON("a\xffb")); got != "\"a\uFFFDb\"" {
		t.Error(got)
	}
}

func TestLogicLooksPastAnErrorThatDoesNotMatter(t *testing.T) {
	broken := func() any { return DivideInt(1, 0) }
	no, yes := func() any { return false }, func() any { return true }
	if And(broken, no) || And(no, broken) || !Or(broken, yes) || !Or(yes, broken) {
		t.Error("an error decided")
	}
	for _, sides := range [][2]func() any{{broken, yes}, {yes, broken}} {
		if _, err := Eval(func() bool { return And(sides[0], sides[1]) }); err == nil {
			t.Error("an error was lost")
		}
	}
	if !Exists([]int64{0, 2}, func(x int64) bool { return DivideInt(4, x) == 2 }) {
		t.Error("exists")
	}
	if _, err := Eval(func() bool { return ExistsOne([]int64{0, 2}, func(x int64) bool { return DivideInt(4, x) == 2 }) }); err == nil {
		t.Error("exists_one")
	}
	defer func() {
		if recover() != "mine" {
			t.Error("another panic was caught")
		}
	}()
	_, _ = Eval(func() bool { panic("mine") })
}

func TestValuesOfTheUsersTypes(t *testing.T) {
	type state string
	type base struct {
		ID string `json:"id"`
	}
	type user struct {
		base
		Name  *string `json:"name,omitempty"`
		State state
		quiet int
	}
	name := "Ada"
	ada := user{base: base{"u1"}, Name: &name, State: "open", quiet: 1}
	if Field(ada, "id") != "u1" || !Has(ada, "name") || Has(user{}, "name") || !Equal(Field(&ada, "name"), "Ada") {
		t.Error("fields")
	}
	if _, err := Eval(func() any { return Field(ada, "quiet") }); err == nil {
		t.Error("an unexported field is read")
	}
	if !Equal(ada.State, "open") || !In("open", []state{"open"}) || Equal(1, "1") || !Equal(int8(1), 1.0) || Equal(nil, false) {
		t.Error("equality")
	}
	if !Equal(map[string]any{"a": []int{1}}, map[string]any{"a": []any{1.0}}) {
		t.Error("deep equality")
	}
}

func TestTimesWithoutAnOffset(t *testing.T) {
	local := time.Date(2026, 1, 31, 23, 30, 0, 0, Unzoned)
	utc := time.Date(2026, 1, 31, 23, 30, 0, 0, time.UTC)
	if Equal(local, utc) || GetHours(local) != 23 || Text(local) != "2026-01-31T23:30:00" {
		t.Error("they are told apart")
	}
	for name, expression := range map[string]func() any{
		"less":  func() any { return Less(local, utc) },
		"since": func() any { return SinceTimestamp(local, utc) },
		"zone":  func() any { return GetHours(local, "UTC") },
		"int":   func() any { return ToIntOf(local) },
	} {
		if value, err := Eval(expression); err == nil {
			t.Errorf("%s: %v", name, value)
		}
	}
}
