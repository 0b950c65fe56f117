package rpc

// Replies: a message made JSON as docs/types.md has it.
// This file knows no service.

import (
	"math"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	"conductor.invalid/internal/cel"
)

const (
	// The first and the last second of the years that a timestamp may be in.
	firstSecond, lastSecond = -62_135_596_800, 253_402_300_799
	// maxSeconds is how long a duration may be.
	maxSeconds = math.MaxInt64/int64(time.Second) - 1
	// maxWhole is up to where floats have every whole number.
	maxWhole = 1 << 53
)

// jsonOf has every field by its name; null is a field that is not set and could be.
func jsonOf(message protoreflect.Message) (any, error) {
	return cel.Encoded(func(e *cel.Encoder) any { return reading{e}.message(message, maxDepth) })
}

// reading makes JSON of messages. The first thing that cannot be written is kept; what follows does not matter.
type reading struct{ *cel.Encoder }

func (r reading) message(of protoreflect.Message, room int) any {
	if room == 0 {
		return r.Fail("messages are nested more than %d deep", maxDepth)
	}
	fields := of.Descriptor().Fields()
	get := func(name protoreflect.Name) protoreflect.Value { return of.Get(fields.ByName(name)) }
	switch of.Descriptor().FullName() {
	case "google.protobuf.Timestamp":
		return r.moment(get("seconds").Int(), get("nanos").Int())
	case "google.protobuf.Duration":
		return r.span(get("seconds").Int(), get("nanos").Int())
	case "google.protobuf.BoolValue", "google.protobuf.Int32Value", "google.protobuf.Int64Value", "google.protobuf.UInt32Value",
		"google.protobuf.UInt64Value", "google.protobuf.FloatValue", "google.protobuf.DoubleValue", "google.protobuf.StringValue",
		"google.protobuf.BytesValue":
		return r.plain(fields.ByName("value"), get("value"))
	case "google.protobuf.Struct":
		return r.entries(fields.ByName("fields"), get("fields").Map(), room)
	case "google.protobuf.ListValue":
		return r.items(fields.ByName("values"), get("values").List(), room)
	case "google.protobuf.Value":
		return r.value(of, room)
	case "google.protobuf.Empty":
		return nil
	}
	read := make(map[string]any, fields.Len())
	for i := range fields.Len() {
		field := fields.Get(i)
		read[string(field.Name())] = r.field(of, field, room)
	}
	return read
}

func (r reading) field(of protoreflect.Message, field protoreflect.FieldDescriptor, room int) any {
	switch {
	case field.IsMap():
		return r.entries(field, of.Get(field).Map(), room)
	case field.IsList():
		return r.items(field, of.Get(field).List(), room)
	case field.HasPresence() && !of.Has(field) && (field.Message() != nil || !field.HasDefault()):
		return nil
	}
	return r.item(field, of.Get(field), room)
}

func (r reading) entries(field protoreflect.FieldDescriptor, of protoreflect.Map, room int) any {
	read := make(map[string]any, of.Len())
	of.Range(func(key protoreflect.MapKey, value protoreflect.Value) bool {
		read[key.String()] = r.item(field.MapValue(), value, room)
		return true
	})
	return read
}

func (r reading) items(field protoreflect.FieldDescriptor, of protoreflect.List, room int) any {
	read := make([]any, of.Len())
	for i := range read {
		read[i] = r.item(field, of.Get(i), room)
	}
	return read
}

func (r reading) item(field protoreflect.FieldDescriptor, value protoreflect.Value, room int) any {
	if field.Message() != nil {
		return r.message(value.Message(), room-1)
	}
	return r.plain(field, value)
}

// plain is a field that is no message.
func (r reading) plain(field protoreflect.FieldDescriptor, value protoreflect.Value) any {
	switch field.Kind() {
	case protoreflect.EnumKind:
		return r.enum(field, value.Enum())
	case protoreflect.BoolKind:
		return value.Bool()
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return r.Float(value.Float())
	case protoreflect.BytesKind:
		return r.Bytes(value.Bytes())
	case protoreflect.StringKind:
		return r.String(value.String())
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return cel.EncodeInt(r.Encoder, value.Uint())
	}
	return value.Int()
}

func (r reading) enum(field protoreflect.FieldDescriptor, number protoreflect.EnumNumber) any {
	if field.Enum().FullName() == "google.protobuf.NullValue" {
		return nil
	}
	found := field.Enum().Values().ByNumber(number)
	if found == nil {
		return r.Fail("the field %s has the number %d, which the enum %s did not have when this was built", field.FullName(), number, field.Enum().FullName())
	}
	return string(found.Name())
}

// value is plain JSON.
func (r reading) value(of protoreflect.Message, room int) any {
	kind := of.WhichOneof(of.Descriptor().Oneofs().ByName("kind"))
	if kind == nil {
		return nil
	}
	value := of.Get(kind)
	if kind.Name() != "number_value" {
		return r.item(kind, value, room)
	}
	number := value.Float()
	if number == math.Trunc(number) && math.Abs(number) <= maxWhole {
		return int64(number)
	}
	return r.Float(number)
}

func (r reading) moment(seconds, nanos int64) any {
	if seconds < firstSecond || seconds > lastSecond {
		return r.Fail("expected a timestamp of the years 1 to 9999, got %d seconds since 1970", seconds)
	}
	return r.Timestamp(time.Unix(seconds, nanos).UTC())
}

func (r reading) span(seconds, nanos int64) any {
	if seconds < -maxSeconds || seconds > maxSeconds {
		return r.Fail("expected a duration of at most 292 years, got %d seconds", seconds)
	}
	return r.Duration(time.Duration(seconds)*time.Second + time.Duration(nanos))
}
