package cel

// The calls that every runtime agrees on: tests/expressions/calls.jsonl.

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

type call struct {
	Expr  string
	Call  string
	Args  []json.RawMessage
	Error bool
	Value json.RawMessage
}

func TestEveryLanguageAgreesOnTheseCalls(t *testing.T) {
	file, err := os.Open("../../../../tests/expressions/calls.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	count := 0
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var each call
		if err := json.Unmarshal(lines.Bytes(), &each); err != nil {
			t.Fatal(err)
		}
		count++
		value, err := Eval(func() any { return perform(t, each) })
		if each.Error {
			if err == nil {
				t.Errorf("%s: want an error, got %v", each.Expr, value)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: want %s, got the error %s", each.Expr, each.Value, err)
			continue
		}
		var encoder Encoder
		got := string(JSON(written(&encoder, value)))
		want, err := ParseJSON(each.Value)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(JSON(want)) || encoder.err != nil {
			t.Errorf("%s: want %s, got %s (%v)", each.Expr, JSON(want), got, encoder.err)
		}
	}
	if count < 3000 {
		t.Fatalf("only %d calls", count)
	}
}

// written is a value as the journal has it.
func written(e *Encoder, value any) any {
	switch known := value.(type) {
	case time.Time:
		return e.Timestamp(known)
	case time.Duration:
		return e.Duration(known)
	case Date:
		return e.Date(known)
	case []byte:
		return e.Bytes(known)
	case float64:
		return e.Float(known)
	case Decimal:
		return e.Decimal(string(known))
	case []string:
		return BoxList(known, func(text string) any { return text })
	case []any:
		return EncodeList(e, known, written)
	}
	return value
}

func given(t *testing.T, raw json.RawMessage) any {
	value, err := ParseJSON(raw)
	if err != nil {
		t.Fatal(err)
	}
	typed, ok := value.(map[string]any)
	if !ok {
		return value
	}
	for kind, of := range typed {
		text, _ := of.(string)
		switch kind {
		case "int":
			return intOf(text)
		case "float":
			return ToFloatOf(text)
		case "decimal":
			return Decimal(ToDecimal(text))
		case "bytes":
			decoded, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			return decoded
		case "timestamp":
			return Timestamp(text)
		case "date":
			return ParseDate(text)
		case "duration":
			return Duration(text)
		case "list":
			return MapList(of.([]any), func(item any) any { return given(t, JSON(item)) })
		case "map":
			return CopyMap(of.(map[string]any), func(item any) any { return given(t, JSON(item)) })
		}
	}
	t.Fatalf("what is %s?", raw)
	return nil
}

func perform(t *testing.T, each call) any {
	args := make([]any, len(each.Args))
	for i, raw := range each.Args {
		args[i] = given(t, raw)
	}
	if value, ok := operator(each.Call, args); ok {
		return value
	}
	if name, ok := strings.CutPrefix(each.Call, "math."); ok {
		return mathematical(t, name, args)
	}
	if strings.HasPrefix(each.Call, "get") {
		return part(t, each.Call, args)
	}
	return textual(t, each.Call, args)
}

func operator(name string, args []any) (any, bool) {
	if name == "neg" {
		return Negate(args[0]), true
	}
	if len(args) != 2 {
		return nil, false
	}
	left, right := args[0], args[1]
	switch name {
	case "+":
		return Add(left, right), true
	case "-":
		return Subtract(left, right), true
	case "*":
		return Multiply(left, right), true
	case "/":
		return Divide(left, right), true
	case "%":
		return Modulo(left, right), true
	case "==":
		return Equal(left, right), true
	case "!=":
		return !Equal(left, right), true
	case "<":
		return Less(left, right), true
	case "<=":
		return LessOrEqual(left, right), true
	case ">":
		return Greater(left, right), true
	case ">=":
		return GreaterOrEqual(left, right), true
	case "in":
		return In(left, right), true
	}
	return nil, false
}

func mathematical(t *testing.T, name string, args []any) any {
	one := args[0]
	switch name {
	case "greatest":
		return Greatest(one)
	case "least":
		return Least(one)
	case "abs":
		return Abs(one)
	case "sign":
		return Sign(one)
	case "ceil":
		return Ceil(one)
	case "floor":
		return Floor(one)
	case "round":
		return Round(one)
	case "trunc":
		return Trunc(one)
	case "sqrt":
		return Sqrt(one)
	case "isNaN":
		return IsNaN(one.(float64))
	case "isInf":
		return IsInf(one.(float64))
	case "isFinite":
		return IsFinite(one.(float64))
	case "bitNot":
		return BitNot(one.(int64))
	}
	left, right := one.(int64), args[1].(int64)
	switch name {
	case "bitAnd":
		return BitAnd(left, right)
	case "bitOr":
		return BitOr(left, right)
	case "bitXor":
		return BitXor(left, right)
	case "bitShiftLeft":
		return ShiftLeft(left, right)
	case "bitShiftRight":
		return ShiftRight(left, right)
	}
	t.Fatalf("what is math.%s?", name)
	return nil
}

var parts = map[string]func(any, ...string) int64{
	"getFullYear": GetFullYear, "getMonth": GetMonth, "getDate": GetDate, "getDayOfMonth": GetDayOfMonth,
	"getDayOfWeek": GetDayOfWeek, "getDayOfYear": GetDayOfYear, "getHours": GetHours, "getMinutes": GetMinutes,
	"getSeconds": GetSeconds, "getMilliseconds": GetMilliseconds,
}

func part(t *testing.T, name string, args []any) any {
	function, ok := parts[name]
	if !ok {
		t.Fatalf("what is %s?", name)
	}
	if len(args) > 1 {
		return function(args[0], args[1].(string))
	}
	return function(args[0])
}

func ints(args []any) []int64 {
	return MapList(args, func(arg any) int64 { return arg.(int64) })
}

func textual(t *testing.T, name string, args []any) any {
	of := args[0]
	switch name {
	case "size":
		return Size(of)
	case "string":
		return Text(of)
	case "int":
		return ToIntOf(of)
	case "double":
		return ToFloatOf(of)
	case "decimal":
		return Decimal(ToDecimal(of))
	case "bool":
		return ToBool(of)
	case "bytes":
		return ToBytes(of)
	case "timestamp":
		return Timestamp(of)
	case "duration":
		return Duration(of)
	case "date":
		return ParseDate(of)
	case "join":
		return Join(of, MapList(args[1:], func(arg any) string { return arg.(string) })...)
	case "first":
		return FirstOf(of)
	case "last":
		return LastOf(of)
	case "base64.encode":
		return Base64Encode(of.([]byte))
	}
	text := of.(string)
	switch name {
	case "charAt":
		return CharAt(text, args[1].(int64))
	case "substring":
		return Substring(text, args[1].(int64), ints(args[2:])...)
	case "lowerAscii":
		return LowerAscii(text)
	case "upperAscii":
		return UpperAscii(text)
	case "trim":
		return Trim(text)
	case "reverse":
		return Reverse(text)
	case "strings.quote":
		return Quote(text)
	case "base64.decode":
		return Base64Decode(text)
	case "format":
		return Format(text, args[1])
	case "replace":
		return Replace(text, args[1].(string), args[2].(string), ints(args[3:])...)
	}
	other := args[1].(string)
	switch name {
	case "indexOf":
		return IndexOf(text, other, ints(args[2:])...)
	case "lastIndexOf":
		return LastIndexOf(text, other, ints(args[2:])...)
	case "contains":
		return Contains(text, other)
	case "startsWith":
		return StartsWith(text, other)
	case "endsWith":
		return EndsWith(text, other)
	case "matches":
		return Matches(text, other)
	case "split":
		return Split(text, other, ints(args[2:])...)
	}
	t.Fatalf("what is %s?", name)
	return nil
}

func TestFloatsOfTheTableAreNotRoundedTwice(t *testing.T) {
	if MultiplyFloat(0.1, 3) != 0.30000000000000004 || !math.Signbit(Negate(0.0).(float64)) {
		t.Fatal("floats")
	}
}
